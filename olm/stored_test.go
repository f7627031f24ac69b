package olm_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/olm"
)

// isFormError says whether err is one of those that tell a stored value's form
// is wrong.
func isFormError(err error) bool {
	var malformed *olm.MalformedError
	var version *olm.VersionError
	return errors.As(err, &malformed) || errors.As(err, &version) || errors.Is(err, olm.ErrLegacyPickle)
}

// reading is a read of f's form, for refused.
func (f *stored) reading(plain []byte) func() error {
	wrapped := f.wrap(plain)
	return func() error { return f.unwrap(wrapped) }
}

// Every beginning of a stored plaintext, and every longer one, is refused.
func TestStoredTruncated(t *testing.T) {
	for _, f := range storedForms(t) {
		t.Run(f.name, func(t *testing.T) {
			for n := 0; n < len(f.plain); n += stride() {
				failtest.RefusedAs[*olm.MalformedError](t, f.reading(f.plain[:n]), failtest.Secret(f.plain))
			}
			for _, tail := range [][]byte{{0}, {1}, make([]byte, 32), f.plain} {
				failtest.RefusedAs[*olm.MalformedError](t, f.reading(join(f.plain, tail)), failtest.Secret(f.plain))
			}
		})
	}
}

// Every field refuses what it cannot hold.
func TestStoredFields(t *testing.T) {
	for _, f := range storedForms(t) {
		for _, field := range f.fields.list {
			t.Run(f.name+"/"+field.name, func(t *testing.T) {
				for _, value := range f.hostile(field) {
					err := failtest.Refused(t, f.reading(field.with(f.plain, value)), failtest.Secret(f.plain))
					require.True(t, isFormError(err), "%v", err)
					require.ErrorContains(t, err, field.fault(value))
				}
			})
		}
	}
}

// fault returns what is said of a value that a field cannot hold, nothing where
// what follows may be found wrong first.
func (field span) fault(value []byte) string {
	last := value[len(value)-1]
	switch {
	case field.kind == truth && field.name != "has sender chain":
		return "truth value other than 0 and 1"
	case field.kind == curvePub:
		return "invalid Curve25519 public key"
	case field.kind == curveKey:
		return "all-zero key"
	case field.name == "layout", field.name == "suite":
		return "unknown " + field.name
	case strings.HasPrefix(field.name, "algorithm of"):
		return "unknown algorithm of one-time keys"
	case field.name == "form of signing key" && last != 1 && last != 2:
		return "unknown form of signing key"
	case field.name == "number of fallback keys" && last > 2:
		return "more than two fallback keys"
	case field.kind == smallSize && strings.HasSuffix(field.name, "receiver chains") && last > olm.MaxReceiverChains:
		return "too many receiver chains"
	case field.kind == smallSize && strings.HasSuffix(field.name, "skipped keys") && last > olm.MaxSkippedKeys:
		return "too many skipped keys"
	}
	return ""
}

// A value that is sealed into memory that was used before is the same.
func TestSealedIntoUsedMemory(t *testing.T) {
	a, s := newAccount(t, 3), newConversation(t).alice
	used := bytes.Repeat([]byte{0xff}, 4096)
	b, err := a.AppendSeal(used[:0], sealKey(t), sealContext)
	require.NoError(t, err)
	require.Same(t, &used[0], &b[0])
	account, err := olm.OpenAccount(b, sealKey(t), sealContext)
	require.NoError(t, err)
	require.Equal(t, a.State(), account.State())
	b, err = s.AppendSeal(used[:0], sealKey(t), sealContext)
	require.NoError(t, err)
	session, err := olm.OpenSession(b, sealKey(t), sealContext)
	require.NoError(t, err)
	require.Equal(t, s.State(), session.State())
}

