package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRestore(t *testing.T) {
	inTestdata(t)
	want := entriesOf(t, "keys.txt", passphrase)
	require.Equal(t, "new.txt: wrote 3 of 3 keys\n", good(t, "keys", "restore", "dump.json", "--recovery-key-file=recovery-key.txt", withPassphrase, "-o", "new.txt"))
	require.Equal(t, want, entriesOf(t, "new.txt", passphrase))
	require.JSONEq(t, `{"output":"new.txt","form":"key-file","read":3,"written":3,"bad":0}`,
		good(t, "keys", "restore", "dump.json", "--recovery-key-file=recovery-key.txt", "--auth-data=version.json", withPassphrase, "-o", "new.txt", "--force", "--json"))
	r := chappeWith(t, read(t, "dump.json"), "keys", "restore", "-", "--recovery-key-file=recovery-key.txt", withPassphrase, "-o", "piped.txt")
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, want, entriesOf(t, "piped.txt", passphrase))
	r = chappeWith(t, read(t, "recovery-key.txt")+passphrase+"\n", "keys", "restore", "dump.json", "--recovery-key-file=-", "--passphrase-file=-", "-o", "lines.txt")
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, want, entriesOf(t, "lines.txt", passphrase))
	good(t, "keys", "restore", "dump.json", "--recovery-key-file=storage-key.txt", "--auth-data=version.json", "--secret=secret.json",
		"--description=description.json", withPassphrase, "-o", "storage.txt")
	require.Equal(t, want, entriesOf(t, "storage.txt", passphrase))
}

// TestRestoreRefused holds that a wrong key, or a dump that is none, is one sentence
// and no file.
func TestRestoreRefused(t *testing.T) {
	inTestdata(t)
	text := read(t, "dump.json")
	write(t, "cut.json", text[:len(text)-20])
	write(t, "error.json", `{"errcode":"M_UNKNOWN_TOKEN"}`)
	write(t, "empty.json", "")
	write(t, "damaged.json", strings.ReplaceAll(text, `"session_data"`, `"data"`))
	write(t, "typo.txt", strings.Replace(read(t, "recovery-key.txt"), "E", "F", 1))
	give := func(dump, key string, more ...string) []string {
		return append([]string{"keys", "restore", dump, "--recovery-key-file=" + key, withPassphrase, "-o", "new.txt", "--rounds=100000"}, more...)
	}
	refused(t, exitUsage, "standard input is the dump, or has the secrets: not both", give("-", "-")...)
	const other = "this is the key of another backup, or of secret storage (see --secret)"
	refused(t, exitKey, "dump.json: not one of 3 keys decrypts: "+other, give("dump.json", "storage-key.txt")...)
	refused(t, exitKey, "version.json: not the key of this backup", give("dump.json", "storage-key.txt", "--auth-data=version.json")...)
	refused(t, exitKey, "description.json: not the key that is described",
		give("dump.json", "recovery-key.txt", "--auth-data=version.json", "--secret=secret.json", "--description=description.json")...)
	refused(t, exitKey, "secret.json: secret does not open: wrong key, wrong name, or damaged",
		give("dump.json", "recovery-key.txt", "--auth-data=version.json", "--secret=secret.json")...)
	refused(t, exitDamaged, "error.json: room_keys: rooms is missing", give("error.json", "recovery-key.txt")...)
	refused(t, exitDamaged, "empty.json is empty", give("empty.json", "recovery-key.txt")...)
	refused(t, exitFailed, "nothing.json: no such file or directory", give("nothing.json", "recovery-key.txt")...)
	for _, args := range [][]string{give("cut.json", "recovery-key.txt"), give("damaged.json", "recovery-key.txt"), give("keys.txt", "recovery-key.txt")} {
		before := tree(t)
		r := chappe(t, args...)
		require.Equal(t, exitDamaged, r.code, r.stderr)
		require.Equal(t, before, tree(t))
	}
	r := chappe(t, give("dump.json", "typo.txt")...)
	require.Equal(t, exitKey, r.code)
	require.NotContains(t, r.stderr, strings.TrimSpace(read(t, "typo.txt")))
}

func TestRestoreBadEntries(t *testing.T) {
	inTestdata(t)
	text := read(t, "dump.json")
	first := strings.Index(text, `"ciphertext": "`) + len(`"ciphertext": "`)
	spoilt := text[:first+40] + flipped(text[first+40]) + text[first+41:]
	spoilt = strings.Replace(spoilt, `"sessions": {`, `"sessions": {"x": 7,`, 1)
	write(t, "dump.json", spoilt)
	r := chappe(t, "keys", "restore", "dump.json", "--recovery-key-file=recovery-key.txt", withPassphrase, "-o", "new.txt", "--json")
	require.Equal(t, exitPartial, r.code, r.stderr)
	found := as[writing](t, r.stdout)
	require.Equal(t, 2, found.Bad)
	require.Equal(t, 2, found.Written)
	require.Equal(t, 4, found.Read)
	require.Len(t, entriesOf(t, "new.txt", passphrase), 2)
}

// A half is a reader that ends the context half-way, as Ctrl-C does, and then waits
// for ever.
type half struct {
	text   io.Reader
	cancel context.CancelCauseFunc
}

func (h *half) Read(b []byte) (int, error) {
	n, err := h.text.Read(b)
	if err != nil {
		h.cancel(&interruption{os.Interrupt})
		select {}
	}
	return n, nil
}

// TestInterrupted holds that Ctrl-C half-way leaves no file, also where the input
// keeps the command waiting.
func TestInterrupted(t *testing.T) {
	inTestdata(t)
	before := tree(t)
	text := read(t, "dump.json")
	ctx, cancel := context.WithCancelCause(t.Context())
	var stdout, stderr bytes.Buffer
	code := run(ctx, &half{strings.NewReader(text[:len(text)/2]), cancel}, &stdout, &stderr,
		[]string{"keys", "restore", "-", "--recovery-key-file=recovery-key.txt", withPassphrase, "-o", "new.txt"})
	require.Equal(t, exitInterrupted, code)
	require.Equal(t, "chappe: interrupted\n", stderr.String())
	require.Empty(t, stdout.String())
	require.Equal(t, before, tree(t))
	for _, args := range [][]string{
		{"keys", "inspect", "keys.txt", withPassphrase},
		{"keys", "filter", "keys.txt", withPassphrase, "--room", room, "-o", "new.txt"},
		{"keys", "merge", "keys.txt", "laptop.txt", withPassphrase, "-o", "new.txt"},
		{"decrypt", "export.json", "--keys=keys.txt", withPassphrase, "-o", "new", "--attachments=media", "--save-attachments=saved"},
	} {
		code := run(ctx, strings.NewReader(""), &stdout, &stderr, args)
		require.Equal(t, exitInterrupted, code, args)
		require.Equal(t, before, tree(t), args)
	}
}

// TestWatched holds that nothing more is read once the command was ended.
func TestWatched(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	text := strings.NewReader("0123456789")
	w := &watched{ctx: ctx, file: text}
	n, err := w.Read(make([]byte, 4))
	require.NoError(t, err)
	require.Equal(t, 4, n)
	cancel(&interruption{os.Interrupt})
	_, err = w.Read(make([]byte, 4))
	require.EqualError(t, err, "interrupted")
	require.Equal(t, 6, text.Len())
}
