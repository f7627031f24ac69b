package megolm_test

import (
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// Alice writes to a room; Bob is there from the start, Carol joins later.
func Example() {
	// Alice makes a session and sends its key to Bob, over Olm.
	alice := megolm.NewOutboundSession()
	key, err := alice.SessionKey()
	check(err)
	roomKey := key.SecretText() // session_key of m.room_key

	// Bob takes the key from the Olm message.
	received, err := megolm.ParseSessionKey(roomKey)
	check(err)
	bob, err := megolm.NewInboundSession(received)
	check(err)
	received.Close()

	// Alice encrypts an event. She stores the session before she sends.
	message, err := alice.Encrypt([]byte(`{"type":"m.room.message","content":{"body":"Hello, Bob"}}`))
	check(err)
	ciphertext := message.String() // ciphertext of m.room.encrypted

	// Bob decrypts it.
	message, err = megolm.ParseMessage(ciphertext)
	check(err)
	decrypted, err := bob.Decrypt(message)
	check(err)
	fmt.Printf("Bob, message %d: %s\n", decrypted.Index, decrypted.Plaintext)

	// Carol joins. She gets the key as it is now, and cannot read what came
	// before.
	key, err = alice.SessionKey()
	check(err)
	carol, err := megolm.NewInboundSession(key)
	check(err)
	_, err = carol.Decrypt(message)
	var unknown *megolm.UnknownIndexError
	if errors.As(err, &unknown) {
		fmt.Printf("Carol cannot read message %d: her copy begins at %d\n", unknown.Got, unknown.FirstKnown)
	}

	// What comes now, both can read.
	message, err = alice.Encrypt([]byte("Welcome, Carol"))
	check(err)
	for _, session := range []*megolm.InboundSession{bob, carol} {
		decrypted, err = session.Decrypt(message)
		check(err)
		fmt.Printf("message %d: %s\n", decrypted.Index, decrypted.Plaintext)
	}
	fmt.Println(bob.ID() == alice.ID(), carol.ID() == alice.ID())
	// Output:
	// Bob, message 0: {"type":"m.room.message","content":{"body":"Hello, Bob"}}
	// Carol cannot read message 0: her copy begins at 1
	// message 1: Welcome, Carol
	// message 1: Welcome, Carol
	// true true
}

// A bot encrypts many messages into one buffer.
func ExampleOutboundSession_AppendEncrypt() {
	session := megolm.NewOutboundSession()
	buf := make([]byte, 0, 4096)
	for _, text := range []string{"one", "two", "three"} {
		var err error
		buf, err = session.AppendEncrypt(buf[:0], []byte(text))
		check(err)
		fmt.Println(len(buf))
	}
	fmt.Println(session.Index())
	// Output:
	// 124
	// 124
	// 124
	// 3
}

// A session survives a restart. What it is sealed for is part of the seal.
func ExampleOutboundSession_Seal() {
	key := keys.GenerateSealKey()
	session := megolm.NewOutboundSession()
	context := []byte("!room:example.org")

	message, err := session.Encrypt([]byte("first"))
	check(err)
	sealed, err := session.Seal(key, context) // store this, then send message
	check(err)
	_ = message

	session, err = megolm.OpenOutboundSession(sealed, key, context)
	check(err)
	fmt.Println(session.Index(), session.Revision())

	_, err = megolm.OpenOutboundSession(sealed, key, []byte("!another:example.org"))
	fmt.Println(errors.Is(err, megolm.ErrOpen))
	// Output:
	// 1 1
	// true
}

func ExampleInboundSession_Seal() {
	key := keys.GenerateSealKey()
	sender := megolm.NewOutboundSession()
	roomKey, err := sender.SessionKey()
	check(err)
	session, err := megolm.NewInboundSession(roomKey)
	check(err)

	sealed, err := session.Seal(key, nil)
	check(err)
	session, err = megolm.OpenInboundSession(sealed, key, nil)
	check(err)
	fmt.Println(session.ID() == sender.ID())
	// Output: true
}

// A backup holds the session from its first known index on; another device of
// the same user reads it.
func ExampleInboundSession_Export() {
	sender := megolm.NewOutboundSession()
	roomKey, err := sender.SessionKey()
	check(err)
	session, err := megolm.NewInboundSession(roomKey)
	check(err)

	export, err := session.Export()
	check(err)
	backup := export.SecretText()

	export, err = megolm.ParseExportedSession(backup)
	check(err)
	restored, err := megolm.ImportInboundSession(export)
	check(err)
	fmt.Println(restored.FirstKnownIndex(), restored.SigningKeyVerified())
	fmt.Println(export) // it does not print
	// Output:
	// 0 false
	// [redacted]
}

// To hand on what follows, and not what came before.
func ExampleInboundSession_ExportAt() {
	sender := megolm.NewOutboundSession()
	roomKey, err := sender.SessionKey()
	check(err)
	session, err := megolm.NewInboundSession(roomKey)
	check(err)

	export, err := session.ExportAt(1000)
	check(err)
	fmt.Println(export.Index(), session.FirstKnownIndex())

	check(session.AdvanceTo(2000)) // forgets what came before
	_, err = session.ExportAt(1000)
	fmt.Println(err)
	// Output:
	// 1000 0
	// megolm: message index 1000 is unknown: the session begins at 2000
}

// A copy from a backup begins earlier than the one that is at hand.
func ExampleInboundSession_Merge() {
	sender := megolm.NewOutboundSession()
	roomKey, err := sender.SessionKey()
	check(err)
	backup, err := megolm.NewInboundSession(roomKey)
	check(err)
	session, err := megolm.NewInboundSession(roomKey)
	check(err)
	check(session.AdvanceTo(7))

	order, err := session.Compare(backup)
	check(err)
	fmt.Println(order)
	_, err = session.Merge(backup)
	check(err)
	fmt.Println(session.FirstKnownIndex())
	// Output:
	// worse
	// 0
}

// Sessions move from libolm and back.
func ExampleImportLibolmInboundSession() {
	sender := megolm.NewOutboundSession()
	pickle, err := sender.ExportLibolm([]byte("pickle key"))
	check(err)
	imported, err := megolm.ImportLibolmOutboundSession(pickle, []byte("pickle key"))
	check(err)
	fmt.Println(imported.ID() == sender.ID())

	roomKey, err := imported.SessionKey()
	check(err)
	session, err := megolm.NewInboundSession(roomKey)
	check(err)
	pickle, err = session.ExportLibolm([]byte("pickle key"))
	check(err)
	session, err = megolm.ImportLibolmInboundSession(pickle, []byte("pickle key"))
	check(err)
	fmt.Println(session.FirstKnownIndex())

	_, err = megolm.ImportLibolmInboundSession(pickle, []byte("another key"))
	fmt.Println(errors.Is(err, megolm.ErrPickleKey))
	// Output:
	// true
	// 0
	// true
}
