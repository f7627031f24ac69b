package backup_test

import (
	"errors"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
)

func plain(content string) ([]backup.Entry, []*backup.EntryError, error) {
	return collectAll(backup.PlainEntries(strings.NewReader(content)))
}

// requirePlain holds that a content says in plain what it says in a key file.
func requirePlain(t testing.TB, content string, want []backup.Entry, wantSpoilt []*backup.EntryError, wantLast error) {
	t.Helper()
	got, spoilt, last := plain(content)
	require.Equal(t, wantSpoilt, spoilt)
	require.Len(t, got, len(want))
	for i := range got {
		requireSame(t, want[i], got[i])
		require.Equal(t, backup.FromPlain, got[i].Source())
	}
	var one, two *backup.MalformedError
	require.Equal(t, errors.As(wantLast, &one), errors.As(last, &two))
	if one != nil {
		require.Equal(t, one.Why, two.Why)
	}
}

// What was read in plain is nobody's word.
func TestPlainIsUnauthenticated(t *testing.T) {
	require.Equal(t, "plain JSON", backup.FromPlain.String())
	got, _, last := plain("[" + entryJSON(entry(t, 1)) + "]")
	require.NoError(t, last)
	restored, err := got[0].Import()
	require.NoError(t, err)
	require.Equal(t, backup.FromPlain, restored.Source())
	text, err := recipient(t, backupKey(t, 1)).Encrypt(got[0], true)
	require.NoError(t, err)
	require.Contains(t, string(text), `"is_verified":false`)
}

func TestRestoredRoom(t *testing.T) {
	for _, n := range []int{1, 4} {
		e := entry(t, n)
		restored, err := e.Import()
		require.NoError(t, err)
		require.Equal(t, e.RoomID, restored.RoomID())
	}
}

func TestPlainReaders(t *testing.T) {
	content := " [" + entryJSON(entry(t, 1)) + ",7,\n" + entryJSON(entry(t, 2)) + "]"
	const mark = "\xef\xbb\xbf"
	for _, r := range []io.Reader{
		strings.NewReader(mark + content), iotest.OneByteReader(strings.NewReader(mark + content)),
		iotest.OneByteReader(strings.NewReader(content)), iotest.DataErrReader(strings.NewReader(content)),
	} {
		got, spoilt, last := collectAll(backup.PlainEntries(r))
		require.NoError(t, last)
		require.Len(t, got, 2)
		require.Len(t, spoilt, 1)
	}
	for _, bad := range []string{mark, mark + mark + "[]", mark[:2] + "[]", "[]" + mark} {
		_, _, last := iterationFails(t, func() iter.Seq2[backup.Entry, error] { return backup.PlainEntries(strings.NewReader(bad)) }, failtest.Input(bad))
		require.ErrorAs(t, last, new(*backup.MalformedError), "%q", bad)
	}
	boom := errors.New("boom")
	for _, cut := range []int{1, 0, len(content)} {
		got, _, last := iterationFails(t, func() iter.Seq2[backup.Entry, error] {
			return backup.PlainEntries(io.MultiReader(strings.NewReader(content[:len(content)-cut]), iotest.ErrReader(boom)))
		}, failtest.Input(content))
		require.Equal(t, boom, last)
		require.Equal(t, cut <= 1, len(got) == 2, "what came before is handed out")
	}
	for _, n := range []int{-1, 1 << 30} {
		_, _, last := iterationFails(t, func() iter.Seq2[backup.Entry, error] {
			return backup.PlainEntries(readerFunc(func([]byte) (int, error) { return n, nil }))
		})
		require.ErrorContains(t, last, "impossible count")
	}
	for _, content := range []string{content, "[" + strings.Repeat("7,", 200) + "7]"} { // few at once, and many
		for range backup.PlainEntries(strings.NewReader(content)) {
			break
		}
	}
}

// What held the array is wiped, however the iteration ends.
func TestPlainIsWiped(t *testing.T) {
	content := "[" + entryJSON(entry(t, 1)) + "," + entryJSON(entry(t, 2))
	for _, end := range []string{"]", "", ",x"} {
		for _, stop := range []bool{false, true} {
			var buffers [][]byte
			r := strings.NewReader(content + end)
			for range backup.PlainEntries(readerFunc(func(p []byte) (int, error) {
				if len(p) > 16 { // before that, the mark is looked for
					buffers = append(buffers, p)
				}
				return r.Read(p)
			})) {
				if stop {
					break
				}
			}
			require.NotEmpty(t, buffers)
			for _, b := range buffers {
				require.Equal(t, make([]byte, len(b)), b)
			}
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// An entry that leaves comes back as it was, with what nobody here knows.
func TestSecretJSON(t *testing.T) {
	const unknown = `"org.example":{"b":1.50,"a":[1e3]}`
	text := strings.Replace(entryJSON(entry(t, 1)), `{"algorithm"`, `{`+unknown+`,"algorithm"`, 1)
	got, _, last := plain("[" + text + "]")
	require.NoError(t, last)
	b, err := got[0].SecretJSON()
	require.NoError(t, err)
	require.Contains(t, string(b), unknown)
	require.Equal(t, rewrite(t, got[0]), "["+string(b)+"]", "what a key file holds")
	again, spoilt, last := plain("[" + string(b) + "]")
	require.NoError(t, last)
	require.Empty(t, spoilt)
	requireSame(t, got[0], again[0])

	for name, c := range map[string]struct {
		change func(e *backup.Entry)
		err    error
	}{
		"no sender key": {func(e *backup.Entry) { e.SenderKey = keys.Curve25519{} }, keys.ErrAbsent},
		"no session":    {func(e *backup.Entry) { *e = backup.Entry{RoomID: "!a"} }, keys.ErrAbsent},
		"closed":        {func(e *backup.Entry) { e.Session = export(t, 1); e.Close() }, keys.ErrAbsent},
		"no room":       {func(e *backup.Entry) { e.RoomID = "" }, nil},
		"too long":      {func(e *backup.Entry) { e.RoomID = strings.Repeat("a", backup.MaxEntrySize) }, backup.ErrTooLarge},
	} {
		e := entry(t, 1)
		c.change(&e)
		err := mustFail(t, func() error {
			b, err := e.SecretJSON()
			require.Nil(t, b, name)
			return err
		}, said(e), said(e), buffers) // JSON has room for six times the id
		if c.err != nil {
			require.ErrorIs(t, err, c.err, name)
		}
	}
}

// Whose entry it is stands in the text, in which nothing of it can act on a
// terminal or a log, however long it is.
func TestEntryErrorText(t *testing.T) {
	for want, e := range map[string]*backup.EntryError{
		`backup: entry 3: backup: too large`:                                                   {},
		`backup: entry 3 (room "!a:b"): backup: too large`:                                     {RoomID: "!a:b"},
		`backup: entry 3 (session "s/+"): backup: too large`:                                   {SessionID: "s/+"},
		`backup: entry 3 (room "!a", session "\n"): backup: too large`:                         {RoomID: "!a", SessionID: "\n"},
		`backup: entry 3 (room "\x1b[2J\u202e\""): backup: too large`:                          {RoomID: "\x1b[2J\u202e\""},
		`backup: entry 3 (session "\xff\u0085"): backup: too large`:                            {SessionID: "\xff\u0085"},
		`backup: entry 3 (session "` + strings.Repeat("é", 127) + `\xc3…"): backup: too large`: {SessionID: strings.Repeat("é", 1<<20)},
	} {
		e.Index, e.Err = 3, backup.ErrTooLarge
		require.Equal(t, want, e.Error())
	}
}
