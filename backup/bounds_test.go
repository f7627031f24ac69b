package backup_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/keys"
)

// An entry of the size that it may have is taken, one of a byte more is not.
func TestEntrySizeToTheByte(t *testing.T) {
	e := entry(t, 1)
	text, err := e.AppendExport(nil)
	require.NoError(t, err)
	w, err := backup.NewWeakKeyFileWriter(io.Discard, []byte(passphrase), 1)
	require.NoError(t, err)
	e.RoomID += strings.Repeat("a", backup.MaxEntrySize-len(text))
	require.NoError(t, w.WriteEntry(e))
	e.RoomID += "a"
	require.ErrorIs(t, mustFail(t, func() error { return w.WriteEntry(e) }, said(e)), backup.ErrTooLarge)

	key := backupKey(t, 1)
	one, _ := dump(t, key, 1)
	session := one[strings.Index(one, ": ")+2 : len(one)-4]
	e = entry(t, 0)
	padded := session + strings.Repeat(" ", backup.MaxEntrySize-len(session))
	restored, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(padded))
	require.NoError(t, err)
	requireSame(t, e, restored)
	require.Equal(t, backup.ErrTooLarge, sessionFails(t, key, e.RoomID, e.SessionID(), padded+" "))

	// The same where it is found in a dump: blanks within belong to it.
	for size, want := range map[int]error{backup.MaxEntrySize: nil, backup.MaxEntrySize + 1: backup.ErrTooLarge} {
		within := "{" + strings.Repeat(" ", size-len(session)) + session[1:]
		got, spoilt, last := collectDump(key, strings.NewReader(strings.Replace(one, session, within, 1)), 1)
		require.NoError(t, last)
		if want == nil {
			require.Len(t, got, 1)
			requireSame(t, e, got[0])
			continue
		}
		require.Len(t, spoilt, 1)
		require.ErrorIs(t, spoilt[0], want)
	}
}

// Members that are not known are kept where they stand: before and behind those
// that are, and with nothing but an other algorithm's claimed key.
func TestUnknownMembersAnywhere(t *testing.T) {
	good := entryJSON(entry(t, 1))
	for _, with := range []string{
		strings.Replace(good, "{", `{"kept":"x",`, 1), strings.Replace(good, `"sender_key"`, `"kept":"x","sender_key"`, 1),
		good[:len(good)-1] + `,"kept":"x"}`, strings.Replace(good, `{"ed25519"`, `{"kept":"x","ed25519"`, 1),
	} {
		got, spoilt, last := collect(open(t, file(t, "["+with+"]")))
		require.NoError(t, last)
		require.Empty(t, spoilt)
		require.Contains(t, rewrite(t, got[0]), `"kept":"x"`, with)
	}
}

// The IV says how many blocks a file may have: the last of them is one, behind
// several pieces too.
func TestCounterToItsEnd(t *testing.T) {
	for _, blocks := range []int{1, 2, 1100, 3000} {
		iv := append(make([]byte, 8), bytes.Repeat([]byte{0xff}, 8)...)
		left := ^uint64(0) - uint64(blocks) + 1
		for i := range 8 {
			iv[15-i] = byte(left >> (8 * i))
		}
		text := func(size int) string {
			return armor(binaryFile(t, "["+strings.Repeat(" ", size-2)+"]", iv, 1))
		}
		require.Len(t, mustContent(t, open(t, text(16*blocks))), 16*blocks)
		require.ErrorContains(t, fileFails(t, text(16*blocks+1), passphrase), "counter")
	}
}

// The bounds on rounds are themselves within.
func TestRoundsToTheirBounds(t *testing.T) {
	for n, ok := range map[uint32]bool{
		0: false, backup.MinRounds: true, backup.MaxRounds: true, backup.MaxRounds + 1: false, 1<<32 - 1: false,
	} {
		require.Equal(t, ok, backup.CheckRounds(n) == nil, n)
	}
	// Without a passphrase, the rounds are judged, and not done.
	for n, ok := range map[int]bool{
		backup.MinNewRounds - 1: false, backup.MinNewRounds: true, backup.MaxRounds: true, backup.MaxRounds + 1: false,
	} {
		err := mustFail(t, func() error { return errOf(backup.NewKeyFileWriter(io.Discard, nil, n)) })
		if ok {
			require.ErrorIs(t, err, keys.ErrAbsent, n)
		} else {
			require.ErrorAs(t, err, new(*backup.MalformedError), n)
		}
	}
}

