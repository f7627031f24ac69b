package olm_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// P01: a peer's key of low order makes shared secrets that everybody knows. It
// is refused in every place where a message can hold a key, under the right MAC.
func TestAttack_P01_LowOrderKeysInMessages(t *testing.T) {
	alice, bob := newAccount(t, 0), newAccount(t, 0)
	s := newOutbound(t, alice, bob)
	honest := encrypt(t, s, "hello")
	sk, _ := honest.SessionKeys()
	c := cipherOf(t, olm.SenderMessageKey(s, 1))
	ciphertext := c.blocks(t, pad([]byte("hello")))
	inner := honest.Bytes()[len(honest.Bytes())-innerLen(t, honest):]
	fields := [][]byte{sk.OneTimeKey.Bytes(), sk.BaseKey.Bytes(), sk.IdentityKey.Bytes()}

	for _, p := range badPoints(sk.BaseKey.Bytes()) {
		normal := c.sign(join([]byte{3}, bytesField(1, p.bytes), numberField(2, 1), bytesField(4, ciphertext)), 8)
		refusedMessage(t, olm.Normal, normal, s, bob)
		refusedMessage(t, olm.PreKey, preKeyBytes(sk, normal), s, bob)
		for i := range fields {
			hostile := append([][]byte(nil), fields...)
			hostile[i] = p.bytes
			refusedMessage(t, olm.PreKey, join([]byte{3}, bytesField(1, hostile[0]), bytesField(2, hostile[1]),
				bytesField(3, hostile[2]), bytesField(4, inner)), s, bob)
		}
	}
	require.Equal(t, 1, bob.OneTimeKeyCount())
	inbound(t, bob, honest, "hello")
}

// refusedMessage asserts that b does not parse, in either form.
func refusedMessage(t testing.TB, typ olm.MessageType, b []byte, subjects ...failtest.Subject) {
	t.Helper()
	subjects = append(subjects, failtest.Input(b))
	failtest.RefusedAs[*olm.MalformedError](t, func() error { _, err := olm.NewMessage(typ, b); return err }, subjects...)
	body := unpadded(b)
	failtest.RefusedAs[*olm.MalformedError](t, func() error { _, err := olm.ParseMessage(typ, body); return err }, subjects...)
}

// innerLen returns the length of the normal message in a pre-key message.
func innerLen(t testing.TB, m olm.Message) int {
	t.Helper()
	ciphertext := join(bytesField(4, make([]byte, m.CiphertextLen())))
	return 1 + 34 + len(numberField(2, uint64(m.ChainIndex()))) + len(ciphertext) + 8
}

// P01: no key of low order can be written down, so none reaches
// NewOutboundSession; its zero value, which is one, is refused there.
func TestAttack_P01_LowOrderKeysOfPeers(t *testing.T) {
	a := newAccount(t, 1)
	good := newAccount(t, 0).IdentityKeys().Curve25519
	for _, p := range badPoints(good.Bytes()) {
		text := unpadded(p.bytes)
		failtest.RefusedWith(t, keys.ErrInvalidKey, func() error { _, err := keys.NewCurve25519(p.bytes); return err }, a)
		failtest.RefusedWith(t, keys.ErrInvalidKey, func() error { _, err := keys.ParseCurve25519(text); return err }, a)
	}
	for _, pair := range [][2]keys.Curve25519{{}, {good, {}}, {{}, good}} {
		failtest.RefusedWith(t, keys.ErrAbsent, func() error { _, err := a.NewOutboundSession(pair[0], pair[1]); return err }, a)
	}
}

// P01: should a constructor ever let such a key through, each agreement refuses
// it again: both of a pre-key message, that of a new chain, that of a new answer.
func TestAttack_P01_AgreementsRefuseZero(t *testing.T) {
	c := newConversation(t)
	first := newOutbound(t, c.aliceAccount, c.bobAccount)
	m := olm.ZeroBaseKey(encrypt(t, first, "hello"))
	k, _ := m.SessionKeys()
	err := failtest.Refused(t, func() error {
		_, err := c.bobAccount.NewInboundSession(k.IdentityKey, m)
		return err
	}, c.bobAccount)
	require.NotErrorIs(t, err, olm.ErrDecrypt, "refused before the MAC is looked at")

	c.say(c.alice, c.bob, "ping")
	answer := olm.ZeroRatchetKey(encrypt(t, c.bob, "pong"))
	err = failtest.Refused(t, decryption(c.alice, answer), c.alice)
	require.NotErrorIs(t, err, olm.ErrDecrypt)

	c.say(c.alice, c.bob, "ping")
	c.say(c.bob, c.alice, "pong")
	olm.ZeroPeerRatchetKey(c.alice)
	failtest.Refused(t, func() error { _, err := c.alice.Encrypt(nil); return err }, c.alice)
}

