package megolm_test

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

// stater is a session whose whole state can be compared.
type stater interface{ State() []byte }

// mustFail is failtest.Refused for secret input and sessions.
func mustFail(t testing.TB, input []byte, call func() error, sessions ...stater) error {
	t.Helper()
	subjects := []failtest.Subject{failtest.Secret(input)}
	for _, s := range sessions {
		subjects = append(subjects, failtest.Whole(s))
	}
	return failtest.Refused(t, call, subjects...)
}

func requireMalformed(t testing.TB, err error, why string) {
	t.Helper()
	malformed, ok := err.(*megolm.MalformedError)
	require.True(t, ok, "%T: %v", err, err)
	require.Contains(t, malformed.Why, why)
	require.True(t, strings.HasPrefix(malformed.What, "megolm: "), malformed.What)
}

func requireVersion(t testing.TB, err error, got uint32) {
	t.Helper()
	version, ok := err.(*megolm.VersionError)
	require.True(t, ok, "%T: %v", err, err)
	require.Equal(t, got, version.Got)
}

func requireUnknownIndex(t testing.TB, err error, first, got uint32) {
	t.Helper()
	require.Equal(t, &megolm.UnknownIndexError{FirstKnown: first, Got: got}, err)
}

func text(b []byte) []byte { return base64.RawStdEncoding.AppendEncode(nil, b) }

func untext(t testing.TB, s []byte) []byte {
	t.Helper()
	b, err := base64.RawStdEncoding.DecodeString(string(s))
	require.NoError(t, err)
	return b
}

func newRandom(seed byte) *rand.Rand { return rand.New(rand.NewChaCha8([32]byte{seed})) }

func randomBytes(random *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

func sealKey(t testing.TB) keys.SealKey {
	t.Helper()
	k, err := keys.NewSealKey(bytes.Repeat([]byte{0x5c, 0xa3}, 16))
	require.NoError(t, err)
	return k
}

// inbound returns the recipient's session for the peer at its index.
func inbound(t testing.TB, p *peer) *megolm.InboundSession {
	t.Helper()
	key, err := megolm.ParseSessionKey(text(p.sessionKey()))
	require.NoError(t, err)
	s, err := megolm.NewInboundSession(key)
	require.NoError(t, err)
	return s
}

// imported returns the session of the peer's export.
func imported(t testing.TB, p *peer) *megolm.InboundSession {
	t.Helper()
	e, err := megolm.ParseExportedSession(text(p.export()))
	require.NoError(t, err)
	s, err := megolm.ImportInboundSession(e)
	require.NoError(t, err)
	return s
}

// outbound returns the sender's session with the peer's secrets.
func outbound(t testing.TB, p *peer) *megolm.OutboundSession {
	t.Helper()
	s, err := megolm.ImportLibolmOutboundSession(p.outboundPickle(), pickleKey)
	require.NoError(t, err)
	return s
}

func message(t testing.TB, b []byte) megolm.Message {
	t.Helper()
	m, err := megolm.NewMessage(b)
	require.NoError(t, err)
	return m
}
