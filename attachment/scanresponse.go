package attachment

import (
	"encoding/json"
	"fmt"

	"github.com/chappe-e2ee/chappe/keys"
)

// MaxScanResponseSize is the length in bytes of the longest response of a
// scanner that is read, other than a file.
const MaxScanResponseSize = 64 << 10

const scanResponseName = "attachment: scan response"

// The reasons that a scanner gives in a [ScanError], and the HTTP status that
// comes with each.
const (
	ReasonMalformed       = "MCS_MALFORMED_JSON"          // 400
	ReasonFailedToDecrypt = "MCS_MEDIA_FAILED_TO_DECRYPT" // 400: the file
	ReasonNotClean        = "MCS_MEDIA_NOT_CLEAN"         // 403
	ReasonForbiddenType   = "MCS_MIME_TYPE_FORBIDDEN"     // 403
	ReasonDecryption      = "MCS_BAD_DECRYPTION"          // 403: the request, or the file
	ReasonNotFound        = "M_NOT_FOUND"                 // 404
	ReasonUnknown         = "M_UNKNOWN"                   // 500
	ReasonRequestFailed   = "MCS_MEDIA_REQUEST_FAILED"    // 502: to the server that has the file
)

// ParseScannerKey reads a scanner's response to public_key: {"public_key":"…"}.
// It returns a [*MalformedError].
func ParseScannerKey(body []byte) (keys.Curve25519, error) {
	const what = "attachment: scanner key"
	o, err := readObject(what, body, MaxScanResponseSize, "public_key")
	if err != nil {
		return keys.Curve25519{}, err
	}
	text, err := o.text("public_key")
	if err != nil {
		return keys.Curve25519{}, err
	}
	key, err := keys.ParseCurve25519(text)
	if err != nil {
		return keys.Curve25519{}, malformed(what, "public_key: "+err.Error())
	}
	return key, nil
}

// ScanResult is a scanner's response to scan and scan_encrypted. The zero value
// is not clean.
type ScanResult struct {
	Clean bool   `json:"clean"`
	Info  string `json:"info"` // for people
}

// UnmarshalJSON reads a response to the letter: "clean" must stand in it once and
// be true or false; other members but "info" are ignored. It returns a
// [*MalformedError]. When it fails, r is as before.
func (r *ScanResult) UnmarshalJSON(body []byte) error {
	o, info, err := readScanResponse(body, "clean")
	if err != nil {
		return err
	}
	clean, ok := o.value("clean").Bool()
	if !ok {
		return malformed(scanResponseName, "clean: missing, or not true or false")
	}
	*r = ScanResult{Clean: clean, Info: info}
	return nil
}

// ScanError is a scanner's response to a request that failed.
type ScanError struct {
	Reason string `json:"reason"` // one of the constants, or one that came later
	Info   string `json:"info"`   // for people
}

// UnmarshalJSON reads a response to the letter: "reason" must stand in it once
// and be a string; other members but "info" are ignored. It returns a
// [*MalformedError]. When it fails, e is as before.
func (e *ScanError) UnmarshalJSON(body []byte) error {
	o, info, err := readScanResponse(body, "reason")
	if err != nil {
		return err
	}
	reason, err := o.text("reason")
	if err != nil {
		return err
	}
	*e = ScanError{Reason: reason, Info: info}
	return nil
}

// maxQuoted is how many characters of a scanner's words an error text quotes.
const maxQuoted = 255

// Error quotes the scanner's words.
func (e *ScanError) Error() string {
	return fmt.Sprintf("attachment: scanner answers %.*q: %.*q", maxQuoted, e.Reason, maxQuoted, e.Info)
}

var (
	_ json.Unmarshaler = (*ScanResult)(nil)
	_ json.Unmarshaler = (*ScanError)(nil)
)

// readScanResponse reads a response with one known member and, perhaps, info.
func readScanResponse(body []byte, known string) (*object, string, error) {
	o, err := readObject(scanResponseName, body, MaxScanResponseSize, known, "info")
	if err != nil {
		return nil, "", err
	}
	if o.members["info"] == nil {
		return o, "", nil
	}
	info, err := o.text("info")
	return o, info, err
}
