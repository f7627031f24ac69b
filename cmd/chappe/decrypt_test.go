package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A line is a line of the output of decrypt.
type line struct {
	Type    string         `json:"type"`
	EventID string         `json:"event_id"`
	Sender  string         `json:"sender"`
	Content map[string]any `json:"content"`
	Chappe  mark           `json:"chappe"`
}

func linesOf(t testing.TB, text string) (list []line) {
	t.Helper()
	for one := range strings.Lines(text) {
		var l line
		require.NoError(t, json.Unmarshal([]byte(one), &l), one)
		as[mark](t, string(memberOf(t, one, "chappe")))
		list = append(list, l)
	}
	return list
}

func memberOf(t testing.TB, text, name string) json.RawMessage {
	t.Helper()
	var m map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(text), &m))
	return m[name]
}

func TestDecrypt(t *testing.T) {
	inTestdata(t)
	r := chappe(t, "decrypt", "export.json", "--keys=keys.txt", withPassphrase, "-o", "plain.ndjson", "--attachments=media", "--save-attachments=saved")
	require.Equal(t, exitPartial, r.code, r.stderr)
	list := linesOf(t, read(t, "plain.ndjson"))
	var statuses []string
	for _, l := range list {
		statuses = append(statuses, l.Chappe.Status)
	}
	require.Equal(t, []string{
		"decrypted", "decrypted", "plaintext", "unknown-index", "decrypted", "missing-key", "replay", "redacted", "not-exported",
		"malformed", "wrong-signature", "wrong-room", "unknown-algorithm", "malformed", "decrypted", "decrypted",
	}, statuses)
	require.Equal(t, "m.room.message", list[0].Type)
	require.Equal(t, "Bonjour !", list[0].Content["body"])
	require.Equal(t, "@alice:example.org", list[0].Sender)
	require.EqualValues(t, 0, *list[0].Chappe.Index)
	require.Len(t, list[0].Chappe.SessionID, 43)
	require.EqualValues(t, 1, *list[3].Chappe.Index)
	require.EqualValues(t, 2, *list[3].Chappe.FirstKnown)
	require.Equal(t, "m.room.encrypted", list[3].Type)
	require.Equal(t, "42", list[13].Chappe.Raw)
	for i, l := range list {
		require.Equal(t, isGood(l.Chappe.Status), !strings.Contains(r.stderr, fmt.Sprintf("event %d ($event%02d): %s", i+1, i+1, l.Chappe.Status)) &&
			!strings.Contains(r.stderr, fmt.Sprintf("event %d: %s", i+1, l.Chappe.Status)), "%d", i)
	}
	require.Equal(t, []attachmentMark{
		{Member: "file", URL: "mxc://example.org/TOWER", Status: "saved", Path: "000002-tower.png"},
		{Member: "thumbnail_file", URL: "mxc://example.org/SMALL", Status: "saved", Path: "000002-thumbnail-tower.png"},
	}, list[1].Chappe.Attachments)
	require.Equal(t, "a picture of a tower", read(t, "saved/000002-tower.png"))
	require.Equal(t, "a small picture", read(t, "saved/000002-thumbnail-tower.png"))
	require.Equal(t, "missing", list[14].Chappe.Attachments[0].Status)
	require.Equal(t, "damaged", list[15].Chappe.Attachments[0].Status)
	saved, err := os.ReadDir("saved")
	require.NoError(t, err)
	require.Len(t, saved, 2)
	require.True(t, strings.HasSuffix(r.stderr, "chappe: done, but 11 of the events, attachments or keys were bad\n"))
}

func TestDecryptSummary(t *testing.T) {
	inTestdata(t)
	r := chappe(t, "decrypt", "export.json", "--keys=keys.txt", withPassphrase, "-o", "plain.ndjson", "--json")
	require.Equal(t, exitPartial, r.code)
	found := as[decryption](t, r.stdout)
	require.Equal(t, decryption{
		Output: "plain.ndjson", Events: 16, Attachments: map[string]int{}, Sessions: 4, Keys: 3, Bad: 9,
		Status: map[string]int{
			"decrypted": 5, "plaintext": 1, "unknown-index": 1, "missing-key": 1, "replay": 1, "redacted": 1, "not-exported": 1,
			"malformed": 2, "wrong-signature": 1, "wrong-room": 1, "unknown-algorithm": 1,
		},
	}, found)
	out := chappe(t, "decrypt", "export.json", "--keys=keys.txt", withPassphrase, "-o", "-", "--json")
	require.Equal(t, read(t, "plain.ndjson"), out.stdout)
	first, _, _ := strings.Cut(out.stderr[strings.Index(out.stderr, "{"):], "\n")
	require.Equal(t, 16, as[decryption](t, first).Events)
	require.Contains(t, chappe(t, "decrypt", "export.json", "--keys=keys.txt", withPassphrase, "-o", "other").stdout, "other: 16 events; the key file has 3 of 4 sessions\n")
}

