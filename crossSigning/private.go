package crosssigning

import (
	"crypto/rand"
	"fmt"
	"sync"

	"github.com/chappe-e2ee/chappe/internal/ct64"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// SeedSize is the length in bytes of the seed of a private key.
const SeedSize = curve.Size

const privateName = "crosssigning: private keys"

// Seeds are the seeds of a user's cross-signing keys, 32 bytes each, as an
// argument. They hold the caller's own slices; wiping these is the caller's. The
// zero value has none:
//
//	seeds := crosssigning.Seeds{}.With(crosssigning.SelfSigning, seed)
//
// They do not print and do not marshal, also not as a field of another struct.
type Seeds struct {
	secret.Redacted
	// fmt calls no methods of what stands in an unexported field, and follows
	// one pointer.
	list **[UserSigning + 1][]byte
}

// With returns the seeds with that of one usage, or without it when seed is nil.
func (s Seeds) With(usage Usage, seed []byte) Seeds {
	list := s.all()
	if !usage.valid() {
		usage = 0 // no usage has it, which NewPrivateKeys says
	}
	list[usage] = seed
	p := &list
	return Seeds{list: &p}
}

func (s Seeds) all() [UserSigning + 1][]byte {
	if s.list == nil {
		return [UserSigning + 1][]byte{}
	}
	return **s.list
}

// PrivateKeys are the private parts of a user's cross-signing keys, as many of
// the three as the program has. They have no stored form: their place is secret
// storage. They are safe for concurrent use.
//
// They do not print and do not marshal; [PrivateKeys.Secret] lets a seed out.
type PrivateKeys struct {
	secret.Redacted
	mu     sync.Mutex
	userID string
	own    *Identity                          // as published, or nil
	keys   [UserSigning + 1]*curve.SigningKey // by usage
	public [UserSigning + 1]keys.Ed25519      // zero where there is no private key
	live   bool                               // false once closed, and in the zero value
}

// GeneratePrivateKeys returns three fresh keys for a user. It takes 32 bytes for
// each from crypto/rand: master, self-signing, user-signing. It returns a
// [*MalformedError] when the user id is empty.
func GeneratePrivateKeys(userID string) (*PrivateKeys, error) {
	return secret.Call(func() (*PrivateKeys, error) { return doGeneratePrivateKeys(userID) })
}

func doGeneratePrivateKeys(userID string) (*PrivateKeys, error) {
	var b [3 * SeedSize]byte
	defer secret.Wipe(b[:])
	rand.Read(b[:SeedSize])
	rand.Read(b[SeedSize : 2*SeedSize])
	rand.Read(b[2*SeedSize:])
	return NewPrivateKeys(userID, Seeds{}.With(Master, b[:SeedSize]).
		With(SelfSigning, b[SeedSize:2*SeedSize]).With(UserSigning, b[2*SeedSize:]))
}

// NewPrivateKeys returns the keys of some seeds. For keys that are published
// already, use [ImportPrivateKeys]. It returns [keys.ErrLength],
// [keys.ErrAbsent] when a seed is all zero, or a [*MalformedError].
func NewPrivateKeys(userID string, seeds Seeds) (*PrivateKeys, error) {
	return secret.Call(func() (*PrivateKeys, error) { return doNewPrivateKeys(userID, seeds) })
}

func doNewPrivateKeys(userID string, seeds Seeds) (*PrivateKeys, error) {
	if userID == "" {
		return nil, malformed(privateName, "the user id is empty")
	}
	p := &PrivateKeys{userID: userID, live: true}
	for usage, seed := range seeds.all() {
		if seed == nil {
			continue
		}
		if err := p.set(Usage(usage), seed); err != nil {
			p.Close()
			return nil, fmt.Errorf("%s: %w", Usage(usage).what(), err)
		}
	}
	return p, nil
}

func (p *PrivateKeys) set(usage Usage, seed []byte) error {
	if !usage.valid() {
		return malformed(privateName, "a seed of no usage")
	}
	if len(seed) != SeedSize {
		return keys.ErrLength
	}
	b := [SeedSize]byte(seed)
	defer secret.Wipe(b[:])
	if secret.IsZero(b[:]) {
		return keys.ErrAbsent
	}
	signing := curve.SigningKeyFromSeed(&b)
	public := signing.PublicKey()
	key, err := keys.NewEd25519(public[:])
	if err != nil {
		signing.Wipe()
		return err
	}
	p.keys[usage], p.public[usage] = signing, key
	return nil
}

// ImportPrivateKeys returns the keys of seeds that came from secret storage or
// from another device, for an identity that is published. Each must belong to
// the published key: a seed that was tampered with on its way shows here. What
// the identity knows of a clash, [PrivateKeys.SignDevice] looks at. It returns
// what [NewPrivateKeys] does, and [ErrKeyMismatch].
func ImportPrivateKeys(published *Identity, seeds Seeds) (*PrivateKeys, error) {
	return secret.Call(func() (*PrivateKeys, error) { return doImportPrivateKeys(published, seeds) })
}

func doImportPrivateKeys(published *Identity, seeds Seeds) (*PrivateKeys, error) {
	p, err := NewPrivateKeys(published.UserID(), seeds)
	if err != nil {
		return nil, err
	}
	for usage := Master; usage <= UserSigning; usage++ {
		k := published.Key(usage)
		if p.keys[usage] != nil && (k == nil || k.key != p.public[usage]) {
			p.Close()
			return nil, fmt.Errorf("%s: %w", usage.what(), ErrKeyMismatch)
		}
	}
	p.own = published
	return p, nil
}

// ParseSeed returns the seed of the base64 text that stands in secret storage,
// with or without padding. Wiping it is the caller's. It returns
// [keys.ErrBase64] or [keys.ErrLength].
func ParseSeed(text []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return doParseSeed(text) })
}

