package backup_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/pk"
)

func backupKey(t testing.TB, n byte) *pk.DecryptionKey {
	t.Helper()
	k, err := pk.NewDecryptionKey(bytes.Repeat([]byte{n}, 32))
	require.NoError(t, err)
	return k
}

func authData(t testing.TB, key *pk.DecryptionKey) backup.AuthData {
	t.Helper()
	a, err := backup.NewAuthData(key.PublicKey())
	require.NoError(t, err)
	return a
}

func recipient(t testing.TB, key *pk.DecryptionKey) backup.Recipient {
	t.Helper()
	r, err := authData(t, key).Judge(backup.Evidence{PrivateKey: key}).Recipient()
	require.NoError(t, err)
	return r
}

// sealRaw encrypts any plaintext as a KeyBackupData.
func sealRaw(t testing.TB, key *pk.DecryptionKey, plaintext string) string {
	t.Helper()
	m, err := pk.Encrypt(key.PublicKey(), []byte(plaintext))
	require.NoError(t, err)
	b, err := json.Marshal(m)
	require.NoError(t, err)
	return `{"first_message_index":0,"forwarded_count":0,"is_verified":true,"session_data":` + string(b) + `}`
}

func TestEncryptAndDecrypt(t *testing.T) {
	key := backupKey(t, 1)
	e := entry(t, 4)
	text, err := recipient(t, key).Encrypt(e, true)
	require.NoError(t, err)
	var data struct {
		First       *int            `json:"first_message_index"`
		Forwarded   *int            `json:"forwarded_count"`
		Verified    *bool           `json:"is_verified"`
		SessionData json.RawMessage `json:"session_data"`
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&data))
	require.Equal(t, 0, *data.First)
	require.Equal(t, 2, *data.Forwarded)
	require.True(t, *data.Verified)

	got, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), text)
	require.NoError(t, err)
	requireSame(t, e, got)
	require.Equal(t, backup.FromBackup, got.Source())

	// A restored key is never marked as verified, and keeps its room.
	again, err := recipient(t, key).Encrypt(got, true)
	require.NoError(t, err)
	require.Contains(t, string(again), `"is_verified":false`)
}

// The ciphertext is what the specification says, made from the primitives alone.
func TestEncryptKnownAnswer(t *testing.T) {
	key := backupKey(t, 1)
	e := entry(t, 4)
	ephemeral := stream(32, 5)
	fixRandom(t, ephemeral)
	text, err := recipient(t, key).Encrypt(e, false)
	require.NoError(t, err)

	private, err := ecdh.X25519().NewPrivateKey(ephemeral)
	require.NoError(t, err)
	public, err := ecdh.X25519().NewPublicKey(key.PublicKey().Bytes())
	require.NoError(t, err)
	shared, err := private.ECDH(public)
	require.NoError(t, err)
	okm, err := hkdf.Key(sha256.New, shared, make([]byte, 32), "", 80)
	require.NoError(t, err)
	plaintext := []byte(fmt.Sprintf(`{"algorithm":"m.megolm.v1.aes-sha2","forwarding_curve25519_key_chain":[%q,%q],"sender_claimed_keys":{"ed25519":%q},"sender_key":%q,"session_key":%q,"shared_history":true}`,
		e.ForwardingChain[0], e.ForwardingChain[1], e.ClaimedEd25519, e.SenderKey, e.Session.SecretText()))
	pad := 16 - len(plaintext)%16
	plaintext = append(plaintext, bytes.Repeat([]byte{byte(pad)}, pad)...)
	block, err := aes.NewCipher(okm[:32])
	require.NoError(t, err)
	cipher.NewCBCEncrypter(block, okm[64:]).CryptBlocks(plaintext, plaintext)
	mac := hmac.New(sha256.New, okm[32:64])
	raw := base64.RawStdEncoding.EncodeToString
	want := fmt.Sprintf(`{"first_message_index":0,"forwarded_count":2,"is_verified":false,"session_data":{"ciphertext":%q,"mac":%q,"ephemeral":%q}}`,
		raw(plaintext), raw(mac.Sum(nil)[:8]), raw(private.PublicKey().Bytes()))
	require.Equal(t, want, string(text))

	// P36: a MAC over the ciphertext, as it was meant to be, is refused.
	mac.Write(plaintext)
	wrong := strings.Replace(want, raw(hmacEmpty(okm[32:64])), raw(mac.Sum(nil)[:8]), 1)
	require.NotEqual(t, want, wrong)
	require.Equal(t, backup.ErrDecrypt, sessionFails(t, key, e.RoomID, e.SessionID(), wrong))
}

