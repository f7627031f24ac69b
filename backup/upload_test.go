package backup_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

// unverified returns entries that came from devices that are not verified.
func unverified(list ...backup.Entry) iter.Seq2[backup.Entry, bool] {
	return func(yield func(backup.Entry, bool) bool) {
		for _, e := range list {
			if !yield(e, false) {
				return
			}
		}
	}
}

func collectUploads(all iter.Seq2[backup.Upload, error]) (uploads []backup.Upload, spoilt []*backup.EntryError, last error) {
	for u, err := range all {
		if one, ok := err.(*backup.EntryError); ok {
			spoilt = append(spoilt, one)
		} else if err != nil {
			last = err
		} else {
			uploads = append(uploads, u)
		}
	}
	return uploads, spoilt, last
}

// requireUploads demands that the uploads are those of a list, in order and
// within their bounds, and returns how many there are.
func requireUploads(t testing.TB, r backup.Recipient, list []backup.Entry, workers int) int {
	t.Helper()
	key := backupKey(t, 1)
	uploads, spoilt, last := collectUploads(r.EncryptAll(unverified(list...), workers))
	require.NoError(t, last)
	require.Empty(t, spoilt)
	next := 0
	for _, u := range uploads {
		require.LessOrEqual(t, len(u.Body), backup.MaxUploadSize)
		require.LessOrEqual(t, len(u.Entries), backup.MaxUploadKeys)
		require.NotEmpty(t, u.Entries)
		restored, spoilt, last := collectDump(key, bytes.NewReader(u.Body), 1)
		require.NoError(t, last)
		require.Empty(t, spoilt)
		require.Len(t, restored, len(u.Entries))
		for _, i := range u.Entries {
			require.Equal(t, next, i)
			next++
			at := slices.IndexFunc(restored, func(e backup.Entry) bool {
				return e.RoomID == list[i].RoomID && e.SessionID() == list[i].SessionID()
			})
			require.GreaterOrEqual(t, at, 0)
			requireSame(t, list[i], restored[at])
		}
	}
	require.Equal(t, len(list), next)
	return len(uploads)
}

func TestEncryptAll(t *testing.T) {
	r := recipient(t, backupKey(t, 1))
	var list []backup.Entry
	for i := range 250 {
		list = append(list, entry(t, i))
	}
	for _, workers := range []int{-1, 0, 1, 2, 7, 1 << 30} {
		for n, want := range map[int]int{0: 0, 1: 1, 100: 1, 101: 2, 250: 3} {
			if workers == 2 || n < 101 {
				require.Equal(t, want, requireUploads(t, r, list[:n], workers), "%d entries, %d workers", n, workers)
			}
		}
	}
	// Rooms that come mixed stand once in a body.
	mixed := []backup.Entry{list[0], list[3], list[1], list[4], list[2]}
	require.Equal(t, 1, requireUploads(t, r, mixed, 2))
	uploads, _, _ := collectUploads(r.EncryptAll(unverified(mixed...), 2))
	require.Equal(t, 1, strings.Count(string(uploads[0].Body), list[0].RoomID))
	// A key that comes twice is in two requests, also in a room of another name
	// with what JSON escapes.
	require.Equal(t, 2, requireUploads(t, r, []backup.Entry{list[0], list[1], list[0], list[3]}, 2))
	// A request that is gone is forgotten.
	require.Equal(t, 2, requireUploads(t, r, slices.Concat(list[:100], list[:3]), 2))
	odd := list[0]
	odd.RoomID = "!\"\\\x01\u2028😀:example.org"
	require.Equal(t, 1, requireUploads(t, r, []backup.Entry{list[0], odd, list[1]}, 2))
}

// The body is that of the specification, member for member, and says who was
// verified.
func TestEncryptAllForm(t *testing.T) {
	key := backupKey(t, 1)
	r := recipient(t, key)
	one, two := entry(t, 0), entry(t, 1)
	restored, _, _ := collect(open(t, file(t, "["+entryJSON(two)+"]")))
	for u, err := range r.EncryptAll(func(yield func(backup.Entry, bool) bool) {
		_ = yield(one, true) && yield(restored[0], true)
	}, 2) {
		require.NoError(t, err)
		var body struct {
			Rooms map[string]struct {
				Sessions map[string]struct {
					First       int             `json:"first_message_index"`
					Forwarded   int             `json:"forwarded_count"`
					Verified    *bool           `json:"is_verified"`
					SessionData json.RawMessage `json:"session_data"`
				} `json:"sessions"`
			} `json:"rooms"`
		}
		d := json.NewDecoder(bytes.NewReader(u.Body))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&body))
		require.Len(t, body.Rooms, 1)
		sessions := body.Rooms[one.RoomID].Sessions
		require.Len(t, sessions, 2)
		require.Equal(t, 2, sessions[one.SessionID()].Forwarded)
		require.True(t, *sessions[one.SessionID()].Verified)
		require.False(t, *sessions[two.SessionID()].Verified, "a restored key is never verified")
	}
}

