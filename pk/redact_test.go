package pk_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/internal/redactiontest"
	"github.com/chappe-e2ee/chappe/pk"
)

func TestAttack_G05_SecretsDoNotPrint(t *testing.T) {
	k := alice(t)
	m, err := pk.Encrypt(k.PublicKey(), []byte("x"))
	require.NoError(t, err)
	_, err = k.Decrypt(m) // so that it holds its parsed form too
	require.NoError(t, err)
	require.True(t, k.Parsed())
	for _, v := range []any{k, signer(t)} {
		redactiontest.CheckPlaceholder(t, v)
		redactiontest.Check(t, reflect.ValueOf(v).Elem().Interface(), unhex(t, alicePrivate)) // a copy, though vet refuses it
	}
	redactiontest.Check(t, k, unhex(t, alicePrivate))
	redactiontest.Check(t, signer(t), unhex(t, alicePrivate))
}

func TestAttack_G05_SecretsDoNotMarshal(t *testing.T) {
	redactiontest.CheckRefuses(t, alice(t))
	redactiontest.CheckRefuses(t, signer(t))
}

// No error holds a byte of what was read.
func TestAttack_G05_ErrorsHoldNoSecret(t *testing.T) {
	private := unhex(t, alicePrivate)
	text := []byte("dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo")
	mismatch := unhex(t, picklePlain)
	mismatch[4] ^= 1
	newKeyFails(t, pk.NewDecryptionKey, private[:31])
	newKeyFails(t, pk.NewSigningKey, append(private, 0))
	newKeyFails(t, pk.ParseDecryptionKey, text[:42])
	newKeyFails(t, pk.ParseSigningKey, append(text, '!'))
	importFails(t, libolm.Encrypt(mismatch, nil), nil)
	importFails(t, libolm.Encrypt(mismatch[:60], nil), nil)
	importFails(t, text, []byte(alicePrivate))
}
