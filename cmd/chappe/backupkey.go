package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// maxAccountData is the length in bytes of the longest piece of account data, or
// of auth_data, that is read.
const maxAccountData = 2 << 20

// backupKeyFlags say where the decryption key of a backup comes from.
type backupKeyFlags struct {
	recoveryKey string // file with the recovery key
	authData    string
	secret      string // account data m.megolm_backup.v1
	description string // account data m.secret_storage.key.ID
}

func (b *backupKeyFlags) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&b.recoveryKey, "recovery-key-file", "", "file whose first line is the recovery key")
	f.StringVar(&b.authData, "auth-data", "", "JSON file with the backup's version or auth_data, to check the key against")
	f.StringVar(&b.secret, "secret", "", "JSON file with the account data m.megolm_backup.v1, if the recovery key is that of secret storage")
	f.StringVar(&b.description, "description", "", "JSON file with the account data that describes the key of secret storage")
	hintFiles(c, "recovery-key-file")
	for _, flag := range []string{"auth-data", "secret", "description"} {
		hintFiles(c, flag, "json")
	}
}

func (b *backupKeyFlags) check() error {
	switch {
	case b.secret != "" && b.authData == "":
		return failf(exitUsage, "--secret needs --auth-data: the key that lies there is checked against it")
	case b.description != "" && b.secret == "":
		return failf(exitUsage, "--description is for --secret")
	}
	return nil
}

// backupKey returns the decryption key of the backup, checked as far as the flags
// allow.
func (t *tool) backupKey(ctx context.Context, b backupKeyFlags) (*pk.DecryptionKey, error) {
	var auth backup.AuthData
	var err error
	if b.authData != "" {
		if auth, err = readAuthData(b.authData); err != nil {
			return nil, err
		}
	}
	text, err := t.recoveryKeyText(ctx, b.recoveryKey)
	if err != nil {
		return nil, err
	}
	if b.secret != "" {
		return openBackupKey(text, b, auth)
	}
	key, err := backup.ParseRecoveryKey(text)
	if err != nil {
		return nil, recoveryKeyError(err)
	}
	if !auth.IsZero() {
		if err := auth.CheckKey(key); err != nil {
			key.Close()
			return nil, fmt.Errorf("%s: %w", b.authData, err)
		}
	}
	return key, nil
}

func (t *tool) recoveryKeyText(ctx context.Context, file string) ([]byte, error) {
	return t.secret(ctx, secretSource{file: file, flag: "--recovery-key-file", what: "Recovery key"})
}

// recoveryKeyError is a key that was typed wrong, and no damaged file.
func recoveryKeyError(err error) error { return failf(exitKey, "%w", err) }

// openBackupKey takes the backup's key out of secret storage.
func openBackupKey(text []byte, b backupKeyFlags, auth backup.AuthData) (*pk.DecryptionKey, error) {
	key, err := secretstorage.ParseRecoveryKey(text)
	if err != nil {
		return nil, recoveryKeyError(err)
	}
	defer key.Close()
	if b.description != "" {
		if err := checkDescription(b.description, key); err != nil && !errors.Is(err, secretstorage.ErrCannotCheck) {
			return nil, err
		}
	}
	content, err := accountData(b.secret)
	if err != nil {
		return nil, err
	}
	stored, err := secretstorage.ParseStoredSecret(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.secret, err)
	}
	result := failf(exitDamaged, "the secret is stored under no key")
	for _, id := range stored.KeyIDs() { // of which the recovery key opens one
		var sealed secretstorage.Sealed
		if sealed, result = stored.Under(id); result != nil {
			continue
		}
		var opened *secretstorage.PrivateKey
		if opened, result = key.OpenBackupKey(sealed, auth.PublicKey()); result != nil {
			continue
		}
		defer opened.Close()
		private, err := opened.Secret()
		if err != nil {
			return nil, err
		}
		defer secret.Wipe(private[:])
		return pk.NewDecryptionKey(private[:])
	}
	return nil, fmt.Errorf("%s: %w", b.secret, result)
}

// checkDescription returns nil when a file describes the key.
func checkDescription(path string, key *secretstorage.Key) error {
	content, err := accountData(path)
	if err != nil {
		return err
	}
	description, err := secretstorage.ParseDescription(content)
	if err == nil {
		err = description.Check(key)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// readAuthData reads the answer to GET /room_keys/version, or the auth_data in it.
func readAuthData(path string) (backup.AuthData, error) {
	text, err := smallFile(path)
	if err != nil {
		return backup.AuthData{}, err
	}
	if m, err := parseMembers(text); err == nil && m["auth_data"] != nil {
		version, err := backup.ParseVersion(text)
		if err != nil {
			return backup.AuthData{}, fmt.Errorf("%s: %w", path, err)
		}
		return version.AuthData, nil
	}
	auth, err := backup.ParseAuthData(text)
	if err != nil {
		return backup.AuthData{}, fmt.Errorf("%s: %w", path, err)
	}
	return auth, nil
}

// accountData reads the content of account data, which may stand in its event.
func accountData(path string) (json.RawMessage, error) {
	text, err := smallFile(path)
	if err != nil {
		return nil, err
	}
	m, err := parseMembers(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if content := m["content"]; len(content) > 0 && content[0] == '{' {
		return content, nil
	}
	return text, nil
}

// smallFile reads a file of account data or the like.
func smallFile(path string) ([]byte, error) {
	f, size, err := inputFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > maxAccountData {
		return nil, failf(exitDamaged, "%s is too large", path)
	}
	return io.ReadAll(io.LimitReader(f, maxAccountData))
}
