package backup_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A body that ends where a piece of the decoder does ends well.
func TestBodyOfWholePieces(t *testing.T) {
	for _, pieces := range []int{1, 2} {
		content := "[" + strings.Repeat(" ", pieces*8192/4*3-1-16-16-4-32-2) + "]"
		text := file(t, content)
		require.Len(t, text, len(begin)+len(end)+3+pieces*8192)
		require.Equal(t, content, mustContent(t, open(t, text)))
	}
}

// failing reads to some place and fails there.
type failing struct {
	io.ReadSeeker
	at    int64
	fault error
}

func (f failing) Read(p []byte) (int, error) {
	now, err := f.Seek(0, io.SeekCurrent)
	if err != nil || now >= f.at {
		return 0, f.fault
	}
	return f.ReadSeeker.Read(p[:min(len(p), 1)])
}

// A fault of the reader is told as it is, wherever it comes.
func TestReaderFails(t *testing.T) {
	fault := errors.New("no more of it")
	text := file(t, "[]")
	for n := range len(text) {
		require.Equal(t, fault, openFails(t, func() io.ReadSeeker { return failing{strings.NewReader(text), int64(n), fault} }), "%d of %d", n, len(text))
	}
}

// Nothing but blanks stands behind the header on its line.
func TestBehindTheHeader(t *testing.T) {
	text := file(t, "[]")
	for _, more := range []string{"x", " x", "-", "A", "="} {
		fileFails(t, strings.Replace(text, begin, begin+more, 1), passphrase)
	}
	require.Equal(t, "[]", mustContent(t, open(t, strings.Replace(text, begin, begin+" \t ", 1))))
}
