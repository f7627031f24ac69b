package backup_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/failtest"
)

// readAhead is more than a batch of two workers has, and less than two.
const readAhead = 200

// TestAttack_C29_ChangedWhileReadAhead: what other goroutines have parsed already
// is not handed out either, once the file turns out to be another one.
func TestAttack_C29_ChangedWhileReadAhead(t *testing.T) {
	one := entryJSON(entry(t, 1))
	b := binaryFile(t, "["+strings.Repeat(one+",", readAhead-1)+one+"]", make([]byte, 16), 1)
	text := armor(b)
	b[len(b)-1] ^= 1
	then := armor(b)
	err := mustFail(t, func() error {
		f, err := backup.OpenKeyFile(&swap{strings.NewReader(text), then}, []byte(passphrase))
		require.NoError(t, err)
		list, spoilt, last := collectAll(f.EntriesParallel(2))
		require.Empty(t, list)
		require.Empty(t, spoilt)
		return last
	}, failtest.Input(text), failtest.Input(then), buffers)
	require.ErrorIs(t, err, backup.ErrChanged)
}

// TestReadAheadIsForgotten: what was read ahead and nobody gets is wiped, when all
// that was begun is done, whether the caller stops, the caller panics, or the
// reader fails.
func TestReadAheadIsForgotten(t *testing.T) {
	key := entry(t, 1).Session.SecretText()
	for _, c := range []struct {
		name  string
		n     int
		stop  func()
		taken int
	}{
		{"the caller stops", 2 * readAhead, func() {}, 1},
		{"the caller panics", 2 * readAhead, func() { panic("the caller's") }, 1},
		{"the reader fails", readAhead, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := make([]backup.Entry, c.n)
			for i := range list {
				require.NoError(t, list[i].Session.UnmarshalText(key))
			}
			taken := 0
			texts := backup.DropBatch(list, func(backup.Entry, error) bool {
				taken++
				c.stop()
				return false
			})
			require.Equal(t, c.taken, taken)
			for i, text := range texts {
				require.Equal(t, make([]byte, len(text)), text, i)
			}
			parsed := 0
			for i := range list {
				if list[i].Session.IsZero() {
					parsed++
				}
			}
			require.Equal(t, 2*64-c.taken, parsed, "of a batch, all but what the caller has is closed")
		})
	}
	texts := backup.PanicBatch(2 * readAhead)
	require.Len(t, texts, 4*64)
	for i, text := range texts {
		require.Equal(t, make([]byte, len(text)), text, "a worker panics: %d", i)
	}
}

// TestReadAheadKeepsTheOrder: entries, and what stands for those that are wrong,
// come in the file's order, however many goroutines there are.
func TestReadAheadKeepsTheOrder(t *testing.T) {
	var content bytes.Buffer
	for i := range 600 {
		e := entry(t, 1)
		e.RoomID = "!" + strings.Repeat("a", i%7) + string(rune('a'+i%26))
		if i > 0 {
			content.WriteByte(',')
		}
		if i%5 == 4 {
			content.WriteString("{}")
			continue
		}
		content.WriteString(entryJSON(e))
	}
	text := file(t, "["+content.String()+"]")
	rooms := func(workers int) (got []string) {
		for e, err := range open(t, text).EntriesParallel(workers) {
			var wrong *backup.EntryError
			if errors.As(err, &wrong) {
				require.Equal(t, len(got), wrong.Index)
			} else {
				require.NoError(t, err)
			}
			got = append(got, e.RoomID)
		}
		return got
	}
	want := rooms(1)
	require.Len(t, want, 600)
	for _, workers := range []int{2, 3, 8} {
		require.Equal(t, want, rooms(workers), workers)
	}
}
