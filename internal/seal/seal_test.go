package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/errs"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/seal"
)

// names of the kinds in errors.
var names = map[seal.Kind]string{
	seal.OlmAccount:     "olm: sealed account",
	seal.OlmSession:     "olm: sealed session",
	seal.MegolmOutbound: "megolm: sealed outbound session",
	seal.MegolmInbound:  "megolm: sealed inbound session",
	seal.ReplayGuard:    "events: sealed replay guard",
}

var kinds = map[seal.Kind]string{
	seal.OlmAccount:     "chappe seal 1 olm account",
	seal.OlmSession:     "chappe seal 1 olm session",
	seal.MegolmOutbound: "chappe seal 1 megolm outbound",
	seal.MegolmInbound:  "chappe seal 1 megolm inbound",
	seal.ReplayGuard:    "chappe seal 1 replay guard",
}

func testKey() *[seal.KeySize]byte {
	var key [seal.KeySize]byte
	for i := range key {
		key[i] = byte(i + 1)
	}
	return &key
}

// fixRandom makes crypto/rand count up from 0 for the rest of the test.
func fixRandom(t *testing.T) {
	before := rand.Reader
	t.Cleanup(func() { rand.Reader = before })
	b := make([]byte, 1<<12)
	for i := range b {
		b[i] = byte(i)
	}
	rand.Reader = io.MultiReader(bytes.NewReader(b))
}

func sealValue(t *testing.T, dst []byte, kind seal.Kind, context, plaintext string) []byte {
	t.Helper()
	out, err := seal.Append(dst, kind, testKey(), []byte(context), len(plaintext), func(w *layout.Writer) { w.Bytes([]byte(plaintext)) })
	require.NoError(t, err)
	return out
}

// mustNotOpen asserts that v does not open.
func mustNotOpen(t *testing.T, v []byte, kind seal.Kind, key *[seal.KeySize]byte, context string) error {
	t.Helper()
	return failtest.Refused(t, func() error {
		plaintext, err := seal.Open(v, kind, key, []byte(context))
		require.Nil(t, plaintext)
		return err
	}, failtest.Input(v), failtest.Input(context), failtest.Secret(key[:]), failtest.Secret("the plaintext"))
}

// TestGolden pins the format: what a release has written stays readable.
func TestGolden(t *testing.T) {
	const golden = "" +
		"63686170706501" + "04" + // magic, version, kind
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" + // salt
		"202122232425262728292a2b" + // nonce
		"54da8039ec0614013bd76a6bc0afe3ad4f5062d7973ab4aaceb66ccea4" // ciphertext and tag
	fixRandom(t)
	sealed := sealValue(t, nil, seal.MegolmInbound, "room|session", "the plaintext")
	require.Equal(t, golden, hex.EncodeToString(sealed))
	plaintext, err := seal.Open(sealed, seal.MegolmInbound, testKey(), []byte("room|session"))
	require.NoError(t, err)
	require.Equal(t, "the plaintext", string(plaintext))
}

// TestFormat opens and makes sealed values with the standard library alone, as
// the package comment describes them.
func TestFormat(t *testing.T) {
	for kind, label := range kinds {
		for _, context := range []string{"", "c", string(make([]byte, 300))} {
			for _, n := range []int{0, 1, 16, 500} {
				plaintext := string(bytes.Repeat([]byte{0x42}, n))
				sealed := sealValue(t, nil, kind, context, plaintext)
				require.Len(t, sealed, n+seal.Overhead)
				require.Equal(t, len(sealed), cap(sealed))
				require.Equal(t, "chappe\x01"+string(rune(kind)), string(sealed[:8]))

				derived, err := hkdf.Key(sha256.New, testKey()[:], sealed[8:40], label, 32)
				require.NoError(t, err)
				block, err := aes.NewCipher(derived)
				require.NoError(t, err)
				gcm, err := cipher.NewGCM(block)
				require.NoError(t, err)
				ad := binary.BigEndian.AppendUint64(bytes.Clone(sealed[:40]), uint64(len(context)))
				ad = append(ad, context...)
				got, err := gcm.Open(nil, sealed[40:52], sealed[52:], ad)
				require.NoError(t, err)
				require.Equal(t, plaintext, string(got))

				got, err = seal.Open(gcm.Seal(bytes.Clone(sealed[:52]), sealed[40:52], []byte("other"), ad), kind, testKey(), []byte(context))
				require.NoError(t, err)
				require.Equal(t, "other", string(got))
			}
		}
	}
}

func TestAppend(t *testing.T) {
	for _, spare := range []int{0, 1, seal.Overhead, seal.Overhead + 4, seal.Overhead + 5, 500} {
		dst := append(make([]byte, 0, 4+spare), "head"...)
		out := sealValue(t, dst, seal.OlmAccount, "c", "plain")
		require.Equal(t, "head", string(out[:4]))
		require.Equal(t, "head", string(dst))
		require.Len(t, out, 4+seal.Overhead+5)
		if spare >= seal.Overhead+5 {
			require.Same(t, &dst[0], &out[0], "room enough, and yet another array")
		}
		plaintext, err := seal.Open(out[4:], seal.OlmAccount, testKey(), []byte("c"))
		require.NoError(t, err)
		require.Equal(t, "plain", string(plaintext))
		require.False(t, bytes.Contains(out[:cap(out)], []byte("plain")), "the plaintext stands in the result")
	}
	// What stands behind the result in the caller's array is not touched.
	dst := bytes.Repeat([]byte{0xee}, 500)
	out := sealValue(t, dst[:4], seal.OlmAccount, "c", "plain")
	require.Equal(t, bytes.Repeat([]byte{0xee}, 500-len(out)), dst[len(out):])

	require.PanicsWithValue(t, "seal: internal error: shorter than planned", func() {
		seal.Append(nil, seal.OlmAccount, testKey(), nil, 5, func(w *layout.Writer) { w.Bytes([]byte("abc")) })
	})
	require.PanicsWithValue(t, "layout: internal error: longer than planned", func() {
		seal.Append(nil, seal.OlmAccount, testKey(), nil, 5, func(w *layout.Writer) { w.Bytes([]byte("abcdef")) })
	})
}

