package element

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/chappe-e2ee/chappe/backup"
)

// heardEvent is an encrypted room event, and what the machine read.
type heardEvent struct {
	SessionID  string          `json:"session_id"`
	Ciphertext string          `json:"ciphertext"`
	Plaintext  json.RawMessage `json:"plaintext"` // as the machine shows the event
}

func (w *world) heard(list []roomEvent) (all []heardEvent) {
	for _, e := range list {
		content := decode[struct {
			SessionID  string `json:"session_id"`
			Ciphertext string `json:"ciphertext"`
		}](w.t, e.Content)
		h := must(w.her.hear(e))
		all = append(all, heardEvent{content.SessionID, content.Ciphertext, json.RawMessage(h.Event)})
	}
	return all
}

// keyFile is a key file of the machine.
type keyFile struct {
	MadeBy     versions        `json:"made_by"`
	Passphrase string          `json:"passphrase"`
	Rounds     int             `json:"rounds"`
	File       string          `json:"file"`
	Keys       json.RawMessage `json:"keys"` // what is in it
	Events     []heardEvent    `json:"events"`
	Refused    []alteration    `json:"refused"` // of the file's bytes
}

const (
	fileBegin = "-----BEGIN MEGOLM SESSION DATA-----\n"
	fileEnd   = "\n-----END MEGOLM SESSION DATA-----"
)

func TestRecordedKeyFile(t *testing.T) {
	recorded(t, "backup/testdata/element/keyfile.json", func() *keyFile {
		w := newWorld(t)
		w.identities()
		f := &keyFile{MadeBy: theirs.versions, Passphrase: passphrase, Rounds: 10_000, Events: w.heard(w.talk(4))}
		var export string
		w.her.call("exportKeys", nil, &export)
		check(t, theirs.call("", "encryptKeyFile", object{"keys": export, "passphrase": passphrase, "rounds": f.Rounds}, &f.File))
		f.Keys = json.RawMessage(export)
		size := len(must(base64.RawStdEncoding.DecodeString(strings.TrimRight(f.body(), "="))))
		f.Refused = []alteration{
			{What: "the version", At: 0}, {What: "a byte of the salt", At: 1}, {What: "the last byte of the salt", At: 16},
			{What: "a byte of the IV", At: 17}, {What: "the rounds", At: 36}, {What: "the first byte of the ciphertext", At: 37},
			{What: "the last byte of the ciphertext", At: size - 33}, {What: "the first byte of the MAC", At: size - 32},
			{What: "the last byte of the MAC", At: size - 1},
		}
		return f
	}, func(f *keyFile) {
		open := func(file, passphrase string) (text string, err error) {
			err = theirs.call("", "decryptKeyFile", object{"file": file, "passphrase": passphrase}, &text)
			return text, err
		}
		equal(t, "keys", must(open(f.File, f.Passphrase)), string(compact(t, f.Keys)))
		for i, a := range f.Refused {
			_, err := open(fileBegin+flipped(t, f.body(), a.At)+fileEnd, f.Passphrase)
			f.Refused[i].Element = saidOf(err)
			holds(t, a.What+" is refused", err != nil)
		}
		counted("vectors", 1+len(f.Refused))
	})
}

// body is the file's base64, without its lines.
func (f *keyFile) body() string {
	text := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(f.File), fileBegin), fileEnd)
	return strings.ReplaceAll(text, "\n", "")
}

// compact is JSON as the peer writes it.
func compact(t *testing.T, text json.RawMessage) []byte {
	t.Helper()
	return encode(t, text)
}

// keyBackup is a backup of the machine, on the server.
type keyBackup struct {
	MadeBy    versions                   `json:"made_by"`
	User      string                     `json:"user"`
	Device    string                     `json:"device"` // that made it
	Seeds     map[string]string          `json:"seeds"`  // of the user's cross-signing keys
	Query     json.RawMessage            `json:"query"`  // what /keys/query answers the user
	Private   string                     `json:"private"`
	AuthData  json.RawMessage            `json:"auth_data"`
	Rooms     json.RawMessage            `json:"rooms"` // what /room_keys/keys answers
	Keys      map[string]json.RawMessage `json:"keys"`  // what is in it, by session
	Events    []heardEvent               `json:"events"`
	Refused   []alteration               `json:"refused"`   // of rooms: the key is not read
	Unsigned  []alteration               `json:"unsigned"`  // of auth_data: a signature does not hold
	Signature map[string]string          `json:"signature"` // what holds of auth_data as it is
}

