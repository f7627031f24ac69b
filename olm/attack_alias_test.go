package olm_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// scribble overwrites b up to its capacity, as a caller may who owns it, and
// asserts that nothing was left behind its end.
func scribble(t testing.TB, b []byte) {
	t.Helper()
	tail := b[len(b):cap(b)]
	require.Equal(t, make([]byte, len(tail)), tail, "bytes beyond the end")
	for i := range b[:cap(b)] {
		b[:cap(b)][i] ^= 0xff
	}
}

// P22: what a session returns and takes is the caller's: overwriting it changes
// nothing inside.
func TestAttack_P22_SessionAliases(t *testing.T) {
	c := newConversation(t)
	first := newOutbound(t, c.aliceAccount, c.bobAccount)
	for _, s := range []*olm.Session{c.bob, c.alice, first} {
		plaintext := []byte("plaintext")
		m, err := s.Encrypt(plaintext)
		require.NoError(t, err)
		state, raw, body := s.State(), m.Bytes(), m.Body()
		scribble(t, plaintext)
		scribble(t, m.Bytes())
		scribble(t, m.RatchetKey().Bytes())
		require.Equal(t, raw, m.Bytes())
		require.Equal(t, body, m.Body())
		require.Equal(t, state, s.State())

		in := bytes.Clone(raw)
		parsed, err := olm.NewMessage(m.Type(), in)
		require.NoError(t, err)
		scribble(t, in)
		require.Equal(t, raw, parsed.Bytes())
		if s == c.bob {
			text, err := c.alice.Decrypt(parsed)
			require.NoError(t, err)
			require.Equal(t, "plaintext", string(text))
			require.Equal(t, len(text), cap(text))
			state = c.alice.State()
			scribble(t, text)
			require.Equal(t, state, c.alice.State())
			require.Equal(t, raw, parsed.Bytes(), "decryption changes no message")
		}
	}
}

// P22: an append-style form writes behind what it was given, and there only.
func TestAttack_P22_AppendForms(t *testing.T) {
	c := newConversation(t)
	key := sealKey(t)
	for name, appendForm := range map[string]func(dst []byte) ([]byte, error){
		"AppendEncrypt":       func(dst []byte) ([]byte, error) { b, _, err := c.bob.AppendEncrypt(dst, []byte("text")); return b, err },
		"Session.AppendSeal":  func(dst []byte) ([]byte, error) { return c.bob.AppendSeal(dst, key, sealContext) },
		"Account.AppendSeal":  func(dst []byte) ([]byte, error) { return c.bobAccount.AppendSeal(dst, key, sealContext) },
		"Account.AppendSeal2": func(dst []byte) ([]byte, error) { return c.aliceAccount.AppendSeal(dst, key, nil) },
	} {
		out, err := appendForm(nil)
		require.NoError(t, err, name)
		require.Equal(t, len(out), cap(out), name)
		n := len(out)
		for _, room := range []int{0, 1, n - 1, n, n + 1, 10 * n} {
			array := bytes.Repeat([]byte{0xee}, 3+room)
			out, err := appendForm(array[:3:len(array)])
			require.NoError(t, err, name)
			require.Equal(t, []byte{0xee, 0xee, 0xee}, out[:3], name)
			require.Len(t, out, 3+n, name)
			if room >= n {
				require.Same(t, &array[0], &out[0], "%s: the array that was given has room", name)
				require.Equal(t, bytes.Repeat([]byte{0xee}, room-n), array[3+n:], name)
			} else {
				require.Equal(t, bytes.Repeat([]byte{0xee}, 3+room), array, "%s: the array that was given stays", name)
			}
			for _, secrets := range [][][]byte{c.bob.Secrets(), c.bobAccount.Secrets(), c.aliceAccount.Secrets()} {
				failtest.NoSecret(t, string(array), secrets...)
				failtest.NoSecret(t, string(out), secrets...)
			}
		}
	}
}

