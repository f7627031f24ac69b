package attachment

import (
	"errors"
	"io"
)

// maxEmptyReads is how often in a row a reader may return neither bytes nor an
// error.
const maxEmptyReads = 100

var errCount = errors.New("attachment: reader returned an impossible count")

// source reads from a caller's reader and believes nothing of it.
type source struct {
	r    io.Reader
	left int64 // how many bytes may still come
	over error // what is returned when more come
	err  error // of the last read, which the next returns
}

// read reads one byte or more into p, which is not empty, or returns an error,
// never both.
func (s *source) read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.left == 0 {
		return 0, s.end()
	}
	n, err := s.once(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	s.err = err
	if n > 0 {
		return n, nil
	}
	return 0, err
}

// end returns io.EOF when nothing is left to read.
func (s *source) end() error {
	var probe [1]byte
	n, err := s.once(probe[:])
	if n > 0 {
		return s.over
	}
	return err
}

// once reads until there are bytes or an error. An error that says io.EOF among
// other things is not the end: it would pass for it where a caller uses
// errors.Is, with nothing checked.
func (s *source) once(p []byte) (int, error) {
	for range maxEmptyReads {
		n, err := s.r.Read(p)
		if n < 0 || n > len(p) {
			return 0, errCount
		}
		if err != io.EOF && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}
