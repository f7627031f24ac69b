package element

import (
	"bytes"
	"strings"
	"testing"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// asHer returns a device of hers that we play and that has her cross-signing keys,
// signed with them.
func (w *world) asHer() *party {
	w.t.Helper()
	var seeds struct {
		Master      string `json:"master"`
		SelfSigning string `json:"self_signing"`
		UserSigning string `json:"user_signing"`
	}
	w.her.call("exportCrossSigning", nil, &seeds)
	p := newParty(w.server, hers, "CHAPPETWO")
	p.ask(hers, ours)
	p.private = must(crosssigning.ImportPrivateKeys(p.users[hers].Identity(), crosssigning.Seeds{}.
		With(crosssigning.Master, must(crosssigning.ParseSeed([]byte(seeds.Master)))).
		With(crosssigning.SelfSigning, must(crosssigning.ParseSeed([]byte(seeds.SelfSigning)))).
		With(crosssigning.UserSigning, must(crosssigning.ParseSeed([]byte(seeds.UserSigning))))))
	p.publish(must(p.private.SignDevice(p.keys, p.account.IdentityKeys().Ed25519)))
	p.ask(hers, ours)
	w.meet()
	return p
}

// send sends a to-device event in clear.
func (p *party) send(device, eventType string, content any) {
	p.s.sendToDevice(p.user, eventType, encode(p.t, object{"messages": object{p.user: object{device: content}}}))
}

// Secrets between devices of a user, both ways.
func TestSecrets(t *testing.T) {
	w := newWorld(t)
	w.identities()
	p := w.asHer()

	// We ask her for the private keys.
	var backupKey struct{ Private, Public string }
	check(t, theirs.call("", "newBackupKey", nil, &backupKey))
	w.her.call("enableBackup", object{"private": backupKey.Private, "public": backupKey.Public, "version": "1"}, nil)
	secrets := map[string]string{secretstorage.BackupKey: backupKey.Private}
	for name, usage := range usages {
		secrets[name] = string(must(p.private.SecretText(usage)))
	}
	for name, secret := range secrets {
		request := must(events.NewSecretRequest("request of "+name, p.device, name))
		p.send(herID, events.TypeSecretRequest, request)
		w.her.claim(hers)
		w.her.pump()
		var got []events.SecretSend
		for _, a := range p.receive() {
			if a.Type == events.TypeSecretSend {
				got = append(got, must(a.Plaintext.SecretSend()))
			}
		}
		equal(t, "answers", len(got), 1)
		equal(t, "request id", got[0].RequestID(), request.RequestID())
		equal(t, "secret", string(got[0].Secret()), secret)
		counted("secrets", 1)
	}

	// Her other device, which has none of the keys, asks us.
	w.two.call("verifyOwn", object{"user": hers}, nil)
	w.two.pump()
	var asked bool
	w.two.call("requestSecrets", nil, &asked)
	holds(t, "it asks for secrets", asked)
	w.two.pump()
	answered := 0
	for _, a := range p.receive() {
		if a.Type != events.TypeSecretRequest {
			continue
		}
		request := must(events.ParseSecretRequest(a.Content))
		equal(t, "asking device", request.DeviceID(), herID2)
		secret, ok := secrets[request.Name()]
		if !ok || request.IsCancellation() {
			continue
		}
		p.whisper(p.users[hers].Device(herID2), must(events.NewSecretSend(request.RequestID(), []byte(secret))))
		answered++
	}
	equal(t, "answers", answered, 4)
	w.two.pump()
	var has struct {
		Master      bool
		SelfSigning bool `json:"self_signing"`
		UserSigning bool `json:"user_signing"`
	}
	w.two.call("secrets", nil, &has)
	holds(t, "it has the secrets", has.Master && has.SelfSigning && has.UserSigning)
	var inbox []string
	w.two.call("secretsInbox", object{"name": secretstorage.BackupKey}, &inbox)
	equal(t, "backup keys", strings.Join(inbox, " "), backupKey.Private)
	counted("secrets", answered)
}

// Room keys that are asked for, both ways.
func TestForwardedKeys(t *testing.T) {
	w := newWorld(t)
	w.identities()
	p := w.asHer()
	said := w.talk(2)

	for i, e := range said {
		id := must(events.ParseMegolm(e.Content)).SessionID()
		request := must(events.NewRoomKeyRequest("request", p.device, room, id))
		p.send(herID, events.TypeRoomKeyRequest, request)
		w.her.claim(hers)
		w.her.pump()
		for _, a := range p.receive() {
			if a.Type != events.TypeForwardedRoomKey {
				continue
			}
			key := must(a.Plaintext.ForwardedRoomKey())
			equal(t, "session", key.SessionID(), id)
			equal(t, "room", key.Forwarding().RoomID, room)
			session := must(megolm.ImportInboundSession(key.Export()))
			p.groups[id] = &events.RoomSession{Session: session, Guard: events.NewReplayGuard(session), RoomID: room}
		}
		checkMessage(t, must(p.hear(e)).Content(), i)
		counted("forwarded room keys", 1)
	}

	// Her other device asks us.
	w.two.call("verifyOwn", object{"user": hers}, nil)
	w.two.call("trustDevice", object{"user": hers, "device": p.device}, nil)
	for i, e := range said {
		_, err := w.two.hear(e)
		holds(t, "the key is missing", err != nil)
		w.two.pump()
		for _, a := range p.receive() {
			if a.Type != events.TypeRoomKeyRequest {
				continue
			}
			request := must(events.ParseRoomKeyRequest(a.Content))
			if request.IsCancellation() {
				continue
			}
			equal(t, "asking device", request.DeviceID(), herID2)
			group := p.groups[request.SessionID()]
			from := p.lookup(e.Sender, keyOf(w, e.Sender))
			forwarded := must(events.NewForwardedRoomKey(must(group.Session.Export()), events.Forwarding{
				RoomID: request.RoomID(), SenderKey: from.Curve25519(), ClaimedEd25519: from.Ed25519(),
			}))
			p.whisper(p.users[hers].Device(herID2), forwarded)
		}
		w.two.pump()
		h := must(w.two.hear(e))
		checkMessage(t, decode[roomEvent](t, []byte(h.Event)).Content, i)
		counted("forwarded room keys", 1)
	}
}

// keyOf returns the key of a user's first device.
func keyOf(w *world, user string) keys.Curve25519 {
	if user == ours {
		return w.chappe.keys.Curve25519()
	}
	return w.herKeys().Curve25519()
}

// Boxes of libolm's PkEncryption, both ways.
func TestPk(t *testing.T) {
	key := must(pk.GenerateDecryptionKey())
	for n := range 70 {
		plain := bytes.Repeat([]byte{byte(n)}, n)
		var box struct{ Ciphertext, Mac, Ephemeral string }
		check(t, theirs.call("", "pkEncrypt", object{"public": key.PublicKey().String(), "data": plain}, &box))
		got := must(key.Decrypt(must(pk.ParseMessage(box.Ciphertext, box.Mac, box.Ephemeral))))
		equal(t, "plaintext", string(got), string(plain))

		ciphertext, mac, ephemeral := must(pk.Encrypt(key.PublicKey(), plain)).Text()
		var back []byte
		check(t, theirs.call("", "pkDecrypt", object{
			"private": string(must(key.SecretText())), "ciphertext": ciphertext, "mac": mac, "ephemeral": ephemeral,
		}, &back))
		equal(t, "plaintext", string(back), string(plain))
		counted("pk boxes", 2)
	}
}