// TestDecryptForms holds that every form of a history leads to the same events.
func TestDecryptForms(t *testing.T) {
	inTestdata(t)
	good(t, "keys", "convert", "keys.txt", withPassphrase, "--to=json", "--write-plaintext-keys", "-o", "keys.json")
	var export struct {
		Messages []json.RawMessage `json:"messages"`
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, "export.json")), &export))
	var lines, bare []string
	for _, m := range export.Messages {
		one := string(appendCompact(nil, m))
		lines = append(lines, one)
		bare = append(bare, strings.Replace(one, `"room_id":"!room:example.org",`, "", 1))
	}
	list, bareList := strings.Join(lines, ","), strings.Join(bare, ",")
	wrapped := make([]string, len(lines))
	for i := range lines {
		if wrapped[i] = lines[i]; lines[i] != "42" {
			wrapped[i] = `{"decrypted":{"type":"m.room.message","content":{}},"encrypted":` + lines[i] + `}`
		}
	}
	statuses := func(name string, more ...string) (s []string) {
		r := chappe(t, append([]string{"decrypt", name, "--keys=keys.json", "-o", "-"}, more...)...)
		require.Equal(t, exitPartial, r.code, r.stderr)
		for _, l := range linesOf(t, r.stdout) {
			s = append(s, l.Chappe.Status+" "+l.EventID)
		}
		return s
	}
	want := statuses("export.json")
	for form, text := range map[string]string{
		"array":     "[" + list + "]",
		"chunk":     `{"start":"a","chunk":[` + list + `],"state":[{"type":"x"}],"end":"b"}`,
		"compact":   `{"messages":[` + list + `]}`,
		"pretty":    read(t, "export.json"),
		"lines":     strings.Join(lines, "\n"),
		"crlf":      strings.Join(lines, "\r\n") + "\r\n\r\n",
		"context":   `{"events_before":[` + list + `],"event":{},"events_after":[]}`,
		"mark":      "\xef\xbb\xbf[" + list + "]",
		"toJSON":    "[" + strings.Join(wrapped, ",") + "]",
		"timeline":  `{"timeline":{"events":[` + list + `]}}`,
		"sync":      `{"next_batch":"n","account_data":{"events":[{"type":"m.direct","content":{}}]},"rooms":{"join":{"!room:example.org":{"state":{"events":[]},"timeline":{"limited":true,"events":[` + bareList + `]}}}}}`,
		"sync left": `{"rooms":{"join":{},"leave":{"!room:example.org":{"timeline":{"events":[` + bareList + `]}}}}}`,
	} {
		write(t, "history", text)
		require.Equal(t, want, statuses("history"), form)
	}
	write(t, "history", "["+bareList+"]")
	require.Equal(t, want, statuses("history", "--room", room))
	require.Contains(t, statuses("history")[0], "malformed")
}

func TestDecryptRefused(t *testing.T) {
	inTestdata(t)
	text := read(t, "export.json")
	for name, content := range map[string]string{
		"empty": "", "blank": " \n", "number": "7", "error.json": `{"errcode":"M_FORBIDDEN"}`, "cut.json": text[:len(text)-40],
		"half.json": text[:len(text)/2], "after.json": text + "x", "list.json": "[1,2", "deep.json": strings.Repeat(`{"timeline":`, 100_000),
		"deeper.json": strings.Repeat(`{"timeline":`, 20) + "[{}]" + strings.Repeat("}", 20),
	} {
		write(t, name, content)
		before := tree(t)
		r := chappe(t, "decrypt", name, "--keys=keys.txt", withPassphrase, "-o", "new", "--attachments=media", "--save-attachments=saved")
		require.Equal(t, exitDamaged, r.code, "%s: %s", name, r.stderr)
		require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
		require.Equal(t, before, tree(t))
	}
	refused(t, exitFailed, "none: no such file or directory", "decrypt", "export.json", "--keys=keys.txt", withPassphrase, "-o", "new", "--attachments=none", "--save-attachments=saved")
}