// A file of any length is whole: its last line has from one byte to all.
func TestEveryLastLine(t *testing.T) {
	for n := range 96 {
		var text bytes.Buffer
		w, err := backup.NewWeakKeyFileWriter(&text, []byte(passphrase), 1)
		require.NoError(t, err)
		e := entry(t, 1)
		e.RoomID = "!" + strings.Repeat("a", n)
		require.NoError(t, w.WriteEntry(e))
		require.NoError(t, w.Finish())
		got, _, last := collect(open(t, text.String()))
		require.NoError(t, last)
		require.Len(t, got, 1)
		requireSame(t, e, got[0])
	}
}

// A batch ends at two MiB of texts and ids.
func TestBatchEnds(t *testing.T) {
	for _, lengths := range [][3]int{{64 << 10, 0, 0}, {0, 64 << 10, 0}, {0, 0, 64 << 10}, {32 << 10, 16 << 10, 16 << 10}} {
		require.Equal(t, 32, backup.BatchOf(lengths[0], lengths[1], lengths[2]), lengths)
	}
	require.Equal(t, 33, backup.BatchOf(64<<10-1, 0, 0))
	require.Equal(t, 64, backup.BatchOf(1, 0, 0))
}

// An id is quoted up to its 255th byte.
func TestErrorQuotesIDs(t *testing.T) {
	id := strings.Repeat("a", 255)
	for room, quoted := range map[string]string{id: id, id + "b": id + "…"} {
		e := &backup.EntryError{RoomID: room, Err: io.EOF}
		require.Equal(t, fmt.Sprintf("backup: entry 0 (room %q): EOF", quoted), e.Error())
	}
}

// What looks like a string is judged as one: a lone byte of UTF-8, a quote within.
func TestStringsAtAGlance(t *testing.T) {
	for text, ok := range map[string]bool{
		`{"a":""}`: true, `{"a":" "}`: true, `{"a":"\\"}`: true, `{"a":"é"}`: true,
		"{\"a\":\"\x80\"}": false, `{"a":""""}`: false, `{"a":"""}`: false, `{"a":"x""}`: false, `{"a":x""}`: false, `{"a":"}`: false,
		"{\"a\":\"\x1f\"}": false,
	} {
		require.Equal(t, ok, backup.IsObject([]byte(text)), text)
	}
}

// Escapes in a key are read up to its end.
func TestUnquoteSecret(t *testing.T) {
	for raw, want := range map[string]string{
		`""`: "", `"a"`: "a", `"\/"`: "/", `"a\/b\/"`: "a/b/", `"\u002B"`: "+", `"\u002f\u003d"`: "/=", `"a\u002bb"`: "a+b",
	} {
		got := backup.UnquoteSecret(raw)
		require.NotNil(t, got, raw)
		require.Equal(t, want, string(got), raw)
	}
	for _, raw := range []string{``, `"`, `a`, `"a`, `a"`, `"\"`, `"\n"`, `"\u002"`, `"\u0041"`, `"\u002B`, `"a\/\"`} {
		require.Nil(t, backup.UnquoteSecret(raw), raw)
	}
}

// An empty string ends where it ends, whatever comes behind it.
func TestEmptyStringEnds(t *testing.T) {
	arrays, err := backup.ScanValue(strings.NewReader(`"","\n"`))
	require.NoError(t, err)
	require.Equal(t, `""`, string(arrays[len(arrays)-1]))
}

// A member with a name too long for an entry is passed over.
func TestNameTooLong(t *testing.T) {
	key := backupKey(t, 1)
	text, list := dump(t, key, 1)
	long := `{"` + strings.Repeat("a", backup.MaxEntrySize) + `":[1],`
	got, spoilt, last := collectDump(key, strings.NewReader(long+text[1:]), 1)
	require.NoError(t, last)
	require.Empty(t, spoilt)
	require.Len(t, got, 1)
	requireSame(t, list[0], got[0])
}
