package sas_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/sas"
)

// The test of matrix-rust-sdk, crates/matrix-sdk-crypto, verification/sas/
// helpers.rs, commitment_calculation.
const (
	rustKey        = "Q/NmNFEUS1fS+YeEmiZkjjblKTitrKOAk7cPEumcMlg"
	rustCommitment = "CCQmB4JCdB0FW21FdAnHj/Hu8+W9+Nb0vgwPEnZZQ4g"
	rustStart      = `{
		"from_device": "XOWLHHFSWM",
		"transaction_id": "bYxBsirjUJO9osar6ST4i2M2NjrYLA7l",
		"method": "m.sas.v1",
		"key_agreement_protocols": ["curve25519-hkdf-sha256", "curve25519"],
		"hashes": ["sha256"],
		"message_authentication_codes": ["hkdf-hmac-sha256", "hmac-sha256"],
		"short_authentication_string": ["decimal", "emoji"]
	}`
)

func TestCommitmentAsRust(t *testing.T) {
	got, err := sas.Commitment(key(t, rustKey), []byte(rustStart))
	require.NoError(t, err)
	require.Equal(t, rustCommitment, got)
	for _, padding := range []string{"", "="} {
		require.NoError(t, sas.VerifyCommitment(key(t, rustKey), []byte(rustStart), rustCommitment+padding))
	}
}

// Members of all kinds are committed to, in canonical form.
func TestCommitmentIsOverCanonicalJSON(t *testing.T) {
	const canonical = `{"":[],"a":{"x":null,"y":-1},"é":"/\n"}`
	sum := sha256.Sum256([]byte(bobPublic + canonical))
	want := base64.RawStdEncoding.EncodeToString(sum[:])
	for _, start := range []string{canonical, ` { "\u00e9":"\/\u000a", "a":{"y":-1,"\u0078":null},"" : [ ] } `} {
		got, err := sas.Commitment(key(t, bobPublic), []byte(start))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestVerifyCommitmentRefuses(t *testing.T) {
	refuses := func(accepter, start, commitment string) error {
		t.Helper()
		k := key(t, accepter)
		return failtest.Refused(t, func() error { return sas.VerifyCommitment(k, []byte(start), commitment) },
			failtest.Input(start), failtest.Input(commitment))
	}
	// Another key, another start, and every bit of the commitment.
	require.Equal(t, sas.ErrCommitment, refuses(bobPublic, rustStart, rustCommitment))
	for _, change := range [][2]string{{"XOWLHHFSWM", "XOWLHHFSWN"}, {`, "curve25519"]`, `]`}, {`["decimal", "emoji"]`, `["emoji", "decimal"]`}, {"{", `{"x":1,`}} {
		changed := strings.Replace(rustStart, change[0], change[1], 1)
		require.NotEqual(t, rustStart, changed)
		require.Equal(t, sas.ErrCommitment, refuses(rustKey, changed, rustCommitment))
	}
	raw, err := base64.RawStdEncoding.DecodeString(rustCommitment)
	require.NoError(t, err)
	for i := range 8 * len(raw) {
		raw[i/8] ^= 1 << (i % 8)
		require.Equal(t, sas.ErrCommitment, refuses(rustKey, rustStart, base64.RawStdEncoding.EncodeToString(raw)))
		raw[i/8] ^= 1 << (i % 8)
	}
	const length = "not 32 bytes of base64"
	for text, why := range map[string]string{
		"": length, "=": length, rustCommitment[:42]: length, rustCommitment + "A": "", rustCommitment + "==": length, rustCommitment[:42] + "h": "",
		" " + rustCommitment: "", rustCommitment + "\n": "", strings.ReplaceAll(rustCommitment, "/", "_"): "", rustCommitment[:42] + "!": "",
		strings.Repeat("A", 1<<20): length,
	} {
		requireMalformed(t, refuses(rustKey, rustStart, text), why)
	}
}

func TestCommitmentRefuses(t *testing.T) {
	fails := func(k keys.Curve25519, start string) error {
		t.Helper()
		err := refused(t, func() (string, error) { return sas.Commitment(k, []byte(start)) }, failtest.Input(start))
		require.Equal(t, err, sas.VerifyCommitment(k, []byte(start), rustCommitment))
		return err
	}
	require.ErrorIs(t, fails(keys.Curve25519{}, rustStart), keys.ErrAbsent)
	for start, why := range map[string]string{
		"":                   "not valid JSON",
		"{":                  "not valid JSON",
		"null":               "not a JSON object",
		`"{}"`:               "not a JSON object",
		"[{}]":               "not a JSON object",
		`{"a":1.5}`:          "a number",
		`{"a":1,"\u0061":1}`: "a name stands twice",
		`{"a":"\ud800"}`:     "not valid Unicode",
		`{} x`:               "data after the end",
	} {
		requireMalformed(t, fails(key(t, rustKey), start), why)
	}
}

func FuzzCommitment(f *testing.F) {
	f.Add([]byte(rustStart), rustCommitment)
	f.Add([]byte("{}"), "")
	f.Add([]byte("[]"), rustCommitment+"=")
	accepter := key(f, rustKey)
	f.Fuzz(func(t *testing.T, start []byte, commitment string) {
		want, err := sas.Commitment(accepter, start)
		verifyErr := sas.VerifyCommitment(accepter, start, commitment)
		if err != nil {
			require.Equal(t, err, verifyErr)
			return
		}
		require.Equal(t, want == strings.TrimSuffix(commitment, "="), verifyErr == nil)
		require.NoError(t, sas.VerifyCommitment(accepter, start, want))
	})
}
