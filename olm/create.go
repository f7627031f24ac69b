package olm

import (
	"crypto/rand"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/kdf"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// NewOutboundSession returns a session with the device that has this identity
// key and published this one-time or fallback key. The signature over the
// latter must have been verified, with the device's Ed25519 key. It takes 32
// bytes for the base key and then 32 for the ratchet key from crypto/rand, in
// libolm's order. It returns [ErrKeyMismatch], [keys.ErrAbsent] or [ErrClosed].
func (a *Account) NewOutboundSession(identityKey, oneTimeKey keys.Curve25519) (*Session, error) {
	return secret.Call(func() (*Session, error) { return a.doNewOutboundSession(identityKey, oneTimeKey) })
}

func (a *Account) doNewOutboundSession(identityKey, oneTimeKey keys.Curve25519) (*Session, error) {
	if identityKey.IsZero() || oneTimeKey.IsZero() {
		return nil, fmt.Errorf("olm: identity or one-time key: %w", keys.ErrAbsent)
	}
	own, err := a.unlockedIdentity()
	if err != nil {
		return nil, err
	}
	var private [keySize]byte
	defer secret.Wipe(private[:])
	rand.Read(private[:])
	base, err := curve.ParsePrivateKey(&private)
	if err != nil {
		return nil, err
	}
	baseKey := base.PublicKey()
	s := newSession(SessionKeys{IdentityKey: a.identity.Curve25519, OneTimeKey: oneTimeKey})
	s.count.known, s.sender = true, new(senderChain)
	if s.keys.BaseKey, err = keys.NewCurve25519(baseKey[:]); err != nil {
		return nil, err
	}
	rand.Read(s.sender.private[:])
	if s.sender.public, err = publicKey(&s.sender.private); err != nil {
		return nil, err
	}

	var shared sharedSecrets
	defer secret.Wipe(shared[:])
	theirs, otk := identityKey.Array(), oneTimeKey.Array()
	if err := own.Agree(shared.part(0), &otk); err != nil {
		return nil, err
	}
	if err := base.Agree(shared.part(1), &theirs); err != nil {
		return nil, err
	}
	if err := base.Agree(shared.part(2), &otk); err != nil {
		return nil, err
	}
	shared.derive(&s.root, &s.sender.chain)
	return s, nil
}

// sharedSecrets are the three agreements of Olm's 3DH: maker's identity key with
// the one-time key, base key with the other side's identity key, base key with
// the one-time key.
type sharedSecrets [3 * keySize]byte

func (s *sharedSecrets) part(i int) []byte { return s[i*keySize : (i+1)*keySize] }

// derive sets the first root and chain key.
func (s *sharedSecrets) derive(root *[keySize]byte, c *chain) {
	var okm [2 * keySize]byte
	kdf.HKDF(okm[:], s[:], nil, rootLabel)
	setRoot(root, c, &okm)
}

// KeyKind tells which of an account's keys a pre-key message was made for.
type KeyKind int

// The kinds. The zero value is none of them.
const (
	OneTime KeyKind = iota + 1
	Fallback
	PreviousFallback
)

// String returns the name of the kind.
func (k KeyKind) String() string {
	switch k {
	case OneTime:
		return "one-time key"
	case Fallback:
		return "fallback key"
	case PreviousFallback:
		return "previous fallback key"
	}
	return "unknown"
}

// UsedKey is the key that a pre-key message was made for. A one-time key is
// gone afterwards; a fallback key stays.
type UsedKey struct {
	OneTimeKey
	Kind KeyKind
}

// Inbound is what a pre-key message led to.
type Inbound struct {
	Session   *Session
	Plaintext []byte
	Used      UsedKey
}

// NewInboundSession makes the session of a pre-key message and decrypts the
// message, in one step. identityKey is the Curve25519 key of the device that is
// said to have sent it. The one-time key is consumed when, and only when, the
// message decrypted.
//
// Call it when no session that is held [Session.Matches] the message. Store
// account and session together, before the message is acted upon.
//
// It returns [ErrMessageType], [ErrIdentityKey], an [*UnknownOneTimeKeyError],
// [ErrDecrypt], [ErrIndexExhausted], a [*MessageGapError], [ErrKeyMismatch],
// [keys.ErrAbsent] or [ErrClosed]; the account is then as before.
func (a *Account) NewInboundSession(identityKey keys.Curve25519, m Message) (Inbound, error) {
	return secret.Call(func() (Inbound, error) { return a.doNewInboundSession(identityKey, m) })
}

func (a *Account) doNewInboundSession(identityKey keys.Curve25519, m Message) (Inbound, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, used, err := a.inbound(identityKey, &m)
	if err != nil {
		return Inbound{}, err
	}
	plaintext, err := s.decrypt(&m)
	if err != nil {
		s.wipe()
		return Inbound{}, err
	}
	if used.Kind == OneTime {
		a.consume(used.Key)
		a.revision++
	}
	return Inbound{Session: s, Plaintext: plaintext, Used: used}, nil
}

// inbound makes the session of a pre-key message, and changes nothing.
func (a *Account) inbound(identityKey keys.Curve25519, m *Message) (*Session, UsedKey, error) {
	switch {
	case a.accountState == nil:
		return nil, UsedKey{}, ErrClosed
	case identityKey.IsZero():
		return nil, UsedKey{}, fmt.Errorf("olm: identity key: %w", keys.ErrAbsent)
	case m.IsZero():
		return nil, UsedKey{}, fmt.Errorf("%s: %w", messageName, keys.ErrAbsent)
	case m.typ != PreKey:
		return nil, UsedKey{}, fmt.Errorf("olm: not a pre-key message: %w", ErrMessageType)
	case m.sessionKeys.IdentityKey != identityKey:
		return nil, UsedKey{}, ErrIdentityKey
	}
	k, kind := a.find(m.sessionKeys.OneTimeKey)
	if k == nil {
		return nil, UsedKey{}, &UnknownOneTimeKeyError{Key: m.sessionKeys.OneTimeKey}
	}
	otk, err := parsePair(&k.private, k.public)
	if err != nil {
		return nil, UsedKey{}, err
	}
	var shared sharedSecrets
	defer secret.Wipe(shared[:])
	theirs, base := identityKey.Array(), m.sessionKeys.BaseKey.Array()
	if err := otk.Agree(shared.part(0), &theirs); err != nil {
		return nil, UsedKey{}, err
	}
	if err := a.agree(shared.part(1), m.sessionKeys.BaseKey); err != nil {
		return nil, UsedKey{}, err
	}
	if err := otk.Agree(shared.part(2), &base); err != nil {
		return nil, UsedKey{}, err
	}
	r := &receiverChain{ratchetKey: m.ratchetKey}
	s := newSession(m.sessionKeys)
	s.count.known, s.receivers = true, []*receiverChain{r}
	shared.derive(&s.root, &r.chain)
	return s, UsedKey{k.publicPart(), kind}, nil
}

// UnsafeNewInboundSession makes the session of a pre-key message as libolm's
// olm_create_inbound_session_from does: the message is not decrypted, so nothing
// shows that it is genuine, and the one-time key is not consumed. It exists for
// programs that are built on libolm's interface. Use
// [Account.NewInboundSession].
func (a *Account) UnsafeNewInboundSession(identityKey keys.Curve25519, m Message) (*Session, error) {
	return secret.Call(func() (*Session, error) { return a.doUnsafeNewInboundSession(identityKey, m) })
}

func (a *Account) doUnsafeNewInboundSession(identityKey keys.Curve25519, m Message) (*Session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, _, err := a.inbound(identityKey, &m)
	return s, err
}

// UnsafeConsumeKey consumes the one-time key that a session was made with, as
// libolm's olm_remove_one_time_keys does. It returns the key's id, and an
// [*UnknownOneTimeKeyError] when the account has no such key. A fallback key
// stays. It belongs to [Account.UnsafeNewInboundSession].
func (a *Account) UnsafeConsumeKey(s *Session) (keys.ID, error) {
	if s == nil {
		return keys.ID{}, fmt.Errorf("olm: session: %w", keys.ErrAbsent)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return keys.ID{}, ErrClosed
	}
	k, kind := a.find(s.keys.OneTimeKey)
	if k == nil {
		return keys.ID{}, &UnknownOneTimeKeyError{Key: s.keys.OneTimeKey}
	}
	id := keys.NewID(k.id)
	if kind == OneTime {
		a.consume(s.keys.OneTimeKey)
		a.revision++
	}
	return id, nil
}
