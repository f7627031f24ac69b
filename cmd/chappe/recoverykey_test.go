package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/secretstorage"
)

func TestNewRecoveryKey(t *testing.T) {
	inTestdata(t)
	text, rest, _ := strings.Cut(good(t, "recovery-key", "new"), "\n")
	require.Len(t, text, secretstorage.RecoveryKeySize)
	found := as[newKey](t, good(t, "recovery-key", "new", "--json"))
	require.NotEqual(t, `"`+text+`"`, string(found.RecoveryKey))
	require.Len(t, found.PublicKey, 43)
	r := chappeWith(t, text+"\n", "recovery-key", "check", "--recovery-key-file=-")
	require.Zero(t, r.code)
	require.Equal(t, "The recovery key is well-formed.\n"+rest, r.stdout)

	saved := good(t, "recovery-key", "new", "-o", "key.txt")
	key := strings.TrimSpace(read(t, "key.txt"))
	require.NotContains(t, saved, key)
	require.Equal(t, strings.SplitAfter(saved, "\n")[1], strings.SplitAfter(good(t, "recovery-key", "check", "--recovery-key-file=key.txt"), "\n")[1])
	found = as[newKey](t, good(t, "recovery-key", "new", "-o", "other.txt", "--json"))
	require.Empty(t, found.RecoveryKey)
	require.Equal(t, "other.txt", found.Output)
}

func TestCheckRecoveryKey(t *testing.T) {
	inTestdata(t)
	const public = "B6r/Pp/BZydVRPTDpqF82Dfy7G54zYpXsePfs8wDWnY"
	require.Equal(t, "The recovery key is well-formed.\npublic key of a backup with it: "+public+"\nIt is the key of this backup.\n",
		good(t, "recovery-key", "check", "--recovery-key-file=recovery-key.txt", "--auth-data=version.json"))
	require.JSONEq(t, `{"well_formed":true,"public_key":"`+public+`","auth_data":"right"}`,
		good(t, "recovery-key", "check", "--recovery-key-file=recovery-key.txt", "--auth-data=version.json", "--json"))
	write(t, "auth.json", `{"public_key":"`+public+`","signatures":{}}`)
	good(t, "recovery-key", "check", "--recovery-key-file=recovery-key.txt", "--auth-data=auth.json")
	require.Contains(t, good(t, "recovery-key", "check", "--recovery-key-file=storage-key.txt", "--description=description.json"),
		"It is the key of secret storage that is described.\n")
	write(t, "event.json", `{"type":"m.secret_storage.key.x","content":`+read(t, "description.json")+`}`)
	require.Equal(t, "right", as[keyCheck](t, good(t, "recovery-key", "check", "--recovery-key-file=storage-key.txt", "--description=event.json", "--json")).Description)

	refused(t, exitKey, "version.json: not the key of this backup", "recovery-key", "check", "--recovery-key-file=storage-key.txt", "--auth-data=version.json")
	refused(t, exitKey, "description.json: not the key that is described", "recovery-key", "check", "--recovery-key-file=recovery-key.txt", "--description=description.json")
	refused(t, exitDamaged, "secret.json: key description: algorithm is not one string", "recovery-key", "check", "--recovery-key-file=recovery-key.txt", "--description=secret.json")
	write(t, "plain.json", `{"algorithm":"m.secret_storage.v1.aes-hmac-sha2"}`)
	r := chappe(t, "recovery-key", "check", "--recovery-key-file=storage-key.txt", "--description=plain.json", "--json")
	require.Equal(t, exitPartial, r.code)
	require.Equal(t, "cannot-check", as[keyCheck](t, r.stdout).Description)
	key := strings.TrimSpace(read(t, "recovery-key.txt"))
	for _, wrong := range []string{key[:len(key)-1] + flipped(key[len(key)-1]), "hello", key + "1", strings.ToLower(key)} {
		write(t, "wrong.txt", wrong)
		r := chappe(t, "recovery-key", "check", "--recovery-key-file=wrong.txt")
		require.Equal(t, exitKey, r.code, wrong)
		require.NotContains(t, r.stderr, wrong)
	}
}