// Bodies stay within their size with the largest entries there are.
func TestAttack_G09_UploadSize(t *testing.T) {
	r := recipient(t, backupKey(t, 1))
	large := entry(t, 0)
	for len(large.ForwardingChain) < 1000 {
		large.ForwardingChain = append(large.ForwardingChain, curveKey(t, 9))
	}
	var list []backup.Entry
	for i := range 40 {
		e := entry(t, i)
		e.ForwardingChain = large.ForwardingChain
		if i%4 == 0 {
			e.RoomID = "!" + strings.Repeat("\x01", 9_900+i) // six times as long in JSON
		}
		list = append(list, e)
	}
	require.Equal(t, 4, requireUploads(t, r, list, 2))
	n := 0
	for range r.EncryptAll(unverified(list...), 2) {
		n++
		break
	}
	require.Equal(t, 1, n)
}

// A body that would be longer than it may by a byte is two, also where the bytes
// are brackets and commas of many rooms.
func TestUploadOfManyRooms(t *testing.T) {
	r := recipient(t, backupKey(t, 1))
	list := make([]backup.Entry, backup.MaxUploadKeys)
	count := func(room func(i int) int) int {
		for i := range list {
			list[i] = entry(t, i)
			list[i].RoomID = fmt.Sprintf("!%03d%s", i, strings.Repeat("a", room(i)))
		}
		return requireUploads(t, r, list, 2)
	}
	require.Equal(t, 1, count(func(int) int { return 8000 }))
	uploads, _, _ := collectUploads(r.EncryptAll(unverified(list...), 2))
	more := backup.MaxUploadSize - len(uploads[0].Body) + 1
	require.Equal(t, 2, count(func(i int) int { return 8000 + (more+i)/len(list) }))
}

// The same where the bytes are those of many sessions in one room. A body with
// two bytes less is one: that many the count of its commas is too high.
func TestUploadOfOneRoom(t *testing.T) {
	r := recipient(t, backupKey(t, 1))
	list := make([]backup.Entry, backup.MaxUploadKeys)
	for i := range list {
		list[i] = entry(t, i)
		list[i].ForwardingChain = slices.Repeat([]keys.Curve25519{curveKey(t, 9)}, 156)
	}
	room := func(n int) {
		for i := range list {
			list[i].RoomID = "!" + strings.Repeat("a", n)
		}
	}
	room(0)
	uploads, _, _ := collectUploads(r.EncryptAll(unverified(list...), 2))
	require.Len(t, uploads, 1)
	left := backup.MaxUploadSize - len(uploads[0].Body)
	require.Less(t, left, 10_000)
	room(left + 1)
	require.Equal(t, 2, requireUploads(t, r, list, 2))
	room(left - 2)
	require.Equal(t, 1, requireUploads(t, r, list, 2))
}

// A room id of 10,000 bytes is taken.
func TestLongestRoomID(t *testing.T) {
	e := entry(t, 1)
	e.RoomID = strings.Repeat("a", 10_000)
	require.Equal(t, 1, requireUploads(t, recipient(t, backupKey(t, 1)), []backup.Entry{e}, 1))
}

func TestEncryptAllBadEntries(t *testing.T) {
	r := recipient(t, backupKey(t, 1))
	closed := entry(t, 3)
	closed.Session = export(t, 80)
	closed.Close()
	for name, change := range map[string]func(*backup.Entry){
		"room":       func(e *backup.Entry) { e.RoomID = "" },
		"room UTF-8": func(e *backup.Entry) { e.RoomID = "\xff" },
		"room long":  func(e *backup.Entry) { e.RoomID = strings.Repeat("a", 10_001) },
		"session":    func(e *backup.Entry) { e.Session = megolm.ExportedSession{} },
		"closed":     func(e *backup.Entry) { *e = closed },
		"sender":     func(e *backup.Entry) { e.SenderKey = keys.Curve25519{} },
		"chain":      func(e *backup.Entry) { e.ForwardingChain = make([]keys.Curve25519, 3) },
		"large": func(e *backup.Entry) {
			e.ForwardingChain = slices.Repeat([]keys.Curve25519{curveKey(t, 9)}, 1400)
		},
	} {
		bad := entry(t, 3)
		change(&bad)
		var list []backup.Entry
		for i := range 120 {
			list = append(list, entry(t, i+4))
		}
		list[1], list[110] = bad, bad
		mustFail(t, func() error {
			for _, err := range r.EncryptAll(unverified(bad), 2) {
				return err
			}
			return nil
		}, said(bad), buffers)
		uploads, spoilt, last := collectUploads(r.EncryptAll(unverified(list...), 2))
		require.NoError(t, last, name)
		require.Len(t, spoilt, 2, name)
		require.Equal(t, []int{1, 110}, []int{spoilt[0].Index, spoilt[1].Index}, name)
		var taken []int
		for _, u := range uploads {
			taken = append(taken, u.Entries...)
		}
		require.Len(t, taken, 118, name)
		require.NotContains(t, taken, 1)
		require.NotContains(t, taken, 110)
		require.True(t, slices.IsSorted(taken))
	}
	// TestAttack_V19_NewBackup says that there is no other way to a Recipient.
	require.ErrorIs(t, mustFail(t, func() error {
		uploads, _, last := collectUploads(backup.Recipient{}.EncryptAll(unverified(entry(t, 1), entry(t, 2)), 2))
		require.Empty(t, uploads)
		return last
	}), keys.ErrAbsent)
}

