package attachment_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/attachment"
)

// The vectors of github.com/matrix-org/matrix-encrypt-attachment,
// test/decrypt.Spec.js, commit 04e073b7. They have no url, which is added, and
// no "ext".
var vectors = []struct{ version, k, iv, sha256, ciphertext, plaintext string }{
	{
		"v2", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA",
		"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "", "",
	},
	{
		"v2", "__________________________________________8", "//////////8AAAAAAAAAAA",
		"YzF08lARDdOCzJpzuSwsjTNlQc4pHxpdHcXiD/wpK6k", "5xJZTt5cQicm+9f4", "SGVsbG8sIFdvcmxk",
	},
	{
		"v2", "__________________________________________8", "//////////8AAAAAAAAAAA",
		"IOq7/dHHB+mfHfxlRY5XMeCWEwTPmlf4cJcgrkf6fVU",
		"zhtFStAeFx0s+9L/sSQO+WQMtldqYEHqTxMduJrCIpnkyer09kxJJuA4K+adQE4w+7jZe/vR9kIcqj9rOhDR8Q",
		"YWxwaGFudW1lcmljYWxseWFscGhhbnVtZXJpY2FsbHlhbHBoYW51bWVyaWNhbGx5YWxwaGFudW1lcmljYWxseQ",
	},
}

// The vectors for what came before. Version 0 has no "v".
var (
	vectorV1 = `{"url":"mxc://example.org/v1","iv":"/////////////////////w","v":"v1","key":{"kty":"oct","key_ops":["encrypt","decrypt"],"k":"__________________________________________8","alg":"A256CTR"},"hashes":{"sha256":"LYG/orOViuFwovJpv2YMLSsmVKwLt7pY3f8SYM7KU5E"}}`
	vectorV0 = `{"url":"mxc://example.org/v0","iv":"/////////////////////w","key":{"kty":"oct","key_ops":["encrypt","decrypt"],"k":"__________________________________________8","alg":"A256CTR"},"hashes":{"sha256":"/K4w3G4zlLK312k66KxNPKDkWCn2QAH5aphAkuncTrQ"}}`

	ciphertextV1 = "tJVNBVJ/vl36UQt4Y5e5m84bRUrQHhcdLPvS/7EkDvlkDLZXamBB6k8THbiawiKZ5Mnq9PZMSSbgOCvmnUBOMA"
	ciphertextV0 = "tJVNBVJ/vl36UQt4Y5e5myqUL3M8OtjRVQljZ+LlwbJeucRIM7CeKDJGGOjlJ1bqpqUdl6zytXJ3dCyvnUi4eQ"
)

func unbase64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.RawStdEncoding.DecodeString(s)
	require.NoError(t, err)
	return b
}

func TestDecryptVectors(t *testing.T) {
	for i, v := range vectors {
		f := parse(t, fmt.Sprintf(`{"iv":%q,"key":{"kty":"oct","key_ops":["encrypt","decrypt"],"k":%q,"alg":"A256CTR"},"v":%q,"hashes":{"sha256":%q},"url":"mxc://example.org/vector"}`,
			v.iv, v.k, v.version, v.sha256))
		for _, read := range []func([]byte, attachment.File, int64) ([]byte, error){verified, unverified} {
			plaintext, err := read(unbase64(t, v.ciphertext), f, 1000)
			require.NoError(t, err, i)
			require.Equal(t, unbase64(t, v.plaintext), plaintext)
		}
	}
}

func TestEncryptVectors(t *testing.T) {
	for _, v := range vectors {
		key, err := base64.RawURLEncoding.DecodeString(v.k)
		require.NoError(t, err)
		replay(t, key, unbase64(t, v.iv)[:8])
		ciphertext, f := encrypt(t, unbase64(t, v.plaintext))
		require.Equal(t, unbase64(t, v.ciphertext), ciphertext)
		text, err := f.SecretJSON()
		require.NoError(t, err)
		require.Equal(t, `{"hashes":{"sha256":"`+v.sha256+`"},"iv":"`+v.iv+`","key":{"alg":"A256CTR","ext":true,"k":"`+v.k+
			`","key_ops":["encrypt","decrypt"],"kty":"oct"},"url":"`+testURL+`","v":"v2"}`, string(text))
	}
}

func TestOlderVersionsAreNotRead(t *testing.T) {
	for text, want := range map[string]uint32{vectorV0: 0, vectorV1: 1} {
		var version *attachment.VersionError
		require.ErrorAs(t, parseFails(t, text), &version)
		require.Equal(t, want, version.Got)
	}
}

// The cipher against one that is written down block by block, for every length
// around its blocks and every size of reads.
func TestRoundTripOfEveryLength(t *testing.T) {
	for n := range 200 {
		plaintext := pattern(n)
		key, nonce := pattern(32), pattern(40)[32:]
		replay(t, key, nonce)
		ciphertext, f := encrypt(t, plaintext)
		require.True(t, bytes.Equal(ctr(t, key, append(nonce, make([]byte, 8)...), plaintext), ciphertext))
		for _, step := range []int{1, 3, 16, 17, 64, 500} {
			d, err := attachment.NewDecryptReader(bytes.NewReader(ciphertext), f, int64(n))
			require.NoError(t, err)
			require.Equal(t, int64(n), d.Size())
			require.True(t, bytes.Equal(plaintext, readBy(t, d, step)))
			u, err := attachment.NewUnverifiedReader(bytes.NewReader(ciphertext), f, int64(n))
			require.NoError(t, err)
			require.True(t, bytes.Equal(plaintext, readBy(t, u, step)))
		}
	}
}

// readBy reads all, so many bytes at a time.
func readBy(t *testing.T, r io.Reader, step int) []byte {
	t.Helper()
	var out []byte
	p := make([]byte, step)
	for {
		n, err := r.Read(p)
		out = append(out, p[:n]...)
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		require.NotZero(t, n)
	}
}
