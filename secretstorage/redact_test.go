package secretstorage_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/redactiontest"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// secrets are those of these tests.
func secrets(t testing.TB) [][]byte {
	t.Helper()
	return [][]byte{unhex(t, knownKey), unhex(t, seed), unhex(t, backupPrivate)}
}

func privateKey(t testing.TB) *secretstorage.PrivateKey {
	t.Helper()
	k := confirmed(t)
	sealed, err := k.SealPrivateKey(secretstorage.MasterKey, unhex(t, seed))
	require.NoError(t, err)
	p, err := k.OpenSigningKey(secretstorage.MasterKey, sealed, seedPublic(t))
	require.NoError(t, err)
	return p
}

func TestAttack_G05_SecretsDoNotPrint(t *testing.T) {
	for _, v := range []any{confirmed(t), privateKey(t)} {
		redactiontest.CheckPlaceholder(t, v)
		redactiontest.Check(t, reflect.ValueOf(v).Elem().Interface(), secrets(t)...) // a copy, though vet refuses it
	}
	redactiontest.Check(t, confirmed(t), secrets(t)...)
	redactiontest.Check(t, privateKey(t), secrets(t)...)
}

// Nor where a caller's unexported field reaches the key in other ways. Under a
// verb that does not fit a pointer, fmt prints what the pointer points to.
func TestAttack_G05_SecretsDoNotPrintInside(t *testing.T) {
	key, private := confirmed(t), privateKey(t)
	for _, verb := range "vsdqxXbcoOUeEfFgGtpT" {
		for _, flag := range []string{"", "+", "#"} {
			for _, v := range []any{
				struct{ k **secretstorage.Key }{&key}, &struct{ k []*secretstorage.Key }{[]*secretstorage.Key{key}},
				struct{ k **secretstorage.PrivateKey }{&private}, struct{ k map[string]any }{map[string]any{"x": private}},
			} {
				redactiontest.CheckText(t, fmt.Sprintf("%"+flag+string(verb), v), secrets(t)...)
			}
		}
	}
}

func TestAttack_G05_SecretsDoNotMarshal(t *testing.T) {
	redactiontest.CheckRefuses(t, confirmed(t))
	redactiontest.CheckRefuses(t, privateKey(t))
}

// No error holds a byte of what was read.
func TestAttack_G05_ErrorsHoldNoSecret(t *testing.T) {
	newKeyFails(t, unhex(t, knownKey)[:31])
	newKeyFails(t, append(unhex(t, knownKey), 0))
	for _, text := range []string{knownRecoveryKey[:58], knownRecoveryKey[:58] + "0", knownRecoveryKey[:58] + "e"} {
		recoveryKeyFails(t, text)
	}
	passphrase := failtest.Secret("correct horse")
	mustFail(t, func() error { _, err := secretstorage.PBKDF2{Iterations: 1}.Key(passphrase); return err }, passphrase)
	k, private := confirmed(t), unhex(t, seed)
	keyFails(t, k, func() error { _, err := k.SealPrivateKey(secretstorage.MasterKey, private[:31]); return err })
	keyFails(t, k, func() error { _, err := k.SealPrivateKey("x", private); return err })
	keyFails(t, k, func() error { _, err := k.Seal(secretstorage.MasterKey, private); return err })
}
