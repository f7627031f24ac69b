package backup_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
)

// FuzzKeyFileArmour: no text makes the reader panic; what it takes has rounds
// within bounds, and says the same each time, in whatever pieces it comes. Rounds
// of more than 1000 are passed over: they take time.
func FuzzKeyFileArmour(f *testing.F) {
	f.Add([]byte(file(f, "[]")))
	f.Add([]byte(file(f, "["+entryJSON(entry(f, 1))+",{}]")))
	f.Add([]byte(rustFile))
	f.Add([]byte("\xef\xbb\xbf\r\n" + strings.ReplaceAll(file(f, "[{}]"), "\n", "\r\n")))
	f.Fuzz(func(t *testing.T, in []byte) {
		if r, err := backup.ArmorRounds(in); err == nil && 1000 < r && r <= backup.MaxRounds {
			return
		}
		k, err := backup.OpenKeyFile(bytes.NewReader(in), []byte(passphrase))
		other, otherErr := backup.OpenKeyFile(pieces{strings.NewReader(string(in)), 1}, []byte(passphrase))
		require.Equal(t, err, otherErr)
		if err != nil {
			require.Nil(t, k)
			require.Nil(t, other)
			return
		}
		require.True(t, 1 <= k.Rounds() && k.Rounds() <= backup.MaxRounds)
		list, spoilt, last := collect(k)
		require.NotErrorIs(t, last, backup.ErrChanged)
		for _, k := range []*backup.KeyFile{k, other} {
			again, spoiltAgain, lastAgain := collect(k)
			require.Equal(t, last, lastAgain)
			require.Equal(t, spoilt, spoiltAgain)
			require.Equal(t, len(list), len(again))
			for i := range list {
				requireSame(t, list[i], again[i])
			}
		}
	})
}

// FuzzKeyFileContent: the content under a right MAC, which says the same in plain.
// What is read is written and read again as the same.
func FuzzKeyFileContent(f *testing.F) {
	good := entryJSON(entry(f, 1))
	f.Add("[]")
	f.Add("[" + good + "," + good + "]")
	f.Add(`[{"a":[}]},` + good + `,"\"]"]`)
	f.Add("[" + good + `,7,{"room_id":"!a","session_id":"b"}] x`)
	f.Fuzz(func(t *testing.T, content string) {
		list, spoilt, last := collect(open(t, file(t, content)))
		if !strings.HasPrefix(content, "\xef\xbb\xbf") {
			requirePlain(t, content, list, spoilt, last)
		}
		for _, e := range list {
			require.Equal(t, e.SessionID(), e.Session.SessionID())
			if e.SenderKey.IsZero() {
				continue
			}
			again, spoilt, last := collect(open(t, file(t, rewrite(t, e))))
			require.NoError(t, last)
			require.Empty(t, spoilt)
			requireSame(t, e, again[0])
		}
	})
}

// FuzzBackupEntry: any plaintext, and any outer JSON. Whatever is wrong inside is
// one error; what is taken is of the session that was asked for, is encrypted
// again as the same, and is never verified.
func FuzzBackupEntry(f *testing.F) {
	e := entry(f, 1)
	f.Add(entryJSON(e), false)
	f.Add(sealRaw(f, backupKey(f, 1), entryJSON(e)), true)
	key := backupKey(f, 1)
	r := recipient(f, key)
	f.Fuzz(func(t *testing.T, text string, outer bool) {
		if !outer {
			if len(text) > backup.MaxEntrySize/2 {
				return
			}
			text = sealRaw(t, key, text)
		}
		got, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(text))
		if err != nil {
			if !outer {
				require.Equal(t, backup.ErrDecrypt, err)
			}
			return
		}
		require.Equal(t, e.SessionID(), got.SessionID())
		require.Equal(t, e.RoomID, got.RoomID)
		require.Equal(t, backup.FromBackup, got.Source())
		text2, err := r.Encrypt(got, true)
		if err != nil {
			require.True(t, got.SenderKey.IsZero() || len(text) > backup.MaxEntrySize/2, err)
			return
		}
		require.Contains(t, string(text2), `"is_verified":false`)
		again, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), text2)
		require.NoError(t, err)
		requireSame(t, got, again)
	})
}

// FuzzDump: one worker and several say the same, in whatever pieces the dump
// comes, and what is taken is what DecryptSession takes.
func FuzzDump(f *testing.F) {
	key := backupKey(f, 1)
	text, _ := dump(f, key, 4)
	f.Add(text)
	f.Add(`{"rooms":{"a":{"sessions":{"x":{}}},"b":1}}`)
	f.Fuzz(func(t *testing.T, text string) {
		one, spoilt, last := collectDump(key, strings.NewReader(text), 1)
		two, spoilt2, last2 := collectDump(key, iotest.OneByteReader(strings.NewReader(text)), 3)
		require.Equal(t, last, last2)
		require.Equal(t, spoilt, spoilt2)
		require.Equal(t, len(one), len(two))
		for i := range one {
			requireSame(t, one[i], two[i])
		}
		var whole struct {
			Rooms map[string]struct {
				Sessions map[string]json.RawMessage `json:"sessions"`
			} `json:"rooms"`
		}
		if json.Unmarshal([]byte(text), &whole) != nil || last != nil {
			return
		}
		for room, sessions := range whole.Rooms {
			for session, data := range sessions.Sessions {
				want, err := backup.DecryptSession(key, room, session, data)
				if err != nil {
					continue
				}
				require.True(t, slices.ContainsFunc(one, func(got backup.Entry) bool {
					return got.RoomID == room && bytes.Equal(got.Session.SecretText(), want.Session.SecretText())
				}))
			}
		}
	})
}

