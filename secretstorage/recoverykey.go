package secretstorage

import (
	"unicode"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// RecoveryKeySize is the length of a recovery key's text as [Key.RecoveryKey]
// writes it: 48 characters in groups of four, and the spaces between.
const RecoveryKeySize = base58Symbols + base58Symbols/group - 1

const (
	recoveryKeyName = "secretstorage: recovery key"

	group   = 4
	prefix0 = 0x8B
	prefix1 = 0x01
)

// ParseRecoveryKey returns the key that a recovery key stands for, not
// confirmed: see [Key.Confirmed]. White space is disregarded wherever it stands.
// It returns a [*MalformedError], or [keys.ErrAbsent] for the key of 32 zeros.
//
// The recovery key of a key backup has the same form: there, [Key.Secret] is the
// private key.
func ParseRecoveryKey(text []byte) (*Key, error) {
	return secret.Call(func() (*Key, error) { return doParseRecoveryKey(text) })
}

func doParseRecoveryKey(text []byte) (*Key, error) {
	malformed := func(why string) (*Key, error) {
		return nil, &MalformedError{What: recoveryKeyName, Why: why}
	}
	var symbols [base58Symbols]byte
	defer secret.Wipe(symbols[:])
	if !stripSpace(&symbols, text) {
		return malformed("not 48 characters, white space aside")
	}
	var b [base58Bytes]byte
	defer secret.Wipe(b[:])
	known, fits := decodeBase58(&b, &symbols)
	if !known {
		return malformed("a character that no recovery key has")
	}
	wrong := (b[0] ^ prefix0) | (b[1] ^ prefix1) | parity(&b)
	if !fits || wrong != 0 {
		return malformed("mistyped, or not a recovery key")
	}
	return newKey(b[2 : 2+KeySize])
}

// RecoveryKey returns the text form of the key, [RecoveryKeySize] bytes, as
// "EsTc LW2K …": for the person, who should keep it. Wiping it is the caller's.
// It returns [ErrClosed].
func (k *Key) RecoveryKey() ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return k.doRecoveryKey() })
}

func (k *Key) doRecoveryKey() ([]byte, error) {
	var b [base58Bytes]byte
	defer secret.Wipe(b[:])
	key, err := k.Secret()
	defer secret.Wipe(key[:])
	if err != nil {
		return nil, err
	}
	b[0], b[1] = prefix0, prefix1
	copy(b[2:], key[:])
	b[base58Bytes-1] = parity(&b)
	var symbols [base58Symbols]byte
	defer secret.Wipe(symbols[:])
	encodeBase58(&symbols, &b)
	text := make([]byte, 0, RecoveryKeySize)
	for i, c := range symbols {
		if i > 0 && i%group == 0 {
			text = append(text, ' ')
		}
		text = append(text, c)
	}
	return text, nil
}

// parity returns the exclusive or of all bytes: 0 when the last is the parity of
// the others.
func parity(b *[base58Bytes]byte) (p byte) {
	for _, v := range b {
		p ^= v
	}
	return p
}

// stripSpace sets dst to text without its white space, and reports whether it
// has the right length. It branches on what is white space and what is not
// ASCII, which no recovery key holds otherwise.
func stripSpace(dst *[base58Symbols]byte, text []byte) bool {
	n := 0
	for i := 0; i < len(text); i++ {
		c := int32(text[i])
		if c >= utf8.RuneSelf {
			if r, size := utf8.DecodeRune(text[i:]); unicode.IsSpace(r) {
				i += size - 1
				continue
			}
		}
		if within(c, ' ', ' ')|within(c, '\t', '\r') != 0 {
			continue
		}
		if n == len(dst) {
			return false
		}
		dst[n] = text[i]
		n++
	}
	return n == len(dst)
}
