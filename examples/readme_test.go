// Package examples holds small whole programs: quickstart, which shows what
// there is, and storage, which shows how to keep it. This file holds README.md
// to the truth.
package examples

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/testvectors"
)

// must is how the examples below deal with errors. Programs return them.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// The bodies of the next two functions, but for what stands around the marks,
// stand in README.md.

func Example_readme() {
	// README
	alice, bob := must(olm.GenerateAccount()), must(olm.GenerateAccount())
	must(bob.GenerateOneTimeKeys(1)) // Bob publishes them, signed; Alice claims one, and checks that
	claimed := bob.UnpublishedOneTimeKeys()[0].Key
	// Alice opens a session for a room, and sends its key to Bob over Olm.
	out := megolm.NewOutboundSession()
	toBob := must(alice.NewOutboundSession(bob.IdentityKeys().Curve25519, claimed))
	roomKey := must(toBob.Encrypt(must(out.SessionKey()).SecretText()))
	message := must(out.Encrypt([]byte("Hello, room!")))
	// Bob gets the Olm session, its first plaintext, and with that the room session.
	in := must(bob.NewInboundSession(alice.IdentityKeys().Curve25519, roomKey))
	group := must(megolm.NewInboundSession(must(megolm.ParseSessionKey(in.Plaintext))))
	decrypted := must(group.Decrypt(message))
	fmt.Printf("message %d: %s\n", decrypted.Index, decrypted.Plaintext)
	// README
	// Output: message 0: Hello, room!
}

func Example_migration() {
	accountPickle, sessionPickle, groupPickle, pickleKey := pickles()
	sealKey := keys.GenerateSealKey()
	// README
	account := must(olm.ImportLibolmAccount(accountPickle, pickleKey))
	session := must(olm.ImportLibolmSession(sessionPickle, pickleKey))
	group := must(megolm.ImportLibolmInboundSession(groupPickle, pickleKey)) // outbound: likewise
	sealed := must(account.Seal(sealKey, []byte("@alice:example.org PHONE")))
	back := must(session.ExportLibolm(pickleKey)) // or *olm.LossyPickleError: what libolm cannot hold
	// README
	fmt.Println(account.OneTimeKeyCount(), "one-time keys, and a group session from", group.FirstKnownIndex(), "on")
	fmt.Println(len(sealed) > 0, string(back) == string(sessionPickle))
	// Output:
	// 42 one-time keys, and a group session from 0 on
	// true true
}

// pickles returns pickles that libolm made.
func pickles() (account, session, group, key []byte) {
	read := func(vector, member string) []byte {
		var v struct{ Expected map[string]any }
		if err := json.Unmarshal(must(testvectors.FS.ReadFile("libolm/"+vector+".json")), &v); err != nil {
			panic(err)
		}
		return []byte(v.Expected[member].(string))
	}
	return read("pickles/account-pickle-v4-42-otks", "pickle_b64"),
		read("session/loopback", "bob_session_2_pickle_b64"),
		read("group-session/send-receive", "inbound_pickle_after_b64"),
		[]byte("secret_key")
}

// blocks returns the code blocks of README.md: those marked as Go, and others.
func blocks(readme string) (code, other []string) {
	for _, m := range regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$").FindAllStringSubmatch(readme, -1) {
		if m[1] == "go" {
			code = append(code, m[2])
		} else {
			other = append(other, m[2])
		}
	}
	return code, other
}

func readme(t *testing.T) string {
	b, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

func TestREADMECode(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("readme_test.go")
	require.NoError(t, err)
	source := strings.ReplaceAll(string(b), "\r\n", "\n")
	var want []string
	for _, m := range regexp.MustCompile("(?ms)^\t// README\n(.*?)^\t// README$").FindAllStringSubmatch(source, -1) {
		want = append(want, regexp.MustCompile("(?m)^\t").ReplaceAllString(m[1], ""))
	}
	require.Len(t, want, 2)
	code, other := blocks(readme(t))
	require.Equal(t, want, code)
	require.Equal(t, []string{"go run ./examples/quickstart\ngo test ./...\n"}, other)
}

// TestREADMERooms holds that the packages of the table exist.
func TestREADMERooms(t *testing.T) {
	t.Parallel()
	rooms := regexp.MustCompile("(?m)^\\| \\[`(\\w+)`\\]\\((\\w+)\\)").FindAllStringSubmatch(readme(t), -1)
	require.NotEmpty(t, rooms)
	for _, m := range rooms {
		require.Equal(t, m[1], m[2])
		files, err := filepath.Glob(filepath.Join("..", m[1], "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files, m[1])
	}
}

// TestREADMEErrors holds that the errors of the table exist under these names.
func TestREADMEErrors(t *testing.T) {
	t.Parallel()
	exist := map[string]error{
		"*olm.UnknownOneTimeKeyError": &olm.UnknownOneTimeKeyError{},
		"*olm.MessageKeyGoneError":    &olm.MessageKeyGoneError{},
		"*olm.MessageGapError":        &olm.MessageGapError{},
		"*olm.LossyPickleError":       &olm.LossyPickleError{},
		"olm.ErrDecrypt":              olm.ErrDecrypt,
		"olm.ErrUnknownChain":         olm.ErrUnknownChain,
		"olm.ErrIdentityKey":          olm.ErrIdentityKey,
		"olm.ErrOpen":                 olm.ErrOpen,
		"olm.ErrPickleKey":            olm.ErrPickleKey,
		"*megolm.UnknownIndexError":   &megolm.UnknownIndexError{},
		"megolm.ErrSignature":         megolm.ErrSignature,
		"megolm.ErrOpen":              megolm.ErrOpen,
		"megolm.ErrPickleKey":         megolm.ErrPickleKey,
	}
	names := regexp.MustCompile(`\*?\b(olm|megolm)\.(Err\w+|\w+Error)\b`).FindAllString(readme(t), -1)
	require.NotEmpty(t, names)
	for _, name := range names {
		require.Contains(t, exist, name)
	}
}

func TestREADMEFits(t *testing.T) {
	t.Parallel()
	text := readme(t)
	require.LessOrEqual(t, strings.Count(text, "\n"), 85, "one screen")
	for _, m := range regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(m[1], "://") {
			require.True(t, fileExists(filepath.Join("..", m[1])), "link to %s", m[1])
		}
	}
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