func TestRecordedBackup(t *testing.T) {
	var w *world
	recorded(t, "backup/testdata/element/backup.json", func() *keyBackup {
		w = newWorld(t)
		w.identities()
		b := &keyBackup{MadeBy: theirs.versions, User: hers, Device: herID, Events: w.heard(w.talk(4))}
		var key struct{ Private, Public string }
		check(t, theirs.call("", "newBackupKey", nil, &key))
		b.Private = key.Private
		var signatures object
		w.her.call("sign", object{"message": `{"public_key":"` + key.Public + `"}`}, &signatures)
		b.AuthData = encode(t, object{"public_key": key.Public, "signatures": signatures})
		w.her.call("exportCrossSigning", nil, &b.Seeds)
		b.Query = w.keysQuery(hers, encode(t, object{"device_keys": object{hers: []string{}}}))
		w.her.call("enableBackup", object{"private": key.Private, "public": key.Public, "version": "1"}, nil)
		for {
			var r *request
			w.her.call("backup", nil, &r)
			if r == nil {
				break
			}
			w.her.send(r)
		}
		b.Rooms = w.dump()
		id := b.Events[0].SessionID
		for _, a := range []alteration{
			{What: "a byte of the MAC", Path: []string{"mac"}, At: 3}, {What: "a byte of the ephemeral key", Path: []string{"ephemeral"}, At: 9},
			{What: "a byte of the ciphertext, which the MAC does not cover", Path: []string{"ciphertext"}, At: 0},
			{What: "a byte that decides on the padding", Path: []string{"ciphertext"}, At: 16*((len(b.session(t, id)["ciphertext"].(string))*3/4)/16-1) - 1},
		} {
			a.Path = append([]string{"rooms", room, "sessions", id, "session_data"}, a.Path...)
			b.Refused = append(b.Refused, a)
		}
		for _, keyID := range slices.Sorted(maps.Keys(signatures[hers].(object))) {
			b.Unsigned = append(b.Unsigned, alteration{What: keyID, Path: []string{"signatures", hers, keyID}, At: 40})
		}
		return b
	}, func(b *keyBackup) {
		b.Keys = map[string]json.RawMessage{}
		for id := range decode[object](t, b.Rooms)["rooms"].(object)[room].(object)["sessions"].(object) {
			b.Keys[id] = json.RawMessage(must(readBackup(t, b.Private, b.session(t, id))))
		}
		for i, a := range b.Refused {
			altered := keyBackup{Rooms: a.apply(t, b.Rooms)}
			_, err := readBackup(t, b.Private, altered.session(t, a.Path[3]))
			b.Refused[i].Element = saidOf(err)
			holds(t, a.What+" is refused", err != nil)
		}
		counted("vectors", 1+len(b.Refused))
		if w == nil {
			return // the machine that made it is gone, and its verdicts stay
		}
		b.Signature = verifiedBackup(w, b.AuthData)
		equal(t, "signature of the device", b.Signature["device"], "ValidAndTrusted")
		equal(t, "signature of the user", b.Signature["user"], "ValidAndTrusted")
		for i, a := range b.Unsigned {
			verdict := verifiedBackup(w, a.apply(t, b.AuthData))
			b.Unsigned[i].Element = "device " + verdict["device"] + ", user " + verdict["user"]
		}
	})
}

func (b *keyBackup) session(t *testing.T, id string) object {
	all := decode[object](t, b.Rooms)["rooms"].(object)[room].(object)["sessions"].(object)
	return all[id].(object)["session_data"].(object)
}

// readBackup is what the peer makes of a backed-up key: JSON, or an error.
func readBackup(t *testing.T, private string, session object) (string, error) {
	var plain string
	err := theirs.call("", "decryptBackup", object{
		"private": private, "ephemeral": session["ephemeral"], "mac": session["mac"], "ciphertext": session["ciphertext"],
	}, &plain)
	if err == nil && !json.Valid([]byte(plain)) {
		err = errors.New("not JSON")
	}
	return plain, err
}

func verifiedBackup(w *world, authData json.RawMessage) map[string]string {
	var saw struct{ Device, User string }
	w.her.call("verifyBackup", object{"info": object{"algorithm": backup.Algorithm, "auth_data": authData}}, &saw)
	return map[string]string{"device": saw.Device, "user": saw.User}
}
