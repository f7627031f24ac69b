package backup

import (
	"encoding/json"
	"fmt"
)

const updateName = "backup: answer to PUT room_keys"

// Update is what the server says of a backup after a change of its keys.
type Update struct {
	ETag  string // changes with every change of the keys
	Count int64  // of the keys
}

// VersionChangedError says that a backup is not the user's newest any more, and
// takes no keys (M_WRONG_ROOM_KEYS_VERSION). Read the newest, and judge it anew:
// that there is one says nothing of whose it is.
type VersionChangedError struct {
	Current string // the newest version, as the server says; may be empty
}

func (e *VersionChangedError) Error() string {
	return fmt.Sprintf("backup: not the newest version, which is %q", e.Current)
}

// ParseUpdate reads the answer to PUT /_matrix/client/v3/room_keys/keys, and to
// its variants, whatever the HTTP status was. It returns a
// [*VersionChangedError], or a [*MalformedError] for all else that is not the
// answer of success, as other errors of the server.
func ParseUpdate(text []byte) (Update, error) {
	m, err := parseMembers(updateName, text)
	if err != nil {
		return Update{}, err
	}
	if code, err := m.text(updateName, "errcode"); err != nil {
		return Update{}, err
	} else if code == "M_WRONG_ROOM_KEYS_VERSION" {
		current, err := m.text(updateName, "current_version")
		if err != nil {
			return Update{}, err
		}
		return Update{}, &VersionChangedError{Current: current}
	} else if code != "" {
		return Update{}, malformed(updateName, "an error of the server")
	}
	var u Update
	if u.ETag, err = m.text(updateName, "etag"); err != nil {
		return Update{}, err
	}
	if u.ETag == "" {
		return Update{}, malformed(updateName, "etag is missing")
	}
	if u.Count, err = m.count(updateName); err != nil {
		return Update{}, err
	}
	return u, nil
}

// count returns the member count, 0 when it is absent.
func (m members) count(what string) (n int64, err error) {
	raw := m.get("count")
	if raw != nil && (json.Unmarshal(raw, &n) != nil || n < 0) {
		return 0, malformed(what, "count is not a number of keys")
	}
	return n, nil
}
