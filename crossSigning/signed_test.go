package crosssigning_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
)

type signingVector struct {
	ID          string       `json:"id"`
	Description string       `json:"description"`
	Source      string       `json:"source"`
	Result      string       `json:"result"`
	Object      string       `json:"object_utf8"`
	Entity      string       `json:"entity_utf8"`
	KeyID       string       `json:"key_id_utf8"`
	PublicKey   keys.Ed25519 `json:"public_key_b64"`
	Seed        string       `json:"seed_b64"`
}

func signingVectors(t testing.TB) []signingVector {
	t.Helper()
	text, err := os.ReadFile("testdata/signing.json")
	require.NoError(t, err)
	var file struct {
		Format  string          `json:"format"`
		Vectors []signingVector `json:"vectors"`
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&file))
	require.NotEmpty(t, file.Vectors)
	return file.Vectors
}

func TestSigningVectors(t *testing.T) {
	t.Parallel()
	for _, v := range signingVectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			t.Parallel()
			if v.Result == "malformed" {
				refusedAs[*crosssigning.MalformedError](t, func() error { return errorOf(crosssigning.ParseObject([]byte(v.Object))) }, v.Object)
				return
			}
			o, err := crosssigning.ParseObject([]byte(v.Object))
			require.NoError(t, err)
			name, ok := strings.CutPrefix(v.KeyID, "ed25519:")
			require.True(t, ok)
			id := crosssigning.DeviceKeyID(name)
			require.Equal(t, v.KeyID, id.String())
			verify := func() error { return o.Verify(v.Entity, id, v.PublicKey) }
			switch v.Result {
			case "valid":
				require.NoError(t, verify())
			case "wrong":
				refusedWith(t, crosssigning.ErrSignature, verify, o)
			case "missing":
				refusedWith(t, crosssigning.ErrUnsigned, verify, o)
			default:
				require.Fail(t, "unknown result")
			}
			require.Equal(t, v.Result != "missing", o.HasSignature(v.Entity, id))
			if v.Seed == "" {
				return
			}
			b, err := base64.RawStdEncoding.DecodeString(v.Seed)
			require.NoError(t, err)
			s := newSigner(b)
			require.Equal(t, v.PublicKey, s.public())
			signed, err := o.Sign(v.Entity, id, s)
			require.NoError(t, err)
			require.NoError(t, signed.Verify(v.Entity, id, v.PublicKey))
			require.Equal(t, strings.TrimRight(decode(t, o)["signatures"].(object)[v.Entity].(object)[v.KeyID].(string), "="),
				decode(t, signed)["signatures"].(object)[v.Entity].(object)[v.KeyID], "another signature")
		})
	}
}

// Row C14: other signatures, unsigned and unknown members are kept, and the
// order of signing does not matter.
func TestSignKeepsTheRest(t *testing.T) {
	t.Parallel()
	o, err := crosssigning.ParseObject([]byte(`{"z":{"signatures":1,"unsigned":[2]},"unsigned":{"age":5},"signatures":{"other":{"x:y":{"no":"string"}}},"a":"\u00e9"}`))
	require.NoError(t, err)
	require.Equal(t, `{"a":"é","z":{"signatures":1,"unsigned":[2]}}`, string(o.AppendSigned(nil)))

	one, two := newSigner(seed(1, 0)), newSigner(seed(2, 0))
	id1, id2 := crosssigning.DeviceKeyID("ONE"), crosssigning.PublicKeyID(two.public())
	require.Equal(t, "ed25519:"+two.public().String(), id2.String())
	a, err := o.Sign(alice, id1, one)
	require.NoError(t, err)
	a, err = a.Sign(alice, id2, two)
	require.NoError(t, err)
	b, err := o.Sign(alice, id2, two)
	require.NoError(t, err)
	b, err = b.Sign(alice, id1, one)
	require.NoError(t, err)
	require.Equal(t, a, b)
	require.NoError(t, a.Verify(alice, id1, one.public()))
	require.NoError(t, a.Verify(alice, id2, two.public()))
	for _, test := range []struct {
		is   error
		user string
		key  keys.Ed25519
	}{{crosssigning.ErrSignature, alice, two.public()}, {keys.ErrAbsent, alice, keys.Ed25519{}}, {crosssigning.ErrUnsigned, bob, one.public()}} {
		refusedWith(t, test.is, func() error { return a.Verify(test.user, id1, test.key) }, a)
	}

	got := decode(t, a)
	require.Equal(t, decode(t, o)["unsigned"], got["unsigned"])
	require.Equal(t, decode(t, o)["z"], got["z"])
	signatures := got["signatures"].(object)
	require.Equal(t, object{"x:y": object{"no": "string"}}, signatures["other"])
	require.Len(t, signatures[alice], 2)
	require.Equal(t, string(o.AppendSigned(nil)), string(a.AppendSigned(nil)))

	// A signature under the same id is replaced.
	again, err := a.Sign(alice, id1, two)
	require.NoError(t, err)
	require.NoError(t, again.Verify(alice, id1, two.public()))
}