// FuzzAuthData: what is read is written and read again as the same, and is
// trusted by nobody.
func FuzzAuthData(f *testing.F) {
	f.Add(`{"public_key":"` + curveKey(f, 1).String() + `","signatures":{"@a:b":{"ed25519:X":"AA"}},"unsigned":{}}`)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := backup.ParseAuthData([]byte(text))
		if err != nil {
			require.True(t, a.IsZero())
			return
		}
		b, err := a.MarshalJSON()
		require.NoError(t, err)
		again, err := backup.ParseAuthData(b)
		require.NoError(t, err)
		require.Equal(t, a, again)
		require.Equal(t, backup.Untrusted, a.Judge(backup.Evidence{}).Trust())
	})
}

// FuzzVersion: a version that is read has a name and a key, and is trusted by
// nobody.
func FuzzVersion(f *testing.F) {
	body, err := authData(f, backupKey(f, 1)).VersionBody()
	require.NoError(f, err)
	f.Add(strings.Replace(string(body), "{", `{"version":"7","etag":"x","count":42,`, 1))
	f.Fuzz(func(t *testing.T, text string) {
		v, err := backup.ParseVersion([]byte(text))
		if err != nil {
			require.Equal(t, backup.Version{}, v)
			return
		}
		require.NotEmpty(t, v.ID)
		require.GreaterOrEqual(t, v.Count, int64(0))
		require.False(t, v.AuthData.IsZero())
		require.Equal(t, backup.Untrusted, v.AuthData.Judge(backup.Evidence{}).Trust())
	})
}

// FuzzUpdate: an answer is a success, or a change of the version, or malformed,
// and encoding/json reads the same.
func FuzzUpdate(f *testing.F) {
	f.Add(`{"count":10,"etag":"abcdefg"}`)
	f.Add(`{"errcode":"M_WRONG_ROOM_KEYS_VERSION","error":"Wrong backup version.","current_version":"42"}`)
	f.Fuzz(func(t *testing.T, text string) {
		u, err := backup.ParseUpdate([]byte(text))
		var changed *backup.VersionChangedError
		var malformed *backup.MalformedError
		var want map[string]any
		switch {
		case err == nil:
			require.NoError(t, json.Unmarshal([]byte(text), &want))
			require.Equal(t, want["etag"], u.ETag)
			require.Empty(t, want["errcode"])
			require.GreaterOrEqual(t, u.Count, int64(0))
		case errors.As(err, &changed):
			require.NoError(t, json.Unmarshal([]byte(text), &want))
			require.Equal(t, "M_WRONG_ROOM_KEYS_VERSION", want["errcode"])
		default:
			require.ErrorAs(t, err, &malformed)
			require.Equal(t, backup.Update{}, u)
		}
	})
}

// FuzzEncryptAll: whatever the entries are called and in which order they come,
// all of them come back out of the bodies.
func FuzzEncryptAll(f *testing.F) {
	key := backupKey(f, 1)
	r := recipient(f, key)
	list := []backup.Entry{entry(f, 0), entry(f, 1), entry(f, 2)}
	f.Add("!a:example.org", "!b:example.org", []byte{0, 1, 2, 0, 0x12})
	f.Add("\"\\\x01", "\u2028", []byte{0, 0, 0x11, 1})
	f.Fuzz(func(t *testing.T, roomA, roomB string, order []byte) {
		var entries []backup.Entry
		for _, n := range order[:min(len(order), 20)] {
			e := list[n&3%3]
			e.RoomID = roomA
			if n&0x10 != 0 {
				e.RoomID = roomB
			}
			entries = append(entries, e)
		}
		uploads, spoilt, last := collectUploads(r.EncryptAll(unverified(entries...), 2))
		require.NoError(t, last)
		restored := 0
		for _, u := range uploads {
			list, bad, last := collectDump(key, bytes.NewReader(u.Body), 1)
			require.NoError(t, last)
			require.Empty(t, bad)
			require.Len(t, list, len(u.Entries))
			require.True(t, json.Valid(u.Body))
			restored += len(list)
		}
		require.Equal(t, len(entries), restored+len(spoilt))
		for _, one := range spoilt {
			id := entries[one.Index].RoomID
			require.True(t, id == "" || !utf8.ValidString(id) || len(id) > 10_000, "%q: %v", id, one)
		}
	})
}

// FuzzObject: what is taken for an object is one for encoding/json, in valid
// UTF-8; and what that takes is left out only for its names.
func FuzzObject(f *testing.F) {
	for _, text := range []string{
		`{}`, ` {"a" : "b" , "c":[1,{"d":null}],"e":-1.5e3,"é":"\ud83d\ude00"} `, `{"a":1,"a":1}`, `{"a":tru}`, `{"a":01}`, `{"a":"\x"}`,
		`{"a":"b"c"}`, `{"a":[}]}`, `{"a":1,}`, `{"a":1 "b":2}`, `{"\ud800":1}`, "{\"a\":\"\xff\"}", "{\"a\":\"\n\"}", `{"a":1}}`, `[]`, `{"a"}`, `{"":{}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		ok := backup.IsObject(text)
		valid := utf8.Valid(text) && json.Valid(text)
		if ok {
			require.True(t, valid)
			return
		}
		var object map[string]json.RawMessage
		if !valid || json.Unmarshal(text, &object) != nil || object == nil {
			return
		}
		// encoding/json takes the last of two, and mends what is no text.
		list, err := canonicaljson.Split(text)
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(list, func(m canonicaljson.RawMember) bool { return m.Err != nil }))
	})
}
