package olm_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

var (
	pickleKey   = []byte("correct horse battery staple, of any length")
	sealKeyRaw  = bytes.Repeat([]byte{0xa7}, 31)
	sealContext = []byte("@alice:example.org DEVICE")
)

func sealKey(t testing.TB) keys.SealKey {
	k, err := keys.NewSealKey(append(bytes.Clone(sealKeyRaw), 1))
	require.NoError(t, err)
	return k
}

// newAccount returns an account with n one-time keys.
func newAccount(t testing.TB, n int) *olm.Account {
	a, err := olm.GenerateAccount()
	require.NoError(t, err)
	_, err = a.GenerateOneTimeKeys(n)
	require.NoError(t, err)
	return a
}

// oneTimeKeys returns the public one-time keys that are not published yet.
func oneTimeKeys(a *olm.Account) (list []keys.Curve25519) {
	for _, k := range a.UnpublishedOneTimeKeys() {
		list = append(list, k.Key)
	}
	return list
}

// claim makes a one-time key of a and returns it.
func claim(t testing.TB, a *olm.Account) keys.Curve25519 {
	_, err := a.GenerateOneTimeKeys(1)
	require.NoError(t, err)
	list := oneTimeKeys(a)
	return list[len(list)-1]
}

// newOutbound returns a session of a with b, under a new one-time key.
func newOutbound(t testing.TB, a, b *olm.Account) *olm.Session {
	s, err := a.NewOutboundSession(b.IdentityKeys().Curve25519, claim(t, b))
	require.NoError(t, err)
	return s
}

func encrypt(t testing.TB, s *olm.Session, plaintext string) olm.Message {
	t.Helper()
	m, err := s.Encrypt([]byte(plaintext))
	require.NoError(t, err)
	return reparse(t, m)
}

// reparse returns m as its recipient gets it.
func reparse(t testing.TB, m olm.Message) olm.Message {
	t.Helper()
	parsed, err := olm.ParseMessage(m.Type(), m.Body())
	require.NoError(t, err)
	return parsed
}

func decrypts(t testing.TB, s *olm.Session, m olm.Message, plaintext string) {
	t.Helper()
	got, err := s.Decrypt(m)
	require.NoError(t, err)
	require.Equal(t, plaintext, string(got))
}

// inbound returns the session of b that m makes.
func inbound(t testing.TB, b *olm.Account, m olm.Message, plaintext string) *olm.Session {
	t.Helper()
	k, ok := m.SessionKeys()
	require.True(t, ok)
	in, err := b.NewInboundSession(k.IdentityKey, m)
	require.NoError(t, err)
	require.Equal(t, plaintext, string(in.Plaintext))
	return in.Session
}

// conversation is one between Alice, who wrote first, and Bob, who answered.
type conversation struct {
	t                        testing.TB
	aliceAccount, bobAccount *olm.Account
	alice, bob               *olm.Session
}

func newConversation(t testing.TB) *conversation {
	t.Helper()
	c := &conversation{t: t, aliceAccount: newAccount(t, 0), bobAccount: newAccount(t, 0)}
	c.alice = newOutbound(t, c.aliceAccount, c.bobAccount)
	c.bob = inbound(t, c.bobAccount, encrypt(t, c.alice, "hello"), "hello")
	c.say(c.bob, c.alice, "answer")
	return c
}

func (c *conversation) encrypt(s *olm.Session, plaintext []byte) olm.Message {
	c.t.Helper()
	m, err := s.Encrypt(plaintext)
	require.NoError(c.t, err)
	return m
}

func (c *conversation) say(from, to *olm.Session, text string) {
	c.t.Helper()
	decrypts(c.t, to, encrypt(c.t, from, text), text)
}

// turn changes the direction of the conversation twice.
func (c *conversation) turn() {
	c.t.Helper()
	c.say(c.alice, c.bob, "ping")
	c.say(c.bob, c.alice, "pong")
}

// skip encrypts n messages that do not arrive, and returns them.
func (c *conversation) skip(from *olm.Session, n int) (list []olm.Message) {
	c.t.Helper()
	for range n {
		list = append(list, encrypt(c.t, from, "late"))
	}
	return list
}

// rich returns Bob's session with a sender chain, several receiver chains and
// skipped keys in two of them, and the messages that were skipped.
func (c *conversation) rich() (*olm.Session, []olm.Message) {
	c.t.Helper()
	late := c.skip(c.alice, 1)
	c.turn()
	late = append(late, c.skip(c.alice, 2)...)
	c.turn()
	return c.bob, late
}

// tampered returns m with its last byte, of the MAC, changed.
func tampered(t testing.TB, m olm.Message) olm.Message {
	t.Helper()
	b := m.Bytes()
	b[len(b)-1] ^= 1
	f, err := olm.NewMessage(m.Type(), b)
	require.NoError(t, err)
	return f
}

// message parses b, which must be well-formed.
func message(t testing.TB, typ olm.MessageType, b []byte) olm.Message {
	t.Helper()
	m, err := olm.NewMessage(typ, b)
	require.NoError(t, err)
	return m
}

// decryption is a call of Decrypt, for refused.
func decryption(s *olm.Session, m olm.Message) func() error {
	return func() error {
		plaintext, err := s.Decrypt(m)
		return failed(err, plaintext)
	}
}

// failed returns err, and panics when there is one and a result beside it.
func failed(err error, result []byte) error {
	if err != nil && result != nil {
		panic("a plaintext beside an error")
	}
	return err
}

// reopened returns s after a restart of its program.
func reopened(t testing.TB, s *olm.Session) *olm.Session {
	t.Helper()
	b, err := s.Seal(sealKey(t), sealContext)
	require.NoError(t, err)
	again, err := olm.OpenSession(b, sealKey(t), sealContext)
	require.NoError(t, err)
	require.Equal(t, s.State(), again.State())
	return again
}

// reopenedAccount returns a after a restart of its program.
func reopenedAccount(t testing.TB, a *olm.Account) *olm.Account {
	t.Helper()
	b, err := a.Seal(sealKey(t), sealContext)
	require.NoError(t, err)
	again, err := olm.OpenAccount(b, sealKey(t), sealContext)
	require.NoError(t, err)
	require.Equal(t, a.State(), again.State())
	return again
}
