// Package megolm is Megolm, the group ratchet of Matrix end-to-end encryption
// (m.megolm.v1.aes-sha2).
//
// The sender makes an [OutboundSession] with [NewOutboundSession], encrypts
// with [OutboundSession.Encrypt], and sends [OutboundSession.SessionKey] to
// each recipient over Olm. A recipient makes an [InboundSession] from it with
// [NewInboundSession] and decrypts with [InboundSession.Decrypt], in any order,
// every message from the index on at which the key was taken.
//
// # Key management
//
// Sessions seal to bytes with Seal and open again; the program stores them. An
// outbound session must be stored, advanced, before its ciphertext leaves the
// program: one that is reopened at an old index would use a key and IV twice.
// Revision tells whether a session changed since it was stored.
//
// A session key proves that its maker holds the signing key of the session, and
// nothing about who that is: it is to be taken from an Olm message of a known
// device only. An export proves nothing. Megolm itself does not stop replays
// and does not hide from old members what they could read (specification,
// "Limitations"): check that no two events have one session and index.
//
// When to make a new session is the program's too. It does so when a member
// leaves, also one who was only invited; when a device that has the session goes
// or is blocked; when the room's history visibility changes; and after the time
// and the number of messages that m.room.encryption names, within bounds of its
// own: a week and 100 messages where the event is silent (specification,
// "m.megolm.v1.aes-sha2"). A room that was encrypted once stays so, whatever state
// the server shows later.
//
// All types are safe for concurrent use, and must not be copied; secret values
// ([SessionKey], [ExportedSession]) may be, and share their bytes.
//
// # Interoperability
//
// Matrix specification, "Megolm group ratchet", versions 1 of the message
// (byte 3 on the wire), 2 of the session key and 1 of the export. Pickles of
// libolm 3.2.13 and of vodozemac are read and written
// ([ImportLibolmInboundSession], [ImportVodozemacInboundSession] and so on).
// Stricter than libolm: base64, padding, Ed25519 keys and signatures; the index
// does not wrap around; a session moves forward only when a message decrypted.
package megolm
