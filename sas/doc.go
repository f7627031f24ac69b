// Package sas is SAS verification (m.sas.v1): two users compare seven emoji or
// three numbers, and so learn that nobody sits between their devices.
//
// A program passes a [Method] to verification.New, and answers the [Comparison]
// that a verification.Notice then holds with Flow.Confirm or Flow.Deny. The
// example of package verification is a whole conversation.
//
// # The order
//
// A method proves nothing outside its order, which table in exchange.go holds: the
// accepting side commits to its key before it sees the other's; the starting side
// checks the commitment before it shows the code; MACs are looked at only after the
// person said that the codes agree. Otherwise somebody in between can search for a
// key that gives a code of their choice: it has 42 bits as emoji, 39 as decimals.
//
// What the other side chooses must be among what was offered. Every MAC of a key
// that is known must be right, that of the list of keys first; keys that are not
// known stay so; without a MAC of the other's device or master key, nothing is
// verified.
//
// # The calculations
//
// Who writes a flow of their own finds the calculations here too. Each side calls
// [Generate]. The accepting side sends the [Commitment] to its key first; then each
// sends [KeyPair.PublicKey], the starting side checks the other's key with
// [VerifyCommitment], and each gives the other's key to [KeyPair.Agree]. The
// [Established] that comes out shows [Established.CodeFor] an [Info], and once the
// users have seen the same, makes and checks MACs ([Established.MAC],
// [Established.VerifyMAC]) under [MACInfo.KeyBytes] and [MACInfo.KeyListBytes].
// The order is the caller's to keep.
//
// # Key management
//
// A key pair serves one verification: Agree uses it up. Private key and shared
// secret are wiped when the flow ends, in whatever way. Nothing is stored. All
// types are safe for concurrent use, and must not be copied, but for the plain
// values [Method], [Comparison], [Code], [Info] and [MACInfo].
//
// # Interoperability
//
// Matrix specification, "Short Authentication String (SAS) verification", with
// key agreement curve25519-hkdf-sha256, hash sha256 and MAC hkdf-hmac-sha256.v2;
// byte for byte libolm 3.2.13's olm_sas. Two older MAC methods are there for
// peers that know no other, under names that say so; a [Method] uses the
// deprecated hkdf-hmac-sha256 only if it is told to. The key agreement
// curve25519, which does not bind the keys, is not.
package sas
