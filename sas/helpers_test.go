package sas_test

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/sas"
)

// The key pairs of libolm 3.2.13, tests/test_sas.cpp, line 14.
const (
	alicePrivate = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
	alicePublic  = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo"
	bobPrivate   = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"
	bobPublic    = "3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08"
	sharedSecret = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func key(t testing.TB, text string) keys.Curve25519 {
	t.Helper()
	k, err := keys.ParseCurve25519(text)
	require.NoError(t, err)
	return k
}

// pair returns the key pair that Generate makes when crypto/rand gives private
// in one read of 32 bytes.
func pair(t testing.TB, private string) *sas.KeyPair {
	t.Helper()
	r := &onceReader{b: unhex(t, private)}
	old := rand.Reader
	rand.Reader = r
	defer func() { rand.Reader = old }()
	k, err := sas.Generate()
	require.NoError(t, err)
	require.Equal(t, 1, r.reads)
	return k
}

type onceReader struct {
	b     []byte
	reads int
}

func (r *onceReader) Read(p []byte) (int, error) {
	if len(p) != len(r.b) {
		return 0, errors.New("not as many bytes as libolm takes")
	}
	r.reads++
	return copy(p, r.b), nil
}

// both returns the two ends of one agreement, with the keys above.
func both(t testing.TB) (alice, bob *sas.Established) {
	t.Helper()
	alice, err := pair(t, alicePrivate).Agree(key(t, bobPublic))
	require.NoError(t, err)
	bob, err = pair(t, bobPrivate).Agree(key(t, alicePublic))
	require.NoError(t, err)
	return alice, bob
}

func requireMalformed(t testing.TB, err error, why string) {
	t.Helper()
	var malformed *sas.MalformedError
	require.ErrorAs(t, err, &malformed)
	require.Contains(t, malformed.Why, why)
	require.Contains(t, err.Error(), "sas: ")
}
