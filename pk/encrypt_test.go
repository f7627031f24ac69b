package pk_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
)

func TestEncryptAsLibolm(t *testing.T) {
	recipient, err := keys.ParseCurve25519(alicePublic)
	require.NoError(t, err)
	replay(t, unhex(t, bobPrivate))
	m, err := pk.Encrypt(recipient, []byte(vectorPlaintext))
	require.NoError(t, err)
	ciphertext, mac, ephemeral := m.Text()
	require.Equal(t, vectorCiphertext, ciphertext)
	require.Equal(t, vectorMAC, mac)
	require.Equal(t, bobPublic, ephemeral)
}

func TestDecryptAsLibolm(t *testing.T) {
	k := alice(t)
	require.Equal(t, alicePublic, k.PublicKey().String())
	plaintext, err := k.Decrypt(vectorMessage(t))
	require.NoError(t, err)
	require.Equal(t, vectorPlaintext, string(plaintext))

	// libolm answers BAD_MESSAGE_MAC.
	m, err := pk.ParseMessage(vectorCiphertext, "A"+vectorMAC[1:], bobPublic)
	require.NoError(t, err)
	require.ErrorIs(t, decryptFails(t, k, m), pk.ErrDecrypt)
}

func TestGenerateDecryptionKeyTakesLibolmsBytes(t *testing.T) {
	replay(t, unhex(t, alicePrivate))
	k, err := pk.GenerateDecryptionKey()
	require.NoError(t, err)
	require.Equal(t, alicePublic, k.PublicKey().String())
	private, err := k.Secret()
	require.NoError(t, err)
	require.Equal(t, unhex(t, alicePrivate), private[:])
}

func TestRoundTripOfEveryLength(t *testing.T) {
	k := alice(t)
	for n := range 100 {
		plaintext := bytes.Repeat([]byte{0xed}, n)
		m := encrypt(t, k.PublicKey(), plaintext)
		require.Len(t, m.Ciphertext, n/16*16+16)
		got, err := k.Decrypt(m)
		require.NoError(t, err)
		require.True(t, bytes.Equal(plaintext, got))
	}
}

func TestEncryptDrawsAnEphemeralKeyEachTime(t *testing.T) {
	k := alice(t)
	seen := map[keys.Curve25519]bool{}
	for range 10 {
		m := encrypt(t, k.PublicKey(), nil)
		require.False(t, seen[m.Ephemeral])
		seen[m.Ephemeral] = true
	}
}

func TestEncryptRefuses(t *testing.T) {
	fails := func(to keys.Curve25519, plaintext []byte) error {
		return mustFail(t, func() error {
			m, err := pk.Encrypt(to, plaintext)
			require.True(t, m.IsZero())
			return err
		}, failtest.Input(plaintext))
	}
	require.ErrorIs(t, fails(keys.Curve25519{}, []byte("x")), keys.ErrAbsent)
	require.ErrorIs(t, fails(alice(t).PublicKey(), make([]byte, pk.MaxPlaintextSize+1)), pk.ErrTooLong)
}

func TestLongestPlaintext(t *testing.T) {
	k := alice(t)
	plaintext := make([]byte, pk.MaxPlaintextSize)
	m := encrypt(t, k.PublicKey(), plaintext)
	ciphertext, mac, ephemeral := m.Text()
	m, err := pk.ParseMessage(ciphertext, mac, ephemeral)
	require.NoError(t, err)
	got, err := k.Decrypt(m)
	require.NoError(t, err)
	require.True(t, bytes.Equal(plaintext, got))
}

// The failures that secret bytes decide are one and the same error, and leave
// the key as it was.
func TestDecryptFailuresAreOpaque(t *testing.T) {
	k := alice(t)
	m := encrypt(t, k.PublicKey(), bytes.Repeat([]byte{'x'}, 20)) // padding of 12
	texts := map[string]bool{}
	fail := func(m pk.Message) {
		t.Helper()
		err := decryptFails(t, k, m)
		require.ErrorIs(t, err, pk.ErrDecrypt)
		texts[err.Error()] = true
	}

	for bit := range 8 * pk.MACSize {
		bad := m
		bad.MAC[bit/8] ^= 1 << (bit % 8)
		fail(bad)
	}
	// A flip in the first block flips the padding byte, here to every value
	// but 12. libolm checks no more than that it is at most 32.
	for x := 1; x < 256; x++ {
		bad := m
		bad.Ciphertext = bytes.Clone(m.Ciphertext)
		bad.Ciphertext[15] ^= byte(x)
		if 12^x == 1 {
			_, err := k.Decrypt(bad)
			require.NoError(t, err) // right: one byte of padding
			continue
		}
		fail(bad)
	}
	// Another byte of the padding.
	bad := m
	bad.Ciphertext = bytes.Clone(m.Ciphertext)
	bad.Ciphertext[10] ^= 1
	fail(bad)
	// Another key.
	other, err := pk.GenerateDecryptionKey()
	require.NoError(t, err)
	bad = m
	bad.Ephemeral = other.PublicKey()
	fail(bad)
	require.ErrorIs(t, decryptFails(t, other, m), pk.ErrDecrypt)
	require.Len(t, texts, 1)
}

// The weakness that the package comment warns of is there: it is the format.
func TestCiphertextIsMalleable(t *testing.T) {
	k := alice(t)
	plaintext := bytes.Repeat([]byte("0123456789abcdef"), 3)
	m := encrypt(t, k.PublicKey(), plaintext)
	m.Ciphertext[16] ^= '0' ^ 'X' // second block: garbles it, alters the third
	got, err := k.Decrypt(m)
	require.NoError(t, err)
	require.Equal(t, plaintext[:16], got[:16])
	require.NotEqual(t, plaintext[16:32], got[16:32])
	require.Equal(t, "X123456789abcdef", string(got[32:48]))
}