// TestDecryptBadLines holds that a line which is no event, or too long, loses no
// other.
func TestDecryptBadLines(t *testing.T) {
	inTestdata(t)
	var export struct {
		Messages []json.RawMessage `json:"messages"`
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, "export.json")), &export))
	first := string(appendCompact(nil, export.Messages[0]))
	long := `{"type":"` + strings.Repeat("x", maxEvent) + `"}`
	write(t, "history", first+"\n{\"type\":\n\n"+long+"\n\xff\n"+first[:50]+"\n"+first)
	r := chappe(t, "decrypt", "history", "--keys=keys.txt", withPassphrase, "-o", "new")
	require.Equal(t, exitPartial, r.code)
	var statuses []string
	for _, l := range linesOf(t, read(t, "new")) {
		statuses = append(statuses, l.Chappe.Status)
	}
	require.Equal(t, []string{"decrypted", "malformed", "malformed", "malformed", "malformed", "decrypted"}, statuses)
	require.Contains(t, r.stderr, "event 3: malformed: larger than 1048576 bytes")
	write(t, "history", "["+first+","+long+","+first+"]")
	require.Contains(t, chappe(t, "decrypt", "history", "--keys=keys.txt", withPassphrase, "-o", "-").stderr, "event 2: malformed: larger than 1048576 bytes")
}

// TestDecryptElementFolder holds that files which Element wrote decrypted are found,
// and that a ciphertext is found by any of its names.
func TestDecryptElementFolder(t *testing.T) {
	inTestdata(t)
	r := chappe(t, "decrypt", "export.json", "--keys=keys.txt", withPassphrase, "-o", "plain", "--attachments=media", "--save-attachments=saved")
	require.Equal(t, exitPartial, r.code)
	image := linesOf(t, read(t, "plain"))[1]
	content, err := json.Marshal(image.Content)
	require.NoError(t, err)
	decrypted := `{"messages":[{"type":"m.room.message","event_id":"$a","sender":"@a:b","content":` + strings.ReplaceAll(string(content), "../", "") + `}]}`
	write(t, "element.json", decrypted)
	ciphertext, small := read(t, "media/TOWER"), read(t, "media/SMALL")
	for i, one := range []struct{ path, status string }{
		{"TOWER", "saved"}, {"example.org/TOWER", "saved"}, {"example.org_TOWER", "saved"}, {"TOWER.bin", "saved"}, {"deep/tower.png", "saved"},
		{"elsewhere", "missing"}, {"images/tower-2025-01-01.png", "exported"}, {"images/spire-2025-01-01.png", "missing"},
	} {
		dir := fmt.Sprintf("from%d", i)
		for path, text := range map[string]string{one.path: ciphertext, "SMALL": small} {
			if one.status == "exported" && path != "SMALL" {
				text = "a picture of a tower"
			}
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755))
			write(t, filepath.Join(dir, path), text)
		}
		r := chappe(t, "decrypt", "element.json", "--keys=keys.txt", withPassphrase, "-o", "-", "--attachments="+dir, "--save-attachments="+dir+"saved")
		marks := linesOf(t, r.stdout)[0].Chappe.Attachments
		require.Equal(t, one.status, marks[0].Status, one.path)
		require.Equal(t, "saved", marks[1].Status)
		if one.status == "exported" {
			require.Equal(t, filepath.FromSlash(one.path), marks[0].Path)
		}
		require.Equal(t, one.status == "missing", r.code == exitPartial)
	}
}

func TestSavedName(t *testing.T) {
	for name, want := range map[string]string{
		"a b.png": "000007-a_b.png", "../../etc/passwd": "000007-passwd", `C:\x\con.txt`: "000007-con.txt", "": "000007-", "é\x00\u202e.png": "000007-é__.png",
		strings.Repeat("é", 200) + ".png": "000007-" + strings.Repeat("é", 48) + ".png",
	} {
		require.Equal(t, want, savedName(7, "", name))
	}
}
