// Package backup keeps room keys outside the program: in Element's key files and
// in the server's room-key backup.
//
// [OpenKeyFile] opens a key file with its passphrase, and [KeyFile.Entries] goes
// through its keys; [NewKeyFileWriter] writes one. [PlainEntries] and
// [Entry.SecretJSON] are for what a key file holds, without its encryption. For
// the server's backup, [AuthData.Judge] says whether a backup may be trusted with
// keys, [Recipient.Encrypt] encrypts one for it and [Recipient.EncryptAll] any
// number, [DecryptSession] decrypts one, and [DecryptDump] decrypts the answer to
// GET /room_keys/keys as it comes.
//
// # What is restored is nobody's word
//
// A backup is encrypted to a public key, under a MAC that covers nothing (see
// package pk): the server, and whoever sees the public key, can write keys of
// their own into it. A key file shows that its writer knew the passphrase, and
// nothing about the keys in it; a plain array shows nothing at all. So an [Entry]
// that was read is a claim: that its sender_key and claimed keys are one's own or
// a verified device's means nothing. [Entry.Import] returns a [RestoredSession],
// a type of its own, which says so.
// That a session is of the room that it is filed under is a claim too. A session
// that is already held is joined by InboundSession.Merge of package megolm, which
// never takes a worse one for a better.
//
// Keys go into a backup only through a [Recipient], which only a [Verdict] that
// trusts the backup returns: a server that presents a backup of its own gets
// nothing.
//
// # Key files
//
// The file's MAC is checked over all of it before anything is decrypted, and
// again while it is decrypted. The number of rounds of PBKDF2 stands in the
// file and is used before the MAC can be checked; it is bounded by [MaxRounds].
// Memory does not grow with the file.
//
// # Errors
//
// An [*EntryError] spoils its entry only, and the iteration goes on. Any other
// error is the last thing that an iteration returns. What decrypts to nonsense is
// one error, [ErrDecrypt]: whether it was the MAC, the padding or the JSON would
// help who tries altered ciphertexts.
//
// # Interoperability
//
// Matrix specification, client-server API, "Server-side key backups"
// (m.megolm_backup.v1.curve25519-aes-sha2) and "Key exports". Key files are
// written as Element writes them, and read with any line ends and widths, with
// blanks around, and with or without padding. shared_history is also read under
// the two names that came before. Members that are not known are kept.
//
// A [KeyFile] is safe for concurrent use, but only one iteration can run at a
// time; a [KeyFileWriter] is safe for concurrent use. The other types are values.
package backup
