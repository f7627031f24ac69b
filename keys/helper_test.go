package keys_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mustFail runs a call that must return an error, and requires that it does
// not panic, changes neither its input nor the value it was called on (which
// state returns), allocates no more than the input accounts for, and quotes
// nothing of the input.
func mustFail(t testing.TB, input []byte, state func() any, call func() error) error {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			t.Fatalf("panic: %v", r)
		}
	}()
	before, in := state(), bytes.Clone(input)
	var start, end runtime.MemStats
	runtime.ReadMemStats(&start)
	err := call()
	runtime.ReadMemStats(&end)
	require.Error(t, err)
	require.Less(t, end.TotalAlloc-start.TotalAlloc, uint64(64<<10+16*len(input)))
	require.Equal(t, before, state(), "a failed call changed the value")
	require.True(t, bytes.Equal(in, input), "a failed call changed its input")
	requireNotQuoted(t, fmt.Sprintf("%v %+v %#v", err, err, err), in)
	return err
}

func nothing() any { return nil }

// requireNotQuoted fails when text holds six bytes of secret in a row, raw, in
// hex, in base64 or as numbers.
func requireNotQuoted(t testing.TB, text string, secret []byte) {
	t.Helper()
	forms := map[int]string{6: string(secret), 12: hex.EncodeToString(secret), 16: fmt.Sprint(secret)}
	lower := strings.ToLower(text)
	for n, form := range forms {
		for i := range len(text) - n + 1 {
			if strings.Contains(form, text[i:i+n]) || strings.Contains(form, lower[i:i+n]) {
				t.Fatalf("%.60q… quotes %q", text, text[i:i+n])
			}
		}
	}
	for shift := range min(3, len(secret)) {
		form := base64.StdEncoding.EncodeToString(secret[shift:])
		for i := range len(text) - 7 {
			if strings.Contains(form, text[i:i+8]) {
				t.Fatalf("%.60q… quotes %q", text, text[i:i+8])
			}
		}
	}
}

func fromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}
