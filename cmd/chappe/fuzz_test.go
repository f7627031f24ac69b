package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
)

// FuzzHistory: whatever a history is, it is read in bounded steps and without a
// panic; every event of a valid array comes out; and every event becomes one line
// of valid JSON with its mark.
func FuzzHistory(f *testing.F) {
	text, err := os.ReadFile("testdata/export.json")
	require.NoError(f, err)
	f.Add(text)
	for _, seed := range []string{
		"", "[]", "{}", "[{}]", `{"messages":[1,"a",null,{"type":"m.room.encrypted","content":{}}]}`, "{\"type\":\"a\"}\n{\"type\"\n7",
		`{"chunk":[{"a":"\"]}"}],"state":[]}`, `{"rooms":{"join":{"!a":{"timeline":{"events":[{"content":{"msgtype":"m.bad.encrypted"}}]}}}}}`,
		"\xef\xbb\xbf[1]", `[{"encrypted":{"type":"x","content":{}}}]`, `[1 ,2]`, `[[],[[]]]`, `{"messages":[{"chappe":1,"content":{"b":1, "c" : "\\"}}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var found []string
		var last error
		for h, err := range readHistory(bytes.NewReader(text)) {
			if err != nil {
				last = err
				continue
			}
			require.NoError(t, last, "an event behind the error")
			found = append(found, string(h.raw))
			e, err := parseEvent(h.raw, h.roomID)
			if err != nil {
				continue
			}
			e.unencrypted(e.content())
			for _, content := range [][]byte{nil, []byte(`{"x":1}`)} {
				line, err := e.appendLine(nil, "m.type", content, mark{Status: statusDecrypted})
				require.NoError(t, err)
				require.True(t, json.Valid(line), "%s", line)
				require.Equal(t, 1, bytes.Count(line, []byte("\n")))
				require.JSONEq(t, string(line), string(escapeControls(line)))
			}
		}
		var list []json.RawMessage
		if json.Unmarshal(text, &list) == nil && list != nil && len(text) < maxEvent {
			require.NoError(t, last)
			require.Len(t, found, len(list))
			for i := range list {
				require.Equal(t, string(list[i]), found[i])
			}
		}
	})
}

// FuzzPlainKeys: of what is read from plain JSON, each entry is written or
// reported, and what was written is read and written again as the same.
func FuzzPlainKeys(f *testing.F) {
	fixRandom(f, 3)
	again := func(t testing.TB, text []byte) (written []byte, bad int) {
		var b, stderr bytes.Buffer
		w, r := &plainWriter{w: &b}, &report{t: &tool{stderr: &stderr}}
		read := 0
		for e, err := range plainEntries(bytes.NewReader(text)) {
			if err == nil {
				read++
				require.NoError(t, w.write(e, "name", r))
			}
		}
		require.NoError(t, w.finish())
		require.Equal(t, read, w.count+r.count)
		return b.Bytes(), r.count
	}
	for _, e := range []backup.Entry{newSender(f).entry(room, 0), newSender(f).entry(otherRoom, 7)} {
		text, err := e.SecretJSON()
		require.NoError(f, err)
		f.Add([]byte("[" + string(text) + "]"))
		f.Add([]byte("[" + strings.Replace(string(text), "sender_key", "org.example", 1) + `,{"a":1},` + string(text) + "]"))
	}
	f.Add([]byte("[]"))
	f.Add([]byte(`[1,{"algorithm":"m.megolm.v1.aes-sha2","room_id":"!a","session_id":"b","session_key":"\/"}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		once, _ := again(t, text)
		require.True(t, json.Valid(once))
		twice, bad := again(t, once)
		require.Zero(t, bad)
		require.Equal(t, string(once), string(twice))
	})
}