func hmacEmpty(key []byte) []byte { return hmac.New(sha256.New, key).Sum(nil)[:8] }

// TestAttack_P36_FlippedBits: every bit of the ciphertext can be flipped without
// the MAC noticing; no flip gives another session, and all failures are one error.
func TestAttack_P36_FlippedBits(t *testing.T) {
	key := backupKey(t, 1)
	e := entry(t, 1)
	m, err := pk.Encrypt(key.PublicKey(), []byte(strings.Replace(entryJSON(e), `"room_id":"!room0:example.org",`, "", 1)))
	require.NoError(t, err)
	taken := 0
	for i := range len(m.Ciphertext) * 8 {
		m.Ciphertext[i/8] ^= 1 << (i % 8)
		b, err := json.Marshal(m)
		require.NoError(t, err)
		m.Ciphertext[i/8] ^= 1 << (i % 8)
		text := `{"session_data":` + string(b) + `}`
		got, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(text))
		if err != nil {
			require.Equal(t, backup.ErrDecrypt, sessionFails(t, key, e.RoomID, e.SessionID(), text))
			continue
		}
		taken++
		require.Equal(t, e.SessionID(), got.SessionID())
		require.Equal(t, backup.FromBackup, got.Source())
	}
	t.Logf("%d of %d flips decrypt to a room key of the same session", taken, len(m.Ciphertext)*8)
}

// TestAttack_P36_OneError: MAC, padding, JSON, schema and ids are not told apart.
func TestAttack_P36_OneError(t *testing.T) {
	key := backupKey(t, 1)
	e := entry(t, 1)
	good := entryJSON(e)
	for name, plaintext := range map[string]string{
		"empty": "", "no JSON": "x", "array": "[]", "no members": "{}",
		"algorithm":        strings.Replace(good, "v1.aes", "v2.aes", 1),
		"key":              strings.Replace(good, `"session_key":"A`, `"session_key":"B`, 1),
		"other session":    entryJSON(entry(t, 2)),
		"other room":       strings.Replace(good, "!room0", "!room9", 1),
		"room id type":     strings.Replace(good, `"!room0:example.org"`, `1`, 1),
		"inner session id": strings.Replace(good, `"session_id":"`+e.SessionID(), `"session_id":"A`, 1),
		"twice":            strings.Replace(good, `"algorithm"`, `"algorithm":1,"algorithm"`, 1),
		"trailing":         good + "x",
		"sender key":       strings.Replace(good, `"sender_key":"`, `"sender_key":"_`, 1),
	} {
		require.Equal(t, backup.ErrDecrypt, sessionFails(t, key, e.RoomID, e.SessionID(), sealRaw(t, key, plaintext)), name)
	}
	text := sealRaw(t, key, good)
	_, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(text))
	require.NoError(t, err)
	for _, ids := range [][2]string{{"!other:example.org", e.SessionID()}, {e.RoomID, entry(t, 2).SessionID()}, {e.RoomID, ""}, {"", e.SessionID()}} {
		require.Equal(t, backup.ErrDecrypt, sessionFails(t, key, ids[0], ids[1], text))
	}
	require.Equal(t, backup.ErrDecrypt, sessionFails(t, backupKey(t, 2), e.RoomID, e.SessionID(), text))
	wrong := strings.Replace(text, `"mac":"`, `"mac":"AAAAAAAAAAA","x":"`, 1)
	require.Equal(t, backup.ErrDecrypt, sessionFails(t, key, e.RoomID, e.SessionID(), wrong))
}

