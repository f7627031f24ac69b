package backup_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
)

// FuzzKeyFileArmour: no text makes the reader panic, and what it takes has rounds
// within bounds. Rounds of more than 1000 are passed over: they take time.
func FuzzKeyFileArmour(f *testing.F) {
	f.Add([]byte(file(f, "[]")))
	f.Add([]byte(rustFile))
	f.Add([]byte("\xef\xbb\xbf\r\n" + strings.ReplaceAll(file(f, "[{}]"), "\n", "\r\n")))
	f.Fuzz(func(t *testing.T, in []byte) {
		if r, err := backup.ArmorRounds(in); err == nil && 1000 < r && r <= backup.MaxRounds {
			return
		}
		k, err := backup.OpenKeyFile(bytes.NewReader(in), []byte(passphrase))
		if err != nil {
			require.Nil(t, k)
			return
		}
		collect(k)
	})
}

// FuzzKeyFileContent: the content under a right MAC. What is read is written and
// read again as the same.
func FuzzKeyFileContent(f *testing.F) {
	good := entryJSON(entry(f, 1))
	f.Add("[]")
	f.Add("[" + good + "," + good + "]")
	f.Add(`[{"a":[}]},` + good + `,"\"]"]`)
	f.Fuzz(func(t *testing.T, content string) {
		list, _, _ := collect(open(t, file(t, content)))
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

// FuzzBackupEntry: any plaintext, and any outer JSON.
func FuzzBackupEntry(f *testing.F) {
	e := entry(f, 1)
	f.Add(entryJSON(e), false)
	f.Add(sealRaw(f, backupKey(f, 1), entryJSON(e)), true)
	f.Fuzz(func(t *testing.T, text string, outer bool) {
		key := backupKey(t, 1)
		if !outer {
			if len(text) > backup.MaxEntrySize/2 {
				return
			}
			text = sealRaw(t, key, text)
		}
		got, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(text))
		if err == nil {
			require.Equal(t, e.SessionID(), got.SessionID())
			require.Equal(t, e.RoomID, got.RoomID)
		} else if !outer {
			require.Equal(t, backup.ErrDecrypt, err)
		}
	})
}

// FuzzDump: one worker and several say the same.
func FuzzDump(f *testing.F) {
	key := backupKey(f, 1)
	text, _ := dump(f, key, 4)
	f.Add(text)
	f.Add(`{"rooms":{"a":{"sessions":{"x":{}}},"b":1}}`)
	f.Fuzz(func(t *testing.T, text string) {
		one, spoilt, last := collectDump(key, strings.NewReader(text), 1)
		two, spoilt2, last2 := collectDump(key, strings.NewReader(text), 3)
		require.Equal(t, len(one), len(two))
		require.Equal(t, len(spoilt), len(spoilt2))
		require.Equal(t, last, last2)
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
		_, _ = backup.ParseVersion([]byte(text))
	})
}
