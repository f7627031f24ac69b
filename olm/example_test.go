package olm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// must stands for a program's own treatment of errors.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A whole conversation: Bob publishes keys, Alice writes, Bob answers.
func Example() {
	alice := must(olm.GenerateAccount())
	bob := must(olm.GenerateAccount())

	// Bob uploads his identity keys and one-time keys; Alice claims one, and
	// verifies its signature.
	must(bob.GenerateOneTimeKeys(1))
	claimed := bob.UnpublishedOneTimeKeys()[0].Key
	if err := bob.MarkAllPublished(); err != nil {
		panic(err)
	}

	// Alice writes first. She stores her session before the message leaves.
	toBob := must(alice.NewOutboundSession(bob.IdentityKeys().Curve25519, claimed))
	hello := must(toBob.Encrypt([]byte("Hello Bob")))

	// Bob gets a pre-key message of a session that he does not have: he makes
	// it. He stores account and session together, then reads.
	in := must(bob.NewInboundSession(alice.IdentityKeys().Curve25519, hello))
	toAlice := in.Session
	fmt.Printf("Bob reads: %s\n", in.Plaintext)
	fmt.Println("same session:", toBob.ID() == toAlice.ID())

	// He answers, and both go on in any order.
	answer := must(toAlice.Encrypt([]byte("Hello Alice")))
	fmt.Printf("Alice reads: %s\n", must(toBob.Decrypt(answer)))
	first, second := must(toBob.Encrypt([]byte("one"))), must(toBob.Encrypt([]byte("two")))
	fmt.Printf("Bob reads: %s\n", must(toAlice.Decrypt(second)))
	fmt.Printf("Bob reads: %s\n", must(toAlice.Decrypt(first)))

	// Each message decrypts once.
	_, err := toAlice.Decrypt(first)
	fmt.Println(err)

	// Output:
	// Bob reads: Hello Bob
	// same session: true
	// Alice reads: Hello Alice
	// Bob reads: two
	// Bob reads: one
	// olm: the key of message 0 is gone: used before, or dropped
}

func ExampleGenerateAccount() {
	account := must(olm.GenerateAccount())
	ids := account.IdentityKeys()
	fmt.Println(len(ids.Curve25519.String()), len(ids.Ed25519.String()))
	signature := must(account.Sign([]byte("device keys")))
	fmt.Println(ids.Ed25519.Verify([]byte("device keys"), signature))
	fmt.Println(account)
	// Output:
	// 43 43
	// <nil>
	// [redacted]
}

// A crash between any two steps uploads the same keys once more, and loses none.
func ExampleAccount_GenerateOneTimeKeys() {
	account := must(olm.GenerateAccount())
	store := func() { /* … account.Seal(key, context), and commit … */ }

	onServer := 48 // from the last sync
	n := account.OneTimeKeysNeeded(onServer)
	must(account.GenerateOneTimeKeys(n))
	store()
	var uploaded []keys.ID
	for _, k := range account.UnpublishedOneTimeKeys() {
		fmt.Println("upload signed_curve25519:" + k.ID.String())
		uploaded = append(uploaded, k.ID)
	}
	// … when the server has answered:
	if err := account.MarkPublished(uploaded...); err != nil {
		panic(err)
	}
	store()
	fmt.Println(len(account.UnpublishedOneTimeKeys()), account.OneTimeKeysNeeded(onServer+n))
	// Output:
	// upload signed_curve25519:AAAAAQ
	// upload signed_curve25519:AAAAAg
	// 0 0
}

func ExampleAccount_GenerateFallbackKey() {
	account := must(olm.GenerateAccount())
	must(account.GenerateFallbackKey())
	k, _ := account.UnpublishedFallbackKey()
	fmt.Println("upload with fallback set:", k.ID)
	must(account.GenerateFallbackKey()) // a week later
	// An hour after the first message to the new key:
	fmt.Println(must(account.ForgetPreviousFallbackKey()))
	// Output:
	// upload with fallback set: AAAAAQ
	// true
}

