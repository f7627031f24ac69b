package olm_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/olm"
)

// G04: the MAC is right, and the ciphertext is not a number of blocks, on which
// crypto/cipher would panic.
func TestAttack_G04_CiphertextOfAnyLength(t *testing.T) {
	c := newConversation(t)
	for _, n := range []int{0, 1, 15, 17, 31, 33, 47} {
		body := normalBody(olm.SenderRatchetKey(c.bob), 1, make([]byte, n))
		m := cipherOf(t, olm.SenderMessageKey(c.bob, 1)).sign(body, 8)
		err := failtest.Refused(t, receive(c.alice, olm.Normal, m), c.alice)
		require.True(t, n == 0 || errors.Is(err, olm.ErrDecrypt), "%v", err)
	}
}

// G04: pickles under the right key that hold anything. What is read can be used,
// or refuses with an error.
func TestAttack_G04_PicklesOfAnything(t *testing.T) {
	c := newConversation(t)
	c.skip(c.bob, 2)
	c.say(c.bob, c.alice, "last")
	next := encrypt(t, c.bob, "next")
	session, err := c.alice.ExportLibolm(pickleKey)
	require.NoError(t, err)
	account, err := newAccount(t, 2).ExportLibolm(pickleKey)
	require.NoError(t, err)
	use := func(plain []byte) {
		pickle := pickled(plain)
		var s *olm.Session
		var a *olm.Account
		openSession := func() (err error) { s, err = openSessionPickle(pickle); return err }
		openAccount := func() (err error) { a, err = openAccountPickle(pickle); return err }
		if failtest.Guarded(t, openSession) == nil {
			s.Describe()
			s.Decrypt(next)
			s.Encrypt(nil)
			s.Close()
		} else {
			failtest.Refused(t, openSession, failtest.Secret(plain))
		}
		if failtest.Guarded(t, openAccount) == nil {
			a.GenerateOneTimeKeys(1)
			a.MarkAllPublished()
			a.Close()
		} else {
			failtest.Refused(t, openAccount, failtest.Secret(plain))
		}
	}
	for _, good := range [][]byte{unpickled(t, session), unpickled(t, account)} {
		for i := 0; i < len(good); i += stride() {
			use(good[:i])
			for _, b := range []byte{0, 3, 0xff} { // 3 is also a version of accounts
				changed := bytes.Clone(good)
				changed[i] = b
				use(changed)
			}
		}
	}
}

// P40: nothing of a wrong length reaches a primitive, whatever the form says.
func TestAttack_P40_Lengths(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 15, 16, 23, 24, 31, 32, 33, 63, 64, 65} {
		b := []byte(unpadded(make([]byte, n)))
		failtest.RefusedWith(t, olm.ErrPickleKey, func() error { _, err := olm.ImportLibolmAccount(b, pickleKey); return err }, failtest.Input(b))
		failtest.RefusedWith(t, olm.ErrPickleKey, func() error { _, err := olm.ImportLibolmSession(b, pickleKey); return err }, failtest.Input(b))
	}
}

// P41: there are two texts of one value, padded and unpadded, and no third.
func TestAttack_P41_Base64(t *testing.T) {
	alice, bob := newAccount(t, 0), newAccount(t, 0)
	s := newOutbound(t, alice, bob)
	m := encrypt(t, s, "")
	for n := 16; len(m.Bytes())%3 != 1 || !strings.ContainsAny(m.Body(), "+/"); n += 16 {
		m = encrypt(t, s, strings.Repeat("?", n))
	}
	body := m.Body()
	last := len(body) - 1 // holds two bits, and four that must be zero
	trailing := body[:last] + string(body[last]+1)
	padded, err := olm.ParseMessage(olm.PreKey, body+"==")
	require.NoError(t, err)
	require.Equal(t, m.Bytes(), padded.Bytes())
	require.Equal(t, body, padded.Body())
	for _, text := range []string{
		body + "=", body + "===", body + "====", "=" + body, body[:8] + "==" + body[8:], body[:8] + "=" + body[9:],
		body + "\n", body + "\r\n", body + "==\n", "\n" + body, body[:4] + "\n" + body[4:], body[:4] + "\r\n" + body[4:],
		" " + body, body + " ", body[:4] + "\t" + body[4:], body + "\x00", body + "A", body + "é",
		strings.NewReplacer("+", "-", "/", "_").Replace(body), trailing, trailing + "==", "", "=", "==", "====",
		body[:4] + "\x80" + body[5:], body[:4] + "\x00" + body[5:],
	} {
		failtest.RefusedAs[*olm.MalformedError](t, func() error { _, err := olm.ParseMessage(olm.PreKey, text); return err },
			bob, failtest.Input(text))
	}

	for _, f := range storedForms(t)[:2] {
		pickle := string(f.wrap(f.plain))
		require.NoError(t, f.unwrap([]byte(pickle+strings.Repeat("=", (4-len(pickle)%4)%4))))
		for _, text := range []string{pickle[:8] + "\n" + pickle[8:], pickle + "\n", " " + pickle, pickle + "\r\n",
			pickle[:8] + "=" + pickle[8:], pickle[:8] + "-" + pickle[9:], pickle[:8] + "_" + pickle[9:], pickle + "*"} {
			err := failtest.Refused(t, func() error { return f.unwrap([]byte(text)) }, failtest.Input(text))
			require.True(t, isFormError(err), "%v", err)
		}
	}
}
