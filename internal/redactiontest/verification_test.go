package redactiontest_test

import (
	"bytes"
	"crypto/ecdh"
	"encoding/json"
	"time"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

// person is a side of a verification in a room.
type person struct {
	userID   string
	user     *crosssigning.User
	self     *crosssigning.Self
	verifier *verification.Verifier
	flow     *verification.Flow
	shown    *sas.Comparison // what the person compares
	out      verification.Out
	pending  []verification.Message
	public   keys.Curve25519
}

func newPerson(userID string) *person {
	p := &person{userID: userID}
	device := must(localDevice(userID, must(olm.GenerateAccount())).Keys())
	private := must(crosssigning.GeneratePrivateKeys(userID))
	p.user = must(crosssigning.NewUser(userID, must(private.Identity()), device))
	p.self = crosssigning.NewSelf(p.user, crosssigning.Pin{}, crosssigning.Proof{})
	p.verifier = must(verification.New(device, sas.Method{}))
	return p
}

func (p *person) handle(now time.Time, other *person, out verification.Out) {
	p.pending = append(p.pending, out.Send...)
	for _, n := range out.Notices {
		p.flow = n.Flow
		switch about := n.About.(type) {
		case verification.Incoming:
			p.handle(now, other, must(n.Flow.Accept(now, verification.Keys{Self: p.self, Theirs: other.user})))
		case verification.Prepared:
			if p.userID == alice {
				p.handle(now, other, must(n.Flow.Start(now, sas.Method{})))
			}
		case sas.Comparison:
			p.shown, p.out = &about, out
		}
	}
}

// compare leads a verification to where both people compare the code.
func compare() (a, b *person) {
	now := time.Unix(1700000000, 0)
	a, b = newPerson(alice), newPerson(bob)
	flow, out, err := a.verifier.RequestInRoom(now, verification.Keys{Self: a.self, Theirs: b.user}, room)
	if err != nil {
		panic(err)
	}
	a.handle(now, b, out)
	for n := 0; len(a.pending)+len(b.pending) > 0; n++ {
		from, to := a, b
		if len(from.pending) == 0 {
			from, to = b, a
		}
		m := from.pending[0]
		from.pending = from.pending[1:]
		id := "$" + string(rune('a'+n))
		if m.Type == verification.TypeRoomMessage {
			if err := flow.Sent(id); err != nil {
				panic(err)
			}
		}
		if m.Type == sas.TypeKey {
			var content struct{ Key keys.Curve25519 }
			if err := json.Unmarshal(m.Content, &content); err != nil {
				panic(err)
			}
			from.public = content.Key
		}
		to.handle(now, from, must(to.verifier.Receive(now, verification.Event{
			Type: m.Type, Sender: from.userID, RoomID: m.RoomID, EventID: id, SentAt: now, Content: m.Content,
		})))
	}
	return a, b
}

// comparison returns Alice's side and its secrets: the private key, the secret
// that both share, and the code.
func comparison(r *recorder) (at *person, secrets [][]byte) {
	var a, b *person
	drawn := bytes.Join(r.during(func() { a, b = compare() }), nil)
	for i := range len(drawn) - 31 {
		private := must(ecdh.X25519().NewPrivateKey(drawn[i : i+32]))
		if !bytes.Equal(private.PublicKey().Bytes(), a.public.Bytes()) {
			continue
		}
		shared := must(private.ECDH(must(ecdh.X25519().NewPublicKey(b.public.Bytes()))))
		pair := pairOf(drawn[i : i+32])
		code := must(must(pair.Agree(b.public)).CodeFor(sas.Info{
			Starter:       sas.Starter{UserID: alice, DeviceID: "DEVICE", Key: a.public},
			Accepter:      sas.Accepter{UserID: bob, DeviceID: "DEVICE", Key: b.public},
			TransactionID: a.flow.TransactionID(),
		}))
		if emoji, ok := a.shown.Emoji(); !ok || emoji != code.Emoji() {
			panic("the code is another one")
		}
		return a, [][]byte{drawn[i : i+32], shared, code[:]}
	}
	panic("Alice's key was not drawn")
}

func verificationSamples(r *recorder) []sample {
	a, secrets := comparison(r)
	b := newPerson(bob)
	device := b.user.Devices()[0]
	return append(public(
		&verification.CancelError{}, verification.CodeUser, verification.Ended{}, verification.Event{}, verification.Finished{},
		verification.Incoming{}, verification.Keys{Self: a.self, Theirs: b.user}, verification.Message{}, verification.MethodEvent{}, verification.OurSide{}, verification.Parties{},
		verification.Prepared{}, verification.ProvenKeys{}, verification.Start{}, verification.Running, verification.TheirSide{},
		verification.Verified{User: b.user, Device: device},
	),
		holds(a.flow, secrets...), holds(a.verifier, secrets...), holds(a.out, secrets...), holds(a.out.Notices[0], secrets...),
		holds(verification.Step{About: *a.shown}, secrets...),
	)
}
