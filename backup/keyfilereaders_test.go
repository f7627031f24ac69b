package backup_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/failtest"
)

func TestReadersThatFail(t *testing.T) {
	boom := errors.New("boom")
	text := file(t, "["+entryJSON(entry(t, 1))+"]")
	for _, n := range []int{0, 1, 10, 36, 100, len(text) - 5, len(text)} {
		fails := func() io.Reader { return io.MultiReader(strings.NewReader(text[:n]), iotest.ErrReader(boom)) }
		for _, most := range []int64{1 << 20, int64(len(text))} {
			require.Equal(t, boom, mustFail(t, func() error { return errOf(backup.ReadKeyFile(fails(), []byte(passphrase), most)) }, buffers))
		}
		require.Equal(t, boom, openFails(t, func() io.ReadSeeker { return seeker{fails(), nil} }), n)
	}
	require.Equal(t, boom, openFails(t, func() io.ReadSeeker { return seeker{strings.NewReader(text), boom} }))
	require.Equal(t, io.ErrNoProgress, openFails(t, func() io.ReadSeeker { return seeker{stuck{}, nil} }))
	require.ErrorContains(t, openFails(t, func() io.ReadSeeker { return seeker{liar{}, nil} }), "impossible")
}

// openFails opens a key file of a reader, which must fail.
func openFails(t testing.TB, file func() io.ReadSeeker) error {
	t.Helper()
	return mustFail(t, func() error { return errOf(backup.OpenKeyFile(file(), []byte(passphrase))) }, buffers)
}

// later is a file that another one stands in the place of once it was opened.
type later struct{ io.ReadSeeker }

// What fails when the file is read again is told as it is, and a file that is
// closed is not touched.
func TestReadersThatFailLater(t *testing.T) {
	boom := errors.New("boom")
	text := file(t, "["+entryJSON(entry(t, 1))+"]")
	for n, then := range []io.ReadSeeker{
		seeker{strings.NewReader(text), boom}, seeker{iotest.ErrReader(boom), nil},
		seeker{io.MultiReader(strings.NewReader(text[:60]), iotest.ErrReader(boom)), nil},
	} {
		r := &later{strings.NewReader(text)}
		f, err := backup.OpenKeyFile(r, []byte(passphrase))
		require.NoError(t, err)
		r.ReadSeeker = then
		_, _, last := iterationFails(t, f.Entries, failtest.Input(text))
		require.Equal(t, boom, last, n)
		f.Close()
		_, _, last = iterationFails(t, f.Entries, failtest.Input(text))
		require.Equal(t, backup.ErrClosed, last)
		r.ReadSeeker = nil
		_, err = f.Content()
		require.Equal(t, backup.ErrClosed, err, "nil is not called")
	}
}

// seeker fails to seek where there is an error.
type seeker struct {
	io.Reader
	err error
}

func (s seeker) Seek(int64, int) (int64, error) { return 0, s.err }

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

type liar struct{}

func (liar) Read(p []byte) (int, error) { return len(p) + 1, nil }