func ExampleAccount_NewOutboundSession() {
	alice, bob := must(olm.GenerateAccount()), must(olm.GenerateAccount())
	must(bob.GenerateOneTimeKeys(1))
	oneTimeKey := bob.UnpublishedOneTimeKeys()[0].Key // its signature was verified
	session := must(alice.NewOutboundSession(bob.IdentityKeys().Curve25519, oneTimeKey))
	m := must(session.Encrypt([]byte("Hello Bob")))
	fmt.Println(m.Type() == olm.PreKey, m.ChainIndex(), m.CiphertextLen())
	body, typ, err := session.AppendEncrypt(nil, []byte("again"))
	fmt.Println(len(body) > 0, typ == olm.PreKey, err)
	// Output:
	// true 0 16
	// true true <nil>
}

func ExampleAccount_NewInboundSession() {
	alice, bob := must(olm.GenerateAccount()), must(olm.GenerateAccount())
	must(bob.GenerateOneTimeKeys(1))
	session := must(alice.NewOutboundSession(bob.IdentityKeys().Curve25519, bob.UnpublishedOneTimeKeys()[0].Key))
	m := must(session.Encrypt([]byte("Hello Bob")))

	in, err := bob.NewInboundSession(alice.IdentityKeys().Curve25519, m)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s, to %s %s\n", in.Plaintext, in.Used.Kind, in.Used.ID)

	// The key is gone with the first message. Later ones belong to the session.
	_, err = bob.NewInboundSession(alice.IdentityKeys().Curve25519, m)
	var unknown *olm.UnknownOneTimeKeyError
	fmt.Println(errors.As(err, &unknown), in.Session.Matches(m))
	// Output:
	// Hello Bob, to one-time key AAAAAQ
	// true true
}

func ExampleOpenAccount() {
	key := keys.GenerateSealKey() // kept apart from the database
	context := []byte("@alice:example.org JLAFKJWSCS")

	account := must(olm.GenerateAccount())
	sealed := must(account.Seal(key, context))

	again := must(olm.OpenAccount(sealed, key, context))
	fmt.Println(again.IdentityKeys() == account.IdentityKeys(), again.Revision() == account.Revision())
	_, err := olm.OpenAccount(sealed, key, []byte("@mallory:example.org JLAFKJWSCS"))
	fmt.Println(errors.Is(err, olm.ErrOpen))
	// Output:
	// true true
	// true
}

func ExampleOpenSession() {
	key := keys.GenerateSealKey()
	alice, bob := must(olm.GenerateAccount()), must(olm.GenerateAccount())
	must(bob.GenerateOneTimeKeys(1))
	session := must(alice.NewOutboundSession(bob.IdentityKeys().Curve25519, bob.UnpublishedOneTimeKeys()[0].Key))

	stored := session.Revision()
	m := must(session.Encrypt([]byte("Hello Bob")))
	if session.Revision() != stored {
		sealed := must(session.Seal(key, []byte(session.ID()))) // commit, then send m
		session = must(olm.OpenSession(sealed, key, []byte(session.ID())))
	}
	fmt.Println(session.Matches(m), session.Describe())
	// Output:
	// true sender chain index: 1 receiver chain indices: skipped message keys:
}

