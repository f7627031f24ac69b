package megolm_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

// stater is a session whose whole state can be compared.
type stater interface{ State() []byte }

// mustFail runs a call that must return an error, and returns it. It requires
// what holds for every failure: no panic; the sessions and the input are as
// before; no more memory was allocated than the input accounts for; and the
// error, however it is printed, quotes neither the sessions nor the input.
func mustFail(t testing.TB, input []byte, call func() error, sessions ...stater) (err error) {
	t.Helper()
	before := make([][]byte, len(sessions))
	for i, s := range sessions {
		before[i] = s.State()
	}
	in := bytes.Clone(input)
	var start, end runtime.MemStats
	runtime.ReadMemStats(&start)
	func() {
		defer func() {
			if r := recover(); r != nil {
				t.Fatalf("panic: %v", r)
			}
		}()
		err = call()
	}()
	runtime.ReadMemStats(&end)
	if err == nil {
		t.Fatal("no error")
	}
	if got, most := end.TotalAlloc-start.TotalAlloc, uint64(64<<10+8*len(input)); got > most {
		t.Fatalf("%d bytes allocated for %d of input", got, len(input))
	}
	if !bytes.Equal(in, input) {
		t.Fatal("the input was changed")
	}
	text := fmt.Sprintf("%v %+v %#v", err, err, err)
	requireNotQuoted(t, text, in[:min(len(in), 4096)])
	for i, s := range sessions {
		if !bytes.Equal(before[i], s.State()) {
			t.Fatalf("session %d was changed", i)
		}
		requireNotQuoted(t, text, before[i])
	}
	return err
}

// requireNotQuoted fails when text holds six bytes of secret in a row, raw, in
// hex, in base64 or as numbers.
func requireNotQuoted(t testing.TB, text string, secret []byte) {
	t.Helper()
	lower := strings.ToLower(text)
	for n, form := range map[int]string{6: string(secret), 12: hex.EncodeToString(secret), 16: fmt.Sprint(secret)} {
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