func TestObjectRefuses(t *testing.T) {
	t.Parallel()
	s := newSigner(seed(1, 0))
	id := crosssigning.DeviceKeyID("D")
	parse := func(text string) crosssigning.Object {
		o, err := crosssigning.ParseObject([]byte(text))
		require.NoError(t, err)
		return o
	}
	for _, text := range []string{``, `[]`, `1`, `"a"`, `null`, `{`, `{}{}`, `{"a":1,"a":2}`, `{"a":1.0}`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}"} {
		err := refusedAs[*crosssigning.MalformedError](t, func() error { return errorOf(crosssigning.ParseObject([]byte(text))) }, text)
		require.NotContains(t, err.Error(), "\xff")
	}
	// Whether the signer was called makes no difference.
	secret := failtest.Secret(seed(1, 0))
	for _, text := range []string{
		`{"signatures":[]}`, `{"signatures":"x"}`, `{"signatures":{"` + alice + `":[]}}`, `{"signatures":{"` + alice + `":"x"}}`, `{"signatures":null}`,
	} {
		o := parse(text)
		refusedAs[*crosssigning.MalformedError](t, func() error { return errorOf(o.Sign(alice, id, s)) }, o, secret)
		refusedWith(t, crosssigning.ErrUnsigned, func() error { return o.Verify(alice, id, s.public()) }, o)
	}
	for signature, why := range map[string]string{
		`1`: "not a string", `null`: "not a string", `{}`: "not a string", `""`: "keys: ", `"AA"`: "keys: ", `"?"`: "keys: ",
		`"` + strings.Repeat("A", 86) + `"`: "signature", `"` + strings.Repeat("A", 85) + `B"`: "keys: ",
	} {
		o := parse(`{"signatures":{"` + alice + `":{"ed25519:D":` + signature + `}}}`)
		verify := func() error { return o.Verify(alice, id, s.public()) }
		refusedWith(t, crosssigning.ErrSignature, verify, o)
		require.Contains(t, verify().Error(), why, signature)
	}
	o := parse(`{}`)
	fault := errors.New("fault")
	refusedAs[*crosssigning.MalformedError](t, func() error { return errorOf(o.Sign("\xff", id, s)) }, o, secret)
	refusedAs[*crosssigning.MalformedError](t, func() error { return errorOf(o.Sign(alice, crosssigning.DeviceKeyID("\xff"), s)) }, o, secret)
	refusedWith(t, fault, func() error { return errorOf(o.Sign(alice, id, &signer{err: fault})) }, o)

	var zero crosssigning.Object
	require.True(t, zero.IsZero())
	refusedWith(t, keys.ErrAbsent, func() error { return errorOf(zero.MarshalJSON()) })
	refusedWith(t, keys.ErrAbsent, func() error { return errorOf(zero.Sign(alice, id, s)) }, s)
	refusedWith(t, crosssigning.ErrUnsigned, func() error { return zero.Verify(alice, id, s.public()) })
	before := o
	refused(t, func() error { return json.Unmarshal([]byte(`{"a":1.5}`), &o) }, &o)
	require.Equal(t, before, o)
	require.NoError(t, json.Unmarshal([]byte(`{"a":1}`), &o))
	require.NotEqual(t, before, o)
}

// Row C15 and A29: the strict verdict of Ed25519, not the lax one.
func TestVerifyIsStrict(t *testing.T) {
	t.Parallel()
	s := newSigner(seed(1, 0))
	o, err := crosssigning.ParseObject([]byte(`{"a":1}`))
	require.NoError(t, err)
	var b [curve.SignatureSize]byte
	s.key.Sign(&b, o.AppendSigned(nil))
	for i := range b {
		bad := b
		bad[i] ^= 0x40
		signed, err := crosssigning.ParseObject([]byte(`{"a":1,"signatures":{"` + alice + `":{"ed25519:D":"` + base64.RawStdEncoding.EncodeToString(bad[:]) + `"}}}`))
		require.NoError(t, err)
		refusedWith(t, crosssigning.ErrSignature, func() error { return signed.Verify(alice, crosssigning.DeviceKeyID("D"), s.public()) }, signed)
	}
}
