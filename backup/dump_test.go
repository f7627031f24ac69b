package backup_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/pk"
)

// dump returns an answer of the server with n sessions, three in a room.
func dump(t testing.TB, key *pk.DecryptionKey, n int) (string, []backup.Entry) {
	t.Helper()
	var b strings.Builder
	var list []backup.Entry
	b.WriteString(`{"rooms":{`)
	r := recipient(t, key)
	for i := range n {
		e := entry(t, i)
		list = append(list, e)
		if i%3 == 0 {
			if i > 0 {
				b.WriteString(`}},`)
			}
			fmt.Fprintf(&b, `%q:{"sessions":{`, e.RoomID)
		} else {
			b.WriteString(",")
		}
		text, err := r.Encrypt(e, false)
		require.NoError(t, err)
		fmt.Fprintf(&b, `%q: %s`, e.SessionID(), text)
	}
	if n > 0 {
		b.WriteString(`}}`)
	}
	b.WriteString(`}}`)
	return b.String(), list
}

func collectDump(key *pk.DecryptionKey, r io.Reader, workers int) (list []backup.Entry, spoilt []*backup.EntryError, last error) {
	return collectAll(backup.DecryptDump(key, r, workers))
}

func TestDump(t *testing.T) {
	key := backupKey(t, 1)
	for _, n := range []int{0, 1, 3, 4, 300} {
		text, want := dump(t, key, n)
		for _, workers := range []int{-1, 0, 1, 2, 7, 1 << 30} {
			got, spoilt, last := collectDump(key, strings.NewReader(text), workers)
			require.NoError(t, last)
			require.Empty(t, spoilt)
			require.Len(t, got, n)
			for i := range got {
				requireSame(t, want[i], got[i])
			}
		}
		if n == 4 {
			got, _, last := collectDump(key, iotest.OneByteReader(strings.NewReader(text)), 2)
			require.NoError(t, last)
			require.Len(t, got, n)
		}
	}
}

func TestDumpBadEntries(t *testing.T) {
	key := backupKey(t, 1)
	text, _ := dump(t, key, 1)
	one := strings.TrimSuffix(strings.TrimPrefix(text, `{"rooms":{`), `}}`)
	e := entry(t, 0)
	for name, bad := range map[string]string{
		"room null": `"!x":null`, "room array": `"!x":[{"sessions":{}}]`, "sessions array": `"!x":{"sessions":[]}`,
		"room id": `"\ud800":{"sessions":{"x":{}}}`, "session id": `"!x":{"sessions":{"\ud800":{}}}`,
		"empty": `"!x":{"sessions":{"x":{}}}`, "word": `"!x":{"sessions":{"x":nul}}`,
		"moved":   strings.Replace(one, e.SessionID(), entry(t, 1).SessionID(), 1),
		"damaged": strings.Replace(one, `"mac":"`, `"mac":"AAAAAAAAAAA","x":"`, 1),
		"large":   `"!x":{"sessions":{"x":{"y":"` + strings.Repeat("a", backup.MaxEntrySize) + `"}}}`,
	} {
		text := `{"x":[1],"rooms":{` + one + `,` + bad + `,` + one + `},"y":{}}`
		got, spoilt, last := collectDump(key, strings.NewReader(text), 2)
		require.NoError(t, last, name)
		require.Len(t, got, 2, name)
		require.Len(t, spoilt, 1, name)
		require.Equal(t, 1, spoilt[0].Index, name)
	}
	// Rooms without sessions, and members that are not known, are nothing.
	got, spoilt, last := collectDump(key, strings.NewReader(`{"rooms":{"!x":{},"!y":{"sessions":{},"z":7},`+one+`}}`), 2)
	require.NoError(t, last)
	require.Empty(t, spoilt)
	require.Len(t, got, 1)
	// Another key: all entries, one by one.
	got, spoilt, last = collectDump(backupKey(t, 2), strings.NewReader(text), 2)
	require.NoError(t, last)
	require.Empty(t, got)
	require.ErrorIs(t, spoilt[0], backup.ErrDecrypt)
	require.Equal(t, e.RoomID, spoilt[0].RoomID)
}

func TestDumpRefused(t *testing.T) {
	key := backupKey(t, 1)
	text, _ := dump(t, key, 4)
	var malformed *backup.MalformedError
	for n := range len(text) {
		if n%7 != 0 && n > 20 {
			continue
		}
		_, _, last := collectDump(key, strings.NewReader(text[:n]), 2)
		require.ErrorAs(t, last, &malformed, n)
	}
	for _, text := range []string{"", "[]", "{}", `{"errcode":"M_NOT_FOUND"}`, `{"rooms":[]}`, `{"rooms":{}}x`, `{"rooms":{},}`, `{"rooms" {}}`, `{rooms:{}}`, `{"rooms":{"a":{}"b":{}}}`} {
		_, _, last := collectDump(key, strings.NewReader(text), 2)
		require.ErrorAs(t, last, &malformed, text)
	}
	// What came before an error is handed out before it.
	boom := errors.New("boom")
	got, _, last := collectDump(key, io.MultiReader(strings.NewReader(text[:len(text)-10]), iotest.ErrReader(boom)), 2)
	require.ErrorIs(t, last, boom)
	require.GreaterOrEqual(t, len(got), 3)
}

// requireSettled waits for goroutines that have reported their end to be gone.
func requireSettled(t testing.TB, before int) {
	t.Helper()
	for i := 0; i < 100_000 && runtime.NumGoroutine() > before; i++ {
		runtime.Gosched()
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}

// No goroutine lives while the caller has the entry, nor after break and panic.
func TestGoroutines(t *testing.T) {
	key := backupKey(t, 1)
	text, _ := dump(t, key, 600) // two batches of 4 workers, and more
	before := runtime.NumGoroutine()
	for range backup.DecryptDump(key, strings.NewReader(text), 4) {
		requireSettled(t, before)
	}
	for range backup.DecryptDump(key, strings.NewReader(text), 4) {
		break
	}
	require.Panics(t, func() {
		for range backup.DecryptDump(key, strings.NewReader(text), 4) {
			panic("x")
		}
	})
	requireSettled(t, before)
	content := "[" + strings.Repeat(entryJSON(entry(t, 1))+",", 599) + entryJSON(entry(t, 1)) + "]"
	f := open(t, file(t, content))
	n := 0
	for range f.EntriesParallel(4) {
		requireSettled(t, before)
		n++
	}
	require.Equal(t, 600, n)
	for range f.EntriesParallel(4) {
		break
	}
	requireSettled(t, before)
	require.Panics(t, func() { collectDump(nil, strings.NewReader(text), 4) }, "a worker's panic is the caller's")
	requireSettled(t, before)
}