func ExampleImportLibolmAccount() {
	// A libolm pickle, from the database of a program that moves to this module.
	pickle := []byte("PK4DUYWBx1o95XIGvNE7ATxWBIqoWRSbfCc4qLvGV0hVIaDv/g0WKhKACz7CizPwBsMK97rzqOfCzL9aFS8lHDoW2Cuu0d2lb" +
		"kmRmGd+OLenjiuUhaLP+eUqPb0vIr1Pe11DPE2GulnoWXDoT4KAZfKPmabyz/cAjjm4jMswhBXf8h+5ewdT/p7nvmSiVIdZ8NphVyQEZLZa2jr9" +
		"JMpXgBmWUrvcO+PnYSOqgOU4h83Wn3yWe6CN+ZEzIAYk6bF2iSVf1fTELZf/Ao/NNh9YFKKjASkE63CkYYwV9u0Cx9YfBOueEOlnO8aXtKFZf9V" +
		"Lyyc5oKrW8CMHBY3ynGhzcz361Umtj2vy")
	account, err := olm.ImportLibolmAccount(pickle, []byte("")) // libolm's own tests use an empty key
	if err != nil {
		panic(err)
	}
	fmt.Println(account.IdentityKeys().Curve25519)
	fallback, _ := account.FallbackKey()
	fmt.Println(fallback.ID, fallback.Key)

	back := must(account.ExportLibolm([]byte("")))
	fmt.Println(string(back) == string(pickle))
	// Output:
	// 8B4LB9RNCyqzLWb8aJow0G4YYyeF1aQVGKRpI21bPAY
	// AAAAAQ dr98y6VOWt6lJaQgFVZeWY2ky76mga9MEMbdItJTdng
	// true
}

func ExampleImportLibolmSession() {
	// A libolm session, from libolm's own tests.
	pickle := []byte("E0p44KO2y2pzp9FIjv0rud2wIvWDi2dx367kP4Fz/9JCMrH+aG369HGymkFtk0+PINTLB9lQRtohea5d7G/UXQx3r5y4IWuyh" +
		"1xaRnojEZQ9a5HRZSNtvmZ9NY1f1gutYa4UtcZcbvczN8b/5Bqge16cPUH1v62JKLlhoAJwRkH1wU6fbyOudERg5gdXA971btR+Q2V8GKbVbO5fG" +
		"KL5phmEPVXyMsrfjLdzQrgjOTxN8Pf6iuP+WFPvfnR9lDmNCFxJUVAdLIMnLuAdxf1TGcS+zzCzEE8btIZ99mHFdGvPXeH8qLeNZA")
	session := must(olm.ImportLibolmSession(pickle, []byte("")))
	fmt.Println(session.ID())
	fmt.Println(session.Describe())
	_, known := session.RatchetCount()
	fmt.Println(known)
	// Output:
	// a5MzM9T461N1KPHhJ7Qoh4ydNwUTQiIa7DLIG1Q6O3o
	// sender chain index: 0 receiver chain indices: 1 skipped message keys:
	// false
}

// A message is its JSON form: the ciphertext for a device in m.room.encrypted.
func ExampleMessage() {
	alice, bob := must(olm.GenerateAccount()), must(olm.GenerateAccount())
	must(bob.GenerateOneTimeKeys(1))
	session := must(alice.NewOutboundSession(bob.IdentityKeys().Curve25519, bob.UnpublishedOneTimeKeys()[0].Key))
	m := must(session.Encrypt([]byte("Hello Bob")))

	event := struct {
		Algorithm  string                          `json:"algorithm"`
		SenderKey  keys.Curve25519                 `json:"sender_key"`
		Ciphertext map[keys.Curve25519]olm.Message `json:"ciphertext"`
	}{session.Suite().Algorithm(), alice.IdentityKeys().Curve25519, map[keys.Curve25519]olm.Message{bob.IdentityKeys().Curve25519: m}}
	text := must(json.Marshal(event))
	fmt.Println(strings.Contains(string(text), `{"type":0,"body":"`+m.Body()+`"}`))

	event.Ciphertext = nil
	if err := json.Unmarshal(text, &event); err != nil {
		panic(err)
	}
	received := event.Ciphertext[bob.IdentityKeys().Curve25519]
	fmt.Println(received.Type() == olm.PreKey, session.Matches(received))
	fmt.Println(json.Unmarshal([]byte(`{"type":"0","body":""}`), &received))
	// Output:
	// true
	// true true
	// olm: message: type is not one number
}
