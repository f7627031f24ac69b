package backup

import (
	"errors"
	"io"
)

// maxEmptyReads is how often in a row a reader may return neither bytes nor an
// error.
const maxEmptyReads = 100

var errCount = errors.New("backup: reader returned an impossible count")

// source reads from a caller's reader and believes nothing of it.
type source struct {
	r   io.Reader
	err error // once set, returned for ever
}

// Read reads one byte or more into p, which is not empty, or returns an error,
// never both.
func (s *source) Read(p []byte) (int, error) {
	for range maxEmptyReads {
		if s.err != nil {
			return 0, s.err
		}
		n, err := s.r.Read(p)
		if n < 0 || n > len(p) {
			n, err = 0, errCount
		}
		s.err = err
		if n > 0 {
			return n, nil
		}
	}
	if s.err == nil {
		s.err = io.ErrNoProgress
	}
	return 0, s.err
}
