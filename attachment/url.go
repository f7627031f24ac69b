package attachment

import "strings"

// checkURL says whether url is a Matrix content URI (specification,
// client-server API, "Matrix Content (mxc://) URIs") in characters that mean
// nothing in a path: whoever sends a file must not choose which other address
// its receivers, or a scanner, ask.
func checkURL(url string) error {
	rest, ok := strings.CutPrefix(url, "mxc://")
	server, media, both := strings.Cut(rest, "/")
	if !ok || !both || !consistsOf(server, ".-:[]") || !consistsOf(media, "_-") {
		return malformed(fileName, "url: not a Matrix content URI")
	}
	return nil
}

// consistsOf says whether s consists of one or more letters, digits and others.
func consistsOf(s, others string) bool {
	for i := range len(s) {
		c := s[i]
		alphanumeric := '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
		if !alphanumeric && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return s != "" && s != "." && s != ".."
}