// TestAttack_P36_MACSize: exactly eight bytes.
func TestAttack_P36_MACSize(t *testing.T) {
	key := backupKey(t, 1)
	e := entry(t, 1)
	text := sealRaw(t, key, entryJSON(e))
	at := strings.Index(text, `"mac":"`) + len(`"mac":"`)
	for _, mac := range []string{"", text[at : at+10], text[at:at+11] + "A", text[at : at+4]} {
		var malformed *backup.MalformedError
		require.ErrorAs(t, sessionFails(t, key, e.RoomID, e.SessionID(), text[:at]+mac+text[at+11:]), &malformed, mac)
	}
}

// TestAttack_V27_Padding: base64 is read with and without.
func TestAttack_V27_Padding(t *testing.T) {
	key := backupKey(t, 1)
	e := entry(t, 1)
	text := sealRaw(t, key, entryJSON(e))
	padded := regexp.MustCompile(`"(ciphertext|mac|ephemeral)":"([^"]*)"`).ReplaceAllStringFunc(text, func(member string) string {
		value := member[strings.LastIndex(member, `:"`)+2 : len(member)-1]
		return member[:len(member)-1] + strings.Repeat("=", (4-len(value)%4)%4) + `"`
	})
	require.NotEqual(t, text, padded)
	for _, text := range []string{text, padded} {
		_, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(text))
		require.NoError(t, err)
	}
}

// TestAttack_G10_OuterJSON: names to the letter and once; sizes bounded.
func TestAttack_G10_OuterJSON(t *testing.T) {
	key := backupKey(t, 1)
	e := entry(t, 1)
	text := sealRaw(t, key, entryJSON(e))
	data := text[strings.Index(text, `"session_data":`) : len(text)-1]
	for name, other := range map[string]string{
		"empty": "", "null": "null", "array": "[]", "no data": "{}", "truncated": text[:len(text)-1],
		"case": strings.Replace(text, "session_data", "Session_data", 1), "inner case": strings.Replace(text, `"mac"`, `"MAC"`, 1),
		"twice": `{` + data + `,` + data + `}`, "string": `{"session_data":"x"}`, "UTF-8": `{"x":"` + "\xff" + `",` + data + `}`,
		"ciphertext": strings.Replace(text, `"ciphertext":"`, `"ciphertext":"A`, 1),
	} {
		var malformed *backup.MalformedError
		require.ErrorAs(t, sessionFails(t, key, e.RoomID, e.SessionID(), other), &malformed, name)
	}
	for _, name := range []string{"ciphertext", "mac", "ephemeral"} {
		other := strings.Replace(text, `"`+name+`":"`, `"`+name+`":1,"x":"`, 1)
		require.EqualError(t, sessionFails(t, key, e.RoomID, e.SessionID(), other), "backup: KeyBackupData: session_data: "+name+" is not a string")
	}
	long := `{"x":"` + strings.Repeat("a", backup.MaxEntrySize) + `",` + data + `}`
	require.ErrorIs(t, sessionFails(t, key, e.RoomID, e.SessionID(), long), backup.ErrTooLarge)
	// What nobody needs may be missing or wrong.
	_, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(`{"is_verified":7,`+data+`}`))
	require.NoError(t, err)
	key.Close()
	require.ErrorIs(t, sessionFails(t, key, e.RoomID, e.SessionID(), text), pk.ErrClosed)
}

