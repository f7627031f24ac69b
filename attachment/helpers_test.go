package attachment_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/attachment"
	"github.com/chappe-e2ee/chappe/internal/failtest"
)

const testURL = "mxc://example.org/FHyPlCeYUSFFxlgbQYZmoEoe"

// The first example of the specification, "Sending encrypted attachments".
const specFile = `{
  "url": "mxc://example.org/FHyPlCeYUSFFxlgbQYZmoEoe",
  "v": "v2",
  "key": {
    "alg": "A256CTR",
    "ext": true,
    "k": "aWF6-32KGYaC3A_FEUCk1Bt0JA37zP0wrStgmdCaW-0",
    "key_ops": ["encrypt","decrypt"],
    "kty": "oct"
  },
  "iv": "w+sE15fzSc0AAAAAAAAAAA",
  "hashes": {
    "sha256": "fdSLu/YkRx3Wyh3KQabP3rd6+SFiKg5lsJZQHtkSAYA"
  }
}`

const specKey = "69617a fb7d8a198682dc0fc51140a4d41b74240dfbccfd30ad2b6099d09a5bed"

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

func parse(t testing.TB, text string) attachment.File {
	t.Helper()
	f, err := attachment.ParseFile([]byte(text))
	require.NoError(t, err)
	return f
}

// describe returns the JSON of a file for any key, IV and ciphertext.
func describe(key, iv, ciphertext []byte) string {
	hash := sha256.Sum256(ciphertext)
	return describeHash(key, iv, hash[:])
}

func describeHash(key, iv, hash []byte) string {
	return fmt.Sprintf(`{"url":%q,"v":"v2","key":{"alg":"A256CTR","ext":true,"k":%q,"key_ops":["encrypt","decrypt"],"kty":"oct"},"iv":%q,"hashes":{"sha256":%q}}`,
		testURL, base64.RawURLEncoding.EncodeToString(key), base64.RawStdEncoding.EncodeToString(iv), base64.RawStdEncoding.EncodeToString(hash))
}

// ctr encrypts block by block, with a counter of 128 bits.
func ctr(t testing.TB, key, iv, text []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	counter := bytes.Clone(iv)
	out := bytes.Clone(text)
	for i := range out {
		if i%16 == 0 {
			var pad [16]byte
			block.Encrypt(pad[:], counter)
			for j := range min(16, len(out)-i) {
				out[i+j] ^= pad[j]
			}
			for j := 15; j >= 0; j-- {
				if counter[j]++; counter[j] != 0 {
					break
				}
			}
		}
	}
	return out
}

// encrypt encrypts with the package.
func encrypt(t testing.TB, plaintext []byte) ([]byte, attachment.File) {
	t.Helper()
	e := attachment.NewEncryptReader(bytes.NewReader(plaintext), attachment.MaxSize)
	ciphertext, err := io.ReadAll(e)
	require.NoError(t, err)
	f, err := e.Finish(testURL)
	require.NoError(t, err)
	return ciphertext, f
}

// pattern returns n bytes, no block of which is another.
func pattern(n int) []byte {
	b := make([]byte, n)
	stream, err := cipherStream()
	if err != nil {
		panic(err)
	}
	stream.XORKeyStream(b, b)
	return b
}

func cipherStream() (cipher.Stream, error) {
	block, err := aes.NewCipher([]byte("a key for text that looks random"))
	if err != nil {
		return nil, err
	}
	return cipher.NewCTR(block, make([]byte, 16)), nil
}

// verified and unverified read a file in the two ways. They return what came out
// before the error; nil is io.EOF.
func verified(ciphertext []byte, f attachment.File, maxSize int64) ([]byte, error) {
	d, err := attachment.NewDecryptReader(bytes.NewReader(ciphertext), f, maxSize)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(d)
}

func unverified(ciphertext []byte, f attachment.File, maxSize int64) ([]byte, error) {
	u, err := attachment.NewUnverifiedReader(bytes.NewReader(ciphertext), f, maxSize)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(u)
}

// mustFail is failtest.Refused for a call that meets the specification's key.
func mustFail(t testing.TB, call func() error, subjects ...failtest.Subject) error {
	t.Helper()
	return failtest.Refused(t, call, append(subjects, failtest.Secret(unhex(t, specKey)))...)
}

// parseFails parses a text, which must fail.
func parseFails(t testing.TB, text string) error {
	t.Helper()
	return mustFail(t, func() error {
		f, err := attachment.ParseFile([]byte(text))
		require.True(t, f.IsZero())
		return err
	}, failtest.Input(text))
}

// readFails reads a file in one of the two ways, which must fail. It returns
// what came out before the error.
func readFails(t testing.TB, read func([]byte, attachment.File, int64) ([]byte, error), ciphertext []byte, f attachment.File, maxSize int64) (out []byte, err error) {
	t.Helper()
	err = mustFail(t, func() (err error) {
		out, err = read(ciphertext, f, maxSize)
		return err
	}, failtest.Input(ciphertext), f)
	failtest.NoSecret(t, err.Error(), out)
	return out, err
}

// endFails reads to the end, which must be an error, and stay it. It returns how
// many bytes came before.
func endFails(t testing.TB, r io.Reader, subjects ...failtest.Subject) (n int64, err error) {
	t.Helper()
	err = failtest.Bounded(t, func() (err error) {
		n, err = io.Copy(io.Discard, r)
		return err
	}, subjects...)
	require.Error(t, err)
	require.Equal(t, err, nextFails(t, r, subjects...), "not for ever")
	return n, err
}

// nextFails reads where nothing is left to read but an error.
func nextFails(t testing.TB, r io.Reader, subjects ...failtest.Subject) error {
	t.Helper()
	return mustFail(t, func() error {
		n, err := r.Read(make([]byte, 1))
		require.Zero(t, n)
		return err
	}, subjects...)
}

// finishFails asks for the file, which must fail.
func finishFails(t testing.TB, e *attachment.EncryptReader, url string) error {
	t.Helper()
	return mustFail(t, func() error {
		f, err := e.Finish(url)
		require.True(t, f.IsZero())
		return err
	}, failtest.Input(url), e)
}

func requireMalformed(t testing.TB, err error, why string) {
	t.Helper()
	var malformed *attachment.MalformedError
	require.ErrorAs(t, err, &malformed)
	require.Contains(t, malformed.Error(), why)
	require.Contains(t, err.Error(), "attachment: ")
}

// replay makes crypto/rand return the parts, in reads of their lengths.
func replay(t *testing.T, parts ...[]byte) {
	t.Helper()
	r := &partsReader{parts: parts}
	old := rand.Reader
	rand.Reader = r
	t.Cleanup(func() {
		rand.Reader = old
		require.Empty(t, r.parts, "not all was taken")
	})
}

type partsReader struct{ parts [][]byte }

func (r *partsReader) Read(p []byte) (int, error) {
	if len(r.parts) == 0 || len(p) != len(r.parts[0]) {
		return 0, errors.New("another number of bytes than documented")
	}
	copy(p, r.parts[0])
	r.parts = r.parts[1:]
	return len(p), nil
}

// readSeeker makes a ReadSeeker of functions.
type readSeeker struct {
	io.Reader
	seek func(offset int64, whence int) (int64, error)
}

func (r readSeeker) Seek(offset int64, whence int) (int64, error) { return r.seek(offset, whence) }

type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }
