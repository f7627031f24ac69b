package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

var update = flag.Bool("update", false, "write testdata anew")

// TestMain makes the test's own binary the program, when a test starts it as that.
func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv("EXAMPLE_FILES"); ok {
		if dir != "embedded" {
			files = os.DirFS(dir)
		}
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program runs the program as a process of its own, with the files of a
// directory or those that are embedded.
func program(t *testing.T, dir, stdin string) (stdout, stderr string, code int) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "EXAMPLE_FILES="+dir)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		require.ErrorAs(t, err, new(*exec.ExitError))
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// with returns a directory with a copy of testdata, but for one file.
func with(t *testing.T, name string, content []byte) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, files))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	return dir
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := fs.ReadFile(files, name)
	require.NoError(t, err)
	return b
}

const prompt = "Recovery key, then Ctrl-D, which alone takes the example's:\n"

// TestSigned checks the printed signature as another user would, once the
// server has put it beside the device's own.
func TestSigned(t *testing.T) {
	t.Parallel()
	for _, stdin := range []string{"", string(read(t, "recovery-key.txt")) + "\n"} {
		stdout, stderr, code := program(t, "embedded", stdin)
		require.Zero(t, code, stderr)
		require.Equal(t, prompt, stderr)

		before := judge(t, read(t, "keys-query.json"))
		require.Equal(t, crosssigning.DeviceUnsigned, before.DeviceTrust(deviceID, crosssigning.Mark{}))
		after := judge(t, merge(t, read(t, "keys-query.json"), []byte(stdout)))
		require.Equal(t, crosssigning.UserPinned, after.Trust())
		require.Equal(t, crosssigning.DeviceCrossSigned, after.DeviceTrust(deviceID, crosssigning.Mark{}))
	}
}

func judge(t *testing.T, response []byte) crosssigning.Verdict {
	t.Helper()
	result, err := crosssigning.NewQuery(userID).Check(response, nil, 1)
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
	require.Len(t, u, 1)
	require.Len(t, u[userID], 1)
	signatures := func(device any) map[string]any {
		return device.(map[string]any)["signatures"].(map[string]any)[userID].(map[string]any)
	}
	to := signatures(r["device_keys"].(map[string]any)[userID].(map[string]any)[deviceID])
	for id, signature := range signatures(u[userID].(map[string]any)[deviceID]) {
		to[id] = signature
	}
	merged, err := json.Marshal(r)
	require.NoError(t, err)
	return merged
}

func TestRecoveryKeyRefused(t *testing.T) {
	t.Parallel()
	key := secretstorage.GenerateKey()
	defer key.Close()
	another, err := key.RecoveryKey()
	require.NoError(t, err)
	mistyped := bytes.TrimSpace(read(t, "recovery-key.txt"))
	mistyped[len(mistyped)-1] ^= 3
	for stdin, want := range map[string]string{
		string(another):  "this is not the account's recovery key: secretstorage: not the key that is described",
		string(mistyped): "secretstorage: recovery key: mistyped, or not a recovery key",
		"a passphrase":   "secretstorage: recovery key: not 48 characters, white space aside",
	} {
		stdout, stderr, code := program(t, "embedded", stdin+"\n")
		require.Equal(t, 1, code)
		require.Empty(t, stdout)
		require.Equal(t, prompt+"cross-sign-bot: "+want+"\n", stderr)
	}
}

// TestServerRefused lets the server show other things than it should.
func TestServerRefused(t *testing.T) {
	t.Parallel()
	bot := newBot(t)
	defer bot.close()
	query := read(t, "keys-query.json")
	for name, test := range map[string]struct {
		file    string
		content []byte
		want    string
	}{
		"another identity":  {"keys-query.json", edit(t, query, bot.query(t), "master_keys", "self_signing_keys"), "not the private key of the expected public key"},
		"another device":    {"keys-query.json", edit(t, query, bot.query(t), "device_keys"), "another key than expected"},
		"clash":             {"keys-query.json", clash(t, query), "has a device whose id is the cross-signing key"},
		"no device":         {"keys-query.json", edit(t, query, []byte(`{"device_keys":{"`+userID+`":{}}}`), "device_keys"), "are missing []"},
		"no user":           {"keys-query.json", []byte(`{"device_keys":{}}`), "are missing []"},
		"no identity":       {"keys-query.json", edit(t, query, []byte(`{}`), "master_keys", "self_signing_keys"), "are missing"},
		"no self-signing":   {"keys-query.json", edit(t, query, []byte(`{}`), "self_signing_keys"), "are missing []"},
		"device damaged":    {"keys-query.json", bytes.Replace(query, []byte(megolm.V1.Algorithm()), []byte("m.megolm.v2"), 1), "are missing [crosssigning: device of"},
		"not JSON":          {"keys-query.json", []byte(`{`), "JSON"},
		"no default key":    {"account-data.json", []byte(`{}`), "secretstorage"},
		"another's account": {"account.sealed", bot.seal(t, "OTHER"), "olm:"},
		"secret gone":       {"account-data.json", edit(t, read(t, "account-data.json"), []byte(`{}`), secretstorage.SelfSigningKey), "secretstorage"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := program(t, with(t, test.file, test.content), "")
			require.Equal(t, 1, code, stderr)
			require.Empty(t, stdout)
			require.Contains(t, stderr, test.want)
			require.Equal(t, 1, strings.Count(strings.TrimPrefix(stderr, prompt), "\n"), stderr)
		})
	}
}