// P22: storage forms are copied in and out.
func TestAttack_P22_StorageAliases(t *testing.T) {
	a := newAccount(t, 2)
	_, err := a.GenerateFallbackKey()
	require.NoError(t, err)
	s := newOutbound(t, a, newAccount(t, 0))
	key := bytes.Clone(pickleKey)
	context := bytes.Clone(sealContext)
	for _, value := range []struct {
		subject failtest.Subject
		export  func() ([]byte, error)
		read    func([]byte) (failtest.Subject, error)
	}{
		{a, func() ([]byte, error) { return a.Seal(sealKey(t), context) },
			func(b []byte) (failtest.Subject, error) { return olm.OpenAccount(b, sealKey(t), context) }},
		{s, func() ([]byte, error) { return s.Seal(sealKey(t), context) },
			func(b []byte) (failtest.Subject, error) { return olm.OpenSession(b, sealKey(t), context) }},
		{a, func() ([]byte, error) { return a.ExportLibolm(key) },
			func(b []byte) (failtest.Subject, error) { return olm.ImportLibolmAccount(b, key) }},
		{a, func() ([]byte, error) { return a.ExportLibolmLossy(key) },
			func(b []byte) (failtest.Subject, error) { return olm.ImportLibolmAccount(b, key) }},
		{s, func() ([]byte, error) { return s.ExportLibolm(key) },
			func(b []byte) (failtest.Subject, error) { return olm.ImportLibolmSession(b, key) }},
		{s, func() ([]byte, error) { return s.ExportLibolmLossy(key) },
			func(b []byte) (failtest.Subject, error) { return olm.ImportLibolmSession(b, key) }},
	} {
		state := value.subject.State()
		b, err := value.export()
		require.NoError(t, err)
		require.Equal(t, len(b), cap(b))
		stored := bytes.Clone(b)
		read, err := value.read(stored)
		require.NoError(t, err)
		require.Equal(t, b, stored, "reading changes no input")
		again := read.State()
		scribble(t, stored)
		scribble(t, b)
		require.Equal(t, again, read.State())
		require.Equal(t, state, value.subject.State())
	}
	require.Equal(t, pickleKey, key)
	require.Equal(t, sealContext, context)
}

// P22: an account's lists, keys and signatures are copies.
func TestAttack_P22_AccountAliases(t *testing.T) {
	a := newAccount(t, 3)
	_, err := a.GenerateFallbackKey()
	require.NoError(t, err)
	state := a.State()
	list := a.UnpublishedOneTimeKeys()
	for i := range list {
		list[i] = olm.OneTimeKey{}
	}
	text := []byte("text")
	signature, err := a.Sign(text)
	require.NoError(t, err)
	scribble(t, text)
	ids := a.IdentityKeys()
	for _, b := range [][]byte{signature.Bytes(), ids.Curve25519.Bytes(), ids.Ed25519.Bytes()} {
		scribble(t, b)
	}
	require.NoError(t, ids.Ed25519.Verify([]byte("text"), signature))
	fallback, _ := a.FallbackKey()
	scribble(t, fallback.Key.Bytes())
	named := []keys.ID{keys.NewID(2)}
	require.NoError(t, a.MarkPublished(named...))
	named[0] = keys.ID{}
	require.Len(t, a.UnpublishedOneTimeKeys(), 2)
	require.Equal(t, len(state), len(a.State()))
	require.Equal(t, ids, a.IdentityKeys())
}

// P22: JSON is parsed into copies.
func TestAttack_P22_JSONAliases(t *testing.T) {
	m := encrypt(t, newConversation(t).bob, "text")
	text, err := json.Marshal(m)
	require.NoError(t, err)
	var parsed olm.Message
	require.NoError(t, json.Unmarshal(text, &parsed))
	scribble(t, text[:len(text):len(text)])
	require.Equal(t, m.Bytes(), parsed.Bytes())
	direct, err := m.MarshalJSON()
	require.NoError(t, err)
	require.NoError(t, parsed.UnmarshalJSON(direct))
	scribble(t, direct)
	require.Equal(t, m.Bytes(), parsed.Bytes())
}
