package backup_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
)

func TestAuthData(t *testing.T) {
	p, _ := privateKeys(t, 20)
	d := local(t, alice, "DEV", 40)
	keysOfD := deviceKeys(t, d)
	bare := authData(t, backupKey(t, 1))
	seed := failtest.Secret(bytes.Repeat([]byte{20}, 32))
	refused := func(is error, call func() error) {
		t.Helper()
		require.ErrorIs(t, mustFail(t, call, seed), is)
	}
	refused(keys.ErrAbsent, func() error { return errOf(backup.NewAuthData(keys.Curve25519{})) })
	refused(keys.ErrAbsent, func() error { return errOf(backup.AuthData{}.VersionBody()) })
	refused(keys.ErrAbsent, func() error { return errOf(json.Marshal(backup.AuthData{})) })
	mustFail(t, func() error { return errOf(bare.Sign(p, curveKey(t, 2))) }, seed)
	mustFail(t, func() error { return errOf(backup.AuthData{}.Sign(p, curveKey(t, 1))) }, seed)
	refused(keys.ErrAbsent, func() error { return errOf(backup.AuthData{}.SignDevice(keysOfD, d.Signer)) })
	refused(crosssigning.ErrSignature, func() error { return errOf(bare.SignDevice(keysOfD, local(t, alice, "DEV", 41).Signer)) })
	boom := errors.New("boom")
	refused(boom, func() error {
		return errOf(bare.SignDevice(keysOfD, signerFunc(func([]byte) (keys.Signature, error) { return keys.Signature{}, boom })))
	})
	require.EqualError(t, mustFail(t, func() error { return errOf(backup.AuthData{}.SignDevice(keysOfD, d.Signer)) }),
		"backup: auth_data: "+keys.ErrAbsent.Error())

	public := curveKey(t, 1).String()
	const form, text, key = "not a signed object of canonical JSON", "public_key is not a string", "public_key is not a Curve25519 key"
	for bad, why := range map[string]string{"": form, "[]": form, "{}": text, `{"public_key":1}`: text, `{"public_key":"AAAA"}`: key, `{"Public_key":"` + public + `"}`: text,
		`{"public_key":"` + public + `","public_key":"` + public + `"}`: form, `{"public_key":"` + public + `","x":1.5}`: form} {
		a := authData(t, backupKey(t, 3))
		mustFail(t, func() error {
			return json.Unmarshal([]byte(`{"a":`+bad+`}`), &struct{ A *backup.AuthData }{&a})
		}, failtest.Input(bad))
		require.Equal(t, authData(t, backupKey(t, 3)), a, "as before")
		require.Equal(t, &backup.MalformedError{What: "backup: auth_data", Why: why},
			mustFail(t, func() error { return errOf(backup.ParseAuthData([]byte(bad))) }, failtest.Input(bad)), bad)
	}
	for _, name := range []string{"user_id", "device_id", "usage", "keys", "key"} {
		a, err := backup.ParseAuthData([]byte(`{"public_key":"` + public + `","` + name + `":{}}`))
		require.NoError(t, err)
		require.ErrorContains(t, mustFail(t, func() error {
			return errOf(a.SignDevice(keysOfD, signerFunc(func([]byte) (keys.Signature, error) { panic("was asked to sign") })))
		}), "has a member of a signed key")
		mustFail(t, func() error { return errOf(a.Sign(p, curveKey(t, 1))) }, seed)
	}
	// What is not known is kept and signed, as the salt of old passphrases.
	a, err := backup.ParseAuthData([]byte(`{"public_key":"` + public + `","private_key_salt":"s","private_key_iterations":500000}`))
	require.NoError(t, err)
	a, err = a.Sign(p, curveKey(t, 1))
	require.NoError(t, err)
	b, err := json.Marshal(a)
	require.NoError(t, err)
	require.Contains(t, string(b), `"private_key_salt":"s"`)
	var again backup.AuthData
	require.NoError(t, json.Unmarshal(b, &again))
	require.Equal(t, a, again)
}

type signerFunc func(message []byte) (keys.Signature, error)

func (f signerFunc) Sign(message []byte) (keys.Signature, error) { return f(message) }
