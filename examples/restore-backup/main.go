// Restore-backup reads room keys out of the server's backup with the account's
// recovery key, and decrypts an event. testdata is what the server answers.
//
//	go run ./examples/restore-backup
package main

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

//go:embed testdata
var testdata embed.FS
var files = must(fs.Sub(testdata, "testdata"))

// check ends the program, which runs once. A bot that goes on returns errors.
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "restore-backup:", err)
		os.Exit(1)
	}
}
func must[T any](value T, err error) T { check(err); return value }

func main() {
	stored := map[string]json.RawMessage{} // account data, by type
	check(json.Unmarshal(must(fs.ReadFile(files, "account-data.json")), &stored))
	var defaultKey secretstorage.DefaultKey
	check(defaultKey.UnmarshalJSON(stored[secretstorage.DefaultKeyType]))
	sealed := must(must(secretstorage.ParseStoredSecret(stored[secretstorage.BackupKey])).Under(defaultKey.KeyID))
	version := must(backup.ParseVersion(must(fs.ReadFile(files, "version.json"))))
	// From standard input: arguments can be seen by all. On a terminal, golang.org/x/term reads without echo.
	fmt.Fprintln(os.Stderr, "Recovery key, then Ctrl-D, which alone takes the example's:")
	typed := must(io.ReadAll(os.Stdin))
	if len(typed) == 0 {
		typed = must(fs.ReadFile(files, "recovery-key.txt"))
	}
	// It opens the backup's key. Without secret storage it is that key: backup.ParseRecoveryKey.
	opened := must(must(secretstorage.ParseRecoveryKey(typed)).OpenBackupKey(sealed, version.AuthData.PublicKey()))
	private := must(opened.Secret())
	key := must(pk.NewDecryptionKey(private[:]))
	clear(private[:])
	sessions, leftOut := map[string]events.RoomSession{}, 0
	for entry, err := range backup.DecryptDump(key, must(files.Open("keys.json")), 1) {
		if bad := new(backup.EntryError); errors.As(err, &bad) { // it spoils no other
			fmt.Fprintln(os.Stderr, "left out:", bad.RoomID, bad.SessionID, bad.Err)
			leftOut++
			continue
		}
		check(err)
		restored := must(entry.Import())
		s := restored.Session()
		// Without an Owner: whoever can write to the backup can put keys there.
		sessions[restored.RoomID()+s.ID()] = events.RoomSession{Session: s, Guard: events.NewReplayGuard(s), RoomID: restored.RoomID()}
		fmt.Printf("%s: session %s from message %d on\n", restored.RoomID(), s.ID(), s.FirstKnownIndex())
	}
	// The second argument is the room, where the event does not say it, as in an answer to /sync.
	event, content, err := events.ParseRoomEvent(must(fs.ReadFile(files, "event.json")), "")
	check(err)
	decrypted := must(sessions[event.RoomID+content.SessionID()].Open(event, content)) // "no session" when it is not there
	fmt.Printf("%s: %s\n", decrypted.Type(), decrypted.Content())
	fmt.Printf("The session's maker wrote this. That it was %s, only the server says.\n", event.Sender)
	os.Exit(min(leftOut, 1))
}
