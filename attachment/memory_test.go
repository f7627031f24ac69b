package attachment_test

import (
	"crypto/sha256"
	"io"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/attachment"
)

// zeros is a file of so many zeros, which takes no memory.
type zeros struct{ size, pos int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.pos == z.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), z.size-z.pos))
	clear(p[:n])
	z.pos += int64(n)
	return n, nil
}

func (z *zeros) Seek(offset int64, _ int) (int64, error) {
	z.pos = offset
	return offset, nil
}

// allocated returns how many bytes f allocates in all, whether or not they are
// free again.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A file of 200 MB takes as little memory as any.
func TestMemoryIsFlat(t *testing.T) {
	size := int64(200 << 20)
	if strconv.IntSize == 32 || raceEnabled {
		size = 20 << 20 // slow ciphers
	}
	const most = 128 << 10 // io.Copy's buffer and ours have 32 KiB each
	var f attachment.File
	n := allocated(func() {
		e := attachment.NewEncryptReader(&zeros{size: size}, size)
		got, err := io.Copy(io.Discard, struct{ io.Reader }{e})
		require.NoError(t, err)
		require.Equal(t, size, got)
		f, err = e.Finish(testURL)
		require.NoError(t, err)
	})
	require.Less(t, n, uint64(most), "encrypting")

	// Zeros decrypt to something, too.
	hash := sha256.New()
	_, err := io.Copy(hash, &zeros{size: size})
	require.NoError(t, err)
	f = parse(t, describeHash(pattern(32), make([]byte, 16), hash.Sum(nil)))
	n = allocated(func() {
		d, err := attachment.NewDecryptReader(&zeros{size: size}, f, size)
		require.NoError(t, err)
		got, err := io.Copy(io.Discard, struct{ io.Reader }{d})
		require.NoError(t, err)
		require.Equal(t, size, got)
	})
	require.Less(t, n, uint64(most), "decrypting")
	n = allocated(func() {
		u, err := attachment.NewUnverifiedReader(&zeros{size: size}, f, size)
		require.NoError(t, err)
		got, err := io.Copy(io.Discard, struct{ io.Reader }{u})
		require.NoError(t, err)
		require.Equal(t, size, got)
	})
	require.Less(t, n, uint64(most), "decrypting unverified")
}

func TestReadDoesNotAllocate(t *testing.T) {
	e := attachment.NewEncryptReader(&zeros{size: 1 << 40}, attachment.MaxSize)
	u, err := attachment.NewUnverifiedReader(&zeros{size: 1 << 40}, parse(t, specFile), attachment.MaxSize)
	require.NoError(t, err)
	p := make([]byte, 4096)
	for _, r := range []io.Reader{e, u} {
		require.Zero(t, testing.AllocsPerRun(100, func() { r.Read(p) }))
	}
}
