package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

const withPickleKey = "--pickle-key-file=pickle-key.txt"

func TestPickleInspect(t *testing.T) {
	inTestdata(t)
	for file, want := range map[string][]string{
		"account.pickle":        {"account", "curve25519", "ed25519", "one_time_keys", "unpublished", "fallback_key"},
		"session.pickle":        {"session", "session_id", "identity_key", "base_key", "one_time_key", "received_message", "chains"},
		"inbound.pickle":        {"inbound-group-session", "session_id", "first_index", "signing_key_verified"},
		"outbound.pickle":       {"outbound-group-session", "session_id", "index"},
		"decryption-key.pickle": {"decryption-key", "public_key"},
	} {
		var found map[string]any
		require.NoError(t, json.Unmarshal([]byte(good(t, "pickle", "inspect", file, withPickleKey, "--json")), &found))
		require.Equal(t, want[0], found["kind"])
		require.Len(t, found, len(want))
		for _, name := range want[1:] {
			require.Contains(t, found, name)
		}
		require.Contains(t, good(t, "pickle", "inspect", file, withPickleKey), want[0])
		good(t, "pickle", "inspect", file, withPickleKey, "--kind="+want[0])
		refused(t, exitKey, file+": wrong pickle key, or the pickle is damaged", "pickle", "inspect", file, "--no-pickle-key")
	}
	require.Equal(t, `kind                   outbound-group-session
session id             QXSKF/FUT8iBzsQmPD1MbZS2CXoCSwmqq22PXbb86KI
index                  0
`, good(t, "pickle", "inspect", "outbound.pickle", withPickleKey))
}

func TestPickleRefused(t *testing.T) {
	inTestdata(t)
	text := read(t, "account.pickle")
	write(t, "cut.pickle", text[:len(text)/2])
	write(t, "empty.pickle", "")
	write(t, "tampered.pickle", text[:99]+flipped(text[99])+text[100:])
	refused(t, exitDamaged, "keys.txt: not a pickle of libolm of a known kind", "pickle", "inspect", "keys.txt", withPickleKey)
	refused(t, exitDamaged, "empty.pickle is empty", "pickle", "inspect", "empty.pickle", withPickleKey)
	refused(t, exitKey, "tampered.pickle: wrong pickle key, or the pickle is damaged", "pickle", "inspect", "tampered.pickle", withPickleKey)
	refused(t, exitFailed, "media is a directory", "pickle", "inspect", "media", withPickleKey)
	refused(t, exitFailed, "none: no such file or directory", "pickle", "inspect", "account.pickle", "--pickle-key-file=none")
	r := chappe(t, "pickle", "inspect", "account.pickle", withPickleKey, "--kind=session")
	require.Equal(t, exitDamaged, r.code, r.stderr)
	r = chappe(t, "pickle", "inspect", "cut.pickle", withPickleKey)
	require.Contains(t, []int{exitKey, exitDamaged}, r.code)
}
