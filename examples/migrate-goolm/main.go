// Migrate-goolm moves a bot from mautrix with goolm: it imports the pickles of a
// crypto database (testdata: by v0.30.0), seals them, opens them and goes on.
//
//	go run ./examples/migrate-goolm
package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"

	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

//go:embed testdata/*.json testdata/*.txt
var testdata embed.FS
var files = must(fs.Sub(testdata, "testdata"))
var sealKey = keys.GenerateSealKey() // to be stored before, and apart from, what it seals
var sealed, leftOut = map[string][]byte{}, 0

// check ends the program, which runs once. A bot that goes on returns errors.
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "migrate-goolm:", err)
		os.Exit(1)
	}
}
func must[T any](value T, err error) T { check(err); return value }

// move seals the sessions in the rows of a table, each bound to its place.
func move[V interface {
	Seal(keys.SealKey, []byte) ([]byte, error)
}](kind string, rows []map[string]string, load func(pickle, key []byte) (V, error), pickleKey []byte) {
	for _, row := range rows {
		place := kind + " " + row["room_id"] + " " + row["session_id"]
		session, err := load([]byte(row["session"]), pickleKey)
		if err != nil { // it spoils no other
			fmt.Fprintln(os.Stderr, "left out:", place, err)
			leftOut++
			continue
		}
		sealed[place] = must(session.Seal(sealKey, []byte(place)))
	}
}

func main() {
	pickleKey := must(fs.ReadFile(files, "pickle-key.txt"))
	var tables map[string][]map[string]string
	check(json.Unmarshal(must(fs.ReadFile(files, "dump.json")), &tables))
	for _, row := range tables["crypto_account"] { // one; without it the rest is of no use
		sealed["account"] = must(must(olm.ImportLibolmAccount([]byte(row["account"]), pickleKey)).Seal(sealKey, []byte("account")))
	}
	move("olm", tables["crypto_olm_session"], olm.ImportLibolmSession, pickleKey)
	move("inbound", tables["crypto_megolm_inbound_session"], megolm.ImportLibolmInboundSession, pickleKey)
	move("outbound", tables["crypto_megolm_outbound_session"], megolm.ImportLibolmOutboundSession, pickleKey)
	// Stored, this replaces the old database: two that use one session repeat its message keys.
	account := must(olm.OpenAccount(sealed["account"], sealKey, []byte("account")))
	fmt.Printf("device %s with %d one-time keys: %d values sealed\n", account.IdentityKeys().Ed25519, account.OneTimeKeyCount(), len(sealed))
	var event struct {
		RoomID    string          `json:"room_id"`
		EventID   string          `json:"event_id"`
		Sender    string          `json:"sender"`
		Timestamp int64           `json:"origin_server_ts"`
		Content   json.RawMessage `json:"content"`
	}
	check(json.Unmarshal(must(fs.ReadFile(files, "event.json")), &event))
	content := must(events.ParseMegolm(event.Content))
	place := "inbound " + event.RoomID + " " + content.SessionID()
	session := must(megolm.OpenInboundSession(sealed[place], sealKey, []byte(place)))
	// The guard begins empty: which events the old program has seen does not move along.
	decrypted := must(events.RoomSession{Session: session, Guard: events.NewReplayGuard(session), RoomID: event.RoomID}.Open(
		events.RoomEvent{RoomID: event.RoomID, EventID: event.EventID, Sender: event.Sender, Timestamp: event.Timestamp}, content))
	fmt.Printf("%s: %s\n", decrypted.Type(), decrypted.Content())
	os.Exit(min(leftOut, 1))
}
