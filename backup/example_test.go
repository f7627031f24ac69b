package backup_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"runtime"
	"strings"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/pk"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// newEntry is a room key that the program holds.
func newEntry(roomID string) backup.Entry {
	session := must(megolm.NewInboundSession(must(megolm.NewOutboundSession().SessionKey())))
	return backup.Entry{
		RoomID:         roomID,
		Session:        must(session.Export()),
		SenderKey:      must(keys.ParseCurve25519("hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo")),
		ClaimedEd25519: must(keys.ParseEd25519("E5j2LG0aRXxRumpLXz29L2n8qTIWIY3ImX5Ba9F9k8o")),
	}
}

func ExampleOpenKeyFile() {
	file := strings.NewReader(rustFile) // an *os.File
	keyFile, err := backup.OpenKeyFile(file, []byte("1234"))
	if err != nil {
		log.Fatal(err)
	}
	defer keyFile.Close()
	for entry, err := range keyFile.Entries() {
		var spoilt *backup.EntryError
		if errors.As(err, &spoilt) {
			fmt.Println("left out:", spoilt)
			continue
		}
		if err != nil {
			log.Fatal(err) // keep nothing
		}
		session, err := entry.Import() // unauthenticated: its messages must be shown as such
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(entry.RoomID, session.Source(), session.Session().FirstKnownIndex())
	}
	_, err = backup.OpenKeyFile(file, []byte("12345"))
	fmt.Println(err)
	// Output:
	// !test:localhost key file 0
	// backup: wrong passphrase, or the key file is damaged
}

func ExampleReadKeyFile() {
	keyFile, err := backup.ReadKeyFile(strings.NewReader(rustFile), []byte("1234"), 100<<20)
	if err != nil {
		log.Fatal(err)
	}
	defer keyFile.Close()
	fmt.Println(keyFile.Rounds())
	// Output: 1
}

func ExampleNewKeyFileWriter() {
	var file bytes.Buffer // a temporary file, renamed after Finish
	writer, err := backup.NewKeyFileWriter(&file, []byte("a long passphrase"), backup.MinNewRounds)
	if err != nil {
		log.Fatal(err)
	}
	defer writer.Close()
	for _, room := range []string{"!a:example.org", "!b:example.org"} {
		if err := writer.WriteEntry(newEntry(room)); err != nil {
			log.Fatal(err)
		}
	}
	if err := writer.Finish(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.SplitN(file.String(), "\n", 2)[0])
	// Output: -----BEGIN MEGOLM SESSION DATA-----
}

// A backup is created, filled and restored.
func Example() {
	key := must(pk.GenerateDecryptionKey())
	recovery := must(backup.RecoveryKey(key)) // for the person, or into secret storage
	auth := must(backup.NewAuthData(key.PublicKey()))
	_ = must(auth.VersionBody()) // POST /room_keys/version, better signed by AuthData.Sign

	// Nothing is encrypted to a backup that is not trusted.
	verdict := auth.Judge(backup.Evidence{PrivateKey: key})
	recipient := must(verdict.Recipient())
	entry := newEntry("!a:example.org")
	data := must(recipient.Encrypt(entry, false)) // PUT /room_keys/keys/{roomId}/{sessionId}
	fmt.Println(verdict.Trust())

	// On another device: the person types the recovery key.
	typed := must(backup.ParseRecoveryKey(recovery))
	if err := auth.CheckKey(typed); err != nil {
		log.Fatal(err)
	}
	restored := must(backup.DecryptSession(typed, entry.RoomID, entry.SessionID(), data))
	fmt.Println(restored.RoomID, restored.Source())
	// Output:
	// the private key is known
	// !a:example.org backup
}

func ExampleDecryptDump() {
	key := must(pk.GenerateDecryptionKey())
	auth := must(backup.NewAuthData(key.PublicKey()))
	recipient := must(auth.Judge(backup.Evidence{PrivateKey: key}).Recipient())
	entry := newEntry("!a:example.org")
	// The answer to GET /room_keys/keys, the body of a response.
	answer := fmt.Sprintf(`{"rooms":{"!a:example.org":{"sessions":{%q:%s,"damaged":{}}}}}`,
		entry.SessionID(), must(recipient.Encrypt(entry, false)))

	for entry, err := range backup.DecryptDump(key, strings.NewReader(answer), runtime.GOMAXPROCS(0)) {
		var spoilt *backup.EntryError
		switch {
		case errors.As(err, &spoilt):
			fmt.Println("left out:", spoilt)
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Println(entry.RoomID, entry.Source())
		}
	}
	// Output:
	// !a:example.org backup
	// left out: backup: entry 1 (room "!a:example.org", session "damaged"): backup: KeyBackupData: session_data: not a JSON object
}

func ExampleParseVersion() {
	_, err := backup.ParseVersion([]byte(`{"algorithm":"org.example.other","auth_data":{},"version":"1"}`))
	fmt.Println(err)
	// Output: backup: unknown algorithm
}

func ExampleParsePreference() {
	fmt.Println(backup.ParsePreference([]byte(`{"enabled":"yes"}`)))
	fmt.Println(backup.ParsePreference(backup.PreferenceContent(true)))
	// Output:
	// false false
	// true true
}

func ExampleRecipient_EncryptAll() {
	key := must(pk.GenerateDecryptionKey())
	auth := must(backup.NewAuthData(key.PublicKey()))
	recipient := must(auth.Judge(backup.Evidence{PrivateKey: key}).Recipient())
	entries := func(yield func(backup.Entry, bool) bool) {
		for n := range 250 {
			if !yield(newEntry(fmt.Sprintf("!%d:example.org", n%3)), false) {
				return
			}
		}
	}
	for upload, err := range recipient.EncryptAll(entries, runtime.GOMAXPROCS(0)) {
		var spoilt *backup.EntryError
		switch {
		case errors.As(err, &spoilt):
			fmt.Println("left out:", spoilt)
		case err != nil:
			log.Fatal(err)
		default:
			// PUT /room_keys/keys?version=…, then backup.ParseUpdate.
			fmt.Println(len(upload.Entries), "keys")
		}
	}
	// Output:
	// 100 keys
	// 100 keys
	// 50 keys
}
