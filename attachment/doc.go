// Package attachment encrypts and decrypts files that are sent in encrypted
// rooms, as streams in constant memory, and speaks to antivirus scanners.
//
// The sender uploads what an [EncryptReader] returns, and puts the [File] that
// its Finish returns into the encrypted event. The receiver reads the File out
// of the event, downloads into a temporary file and reads a [DecryptReader],
// which exists only if the whole ciphertext has the hash that the event names.
// An [UnverifiedReader] needs no temporary file, and hands out bytes that anyone
// on the way can have altered; only its end says whether someone did.
//
// # What the hash protects
//
// AES in counter mode detects nothing: a bit that the server flips in the
// ciphertext flips in the plaintext. All integrity comes from the SHA-256 of the
// ciphertext in the event, and all its authenticity from the event's encryption.
// A File from anywhere else protects nothing.
//
// The hash covers neither the key nor the IV. Whoever chooses two keys can make
// one ciphertext of one hash that is one file under the first key and another
// file under the second, and send each key to other people. That two events
// name the same hash, or the same url, does not mean that they show the same
// file: a report or a scan concerns a File, never a ciphertext.
//
// # Key management
//
// Every file, every thumbnail and every new attempt has a key and an IV of its
// own, since each comes from a new EncryptReader: crypto/rand gives 32 bytes of
// key, then the 8 bytes of the IV. A File holds the key. It does not print and
// does not marshal, so that no log of an event's content shows it;
// [File.SecretJSON] lets it out.
//
// A File and the readers are safe for concurrent use, but for what sets a
// variable: [File.UnmarshalJSON], like an assignment, needs a File that nobody
// else uses meanwhile. [ScanResult] and [ScanError] are plain structs.
//
// # Scanners
//
// A content scanner (github.com/element-hq/matrix-content-scanner-python)
// downloads a file, decrypts it with the key that the client sends, and scans
// it. [EncryptScanRequest] writes the client's request, [DecryptScanRequest]
// reads it in the scanner. The encryption between them is that of package pk,
// which authenticates nothing: what it means for a scanner stands with
// DecryptScanRequest.
//
// # Interoperability
//
// Matrix specification, client-server API, "Sending encrypted attachments" and
// EncryptedFile, version v2. v1 and its unversioned forerunner are refused.
// base64 is read padded and unpadded; a "k" in the standard alphabet is not
// read. "ext" and "key_ops" may be missing; key_ops without "encrypt" is read.
//
// The specification wants the low half of the IV to be zero. Other values are
// read, as everywhere, unless the 64-bit counter would pass its end within the
// file: some clients carry into the high half there, others wrap, and two of
// them would show two files.
package attachment
