package secretstorage_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// elementStorage is account data that Element's client library matrix-js-sdk wrote:
// interop/element makes testdata/element, and holds it against that library.
// made_by in the files says which version.
type elementStorage struct {
	Recovery   string                     `json:"recovery"`
	Passphrase string                     `json:"passphrase"`
	Data       map[string]json.RawMessage `json:"data"`
	Secrets    map[string]string          `json:"secrets"`
	Refused    []elementFlip              `json:"refused"` // the library notices
	Unseen     []elementFlip              `json:"unseen"`  // it reads something else
}

// elementFlip is a flip of the lowest bit of one byte. Path leads to a text in
// base64.
type elementFlip struct {
	What string   `json:"what"`
	Path []string `json:"path"`
	At   int      `json:"at"`
}

// apply returns account data with the flip.
func (f elementFlip) apply(t *testing.T, data map[string]json.RawMessage) map[string]json.RawMessage {
	t.Helper()
	text, err := json.Marshal(data)
	require.NoError(t, err)
	var root map[string]any
	require.NoError(t, json.Unmarshal(text, &root))
	in, last := root, len(f.Path)-1
	for _, name := range f.Path[:last] {
		in = in[name].(map[string]any)
	}
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(in[f.Path[last]].(string), "="))
	require.NoError(t, err)
	raw[f.At] ^= 1
	in[f.Path[last]] = base64.StdEncoding.EncodeToString(raw)
	text, err = json.Marshal(root)
	require.NoError(t, err)
	var out map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &out))
	return out
}

// defaultKey returns the default key's id and description.
func defaultKey(t *testing.T, data map[string]json.RawMessage) (string, secretstorage.Description) {
	t.Helper()
	var first secretstorage.DefaultKey
	require.NoError(t, first.UnmarshalJSON(data[secretstorage.DefaultKeyType]))
	d, err := secretstorage.ParseDescription(data[secretstorage.DescriptionTypePrefix+first.KeyID])
	require.NoError(t, err)
	return first.KeyID, d
}

// open reads a secret. Private keys are read with their public keys.
func (v elementStorage) open(t *testing.T, key *secretstorage.Key, data map[string]json.RawMessage, name string) (string, error) {
	t.Helper()
	id, _ := defaultKey(t, data)
	stored, err := secretstorage.ParseStoredSecret(data[name])
	require.NoError(t, err)
	sealed, err := stored.Under(id)
	require.NoError(t, err)
	var private *secretstorage.PrivateKey
	switch name {
	case secretstorage.MasterKey, secretstorage.SelfSigningKey, secretstorage.UserSigningKey:
		k, err := pk.ParseSigningKey([]byte(v.Secrets[name]))
		require.NoError(t, err)
		private, err = key.OpenSigningKey(name, sealed, k.PublicKey())
		if err != nil {
			return "", err
		}
	case secretstorage.BackupKey:
		k, err := pk.ParseDecryptionKey([]byte(v.Secrets[name]))
		require.NoError(t, err)
		private, err = key.OpenBackupKey(sealed, k.PublicKey())
		if err != nil {
			return "", err
		}
	default:
		text, err := key.Open(name, sealed)
		return string(text), err
	}
	secret, err := private.Secret()
	return base64.RawStdEncoding.EncodeToString(secret[:]), err
}

func TestElementStorage(t *testing.T) {
	files, err := filepath.Glob("testdata/element/*.json")
	require.NoError(t, err)
	require.Len(t, files, 2)
	passphrases := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var v elementStorage
		require.NoError(t, json.Unmarshal(text, &v))
		key, err := secretstorage.ParseRecoveryKey([]byte(v.Recovery))
		require.NoError(t, err)
		_, d := defaultKey(t, v.Data)
		require.NoError(t, d.Check(key))
		if v.Passphrase != "" {
			passphrases++
			p, err := d.Passphrase()
			require.NoError(t, err)
			derived, err := p.Key([]byte(v.Passphrase))
			require.NoError(t, err)
			recovery, err := derived.RecoveryKey()
			require.NoError(t, err)
			require.Equal(t, v.Recovery, string(recovery))
			wrong, err := p.Key([]byte(v.Passphrase + "x"))
			require.NoError(t, err)
			require.ErrorIs(t, keyFails(t, wrong, func() error { return d.Check(wrong) }), secretstorage.ErrWrongKey)
		}
		require.Len(t, v.Secrets, 5)
		for name, want := range v.Secrets {
			got, err := v.open(t, key, v.Data, name)
			require.NoError(t, err, name)
			require.Equal(t, strings.TrimRight(want, "="), got, name)
		}

		require.NotEmpty(t, v.Refused)
		for _, f := range v.Refused {
			altered := f.apply(t, v.Data)
			if strings.HasPrefix(f.Path[0], secretstorage.DescriptionTypePrefix) {
				_, d := defaultKey(t, altered)
				require.ErrorIs(t, keyFails(t, key, func() error { return d.Check(key) }), secretstorage.ErrWrongKey, f.What)
				continue
			}
			err := keyFails(t, key, func() error { _, err := v.open(t, key, altered, f.Path[0]); return err })
			require.ErrorIs(t, err, secretstorage.ErrOpen, f.What)
		}
		// No MAC covers an IV: the public key shows it.
		require.NotEmpty(t, v.Unseen)
		for _, f := range v.Unseen {
			altered := f.apply(t, v.Data)
			err := keyFails(t, key, func() error { _, err := v.open(t, key, altered, f.Path[0]); return err })
			requireMismatch(t, f.Path[0], err)
		}
	}
	require.Equal(t, 1, passphrases)
}