// edit returns an object in which some members are those of another, or gone.
func edit(t *testing.T, object, other []byte, names ...string) []byte {
	t.Helper()
	var to, from map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(object, &to))
	require.NoError(t, json.Unmarshal(other, &from))
	for _, name := range names {
		delete(to, name)
		if value, ok := from[name]; ok {
			to[name] = value
		}
	}
	edited, err := json.Marshal(to)
	require.NoError(t, err)
	return edited
}

// clash adds a device whose id is the user's master key.
func clash(t *testing.T, query []byte) []byte {
	t.Helper()
	result, err := crosssigning.NewQuery(userID).Check(query, nil, 1)
	require.NoError(t, err)
	account, err := olm.GenerateAccount()
	require.NoError(t, err)
	defer account.Close()
	device, err := local(account, result.Users[0].Identity().MasterKey().String()).Keys()
	require.NoError(t, err)
	var response map[string]map[string]any
	require.NoError(t, json.Unmarshal(query, &response))
	response["device_keys"][userID].(map[string]any)[device.DeviceID()] = device
	with, err := json.Marshal(response)
	require.NoError(t, err)
	return with
}

func local(account *olm.Account, deviceID string) crosssigning.LocalDevice {
	return crosssigning.LocalDevice{
		UserID: userID, DeviceID: deviceID, Algorithms: []string{olm.V1.Algorithm(), megolm.V1.Algorithm()},
		Ed25519: account.IdentityKeys().Ed25519, Curve25519: account.IdentityKeys().Curve25519, Signer: account,
	}
}

// bot is the user of the bot before its device is signed.
type bot struct {
	account *olm.Account
	private *crosssigning.PrivateKeys
	sealKey keys.SealKey
}

func newBot(t *testing.T) bot {
	t.Helper()
	account, err := olm.GenerateAccount()
	require.NoError(t, err)
	private, err := crosssigning.GeneratePrivateKeys(userID)
	require.NoError(t, err)
	return bot{account, private, keys.GenerateSealKey()}
}

func (b bot) close() { b.account.Close(); b.private.Close(); b.sealKey.Close() }

func (b bot) seal(t *testing.T, deviceID string) []byte {
	t.Helper()
	sealed, err := b.account.Seal(b.sealKey, []byte(userID+" "+deviceID))
	require.NoError(t, err)
	return sealed
}

// query returns the answer to /keys/query.
func (b bot) query(t *testing.T) []byte {
	t.Helper()
	device, err := local(b.account, deviceID).Keys()
	require.NoError(t, err)
	identity, err := b.private.Identity()
	require.NoError(t, err)
	response, err := json.MarshalIndent(map[string]any{
		"device_keys":       map[string]any{userID: map[string]any{deviceID: device}},
		"failures":          map[string]any{},
		"master_keys":       map[string]any{userID: identity.Key(crosssigning.Master)},
		"self_signing_keys": map[string]any{userID: identity.Key(crosssigning.SelfSigning)},
		"user_signing_keys": map[string]any{userID: identity.Key(crosssigning.UserSigning)},
	}, "", "  ")
	require.NoError(t, err)
	return append(response, '\n')
}

// TestUpdate makes testdata, with -update.
func TestUpdate(t *testing.T) {
	if !*update {
		return
	}
	bot, key := newBot(t), secretstorage.GenerateKey()
	defer bot.close()
	defer key.Close()
	keyID := secretstorage.GenerateKeyID()
	description, err := key.Describe("The bot's recovery key")
	require.NoError(t, err)
	data := map[string]any{
		secretstorage.DefaultKeyType:                secretstorage.DefaultKey{KeyID: keyID},
		secretstorage.DescriptionTypePrefix + keyID: description,
	}
	for _, usage := range []crosssigning.Usage{crosssigning.Master, crosssigning.SelfSigning, crosssigning.UserSigning} {
		seed, err := bot.private.Secret(usage)
		require.NoError(t, err)
		sealed, err := key.SealPrivateKey(usage.SecretName(), seed[:])
		require.NoError(t, err)
		data[usage.SecretName()], err = secretstorage.StoredSecret{}.With(keyID, sealed)
		require.NoError(t, err)
	}
	dump, err := json.MarshalIndent(data, "", "  ")
	require.NoError(t, err)
	recoveryKey, err := key.RecoveryKey()
	require.NoError(t, err)
	sealKey := bot.sealKey.Secret()
	for name, content := range map[string][]byte{
		"account-data.json": append(dump, '\n'), "keys-query.json": bot.query(t), "recovery-key.txt": append(recoveryKey, '\n'),
		"account.sealed": bot.seal(t, deviceID), "seal.key": sealKey[:],
	} {
		require.NoError(t, os.WriteFile(filepath.Join("testdata", name), content, 0o644))
	}
}
