// Package events is the part of Matrix end-to-end encryption that stands between
// the ratchets and a program: what the encrypted events contain, and the checks
// without which decryption proves nothing about who wrote to whom.
//
// To-device messages: an [Outgoing] is made with [NewRoomKey] or one of its
// neighbours and encrypted with [SealOlm]. What comes is read with [ParseOlm]
// and opened with [Receiver.Open], which decrypts and makes all checks of the
// specification. Only it makes a [Plaintext], and only a Plaintext leads to a
// [RoomKey], a [ForwardedRoomKey] or a [SecretSend].
//
// Room events: [SealMegolm] encrypts, [ParseRoomEvent] or [ParseMegolm] read, and
// [RoomSession.Open] decrypts, with a [ReplayGuard] that remembers which event
// came under which index.
//
// Events that are not encrypted, and that the server can forge, are
// [RoomKeyRequest], [Withheld] and [SecretRequest].
//
// # Key management
//
// Values with secrets in them are boxes: they do not print or marshal, Close
// wipes them, and a method whose name begins with Secret lets the content out.
// When [Receiver.Open] returns, store the session and the account before the
// content is acted upon, also when it returned an error: their Revision tells
// whether they changed. The guard is stored before the event is shown.
//
// That a device wrote a message does not tell whose device it is. [Sender] says
// what was compared; who stands behind the device, package crosssigning says. A
// forwarded key and a secret are taken from our own user only; that the device
// is verified is for the program to check.
//
// # Interoperability
//
// Matrix specification, client-server API, "m.olm.v1.curve25519-aes-sha2" with
// "Validation of incoming decrypted events", and "m.megolm.v1.aes-sha2". Names
// are taken to the letter and stand once. Contents keep the JSON they were read
// from, with the members that this package does not know. shared_history is read
// under the specification's name and the two unstable ones.
package events
