package secretstorage_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

func parseStored(t testing.TB, text string) secretstorage.StoredSecret {
	t.Helper()
	s, err := secretstorage.ParseStoredSecret([]byte(text))
	require.NoError(t, err)
	return s
}

// underFails looks for an entry, which must fail.
func underFails(t testing.TB, s secretstorage.StoredSecret, keyID string) error {
	t.Helper()
	return mustFail(t, func() error {
		sealed, err := s.Under(keyID)
		require.True(t, sealed.IsZero())
		return err
	}, failtest.Input(keyID), marshalled{s})
}

func TestStoredSecret(t *testing.T) {
	var s secretstorage.StoredSecret
	require.Empty(t, s.KeyIDs())
	require.ErrorIs(t, marshalFails(t, s), keys.ErrAbsent)
	sealed := sealedSecret(t)
	s, err := s.With("a\"b", sealed)
	require.NoError(t, err)
	text := marshal(t, s)
	require.True(t, strings.HasPrefix(text, `{"encrypted":{"a\"b":{"iv":"`), text)
	var again secretstorage.StoredSecret
	require.NoError(t, json.Unmarshal([]byte(text), &again))
	require.Equal(t, []string{"a\"b"}, again.KeyIDs())
	got, err := again.Under("a\"b")
	require.NoError(t, err)
	require.Equal(t, sealed, got)
	require.ErrorIs(t, underFails(t, again, "A\"b"), secretstorage.ErrNotStored)
	require.ErrorIs(t, marshalFails(t, again.Without("a\"b")), keys.ErrAbsent)
}

// Other entries and members stay as they are and where they are, whatever is in
// them.
func TestStoredSecretKeeps(t *testing.T) {
	sealed := sealedSecret(t)
	entry := marshal(t, sealed)
	s := parseStored(t, `{ "passthrough":true, "encrypted" : {"one":{"x":1.0E1}, "two":[], "thr\u0065e":7, "four":{"iv":"?","ciphertext":1}},"x":{"y": 1 }}`)
	before := marshal(t, s)
	require.Equal(t, `{"passthrough":true,"encrypted":{"one":{"x":1.0E1},"two":[],"three":7,"four":{"iv":"?","ciphertext":1}},"x":{"y": 1 }}`, before)
	require.Equal(t, []string{"one", "two", "three", "four"}, s.KeyIDs())
	for _, id := range s.KeyIDs() {
		requireMalformed(t, underFails(t, s, id), "")
	}

	more, err := s.With("five", sealed)
	require.NoError(t, err)
	require.Equal(t, strings.Replace(before, `1}}`, `1},"five":`+entry+`}`, 1), marshal(t, more))
	replaced, err := s.With("two", sealed)
	require.NoError(t, err)
	require.Equal(t, strings.Replace(before, `[]`, entry, 1), marshal(t, replaced))
	require.Equal(t, strings.Replace(before, `"two":[],`, ``, 1), marshal(t, s.Without("two")))
	require.Equal(t, before, marshal(t, s.Without("absent")))
	require.Equal(t, before, marshal(t, s), "the secret is immutable")

	// Two copies that grow from the same one do not share.
	a, err := more.With("six", sealed)
	require.NoError(t, err)
	b, err := more.With("seven", sealed)
	require.NoError(t, err)
	require.Equal(t, []string{"one", "two", "three", "four", "five", "six"}, a.KeyIDs())
	require.Equal(t, []string{"one", "two", "three", "four", "five", "seven"}, b.KeyIDs())
}

func TestStoredSecretDeleted(t *testing.T) {
	for _, text := range []string{`{}`, `{"encrypted":{}}`, `{"Encrypted":{"x":{}}}`} {
		s := parseStored(t, text)
		require.Empty(t, s.KeyIDs())
		require.ErrorIs(t, underFails(t, s, "x"), secretstorage.ErrNotStored)
		s, err := s.With("x", sealedSecret(t))
		require.NoError(t, err)
		require.Equal(t, []string{"x"}, parseStored(t, marshal(t, s)).KeyIDs())
	}
}

