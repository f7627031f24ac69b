// Package olm is Olm, the double ratchet of Matrix end-to-end encryption
// (m.olm.v1.curve25519-aes-sha2): the account of a device, and its sessions
// with other devices.
//
// A device makes an [Account] with [GenerateAccount] and publishes its identity
// keys, one-time keys and a fallback key. To write first, call
// [Account.NewOutboundSession] with the other device's identity key and a
// claimed one-time key, whose signature was verified, then [Session.Encrypt].
// To read a pre-key message that belongs to no session yet, call
// [Account.NewInboundSession]: it checks the sender's identity key, decrypts,
// and only then consumes the one-time key. All further messages go through
// [Session.Decrypt].
//
// # Key management
//
// Accounts and sessions seal to bytes with Seal and open again; the program
// stores them, and commits before anything leaves it: a session before its
// ciphertext, an account before its public keys. Revision tells whether a value
// changed since it was stored. A failed call leaves every value as it was.
//
// Olm alone does not tell who wrote a message: the plaintext must carry sender
// and recipient, and these must be compared (specification, "m.olm.v1"). A
// message to a fallback key can be replayed into a second session. The 64-bit
// MAC and the unsigned base key are the protocol's.
//
// All types are safe for concurrent use, and must not be copied.
//
// # Interoperability
//
// Matrix specification, "Olm: A Cryptographic Ratchet". Session and account
// pickles of libolm 3.2.13 are read and written ([ImportLibolmAccount],
// [ImportLibolmSession]), and so are vodozemac's ([ImportVodozemacAccount],
// [ImportVodozemacSession]) and the dehydrated devices of MSC3814
// ([Account.Dehydrate], [RehydrateAccount]). Stricter than libolm: base64,
// padding, keys of low order, all-zero agreements, duplicate fields. More is
// kept: 40 message keys for each receiver chain, 5000 one-time keys.
package olm
