package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

var update = flag.Bool("update", false, "write testdata anew")

const (
	prompt = "Recovery key, then Ctrl-D, which alone takes the example's:\n"
	proves = "The session's maker wrote this. That it was @carol:example.org, only the server says.\n"
	hello  = `m.room.message: {"body":"Hello from before the bot lost its disk","msgtype":"m.text"}` + "\n"
)

// TestMain makes the test's own binary the program, when a test starts it as that.
func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv("EXAMPLE_FILES"); ok {
		if dir != "embedded" {
			files = os.DirFS(dir)
		}
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program runs the program as a process of its own, with the files of a
// directory or those that are embedded.
func program(t *testing.T, dir, stdin string) (stdout, stderr string, code int) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "EXAMPLE_FILES="+dir)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		require.ErrorAs(t, err, new(*exec.ExitError))
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// with returns a directory with a copy of testdata, but for one file.
func with(t *testing.T, name string, content []byte) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, files))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	return dir
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := fs.ReadFile(files, name)
	require.NoError(t, err)
	return b
}

// dump is the answer to /room_keys/keys.
type dump struct {
	Rooms map[string]struct {
		Sessions map[string]json.RawMessage `json:"sessions"`
	} `json:"rooms"`
}

func TestRestored(t *testing.T) {
	t.Parallel()
	var keys dump
	require.NoError(t, json.Unmarshal(read(t, "keys.json"), &keys))
	for _, stdin := range []string{"", string(read(t, "recovery-key.txt"))} {
		stdout, stderr, code := program(t, "embedded", stdin)
		require.Zero(t, code, stderr)
		require.Equal(t, prompt, stderr)
		n := 0
		for room, r := range keys.Rooms {
			for id := range r.Sessions {
				require.Contains(t, stdout, fmt.Sprintf("%s: session %s from message ", room, id))
				n++
			}
		}
		require.Equal(t, 3, n)
		require.Equal(t, 1, strings.Count(stdout, " from message 5 on\n"))
		require.True(t, strings.HasSuffix(stdout, " on\n"+hello+proves), stdout)
	}
}

// TestDamagedEntry damages each entry in turn: the others are restored, and the
// exit code says that one was not.
func TestDamagedEntry(t *testing.T) {
	t.Parallel()
	var keys dump
	require.NoError(t, json.Unmarshal(read(t, "keys.json"), &keys))
	decrypted := 0
	for room, r := range keys.Rooms {
		for id, entry := range r.Sessions {
			r.Sessions[id] = bytes.Replace(entry, []byte(`"ciphertext": "`), []byte(`"ciphertext": "AAAA`), 1)
			damaged, err := json.Marshal(keys)
			require.NoError(t, err)
			r.Sessions[id] = entry

			stdout, stderr, code := program(t, with(t, "keys.json", damaged), "")
			require.Equal(t, 1, code)
			require.Contains(t, stderr, "left out: "+room+" "+id+" ")
			require.Equal(t, 2, strings.Count(stdout, "session "), stdout)
			if strings.HasSuffix(stdout, hello+proves) {
				decrypted++
			}
		}
	}
	require.Equal(t, 2, decrypted, "the event needs one of the sessions")
}

func TestRefused(t *testing.T) {
	t.Parallel()
	key := secretstorage.GenerateKey()
	defer key.Close()
	another, err := key.RecoveryKey()
	require.NoError(t, err)
	for name, test := range map[string]struct{ file, old, new, stdin, want string }{
		"wrong recovery key": {stdin: string(another), want: "secretstorage: secret does not open: wrong key, wrong name, or damaged"},
		"no recovery key":    {stdin: "swordfish", want: "secretstorage: recovery key: not 48 characters, white space aside"},
		"another backup": {file: "version.json", old: `"public_key": "`, new: `"public_key": "B`,
			want: "public_key"},
		"another algorithm": {file: "version.json", old: backup.Algorithm, new: "m.other", want: "backup: unknown algorithm"},
		"dump cut off":      {file: "keys.json", old: string(read(t, "keys.json")[500:]), want: "backup: "},
		"session missing":   {file: "keys.json", old: string(read(t, "keys.json")), new: `{"rooms":{}}`, want: "events: no session for this room event"},
		"not encrypted":     {file: "event.json", old: "m.room.encrypted", new: "m.room.message", want: "events: another type"},
		"event moved":       {file: "event.json", old: "!news:", new: "!other:", want: "events: no session for this room event"},
		"event damaged":     {file: "event.json", old: `"ciphertext": "A`, new: `"ciphertext": "B`, want: "megolm"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := "embedded"
			if test.file != "" {
				old := read(t, test.file)
				require.Contains(t, string(old), test.old)
				dir = with(t, test.file, bytes.Replace(old, []byte(test.old), []byte(test.new), 1))
			}
			stdout, stderr, code := program(t, dir, test.stdin)
			require.Equal(t, 1, code)
			require.NotContains(t, stdout, "Hello")
			sentence, ok := strings.CutPrefix(stderr, prompt+"restore-backup: ")
			if !ok {
				sentence, ok = strings.CutPrefix(stderr, "restore-backup: ")
			}
			require.True(t, ok, stderr)
			require.Contains(t, sentence, test.want)
			require.Equal(t, 1, strings.Count(sentence, "\n"), sentence)
		})
	}
}

