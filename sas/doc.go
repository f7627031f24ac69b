// Package sas holds the calculations of SAS verification (m.sas.v1): two users
// compare seven emoji or three numbers, and so learn that nobody sits between
// their devices.
//
// Each side calls [Generate]. The accepting side sends the [Commitment] to its
// key first; then each sends [KeyPair.PublicKey], the starting side checks the
// other's key with [VerifyCommitment], and each gives the other's key to
// [KeyPair.Agree]. The [Established] that comes out shows [Established.CodeFor]
// an [Info], and once the users have seen the same, makes and checks MACs
// ([Established.MAC], [Established.VerifyMAC]) under [MACInfo.KeyBytes] and
// [MACInfo.KeyListBytes].
//
// # What the caller does
//
// The calculations prove nothing outside the order of the protocol, which is the
// caller's to keep. The starting side sends its key only after it has received
// the commitment, and calls [VerifyCommitment] before it shows the code; the
// accepting side commits to a key that it then keeps to. MACs are looked at only
// after the user said that the codes agree. Otherwise somebody in between can
// search for a key that gives a code of their choice: it has 42 bits as emoji,
// 39 as decimals.
//
// # Key management
//
// A key pair serves one verification: Agree uses it up. Nothing is stored.
// All types are safe for concurrent use, and must not be copied, but for the
// plain values [Code], [Info] and [MACInfo].
//
// # Interoperability
//
// Matrix specification, "Short Authentication String (SAS) verification", with
// key agreement curve25519-hkdf-sha256, hash sha256 and MAC hkdf-hmac-sha256.v2;
// byte for byte libolm 3.2.13's olm_sas. Two older MAC methods are there for
// peers that know no other, under names that say so. The key agreement
// curve25519, which does not bind the keys, is not.
package sas
