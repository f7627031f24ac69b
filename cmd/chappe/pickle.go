package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/pk"
)

// maxPickle is the length in bytes of the longest pickle that is read: an account
// with all its keys has some 20 KB.
const maxPickle = 16 << 20

func (t *tool) pickleCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "pickle",
		Short: "Look into libolm's pickles",
		Args:  cobra.NoArgs,
		RunE:  needSubcommand,
	}
	c.AddCommand(t.inspectPickleCommand())
	return c
}

func (t *tool) inspectPickleCommand() *cobra.Command {
	var keyFile, kind string
	var noKey bool
	c := &cobra.Command{
		Use:   "inspect PICKLE",
		Short: "Print what is public in a pickle of libolm or goolm",
		Long: `Print what is public in a pickle of libolm or goolm: an account, a session, an
inbound or outbound group session, or a decryption key of PkDecryption. PICKLE is
a file with its base64 text.

The pickle key may be of any bytes: --pickle-key-file is the whole file, without
one newline at its end. Some programs take none: --no-pickle-key.`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: fileArgs(),
		RunE: func(c *cobra.Command, args []string) error {
			return t.inspectPickle(c.Context(), args[0], kind, keyFile, noKey)
		},
	}
	c.Flags().StringVar(&keyFile, "pickle-key-file", "", "file with the pickle key")
	c.Flags().BoolVar(&noKey, "no-pickle-key", false, "the pickle key is empty")
	c.Flags().StringVar(&kind, "kind", "", "look for this kind only: "+strings.Join(pickleNames(), ", "))
	c.MarkFlagsMutuallyExclusive("pickle-key-file", "no-pickle-key")
	hintFiles(c, "pickle-key-file")
	must(c.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(pickleNames(), cobra.ShellCompDirectiveNoFileComp)))
	return c
}

// A fact is a line about a pickle.
type fact struct {
	name  string // as in JSON
	value any
}

// A pickleKind reads one kind of pickle and says what is public in it.
type pickleKind struct {
	name string
	read func(pickle, key []byte) ([]fact, error)
}

var pickleKinds = []pickleKind{
	{"account", accountFacts},
	{"session", sessionFacts},
	{"inbound-group-session", inboundFacts},
	{"outbound-group-session", outboundFacts},
	{"decryption-key", decryptionKeyFacts},
}

func pickleNames() (names []string) {
	for _, k := range pickleKinds {
		names = append(names, k.name)
	}
	return names
}

func (t *tool) inspectPickle(ctx context.Context, path, kind, keyFile string, noKey bool) error {
	kinds := pickleKinds
	if kind != "" {
		kinds = nil
		for _, k := range pickleKinds {
			if k.name == kind {
				kinds = []pickleKind{k}
			}
		}
		if kinds == nil {
			return failf(exitUsage, "--kind is one of %s", strings.Join(pickleNames(), ", "))
		}
	}
	f, size, err := inputFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if size > maxPickle {
		return failf(exitDamaged, "%s is too large for a pickle", path)
	}
	pickle, err := io.ReadAll(io.LimitReader(f, maxPickle))
	if err != nil {
		return err
	}
	pickle = bytes.TrimSpace(pickle)
	key, err := t.pickleKey(ctx, keyFile, noKey)
	if err != nil {
		return err
	}
	var refused error
	for _, k := range kinds {
		facts, err := k.read(pickle, key)
		if err == nil {
			return t.showPickle(append([]fact{{"kind", k.name}}, facts...))
		}
		if errors.Is(err, olm.ErrPickleKey) { // the same for every kind
			return failf(exitKey, "%s: wrong pickle key, or the pickle is damaged", path)
		}
		refused = err
	}
	if len(kinds) > 1 {
		return failf(exitDamaged, "%s: not a pickle of libolm of a known kind", path)
	}
	return fmt.Errorf("%s: %w", path, refused)
}

func (t *tool) pickleKey(ctx context.Context, path string, none bool) ([]byte, error) {
	if none {
		return nil, nil
	}
	if path == "" || path == "-" {
		return t.secret(ctx, secretSource{file: path, flag: "--pickle-key-file or --no-pickle-key", what: "Pickle key"})
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	key, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	t.secrets.keep(key)
	if err == nil && len(key) > maxSecret {
		err = failf(exitUsage, "%s is too long for a pickle key", path)
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(key, []byte("\n")), []byte("\r")), err
}

func (t *tool) showPickle(facts []fact) error {
	if t.json {
		m := map[string]any{}
		for _, f := range facts {
			m[f.name] = f.value
		}
		return t.printJSON(m)
	}
	for _, f := range facts {
		if err := t.print("%-22s %v", strings.ReplaceAll(f.name, "_", " "), f.value); err != nil {
			return err
		}
	}
	return nil
}

func accountFacts(pickle, key []byte) ([]fact, error) {
	a, err := olm.ImportLibolmAccount(pickle, key)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	identity := a.IdentityKeys()
	facts := []fact{
		{"curve25519", identity.Curve25519.String()},
		{"ed25519", identity.Ed25519.String()},
		{"one_time_keys", a.OneTimeKeyCount()},
		{"unpublished", len(a.UnpublishedOneTimeKeys())},
	}
	if fallback, ok := a.FallbackKey(); ok {
		facts = append(facts, fact{"fallback_key", fallback.Key.String()})
	}
	return facts, nil
}

func sessionFacts(pickle, key []byte) ([]fact, error) {
	s, err := olm.ImportLibolmSession(pickle, key)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	from := s.SessionKeys()
	return []fact{
		{"session_id", s.ID()},
		{"identity_key", from.IdentityKey.String()},
		{"base_key", from.BaseKey.String()},
		{"one_time_key", from.OneTimeKey.String()},
		{"received_message", s.HasReceivedMessage()},
		{"chains", s.Describe()},
	}, nil
}

func inboundFacts(pickle, key []byte) ([]fact, error) {
	s, err := megolm.ImportLibolmInboundSession(pickle, key)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return []fact{
		{"session_id", s.ID()},
		{"first_index", s.FirstKnownIndex()},
		{"signing_key_verified", s.SigningKeyVerified()},
	}, nil
}

func outboundFacts(pickle, key []byte) ([]fact, error) {
	s, err := megolm.ImportLibolmOutboundSession(pickle, key)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return []fact{{"session_id", s.ID()}, {"index", s.Index()}}, nil
}

func decryptionKeyFacts(pickle, key []byte) ([]fact, error) {
	k, err := pk.ImportLibolmDecryptionKey(pickle, key)
	if err != nil {
		return nil, err
	}
	defer k.Close()
	return []fact{{"public_key", k.PublicKey().String()}}, nil
}