func doParseSeed(text []byte) ([]byte, error) {
	switch ct64.DecodedLen(text) {
	case SeedSize:
	case -1:
		return nil, fmt.Errorf("%s: %w", privateName, keys.ErrBase64)
	default:
		return nil, fmt.Errorf("%s: %w", privateName, keys.ErrLength)
	}
	seed := make([]byte, SeedSize)
	if err := ct64.Decode(seed, text); err != nil {
		secret.Wipe(seed)
		return nil, fmt.Errorf("%s: %w", privateName, keys.ErrBase64)
	}
	return seed, nil
}

// UserID returns the user whose keys they are.
func (p *PrivateKeys) UserID() string { return p.userID }

// PublicKey returns the public key of a private key, the zero value when that is
// not held.
func (p *PrivateKeys) PublicKey(usage Usage) keys.Ed25519 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !usage.valid() {
		return keys.Ed25519{}
	}
	return p.public[usage]
}

// Secret returns the seed of a private key. Wiping it is the caller's. It
// returns [ErrNoPrivateKey] or [ErrClosed].
func (p *PrivateKeys) Secret(usage Usage) (seed [SeedSize]byte, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k, err := p.get(usage)
	if err != nil {
		return seed, err
	}
	return *k.Seed(), nil
}

// SecretText returns the seed of a private key as it stands in secret storage,
// in unpadded base64, 43 characters. Wiping it is the caller's. It returns
// [ErrNoPrivateKey] or [ErrClosed].
func (p *PrivateKeys) SecretText(usage Usage) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return p.doSecretText(usage) })
}

func (p *PrivateKeys) doSecretText(usage Usage) ([]byte, error) {
	seed, err := p.Secret(usage)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(seed[:])
	return ct64.AppendEncode(make([]byte, 0, ct64.EncodedLen(SeedSize)), seed[:]), nil
}

func (p *PrivateKeys) get(usage Usage) (*curve.SigningKey, error) {
	switch {
	case !p.live:
		return nil, ErrClosed
	case !usage.valid() || p.keys[usage] == nil:
		return nil, fmt.Errorf("%s: %w", usage.String(), ErrNoPrivateKey)
	}
	return p.keys[usage], nil
}

// holds returns nil when a private key is held.
func (p *PrivateKeys) holds(usage Usage) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := p.get(usage)
	return err
}

// Forget wipes one private key: the master key, as soon as it is in secret
// storage.
func (p *PrivateKeys) Forget(usage Usage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if usage.valid() && p.keys[usage] != nil {
		p.keys[usage].Wipe()
		p.keys[usage], p.public[usage] = nil, keys.Ed25519{}
	}
}

// Close wipes all private keys. Later calls return [ErrClosed].
func (p *PrivateKeys) Close() {
	for usage := Master; usage <= UserSigning; usage++ {
		p.Forget(usage)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live = false
}
