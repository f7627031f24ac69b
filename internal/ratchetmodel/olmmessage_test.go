package ratchetmodel

import "crypto/hmac"

// Sizes and numbers of Olm.
const (
	PreKey = 0
	Normal = 1

	olmVersion = 3

	tagRatchetKey = 0x0A
	tagIndex      = 0x10
	tagCiphertext = 0x22

	tagOneTimeKey  = 0x0A
	tagBaseKey     = 0x12
	tagIdentityKey = 0x1A
	tagMessage     = 0x22
)

// SessionKeys are the public keys that a session is made from.
type SessionKeys struct{ Identity, Base, OneTime Key }

// Key is a public key.
type Key [32]byte

// An OlmMessage is a message of either type, taken apart.
type OlmMessage struct {
	Type       int
	Keys       SessionKeys // of a pre-key message
	RatchetKey Key
	Index      uint32
	Ciphertext []byte
	signed     []byte // what the MAC covers
	mac        []byte
}

// ParseOlm reads a message.
func ParseOlm(kind int, b []byte) (OlmMessage, *Refusal) {
	m := OlmMessage{Type: kind}
	if len(b) == 0 {
		return m, refuse(Malformed)
	}
	if b[0] != olmVersion {
		return m, refuse(Version)
	}
	if kind == PreKey {
		_, values, ok := fields(b[1:], tagOneTimeKey, tagBaseKey, tagIdentityKey, tagMessage)
		if !ok || !goodCurve(values[tagOneTimeKey]) || !goodCurve(values[tagBaseKey]) || !goodCurve(values[tagIdentityKey]) {
			return m, refuse(Malformed)
		}
		inner, r := ParseOlm(Normal, values[tagMessage])
		if r != nil {
			return m, r
		}
		inner.Type = PreKey
		inner.Keys = SessionKeys{Key(values[tagIdentityKey]), Key(values[tagBaseKey]), Key(values[tagOneTimeKey])}
		return inner, nil
	}
	if len(b) < 1+MACSize {
		return m, refuse(Malformed)
	}
	m.signed, m.mac = b[:len(b)-MACSize], b[len(b)-MACSize:]
	numbers, values, ok := fields(m.signed[1:], tagRatchetKey, tagIndex, tagCiphertext)
	if !ok || !goodCurve(values[tagRatchetKey]) || len(values[tagCiphertext]) == 0 {
		return m, refuse(Malformed)
	}
	m.RatchetKey, m.Index, m.Ciphertext = Key(values[tagRatchetKey]), numbers[tagIndex], values[tagCiphertext]
	return m, nil
}

// open decrypts a message with its message key.
func (m OlmMessage) open(messageKey []byte) ([]byte, bool) {
	k := newCipherKeys(messageKey, "OLM_KEYS")
	if !hmac.Equal(k.tag(m.signed), m.mac) {
		return nil, false
	}
	return k.decrypt(m.Ciphertext)
}

// SealOlm writes a normal message under its message key.
func SealOlm(messageKey []byte, ratchetKey Key, index uint32, plaintext []byte) []byte {
	ciphertext := newCipherKeys(messageKey, "OLM_KEYS").encrypt(plaintext)
	return SignOlm(messageKey, join([]byte{olmVersion},
		Bytes(tagRatchetKey, ratchetKey[:]), Int(tagIndex, uint64(index)), Bytes(tagCiphertext, ciphertext)))
}

// SignOlm appends the right MAC to whatever stands for a message. The harness
// forges with it.
func SignOlm(messageKey, message []byte) []byte {
	return join(message, newCipherKeys(messageKey, "OLM_KEYS").tag(message))
}

// OlmBlocks encrypts whole blocks, whose padding may be wrong.
func OlmBlocks(messageKey, padded []byte) []byte {
	return newCipherKeys(messageKey, "OLM_KEYS").encryptBlocks(padded)
}

// Wrap makes a pre-key message of a normal one.
func Wrap(k SessionKeys, message []byte) []byte {
	return join([]byte{olmVersion}, Bytes(tagOneTimeKey, k.OneTime[:]),
		Bytes(tagBaseKey, k.Base[:]), Bytes(tagIdentityKey, k.Identity[:]), Bytes(tagMessage, message))
}
