// Package pk authenticates nothing: its MAC covers the empty string alone, so
// whoever sees a ciphertext can alter it, and the plaintext with it.
//
// It is libolm's PkEncryption, kept because Matrix uses it: server-side key
// backup (m.megolm_backup.v1.curve25519-aes-sha2) and the encrypted_body of
// the antivirus content scanner. New protocols should use something else.
//
// [Encrypt] encrypts to a public key. The holder of the private key makes a
// [DecryptionKey] with [GenerateDecryptionKey] or [NewDecryptionKey], and
// decrypts with [DecryptionKey.Decrypt]. [SigningKey] is libolm's PkSigning,
// which is plain Ed25519 and has none of these weaknesses.
//
// # What an attacker can do
//
// Encryption needs the public key only: nothing shows who encrypted. The MAC
// (libolm computes it over no bytes, and all implementations have followed)
// depends on the two keys and not on the ciphertext. Flipping a bit of a
// ciphertext block flips the same bit of the next plaintext block and garbles
// its own; blocks can be cut off, repeated and moved. Treat a plaintext as
// anybody's.
//
// Since altered ciphertexts are decrypted, a program that lets others submit
// them and shows whether the padding was right is a padding oracle, through
// which they read messages that are not theirs. Answer a failed decryption as
// you answer a plaintext that makes no sense, and as fast.
//
// # Key management
//
// The private key is 32 bytes, which [DecryptionKey.Secret] lets out for
// storage. Before a key that a user typed or a server sent is trusted, compare
// [DecryptionKey.PublicKey] with the public key that is expected.
//
// Keys are safe for concurrent use, and must not be copied.
//
// # Interoperability
//
// Matrix specification, "Backup algorithm: m.megolm_backup.v1.curve25519-aes-
// sha2", and libolm 3.2.13, byte for byte; pickles of libolm's PkDecryption are
// read and written. Stricter than libolm: base64, padding, lengths, and
// ephemeral keys, which must be canonical and not of low order.
package pk
