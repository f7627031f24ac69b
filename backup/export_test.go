package backup

import (
	"bytes"
	"encoding/binary"
	"io"
	"sync/atomic"
)

// NewWeakKeyFileWriter is NewKeyFileWriter without a lower bound on the rounds.
func NewWeakKeyFileWriter(w io.Writer, passphrase []byte, rounds int) (*KeyFileWriter, error) {
	return newKeyFileWriter(w, passphrase, rounds)
}

// Content returns the content of a key file, whatever it is.
func (f *KeyFile) Content() ([]byte, error) {
	p, err := f.begin()
	if err != nil {
		return nil, err
	}
	defer f.end()
	return io.ReadAll(p)
}

// ArmorRounds returns the rounds that a key file names.
func ArmorRounds(text []byte) (uint32, error) {
	var h header
	err := newEnvelope(newArmor(bytes.NewReader(text))).readHeader(&h)
	return h.rounds(), err
}

// AppendEntry returns the text that goes into a backup, appended to dst.
func (e Entry) AppendEntry(dst []byte) ([]byte, error) { return e.appendSession(dst) }

// AppendExport returns the text that goes into a key file, appended to dst.
func (e Entry) AppendExport(dst []byte) ([]byte, error) { return e.appendExport(dst) }

// ScanValue reads the value that is next and returns all arrays it was held in,
// the last of which has it still.
func ScanValue(r io.Reader) (arrays [][]byte, err error) {
	s := newScanner("", nil)
	s.src.r = readerFunc(func(p []byte) (int, error) {
		arrays = append(arrays, s.raw)
		return r.Read(p)
	})
	raw, err := s.value(MaxEntrySize)
	return append(arrays, raw), err
}

// RunBatch hands out entries from a batch, and returns the texts that it held.
func RunBatch(entries []Entry, yield func(Entry, error) bool) (texts [][]byte) {
	list := entries
	b := newBatch(1, func(j *job) { j.entry, list = list[0], list[1:] }, yield)
	for range entries {
		text := []byte("secret")
		texts = append(texts, text)
		b.add(job{text: text})
	}
	b.flush()
	return texts
}

// DropBatch has two goroutines make entries of as many texts, and drops the batch
// when the caller stops, when it panics, or at the end. It returns the texts that
// it held.
func DropBatch(entries []Entry, yield func(Entry, error) bool) (texts [][]byte) {
	var next atomic.Int64
	b := newBatch(2, func(j *job) { j.entry = entries[next.Add(1)-1] }, yield)
	defer func() { recover() }()
	b.run(func() error {
		for range entries {
			texts = append(texts, []byte("secret"))
			if err := b.add(job{text: texts[len(texts)-1]}); err != nil {
				return err
			}
		}
		b.drop()
		return nil
	})
	return texts
}

// PanicBatch has two goroutines panic over n texts, and returns those that the
// batch held.
func PanicBatch(n int) (texts [][]byte) {
	b := newBatch(2, func(*job) { panic("the worker's") }, nil)
	defer func() { recover() }()
	b.run(func() error {
		for range n {
			texts = append(texts, []byte("secret"))
			b.add(job{text: texts[len(texts)-1]})
		}
		return nil
	})
	return texts
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// IsObject says whether a text is taken for a JSON object.
func IsObject(text []byte) bool {
	_, err := parseMembers("", text)
	return err == nil
}

// UnquoteSecret returns the base64 that a JSON string says, or nil.
func UnquoteSecret(raw string) []byte { return unquoteSecret([]byte(raw)) }

// CheckRounds says whether the header of a key file may name that many rounds.
func CheckRounds(n uint32) error {
	h := header{0: keyFileVersion}
	binary.BigEndian.PutUint32(h[headerSize-4:], n)
	return h.check()
}

// BatchOf returns how many entries with texts and ids of these lengths a batch
// gathers before it hands them out.
func BatchOf(text, roomID, sessionID int) (n int) {
	done := false
	b := newBatch(1, func(*job) {}, func(Entry, error) bool { done = true; return false })
	for !done {
		b.add(job{text: make([]byte, text), roomID: string(make([]byte, roomID)), sessionID: string(make([]byte, sessionID))})
		n++
	}
	return n
}

// RawKeys returns the keys that a file holds, not a copy.
func (f *KeyFile) RawKeys() []byte { return f.keys[:] }

// RawPlain returns where entries stand before they are encrypted.
func (f *KeyFileWriter) RawPlain() []byte { return f.plain[:cap(f.plain)] }

// Dropped says whether the writer has its keys no more.
func (f *KeyFileWriter) Dropped() bool { return f.stream == nil && f.mac == nil }

// ParseText parses an entry of a key file, and returns what became of its text.
func ParseText(text []byte) (Entry, []byte) {
	j := &job{text: text}
	j.parse(FromKeyFile)
	return j.entry, j.text
}

// WipedBuffers reads the first value of a file, and returns the buffers that it
// went through, before and after they are wiped.
func (f *KeyFile) WipedBuffers() (before, after [][]byte, err error) {
	p, err := f.begin()
	if err != nil {
		return nil, nil, err
	}
	defer f.end()
	s := newScanner("", p)
	if err := s.take('['); err != nil {
		return nil, nil, err
	}
	_, err = s.value(MaxEntrySize)
	after = [][]byte{p.e.buf, s.buf, s.raw[:cap(s.raw)]}
	for _, b := range after {
		before = append(before, bytes.Clone(b))
	}
	s.wipe()
	p.wipe()
	return before, after, err
}