func TestAttack_P09_SealingTwiceDiffersEverywhere(t *testing.T) {
	a := sealValue(t, nil, seal.OlmSession, "c", string(make([]byte, 4096)))
	b := sealValue(t, nil, seal.OlmSession, "c", string(make([]byte, 4096)))
	same := 0
	for i := 8; i < len(a); i++ {
		if a[i] == b[i] {
			same++
		}
	}
	require.Less(t, same, len(a)/64, "1 byte of 256 is expected to be the same")
	require.NotEqual(t, a[8:40], b[8:40])
	require.NotEqual(t, a[40:52], b[40:52])
	require.NotEqual(t, a[52:68], b[52:68])
}

func TestAttack_P09_KindsContextsKeys(t *testing.T) {
	for kind := range kinds {
		sealed := sealValue(t, nil, kind, "context", "the plaintext")
		for other := range kinds {
			if other != kind {
				err := mustNotOpen(t, sealed, other, testKey(), "context")
				require.Equal(t, &errs.MalformedError{What: names[other], Why: "another kind of value is sealed here"}, err)
				// The kind is under the seal, not only in the header.
				moved := bytes.Clone(sealed)
				moved[7] = byte(other)
				require.ErrorIs(t, mustNotOpen(t, moved, other, testKey(), "context"), seal.ErrOpen)
			}
		}
		for _, context := range []string{"", "contex", "context\x00", "Context", "contexu"} {
			require.ErrorIs(t, mustNotOpen(t, sealed, kind, testKey(), context), seal.ErrOpen)
		}
		for bit := range 8 * seal.KeySize {
			key := testKey()
			key[bit/8] ^= 1 << (bit % 8)
			require.ErrorIs(t, mustNotOpen(t, sealed, kind, key, "context"), seal.ErrOpen)
		}
	}
}

func TestAttack_P08_Version(t *testing.T) {
	sealed := sealValue(t, nil, seal.OlmAccount, "", "the plaintext")
	for v := range 256 {
		if v == 1 {
			continue
		}
		sealed[6] = byte(v)
		require.Equal(t, &errs.VersionError{What: names[seal.OlmAccount], Got: uint32(v)}, mustNotOpen(t, sealed, seal.OlmAccount, testKey(), ""))
	}
}

func TestAttack_P10_EveryBitAndLength(t *testing.T) {
	sealed := sealValue(t, nil, seal.MegolmOutbound, "context", "the plaintext")
	for bit := range 8 * len(sealed) {
		v := bytes.Clone(sealed)
		v[bit/8] ^= 1 << (bit % 8)
		err := mustNotOpen(t, v, seal.MegolmOutbound, testKey(), "context")
		switch i := bit / 8; {
		case i < 6:
			require.Equal(t, &errs.MalformedError{What: names[seal.MegolmOutbound], Why: "does not begin as a sealed value"}, err)
		case i == 6:
			require.IsType(t, &errs.VersionError{}, err)
		case i == 7:
			require.Equal(t, &errs.MalformedError{What: names[seal.MegolmOutbound], Why: "another kind of value is sealed here"}, err)
		default:
			require.ErrorIs(t, err, seal.ErrOpen, "bit %d", bit)
		}
	}
	for n := range sealed {
		err := mustNotOpen(t, sealed[:n], seal.MegolmOutbound, testKey(), "context")
		if n < seal.Overhead {
			require.Equal(t, &errs.MalformedError{What: names[seal.MegolmOutbound], Why: "shorter than any sealed value"}, err)
		} else {
			require.ErrorIs(t, err, seal.ErrOpen)
		}
	}
	require.ErrorIs(t, mustNotOpen(t, append(bytes.Clone(sealed), 0), seal.MegolmOutbound, testKey(), "context"), seal.ErrOpen)
	require.Error(t, mustNotOpen(t, append([]byte{0}, sealed...), seal.MegolmOutbound, testKey(), "context"))
	require.Error(t, mustNotOpen(t, nil, seal.MegolmOutbound, testKey(), "context"))
}

func TestZeroKeyIsAbsent(t *testing.T) {
	sealed := sealValue(t, nil, seal.OlmAccount, "", "the plaintext")
	require.ErrorIs(t, mustNotOpen(t, sealed, seal.OlmAccount, new([seal.KeySize]byte), ""), errs.ErrAbsent)

	dst := []byte("head")
	failtest.RefusedWith(t, errs.ErrAbsent, func() error {
		_, err := seal.Append(dst, seal.OlmAccount, new([seal.KeySize]byte), nil, 3, func(w *layout.Writer) { t.Error("written all the same") })
		return err
	}, failtest.Input(dst))
}

func TestUnknownKindPanics(t *testing.T) {
	require.PanicsWithValue(t, "seal: internal error: unknown kind", func() {
		seal.Append(nil, 99, testKey(), nil, 0, func(*layout.Writer) {})
	})
}
