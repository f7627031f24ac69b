package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

func (t *tool) recoveryKeyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "recovery-key",
		Short: "Make and check recovery keys",
		Args:  cobra.NoArgs,
		RunE:  needSubcommand,
	}
	c.AddCommand(t.newKeyCommand(), t.checkKeyCommand())
	return c
}

func (t *tool) newKeyCommand() *cobra.Command {
	var out string
	var force bool
	c := &cobra.Command{
		Use:   "new",
		Short: "Make a recovery key",
		Long: `Make a new random recovery key and print it, with the public key that it has as
the key of a backup. With -o, the key goes into a file that its owner only can
read, and is not printed.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return t.newKey(out, force) },
	}
	c.Flags().StringVarP(&out, "output", "o", "", "file to write the key to")
	c.Flags().BoolVar(&force, "force", false, "overwrite the output if it exists")
	hintFiles(c, "output")
	return c
}

// A newKey is what recovery-key new says in JSON.
type newKey struct {
	RecoveryKey json.RawMessage `json:"recovery_key,omitempty"` // without -o
	Output      string          `json:"output,omitempty"`
	PublicKey   string          `json:"public_key"`
}

func (t *tool) newKey(path string, force bool) error {
	if path != "" {
		if err := checkOutput(path, force); err != nil {
			return err
		}
	}
	key := secretstorage.GenerateKey()
	defer key.Close()
	text, err := key.RecoveryKey()
	if err != nil {
		return err
	}
	t.secrets.keep(text)
	public, err := publicKey(key)
	if err != nil {
		return err
	}
	found := newKey{Output: path, PublicKey: public}
	switch {
	case path != "":
		if err := writeSecret(path, force, text); err != nil {
			return err
		}
		if !t.json {
			return t.print("%s: wrote a recovery key\npublic key of a backup with it: %s", printable(path), public)
		}
	case t.json:
		found.RecoveryKey = t.secrets.keep(fmt.Appendf(nil, `"%s"`, text)) // letters, digits and spaces
	default:
		return t.print("%s\npublic key of a backup with it: %s", text, public)
	}
	return t.printJSON(found)
}

func writeSecret(path string, force bool, text []byte) error {
	out, err := createOutput(path, force)
	if err != nil {
		return err
	}
	defer out.abandon()
	if _, err := out.Write(append(text[:len(text):len(text)], '\n')); err != nil {
		return err
	}
	return out.commit()
}

// publicKey returns the public key that a recovery key has as a backup's.
func publicKey(key *secretstorage.Key) (string, error) {
	private, err := key.Secret()
	if err != nil {
		return "", err
	}
	defer secret.Wipe(private[:])
	decryption, err := pk.NewDecryptionKey(private[:])
	if err != nil {
		return "", err
	}
	defer decryption.Close()
	return decryption.PublicKey().String(), nil
}

func (t *tool) checkKeyCommand() *cobra.Command {
	var file, authData, description string
	c := &cobra.Command{
		Use:   "check",
		Short: "Say whether a recovery key is well-formed, and the right one",
		Long: `Say whether a recovery key is well-formed, which its parity byte shows, and
which public key it has as the key of a backup. It is asked for without echo.

With --auth-data, it is compared with a backup: the answer to GET
/_matrix/client/v3/room_keys/version, or its auth_data. With --description, it is
checked against the description of a key of secret storage: the account data of
type m.secret_storage.key.ID. A wrong key ends with exit code 4.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return t.checkKey(c.Context(), file, authData, description)
		},
	}
	f := c.Flags()
	f.StringVar(&file, "recovery-key-file", "", "file whose first line is the recovery key")
	f.StringVar(&authData, "auth-data", "", "JSON file with the backup's version or auth_data")
	f.StringVar(&description, "description", "", "JSON file with the description of the key in account data")
	hintFiles(c, "recovery-key-file")
	hintFiles(c, "auth-data", "json")
	hintFiles(c, "description", "json")
	return c
}

// A keyCheck is what recovery-key check says in JSON.
type keyCheck struct {
	WellFormed  bool   `json:"well_formed"`
	PublicKey   string `json:"public_key"`
	AuthData    string `json:"auth_data,omitempty"`   // "right", with --auth-data
	Description string `json:"description,omitempty"` // "right" or "cannot-check", with --description
}

func (t *tool) checkKey(ctx context.Context, file, authData, description string) error {
	text, err := t.recoveryKeyText(ctx, file)
	if err != nil {
		return err
	}
	key, err := secretstorage.ParseRecoveryKey(text)
	if err != nil {
		return recoveryKeyError(err)
	}
	defer key.Close()
	found := keyCheck{WellFormed: true}
	if found.PublicKey, err = publicKey(key); err != nil {
		return err
	}
	if authData != "" {
		auth, err := readAuthData(authData)
		if err != nil {
			return err
		}
		if auth.PublicKey().String() != found.PublicKey {
			return failf(exitKey, "%s: not the key of this backup", authData)
		}
		found.AuthData = "right"
	}
	if description != "" {
		err := checkDescription(description, key)
		if err != nil && !errors.Is(err, secretstorage.ErrCannotCheck) {
			return err
		}
		found.Description = "right"
		if err != nil {
			found.Description = "cannot-check"
		}
	}
	if err := t.showKeyCheck(found); err != nil {
		return err
	}
	if found.Description == "cannot-check" {
		return failf(exitPartial, "%s: holds nothing that the key could be checked with", description)
	}
	return nil
}

func (t *tool) showKeyCheck(k keyCheck) error {
	if t.json {
		return t.printJSON(k)
	}
	err := t.print("The recovery key is well-formed.\npublic key of a backup with it: %s", k.PublicKey)
	if err == nil && k.AuthData == "right" {
		err = t.print("It is the key of this backup.")
	}
	if err == nil && k.Description == "right" {
		err = t.print("It is the key of secret storage that is described.")
	}
	return err
}