// No goroutine lives while the caller has the request, nor after break and panic,
// on either side; and nothing more is asked for.
func TestEncryptAllGoroutines(t *testing.T) {
	r := recipient(t, backupKey(t, 1))
	var list []backup.Entry
	for i := range 250 {
		list = append(list, entry(t, i))
	}
	before := runtime.NumGoroutine()
	for range r.EncryptAll(unverified(list...), 4) {
		requireSettled(t, before)
	}
	asked, ended := 0, false
	counted := func(yield func(backup.Entry, bool) bool) {
		defer func() { ended = true }()
		for e := range unverified(list...) {
			if asked++; !yield(e, false) {
				return
			}
		}
	}
	for range r.EncryptAll(counted, 4) {
		break
	}
	require.Equal(t, backup.MaxUploadKeys, asked)
	require.True(t, ended)
	require.PanicsWithValue(t, "x", func() {
		for range r.EncryptAll(unverified(list...), 4) {
			panic("x")
		}
	})
	require.PanicsWithValue(t, "y", func() {
		for range r.EncryptAll(func(yield func(backup.Entry, bool) bool) {
			yield(list[0], false)
			panic("y")
		}, 4) {
			t.Error("nothing was whole")
		}
	})
	// An error that is not wanted ends it too.
	n := 0
	for range r.EncryptAll(unverified(backup.Entry{}, backup.Entry{}, list[0]), 4) {
		n++
		break
	}
	require.Equal(t, 1, n)
	requireSettled(t, before)
}

func TestParseUpdate(t *testing.T) {
	u, err := backup.ParseUpdate([]byte(`{"count":10,"etag":"abcdefg","x":[]}`))
	require.NoError(t, err)
	require.Equal(t, backup.Update{ETag: "abcdefg", Count: 10}, u)
	u, err = backup.ParseUpdate([]byte(`{"count":0,"etag":"x"}`))
	require.NoError(t, err)
	require.Equal(t, backup.Update{ETag: "x"}, u)
	for text, want := range map[string]string{
		`{"errcode":"M_WRONG_ROOM_KEYS_VERSION","error":"Wrong backup version.","current_version":"42"}`: "42",
		`{"errcode":"M_WRONG_ROOM_KEYS_VERSION"}`:                                                        "",
		`{"errcode":"M_WRONG_ROOM_KEYS_VERSION","current_version":"\\\\"}`:                               `\\`,
		`{"errcode":"M_WRONG_ROOM_KEYS_VERSION","etag":"x","count":1}`:                                   "",
	} {
		err := updateFails(t, text)
		require.Equal(t, &backup.VersionChangedError{Current: want}, err)
		require.EqualError(t, err, fmt.Sprintf("backup: not the newest version, which is %q", want))
	}
	const form, etag, missing, count = "not a JSON object", "etag is not a string", "etag is missing", "count is not a number of keys"
	for text, why := range map[string]string{
		``: form, `[]`: form, `{}`: missing, `{"count":10}`: missing, `{"etag":"","count":1}`: missing, `{"etag":1,"count":1}`: etag, `{"ETag":"x","count":1}`: missing,
		`{"etag":"x","count":-1}`: count, `{"etag":"x","count":1.5}`: count, `{"etag":"x","count":"1"}`: count, `{"etag":"x","count":99999999999999999999}`: count,
		`{"etag":"x","etag":"x","count":1}`: "a name stands twice in an object", `{"errcode":"M_NOT_FOUND","etag":"x","count":1}`: "an error of the server",
		`{"errcode":1,"etag":"x","count":1}`: "errcode is not a string", `{"errcode":"M_WRONG_ROOM_KEYS_VERSION","current_version":42}`: "current_version is not a string",
	} {
		require.Equal(t, &backup.MalformedError{What: "backup: answer to PUT room_keys", Why: why}, updateFails(t, text), text)
	}
}

// updateFails parses an update, which must fail.
func updateFails(t testing.TB, text string) error {
	t.Helper()
	return mustFail(t, func() error { return errOf(backup.ParseUpdate([]byte(text))) }, failtest.Input(text))
}