func TestStoredSecretRefuses(t *testing.T) {
	for text, why := range map[string]string{
		``:                                     "not valid JSON",
		`[]`:                                   "not a JSON object",
		`null`:                                 "not a JSON object",
		`{"encrypted":null}`:                   "not a JSON object",
		`{"encrypted":[]}`:                     "not a JSON object",
		`{"encrypted":"x"}`:                    "not a JSON object",
		`{"encrypted":{}}}`:                    "not valid JSON",
		`{"encrypted":{},"encrypted":{}}`:      "a name stands twice",
		`{"encrypted":{},"\u0065ncrypted":{}}`: "a name stands twice",
		`{"encrypted":{"x":{},"x":{}}}`:        "a name stands twice",
		`{"encrypted":{"\ud800":{}}}`:          "not valid Unicode",
		"{\"encrypted\":{\"\xff\":{}}}":        "not valid JSON",
	} {
		s := parseStored(t, mautrixMaster)
		requireMalformed(t, textFails(t, &s, text), why)
		require.Equal(t, parseStored(t, mautrixMaster), s)
	}
	s := parseStored(t, mautrixMaster)
	fails := func(id string, sealed secretstorage.Sealed) error {
		return mustFail(t, func() error { _, err := s.With(id, sealed); return err }, failtest.Input(id), marshalled{s})
	}
	for _, id := range badKeyIDs {
		require.ErrorIs(t, fails(id, sealedSecret(t)), secretstorage.ErrName)
	}
	require.ErrorIs(t, fails("x", secretstorage.Sealed{}), keys.ErrAbsent)
	require.Equal(t, parseStored(t, mautrixMaster), s)
}

var badKeyIDs = []string{"", "\xff", strings.Repeat("x", secretstorage.MaxKeyIDSize+1)}

func TestKeyID(t *testing.T) {
	a, b := secretstorage.GenerateKeyID(), secretstorage.GenerateKeyID()
	require.Len(t, a, 32)
	require.NotEqual(t, a, b)
	for _, id := range []string{a, "x", strings.Repeat("x", secretstorage.MaxKeyIDSize)} {
		typ, err := secretstorage.DescriptionType(id)
		require.NoError(t, err)
		require.Equal(t, "m.secret_storage.key."+id, typ)
		require.LessOrEqual(t, len(typ), secretstorage.MaxNameSize)
		got, ok := secretstorage.ParseDescriptionType(typ)
		require.True(t, ok)
		require.Equal(t, id, got)
	}
	for _, id := range badKeyIDs {
		err := mustFail(t, func() error { _, err := secretstorage.DescriptionType(id); return err }, failtest.Input(id))
		require.ErrorIs(t, err, secretstorage.ErrName)
		_, ok := secretstorage.ParseDescriptionType("m.secret_storage.key." + id)
		require.False(t, ok)
	}
	for _, typ := range []string{"", "m.secret_storage.key", "M.secret_storage.key.x", secretstorage.DefaultKeyType} {
		id, ok := secretstorage.ParseDescriptionType(typ)
		require.False(t, ok)
		require.Empty(t, id)
	}
}

func TestDefaultKey(t *testing.T) {
	b, err := json.Marshal(secretstorage.DefaultKey{KeyID: "a\"<é"})
	require.NoError(t, err)
	for _, text := range []string{string(b), ` { "x":1.5, "Key":7, "key" : "a\"<\u00e9" } `} {
		var d secretstorage.DefaultKey
		require.NoError(t, json.Unmarshal([]byte(text), &d))
		require.Equal(t, "a\"<é", d.KeyID)
	}
	for _, id := range badKeyIDs {
		require.ErrorIs(t, marshalFails(t, secretstorage.DefaultKey{KeyID: id}), secretstorage.ErrName)
	}
	d := secretstorage.DefaultKey{KeyID: "before"}
	for _, text := range []string{`{}`, `{"x":1}`, `{"Key":"x"}`} {
		require.ErrorIs(t, textFails(t, &d, text), keys.ErrAbsent)
	}
	for text, why := range map[string]string{
		``:                               "not valid JSON",
		`[]`:                             "not a JSON object",
		`{"key":null}`:                   "key is not one id",
		`{"key":1}`:                      "key is not one id",
		`{"key":""}`:                     "key is not one id",
		`{"key":"\udc00"}`:               "key is not one id",
		`{"key":"x","key":"x"}`:          "a name stands twice",
		`{"key":"` + badKeyIDs[2] + `"}`: "key is not one id",
	} {
		requireMalformed(t, textFails(t, &d, text), why)
	}
	require.Equal(t, "before", d.KeyID)
}
