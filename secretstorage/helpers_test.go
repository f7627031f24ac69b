package secretstorage_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// The recovery key that the tests of matrix-js-sdk, Element Android and
// vodozemac share, and what it stands for.
const (
	knownRecoveryKey = "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d"
	knownKey         = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
)

// A seed and a private key, with their public keys.
const (
	seed          = "68f97fd1922eecf6b82bb890d24d0652984e7a1d703b9e867b7ebaf7feb95b6f"
	backupPrivate = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"
	backupPublic  = "3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// confirmed and typed return the same key, as a program and as a person gives it.
func confirmed(t testing.TB) *secretstorage.Key {
	t.Helper()
	k, err := secretstorage.NewKey(unhex(t, knownKey))
	require.NoError(t, err)
	require.True(t, k.Confirmed())
	return k
}

func typed(t testing.TB) *secretstorage.Key {
	t.Helper()
	k, err := secretstorage.ParseRecoveryKey([]byte(knownRecoveryKey))
	require.NoError(t, err)
	require.False(t, k.Confirmed())
	return k
}

func closed(t testing.TB) *secretstorage.Key {
	t.Helper()
	k := confirmed(t)
	k.Close()
	return k
}

func seedPublic(t testing.TB) keys.Ed25519 {
	t.Helper()
	k, err := pk.NewSigningKey(unhex(t, seed))
	require.NoError(t, err)
	return k.PublicKey()
}

func curvePublic(t testing.TB) keys.Curve25519 {
	t.Helper()
	k, err := keys.ParseCurve25519(backupPublic)
	require.NoError(t, err)
	return k
}

func parseDescription(t testing.TB, text string) secretstorage.Description {
	t.Helper()
	d, err := secretstorage.ParseDescription([]byte(text))
	require.NoError(t, err)
	return d
}

func marshal(t testing.TB, v interface{ MarshalJSON() ([]byte, error) }) string {
	t.Helper()
	b, err := v.MarshalJSON()
	require.NoError(t, err)
	return string(b)
}

// keyFails is mustFail for a call on a key.
func keyFails(t testing.TB, k *secretstorage.Key, call func() error, subjects ...failtest.Subject) error {
	t.Helper()
	return mustFail(t, call, append(subjects, k)...)
}

// mustFail is failtest.Refused for a call that meets the keys above.
func mustFail(t testing.TB, call func() error, subjects ...failtest.Subject) error {
	t.Helper()
	subjects = append(subjects, failtest.Secret(knownRecoveryKey))
	for _, s := range []string{knownKey, seed, backupPrivate} {
		subjects = append(subjects, failtest.Secret(unhex(t, s)))
	}
	err := failtest.Refused(t, call, subjects...)
	require.True(t, strings.HasPrefix(err.Error(), "secretstorage: "), err.Error())
	return err
}

// textFails parses a text into a value, which must fail and leave it.
func textFails(t testing.TB, v json.Unmarshaler, text string) error {
	t.Helper()
	return mustFail(t, func() error { return v.UnmarshalJSON([]byte(text)) }, failtest.Input(text), marshalled{v})
}

// marshalFails marshals a value, which must fail.
func marshalFails(t testing.TB, v interface{ MarshalJSON() ([]byte, error) }) error {
	t.Helper()
	failtest.Refused(t, func() error { _, err := json.Marshal(v); return err })
	return mustFail(t, func() error { _, err := v.MarshalJSON(); return err }, marshalled{v})
}

// marshalled is a value whose state is what MarshalJSON returns.
type marshalled struct{ value any }

func (m marshalled) State() []byte {
	b, err := json.Marshal(m.value)
	return fmt.Appendf(b, "%v", err)
}

func (marshalled) Secrets() [][]byte { return nil }

func requireMalformed(t testing.TB, err error, why string) {
	t.Helper()
	var malformed *secretstorage.MalformedError
	require.ErrorAs(t, err, &malformed)
	require.Contains(t, malformed.Why, why)
	require.Contains(t, err.Error(), "secretstorage: ")
}

// replay makes crypto/rand return the bytes 0x80, 0x81, … and afterwards fails
// the test unless it was asked for exactly these numbers of bytes.
func replay(t testing.TB, sizes ...int) {
	t.Helper()
	r := &counter{}
	old := rand.Reader
	rand.Reader = r
	t.Cleanup(func() {
		rand.Reader = old
		require.Equal(t, sizes, r.sizes)
	})
}

type counter struct {
	next  byte
	sizes []int
}

func (r *counter) Read(p []byte) (int, error) {
	if len(p) > 128 {
		return 0, errors.New("too much")
	}
	r.sizes = append(r.sizes, len(p))
	for i := range p {
		p[i] = 0x80 | r.next
		r.next = (r.next + 1) & 0x7f
	}
	return len(p), nil
}

// flips calls f with every copy of b that differs in one bit.
func flips(b []byte, f func([]byte)) {
	for i := range 8 * len(b) {
		c := bytes.Clone(b)
		c[i/8] ^= 1 << (i % 8)
		f(c)
	}
}
