package backup_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/pk"
)

const (
	passphrase = "correct horse"
	begin      = "-----BEGIN MEGOLM SESSION DATA-----"
	end        = "-----END MEGOLM SESSION DATA-----"
)

// fixRandom makes crypto/rand return b, for the rest of the test.
func fixRandom(t testing.TB, b []byte) {
	before := rand.Reader
	t.Cleanup(func() { rand.Reader = before })
	rand.Reader = io.MultiReader(bytes.NewReader(b))
}

// stream is bytes that repeat after a long time only.
func stream(n int, seed byte) []byte {
	b := make([]byte, n)
	block, _ := aes.NewCipher(bytes.Repeat([]byte{seed}, 32))
	cipher.NewCTR(block, make([]byte, 16)).XORKeyStream(b, b)
	return b
}

// export returns a session of its own for each number.
func export(t testing.TB, n int) megolm.ExportedSession {
	t.Helper()
	before := rand.Reader
	seed := make([]byte, 32)
	binary.BigEndian.PutUint32(seed, uint32(n)+1)
	block, err := aes.NewCipher(seed)
	require.NoError(t, err)
	b := make([]byte, 1024)
	cipher.NewCTR(block, make([]byte, 16)).XORKeyStream(b, b)
	rand.Reader = bytes.NewReader(b)
	defer func() { rand.Reader = before }()
	out := megolm.NewOutboundSession()
	key, err := out.SessionKey()
	require.NoError(t, err)
	in, err := megolm.NewInboundSession(key)
	require.NoError(t, err)
	e, err := in.Export()
	require.NoError(t, err)
	return e
}

func curveKey(t testing.TB, n byte) keys.Curve25519 {
	t.Helper()
	k, err := pk.NewDecryptionKey(bytes.Repeat([]byte{n}, 32))
	require.NoError(t, err)
	return k.PublicKey()
}

func edKey(t testing.TB, n byte) keys.Ed25519 {
	t.Helper()
	k, err := pk.NewSigningKey(bytes.Repeat([]byte{n}, 32))
	require.NoError(t, err)
	return k.PublicKey()
}

func entry(t testing.TB, n int) backup.Entry {
	t.Helper()
	return backup.Entry{
		RoomID:          fmt.Sprintf("!room%d:example.org", n/3),
		Session:         export(t, n),
		SenderKey:       curveKey(t, 7),
		ClaimedEd25519:  edKey(t, 8),
		ForwardingChain: []keys.Curve25519{curveKey(t, 9), curveKey(t, 10)},
		SharedHistory:   n%2 == 0,
	}
}

// entryJSON is ExportedSessionData, made without the package.
func entryJSON(e backup.Entry) string {
	return fmt.Sprintf(`{"algorithm":"m.megolm.v1.aes-sha2","room_id":%q,"session_id":%q,"sender_key":%q,"sender_claimed_keys":{"ed25519":%q},"forwarding_curve25519_key_chain":[],"session_key":%q}`,
		e.RoomID, e.SessionID(), e.SenderKey, e.ClaimedEd25519, e.Session.SecretText())
}

const salt = "0123456789abcdef"

// fileKeys returns the AES key and the HMAC key of a key file with the salt.
func fileKeys(t testing.TB, passphrase string, rounds uint32) []byte {
	t.Helper()
	derived, err := pbkdf2.Key(sha512.New, passphrase, []byte(salt), int(rounds), 64)
	require.NoError(t, err)
	return derived
}

// binaryFile returns the binary of a key file, made without the package.
func binaryFile(t testing.TB, content string, iv []byte, rounds uint32) []byte {
	t.Helper()
	b := append([]byte{1}, salt...)
	b = append(b, iv...)
	b = binary.BigEndian.AppendUint32(b, rounds)
	derived := fileKeys(t, passphrase, rounds)
	block, err := aes.NewCipher(derived[:32])
	require.NoError(t, err)
	text := []byte(content)
	cipher.NewCTR(block, iv).XORKeyStream(text, text)
	b = append(b, text...)
	mac := hmac.New(sha256.New, derived[32:])
	mac.Write(b)
	return mac.Sum(b)
}

func armor(b []byte) string {
	return begin + "\n" + base64.StdEncoding.EncodeToString(b) + "\n" + end + "\n"
}

func file(t testing.TB, content string) string {
	t.Helper()
	return armor(binaryFile(t, content, make([]byte, 16), 1))
}