// The MAC is that of no bytes, under the keys of the whole cipher.
func TestMACCoversNothing(t *testing.T) {
	k := alice(t)
	m := encrypt(t, k.PublicKey(), []byte("secret"))
	private, err := curve.ParsePrivateKey((*[32]byte)(unhex(t, alicePrivate)))
	require.NoError(t, err)
	var shared [32]byte
	ephemeral := m.Ephemeral.Array()
	require.NoError(t, private.Agree(shared[:], &ephemeral))
	var c aessha2.Cipher
	c.Derive(shared[:], "")
	require.Equal(t, c.MAC(nil), m.MAC)
	require.NotEqual(t, c.MAC(m.Ciphertext), m.MAC)

	m.MAC = c.MAC(m.Ciphertext) // what the specification meant
	require.ErrorIs(t, decryptFails(t, k, m), pk.ErrDecrypt)
}

func TestDecryptRefusesWhatCannotBeAMessage(t *testing.T) {
	k := alice(t)
	require.ErrorIs(t, decryptFails(t, k, pk.Message{}), keys.ErrAbsent)
	m := vectorMessage(t)
	m.Ephemeral = keys.Curve25519{}
	require.ErrorIs(t, decryptFails(t, k, m), keys.ErrAbsent)
	for n := range 16 {
		m := vectorMessage(t)
		m.Ciphertext = m.Ciphertext[:n]
		requireMalformed(t, decryptFails(t, k, m), "ciphertext")
	}
	m = vectorMessage(t)
	m.Ciphertext = make([]byte, pk.MaxPlaintextSize+32)
	requireMalformed(t, decryptFails(t, k, m), "too long")
}

func TestDecryptionKeyForms(t *testing.T) {
	private := unhex(t, alicePrivate)
	k, err := pk.NewDecryptionKey(private)
	require.NoError(t, err)
	clear(private) // the key is a copy
	text, err := k.SecretText()
	require.NoError(t, err)
	require.Len(t, text, 43)
	for _, form := range [][]byte{text, append(bytes.Clone(text), '=')} {
		again, err := pk.ParseDecryptionKey(form)
		require.NoError(t, err)
		require.Equal(t, k.State(), again.State())
	}
	got, err := k.Secret()
	require.NoError(t, err)
	require.Equal(t, unhex(t, alicePrivate), got[:])
	clear(got[:])
	require.Contains(t, string(k.State()), alicePrivate)
}

func TestNewDecryptionKeyRefuses(t *testing.T) {
	for n := range 70 {
		if n == pk.PrivateKeySize {
			continue
		}
		b := bytes.Repeat([]byte{0xc5, 0x17}, 35)[:n]
		require.ErrorIs(t, newKeyFails(t, pk.NewDecryptionKey, b), keys.ErrLength)
	}
	require.ErrorIs(t, newKeyFails(t, pk.NewDecryptionKey, make([]byte, pk.PrivateKeySize)), keys.ErrAbsent)
	require.ErrorIs(t, newKeyFails(t, pk.ParseDecryptionKey, bytes.Repeat([]byte{'A'}, 43)), keys.ErrAbsent)
	for text, want := range badSecretTexts {
		require.ErrorIs(t, newKeyFails(t, pk.ParseDecryptionKey, []byte(text)), want, "%q", text)
	}
}

// newKeyFails makes a key, which must fail.
func newKeyFails[T any](t testing.TB, newKey func([]byte) (*T, error), b []byte) error {
	t.Helper()
	return mustFail(t, func() error {
		k, err := newKey(b)
		require.Nil(t, k)
		return err
	}, failtest.Secret(b))
}

var badSecretTexts = map[string]error{
	"":      keys.ErrLength,
	"AAAA":  keys.ErrLength,
	"AAAAA": keys.ErrBase64,
	"dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LC":    keys.ErrLength,
	"dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo==": keys.ErrBase64,
	"dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCp":   keys.ErrBase64, // a trailing bit
	"dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25L\no":  keys.ErrBase64,
	"dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25L-o":   keys.ErrBase64,
}

func TestClosedDecryptionKey(t *testing.T) {
	m := vectorMessage(t)
	closed := alice(t)
	public := closed.PublicKey()
	_, err := closed.Decrypt(m) // parses the key
	require.NoError(t, err)
	require.True(t, closed.Parsed())
	closed.Close()
	closed.Close()
	require.False(t, closed.Parsed())
	require.Equal(t, public, closed.PublicKey())
	require.NotContains(t, string(closed.State()), alicePrivate)
	zero := new(pk.DecryptionKey)
	zero.Close()
	for _, k := range []*pk.DecryptionKey{closed, zero, new(pk.DecryptionKey)} {
		require.ErrorIs(t, decryptFails(t, k, m), pk.ErrClosed)
		for _, call := range []func() error{
			func() error { b, err := k.Secret(); require.Zero(t, b); return err },
			func() error { _, err := k.SecretText(); return err },
			func() error { _, err := k.ExportLibolm(nil); return err },
		} {
			require.ErrorIs(t, mustFail(t, call, k), pk.ErrClosed)
		}
	}
}

func TestDecryptionKeyIsSafeForConcurrentUse(t *testing.T) {
	k := alice(t)
	m := vectorMessage(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if _, err := k.Decrypt(m); err != nil && !errors.Is(err, pk.ErrClosed) {
					t.Error(err)
				}
				k.SecretText()
				k.ExportLibolm(nil)
			}
		})
	}
	wg.Go(k.Close)
	wg.Wait()
}
