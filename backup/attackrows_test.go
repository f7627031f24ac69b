package backup_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/failtest"
)

// P36: whoever has the public key writes a true key of one session under the id
// of another, and says no id inside.
func TestAttack_P36_KeyOfAnotherSession(t *testing.T) {
	key := backupKey(t, 1)
	e, other := entry(t, 1), entry(t, 2)
	other.RoomID = e.RoomID
	text := strings.Replace(entryJSON(other), `"session_id":"`+other.SessionID()+`",`, "", 1)
	require.NotContains(t, text, `"session_id"`)
	sealed := sealRaw(t, key, text)
	require.Equal(t, backup.ErrDecrypt, sessionFails(t, key, e.RoomID, e.SessionID(), sealed))
	_, err := backup.DecryptSession(key, e.RoomID, other.SessionID(), []byte(sealed))
	require.NoError(t, err)
}

// V21: a restored key is never backed up again as one that came from a verified
// device.
func TestAttack_V21_BackedUpAgain(t *testing.T) {
	key := backupKey(t, 1)
	e := entry(t, 1)
	restored, err := backup.DecryptSession(key, e.RoomID, e.SessionID(), []byte(sealRaw(t, key, entryJSON(e))))
	require.NoError(t, err)
	imported, _, _ := collect(open(t, file(t, "["+entryJSON(e)+"]")))
	for entry, verified := range map[*backup.Entry]string{&e: "true", &restored: "false", &imported[0]: "false"} {
		text, err := recipient(t, key).Encrypt(*entry, true)
		require.NoError(t, err)
		require.Contains(t, string(text), `"is_verified":`+verified)
	}
}

// C30: an entry of another algorithm is not read as a Megolm session, in a
// backup or in a file.
func TestAttack_C30_OtherAlgorithms(t *testing.T) {
	key := backupKey(t, 1)
	e := entry(t, 1)
	for _, algorithm := range []string{"m.megolm.v2.aes-sha2", "m.megolm.v1.AES-sha2", "m.olm.v1.curve25519-aes-sha2", ""} {
		text := strings.Replace(entryJSON(e), backup.MegolmAlgorithm, algorithm, 1)
		require.Equal(t, backup.ErrDecrypt, sessionFails(t, key, e.RoomID, e.SessionID(), sealRaw(t, key, text)))
		list, spoilt, last := collect(open(t, file(t, "["+text+"]")))
		require.NoError(t, last)
		require.Empty(t, list)
		require.ErrorIs(t, spoilt[0], backup.ErrAlgorithm)
		failtest.NoSecret(t, spoilt[0].Error(), sessionText(t))
	}
}
