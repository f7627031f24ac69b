package secretstorage

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// Bounds on the derivation from a passphrase. The parameters come from the
// server, and are used before anything is authenticated.
const (
	MinIterations = 1          // old accounts have few; see Key.Confirmed for what then guards them
	MaxIterations = 10_000_000 // see PBKDF2.Key for how long they take
	MinSaltSize   = 1
	MaxSaltSize   = 1024

	// NewIterations is what a new key takes, as Element's do.
	NewIterations = 500_000
)

const (
	pbkdf2Name      = "secretstorage: passphrase parameters"
	pbkdf2Algorithm = "m.pbkdf2"
	keyBits         = 8 * KeySize
	randomTextSize  = 16 // random bytes of a new salt and of a new key id
)

// PBKDF2 says how a key is derived from a passphrase (m.pbkdf2): PBKDF2 with
// HMAC-SHA-512, to 256 bits. It is public. The zero value is absent.
type PBKDF2 struct {
	Salt       string // UTF-8, of MinSaltSize to MaxSaltSize bytes, used as they are
	Iterations int    // MinIterations to MaxIterations
}

// Key returns the key that follows from a passphrase, not confirmed: see
// [Key.Confirmed]. The passphrase is used as it is, in UTF-8 and not normalized;
// wiping it is the caller's.
//
// With [NewIterations] this takes tenths of a second. The server can ask for
// [MaxIterations]: some ten seconds on a desktop, and several times that on a
// telephone. Nothing interrupts it. A program whose user waits looks at the
// iterations first, and calls it in a goroutine of its own.
//
// It returns [keys.ErrAbsent] when the passphrase is empty and a
// [*MalformedError] when p is out of bounds, and fails otherwise only where the
// Go runtime forbids the salt (GODEBUG=fips140=only).
func (p PBKDF2) Key(passphrase []byte) (*Key, error) {
	return secret.Call(func() (*Key, error) { return p.doKey(passphrase) })
}

func (p PBKDF2) doKey(passphrase []byte) (*Key, error) {
	if len(passphrase) == 0 {
		return nil, fmt.Errorf("secretstorage: passphrase: %w", keys.ErrAbsent)
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	b, err := pbkdf2.Key(sha512.New, string(passphrase), []byte(p.Salt), p.Iterations, KeySize)
	if err != nil {
		return nil, fmt.Errorf("secretstorage: %w", err)
	}
	defer secret.Wipe(b)
	k, err := newKey(b)
	if err != nil {
		return nil, err
	}
	k.pbkdf2 = p
	return k, nil
}

// NewPassphraseKey returns a new key, confirmed, that is derived from a
// passphrase with [NewIterations] and a new salt. Its description will say so. It
// takes 16 bytes from crypto/rand. It returns [keys.ErrAbsent] when the
// passphrase is empty.
func NewPassphraseKey(passphrase []byte) (*Key, error) {
	return secret.Call(func() (*Key, error) { return doNewPassphraseKey(passphrase) })
}

func doNewPassphraseKey(passphrase []byte) (*Key, error) {
	k, err := PBKDF2{Salt: randomText(), Iterations: NewIterations}.Key(passphrase)
	if err != nil {
		return nil, err
	}
	k.confirmed = true
	return k, nil
}

// randomText returns 32 characters that may stand anywhere.
func randomText() string {
	var b [randomTextSize]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func (p PBKDF2) check() error {
	why := ""
	switch {
	case len(p.Salt) < MinSaltSize || len(p.Salt) > MaxSaltSize:
		why = "salt: not 1 to 1024 bytes"
	case !utf8.ValidString(p.Salt): // no JSON could hold it
		why = "salt: not UTF-8"
	case p.Iterations < MinIterations || p.Iterations > MaxIterations:
		why = "iterations: not 1 to 10000000"
	default:
		return nil
	}
	return &MalformedError{What: pbkdf2Name, Why: why}
}

// value returns the passphrase member of a description.
func (p PBKDF2) value() canonicaljson.Value {
	return canonicaljson.Object(
		canonicaljson.Member{Name: "algorithm", Value: canonicaljson.Text(pbkdf2Algorithm)},
		canonicaljson.Member{Name: "bits", Value: canonicaljson.Int(keyBits)},
		canonicaljson.Member{Name: "iterations", Value: canonicaljson.Int(int64(p.Iterations))},
		canonicaljson.Member{Name: "salt", Value: canonicaljson.Text(p.Salt)},
	)
}

// parsePBKDF2 reads such a member.
func parsePBKDF2(text string) (PBKDF2, error) {
	malformed := func(why string) (PBKDF2, error) {
		return PBKDF2{}, &MalformedError{What: pbkdf2Name, Why: why}
	}
	o, err := parseObject(pbkdf2Name, []byte(text))
	if err != nil {
		return PBKDF2{}, err
	}
	algorithm, ok := o.value("algorithm").Text()
	if !ok {
		return malformed("algorithm is not one string")
	}
	if algorithm != pbkdf2Algorithm {
		return PBKDF2{}, fmt.Errorf("%s: %w", pbkdf2Name, ErrAlgorithm)
	}
	salt, ok := o.value("salt").Text()
	if !ok {
		return malformed("salt is not one string")
	}
	iterations, ok := o.value("iterations").Int()
	if !ok || iterations < MinIterations || iterations > MaxIterations {
		return malformed("iterations: not 1 to 10000000")
	}
	if o.has("bits") && o.value("bits") != canonicaljson.Int(keyBits) {
		return malformed("bits: not 256")
	}
	p := PBKDF2{Salt: salt, Iterations: int(iterations)}
	if err := p.check(); err != nil {
		return PBKDF2{}, err
	}
	return p, nil
}
