package attachment

import "fmt"

// State returns the whole state of a file in plain, for comparison.
func (f File) State() []byte {
	if f.box == nil {
		return []byte("absent")
	}
	b := f.box
	return fmt.Appendf(nil, "%t %x %x %x %q %q %q %q", b.live, b.key, b.iv, b.hash, b.url, b.inFile, b.inKey, b.inHashes)
}

// Secrets returns what no error may show.
func (f File) Secrets() [][]byte {
	if f.box == nil {
		return nil
	}
	return append(f.Kept(), f.Key()[:])
}

// Key returns where the key stands.
func (f File) Key() *[KeySize]byte { return &f.box.key }

// Kept returns the members that mean nothing here, where they stand.
func (f File) Kept() [][]byte { return [][]byte{f.box.inFile, f.box.inKey, f.box.inHashes} }

// Key returns where the key stands.
func (e *EncryptReader) Key() *[KeySize]byte { return &e.box.key }

// State returns the whole state of a reader in plain, but for what it reads from.
func (e *EncryptReader) State() []byte {
	return fmt.Appendf(File{box: e.box}.State(), " %v %t", e.r.err, e.Streaming())
}

// Secrets returns what no error may show.
func (e *EncryptReader) Secrets() [][]byte { return File{box: e.box}.Secrets() }

// Streaming says whether a reader still holds the key's schedule.
func (e *EncryptReader) Streaming() bool { return e.r.stream != nil }

// Streaming says whether a reader still holds the key's schedule.
func (d *DecryptReader) Streaming() bool { return d.r.stream != nil }

// Streaming says whether a reader still holds the key's schedule.
func (u *UnverifiedReader) Streaming() bool { return u.r.stream != nil }

// CounterLeft is counterLeft.
func CounterLeft(iv [16]byte) int64 { return counterLeft(&iv) }

// Limits of this package's own.
const (
	MaxEmptyReads = maxEmptyReads
	BufferSize    = bufferSize
)