// hostile returns values that a field must refuse.
func (f *stored) hostile(field span) (list [][]byte) {
	valid := f.plain[field.off : field.off+field.n]
	switch field.kind {
	case tag:
		for v := 0; v < 256; v += stride() {
			value := bytes.Clone(valid)
			value[field.n-1] = byte(v)
			if !bytes.Equal(value, valid) {
				list = append(list, value)
			}
		}
		if field.n == 4 {
			list = append(list, be32(0xffffffff), be32(0x80000000), be32(0x04000000), be32(0x01000000))
		}
	case truth:
		list = append(list, []byte{2}, []byte{0x80}, []byte{0xff})
	case count:
		n := binary.BigEndian.Uint32(valid)
		list = append(list, be32(n+1), be32(41), be32(5000), be32(5001), be32(1<<31), be32(0xffffffff))
	case smallSize:
		list = append(list, []byte{3}, []byte{6}, []byte{41}, []byte{0x80}, []byte{0xff})
		if valid[0] == 3 {
			list = list[1:]
		}
	case curvePub:
		for _, p := range badPoints(nil) {
			list = append(list, p.bytes)
		}
	case edPub:
		list = append(list, badEd25519()...)
	case curveKey:
		list = append(list, make([]byte, field.n))
	case edKey:
		// Neither all zero nor another key may pass: the public key beside it
		// would be a foreign one.
		other := bytes.Clone(valid)
		other[1] ^= 1
		list = append(list, make([]byte, field.n), bytes.Repeat([]byte{0xff}, field.n), other)
	}
	return list
}

// Every single-bit change of a stored plaintext is refused, or read as what it
// now says.
func TestStoredBitFlips(t *testing.T) {
	for _, f := range storedForms(t) {
		t.Run(f.name, func(t *testing.T) {
			for _, field := range f.fields.list {
				for i := 0; i < field.n*8; i += stride() {
					flipped := bytes.Clone(f.plain)
					flipped[field.off+i/8] ^= 1 << (i % 8)
					f.checkFlip(t, field, flipped)
				}
			}
		})
	}
}

func (f *stored) checkFlip(t *testing.T, field span, flipped []byte) {
	t.Helper()
	var state []byte
	before := bytes.Clone(flipped)
	err := failtest.Guarded(t, func() (err error) {
		state, err = f.read(flipped)
		return err
	})
	require.Equal(t, before, flipped)
	switch {
	case err != nil:
		require.True(t, isFormError(err), "%s: %v", field.name, err)
		failtest.CleanError(t, err, failtest.Secret(flipped))
		// What every value can be is not refused, unless it does not go with
		// another: an identity key with its public key, the index of a skipped
		// key with that of its chain and of others.
		if !strings.HasSuffix(field.name, "index") && field.name != "identity private" {
			require.NotContains(t, []kind{number, curveKey}, field.kind, "%s: %v", field.name, err)
		}
	case field.kind == edKey && field.n == 64:
		// Bits that clamping sets are mended; the other half is the nonce
		// prefix, which nothing can check.
		diff := firstDifference(state, flipped) - field.off
		require.True(t, bytes.Equal(state, flipped) || diff == 0 || diff == 31, "%s: byte %d", field.name, diff)
	case f.name == "libolm account" && (field.name == "last id" || field.kind == number):
		// Ids that stand twice, and a last id that is not the highest, are
		// mended, and mended once.
		again, err := f.read(state)
		require.NoError(t, err)
		require.Equal(t, state, again, field.name)
		require.Equal(t, len(flipped), len(state))
	case f.name == "libolm session" && field.kind == curvePub && len(state) != len(flipped):
		// A skipped key whose chain is not there is not kept.
		require.Contains(t, field.name, "ratchet key")
	default:
		require.Equal(t, flipped, state, field.name)
	}
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// Every truncation and every single-bit change of what a program stores is
// refused: without the key, nobody can change a stored value.
func TestStoredWrappedTampered(t *testing.T) {
	for _, f := range storedForms(t) {
		t.Run(f.name, func(t *testing.T) {
			wrapped := f.wrap(f.plain)
			check := func(b []byte) {
				t.Helper()
				err := failtest.Refused(t, func() error { return f.unwrap(b) }, failtest.Secret(f.plain), failtest.Input(b))
				if !isFormError(err) && !errors.Is(err, olm.ErrOpen) && !errors.Is(err, olm.ErrPickleKey) {
					t.Fatalf("%v", err)
				}
			}
			for n := 0; n < len(wrapped); n += stride() {
				check(wrapped[:n:n])
			}
			for _, tail := range []string{"A", "AA", "AAA", "AAAA", "=", "==", "===", "====", "\n", " ", "\x00"} {
				if tail[0] != '=' || (len(wrapped)+len(tail))%4 != 0 || len(tail) > 2 {
					check(join(wrapped, []byte(tail)))
				}
			}
			for i := 0; i < len(wrapped)*8; i += stride() {
				b := bytes.Clone(wrapped)
				b[i/8] ^= 1 << (i % 8)
				check(b)
			}
		})
	}
}
