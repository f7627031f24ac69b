package attachment_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/attachment"
)

// Whatever is wrong with a ciphertext, the verified form returns no reader, and
// the unverified one ends with the error. count tells what it handed out.
func requireRefused(t *testing.T, ciphertext []byte, f attachment.File, count int) {
	t.Helper()
	out, err := readFails(t, func(b []byte, f attachment.File, maxSize int64) ([]byte, error) {
		d, err := attachment.NewDecryptReader(bytes.NewReader(b), f, maxSize)
		require.Nil(t, d)
		return nil, err
	}, ciphertext, f, attachment.MaxSize)
	require.Equal(t, attachment.ErrHash, err)
	require.Empty(t, out)
	out, err = readFails(t, func(b []byte, f attachment.File, maxSize int64) ([]byte, error) {
		u, err := attachment.NewUnverifiedReader(bytes.NewReader(b), f, maxSize)
		require.NoError(t, err)
		out, err := io.ReadAll(u)
		n, again := u.Read(make([]byte, 1))
		require.Zero(t, n)
		require.Equal(t, err, again, "not for ever")
		return out, err
	}, ciphertext, f, attachment.MaxSize)
	require.Equal(t, attachment.ErrHash, err)
	require.Len(t, out, count)
}

func TestSizeLimits(t *testing.T) {
	for size := range 40 {
		ciphertext, f := encrypt(t, pattern(size))
		for max := int64(-1); max < 40; max++ {
			for _, read := range []func([]byte, attachment.File, int64) ([]byte, error){verified, unverified} {
				if int64(size) <= max || size == 0 {
					plaintext, err := read(ciphertext, f, max)
					require.NoError(t, err)
					require.True(t, bytes.Equal(pattern(size), plaintext))
				} else {
					_, err := readFails(t, read, ciphertext, f, max)
					require.ErrorIs(t, err, attachment.ErrTooLarge)
				}
			}
		}
	}
}

// An endless ciphertext ends at the limit, in both forms.
func TestEndlessCiphertext(t *testing.T) {
	_, f := encrypt(t, pattern(1000))
	read := 0
	endless := readFunc(func(p []byte) (int, error) {
		read += len(p)
		return len(p), nil
	})
	err := mustFail(t, func() error {
		read = 0
		_, err := attachment.NewDecryptReader(readSeeker{endless, func(int64, int) (int64, error) { return 0, nil }}, f, 1<<20)
		return err
	}, f)
	require.ErrorIs(t, err, attachment.ErrTooLarge)
	require.Equal(t, 1<<20+1, read)
	u, err := attachment.NewUnverifiedReader(endless, f, 1<<20)
	require.NoError(t, err)
	n, err := endFails(t, u, f)
	require.ErrorIs(t, err, attachment.ErrTooLarge)
	require.Equal(t, int64(1<<20), n)
}

func TestCiphertextIsReadFromItsStart(t *testing.T) {
	plaintext := pattern(3*attachment.BufferSize + 5)
	ciphertext, f := encrypt(t, plaintext)
	r := bytes.NewReader(ciphertext)
	_, err := r.Seek(0, io.SeekEnd) // as after a download
	require.NoError(t, err)
	d, err := attachment.NewDecryptReader(r, f, attachment.MaxSize)
	require.NoError(t, err)
	require.Equal(t, len(ciphertext), r.Len())
	require.Equal(t, int64(len(plaintext)), d.Size())
	got, err := io.ReadAll(d)
	require.NoError(t, err)
	require.True(t, bytes.Equal(plaintext, got))
	require.False(t, d.Streaming())
}

