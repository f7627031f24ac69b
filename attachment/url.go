package attachment

import (
	"slices"
	"strings"
)

// checkURL says whether url is a Matrix content URI (specification,
// client-server API, "Matrix Content (mxc://) URIs") in characters that mean
// nothing in a path: whoever sends a file must not choose which other address
// its receivers, or a scanner, ask.
func checkURL(url string) error {
	rest, ok := strings.CutPrefix(url, "mxc://")
	server, media, both := strings.Cut(rest, "/")
	if !ok || !both || !isServerName(server) || !consistsOf(media, alphanumeric, "_-") {
		return malformed(fileName, "url: not a Matrix content URI")
	}
	return nil
}

const (
	digits       = "0123456789"
	alphanumeric = digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

	maxNameSize = 255 // of a DNS name; an IPv4 address is of its form
	minIPv6Size = 2
	maxIPv6Size = 45
	maxPortSize = 5
)

// isServerName says whether s is of the specification's grammar (appendices,
// "Server Name"). A host must have a letter or a digit besides, which "..." and
// "[::]" have not.
func isServerName(s string) bool {
	host, port := s, ""
	// Within brackets, colons are the address's.
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		host, port = s[:i], s[i+1:]
		if len(port) > maxPortSize || !consistsOf(port, digits) {
			return false
		}
	}
	if !strings.ContainsAny(host, alphanumeric) {
		return false
	}
	if address, ok := strings.CutPrefix(host, "["); ok {
		address, ok = strings.CutSuffix(address, "]")
		return ok && len(address) >= minIPv6Size && len(address) <= maxIPv6Size &&
			consistsOf(address, digits, "ABCDEFabcdef:.")
	}
	return len(host) <= maxNameSize && consistsOf(host, alphanumeric, "-.")
}

// consistsOf says whether s consists of one or more characters of sets.
func consistsOf(s string, sets ...string) bool {
	for i := range len(s) {
		if !slices.ContainsFunc(sets, func(set string) bool { return strings.IndexByte(set, s[i]) >= 0 }) {
			return false
		}
	}
	return s != ""
}
