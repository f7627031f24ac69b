package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

var update = flag.Bool("update", false, "write testdata anew")

const (
	prompt = "Passphrase, then Ctrl-D, which alone takes the example's:\n"
	hello  = `m.room.message: {"body":"Hello from the old laptop","msgtype":"m.text"}` +
		"\nOnly the server says that @carol:example.org wrote this.\n"
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

func TestRead(t *testing.T) {
	t.Parallel()
	quick := with(t, "element-keys.txt", encryptFile(t, entries(t), []byte("opensesame")))
	for stdin, dir := range map[string]string{"": "embedded", "opensesame": quick, "opensesame\n": quick, "opensesame\r\n": quick} {
		stdout, stderr, code := program(t, dir, stdin)
		require.Zero(t, code, stderr)
		require.Equal(t, prompt, stderr)
		list, ok := strings.CutSuffix(stdout, hello)
		require.True(t, ok, stdout)
		lines := strings.Split(strings.TrimSuffix(list, "\n"), "\n")
		require.Len(t, lines, 3, "two copies of a session are one")
		require.True(t, slices.IsSorted(lines))
		require.Equal(t, 1, strings.Count(list, "!chat:example.org "))
		require.Equal(t, 1, strings.Count(list, " from message 2 on"))
		require.Equal(t, 2, strings.Count(list, " from message 0 on"))
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	passphrase := read(t, "passphrase.txt")
	file := encryptFile(t, entries(t), passphrase)
	changed := bytes.Clone(file)
	changed[len(changed)/2] ^= 1
	const refused = "read-export: backup: wrong passphrase, or the key file is damaged\n"
	for name, test := range map[string]struct {
		file           string
		content        []byte
		stdin, message string
	}{
		"wrong passphrase": {stdin: "swordfish\n", message: refused},
		"damaged":          {file: "element-keys.txt", content: changed},
		"cut off":          {file: "element-keys.txt", content: file[:len(file)/2]},
		"empty":            {file: "element-keys.txt"},
		"no key file":      {file: "element-keys.txt", content: []byte("Hello\n")},
		"other session": {file: "event.json", message: "read-export: the file does not have the session of the event\n",
			content: bytes.Replace(read(t, "event.json"), []byte(`"session_id": "`), []byte(`"session_id": "other`), 1)},
		"other room": {file: "event.json", message: "read-export: the file does not have the session of the event\n",
			content: bytes.Replace(read(t, "event.json"), []byte(`"!news:`), []byte(`"!chat:`), 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := with(t, "element-keys.txt", file)
			if test.file != "" {
				require.NoError(t, os.WriteFile(filepath.Join(dir, test.file), test.content, 0o600))
			}
			stdout, stderr, code := program(t, dir, test.stdin)
			require.Equal(t, 1, code)
			require.NotContains(t, stdout, "Hello")
			sentence, ok := strings.CutPrefix(stderr, prompt+"read-export: ")
			require.True(t, ok, stderr)
			require.Equal(t, 1, strings.Count(sentence, "\n"))
			if test.message != "" {
				require.Equal(t, prompt+test.message, stderr)
			}
		})
	}
}

// TestBadEntry has an entry of another algorithm first: those behind it are read.
func TestBadEntry(t *testing.T) {
	t.Parallel()
	text := entries(t)
	text = append([]byte(`[{"algorithm":"m.megolm.v9","room_id":"!news:example.org","session_id":"ID"},`), text[1:]...)
	file := encryptFile(t, text, []byte("opensesame"))
	stdout, stderr, code := program(t, with(t, "element-keys.txt", file), "opensesame")
	require.Equal(t, 1, code)
	require.Equal(t, prompt+"left out: !news:example.org ID backup: unknown algorithm\n", stderr)
	require.Equal(t, 3, strings.Count(stdout, " from message "))
	require.True(t, strings.HasSuffix(stdout, hello))
}

// A file is 1, a salt, an IV, rounds, the ciphertext and a MAC (specification,
// "Key exports").
const header, ivAt, roundsAt = 1 + 16 + 16 + 4, 1 + 16, 1 + 16 + 16

func derive(t *testing.T, file, passphrase []byte) (cipher.Stream, []byte) {
	t.Helper()
	both, err := pbkdf2.Key(sha512.New, string(passphrase), file[1:ivAt], int(binary.BigEndian.Uint32(file[roundsAt:])), 64)
	require.NoError(t, err)
	block, err := aes.NewCipher(both[:32])
	require.NoError(t, err)
	return cipher.NewCTR(block, file[ivAt:roundsAt]), both[32:]
}

var (
	once      sync.Once
	decrypted []byte
)

// entries returns the JSON in the file. With encryptFile it makes files of fewer
// rounds, which the tests read faster.
func entries(t *testing.T) []byte {
	t.Helper()
	once.Do(func() { decrypted = decryptFile(t, read(t, "element-keys.txt"), read(t, "passphrase.txt")) })
	require.NotEmpty(t, decrypted)
	return bytes.Clone(decrypted)
}

func decryptFile(t *testing.T, text, passphrase []byte) []byte {
	t.Helper()
	block, _ := pem.Decode(bytes.ReplaceAll(text, []byte("MEGOLM SESSION DATA-----"), []byte("X-----")))
	require.NotNil(t, block)
	ciphertext := block.Bytes[header : len(block.Bytes)-sha256.Size]
	stream, _ := derive(t, block.Bytes, passphrase)
	stream.XORKeyStream(ciphertext, ciphertext)
	return ciphertext
}

func encryptFile(t *testing.T, plaintext, passphrase []byte) []byte {
	t.Helper()
	file := append(make([]byte, header), plaintext...)
	file[0] = 1
	binary.BigEndian.PutUint32(file[roundsAt:], 1000)
	stream, macKey := derive(t, file, passphrase)
	stream.XORKeyStream(file[header:], file[header:])
	mac := hmac.New(sha256.New, macKey)
	mac.Write(file)
	text := pem.EncodeToMemory(&pem.Block{Type: "X", Bytes: mac.Sum(file)})
	return bytes.ReplaceAll(text, []byte("X-----"), []byte("MEGOLM SESSION DATA-----"))
}

// TestUpdate makes testdata, with -update.
func TestUpdate(t *testing.T) {
	if !*update {
		return
	}
	const carol, passphrase = "@carol:example.org", "It's a secret to everybody"
	account, err := olm.GenerateAccount()
	require.NoError(t, err)
	defer account.Close()
	device, err := crosssigning.LocalDevice{
		UserID: carol, DeviceID: "CAROLLAPTOP", Algorithms: []string{olm.V1.Algorithm(), megolm.V1.Algorithm()},
		Ed25519: account.IdentityKeys().Ed25519, Curve25519: account.IdentityKeys().Curve25519, Signer: account,
	}.Keys()
	require.NoError(t, err)
	var file bytes.Buffer
	w, err := backup.NewKeyFileWriter(&file, []byte(passphrase), backup.MinNewRounds)
	require.NoError(t, err)
	var event map[string]any
	for _, s := range []struct {
		room  string
		index int // of the first message that the file can read
		later int // of a second copy
	}{{"!news:example.org", 0, 3}, {"!news:example.org", 2, 2}, {"!chat:example.org", 0, 0}} {
		out := megolm.NewOutboundSession()
		key, err := out.SessionKey()
		require.NoError(t, err)
		in, err := megolm.NewInboundSession(key)
		require.NoError(t, err)
		for _, index := range slices.Compact([]int{s.index, s.later}) {
			export, err := in.ExportAt(uint32(index))
			require.NoError(t, err)
			require.NoError(t, w.WriteEntry(backup.Entry{
				RoomID: s.room, Session: export, SenderKey: device.Curve25519(), ClaimedEd25519: device.Ed25519(),
			}))
		}
		if event == nil {
			content, err := events.SealMegolm(out, device, s.room, "m.room.message", []byte(`{"body":"Hello from the old laptop","msgtype":"m.text"}`))
			require.NoError(t, err)
			event = map[string]any{"type": events.TypeEncrypted, "room_id": s.room, "event_id": "$xvRtF5n6Q1QRoDBkUo1HTrGNKP7vHqRQG2k4yxL0bFI",
				"sender": carol, "origin_server_ts": int64(1767225600000), "content": content}
		}
	}
	require.NoError(t, w.Finish())
	text, err := json.MarshalIndent(event, "", "  ")
	require.NoError(t, err)
	for name, content := range map[string][]byte{
		"element-keys.txt": file.Bytes(), "passphrase.txt": []byte(passphrase), "event.json": append(text, '\n'),
	} {
		require.NoError(t, os.WriteFile(filepath.Join("testdata", name), content, 0o644))
	}
}
