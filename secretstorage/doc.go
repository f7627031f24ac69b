// Package secretstorage is the secret storage of Matrix ("4S",
// m.secret_storage.v1.aes-hmac-sha2): secrets that a user keeps encrypted in
// their account data, under a key that only they have.
//
// The person types a recovery key, which [ParseRecoveryKey] reads, or a
// passphrase, which [PBKDF2.Key] turns into a key. Ask [Description.Check]
// whether the [Key] is the right one, then read a secret with
// [Key.OpenSigningKey], [Key.OpenBackupKey] or [Key.Open]. A new key comes from
// [GenerateKey] or [NewPassphraseKey], and is published as [Key.Describe]
// describes it.
//
// # What the server can do
//
// Everything but the key stands in account data, which the server can change,
// delete and roll back; nothing shows which key is the user's. This package
// answers where it can:
//
//   - The MAC of a secret does not cover the IV. Whoever changes the IV changes
//     the plaintext, unnoticed. The private keys that Matrix stores are
//     therefore checked against their public keys, and [Key.Open] refuses their
//     names; other secrets must be checked by whoever uses them.
//   - Where iv and mac are missing from its description, a key cannot be
//     checked. [ErrCannotCheck] says so; no answer is taken for yes.
//   - A typed key seals nothing before it is confirmed, by the check or by a
//     secret that it opened. Otherwise a server that swaps the salt or asks for
//     one round of derivation would get the user's secrets under a key that is
//     lost or easily guessed.
//   - What one derivation costs is bounded: [MaxIterations].
//
// Against a rollback of secret and public key together there is no remedy here.
//
// # Key management
//
// [Key.Secret] and [Key.RecoveryKey] let a key out, for storage and for the
// person; wiping what they return is the caller's. Keys are wiped by Close. The
// copies that the standard library makes of them, and of a passphrase while it
// is derived from, are out of reach. The private keys that are read here should
// not be stored elsewhere.
//
// Recovery keys and stored private keys are written and read in time that
// depends on lengths and white space only. AES is crypto/aes: constant-time
// where the processor has AES instructions.
//
// Keys are safe for concurrent use, and must not be copied. The other types are
// immutable values, or plain structs.
//
// # Interoperability
//
// Matrix specification, "Secrets", and appendices, "Cryptographic key
// representation". Base64 is read padded and unpadded, and written unpadded.
// Names in JSON are taken to the letter and must stand once; members that this
// package does not know are kept. Stricter than other implementations: lengths
// of iv and mac (but see [Description.Check]), bits other than 256, the bounds
// on salt and iterations.
package secretstorage
