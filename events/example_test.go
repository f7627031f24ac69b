package events_test

import (
	"errors"
	"fmt"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func newAccount(userID, deviceID string) (*olm.Account, *crosssigning.DeviceKeys) {
	account := must(olm.GenerateAccount())
	identity := account.IdentityKeys()
	return account, must(crosssigning.LocalDevice{
		UserID: userID, DeviceID: deviceID, Algorithms: []string{olm.V1.Algorithm(), megolm.V1.Algorithm()},
		Ed25519: identity.Ed25519, Curve25519: identity.Curve25519, Signer: account,
	}.Keys())
}

func newSession(from, to *olm.Account) *olm.Session {
	must(to.GenerateOneTimeKeys(1))
	return must(from.NewOutboundSession(to.IdentityKeys().Curve25519, to.UnpublishedOneTimeKeys()[0].Key))
}

// Alice shares the key of her session with Bob, and writes to the room.
func Example() {
	const alice, bob, room = "@alice:example.org", "@bob:example.org", "!room:example.org"
	aliceAccount, aliceDevice := newAccount(alice, "ALICE")
	bobAccount, bobDevice := newAccount(bob, "BOB")

	// Alice. The first content goes to Bob's device, the second to the room.
	group := megolm.NewOutboundSession()
	share := must(events.NewRoomKey(group, room, false))
	defer share.Close()
	toDevice := must(events.SealOlm(newSession(aliceAccount, bobAccount), aliceDevice, bobDevice, share))
	toRoom := must(events.SealMegolm(group, aliceDevice, room, "m.room.message", []byte(`{"body":"hello"}`)))

	// Bob. He has learned Alice's devices from a keys query.
	lookup := func(userID string, key keys.Curve25519) *crosssigning.DeviceKeys {
		if userID == alice && key == aliceDevice.Curve25519() {
			return aliceDevice
		}
		return nil
	}
	receiver := must(events.NewReceiver(bobAccount, bobDevice, lookup))
	opened := must(receiver.Open(alice, must(events.ParseOlm(must(toDevice.MarshalJSON())))))
	key := must(opened.Plaintext.RoomKey())
	fmt.Println("a key from", key.Sender().UserID(), "whose device is", key.Sender().Origin())

	session := must(megolm.NewInboundSession(key.SessionKey()))
	stored := events.RoomSession{Session: session, Guard: events.NewReplayGuard(session), RoomID: key.RoomID(), Owner: key.Sender().UserID()}
	content := must(events.ParseMegolm(must(toRoom.MarshalJSON())))
	event := events.RoomEvent{RoomID: room, EventID: "$1", Sender: alice, Timestamp: 1700000000000}
	decrypted := must(stored.Open(event, content))
	fmt.Println(decrypted.Type(), string(decrypted.Content()))

	event.EventID = "$2"
	_, err := stored.Open(event, content)
	var replay *events.ReplayError
	fmt.Println("shown once more:", errors.As(err, &replay))
	// Output:
	// a key from @alice:example.org whose device is known
	// m.room.message {"body":"hello"}
	// shown once more: true
}

// A device that is not known yet: the key can be kept, and its sender resolved
// once the server was asked.
func ExampleSender_Resolve() {
	aliceAccount, aliceDevice := newAccount("@alice:example.org", "ALICE")
	bobAccount, bobDevice := newAccount("@bob:example.org", "BOB")
	content := must(events.SealOlm(newSession(aliceAccount, bobAccount), aliceDevice, bobDevice, events.NewDummy()))
	receiver := must(events.NewReceiver(bobAccount, bobDevice, nil))
	sender := must(receiver.Open("@alice:example.org", content)).Plaintext.Sender()
	fmt.Println(sender.Origin())
	fmt.Println(must(sender.Resolve(aliceDevice)).Origin())
	// Output:
	// claimed
	// known
}

// One device asks another of the same user for a secret.
func ExampleNewSecretRequest() {
	const alice = "@alice:example.org"
	oneAccount, one := newAccount(alice, "ONE")
	twoAccount, two := newAccount(alice, "TWO")
	request := must(events.NewSecretRequest("r1", one.DeviceID(), "m.cross_signing.self_signing"))

	asked := must(events.ParseSecretRequest(must(request.MarshalJSON())))
	answer := must(events.NewSecretSend(asked.RequestID(), []byte("the secret's text")))
	content := must(events.SealOlm(newSession(twoAccount, oneAccount), two, one, answer))

	lookup := func(string, keys.Curve25519) *crosssigning.DeviceKeys { return two }
	opened := must(must(events.NewReceiver(oneAccount, one, lookup)).Open(alice, content))
	secret := must(opened.Plaintext.SecretSend())
	defer secret.Close()
	fmt.Println(secret.RequestID() == request.RequestID(), string(secret.Secret()))
	// Output: true the secret's text
}

// A key is withheld from a device that is not verified.
func ExampleNewWithheld() {
	_, device := newAccount("@alice:example.org", "ALICE")
	content := must(events.NewWithheld(events.Unverified, "", "!room:example.org", "session", device.Curve25519()))
	withheld := must(events.ParseWithheld(must(content.MarshalJSON())))
	fmt.Println(withheld.Code(), withheld.RoomID())
	// Output: m.unverified !room:example.org
}

// A request for a key, and its end.
func ExampleNewRoomKeyRequest() {
	request := must(events.NewRoomKeyRequest("r1", "ALICE", "!room:example.org", "session"))
	fmt.Println(string(must(request.MarshalJSON())))
	fmt.Println(string(must(must(request.Cancellation()).MarshalJSON())))
	// Output:
	// {"action":"request","body":{"algorithm":"m.megolm.v1.aes-sha2","room_id":"!room:example.org","session_id":"session"},"request_id":"r1","requesting_device_id":"ALICE"}
	// {"action":"request_cancellation","request_id":"r1","requesting_device_id":"ALICE"}
}

// The guard is stored beside its session.
func ExampleReplayGuard_Seal() {
	group := megolm.NewOutboundSession()
	session := must(megolm.NewInboundSession(must(group.SessionKey())))
	key := keys.GenerateSealKey()
	sealed := must(events.NewReplayGuard(session).Seal(key, []byte(session.ID())))
	guard := must(events.OpenReplayGuard(sealed, key, []byte(session.ID())))
	fmt.Println(guard.SessionID() == session.ID(), guard.Len())
	// Output: true 0
}
