package sas_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/sas"
)

// Alice and Bob verify each other: keys, code, and the MAC of Alice's device key.
func Example() {
	alice, err := sas.Generate()
	if err != nil {
		log.Fatal(err)
	}
	bob, err := sas.Generate()
	if err != nil {
		log.Fatal(err)
	}

	// Alice starts. Bob, who accepts, sends a commitment to his public key.
	start := []byte(`{"from_device":"ADEVICE","hashes":["sha256"],"method":"m.sas.v1"}`) // and more
	commitment, err := sas.Commitment(bob.PublicKey(), start)
	if err != nil {
		log.Fatal(err)
	}

	// Then each sends its public key, and Alice checks Bob's.
	if err := sas.VerifyCommitment(bob.PublicKey(), start, commitment); err != nil {
		log.Fatal(err)
	}
	atAlice, err := alice.Agree(bob.PublicKey())
	if err != nil {
		log.Fatal(err)
	}
	defer atAlice.Close()
	atBob, err := bob.Agree(alice.PublicKey())
	if err != nil {
		log.Fatal(err)
	}
	defer atBob.Close()

	// Both bind the code to the same things, and show it.
	info := sas.Info{
		Starter:       sas.Starter{UserID: "@alice:example.org", DeviceID: "ADEVICE", Key: alice.PublicKey()},
		Accepter:      sas.Accepter{UserID: "@bob:example.org", DeviceID: "BDEVICE", Key: bob.PublicKey()},
		TransactionID: "transaction",
	}
	codeAtAlice, err := atAlice.CodeFor(info)
	if err != nil {
		log.Fatal(err)
	}
	codeAtBob, err := atBob.CodeFor(info)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the users see the same:", codeAtAlice.Emoji() == codeAtBob.Emoji())

	// They say so, and Alice sends the MAC of her key. Bob checks it against
	// his own copy of the key.
	macInfo, err := sas.MACInfo{
		Sender:        sas.Sender{UserID: "@alice:example.org", DeviceID: "ADEVICE"},
		Receiver:      sas.Receiver{UserID: "@bob:example.org", DeviceID: "BDEVICE"},
		TransactionID: "transaction",
	}.KeyBytes("ed25519:ADEVICE")
	if err != nil {
		log.Fatal(err)
	}
	deviceKey := []byte("0KTOwPi1C6HpNuxWFUVKqX37J4ZPXxdgivLLsQVI8bM")
	mac, err := atAlice.MAC(deviceKey, macInfo)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the key is Alice's:", atBob.VerifyMAC(deviceKey, macInfo, mac) == nil)
	// Output:
	// the users see the same: true
	// the key is Alice's: true
}

func ExampleGenerate() {
	pair, err := sas.Generate()
	if err != nil {
		log.Fatal(err)
	}
	defer pair.Close()
	fmt.Println(len(pair.PublicKey().String()))
	// Output: 43
}

func ExampleKeyPair_Agree() {
	pair, err := sas.Generate()
	if err != nil {
		log.Fatal(err)
	}
	// A server sends our own key back to us.
	_, err = pair.Agree(pair.PublicKey())
	fmt.Println(errors.Is(err, sas.ErrReflected))

	theirs, err := keys.ParseCurve25519("3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := pair.Agree(theirs); err != nil {
		log.Fatal(err)
	}
	_, err = pair.Agree(theirs)
	fmt.Println(errors.Is(err, sas.ErrUsed))
	// Output:
	// true
	// true
}

func ExampleCode() {
	code := sas.Code{0x39, 0x87, 0xa8, 0x72, 0xe7, 0xb9}
	for _, e := range code.Emoji() {
		fmt.Println(e.Symbol, e.English, "·", e.French)
	}
	fmt.Println(code.Decimals())
	// Output:
	// 🦋 Butterfly · Papillon
	// 🍎 Apple · Pomme
	// 😀 Smiley · Sourire
	// 🎁 Gift · Cadeau
	// 🎂 Cake · Gâteau
	// 🔒 Lock · Cadenas
	// 😀 Smiley · Sourire
	// [2840 8841 7515]
}

func ExampleInfo_Bytes() {
	alice, err := keys.ParseCurve25519("hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo")
	if err != nil {
		log.Fatal(err)
	}
	bob, err := keys.ParseCurve25519("3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08")
	if err != nil {
		log.Fatal(err)
	}
	info, err := sas.Info{
		Starter:       sas.Starter{UserID: "@alice:example.org", DeviceID: "ADEVICE", Key: alice},
		Accepter:      sas.Accepter{UserID: "@bob:example.org", DeviceID: "BDEVICE", Key: bob},
		TransactionID: "transaction",
	}.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(info))
	// Output: MATRIX_KEY_VERIFICATION_SAS|@alice:example.org|ADEVICE|hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo|@bob:example.org|BDEVICE|3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08|transaction
}

func ExampleCommitment() {
	accepter, err := keys.ParseCurve25519("3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08")
	if err != nil {
		log.Fatal(err)
	}
	// The order of the members and the spaces do not matter.
	for _, start := range []string{
		`{"from_device":"ADEVICE","method":"m.sas.v1"}`,
		`{"method": "m.sas.v1", "from_device": "ADEVICE"}`,
	} {
		commitment, err := sas.Commitment(accepter, []byte(start))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(commitment)
	}
	// Output:
	// 7pO4WvpCt10eCJbZO01Zj2XwaNi0mwNdF5WgXJQIkZQ
	// 7pO4WvpCt10eCJbZO01Zj2XwaNi0mwNdF5WgXJQIkZQ
}

func ExampleMACInfo_KeyListBytes() {
	info, err := sas.MACInfo{
		Sender:        sas.Sender{UserID: "@alice:example.org", DeviceID: "ADEVICE"},
		Receiver:      sas.Receiver{UserID: "@bob:example.org", DeviceID: "BDEVICE"},
		TransactionID: "transaction",
	}.KeyListBytes()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(info))
	// Output: MATRIX_KEY_VERIFICATION_MAC@alice:example.orgADEVICE@bob:example.orgBDEVICEtransactionKEY_IDS
}

func ExampleEmojiTable() {
	table := sas.EmojiTable()
	fmt.Println(len(table), table[0].English, table[63].French)
	// Output: 64 Dog Punaise
}
