package attachment_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/attachment"
	"github.com/chappe-e2ee/chappe/internal/failtest"
)

func TestFinishOnlyAtTheEnd(t *testing.T) {
	e := attachment.NewEncryptReader(bytes.NewReader(pattern(20)), 20)
	p := make([]byte, 20)
	n, err := e.Read(p)
	require.Equal(t, 20, n)
	require.NoError(t, err)
	for range 2 {
		require.Equal(t, attachment.ErrUnfinished, finishFails(t, e, testURL)) // the end is not known yet
	}
	_, err = e.Read(p)
	require.Equal(t, io.EOF, err)
	require.False(t, e.Streaming())

	for _, url := range []string{"", "https://example.org/x", "mxc://example.org"} {
		requireMalformed(t, finishFails(t, e, url), "url")
	}
	key := e.Key()
	f, err := e.Finish(testURL)
	require.NoError(t, err)
	require.Same(t, key, f.Key(), "a copy of the key stays behind")
	require.Equal(t, attachment.ErrClosed, finishFails(t, e, testURL))
	_, err = e.Read(p)
	require.Equal(t, io.EOF, err)
	state := f.State()
	e.Close()
	require.Equal(t, state, f.State(), "Close of the reader touched the file")
	require.Equal(t, attachment.ErrClosed, nextFails(t, e, e))
	plaintext, err := verified(p, f, 20)
	require.NoError(t, err)
	require.Equal(t, pattern(20), plaintext)
}

func TestClosedEncryptReader(t *testing.T) {
	e := attachment.NewEncryptReader(bytes.NewReader(pattern(20)), 20)
	_, err := e.Read(make([]byte, 10))
	require.NoError(t, err)
	key := e.Key()
	require.NotZero(t, *key)
	e.Close()
	e.Close()
	require.Zero(t, *key)
	require.False(t, e.Streaming())
	require.Equal(t, attachment.ErrClosed, nextFails(t, e, e))
	require.Equal(t, attachment.ErrClosed, finishFails(t, e, testURL))
	_, isCloser := any(e).(io.Closer)
	require.False(t, isCloser, "net/http would close it before Finish")
}

func TestPlaintextThatFails(t *testing.T) {
	broken := errors.New("broken")
	e := attachment.NewEncryptReader(io.MultiReader(bytes.NewReader(pattern(20)), iotest.ErrReader(broken)), 100)
	n, err := endFails(t, e, e)
	require.Equal(t, broken, err)
	require.EqualValues(t, 20, n)
	require.False(t, e.Streaming())
	err = finishFails(t, e, testURL)
	require.ErrorIs(t, err, attachment.ErrUnfinished)
	require.ErrorIs(t, err, broken)
}

func TestPlaintextThatIsTooLarge(t *testing.T) {
	for size := range 40 {
		for limit := -1; limit < 40; limit++ {
			e := attachment.NewEncryptReader(bytes.NewReader(pattern(size)), int64(limit))
			if size <= limit || size == 0 {
				out, err := io.ReadAll(e)
				require.NoError(t, err)
				require.Len(t, out, size)
				continue
			}
			n, err := endFails(t, e, e)
			require.ErrorIs(t, err, attachment.ErrTooLarge)
			require.EqualValues(t, min(size, max(limit, 0)), n)
			err = finishFails(t, e, testURL)
			require.ErrorIs(t, err, attachment.ErrUnfinished)
			require.ErrorIs(t, err, attachment.ErrTooLarge)
		}
	}
}

// The reader's buffer and the caller's are one: it never holds plaintext beside
// the count.
func TestReadTouchesWhatItReturnsOnly(t *testing.T) {
	e := attachment.NewEncryptReader(strings.NewReader("plaintext"), 9)
	p := bytes.Repeat([]byte{0xaa}, 64)
	n, err := e.Read(p)
	require.NoError(t, err)
	require.Equal(t, 9, n)
	require.NotContains(t, string(p), "plaintext")
	require.Equal(t, bytes.Repeat([]byte{0xaa}, 55), p[9:])
	p = bytes.Repeat([]byte{0xaa}, 64)
	_, err = e.Read(p)
	require.Equal(t, io.EOF, err)
	require.Equal(t, bytes.Repeat([]byte{0xaa}, 64), p)

	// Nor the byte that was one too many.
	e = attachment.NewEncryptReader(strings.NewReader("plaintext"), 4)
	p = bytes.Repeat([]byte{0xaa}, 64)
	_, err = e.Read(p)
	require.NoError(t, err)
	err = failtest.Bounded(t, func() error { _, err := e.Read(p[4:]); return err }, e)
	require.ErrorIs(t, err, attachment.ErrTooLarge)
	require.Equal(t, err, nextFails(t, e, e))
	require.Equal(t, bytes.Repeat([]byte{0xaa}, 60), p[4:])
}

func TestEmptyRead(t *testing.T) {
	ciphertext, f := encrypt(t, pattern(20))
	e := attachment.NewEncryptReader(bytes.NewReader(pattern(20)), 20)
	d, err := attachment.NewDecryptReader(bytes.NewReader(ciphertext), f, 20)
	require.NoError(t, err)
	u, err := attachment.NewUnverifiedReader(bytes.NewReader(ciphertext), f, 20)
	require.NoError(t, err)
	for _, r := range []io.Reader{e, d, u} {
		for range 1000 {
			n, err := r.Read(nil)
			require.NoError(t, err)
			require.Zero(t, n)
		}
		out, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Len(t, out, 20)
		_, err = r.Read(nil)
		require.Equal(t, io.EOF, err)
	}
}

// Two calls at a time would use one keystream twice.
func TestReadersAreSafeForConcurrentUse(t *testing.T) {
	plaintext := make([]byte, 1<<20) // zeros: the ciphertext is the keystream
	var mu sync.Mutex
	blocks := map[string]bool{}
	var inside, together atomic.Int32
	in := bytes.NewReader(plaintext)
	e := attachment.NewEncryptReader(readFunc(func(p []byte) (int, error) {
		if inside.Add(1) > 1 {
			together.Add(1)
		}
		runtime.Gosched()
		defer inside.Add(-1)
		return in.Read(p)
	}), attachment.MaxSize)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			p := make([]byte, 64)
			for {
				n, err := e.Read(p)
				if err != nil {
					return
				}
				mu.Lock()
				blocks[string(p[:n])] = true
				mu.Unlock()
				e.Finish("")
			}
		})
	}
	wg.Wait()
	require.Zero(t, together.Load(), "two calls at a time")
	require.Len(t, blocks, len(plaintext)/64)
	f, err := e.Finish(testURL)
	require.NoError(t, err)
	for range 4 {
		wg.Go(func() {
			f.SecretJSON()
			f.URL()
			verified(plaintext, f, 0)
		})
	}
	wg.Go(f.Close)
	wg.Wait()
}