// P04: a signature by an expanded key under a foreign public key gives the key
// away. An account whose two halves do not belong together is not read.
func TestAttack_P04_SigningKeyOfAnotherAccount(t *testing.T) {
	for _, f := range storedForms(t) {
		if strings.Contains(f.name, "session") {
			continue
		}
		foreign := newAccount(t, 0).IdentityKeys().Ed25519
		plain := f.fields.at(t, "signing public").with(f.plain, foreign.Bytes())
		failtest.RefusedAs[*olm.MalformedError](t, f.reading(plain), failtest.Secret(plain))
	}
}

// P04: where the two halves do belong together, signatures are those of the
// seed that libolm threw away.
func TestAttack_P04_ImportedKeySignsAlike(t *testing.T) {
	a := newAccount(t, 0)
	pickle, err := a.ExportLibolm(pickleKey)
	require.NoError(t, err)
	b, err := openAccountPickle(pickle)
	require.NoError(t, err)
	reopened, err := olm.OpenAccount(sealed(t, seal.OlmAccount, b.State()), sealKey(t), sealContext)
	require.NoError(t, err)
	for _, message := range [][]byte{nil, {}, []byte("message"), bytes.Repeat([]byte{1}, 1000)} {
		want, err := a.Sign(message)
		require.NoError(t, err)
		require.NoError(t, a.IdentityKeys().Ed25519.Verify(message, want))
		for _, other := range []*olm.Account{b, reopened} {
			got, err := other.Sign(message)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
}

// P04: libolm's version 1 held keys that are given away already.
func TestAttack_P04_LegacyPickle(t *testing.T) {
	// libolm 3.2.13, tests/test_olm.cpp:89
	pickle := []byte("x3h9er86ygvq56pM1yesdAxZou4ResPQC9Rszk/fhEL9JY/umtZ2N/foL/SUgVXSv0IxHHZTafYjDdzJU9xr8dQeBoOTGfV9" +
		"E/lCqDGBnIlu7SZndqjEKXtzGyQr4sP4K/A/8TOu9iK2hDFszy6xETiousHnHgh2ZGbRUh4pQx+YMm8ZdNZeRnwFGLnrWyf9O5TmXua1FcU")
	failtest.RefusedWith(t, olm.ErrLegacyPickle, func() error { _, err := olm.ImportLibolmAccount(pickle, nil); return err }, failtest.Input(pickle))
}

// A private key whose public key is another one is found out before it is used
// to agree: libolm's pickles hold both.
func TestStoredKeyMismatch(t *testing.T) {
	alice, bob := newAccount(t, 0), newAccount(t, 2)
	list := oneTimeKeys(bob)
	first, err := alice.NewOutboundSession(bob.IdentityKeys().Curve25519, list[0])
	require.NoError(t, err)
	m := encrypt(t, first, "hello")
	pickle, err := bob.ExportLibolm(pickleKey)
	require.NoError(t, err)
	f := libolmAccountSpans(2, 0)
	changed := f.at(t, "identity private").with(unpickled(t, pickle), bytes.Repeat([]byte{0x42}, 32))
	_, err = openAccountPickle(pickled(changed))
	var malformed *olm.MalformedError
	require.ErrorAs(t, err, &malformed, "identity keys are compared at once")
	changed = f.at(t, "one-time key 1 private").with(unpickled(t, pickle), bytes.Repeat([]byte{0x42}, 32)) // the oldest key is the last
	b, err := openAccountPickle(pickled(changed))
	require.NoError(t, err, "one-time keys are compared when they are used")
	failtest.RefusedWith(t, olm.ErrKeyMismatch, func() error {
		_, err := b.NewInboundSession(alice.IdentityKeys().Curve25519, m)
		return err
	}, b)
	changed = accountSpans(32, 2, 0).at(t, "identity private").with(bob.State(), bytes.Repeat([]byte{0x42}, 32))
	for _, use := range []func(b *olm.Account) error{
		func(b *olm.Account) error {
			_, err := b.NewInboundSession(alice.IdentityKeys().Curve25519, m)
			return err
		},
		func(b *olm.Account) error {
			_, err := b.NewOutboundSession(alice.IdentityKeys().Curve25519, list[0])
			return err
		},
	} {
		b, err := olm.OpenAccount(sealed(t, seal.OlmAccount, changed), sealKey(t), sealContext)
		require.NoError(t, err, "of a sealed account, they are compared when they are used")
		failtest.RefusedWith(t, olm.ErrKeyMismatch, func() error { return use(b) }, b)
	}
	c := newConversation(t)
	c.say(c.alice, c.bob, "ping")
	state := c.alice.State()
	changed = sessionSpans(0).at(t, "ratchet key private").with(state, bytes.Repeat([]byte{0x42}, 32))
	s, err := olm.OpenSession(sealed(t, seal.OlmSession, changed), sealKey(t), sealContext)
	require.NoError(t, err)
	failtest.RefusedWith(t, olm.ErrKeyMismatch, decryption(s, encrypt(t, c.bob, "pong")), s)
}
