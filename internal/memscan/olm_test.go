//go:build linux && !race && !386

package memscan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// What comes through Olm.
var olmScenarios = map[string]func(o *order) func(){
	"olm.Account.NewInboundSession": func(o *order) func() {
		account := must(olm.GenerateAccount())
		must(account.GenerateOneTimeKeys(1))
		in := call2(account.NewInboundSession, o.curve25519("identity"), must(olm.NewMessage(olm.PreKey, o.Public["pre-key"])))
		call1(in.Session.Encrypt, []byte("answer"))
		for _, i := range taken { // two in order, one ahead, and one that was overtaken
			call1(in.Session.Decrypt, must(olm.NewMessage(olm.Normal, o.Public[fmt.Sprint("message ", i)])))
		}
		return func() { in.Session.Close(); account.Close() }
	},
	"olm.Account.Dehydrate": func(o *order) func() {
		account := must(olm.GenerateAccount())
		must(account.GenerateOneTimeKeys(2))
		o.secret("key", func(b []byte) {
			for _, d := range []olm.DehydratedDevice{call1(account.Dehydrate, b), call2(account.DehydrateV1, b, "DEVICE")} {
				call(func() (*olm.Account, error) { return olm.RehydrateAccount(d, b, "DEVICE") }).Close()
			}
		})
		return account.Close
	},
	"events.Receiver": func(o *order) func() {
		account := must(olm.GenerateAccount())
		must(account.GenerateOneTimeKeys(1))
		receiver := must(events.NewReceiver(account, must(localDevice("@bob:example.org", account).Keys()), nil))
		opened := call(func() (events.Opened, error) {
			return receiver.Open("@alice:example.org", must(events.ParseOlm(o.Public["event"])))
		})
		key := call(opened.Plaintext.RoomKey)
		session := call1(megolm.NewInboundSession, key.SessionKey())
		return func() {
			session.Close()
			key.Close()
			opened.Plaintext.Close()
			opened.Session.Close()
			account.Close()
		}
	},
}

func localDevice(userID string, account *olm.Account) crosssigning.LocalDevice {
	identity := account.IdentityKeys()
	return crosssigning.LocalDevice{
		UserID: userID, DeviceID: "DEVICE", Algorithms: []string{olm.V1.Algorithm(), megolm.V1.Algorithm()},
		Ed25519: identity.Ed25519, Curve25519: identity.Curve25519, Signer: account,
	}
}

func olmTrials() []trial { return []trial{receiving(), dehydrating(), roomKey()} }

// conversation is what two devices have said: Alice's pre-key message, Bob's
// answer, and the messages that she sent after it.
type conversation struct {
	alice, bob []byte // what crypto/rand returned to each
	preKey     olm.Message
	messages   []olm.Message
	session    *olm.Session // Bob's
}

// taken are the messages that Bob decrypts.
var taken = []int{0, 1, 5, 3}

func converse() *conversation {
	c := &conversation{alice: random(160), bob: random(128)}
	var b *olm.Account
	drawing(c.bob[:96], func() {
		b = must(olm.GenerateAccount())
		must(b.GenerateOneTimeKeys(1))
	})
	drawing(c.alice, func() {
		a := must(olm.GenerateAccount())
		session := must(a.NewOutboundSession(b.IdentityKeys().Curve25519, b.UnpublishedOneTimeKeys()[0].Key))
		c.preKey = must(session.Encrypt([]byte("first")))
		c.session = must(b.NewInboundSession(a.IdentityKeys().Curve25519, c.preKey)).Session
		var answer olm.Message
		drawing(c.bob[96:], func() { answer = must(c.session.Encrypt([]byte("answer"))) })
		must(session.Decrypt(answer))
		for range 6 {
			c.messages = append(c.messages, must(session.Encrypt([]byte("message"))))
		}
	})
	return c
}

// roots returns the root keys and the first chain keys of Alice's first chain, of
// Bob's, and of Alice's second.
func (c *conversation) roots() (agreements, roots, chains [][]byte) {
	identityA, base, ratchet1, ratchet2 := c.alice[32:64], c.alice[64:96], c.alice[96:128], c.alice[128:160]
	identityB, oneTime, ratchetB := c.bob[32:64], c.bob[64:96], c.bob[96:]
	agreements = [][]byte{agree(identityA, oneTime), agree(base, identityB), agree(base, oneTime), agree(ratchetB, ratchet1), agree(ratchetB, ratchet2)}
	okm := expand(bytes.Join(agreements[:3], nil), nil, "OLM_ROOT", 64)
	for i := range 3 {
		if i > 0 {
			okm = expand(agreements[2+i], roots[i-1], "OLM_RATCHET", 64)
		}
		roots, chains = append(roots, okm[:32]), append(chains, okm[32:])
	}
	return agreements, roots, chains
}

