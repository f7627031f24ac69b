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
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

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
	_, err = backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(wrong))
	require.ErrorIs(t, err, backup.ErrDecrypt)
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
		got, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(`{"session_data":`+string(b)+`}`))
		if err != nil {
			require.Equal(t, backup.ErrDecrypt, err)
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
		_, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(sealRaw(t, key, plaintext)))
		require.Equal(t, backup.ErrDecrypt, err, name)
	}
	text := sealRaw(t, key, good)
	_, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(text))
	require.NoError(t, err)
	for _, ids := range [][2]string{{"!other:example.org", e.SessionID()}, {e.RoomID, entry(t, 2).SessionID()}, {e.RoomID, ""}, {"", e.SessionID()}} {
		_, err := backup.DecryptSession(key, ids[0], ids[1], []byte(text))
		require.Equal(t, backup.ErrDecrypt, err)
	}
	_, err = backup.DecryptSession(backupKey(t, 2), e.RoomID, e.SessionID(), []byte(text))
	require.Equal(t, backup.ErrDecrypt, err)
	wrong := strings.Replace(text, `"mac":"`, `"mac":"AAAAAAAAAAA","x":"`, 1)
	_, err = backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(wrong))
	require.Equal(t, backup.ErrDecrypt, err)
}

// TestAttack_P36_MACSize: exactly eight bytes.
func TestAttack_P36_MACSize(t *testing.T) {
	key := backupKey(t, 1)
	e := entry(t, 1)
	text := sealRaw(t, key, entryJSON(e))
	at := strings.Index(text, `"mac":"`) + len(`"mac":"`)
	for _, mac := range []string{"", text[at : at+10], text[at:at+11] + "A", text[at : at+4]} {
		_, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(text[:at]+mac+text[at+11:]))
		var malformed *backup.MalformedError
		require.ErrorAs(t, err, &malformed, mac)
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
		_, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(other))
		var malformed *backup.MalformedError
		require.ErrorAs(t, err, &malformed, name)
	}
	long := `{"x":"` + strings.Repeat("a", backup.MaxEntrySize) + `",` + data + `}`
	_, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(long))
	require.ErrorIs(t, err, backup.ErrTooLarge)
	// What nobody needs may be missing or wrong.
	_, err = backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(`{"is_verified":7,`+data+`}`))
	require.NoError(t, err)
	key.Close()
	_, err = backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(text))
	require.ErrorIs(t, err, pk.ErrClosed)
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
	_, err = backup.Entry{}.Import()
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
	_, err := backup.Recipient{}.Encrypt(entry(t, 1), true)
	require.ErrorIs(t, err, keys.ErrAbsent)
	r := recipient(t, backupKey(t, 1))
	_, err = r.Encrypt(backup.Entry{}, true)
	require.Error(t, err)
	e := entry(t, 1)
	e.Session = megolm.ExportedSession{}
	_, err = r.Encrypt(e, true)
	require.ErrorIs(t, err, keys.ErrAbsent)
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

// dump returns an answer of the server with n sessions, three in a room.
func dump(t testing.TB, key *pk.DecryptionKey, n int) (string, []backup.Entry) {
	t.Helper()
	var b strings.Builder
	var list []backup.Entry
	b.WriteString(`{"rooms":{`)
	r := recipient(t, key)
	for i := range n {
		e := entry(t, i)
		list = append(list, e)
		if i%3 == 0 {
			if i > 0 {
				b.WriteString(`}},`)
			}
			fmt.Fprintf(&b, `%q:{"sessions":{`, e.RoomID)
		} else {
			b.WriteString(",")
		}
		text, err := r.Encrypt(e, false)
		require.NoError(t, err)
		fmt.Fprintf(&b, `%q: %s`, e.SessionID(), text)
	}
	if n > 0 {
		b.WriteString(`}}`)
	}
	b.WriteString(`}}`)
	return b.String(), list
}

func collectDump(key *pk.DecryptionKey, r io.Reader, workers int) (list []backup.Entry, spoilt []*backup.EntryError, last error) {
	for e, err := range backup.DecryptDump(key, r, workers) {
		if one, ok := err.(*backup.EntryError); ok {
			spoilt = append(spoilt, one)
		} else if err != nil {
			last = err
		} else {
			list = append(list, e)
		}
	}
	return list, spoilt, last
}

func TestDump(t *testing.T) {
	key := backupKey(t, 1)
	for _, n := range []int{0, 1, 3, 4, 300} {
		text, want := dump(t, key, n)
		for _, workers := range []int{-1, 0, 1, 2, 7, 1 << 30} {
			got, spoilt, last := collectDump(key, strings.NewReader(text), workers)
			require.NoError(t, last)
			require.Empty(t, spoilt)
			require.Len(t, got, n)
			for i := range got {
				requireSame(t, want[i], got[i])
			}
		}
		if n == 4 {
			got, _, last := collectDump(key, iotest.OneByteReader(strings.NewReader(text)), 2)
			require.NoError(t, last)
			require.Len(t, got, n)
		}
	}
}

