package sas

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/keys"
)

const (
	commitmentName = "sas: commitment"
	startName      = "sas: start content"
)

// Commitment returns the commitment of m.key.verification.accept, by the hash
// sha256, in unpadded base64, 43 characters (specification,
// "m.key.verification.accept"). accepter is the public key of the side that sends
// it. startContent is the content of the m.key.verification.start that counts, as
// it was received or sent: members that the program does not know are committed
// to as well. It is brought to canonical JSON here.
//
// It returns [keys.ErrAbsent] for a missing key, or a [*MalformedError] when
// startContent is not a JSON object that has a canonical form.
func Commitment(accepter keys.Curve25519, startContent []byte) (string, error) {
	sum, err := commit(accepter, startContent)
	if err != nil {
		return "", err
	}
	return b64.Encode(sum[:]), nil
}

// VerifyCommitment returns nil when commitment, in base64, padded or not, is the
// [Commitment] to the key accepter that the other side has revealed since, in
// constant time. The starting side calls it before it shows the code. It returns
// [ErrCommitment], a [*MalformedError] also when commitment is not 32 bytes of
// base64, or else what Commitment does.
func VerifyCommitment(accepter keys.Curve25519, startContent []byte, commitment string) error {
	want, err := commit(accepter, startContent)
	if err != nil {
		return err
	}
	if b64.DecodedLen(commitment) != sha256.Size {
		return &MalformedError{What: commitmentName, Why: "not 32 bytes of base64"}
	}
	var got [sha256.Size]byte
	if err := b64.Decode(got[:], []byte(commitment)); err != nil {
		return &MalformedError{What: commitmentName, Why: err.Error()}
	}
	if subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
		return ErrCommitment
	}
	return nil
}

func commit(accepter keys.Curve25519, startContent []byte) (sum [sha256.Size]byte, err error) {
	if accepter.IsZero() {
		return sum, fmt.Errorf("%s: public key: %w", commitmentName, keys.ErrAbsent)
	}
	content, err := canonicaljson.Parse(startContent)
	if err != nil {
		return sum, &MalformedError{What: startName, Why: err.Error()}
	}
	if !content.IsObject() {
		return sum, &MalformedError{What: startName, Why: "not a JSON object"}
	}
	return digest(accepter, content), nil
}

// digest returns what commits to a key and a start.
func digest(accepter keys.Curve25519, start canonicaljson.Value) [sha256.Size]byte {
	return sha256.Sum256(start.AppendTo([]byte(accepter.String())))
}
