package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

var update = flag.Bool("update", false, "write testdata anew")

const alice = "@alice:example.org"

// TestMain makes the test's own binary the program, when a test starts it as that.
func TestMain(m *testing.M) {
	if os.Getenv("EXAMPLE") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program runs the program as a process of its own.
func program(t *testing.T, stdin string) (stdout, stderr string, code int) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "EXAMPLE=1")
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		require.ErrorAs(t, err, new(*exec.ExitError))
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// TestVerified has a person who says yes on both devices. Both show the same
// seven emoji, and another user sees the phone signed.
func TestVerified(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "yes\nyes\n")
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	require.Len(t, lines, 3)
	shown := map[string]string{}
	for _, line := range lines[:2] {
		device, rest, ok := strings.Cut(line, " shows ")
		require.True(t, ok, line)
		emoji, _, ok := strings.Cut(rest, ": does")
		require.True(t, ok, line)
		require.Equal(t, 7, strings.Count(emoji, "{"), emoji)
		shown[device] = emoji
	}
	require.Len(t, shown, 2)
	require.Equal(t, shown["LAPTOP"], shown["PHONE"])

	query, err := files.ReadFile("testdata/keys-query.json")
	require.NoError(t, err)
	require.Equal(t, crosssigning.DeviceUnsigned, judge(t, query).DeviceTrust("PHONE", crosssigning.Mark{}))
	require.Equal(t, crosssigning.DeviceCrossSigned, judge(t, merge(t, query, []byte(lines[2]))).DeviceTrust("PHONE", crosssigning.Mark{}))
}

// TestNotVerified has a person who does not say yes: nothing is signed.
func TestNotVerified(t *testing.T) {
	t.Parallel()
	for _, stdin := range []string{"", "\n", "no\n", "yes\nno\n", "yes\n", "maybe\nyes\n", "yes"} {
		stdout, stderr, code := program(t, stdin)
		require.Equal(t, 1, code, "%q", stdin)
		require.NotContains(t, stdout, "signatures", "%q", stdin)
		require.Regexp(t, `^verify-device: not verified: m\.mismatched_sas: [^\n]+\n$`, stderr, "%q", stdin)
	}
}

func judge(t *testing.T, response []byte) crosssigning.Verdict {
	t.Helper()
	result, err := crosssigning.NewQuery(alice).Check(response, nil, 1)
	require.NoError(t, err)
	require.Empty(t, result.Refused)
	someone, err := crosssigning.NewUser("@someone:example.org", nil)
	require.NoError(t, err)
	return crosssigning.NewSelf(someone, crosssigning.Pin{}, crosssigning.Proof{}).Judge(result.Users[0], crosssigning.Pin{})
}

// merge does what the server does with an upload.
func merge(t *testing.T, response, upload []byte) []byte {
	t.Helper()
	var r, u map[string]any
	require.NoError(t, json.Unmarshal(response, &r))
	require.NoError(t, json.Unmarshal(upload, &u))
	signatures := func(devices any) map[string]any {
		device := devices.(map[string]any)[alice].(map[string]any)["PHONE"]
		return device.(map[string]any)["signatures"].(map[string]any)[alice].(map[string]any)
	}
	to := signatures(r["device_keys"])
	for id, signature := range signatures(u) {
		to[id] = signature
	}
	merged, err := json.Marshal(r)
	require.NoError(t, err)
	return merged
}

// TestUpdate makes testdata, with -update: the laptop has verified the identity
// and is signed, and the phone is new.
func TestUpdate(t *testing.T) {
	if !*update {
		return
	}
	private, err := crosssigning.GeneratePrivateKeys(alice)
	require.NoError(t, err)
	defer private.Close()
	identity, err := private.Identity()
	require.NoError(t, err)
	master, devices := json.Marshaler(nil), map[string]json.Marshaler{}
	content := map[string]any{}
	for _, id := range []string{"LAPTOP", "PHONE"} {
		account, err := olm.GenerateAccount()
		require.NoError(t, err)
		defer account.Close()
		local := crosssigning.LocalDevice{
			UserID: alice, DeviceID: id, Algorithms: []string{olm.V1.Algorithm(), megolm.V1.Algorithm()},
			Ed25519: account.IdentityKeys().Ed25519, Curve25519: account.IdentityKeys().Curve25519, Signer: account,
		}
		own, err := local.Keys()
		require.NoError(t, err)
		content[id+".json"], devices[id] = own, own
		if id == "PHONE" {
			continue
		}
		upload, err := private.SignDevice(own, own.Ed25519())
		require.NoError(t, err)
		devices[id] = both(t, own.Object(), upload.Object())
		upload, err = local.SignMaster(identity, identity.MasterKey())
		require.NoError(t, err)
		master = both(t, identity.Key(crosssigning.Master).Object(), upload.Object())
	}
	content["keys-query.json"] = map[string]any{
		"device_keys":       map[string]any{alice: devices},
		"failures":          map[string]any{},
		"master_keys":       map[string]any{alice: master},
		"self_signing_keys": map[string]any{alice: identity.Key(crosssigning.SelfSigning)},
		"user_signing_keys": map[string]any{alice: identity.Key(crosssigning.UserSigning)},
	}
	for name, value := range content {
		text, err := json.MarshalIndent(value, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join("testdata", name), append(text, '\n'), 0o644))
	}
	seed, err := private.SecretText(crosssigning.SelfSigning)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join("testdata", "self-signing-key.txt"), seed, 0o644))
}

// both returns an object with the signatures of another one too.
func both(t *testing.T, object, other crosssigning.Object) crosssigning.Object {
	t.Helper()
	read := func(o crosssigning.Object) (members map[string]any, signatures map[string]any) {
		text, err := o.MarshalJSON()
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &members))
		if s, ok := members["signatures"].(map[string]any); ok {
			return members, s[alice].(map[string]any)
		}
		signatures = map[string]any{}
		members["signatures"] = map[string]any{alice: signatures}
		return members, signatures
	}
	members, to := read(object)
	_, from := read(other)
	for id, signature := range from {
		to[id] = signature
	}
	text, err := json.Marshal(members)
	require.NoError(t, err)
	merged, err := crosssigning.ParseObject(text)
	require.NoError(t, err)
	return merged
}