// TestUpdate makes testdata, with -update.
func TestUpdate(t *testing.T) {
	if !*update {
		return
	}
	const bot, carol = "@bot:example.org", "@carol:example.org"
	private, err := crosssigning.GeneratePrivateKeys(bot)
	require.NoError(t, err)
	defer private.Close()
	backupKey, err := pk.GenerateDecryptionKey()
	require.NoError(t, err)
	defer backupKey.Close()
	authData, err := backup.NewAuthData(backupKey.PublicKey())
	require.NoError(t, err)
	authData, err = authData.Sign(private, backupKey.PublicKey())
	require.NoError(t, err)
	recipient, err := authData.Judge(backup.Evidence{PrivateKey: backupKey}).Recipient()
	require.NoError(t, err)

	account, err := olm.GenerateAccount()
	require.NoError(t, err)
	defer account.Close()
	device, err := crosssigning.LocalDevice{
		UserID: carol, DeviceID: "CAROLPHONE", Algorithms: []string{olm.V1.Algorithm(), megolm.V1.Algorithm()},
		Ed25519: account.IdentityKeys().Ed25519, Curve25519: account.IdentityKeys().Curve25519, Signer: account,
	}.Keys()
	require.NoError(t, err)
	rooms, n := map[string]map[string]map[string]json.RawMessage{}, 0
	var event any
	for _, s := range []struct {
		room  string
		index int
	}{{"!news:example.org", 0}, {"!news:example.org", 5}, {"!chat:example.org", 0}} {
		out := megolm.NewOutboundSession()
		for range s.index {
			_, err := out.Encrypt([]byte("earlier"))
			require.NoError(t, err)
		}
		key, err := out.SessionKey()
		require.NoError(t, err)
		in, err := megolm.NewInboundSession(key)
		require.NoError(t, err)
		export, err := in.Export()
		require.NoError(t, err)
		data, err := recipient.Encrypt(backup.Entry{
			RoomID: s.room, Session: export, SenderKey: device.Curve25519(), ClaimedEd25519: device.Ed25519(),
		}, false)
		require.NoError(t, err)
		if rooms[s.room] == nil {
			rooms[s.room] = map[string]map[string]json.RawMessage{"sessions": {}}
		}
		rooms[s.room]["sessions"][in.ID()] = data
		if n++; s.index == 5 {
			content, err := events.SealMegolm(out, device, s.room, "m.room.message",
				[]byte(`{"body":"Hello from before the bot lost its disk","msgtype":"m.text"}`))
			require.NoError(t, err)
			event = map[string]any{"type": events.TypeEncrypted, "room_id": s.room, "event_id": "$BS3LbOdbwDN2a0e0zLvAkVn5eMzTRLZu7Ew2r8H2Dbw",
				"sender": carol, "origin_server_ts": int64(1767225600000), "content": content}
		}
	}

	key, keyID := secretstorage.GenerateKey(), secretstorage.GenerateKeyID()
	defer key.Close()
	description, err := key.Describe("")
	require.NoError(t, err)
	secret, err := backupKey.Secret()
	require.NoError(t, err)
	sealed, err := key.SealPrivateKey(secretstorage.BackupKey, secret[:])
	require.NoError(t, err)
	stored, err := secretstorage.StoredSecret{}.With(keyID, sealed)
	require.NoError(t, err)
	recoveryKey, err := key.RecoveryKey()
	require.NoError(t, err)
	for name, content := range map[string]any{
		"account-data.json": map[string]any{
			secretstorage.DefaultKeyType:                secretstorage.DefaultKey{KeyID: keyID},
			secretstorage.DescriptionTypePrefix + keyID: description,
			secretstorage.BackupKey:                     stored,
		},
		"version.json": map[string]any{"algorithm": backup.Algorithm, "auth_data": authData, "count": n, "etag": "3", "version": "1"},
		"keys.json":    map[string]any{"rooms": rooms},
		"event.json":   event,
	} {
		text, err := json.MarshalIndent(content, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join("testdata", name), append(text, '\n'), 0o644))
	}
	require.NoError(t, os.WriteFile(filepath.Join("testdata", "recovery-key.txt"), append(recoveryKey, '\n'), 0o644))
}
