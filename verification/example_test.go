package verification_test

import (
	"fmt"
	"time"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// side is a program with one device, as far as it verifies.
type side struct {
	name     string
	device   crosssigning.LocalDevice
	private  *crosssigning.PrivateKeys
	user     *crosssigning.User // as /keys/query shows it to others
	self     *crosssigning.Self
	verifier *verification.Verifier
	outbox   []verification.Message
}

func newSide(name, userID, deviceID string) *side {
	account := must(olm.GenerateAccount())
	identity := account.IdentityKeys()
	s := &side{name: name, private: must(crosssigning.GeneratePrivateKeys(userID))}
	s.device = crosssigning.LocalDevice{
		UserID: userID, DeviceID: deviceID, Algorithms: []string{olm.V1.Algorithm()},
		Ed25519: identity.Ed25519, Curve25519: identity.Curve25519, Signer: account,
	}
	keys := must(s.device.Keys())
	s.user = must(crosssigning.NewUser(userID, must(s.private.Identity()), keys))
	s.self = crosssigning.NewSelf(s.user, crosssigning.Pin{}, crosssigning.Proof{Private: s.private})
	s.verifier = must(verification.New(keys, sas.Method{}))
	return s
}

// handle sends what is to be sent, and does what the person decides.
func (s *side) handle(now time.Time, other *side, out verification.Out) {
	s.outbox = append(s.outbox, out.Send...)
	for _, notice := range out.Notices {
		flow := notice.Flow
		switch about := notice.About.(type) {
		case verification.Incoming:
			fmt.Println(s.name, "is asked, and agrees")
			// Here the program asks the server for the other user's keys.
			s.handle(now, other, must(flow.Accept(now, verification.Keys{Self: s.self, Theirs: other.user})))
		case verification.Prepared:
			if s.name == "Alice" { // one side is enough
				s.handle(now, other, must(flow.Start(now, sas.Method{})))
			}
		case sas.Comparison:
			if emoji, ok := about.Emoji(); ok {
				s.show(emoji)
			}
			s.handle(now, other, must(flow.Confirm(now)))
		case verification.Finished:
			verified := must(flow.Verified())
			_ = must(s.private.SignUser(verified.User, verified.Identity.MasterKey())) // to /keys/signatures/upload
			fmt.Println(s.name, "has verified", verified.User.ID(), "with device", verified.Device.DeviceID())
		case verification.Ended:
			fmt.Println(s.name, "cancelled:", about.Code)
		}
	}
}

// show brings emoji to the screen.
func (s *side) show(emoji [7]sas.Emoji) {
	fmt.Println(s.name, "compares", len(emoji), "emoji")
}

// Alice and Bob verify each other in a room.
func Example() {
	now := time.Now()
	alice, bob := newSide("Alice", "@alice:example.org", "ADEVICE"), newSide("Bob", "@bob:example.org", "BDEVICE")

	flow, out, err := alice.verifier.RequestInRoom(now, verification.Keys{Self: alice.self, Theirs: bob.user}, "!room:example.org")
	if err != nil {
		panic(err)
	}
	alice.handle(now, bob, out)

	// The server: it gives each event an id, and brings it to the other side.
	for events := 0; len(alice.outbox)+len(bob.outbox) > 0; events++ {
		from, to := alice, bob
		if len(from.outbox) == 0 {
			from, to = bob, alice
		}
		message := from.outbox[0]
		from.outbox = from.outbox[1:]
		id := fmt.Sprint("$", events)
		if message.Type == verification.TypeRoomMessage {
			if err := flow.Sent(id); err != nil {
				panic(err)
			}
		}
		to.handle(now, from, must(to.verifier.Receive(now, verification.Event{
			Type: message.Type, Sender: from.device.UserID, RoomID: message.RoomID, EventID: id, SentAt: now, Content: message.Content,
		})))
	}
	// Output:
	// Bob is asked, and agrees
	// Bob compares 7 emoji
	// Alice compares 7 emoji
	// Bob has verified @alice:example.org with device ADEVICE
	// Alice has verified @bob:example.org with device BDEVICE
}

func ExampleVerifier_Expire() {
	now := time.Now()
	alice, bob := newSide("Alice", "@alice:example.org", "ADEVICE"), newSide("Bob", "@bob:example.org", "BDEVICE")
	flow, _, err := alice.verifier.Request(now, verification.Keys{Self: alice.self, Theirs: bob.user})
	if err != nil {
		panic(err)
	}
	next, _ := alice.verifier.Next() // a program sets its timer by this
	fmt.Println(next.Sub(now))
	out := alice.verifier.Expire(next)
	fmt.Println(flow.State(), out.Send[0].Type)
	// Output:
	// 10m0s
	// cancelled m.key.verification.cancel
}
