package keys_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
)

func curvePublic(t testing.TB, n byte) []byte {
	key, err := ecdh.X25519().NewPrivateKey(bytes.Repeat([]byte{n}, 32))
	require.NoError(t, err)
	return key.PublicKey().Bytes()
}

func signer(n byte) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte{n})
	return ed25519.NewKeyFromSeed(seed[:])
}

func signerPublic(n byte) []byte { return signer(n).Public().(ed25519.PublicKey) }

// value is what the three types have in common.
type value interface {
	comparable
	fmt.Stringer
	encoding.TextMarshaler
	IsZero() bool
	Bytes() []byte
}

// pointer is what their pointers have.
type pointer[T value] interface {
	*T
	encoding.TextUnmarshaler
}

// constructors makes values of a type from bytes and from text.
type constructors[T value] struct {
	fromBytes func([]byte) (T, error)
	fromText  func(string) (T, error)
}

var (
	curves     = constructors[keys.Curve25519]{keys.NewCurve25519, keys.ParseCurve25519}
	edwards    = constructors[keys.Ed25519]{keys.NewEd25519, keys.ParseEd25519}
	signatures = constructors[keys.Signature]{keys.NewSignature, keys.ParseSignature}
)

func testRoundTrip[T value, P pointer[T]](t *testing.T, c constructors[T], one, two []byte) {
	k, err := c.fromBytes(one)
	require.NoError(t, err)
	require.False(t, k.IsZero())
	require.Equal(t, one, k.Bytes())

	text := base64.RawStdEncoding.EncodeToString(one)
	require.Equal(t, text, k.String())
	marshalled, err := k.MarshalText()
	require.NoError(t, err)
	require.Equal(t, text, string(marshalled))
	for _, s := range []string{text, base64.StdEncoding.EncodeToString(one)} {
		parsed, err := c.fromText(s)
		require.NoError(t, err)
		require.True(t, k == parsed, "values compare by content")
		var u T
		require.NoError(t, P(&u).UnmarshalText([]byte(s)))
		require.True(t, k == u)
	}
	other, err := c.fromBytes(two)
	require.NoError(t, err)
	require.False(t, k == other)
	require.Len(t, map[T]int{k: 1, other: 2}, 2)

	type object struct {
		Key  T
		Keys map[string]T
		Zero *T `json:",omitempty"`
	}
	in := object{Key: k, Keys: map[string]T{"a": other}}
	b, err := json.Marshal(in)
	require.NoError(t, err)
	require.JSONEq(t, fmt.Sprintf(`{"Key":%q,"Keys":{"a":%q}}`, k, other), string(b))
	var out object
	require.NoError(t, json.Unmarshal(b, &out))
	require.Equal(t, in, out)
	b, err = json.Marshal(map[T]string{k: "v"})
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf(`{%q:"v"}`, k), string(b))
}

func TestCurve25519(t *testing.T) {
	testRoundTrip(t, curves, curvePublic(t, 1), curvePublic(t, 2))
	k, err := keys.NewCurve25519(curvePublic(t, 1))
	require.NoError(t, err)
	require.Equal(t, curvePublic(t, 1), append([]byte{}, func() []byte { a := k.Array(); return a[:] }()...))
	require.Len(t, k.String(), 43)
}

func TestEd25519(t *testing.T) {
	testRoundTrip(t, edwards, signerPublic(1), signerPublic(2))
	k, err := keys.NewEd25519(signerPublic(1))
	require.NoError(t, err)
	a := k.Array()
	require.Equal(t, signerPublic(1), a[:])
	require.Len(t, k.String(), 43)
}

func TestSignature(t *testing.T) {
	testRoundTrip(t, signatures, ed25519.Sign(signer(1), nil), ed25519.Sign(signer(2), nil))
	s, err := keys.NewSignature(ed25519.Sign(signer(1), nil))
	require.NoError(t, err)
	require.Len(t, s.String(), 86)
}

// testRefusals checks lengths and texts that no value has, by every door.
func testRefusals[T value, P pointer[T]](t *testing.T, c constructors[T], good []byte) {
	size := len(good)
	before, err := c.fromBytes(good)
	require.NoError(t, err)
	refused := func(text string, want error) {
		t.Helper()
		k := before
		err := mustFail(t, []byte(text), func() any { return k }, func() error { return P(&k).UnmarshalText([]byte(text)) })
		require.ErrorIs(t, err, want, "%q", text)
		require.True(t, strings.HasPrefix(err.Error(), "keys: "), "%v", err)
		mustFail(t, []byte(text), nothing, func() error {
			k, err := c.fromText(text)
			require.True(t, k.IsZero())
			require.ErrorIs(t, err, want, "%q", text)
			return err
		})
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		err = mustFail(t, quoted, func() any { return k }, func() error { return json.Unmarshal(quoted, &k) })
		require.ErrorIs(t, err, want, "%q in JSON", text)
		require.True(t, k == before)
	}
	for n := range 3 * size {
		if n == size {
			continue
		}
		b := bytes.Repeat(good, 3)[:n]
		err := mustFail(t, b, nothing, func() error {
			k, err := c.fromBytes(b)
			require.True(t, k.IsZero())
			return err
		})
		require.ErrorIs(t, err, keys.ErrLength, "%d bytes", n)
		refused(base64.RawStdEncoding.EncodeToString(b), keys.ErrLength)
		refused(base64.StdEncoding.EncodeToString(b), keys.ErrLength)
	}
	text := before.String()
	for _, bad := range []string{
		text[:20] + "-" + text[21:], text[:20] + "_" + text[21:], text[:20] + "\n" + text[21:], text[:20] + " " + text[21:],
		text[:20] + "=" + text[21:], text[:20] + "\x00" + text[21:], text[:20] + "\xff" + text[21:], "=" + text[1:],
	} {
		if !strings.Contains(bad, "\xff") { // JSON replaces it
			refused(bad, keys.ErrBase64)
		}
		err := mustFail(t, []byte(bad), nothing, func() error { _, err := c.fromText(bad); return err })
		require.ErrorIs(t, err, keys.ErrBase64)
	}
	for _, bad := range []string{text + "\n", text + "\r\n", "\n" + text, text + " ", text + "A==", text + "AAAAA"} {
		mustFail(t, []byte(bad), nothing, func() error { _, err := c.fromText(bad); return err })
	}
	// The last symbol has bits that must be zero.
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.IndexByte(alphabet, text[len(text)-1])
	refused(text[:len(text)-1]+alphabet[last+1:last+2], keys.ErrBase64)
}