// steps returns the chain keys at 0 to n, and the message keys before n.
func steps(chain []byte, n int) (chains, messages [][]byte) {
	for range n {
		chains, messages = append(chains, chain), append(messages, mac(chain, 1))
		chain = mac(chain, 2)
	}
	return append(chains, chain), messages
}

func receiving() trial {
	c := converse()
	tr := trial{name: "olm.Account.NewInboundSession", random: c.bob, public: map[string][]byte{"identity": public(c.alice[32:64]), "pre-key": c.preKey.Bytes()}}
	for _, i := range taken {
		tr.public[fmt.Sprint("message ", i)] = c.messages[i].Bytes()
	}
	tr.add(both, "identity key", c.bob[32:64])
	tr.add(library, "one-time key", c.bob[64:96])
	tr.add(library, "ratchet key", c.bob[96:])
	agreements, roots, chains := c.roots()
	for i, a := range agreements {
		tr.add(used, fmt.Sprint("agreement ", i), a)
	}
	tr.addKey(used, "root key 0", roots[0])
	tr.addKey(used, "root key 1", roots[1])
	tr.add(held, "root key 2", roots[2])
	tr.addKey(used, "first chain key", chains[0])
	tr.add(used, "key of the pre-key message", mac(chains[0], 1))
	tr.add(held, "first chain key 1", mac(chains[0], 2))
	tr.add(used, "chain key of the answer", chains[1])
	tr.add(used, "chain key behind the answer", mac(chains[1], 2))
	chain, messages := steps(chains[2], 6)
	for i := range messages {
		tr.addKey(used, fmt.Sprint("chain key ", i), chain[i])
		if slices.Contains(taken, i) {
			tr.addKey(used, fmt.Sprint("message key ", i), messages[i])
			tr.addCipher(expand(messages[i], nil, "OLM_KEYS", 80))
		} else {
			tr.add(held, fmt.Sprint("message key ", i, ", of a message that has not come"), messages[i])
		}
	}
	tr.add(held, "chain key 6", chain[6])
	return tr
}

func dehydrating() trial {
	tr := trial{name: "olm.Account.Dehydrate", random: random(128 + 12), secrets: map[string][]byte{"key": random(32)}}
	tr.addSigning(tr.random[:32])
	tr.add(held, "Curve25519 key", tr.random[32:64])
	tr.add(held, "one-time key 0", tr.random[64:96])
	tr.add(held, "one-time key 1", tr.random[96:128])
	tr.add(library, "key of the dehydrated device", tr.secrets["key"])
	pickleKey := expand(tr.secrets["key"], []byte("DEVICE"), "dehydrated-device-pickle-key", 32)
	tr.add(used, "pickle key of version 1", pickleKey)
	tr.addCipher(expand(pickleKey, nil, "Pickle", 80))
	return tr
}

func roomKey() trial {
	tr := trial{name: "events.Receiver", random: random(96)}
	var bob *olm.Account
	drawing(tr.random, func() {
		bob = must(olm.GenerateAccount())
		must(bob.GenerateOneTimeKeys(1))
	})
	alice := must(olm.GenerateAccount())
	ratchet := random(160)
	var group *megolm.OutboundSession
	drawing(ratchet, func() { group = megolm.NewOutboundSession() })
	session := must(alice.NewOutboundSession(bob.IdentityKeys().Curve25519, bob.UnpublishedOneTimeKeys()[0].Key))
	from, to := must(localDevice("@alice:example.org", alice).Keys()), must(localDevice("@bob:example.org", bob).Keys())
	event := must(events.SealOlm(session, from, to, must(events.NewRoomKey(group, "!room:example.org", false))))
	tr.public = map[string][]byte{"event": must(json.Marshal(event))}
	text := must(group.SessionKey()).SecretText()
	tr.add(held, "R0", ratchet)
	tr.add(both, "R3", ratchet[96:]) // SHA-512 has it while the key is verified
	tr.add(held, "session key in base64", text[8:])
	tr.add(library, "one-time key", tr.random[64:96])
	return tr
}