func TestDumpBadEntries(t *testing.T) {
	key := backupKey(t, 1)
	text, _ := dump(t, key, 1)
	one := strings.TrimSuffix(strings.TrimPrefix(text, `{"rooms":{`), `}}`)
	e := entry(t, 0)
	for name, bad := range map[string]string{
		"room null": `"!x":null`, "room array": `"!x":[{"sessions":{}}]`, "sessions array": `"!x":{"sessions":[]}`,
		"room id": `"\ud800":{"sessions":{"x":{}}}`, "session id": `"!x":{"sessions":{"\ud800":{}}}`,
		"empty": `"!x":{"sessions":{"x":{}}}`, "word": `"!x":{"sessions":{"x":nul}}`,
		"moved":   strings.Replace(one, e.SessionID(), entry(t, 1).SessionID(), 1),
		"damaged": strings.Replace(one, `"mac":"`, `"mac":"AAAAAAAAAAA","x":"`, 1),
		"large":   `"!x":{"sessions":{"x":{"y":"` + strings.Repeat("a", backup.MaxEntrySize) + `"}}}`,
	} {
		text := `{"x":[1],"rooms":{` + one + `,` + bad + `,` + one + `},"y":{}}`
		got, spoilt, last := collectDump(key, strings.NewReader(text), 2)
		require.NoError(t, last, name)
		require.Len(t, got, 2, name)
		require.Len(t, spoilt, 1, name)
		require.Equal(t, 1, spoilt[0].Index, name)
	}
	// Rooms without sessions, and members that are not known, are nothing.
	got, spoilt, last := collectDump(key, strings.NewReader(`{"rooms":{"!x":{},"!y":{"sessions":{},"z":7},`+one+`}}`), 2)
	require.NoError(t, last)
	require.Empty(t, spoilt)
	require.Len(t, got, 1)
	// Another key: all entries, one by one.
	got, spoilt, last = collectDump(backupKey(t, 2), strings.NewReader(text), 2)
	require.NoError(t, last)
	require.Empty(t, got)
	require.ErrorIs(t, spoilt[0], backup.ErrDecrypt)
	require.Equal(t, e.RoomID, spoilt[0].RoomID)
}

func TestDumpRefused(t *testing.T) {
	key := backupKey(t, 1)
	text, _ := dump(t, key, 4)
	var malformed *backup.MalformedError
	for n := range len(text) {
		if n%7 != 0 && n > 20 {
			continue
		}
		_, _, last := collectDump(key, strings.NewReader(text[:n]), 2)
		require.ErrorAs(t, last, &malformed, n)
	}
	for _, text := range []string{"", "[]", "{}", `{"errcode":"M_NOT_FOUND"}`, `{"rooms":[]}`, `{"rooms":{}}x`, `{"rooms":{},}`, `{"rooms" {}}`, `{rooms:{}}`, `{"rooms":{"a":{}"b":{}}}`} {
		_, _, last := collectDump(key, strings.NewReader(text), 2)
		require.ErrorAs(t, last, &malformed, text)
	}
	// What came before an error is handed out before it.
	boom := errors.New("boom")
	got, _, last := collectDump(key, io.MultiReader(strings.NewReader(text[:len(text)-10]), iotest.ErrReader(boom)), 2)
	require.ErrorIs(t, last, boom)
	require.GreaterOrEqual(t, len(got), 3)
}

// requireSettled waits for goroutines that have reported their end to be gone.
func requireSettled(t testing.TB, before int) {
	t.Helper()
	for i := 0; i < 100_000 && runtime.NumGoroutine() > before; i++ {
		runtime.Gosched()
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}

// No goroutine lives while the caller has the entry, nor after break and panic.
func TestDumpGoroutines(t *testing.T) {
	key := backupKey(t, 1)
	text, _ := dump(t, key, 300)
	before := runtime.NumGoroutine()
	for range backup.DecryptDump(key, strings.NewReader(text), 4) {
		requireSettled(t, before)
	}
	for range backup.DecryptDump(key, strings.NewReader(text), 4) {
		break
	}
	require.Panics(t, func() {
		for range backup.DecryptDump(key, strings.NewReader(text), 4) {
			panic("x")
		}
	})
	requireSettled(t, before)
	require.Panics(t, func() { collectDump(nil, strings.NewReader(text), 4) }, "a worker's panic is the caller's")
	requireSettled(t, before)
}
