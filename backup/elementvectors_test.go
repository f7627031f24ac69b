package backup_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/pk"
)

// What matrix-sdk-crypto-wasm wrote: interop/element makes testdata/element, and
// holds it against that program. made_by in the files says which version.

// elementEvent is an encrypted room event, and what the machine read.
type elementEvent struct {
	SessionID  string `json:"session_id"`
	Ciphertext string `json:"ciphertext"`
	Plaintext  struct {
		Type    string `json:"type"`
		Content any    `json:"content"`
	} `json:"plaintext"`
}

// elementAlteration is a flip of the lowest bit of one byte. Path leads to a text
// in base64.
type elementAlteration struct {
	What string   `json:"what"`
	Path []string `json:"path"`
	At   int      `json:"at"`
}

func readElement(t *testing.T, file string, v any) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, v))
}

func (a elementAlteration) flip(t *testing.T, text string) string {
	t.Helper()
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	require.NoError(t, err)
	raw[a.At] ^= 1
	return base64.RawStdEncoding.EncodeToString(raw)
}

// apply returns a document with the alteration.
func (a elementAlteration) apply(t *testing.T, document []byte) []byte {
	t.Helper()
	var root map[string]any
	require.NoError(t, json.Unmarshal(document, &root))
	in, last := root, len(a.Path)-1
	for _, name := range a.Path[:last] {
		in = in[name].(map[string]any)
	}
	in[a.Path[last]] = a.flip(t, in[a.Path[last]].(string))
	out, err := json.Marshal(root)
	require.NoError(t, err)
	return out
}

// sameEntry compares an entry with what the machine says of it.
func sameEntry(t *testing.T, entry backup.Entry, want map[string]any) {
	t.Helper()
	text, err := entry.SecretJSON()
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(text, &got))
	require.Equal(t, want["m.shared_history"], entry.SharedHistory)
	delete(want, "m.shared_history") // which is not written when it is false
	for member, value := range want {
		require.Empty(t, cmp.Diff(value, got[member]), member)
	}
}

// readEvents decrypts the events with the sessions of entries.
func readEvents(t *testing.T, entries []backup.Entry, list []elementEvent) {
	t.Helper()
	require.NotEmpty(t, list)
	for _, e := range list {
		at := slices.IndexFunc(entries, func(entry backup.Entry) bool { return entry.SessionID() == e.SessionID })
		require.GreaterOrEqual(t, at, 0)
		restored, err := entries[at].Import()
		require.NoError(t, err)
		message, err := megolm.ParseMessage(e.Ciphertext)
		require.NoError(t, err)
		decrypted, err := restored.Session().Decrypt(message)
		require.NoError(t, err)
		got := elementEvent{SessionID: e.SessionID, Ciphertext: e.Ciphertext}
		require.NoError(t, json.Unmarshal(decrypted.Plaintext, &got.Plaintext))
		require.Empty(t, cmp.Diff(e, got))
	}
}

func TestElementKeyFile(t *testing.T) {
	var v struct {
		Passphrase string              `json:"passphrase"`
		Rounds     int                 `json:"rounds"`
		File       string              `json:"file"`
		Keys       []map[string]any    `json:"keys"`
		Events     []elementEvent      `json:"events"`
		Refused    []elementAlteration `json:"refused"`
	}
	readElement(t, "testdata/element/keyfile.json", &v)
	file, err := backup.OpenKeyFile(strings.NewReader(v.File), []byte(v.Passphrase))
	require.NoError(t, err)
	require.Equal(t, v.Rounds, file.Rounds())
	var entries []backup.Entry
	for entry, err := range file.Entries() {
		require.NoError(t, err)
		sameEntry(t, entry, v.Keys[len(entries)])
		entries = append(entries, entry)
	}
	require.Len(t, entries, len(v.Keys))
	readEvents(t, entries, v.Events)

	require.ErrorIs(t, fileFails(t, v.File, v.Passphrase+"x"), backup.ErrPassphrase)
	body := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(v.File), begin), end), "\n", "")
	require.NotEmpty(t, v.Refused)
	for _, a := range v.Refused {
		fileFails(t, begin+"\n"+a.flip(t, body)+"\n"+end, v.Passphrase)
	}
}

