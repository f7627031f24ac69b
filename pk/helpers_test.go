package pk_test

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
)

// The values of libolm 3.2.13, tests/test_pk.cpp: lines 14 (encryption), 97
// (pickle), 145 (pickle with a byte too many), 197 (signing).
const (
	alicePrivate = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
	alicePublic  = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo"
	bobPrivate   = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"
	bobPublic    = "3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08"

	vectorPlaintext  = "This is a test"
	vectorCiphertext = "ntk49j/KozVFtSqJXhCejg"
	vectorMAC        = "zpzU6BkZcNI"

	pickleKey   = "secret_key"
	pickle      = "qx37WTQrjZLz5tId/uBX9B3/okqAbV1ofl9UnHKno1eipByCpXleAAlAZoJgYnCDOQZDQWzo3luTSfkF9pU1mOILCbbouubs6TVeDyPfgGD9i86J8irHjA"
	picklePlain = "000000018520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a" + alicePrivate
	pickleJunk  = "qx37WTQrjZLz5tId/uBX9B3/okqAbV1ofl9UnHKno1eipByCpXleAAlAZoJgYnCDOQZDQWzo3luTSfkF9pU1mCtFT96anXkgLh+uNRON8ohsqMeKGFlw9g"

	signingPublic    = "0KTOwPi1C6HpNuxWFUVKqX37J4ZPXxdgivLLsQVI8bM"
	signingMessage   = "We hold these truths to be self-evident, that all men are created equal, that they are endowed by their Creator with certain unalienable Rights, that among these are Life, Liberty and the pursuit of Happiness."
	signingSignature = "cA6ncqBGHM0ZXvDBmCgRj2S7JLheXQDwnnMEpkz6l9JFEa4JSWDouruJmd4akou/WG6YyuEZMtbd87ecC9hACw"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func alice(t testing.TB) *pk.DecryptionKey {
	t.Helper()
	k, err := pk.NewDecryptionKey(unhex(t, alicePrivate))
	require.NoError(t, err)
	return k
}

func vectorMessage(t testing.TB) pk.Message {
	t.Helper()
	m, err := pk.ParseMessage(vectorCiphertext, vectorMAC, bobPublic)
	require.NoError(t, err)
	return m
}

func encrypt(t testing.TB, to keys.Curve25519, plaintext []byte) pk.Message {
	t.Helper()
	m, err := pk.Encrypt(to, plaintext)
	require.NoError(t, err)
	return m
}

// mustFail is failtest.Refused for a call that meets the keys above.
func mustFail(t testing.TB, call func() error, subjects ...failtest.Subject) error {
	t.Helper()
	for _, s := range []string{alicePrivate, bobPrivate} {
		subjects = append(subjects, failtest.Secret(unhex(t, s)))
	}
	return failtest.Refused(t, call, subjects...)
}

// decryptFails decrypts a message, which must fail.
func decryptFails(t testing.TB, k *pk.DecryptionKey, m pk.Message) error {
	t.Helper()
	return mustFail(t, func() error {
		plaintext, err := k.Decrypt(m)
		require.Nil(t, plaintext)
		return err
	}, k, failtest.Input(m.Ciphertext))
}

// importFails imports a pickle, which must fail.
func importFails(t testing.TB, pickle, key []byte) error {
	t.Helper()
	return mustFail(t, func() error {
		k, err := pk.ImportLibolmDecryptionKey(pickle, key)
		require.Nil(t, k)
		return err
	}, failtest.Input(pickle), failtest.Secret(key))
}

// textFails parses a message, which must fail and leave the one there was.
func textFails(t testing.TB, text string) error {
	t.Helper()
	m := vectorMessage(t)
	err := mustFail(t, func() error { return m.UnmarshalJSON([]byte(text)) }, failtest.Input(text))
	require.Equal(t, vectorMessage(t), m, text)
	return err
}

func requireMalformed(t testing.TB, err error, why string) {
	t.Helper()
	var malformed *pk.MalformedError
	require.ErrorAs(t, err, &malformed)
	require.Contains(t, malformed.Why, why)
	require.Contains(t, err.Error(), "pk: ")
}

// replay makes crypto/rand return b, and afterwards fails the test unless it was
// taken in one read.
func replay(t *testing.T, b []byte) {
	t.Helper()
	r := &onceReader{b: b}
	old := rand.Reader
	rand.Reader = r
	t.Cleanup(func() {
		rand.Reader = old
		require.Equal(t, 1, r.reads)
	})
}

type onceReader struct {
	b     []byte
	reads int
}

var _ io.Reader = (*onceReader)(nil)

func (r *onceReader) Read(p []byte) (int, error) {
	if len(p) != len(r.b) {
		return 0, errors.New("not as many bytes as libolm takes")
	}
	r.reads++
	return copy(p, r.b), nil
}
