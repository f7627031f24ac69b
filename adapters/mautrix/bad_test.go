package mautrixolm_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"maunium.net/go/mautrix/crypto/olm"

	"github.com/chappe-e2ee/chappe/internal/libolm"
)

// stored is an object of each table, and how the function variable for reading
// it is called, which returns nil for a nil interface.
type stored struct {
	table
	object pickler
	read   func(pickle, key []byte) (pickler, error)
}

func reader[T any](f func(pickle, key []byte) (T, error)) func(pickle, key []byte) (pickler, error) {
	return func(pickle, key []byte) (pickler, error) {
		o, err := f(pickle, key)
		if any(o) == nil {
			return nil, err
		}
		return any(o).(pickler), err
	}
}

// objects returns one of each, made by the registered driver.
func objects() []stored {
	_, account, session, _ := pair()
	out := must(olm.NewOutboundGroupSession())
	in := must(olm.NewInboundGroupSession([]byte(out.Key())))
	must(out.Encrypt([]byte("m")))
	return []stored{
		{tables[0], account, reader(olm.AccountFromPickled)},
		{tables[1], session, reader(olm.SessionFromPickled)},
		{tables[2], in, reader(olm.InboundGroupSessionFromPickled)},
		{tables[3], out, reader(olm.OutboundGroupSessionFromPickled)},
	}
}

// badPickles returns pickles that are refused, and mautrix's error for each.
func badPickles(good []byte) map[string]error {
	raw := must(base64.RawStdEncoding.DecodeString(string(good)))
	plaintext := must(libolm.Decrypt("test", good, pickleKey))
	with := func(version byte) []byte {
		changed := bytes.Clone(plaintext)
		changed[3] = version
		return libolm.Encrypt(changed, pickleKey)
	}
	bad := map[string]error{
		"":                                     olm.ErrEmptyInput,
		"A":                                    olm.ErrLibolmInvalidBase64,
		"*":                                    olm.ErrLibolmInvalidBase64,
		"\x00":                                 olm.ErrLibolmInvalidBase64,
		string(good) + "\n":                    olm.ErrLibolmInvalidBase64,
		string(good) + "AAAA":                  olm.ErrLibolmBadAccountKey,
		string(with(0)):                        olm.ErrUnknownOlmPickleVersion,
		string(with(9)):                        olm.ErrUnknownOlmPickleVersion,
		string(libolm.Encrypt(nil, pickleKey)): olm.ErrLibolmCorruptedPickle,
		string(libolm.Encrypt(append(plaintext, 0), pickleKey)):           olm.ErrLibolmCorruptedPickle,
		string(libolm.Encrypt(plaintext[:len(plaintext)-1], pickleKey)):   olm.ErrLibolmCorruptedPickle,
		string(libolm.Encrypt(plaintext[:len(plaintext)/2], pickleKey)):   olm.ErrLibolmCorruptedPickle,
		string(libolm.Encrypt(append([]byte{0, 0}, plaintext...), nil)):   olm.ErrLibolmBadAccountKey,
		string(libolm.Encrypt(plaintext, append(pickleKey[:4:4], 'x'))):   olm.ErrLibolmBadAccountKey,
		string(libolm.Encrypt(bytes.Repeat([]byte{255}, 300), pickleKey)): olm.ErrUnknownOlmPickleVersion,
	}
	for n := 0; n < len(raw); n += 1 + len(raw)/40 {
		if n > 0 {
			bad[base64.RawStdEncoding.EncodeToString(raw[:n])] = olm.ErrLibolmBadAccountKey
		}
		flipped := bytes.Clone(raw)
		flipped[n] ^= 0x10
		bad[base64.RawStdEncoding.EncodeToString(flipped)] = olm.ErrLibolmBadAccountKey
	}
	return bad
}

func TestAttack_P10_BadPickles(t *testing.T) {
	chappe.register()
	others := objects()
	for i, o := range objects() {
		t.Run(o.name, func(t *testing.T) {
			good := must(o.object.Pickle(pickleKey))
			bad := badPickles(good)
			for j, other := range others {
				if i != j {
					bad[string(must(other.object.Pickle(pickleKey)))] = nil // some error
				}
			}
			for pickle, want := range bad {
				in := []byte(pickle)
				check := func(err error) {
					t.Helper()
					require.Error(t, err)
					require.ErrorIs(t, err, or(want, err), "%.40q", pickle)
					require.Equal(t, pickle, string(in), "the input was changed")
				}
				check(o.object.Unpickle(in, pickleKey))
				require.Equal(t, string(good), string(must(o.object.Pickle(pickleKey))), "the object was changed")
				blank := o.blank()
				check(blank.Unpickle(in, pickleKey))
				_, err := blank.Pickle(pickleKey)
				require.Error(t, err, "a failed Unpickle left something")
				read, err := o.read(in, pickleKey)
				check(err)
				require.True(t, read == nil, "a typed nil")
			}
		})
	}
}