type elementBackup struct {
	User      string                    `json:"user"`
	Device    string                    `json:"device"`
	Seeds     map[string]string         `json:"seeds"`
	Query     json.RawMessage           `json:"query"`
	Private   string                    `json:"private"`
	AuthData  json.RawMessage           `json:"auth_data"`
	Rooms     json.RawMessage           `json:"rooms"`
	Keys      map[string]map[string]any `json:"keys"`
	Events    []elementEvent            `json:"events"`
	Refused   []elementAlteration       `json:"refused"`
	Unsigned  []elementAlteration       `json:"unsigned"`
	Signature map[string]string         `json:"signature"`
}

func TestElementBackup(t *testing.T) {
	var v elementBackup
	readElement(t, "testdata/element/backup.json", &v)
	key, err := pk.ParseDecryptionKey([]byte(v.Private))
	require.NoError(t, err)
	var entries []backup.Entry
	for entry, err := range backup.DecryptDump(key, bytes.NewReader(v.Rooms), 1) {
		require.NoError(t, err)
		sameEntry(t, entry, v.Keys[entry.SessionID()])
		entries = append(entries, entry)
	}
	require.Len(t, entries, len(v.Keys))
	readEvents(t, entries, v.Events)

	require.NotEmpty(t, v.Refused)
	for _, a := range v.Refused {
		var read []backup.Entry
		altered := a.apply(t, v.Rooms)
		err := mustFail(t, func() error {
			list, spoilt, last := collectDump(key, bytes.NewReader(altered), 1)
			require.NoError(t, last)
			require.Len(t, spoilt, 1)
			require.Equal(t, a.Path[3], spoilt[0].SessionID, a.What)
			read = list
			return spoilt[0]
		}, failtest.Input(altered), buffers)
		require.ErrorIs(t, err, backup.ErrDecrypt)
		require.Len(t, read, len(v.Keys)-1, a.What)
	}
}

// The signatures of a backup say whose it is, and an altered one says nothing.
func TestElementBackupSignatures(t *testing.T) {
	var v elementBackup
	readElement(t, "testdata/element/backup.json", &v)
	q := crosssigning.NewQuery(v.User)
	result, err := q.Check(v.Query, nil, 1)
	require.NoError(t, err)
	require.Empty(t, result.Refused)
	user := result.Users[0]
	var seeds crosssigning.Seeds
	for name, usage := range map[string]crosssigning.Usage{
		"master": crosssigning.Master, "self_signing": crosssigning.SelfSigning, "user_signing": crosssigning.UserSigning,
	} {
		seed, err := crosssigning.ParseSeed([]byte(v.Seeds[name]))
		require.NoError(t, err)
		seeds = seeds.With(usage, seed)
	}
	private, err := crosssigning.ImportPrivateKeys(user.Identity(), seeds)
	require.NoError(t, err)
	self := crosssigning.NewSelf(user, crosssigning.Pin{Master: user.Identity().MasterKey()}, crosssigning.Proof{Private: private})
	judge := func(authData []byte) backup.Verdict {
		parsed, err := backup.ParseAuthData(authData)
		require.NoError(t, err)
		return parsed.Judge(backup.Evidence{Own: user, Self: self})
	}

	verdict := judge(v.AuthData)
	require.Equal(t, map[string]string{"device": "ValidAndTrusted", "user": "ValidAndTrusted"}, v.Signature)
	require.True(t, verdict.SignedByMaster())
	require.Equal(t, []string{v.Device}, verdict.SignedBy())
	require.Len(t, v.Unsigned, 2)
	for _, a := range v.Unsigned {
		verdict := judge(a.apply(t, v.AuthData))
		byDevice := strings.HasSuffix(a.What, ":"+v.Device)
		require.Equal(t, byDevice, verdict.SignedByMaster(), a.What)
		require.Equal(t, !byDevice, slices.Contains(verdict.SignedBy(), v.Device), a.What)
	}
}