// A file that changes between the passes, in every way that a file can.
func TestChangeBetweenThePasses(t *testing.T) {
	plaintext := pattern(1000)
	ciphertext, f := encrypt(t, plaintext)
	flip := func(i int) []byte {
		b := bytes.Clone(ciphertext)
		b[i] ^= 1
		return b
	}
	other, _ := encrypt(t, plaintext)
	for name, second := range map[string][]byte{
		"first byte": flip(0), "last byte": flip(999), "some byte": flip(500),
		"cut off": ciphertext[:999], "gone": nil, "extended": append(bytes.Clone(ciphertext), 0), "another": other,
	} {
		passes := [][]byte{ciphertext, second}
		var r *bytes.Reader
		seeker := readSeeker{
			readFunc(func(p []byte) (int, error) { return r.Read(p) }),
			func(offset int64, whence int) (int64, error) {
				require.Zero(t, offset)
				require.Equal(t, io.SeekStart, whence)
				r, passes = bytes.NewReader(passes[0]), passes[1:]
				return 0, nil
			},
		}
		d, err := attachment.NewDecryptReader(seeker, f, 5000)
		require.NoError(t, err)
		n, err := endFails(t, d, f)
		require.ErrorIs(t, err, attachment.ErrChanged, name)
		require.ErrorIs(t, err, attachment.ErrHash, name)
		require.LessOrEqual(t, n, int64(1000))
	}
}

func TestSeekErrors(t *testing.T) {
	ciphertext, f := encrypt(t, pattern(10))
	broken := errors.New("broken")
	for fails := range 2 {
		r := bytes.NewReader(ciphertext)
		calls := 0
		err := mustFail(t, func() error {
			calls = 0
			d, err := attachment.NewDecryptReader(readSeeker{r, func(offset int64, whence int) (int64, error) {
				calls++
				if calls > fails {
					return 0, broken
				}
				return r.Seek(offset, whence)
			}}, f, 10)
			require.Nil(t, d)
			return err
		}, f)
		require.Equal(t, broken, err)
		require.Equal(t, fails+1, calls)
	}
}

// Readers that keep to the contract of io.Reader, each in a way of its own.
func TestReadersOfAllManners(t *testing.T) {
	plaintext := pattern(2*attachment.BufferSize + 77)
	ciphertext, f := encrypt(t, plaintext)
	for name, manner := range map[string]func(io.Reader) io.Reader{
		"one byte":       iotest.OneByteReader,
		"half":           iotest.HalfReader,
		"data with EOF":  iotest.DataErrReader,
		"half with EOF":  func(r io.Reader) io.Reader { return iotest.DataErrReader(iotest.HalfReader(r)) },
		"zero reads":     func(r io.Reader) io.Reader { return zeroReads(r, 50) },
		"most zero read": func(r io.Reader) io.Reader { return zeroReads(r, attachment.MaxEmptyReads-1) },
	} {
		t.Run(name, func(t *testing.T) {
			key, nonce := *f.Key(), pattern(8)
			replay(t, key[:], nonce)
			e := attachment.NewEncryptReader(manner(bytes.NewReader(plaintext)), attachment.MaxSize)
			got, err := io.ReadAll(e)
			require.NoError(t, err)
			require.True(t, bytes.Equal(ctr(t, key[:], append(nonce, make([]byte, 8)...), plaintext), got))

			r := bytes.NewReader(ciphertext)
			in := manner(r)
			d, err := attachment.NewDecryptReader(readSeeker{
				readFunc(func(p []byte) (int, error) { return in.Read(p) }),
				func(offset int64, whence int) (int64, error) {
					in = manner(r) // some cannot go back from their end
					return r.Seek(offset, whence)
				},
			}, f, int64(len(ciphertext)))
			require.NoError(t, err)
			got, err = io.ReadAll(d)
			require.NoError(t, err)
			require.True(t, bytes.Equal(plaintext, got))

			u, err := attachment.NewUnverifiedReader(manner(bytes.NewReader(ciphertext)), f, int64(len(ciphertext)))
			require.NoError(t, err)
			got, err = io.ReadAll(u)
			require.NoError(t, err)
			require.True(t, bytes.Equal(plaintext, got))
		})
	}
}

func zeroReads(r io.Reader, each int) io.Reader {
	left := each
	return readFunc(func(p []byte) (int, error) {
		if left > 0 {
			left--
			return 0, nil
		}
		left = each
		return r.Read(p)
	})
}

