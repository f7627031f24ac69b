package backup_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/failtest"
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
	dumped := func(why string) error { return &backup.MalformedError{What: "backup: room_keys", Why: why} }
	for bad, want := range map[string]error{
		`"!x":null`: dumped("not an object"), `"!x":[{"sessions":{}}]`: dumped("not an object"), `"!x":{"sessions":[]}`: dumped("not an object"),
		`"\ud800":{"sessions":{"x":{}}}`: dumped("a room id that is no text"), `"!x":{"sessions":{"\ud800":{}}}`: dumped("a session id that is no text"),
		`"!x":{"sessions":{"x":{}}}`:                                                       &backup.MalformedError{What: "backup: KeyBackupData: session_data", Why: "not a JSON object"},
		`"!x":{"sessions":{"x":nul}}`:                                                      &backup.MalformedError{What: "backup: KeyBackupData", Why: "not a JSON object"},
		strings.Replace(one, e.SessionID(), entry(t, 1).SessionID(), 1):                    backup.ErrDecrypt,
		strings.Replace(one, `"mac":"`, `"mac":"AAAAAAAAAAA","x":"`, 1):                    backup.ErrDecrypt,
		`"!x":{"sessions":{"x":{"y":"` + strings.Repeat("a", backup.MaxEntrySize) + `"}}}`: backup.ErrTooLarge,
	} {
		text := `{"x":[1],"rooms":{` + one + `,` + bad + `,` + one + `},"y":{}}`
		got, spoilt, last := collectDump(key, strings.NewReader(text), 2)
		require.NoError(t, last)
		require.Len(t, got, 2)
		require.Len(t, spoilt, 1)
		require.Equal(t, 1, spoilt[0].Index)
		require.Equal(t, want, spoilt[0].Err)
		text = `{"rooms":{` + bad + `}}`
		require.Equal(t, want, entryFails(t, decrypting(key, text, 2), failtest.Input(text)).Err)
	}
	// Rooms without sessions, and members that are not known, are nothing.
	got, spoilt, last := collectDump(key, strings.NewReader(`{"rooms":{"!x":{},"!y":{"sessions":{},"z":7},`+one+`}}`), 2)
	require.NoError(t, last)
	require.Empty(t, spoilt)
	require.Len(t, got, 1)
	// Another key: all entries, one by one.
	wrong := entryFails(t, decrypting(backupKey(t, 2), text, 2), failtest.Input(text))
	require.Equal(t, &backup.EntryError{RoomID: e.RoomID, SessionID: e.SessionID(), Err: backup.ErrDecrypt}, wrong)
}

// decrypting is the decryption of a dump, as often as one likes.
func decrypting(key *pk.DecryptionKey, text string, workers int) func() iter.Seq2[backup.Entry, error] {
	return func() iter.Seq2[backup.Entry, error] {
		return backup.DecryptDump(key, strings.NewReader(text), workers)
	}
}

func TestDumpRefused(t *testing.T) {
	key := backupKey(t, 1)
	text, _ := dump(t, key, 4)
	fails := func(text string) {
		t.Helper()
		_, spoilt, last := iterationFails(t, decrypting(key, text, 2), failtest.Input(text))
		require.ErrorAs(t, last, new(*backup.MalformedError), text)
		require.Empty(t, spoilt, text)
	}
	for n := range len(text) {
		if n%7 == 0 || n <= 20 {
			fails(text[:n])
		}
	}
	for _, text := range []string{"", "[]", "{}", `{"errcode":"M_NOT_FOUND"}`, `{"rooms":[]}`, `{"rooms":{}}x`, `{"rooms":{},}`, `{"rooms" {}}`, `{rooms:{}}`,
		`"rooms":{}}`, `{"rooms":{},7 :1}`, `{"rooms":{},7}`, `{"rooms":{"a":[`, `{"rooms":{"\ud800":[`, `{"rooms":{"a":{"sessions":[`} {
		fails(text)
	}
	_, _, last := iterationFails(t, decrypting(key, `{"rooms":{"a":{}"b":{}}}`, 2))
	require.ErrorAs(t, last, new(*backup.MalformedError))
	// What came before an error is handed out before it.
	boom := errors.New("boom")
	for _, cut := range []int{10, 0} {
		got, _, last := iterationFails(t, func() iter.Seq2[backup.Entry, error] {
			return backup.DecryptDump(key, io.MultiReader(strings.NewReader(text[:len(text)-cut]), iotest.ErrReader(boom)), 2)
		}, failtest.Input(text))
		require.ErrorIs(t, last, boom)
		require.GreaterOrEqual(t, len(got), 3)
	}
}

// A reader that has failed is not asked again, whatever it would say then.
func TestDumpOfReaderThatFailedOnce(t *testing.T) {
	key, boom := backupKey(t, 1), errors.New("boom")
	text, _ := dump(t, key, 1)
	_, _, last := iterationFails(t, func() iter.Seq2[backup.Entry, error] {
		calls := 0
		return backup.DecryptDump(key, readerFunc(func(p []byte) (int, error) {
			calls++
			switch calls {
			case 1:
				return copy(p, text[:50]), boom
			case 2:
				return copy(p, text[50:]), nil
			}
			return 0, io.EOF
		}), 1)
	}, failtest.Input(text))
	require.Equal(t, boom, last)
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