// TestAttack_V21_OwnKeysClaimed: an entry that claims our own keys, and that the
// server calls verified, is as unauthenticated as any.
func TestAttack_V21_OwnKeysClaimed(t *testing.T) {
	key := backupKey(t, 1)
	e := entry(t, 1) // its claimed keys may be anybody's
	got, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(sealRaw(t, key, entryJSON(e))))
	require.NoError(t, err)
	s, err := got.Import()
	require.NoError(t, err)
	require.Equal(t, backup.FromBackup, s.Source())
	require.False(t, s.Session().SigningKeyVerified())
	fromFile, _, _ := collect(open(t, file(t, "["+entryJSON(e)+"]")))
	s, err = fromFile[0].Import()
	require.NoError(t, err)
	require.Equal(t, backup.FromKeyFile, s.Source())
	require.False(t, s.Session().SigningKeyVerified())
	require.Equal(t, "key file backup none", fmt.Sprint(backup.FromKeyFile, " ", backup.FromBackup, " ", backup.Source(0)))
	err = mustFail(t, func() error { _, err := backup.Entry{}.Import(); return err })
	require.ErrorIs(t, err, keys.ErrAbsent)
}

// TestAttack_V22_WorseCopy: a restored copy that begins later does not replace a
// session that is held.
func TestAttack_V22_WorseCopy(t *testing.T) {
	key := backupKey(t, 1)
	e := entry(t, 1)
	held, err := megolm.ImportInboundSession(e.Session)
	require.NoError(t, err)
	later, err := held.ExportAt(5)
	require.NoError(t, err)
	worse := e
	worse.Session = later
	text, err := recipient(t, key).Encrypt(worse, false)
	require.NoError(t, err)
	require.Contains(t, string(text), `"first_message_index":5`)
	got, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), text)
	require.NoError(t, err)
	restored, err := got.Import()
	require.NoError(t, err)
	_, err = held.Merge(restored.Session())
	require.NoError(t, err)
	require.Equal(t, uint32(0), held.FirstKnownIndex())
}

func TestEncryptRefuses(t *testing.T) {
	fails := func(r backup.Recipient, e backup.Entry) error {
		return mustFail(t, func() error { _, err := r.Encrypt(e, true); return err })
	}
	require.EqualError(t, fails(backup.Recipient{}, entry(t, 1)), "backup: recipient: "+keys.ErrAbsent.Error())
	r := recipient(t, backupKey(t, 1))
	fails(r, backup.Entry{})
	e := entry(t, 1)
	e.Session = megolm.ExportedSession{}
	require.ErrorIs(t, fails(r, e), keys.ErrAbsent)
}

func TestPreference(t *testing.T) {
	for text, want := range map[string][2]bool{
		`{"enabled":true}`: {true, true}, `{"enabled":false,"x":1}`: {false, true}, `{}`: {}, ``: {}, `[]`: {},
		`{"enabled":"true"}`: {}, `{"enabled":1}`: {}, `{"enabled":null}`: {}, `{"Enabled":true}`: {}, `{"enabled":true,"enabled":true}`: {},
	} {
		enabled, ok := backup.ParsePreference([]byte(text))
		require.Equal(t, want, [2]bool{enabled, ok}, text)
	}
	for _, on := range []bool{true, false} {
		enabled, ok := backup.ParsePreference(backup.PreferenceContent(on))
		require.True(t, ok)
		require.Equal(t, on, enabled)
	}
}

// What is encrypted can be decrypted: nothing is written that is too large to be
// read.
func TestLargestEntry(t *testing.T) {
	key := backupKey(t, 1)
	e := entry(t, 1)
	for n := 900; n < 1500; n += 37 {
		e.ForwardingChain = nil
		for range n {
			e.ForwardingChain = append(e.ForwardingChain, curveKey(t, 9))
		}
		text, err := recipient(t, key).Encrypt(e, false)
		if err != nil {
			require.ErrorIs(t, mustFail(t, func() error { return errOf(recipient(t, key).Encrypt(e, false)) }, said(e), buffers), backup.ErrTooLarge)
			continue
		}
		require.Less(t, cap(text)-len(text), 10<<10, "it was made as long as it gets")
		_, err = backup.DecryptSession(key, e.RoomID, e.SessionID(), text)
		require.NoError(t, err, "%d bytes", len(text))
	}
}