func or(want, got error) error {
	if want == nil {
		return got
	}
	return want
}

func TestBadPickleKeys(t *testing.T) {
	chappe.register()
	for _, o := range objects() {
		t.Run(o.name, func(t *testing.T) {
			good := must(o.object.Pickle(pickleKey))
			for _, key := range [][]byte{nil, {}} {
				pickle, err := o.object.Pickle(key)
				require.ErrorIs(t, err, olm.ErrNoKeyProvided)
				require.Nil(t, pickle)
				require.ErrorIs(t, o.object.Unpickle(good, key), olm.ErrNoKeyProvided)
				read, err := o.read(good, key)
				require.ErrorIs(t, err, olm.ErrNoKeyProvided)
				require.True(t, read == nil, "a typed nil")
			}
			for _, key := range [][]byte{{0}, []byte(" "), []byte("pickle kex"), []byte("pickle key "), bytes.Repeat([]byte{1}, 300)} {
				require.ErrorIs(t, o.object.Unpickle(good, key), olm.ErrLibolmBadAccountKey)
				read, err := o.read(good, key)
				require.ErrorIs(t, err, olm.ErrLibolmBadAccountKey)
				require.True(t, read == nil, "a typed nil")
			}
			require.Equal(t, string(good), string(must(o.object.Pickle(pickleKey))))
		})
	}
}

// TestLegacyAccountPickle: version 1 gave its signing key away.
func TestLegacyAccountPickle(t *testing.T) {
	chappe.register()
	o := objects()[0]
	plaintext := must(libolm.Decrypt("test", must(o.object.Pickle(pickleKey)), pickleKey))
	plaintext[3] = 1
	_, err := o.read(libolm.Encrypt(plaintext, pickleKey), pickleKey)
	require.ErrorIs(t, err, olm.ErrLibolmBadLegacyAccountPickle)
}

// TestBlank calls everything on objects that were not filled.
func TestBlank(t *testing.T) {
	chappe.register()
	a := olm.NewBlankAccount()
	fails := func(_ any, err error) {
		t.Helper()
		require.Error(t, err)
	}
	_, key, _ := must(olm.NewAccount()).IdentityKeys()
	message := func() string {
		_, _, s, _ := pair()
		_, body, err := s.Encrypt([]byte("m"))
		require.NoError(t, err)
		return string(body)
	}()
	fails(a.Pickle(pickleKey))
	fails(a.IdentityKeysJSON())
	_, _, err := a.IdentityKeys()
	require.Error(t, err)
	fails(a.Sign([]byte("m")))
	fails(a.OneTimeKeys())
	a.MarkKeysAsPublished()
	require.Error(t, a.GenOneTimeKeys(1))
	fails(a.NewOutboundSession(key, key))
	fails(a.NewInboundSession(message))
	fails(a.NewInboundSessionFrom(&key, message))
	require.Error(t, a.RemoveOneTimeKeys(olm.NewBlankSession()))

	s := olm.NewBlankSession()
	fails(s.Pickle(pickleKey))
	fails(s.MatchesInboundSession(message))
	fails(s.MatchesInboundSessionFrom(string(key), message))
	fails(s.Decrypt(message, 0))
	_, _, err = s.Encrypt([]byte("m"))
	require.Error(t, err)
	require.Empty(t, s.ID())
	require.False(t, s.HasReceivedMessage())
	require.Zero(t, s.EncryptMsgType())
	require.Equal(t, "blank", s.Describe())

	in := olm.NewBlankInboundGroupSession()
	fails(in.Pickle(pickleKey))
	fails(in.Export(0))
	_, _, err = in.Decrypt([]byte(message))
	require.Error(t, err)
	require.Empty(t, in.ID())
	require.Zero(t, in.FirstKnownIndex())
	require.False(t, in.IsVerified())

	out := olm.NewBlankOutboundGroupSession()
	fails(out.Pickle(pickleKey))
	fails(out.Encrypt([]byte("m")))
	require.Empty(t, out.ID())
	require.Empty(t, out.Key())
	require.Zero(t, out.MessageIndex())
}

// TestRedacted: an object in a log or a JSON value shows nothing, and fails
// loudly where it would be lost.
func TestRedacted(t *testing.T) {
	chappe.register()
	all := []any{must(olm.NewPKSigning())}
	for _, o := range objects() {
		all = append(all, o.object)
	}
	for _, o := range all {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
			require.Equal(t, "[redacted]", fmt.Sprintf(verb, o))
		}
		_, err := json.Marshal(o)
		require.Error(t, err)
		_, err = json.Marshal(struct{ Internal any }{o})
		require.Error(t, err)
	}
	olm.SetPickleKey(pickleKey)
	major, minor, patch := olm.Version()
	require.Equal(t, [3]uint8{3, 2, 13}, [3]uint8{major, minor, patch})
}
