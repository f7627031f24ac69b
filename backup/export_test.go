package backup

import (
	"bytes"
	"io"
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