func TestCurve25519Refusals(t *testing.T) { testRefusals(t, curves, curvePublic(t, 1)) }
func TestEd25519Refusals(t *testing.T)    { testRefusals(t, edwards, signerPublic(1)) }
func TestAttack_P40_SignatureSizes(t *testing.T) {
	testRefusals(t, signatures, ed25519.Sign(signer(1), nil))
}

func TestVerify(t *testing.T) {
	k, err := keys.NewEd25519(signerPublic(1))
	require.NoError(t, err)
	message := []byte("message")
	s, err := keys.NewSignature(ed25519.Sign(signer(1), message))
	require.NoError(t, err)
	require.NoError(t, k.Verify(message, s))

	fails := func(k keys.Ed25519, message []byte, s keys.Signature, want error) {
		t.Helper()
		err := mustFail(t, message, func() any { return []any{k, s} }, func() error { return k.Verify(message, s) })
		require.ErrorIs(t, err, want)
	}
	other, err := keys.NewEd25519(signerPublic(2))
	require.NoError(t, err)
	fails(other, message, s, keys.ErrSignature)
	fails(k, []byte("Message"), s, keys.ErrSignature)
	fails(k, nil, s, keys.ErrSignature)
	for bit := range 8 * keys.SignatureSize {
		b := s.Bytes()
		b[bit/8] ^= 1 << (bit % 8)
		forged, err := keys.NewSignature(b)
		require.NoError(t, err)
		fails(k, message, forged, keys.ErrSignature)
	}
	fails(keys.Ed25519{}, message, s, keys.ErrAbsent)
	fails(k, message, keys.Signature{}, keys.ErrAbsent)
	fails(keys.Ed25519{}, message, keys.Signature{}, keys.ErrAbsent)
}

// A key is made by a function that checks it, and not of a key of another kind.
func TestKeysDoNotConvert(t *testing.T) {
	kinds := []reflect.Type{
		reflect.TypeFor[keys.Curve25519](), reflect.TypeFor[keys.Ed25519](), reflect.TypeFor[keys.Signature](), reflect.TypeFor[[keys.PublicKeySize]byte](),
	}
	for _, from := range kinds {
		for _, to := range kinds {
			require.Equal(t, from == to, from.ConvertibleTo(to), "%v to %v", from, to)
		}
	}
}

func TestZeroValuesAreAbsent(t *testing.T) {
	for _, v := range []encoding.TextMarshaler{keys.Curve25519{}, keys.Ed25519{}, keys.Signature{}, keys.ID{}} {
		err := mustFail(t, nil, func() any { return v }, func() error { _, err := v.MarshalText(); return err })
		require.ErrorIs(t, err, keys.ErrAbsent)
		err = mustFail(t, nil, func() any { return v }, func() error { _, err := json.Marshal(v); return err })
		require.ErrorIs(t, err, keys.ErrAbsent)
		require.True(t, v.(interface{ IsZero() bool }).IsZero())
	}
	zero, text := make([]byte, keys.SignatureSize), strings.Repeat("A", 86)
	err := mustFail(t, zero, nothing, func() error { _, err := keys.NewSignature(zero); return err })
	require.ErrorIs(t, err, keys.ErrAbsent)
	err = mustFail(t, []byte(text), nothing, func() error { _, err := keys.ParseSignature(text); return err })
	require.ErrorIs(t, err, keys.ErrAbsent)
	for _, bad := range []string{`""`, `7`} {
		k := new(keys.Curve25519)
		mustFail(t, []byte(bad), func() any { return *k }, func() error { return json.Unmarshal([]byte(bad), k) })
	}
	out, err := json.Marshal(struct {
		K keys.Curve25519 `json:",omitzero"`
		E keys.Ed25519    `json:",omitzero"`
		S keys.Signature  `json:",omitzero"`
		I keys.ID         `json:",omitzero"`
	}{})
	require.NoError(t, err)
	require.Equal(t, "{}", string(out))
}

// TestZeroValuesPrintNothing: what is absent must not read like a key, least
// of all as the key of a map or a session id.
func TestZeroValuesPrintNothing(t *testing.T) {
	for _, v := range []fmt.Stringer{keys.Curve25519{}, keys.Ed25519{}, keys.Signature{}, keys.ID{}} {
		require.Empty(t, v.String(), "%T", v)
	}
}
