package sas

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/ct64"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

const macName = "sas: MAC"

// macTextLen is the length of a MAC of 32 bytes in unpadded base64.
const macTextLen = 43

// macText is a MAC as it stands in m.key.verification.mac.
type macText [macTextLen]byte

// MAC returns the MAC of input in unpadded base64, 43 characters, by the method
// hkdf-hmac-sha256.v2. info is [MACInfo.KeyBytes] where input is a key, and
// [MACInfo.KeyListBytes] where it is the list of key ids; the sender in both is
// this side. It returns [ErrClosed].
func (e *Established) MAC(input, info []byte) (string, error) {
	text, err := e.mac(input, info)
	if err != nil {
		return "", err
	}
	return string(text[:]), nil
}

// VerifyMAC returns nil when mac, in base64, padded or not, is what
// [Established.MAC] returns on the other side, in constant time; info is made
// with the other side as the sender. It returns [ErrMAC], a [*MalformedError] or
// [ErrClosed].
func (e *Established) VerifyMAC(input, info []byte, mac string) error {
	want, err := e.mac(input, info)
	if err != nil {
		return err
	}
	return want.compare(mac)
}

func (e *Established) mac(input, info []byte) (text macText, err error) {
	sum, err := e.hmac(input, info, sha256.Size)
	if err != nil {
		return text, err
	}
	ct64.AppendEncode(text[:0], sum[:])
	return text, nil
}

// hmac returns HMAC-SHA-256 of input under a key of keyLen bytes that info gives.
func (e *Established) hmac(input, info []byte, keyLen int) (sum [sha256.Size]byte, err error) {
	return secret.Call(func() ([sha256.Size]byte, error) { return e.doHMAC(input, info, keyLen) })
}

func (e *Established) doHMAC(input, info []byte, keyLen int) (sum [sha256.Size]byte, err error) {
	key, err := e.Bytes(info, keyLen)
	if err != nil {
		return sum, err
	}
	defer secret.Wipe(key)
	h := hmac.New(sha256.New, key)
	h.Write(input)
	h.Sum(sum[:0])
	return sum, nil
}

// compare returns nil when got is want. It is the only place where MACs are
// compared. Every macText is the unpadded base64 of 32 bytes, so got is brought
// to that form first.
func (want *macText) compare(got string) error {
	if b64.DecodedLen(got) != sha256.Size {
		return &MalformedError{What: macName, Why: "not 32 bytes of base64"}
	}
	var raw [sha256.Size]byte
	if err := b64.Decode(raw[:], []byte(got)); err != nil {
		return &MalformedError{What: macName, Why: err.Error()}
	}
	if !hmac.Equal(want[:], b64.AppendEncode(nil, raw[:])) {
		return ErrMAC
	}
	return nil
}
