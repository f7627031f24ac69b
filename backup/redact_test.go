package backup_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// TestAttack_V26_SecretsDoNotPrint: nor are they marshalled.
func TestAttack_V26_SecretsDoNotPrint(t *testing.T) {
	text := strings.Replace(entryJSON(entry(t, 1)), "{", `{"x":"kept secret",`, 1)
	f := open(t, file(t, "["+text+"]"))
	list, _, _ := collect(f)
	e := list[0]
	s, err := e.Import()
	require.NoError(t, err)
	w, err := backup.NewWeakKeyFileWriter(io.Discard, []byte(passphrase), 1)
	require.NoError(t, err)
	key := string(e.Session.SecretText())
	numbers := strings.Trim(fmt.Sprint([]byte("kept")), "[]")
	type hidden struct{ v any }
	for _, v := range []any{f, e, &e, s, w, []backup.Entry{e}, map[string]backup.Entry{"x": e}} {
		for _, verb := range "vsdqxX" {
			for _, flag := range []string{"", "+", "#"} {
				out := fmt.Sprintf("%"+flag+string(verb), v) + fmt.Sprintf("%"+flag+string(verb), hidden{v}) + fmt.Sprintf("%"+flag+string(verb), &hidden{v})
				require.NotContains(t, out, key[8:40])
				require.NotContains(t, out, "kept secret")
				require.NotContains(t, out, numbers)
				require.NotContains(t, out, passphrase)
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		require.NotContains(t, log.String(), key[8:40])
		require.NotContains(t, log.String(), "kept secret")
		_, err := json.Marshal(v)
		require.ErrorIs(t, err, secret.ErrMarshal)
	}
	require.ErrorIs(t, gob.NewEncoder(io.Discard).Encode(f), secret.ErrMarshal)
	require.Error(t, gob.NewEncoder(io.Discard).Encode(e))
}

// TestAttack_G15_NoCopiesLeftBehind: where a buffer with a session key grows, the
// smaller one does not keep it.
func TestAttack_G15_NoCopiesLeftBehind(t *testing.T) {
	e := entry(t, 1)
	e.RoomID = strings.Repeat("\x01", 100) // six times as long in JSON
	var more strings.Builder
	for n := range 20 {
		fmt.Fprintf(&more, `"%s":"%s",`, strings.Repeat(`\u0001`, n+1), strings.Repeat("a", 30))
	}
	restored, _, _ := collect(open(t, file(t, "["+strings.Replace(entryJSON(entry(t, 1)), "{", "{"+more.String(), 1)+"]")))
	restored[0].RoomID = e.RoomID
	key := e.Session.SecretText()[8:40]
	for _, write := range []func(dst []byte) ([]byte, error){e.AppendEntry, e.AppendExport, restored[0].AppendEntry, restored[0].AppendExport} {
		for n := range 4000 {
			dst := make([]byte, 0, n)
			text, err := write(dst)
			require.NoError(t, err)
			require.Contains(t, string(text), string(key))
			if &text[0] != &append(dst, 0)[0] {
				require.NotContains(t, string(dst[:n]), string(key))
			}
		}
	}
	text := `{"session_key":"` + string(e.Session.SecretText()) + `","x":"` + strings.Repeat("a", 20_000) + `"}`
	for _, r := range []io.Reader{strings.NewReader(text), iotest.HalfReader(strings.NewReader(text)), iotest.OneByteReader(strings.NewReader(text))} {
		arrays, err := backup.ScanValue(r)
		require.NoError(t, err)
		last := arrays[len(arrays)-1]
		require.Equal(t, text, string(last))
		for _, a := range arrays {
			if a = a[:cap(a)]; len(a) > 0 && &a[0] != &last[0] {
				require.Equal(t, make([]byte, len(a)), a)
			}
		}
	}
}

// What was read ahead and is not wanted any more is wiped.
func TestAttack_G06_ReadAheadIsWiped(t *testing.T) {
	for _, stop := range []func(){func() {}, func() { panic("x") }} {
		var list []backup.Entry
		for i := range 4 {
			e := entry(t, i)
			e.Session = export(t, 200+i)
			list = append(list, e)
		}
		var texts [][]byte
		n := 0
		func() {
			defer func() { recover() }()
			texts = backup.RunBatch(list, func(backup.Entry, error) bool {
				if n++; n == 2 {
					stop()
				}
				return n < 2
			})
		}()
		require.Equal(t, 2, n)
		for i, e := range list {
			require.Equal(t, i >= 2, e.Session.IsZero(), i)
		}
		for _, text := range texts {
			require.Equal(t, make([]byte, len(text)), text)
		}
	}
}

// A session key with an escape that base64 does not need is refused, and what was
// read of it wiped (go run ./internal/wipetable).
func TestSessionKeyWithAnotherEscape(t *testing.T) {
	e := entry(t, 1)
	key := string(e.Session.SecretText())
	got, text := backup.ParseText([]byte(strings.Replace(entryJSON(e), key, key[:100]+`\u0041`+key[101:], 1)))
	require.True(t, got.Session.IsZero())
	require.Equal(t, make([]byte, len(text)), text)
}

// TestAttack_G06_Wiping: what held a secret is overwritten.
func TestAttack_G06_Wiping(t *testing.T) {
	zeros := func(b []byte) []byte { return make([]byte, len(b)) }
	e := entry(t, 1)
	key := string(e.Session.SecretText())[8:40]
	f := open(t, file(t, "["+entryJSON(e)+"]"))
	before, after, err := f.WipedBuffers()
	require.NoError(t, err)
	for i := range before {
		require.Contains(t, string(before[i]), key)
		require.Equal(t, zeros(after[i]), after[i])
	}
	require.NotEqual(t, zeros(f.RawKeys()), f.RawKeys())
	f.Close()
	require.Equal(t, zeros(f.RawKeys()), f.RawKeys())

	got, text := backup.ParseText([]byte(entryJSON(e)))
	require.Equal(t, e.SessionID(), got.SessionID())
	require.Equal(t, zeros(text), text)

	w, err := backup.NewWeakKeyFileWriter(io.Discard, []byte(passphrase), 1)
	require.NoError(t, err)
	for _, e := range []backup.Entry{e, {RoomID: "!a", Session: e.Session}} {
		w.WriteEntry(e)
		require.NotEmpty(t, w.RawPlain())
		require.Equal(t, zeros(w.RawPlain()), w.RawPlain())
	}
	require.False(t, w.Dropped())
	require.NoError(t, w.Finish())
	require.True(t, w.Dropped())
}
