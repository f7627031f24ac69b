package redactiontest_test

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"

	"github.com/chappe-e2ee/chappe/attachment"
	"github.com/chappe-e2ee/chappe/backup"
	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/pk"
)

const unknownMember = "a member that only a newer version knows"

func attachmentSamples(r *recorder) []sample {
	var e *attachment.EncryptReader
	secrets := r.during(func() { e = attachment.NewEncryptReader(bytes.NewReader(make([]byte, 40)), 40) })[:1]
	ciphertext := must(io.ReadAll(e))
	f := must(e.Finish("mxc://example.org/x"))
	var members map[string]any
	if err := json.Unmarshal(must(f.SecretJSON()), &members); err != nil {
		panic(err)
	}
	members["unknown"] = unknownMember
	f = must(attachment.ParseFile(must(json.Marshal(members))))
	d := must(attachment.NewDecryptReader(bytes.NewReader(ciphertext), f, 40))
	u := must(attachment.NewUnverifiedReader(bytes.NewReader(ciphertext), f, 40))
	for _, reader := range []io.Reader{d, u} {
		must(reader.Read(make([]byte, 20)))
	}
	var unfinished *attachment.EncryptReader
	another := r.during(func() { unfinished = attachment.NewEncryptReader(bytes.NewReader(make([]byte, 40)), 40) })[:1]
	must(unfinished.Read(make([]byte, 20)))
	return append(public(&attachment.ScanError{}, &attachment.ScanResult{}),
		holds(unfinished, another...), holds(d, secrets...), holds(u, secrets...), holds(f, append(secrets, []byte(unknownMember))...))
}

func backupSamples(r *recorder) []sample {
	secret := make32(37)
	key := must(pk.NewDecryptionKey(secret))
	authData := must(backup.NewAuthData(key.PublicKey()))
	evidence := backup.Evidence{PrivateKey: key}
	verdict := authData.Judge(evidence)
	out := megolm.NewOutboundSession()
	session := must(must(megolm.NewInboundSession(must(out.SessionKey()))).Export())
	ratchet := must(base64.RawStdEncoding.DecodeString(string(session.SecretText())))[5 : 5+128]
	identity := must(olm.GenerateAccount()).IdentityKeys()
	entry := backup.Entry{RoomID: room, Session: session, SenderKey: identity.Curve25519, ClaimedEd25519: identity.Ed25519}
	var list bytes.Buffer
	list.WriteString("[")
	list.Write(bytes.Replace(must(entry.SecretJSON()), []byte("{"), []byte(`{"unknown":"`+unknownMember+`",`), 1))
	list.WriteString("]")
	for e, err := range backup.PlainEntries(&list) {
		entry = must(e, err)
	}
	passphrase := []byte("a passphrase that nobody knows")
	// The salt is drawn first.
	derive := func(drawn [][]byte) [][]byte {
		b := must(pbkdf2.Key(sha512.New, string(passphrase), drawn[0][:16], backup.MinNewRounds, 64))
		return [][]byte{b[:32], b[32:], passphrase}
	}
	var file bytes.Buffer
	var writer *backup.KeyFileWriter
	readerKeys := derive(r.during(func() {
		w := must(backup.NewKeyFileWriter(&file, passphrase, backup.MinNewRounds))
		if err := errors.Join(w.WriteEntry(entry), w.Finish()); err != nil {
			panic(err)
		}
	}))
	opened := must(backup.OpenKeyFile(bytes.NewReader(file.Bytes()), passphrase))
	writerKeys := derive(r.during(func() {
		writer = must(backup.NewKeyFileWriter(io.Discard, passphrase, backup.MinNewRounds))
	}))
	if err := writer.WriteEntry(entry); err != nil {
		panic(err)
	}
	secrets := [][]byte{ratchet, []byte(unknownMember)}
	return append(public(
		authData, &backup.EntryError{}, must(verdict.Recipient()), backup.FromPlain, backup.FromPrivateKey, backup.Update{}, backup.Upload{},
		verdict, backup.Version{AuthData: authData}, &backup.VersionChangedError{},
	),
		holds(entry, secrets...), holds(must(entry.Import()), secrets...), holds(evidence, secret),
		holds(opened, append(readerKeys, secrets...)...), holds(writer, append(writerKeys, secrets...)...))
}

func eventsSamples() []sample {
	aliceAccount, bobAccount := must(olm.GenerateAccount()), must(olm.GenerateAccount())
	from, to := must(localDevice(alice, aliceAccount).Keys()), must(localDevice(alice, bobAccount).Keys())
	lookup := events.Lookup(func(string, keys.Curve25519) *crosssigning.DeviceKeys { return from })
	receiver := must(events.NewReceiver(bobAccount, to, lookup))
	var content *events.OlmEncrypted
	open := func(o events.Outgoing) events.Opened {
		content = must(events.SealOlm(newSession(aliceAccount, bobAccount), from, to, o))
		return must(receiver.Open(alice, content))
	}
	group := megolm.NewOutboundSession()
	session := must(megolm.NewInboundSession(must(group.SessionKey())))
	export := must(session.Export())
	ratchet := must(base64.RawStdEncoding.DecodeString(string(export.SecretText())))[5 : 5+128]
	share := must(events.NewRoomKey(group, room, false))
	opened := open(share)
	roomKey := must(opened.Plaintext.RoomKey())
	forwarding := events.Forwarding{RoomID: room, SenderKey: from.Curve25519(), ClaimedEd25519: from.Ed25519()}
	forwarded := must(open(must(events.NewForwardedRoomKey(export, forwarding))).Plaintext.ForwardedRoomKey())
	value := []byte("xyzzy plugh frobozz")
	sent := must(open(must(events.NewSecretSend("id", value))).Plaintext.SecretSend())
	guard := events.NewReplayGuard(session)
	stored := events.RoomSession{Session: session, Guard: guard, RoomID: room, Owner: alice}
	said := must(events.SealMegolm(group, from, room, "m.room.message", []byte(`{"body":"`+string(value)+`"}`)))
	event := events.RoomEvent{RoomID: room, EventID: "$1", Sender: alice, Timestamp: 1}
	decrypted := must(stored.Open(event, said))
	all := [][]byte{ratchet, value, export.SecretText()[8:176]}
	return append(public(
		events.NoOlm, forwarding, lookup, said, content, events.Claimed, &events.ReplayError{}, guard, event,
		must(events.NewRoomKeyRequest("id", "DEVICE", room, "session")), must(events.NewSecretRequest("id", "DEVICE", "name")),
		roomKey.Sender(), must(events.NewWithheld(events.NoOlm, "", "", "", from.Curve25519())), events.WithheldReason{},
	),
		holds(decrypted, all...), holds(forwarded, all...), holds(opened, append(all, sessionSecrets(opened.Session)...)...),
		holds(share, all...), holds(opened.Plaintext, all...), holds(receiver, accountSecrets(bobAccount)...), holds(roomKey, all...),
		holds(stored, all...), holds(sent, all...),
	)
}
