// Read-export reads a file of room keys as Element exports it, lists the
// sessions of each room, and decrypts an event with one of them.
//
//	go run ./examples/read-export
package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/megolm"
)

//go:embed testdata
var testdata embed.FS
var files = must(fs.Sub(testdata, "testdata"))

// check ends the program, which runs once. A bot that goes on returns errors.
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "read-export:", err)
		os.Exit(1)
	}
}
func must[T any](value T, err error) T { check(err); return value }

func main() {
	// From standard input: arguments can be seen by all. On a terminal, golang.org/x/term reads without echo.
	fmt.Fprintln(os.Stderr, "Passphrase, then Ctrl-D, which alone takes the example's:")
	passphrase := bytes.TrimRight(must(io.ReadAll(os.Stdin)), "\r\n") // the line's end is not part of it
	if len(passphrase) == 0 {
		passphrase = must(fs.ReadFile(files, "passphrase.txt"))
	}
	file := must(backup.OpenKeyFile(bytes.NewReader(must(fs.ReadFile(files, "element-keys.txt"))), passphrase))
	clear(passphrase)
	sessions, leftOut := map[string]*megolm.InboundSession{}, 0 // by room and session id
	for entry, err := range file.Entries() {
		if bad := new(backup.EntryError); errors.As(err, &bad) { // it spoils no other
			fmt.Fprintln(os.Stderr, "left out:", bad.RoomID, bad.SessionID, bad.Err)
			leftOut++
			continue
		}
		check(err)
		session, name := must(entry.Import()).Session(), entry.RoomID+" "+entry.SessionID()
		if held := sessions[name]; held != nil {
			must(session.Merge(held)) // a session may stand there twice: to read what either reads
		}
		sessions[name] = session
	}
	for _, name := range slices.Sorted(maps.Keys(sessions)) {
		fmt.Printf("%s from message %d on\n", name, sessions[name].FirstKnownIndex())
	}
	// The second argument is the room, where the event does not say it, as in an answer to /sync.
	event, content, err := events.ParseRoomEvent(must(fs.ReadFile(files, "event.json")), "")
	check(err)
	session := sessions[event.RoomID+" "+content.SessionID()]
	if session == nil {
		check(errors.New("the file does not have the session of the event"))
	}
	decrypted := must(events.RoomSession{Session: session, Guard: events.NewReplayGuard(session), RoomID: event.RoomID}.Open(event, content))
	fmt.Printf("%s: %s\nOnly the server says that %s wrote this.\n", decrypted.Type(), decrypted.Content(), event.Sender)
	os.Exit(min(leftOut, 1))
}
