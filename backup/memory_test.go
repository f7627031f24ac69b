package backup_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
)

// repeat is a file that has a middle many times, in no memory.
type repeat struct {
	head, middle, tail string
	times              int
	part, pos          int
	sample             func() // called now and then, while the file is read
}

func (r *repeat) Read(p []byte) (int, error) {
	text := r.middle
	switch {
	case r.part == 0:
		text = r.head
	case r.part == r.times+1:
		text = r.tail
	case r.part > r.times:
		return 0, io.EOF
	}
	if r.sample != nil && r.pos == 0 && r.part%1000 == 999 {
		r.sample()
	}
	n := copy(p, text[r.pos:])
	if r.pos += n; r.pos == len(text) {
		r.part, r.pos = r.part+1, 0
	}
	return n, nil
}

// sampled is a file that samples while it is read.
type sampled struct {
	*strings.Reader
	reads  int
	sample func()
}

func (s *sampled) Read(p []byte) (int, error) {
	if s.reads++; s.reads%50 == 0 {
		s.sample()
	}
	return s.Reader.Read(p)
}

// TestAttack_G09_ReadAheadIsBounded: however many workers are asked for, and
// however large the entries are.
func TestAttack_G09_ReadAheadIsBounded(t *testing.T) {
	key := backupKey(t, 1)
	for _, c := range []struct {
		entry string
		most  int // bytes read before the first entry is handed out
	}{
		{`"x":{},`, 64 << 10},
		{`"x":{"y":"` + strings.Repeat("a", 60_000) + `"},`, 5 << 20},
	} {
		r := &repeat{head: `{"rooms":{"a":{"sessions":{`, middle: c.entry, times: 1 << 20}
		for range backup.DecryptDump(key, r, 1<<30) {
			break
		}
		require.Less(t, r.part*len(c.entry), c.most)
	}
	// Alone, nobody reads ahead of the batch that is handed out.
	middle := `{"y":"` + strings.Repeat("a", 60_000) + `"},`
	r := &repeat{head: `[`, middle: middle, times: 1 << 20}
	for range backup.PlainEntries(r) {
		break
	}
	require.Less(t, r.part*len(middle), 3<<20)
}

// most calls f and returns by how much the heap grew, at most, when f asked.
func most(f func(sample func())) (grown uint64) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	f(func() {
		if now := heap(); now > before {
			grown = max(grown, now-before)
		}
	})
	return grown
}

// TestAttack_G09_MemoryIsFlat: files and dumps of several MB, and entries of
// 10 MB, take less than 2 MB.
func TestAttack_G09_MemoryIsFlat(t *testing.T) {
	const limit = 2 << 20
	key := backupKey(t, 1)
	text, _ := dump(t, key, 3)
	rooms := strings.TrimSuffix(strings.TrimPrefix(text, `{"rooms":{`), `}}`)
	count := 0
	grown := most(func(sample func()) {
		r := &repeat{head: `{"rooms":{`, middle: rooms + ",", times: 1000, tail: rooms + `}}`}
		for _, err := range backup.DecryptDump(key, r, 2) {
			require.NoError(t, err)
			if count++; count%1000 == 0 {
				sample()
			}
		}
		sample()
	})
	require.Equal(t, 3003, count)
	require.Less(t, grown, uint64(limit))

	// A session without end, a name without end, and an unknown member.
	for _, head := range []string{
		`{"rooms":{"a":{"sessions":{"x":"`, `{"rooms":{"a":{"sessions":{"`, `{"rooms":{"`, `{"x":"`, `{"rooms":{"a":{"sessions":{"x":[`,
		`{"rooms":{"a":{"x":"`, `{"rooms":{"a":"`, `{"rooms":{"a":{"sessions":"`,
	} {
		middle := strings.Repeat("a", 1000)
		if strings.HasSuffix(head, "[") {
			middle = strings.Repeat("[", 1000)
		}
		grown = most(func(sample func()) {
			r := new(repeat)
			mustFail(t, func() error {
				*r = repeat{head: head, middle: middle, times: 5000, sample: sample}
				_, _, last := collectDump(key, r, 2)
				return last
			}, buffers)
		})
		require.Less(t, grown, uint64(limit), head)
	}
	// The same in a key file's entry.
	long := file(t, `[{"x":"`+strings.Repeat("a", 5<<20)+`"}]`)
	grown = most(func(sample func()) {
		f, err := backup.OpenKeyFile(&sampled{Reader: strings.NewReader(long), sample: sample}, []byte(passphrase))
		require.NoError(t, err)
		_, spoilt, last := collect(f)
		require.NoError(t, last)
		require.ErrorIs(t, spoilt[0], backup.ErrTooLarge)
	})
	require.Less(t, grown, uint64(limit))
	runtime.KeepAlive(long)

	// The same in plain, and many entries.
	for _, middle := range []string{strings.Repeat("a", 1000), `"},` + entryJSON(entry(t, 1)) + `,{"x":"`} {
		grown = most(func(sample func()) {
			r := &repeat{head: `[{"x":"`, middle: middle, times: 5000, tail: `"}]`, sample: sample}
			for _, err := range backup.PlainEntries(r) {
				require.True(t, err == nil || errors.As(err, new(*backup.EntryError)), err)
			}
		})
		require.Less(t, grown, uint64(limit))
	}

	// A key file is written into nothing, and one of 14 MB is read.
	one := entryJSON(entry(t, 1)) + ","
	content := "[" + strings.Repeat(one, 10<<20/len(one)) + entryJSON(entry(t, 1)) + "]"
	whole := file(t, content)
	content = ""
	grown = most(func(sample func()) {
		f := open(t, whole)
		n := 0
		for _, err := range f.Entries() {
			require.NoError(t, err)
			if n++; n%5000 == 0 {
				sample()
			}
		}
		sample()
	})
	require.Less(t, grown, uint64(limit))
	runtime.KeepAlive(whole)
	grown = most(func(sample func()) {
		w, err := backup.NewWeakKeyFileWriter(io.Discard, []byte(passphrase), 1)
		require.NoError(t, err)
		e := entry(t, 1)
		for range 10000 {
			require.NoError(t, w.WriteEntry(e))
		}
		sample()
		require.NoError(t, w.Finish())
	})
	require.Less(t, grown, uint64(limit))
}
