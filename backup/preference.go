package backup

import "strconv"

// PreferenceType is the type of the account data that says whether the user wants
// a backup.
const PreferenceType = "m.key_backup"

// ParsePreference reads the content of that account data, and says whether it says
// anything: where it does not, what the program does is its own choice. The server
// can change it; a program may ask the person.
func ParsePreference(content []byte) (enabled, ok bool) {
	m, err := parseMembers("backup: preference", content)
	if err != nil {
		return false, false
	}
	switch string(m.get("enabled")) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// PreferenceContent returns the content to set when the user turns the backup on
// or off.
func PreferenceContent(enabled bool) []byte {
	return []byte(`{"enabled":` + strconv.FormatBool(enabled) + `}`)
}
