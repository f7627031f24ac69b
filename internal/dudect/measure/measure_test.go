package main

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/ct64"
	"github.com/chappe-e2ee/chappe/internal/dudect"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// A control does what the library does: else it would show nothing about it.
func TestControlsDoTheSameWork(t *testing.T) {
	text := ct64.AppendEncode(nil, random(secretSize))
	decoded, again := make([]byte, secretSize), make([]byte, secretSize)
	require.NoError(t, ct64.Decode(decoded, text))
	require.True(t, branchyDecode(again, text))
	require.Equal(t, decoded, again)
	require.Equal(t, string(text), string(branchyEncode(nil, decoded)))
	every := make([]byte, 48)
	require.True(t, branchyDecode(every, []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")))
	require.Equal(t, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", string(branchyEncode(nil, every)))
	require.False(t, branchyDecode(again, []byte("AAA!")))

	k, err := newKeys()
	require.NoError(t, err)
	message := random(messageSize)
	mac := k.cipher.MAC(message)
	require.True(t, k.cipher.Verify(message, mac[:]))
	require.True(t, earlyVerify(k.mac, message, mac[:]))
	for c := range dudect.Class(2) {
		require.False(t, earlyVerify(k.mac, message, wrongMAC(c, mac[:])))
	}
	for c, n := range map[dudect.Class]int{0: paddedSize - 1, 1: paddedSize - 16} {
		b := k.rightPadding(c)
		want, ok := k.cipher.Decrypt(b)
		require.True(t, ok)
		require.Len(t, want, n)
		got, ok := earlyDecrypt(k.aesKey, k.iv, b)
		require.True(t, ok)
		require.Equal(t, want, got)

		b = k.wrongPadding(c)
		_, ok = k.cipher.Decrypt(b)
		require.False(t, ok)
		_, ok = earlyDecrypt(k.aesKey, k.iv, b)
		require.False(t, ok)
	}

	for c := range dudect.Class(2) {
		key, err := secretstorage.ParseRecoveryKey(recoveryKey(c))
		require.NoError(t, err)
		want, err := key.Secret()
		require.NoError(t, err)
		got, ok := searchedKey(recoveryKey(c))
		require.True(t, ok)
		if c == 0 {
			require.Equal(t, want[:], got)
		}
	}
}

// Each subject gets the verdict that its two classes are meant for, and inputs of
// one length.
func TestSubjects(t *testing.T) {
	all, err := subjects()
	require.NoError(t, err)
	kinds, controls := map[string]int{}, map[string]int{}
	for _, s := range all {
		for c := range dudect.Class(2) {
			input := s.op.Input(c)
			require.Len(t, s.op.Input(1-c), len(input), s.name)
			accepted = !strings.HasPrefix(s.name, "MAC") && !strings.Contains(s.name, "wrong")
			want := accepted
			s.op.Run(input)
			require.Equal(t, want, accepted, s.name)
		}
		kind, _, _ := strings.Cut(s.name, ":")
		kinds[kind]++
		if s.control {
			controls[kind]++
		}
	}
	require.Len(t, kinds, 6)
	for kind := range kinds {
		require.Equal(t, 1, controls[kind], "controls of %q", kind)
	}
}

func TestTable(t *testing.T) {
	at := func(control bool, value float64) row {
		return row{subject{name: "x", control: control}, dudect.Result{N: 1, T: value}}
	}
	for _, want := range []struct {
		row
		verdict string
		missed  int
	}{
		{at(false, 0), "nothing found", 0},
		{at(false, 4.4), "nothing found", 0},
		{at(false, -4.6), "suspect", 0},
		{at(false, 11), "LEAK", 0},
		{at(true, 9.9), "NOT CAUGHT", 1},
		{at(true, 0), "NOT CAUGHT", 1},
		{at(true, -10), "caught", 0},
		{at(true, math.Inf(1)), "caught", 0},
	} {
		require.Equal(t, want.verdict, want.row.verdict())
		require.Equal(t, want.missed, missed([]row{want.row}))
		var out bytes.Buffer
		printTable(&out, []row{want.row})
		require.Contains(t, out.String(), want.verdict)
	}
}

// A control is measured more often until it is caught, and no longer than that.
func TestControlsAreMeasuredUntilCaught(t *testing.T) {
	for _, want := range []struct {
		control bool
		caught  int // from this many measurements on
		n       int
	}{
		{true, 0, 1000}, {true, 1000, 1000}, {true, 1001, 2000}, {true, 16_000, 16_000}, {true, 16_001, 16_000},
		{false, 0, 1000}, {false, 1001, 1000},
	} {
		r := measured(subject{control: want.control}, 1000, func(_ dudect.Operation, n int) dudect.Result {
			if n < want.caught {
				return dudect.Result{N: n, T: 5}
			}
			return dudect.Result{N: n, T: -50}
		})
		require.Equal(t, want.n, r.result.N, "%v", want)
		require.Equal(t, want.n >= want.caught, r.result.Leaks(), "%v", want)
	}
}
