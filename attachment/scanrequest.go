package attachment

import (
	"errors"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
)

// MaxScanRequestSize is the length in bytes of the longest scan request that is
// read.
const MaxScanRequestSize = 128 << 10

const scanRequestName = "attachment: scan request"

// EncryptScanRequest returns the body of a POST to a content scanner's
// scan_encrypted or download_encrypted: {"encrypted_body":{…}}, in which f is
// encrypted to the scanner's public key. It takes the 32 bytes of pk's ephemeral
// key from crypto/rand.
//
// The scanner learns the key of the file, as it must. So does whoever has made
// the client believe in another public key: take it from a scanner that the
// client's operator named, over TLS. When the scanner answers [ReasonDecryption],
// ask for its public key again, and try once more.
//
// It returns [keys.ErrAbsent] or [ErrClosed], and fails otherwise as
// [pk.Encrypt] does.
func EncryptScanRequest(f File, scanner keys.Curve25519) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return doEncryptScanRequest(f, scanner) })
}

func doEncryptScanRequest(f File, scanner keys.Curve25519) ([]byte, error) {
	file, err := f.SecretJSON()
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(file)
	const before = `{"file":`
	body := append(make([]byte, 0, len(before)+len(file)+1), before...)
	defer secret.Wipe(body[:cap(body)])
	body = append(append(body, file...), '}')
	m, err := pk.Encrypt(scanner, body)
	if err != nil {
		return nil, err
	}
	text, err := m.MarshalJSON()
	if err != nil {
		return nil, err
	}
	out := append([]byte(`{"encrypted_body":`), text...)
	return append(out, '}'), nil
}

// DecryptScanRequest reads in a scanner what [EncryptScanRequest] wrote.
//
// Nothing shows who wrote a request, nor that it is unaltered: see package pk.
// Whoever sees a request on its way can alter it, send it to the scanner again,
// and learn from the answer. So all that goes wrong once the encryption is undone
// is one and the same [ErrDecrypt], and a scanner must not give more away than
// that: neither in its answer, which is [ReasonDecryption], nor in a log that
// others read. Answer a file that does not decrypt in the same way.
//
// It returns a [*MalformedError] when body is not of the form of a request,
// [ErrUnencrypted] when it is one without encryption, [ErrDecrypt], or
// [pk.ErrClosed].
func DecryptScanRequest(body []byte, scanner *pk.DecryptionKey) (File, error) {
	return secret.Call(func() (File, error) { return doDecryptScanRequest(body, scanner) })
}

func doDecryptScanRequest(body []byte, scanner *pk.DecryptionKey) (File, error) {
	request, err := readScanRequest(body)
	if err != nil {
		return File{}, err
	}
	encrypted := request.members["encrypted_body"]
	if encrypted == nil {
		return File{}, ErrUnencrypted
	}
	var m pk.Message
	if err := m.UnmarshalJSON(encrypted); err != nil {
		return File{}, err
	}
	plaintext, err := scanner.Decrypt(m)
	if errors.Is(err, pk.ErrDecrypt) {
		return File{}, ErrDecrypt
	}
	if err != nil {
		return File{}, err
	}
	defer secret.Wipe(plaintext)
	inner, err := readObject(scanRequestName, plaintext, MaxScanRequestSize, "file")
	if err != nil {
		return File{}, ErrDecrypt
	}
	f, err := ParseFile(inner.members["file"])
	if err != nil {
		return File{}, ErrDecrypt
	}
	return f, nil
}

// ParseScanRequest reads a request without encryption, {"file":{…}}. A client
// writes no such request where others can read it, so a scanner that is reached
// over plain HTTP behind a proxy does better to refuse it. It returns a
// [*MalformedError], also for a request with encryption, or a [*VersionError].
func ParseScanRequest(body []byte) (File, error) {
	return secret.Call(func() (File, error) { return doParseScanRequest(body) })
}

func doParseScanRequest(body []byte) (File, error) {
	request, err := readScanRequest(body)
	if err != nil {
		return File{}, err
	}
	if request.members["encrypted_body"] != nil {
		return File{}, malformed(scanRequestName, "encrypted")
	}
	return ParseFile(request.members["file"])
}

func readScanRequest(body []byte) (*object, error) {
	request, err := readObject(scanRequestName, body, MaxScanRequestSize, "encrypted_body", "file")
	if err != nil {
		return nil, err
	}
	if request.members["encrypted_body"] == nil && request.members["file"] == nil {
		return nil, malformed(scanRequestName, "encrypted_body: missing")
	}
	return request, nil
}
