package element

import (
	"bytes"
	"slices"
	"testing"

	"github.com/chappe-e2ee/chappe/backup"
	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/pk"
)

// backupOf is what the server says of a backup.
func backupOf(authData backup.AuthData) object {
	return object{"algorithm": backup.Algorithm, "auth_data": authData}
}

// evidence is what our party knows of its user.
func (p *party) evidence() backup.Evidence {
	return backup.Evidence{Own: p.users[p.user], Self: p.self(), Device: p.keys}
}

// dump is what GET /room_keys/keys answers.
func (w *world) dump() []byte { return encode(w.t, object{"rooms": w.backups}) }

// A backup that a machine made, restored by us.
func TestBackupOfElement(t *testing.T) {
	w := newWorld(t)
	w.identities()
	const n = 12
	said := w.talk(n)

	// She makes the backup, and signs it with her device and her master key.
	var key struct{ Private, Public, Algorithm string }
	check(t, theirs.call("", "newBackupKey", nil, &key))
	equal(t, "algorithm", key.Algorithm, backup.Algorithm)
	var signatures object
	w.her.call("sign", object{"message": `{"public_key":"` + key.Public + `"}`}, &signatures)
	authData := must(backup.ParseAuthData(encode(t, object{"public_key": key.Public, "signatures": signatures})))
	w.her.call("enableBackup", object{"private": key.Private, "public": key.Public, "version": "1"}, nil)
	for {
		var r *request
		w.her.call("backup", nil, &r)
		if r == nil {
			break
		}
		w.her.send(r)
	}

	// A device of hers that we play, with her cross-signing keys, trusts it.
	private := must(pk.ParseDecryptionKey([]byte(key.Private)))
	check(t, authData.CheckKey(private))
	verdict := authData.Judge(w.asHer().evidence())
	holds(t, "her master key signed it", verdict.SignedByMaster())
	holds(t, "her device signed it", slices.Contains(verdict.SignedBy(), herID))
	// For our own user, it is a stranger's.
	equal(t, "trust of ours", authData.Judge(w.chappe.evidence()).Trust(), backup.Untrusted)

	var list []*backup.RestoredSession
	for entry, err := range backup.DecryptDump(private, bytes.NewReader(w.dump()), 2) {
		check(t, err)
		list = append(list, must(entry.Import()))
	}
	equal(t, "keys", len(list), n)
	readAll(t, w.restored(list), said)
	for id, data := range w.backups[room].(object)["sessions"].(object) {
		entry := must(backup.DecryptSession(private, room, id, encode(t, data)))
		equal(t, "session", entry.SessionID(), id)
	}
	counted("backups", 1)
	counted("keys in backups", n)
}

// A backup that we made, restored by a machine.
func TestBackupOfOurs(t *testing.T) {
	w := newWorld(t)
	w.identities()
	const n = 12
	said := w.talk(n)

	private := must(pk.GenerateDecryptionKey())
	authData := must(backup.NewAuthData(private.PublicKey()))
	signed := must(authData.Sign(w.chappe.private, private.PublicKey()))
	signed = must(signed.SignDevice(w.chappe.keys, w.chappe.account))
	verdict := signed.Judge(w.chappe.evidence())
	recipient := must(verdict.Recipient())
	sessions := object{}
	for _, entry := range w.entries() {
		sessions[entry.SessionID()] = decode[object](t, must(recipient.Encrypt(entry, false)))
	}
	w.backupPut(encode(t, object{"rooms": object{room: object{"sessions": sessions}}}))

	// A machine becomes a device of ours, which trusts it.
	third := newMachine(w.server, ours, "THIRD")
	third.track(ours, hers)
	third.call("importCrossSigning", object{
		"master":       string(must(w.chappe.private.SecretText(crosssigning.Master))),
		"self_signing": string(must(w.chappe.private.SecretText(crosssigning.SelfSigning))),
		"user_signing": string(must(w.chappe.private.SecretText(crosssigning.UserSigning))),
	}, nil)
	third.pump()
	var saw struct {
		Trusted      bool
		Device, User string
	}
	third.call("verifyBackup", object{"info": backupOf(signed)}, &saw)
	holds(t, "our backup is trusted by our other device", saw.Trusted)
	equal(t, "signature of our master key", saw.User, "ValidAndTrusted")
	w.her.call("verifyBackup", object{"info": backupOf(signed)}, &saw)
	holds(t, "our backup is not trusted by others", !saw.Trusted)
	third.call("verifyBackup", object{"info": backupOf(authData)}, &saw)
	holds(t, "a backup without signatures is not trusted", !saw.Trusted)

	text := string(must(private.SecretText()))
	third.call("enableBackup", object{"private": text, "public": private.PublicKey().String(), "version": "1"}, nil)
	rooms := object{}
	for id, data := range sessions {
		session := data.(object)["session_data"].(object)
		var plain string
		check(t, theirs.call("", "decryptBackup", object{
			"private": text, "ephemeral": session["ephemeral"], "mac": session["mac"], "ciphertext": session["ciphertext"],
		}, &plain))
		rooms[id] = decode[object](t, []byte(plain))
	}
	var result struct{ Imported, Total int }
	third.call("importBackup", object{"rooms": object{room: rooms}, "version": "1"}, &result)
	equal(t, "imported", result.Imported, n)
	herReadsAll(t, third, said)
	counted("backups", 1)
	counted("keys in backups", n)
}