// Readers that break the contract, on every kind of ours.
func TestHostileReaders(t *testing.T) {
	_, f := encrypt(t, pattern(100))
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		read readFunc
		want error
	}{
		"no progress":       {func([]byte) (int, error) { return 0, nil }, io.ErrNoProgress},
		"negative count":    {func([]byte) (int, error) { return -1, nil }, nil},
		"negative with EOF": {func([]byte) (int, error) { return -1, io.EOF }, nil},
		"count too large":   {func(p []byte) (int, error) { return len(p) + 1, nil }, nil},
		"count with EOF":    {func(p []byte) (int, error) { return len(p) + 1, io.EOF }, nil},
		"an error":          {func([]byte) (int, error) { return 0, broken }, broken},
		"bytes and error":   {func(p []byte) (int, error) { return 1, broken }, broken},
		"wrapped EOF":       {func([]byte) (int, error) { return 0, fmt.Errorf("connection: %w", io.EOF) }, io.ErrUnexpectedEOF},
		"bytes and wrapped": {func(p []byte) (int, error) { return 1, fmt.Errorf("connection: %w", io.EOF) }, io.ErrUnexpectedEOF},
		"unexpected EOF":    {func(p []byte) (int, error) { return 0, io.ErrUnexpectedEOF }, io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			check := func(err error) {
				t.Helper()
				require.NotErrorIs(t, err, io.EOF)
				if c.want != nil {
					require.Equal(t, c.want, err)
				} else {
					require.ErrorContains(t, err, "attachment: reader returned an impossible count")
				}
			}
			e := attachment.NewEncryptReader(c.read, 100)
			_, err := endFails(t, e, e)
			check(err)
			require.ErrorIs(t, finishFails(t, e, testURL), attachment.ErrUnfinished)

			check(mustFail(t, func() error {
				_, err := attachment.NewDecryptReader(readSeeker{c.read, func(int64, int) (int64, error) { return 0, nil }}, f, 100)
				return err
			}, f))

			u, err := attachment.NewUnverifiedReader(c.read, f, 100)
			require.NoError(t, err)
			_, err = endFails(t, u, f)
			check(err)
		})
	}
}

// The whole ciphertext, altered, and then an error that passes for the end: a
// caller who asks with errors.Is must not be told that the hash was right. Also
// where the limit is reached, and only the end is looked for.
func TestWrappedEOFIsNotTheEnd(t *testing.T) {
	ciphertext, f := encrypt(t, pattern(100))
	ciphertext[0] ^= 1
	for _, maxSize := range []int64{100, 101} {
		r := bytes.NewReader(ciphertext)
		u, err := attachment.NewUnverifiedReader(readFunc(func(p []byte) (int, error) {
			n, err := r.Read(p)
			if err != nil {
				err = fmt.Errorf("connection: %w", err)
			}
			return n, err
		}), f, maxSize)
		require.NoError(t, err)
		n, err := endFails(t, u, f)
		require.EqualValues(t, 100, n)
		require.Equal(t, io.ErrUnexpectedEOF, err)
		require.False(t, u.Streaming())
	}
}

func TestZeroReaders(t *testing.T) {
	e := new(attachment.EncryptReader)
	for _, r := range []io.Reader{e, new(attachment.DecryptReader), new(attachment.UnverifiedReader)} {
		for _, p := range [][]byte{nil, make([]byte, 1), make([]byte, 100)} {
			require.Equal(t, attachment.ErrClosed, mustFail(t, func() error {
				n, err := r.Read(p)
				require.Zero(t, n)
				return err
			}))
		}
	}
	require.Equal(t, attachment.ErrClosed, finishFails(t, e, testURL))
	e.Close()
	require.Equal(t, attachment.ErrClosed, nextFails(t, e, e))
	require.Zero(t, new(attachment.DecryptReader).Size())
	new(attachment.EncryptReader).Close()
}

// An error in the second pass is that error, also when it comes with bytes, and
// never io.EOF.
func TestErrorInTheSecondPass(t *testing.T) {
	ciphertext, f := encrypt(t, pattern(100))
	broken := errors.New("broken")
	r := bytes.NewReader(ciphertext)
	pass := 0
	d, err := attachment.NewDecryptReader(readSeeker{
		readFunc(func(p []byte) (int, error) {
			n, err := r.Read(p[:min(len(p), 30)])
			if pass == 2 && r.Len() < 50 {
				err = broken
			}
			return n, err
		}),
		func(offset int64, whence int) (int64, error) {
			pass++
			return r.Seek(offset, whence)
		},
	}, f, 100)
	require.NoError(t, err)
	out, err := io.ReadAll(d)
	require.Equal(t, broken, err)
	require.Equal(t, pattern(60), out)
	require.False(t, d.Streaming())
}