func open(t testing.TB, text string) *backup.KeyFile {
	t.Helper()
	f, err := backup.OpenKeyFile(strings.NewReader(text), []byte(passphrase))
	require.NoError(t, err)
	return f
}

// collect returns the entries, the errors of entries, and what ended it.
func collect(f *backup.KeyFile) (list []backup.Entry, spoilt []*backup.EntryError, last error) {
	return collectAll(f.Entries())
}

func collectAll(all iter.Seq2[backup.Entry, error]) (list []backup.Entry, spoilt []*backup.EntryError, last error) {
	for e, err := range all {
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

// buffers is what a call may allocate, whatever the length of its input, that
// reads a file: 64 KiB to read it with, in each of two passes, and 32 KiB and
// twice an entry for what it holds.
var buffers = failtest.Input(make([]byte, (2*64<<10+32<<10+2*backup.MaxEntrySize)/failtest.Factor))

// mustFail is failtest.Refused for a call that meets the passphrase and the
// session of entry 1.
func mustFail(t testing.TB, call func() error, subjects ...failtest.Subject) error {
	t.Helper()
	return failtest.Refused(t, call, append(subjects, failtest.Secret(passphrase), failtest.Secret(sessionText(t)))...)
}

// errOf returns the error of a call.
func errOf[T any](_ T, err error) error { return err }

// said is what an entry says beside its key.
func said(e backup.Entry) failtest.Subject {
	return failtest.Input(fmt.Append(nil, e.RoomID, e.ForwardingChain))
}

// iterationFails iterates, which must end with an error, and returns what came
// before.
func iterationFails(t testing.TB, all func() iter.Seq2[backup.Entry, error], subjects ...failtest.Subject) (list []backup.Entry, spoilt []*backup.EntryError, err error) {
	t.Helper()
	err = mustFail(t, func() (last error) {
		list, spoilt, last = collectAll(all())
		return last
	}, append(subjects, buffers)...)
	return list, spoilt, err
}

// entryFails returns the error of the first entry, which must not be taken.
func entryFails(t testing.TB, all func() iter.Seq2[backup.Entry, error], subjects ...failtest.Subject) *backup.EntryError {
	t.Helper()
	var spoilt *backup.EntryError
	require.ErrorAs(t, mustFail(t, func() error {
		for e, err := range all() {
			require.Equal(t, backup.Entry{}, e)
			return err
		}
		return nil
	}, append(subjects, buffers)...), &spoilt)
	return spoilt
}

var firstSession []byte

// sessionText returns the secret text of the session of entry 1.
func sessionText(t testing.TB) []byte {
	t.Helper()
	if firstSession == nil {
		firstSession = export(t, 1).SecretText()
	}
	return firstSession
}

// sessionFails decrypts a session, which must fail.
func sessionFails(t testing.TB, key *pk.DecryptionKey, roomID, sessionID, text string) error {
	t.Helper()
	private, _ := key.Secret() // zero when it is closed
	return mustFail(t, func() error {
		e, err := backup.DecryptSession(key, roomID, sessionID, []byte(text))
		require.Equal(t, backup.Entry{}, e)
		return err
	}, failtest.Input(text), failtest.Secret(private[:]))
}

// fileFails opens a key file, which must fail.
func fileFails(t testing.TB, text, passphrase string) error {
	t.Helper()
	return mustFail(t, func() error {
		f, err := backup.OpenKeyFile(strings.NewReader(text), []byte(passphrase))
		require.Nil(t, f)
		return err
	}, failtest.Input(text), failtest.Secret(passphrase), failtest.Secret(fileKeys(t, passphrase, 1)), buffers)
}

func requireSame(t testing.TB, want, got backup.Entry) {
	t.Helper()
	require.Equal(t, want.RoomID, got.RoomID)
	require.Equal(t, want.SessionID(), got.SessionID())
	require.Equal(t, want.Session.SecretText(), got.Session.SecretText())
	require.Equal(t, want.SenderKey, got.SenderKey)
	require.Equal(t, want.ClaimedEd25519, got.ClaimedEd25519)
	require.Equal(t, want.ForwardingChain, got.ForwardingChain)
	require.Equal(t, want.SharedHistory, got.SharedHistory)
}

// pieces is a file that comes in pieces of some size.
type pieces struct {
	*strings.Reader
	size int
}

func (p pieces) Read(b []byte) (int, error) { return p.Reader.Read(b[:min(len(b), p.size)]) }
