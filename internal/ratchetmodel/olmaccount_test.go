package ratchetmodel

import "slices"

// Kinds of one-time keys.
const (
	OneTime = 1 + iota
	Fallback
	PreviousFallback
)

// An OneTimeKey is a one-time or fallback key with its private part.
type OneTimeKey struct {
	ID        uint32
	Public    Key
	Published bool
	private   []byte
}

// An Account is the keys of a device.
type Account struct {
	Identity Key
	Signing  Key
	OneTime  []OneTimeKey // newest first
	Fallback []OneTimeKey // the current and the previous one
	LastID   uint32

	seed, private []byte
}

// NewAccount makes an account.
func NewAccount(random Random) *Account {
	a := &Account{seed: random(32), private: random(32)}
	signing, _ := signingKey(a.seed)
	a.Identity, a.Signing = Key(Public(a.private)), Key(signing)
	return a
}

// Clone returns a copy that shares nothing that changes.
func (a *Account) Clone() *Account {
	c := *a
	c.OneTime, c.Fallback = slices.Clone(a.OneTime), slices.Clone(a.Fallback)
	return &c
}

func (a *Account) newKey(random Random) OneTimeKey {
	private := random(32)
	a.LastID++
	return OneTimeKey{ID: a.LastID, Public: Key(Public(private)), private: private}
}

// GenerateOneTimeKeys makes n more one-time keys.
func (a *Account) GenerateOneTimeKeys(random Random, n int) {
	for range n {
		a.OneTime = slices.Insert(a.OneTime, 0, a.newKey(random))
	}
}

// GenerateFallbackKey makes a new fallback key and returns the one that was
// forgotten.
func (a *Account) GenerateFallbackKey(random Random) (forgotten Key) {
	a.Fallback = slices.Insert(a.Fallback, 0, a.newKey(random))
	if len(a.Fallback) > 2 {
		forgotten = a.Fallback[2].Public
		a.Fallback = a.Fallback[:2]
	}
	return forgotten
}

// ForgetPrevious forgets the previous fallback key, and says whether there was
// one.
func (a *Account) ForgetPrevious() bool {
	was := len(a.Fallback) == 2
	a.Fallback = a.Fallback[:min(1, len(a.Fallback))]
	return was
}

// MarkPublished marks the one-time keys and the current fallback key.
func (a *Account) MarkPublished() {
	for i := range a.OneTime {
		a.OneTime[i].Published = true
	}
	if len(a.Fallback) > 0 {
		a.Fallback = slices.Clone(a.Fallback)
		a.Fallback[0].Published = true
	}
}

// NewOutbound makes a session with the owner of the two keys.
func (a *Account) NewOutbound(random Random, identity, oneTime Key) *Session {
	return NewOutbound(random, a.private, identity, oneTime)
}

// find looks up the private part of one of the account's keys.
func (a *Account) find(public Key) (OneTimeKey, int) {
	for _, k := range a.OneTime {
		if k.Public == public {
			return k, OneTime
		}
	}
	for i, k := range a.Fallback {
		if k.Public == public {
			return k, Fallback + i
		}
	}
	return OneTimeKey{}, 0
}

// UndecryptedInbound makes the session of a pre-key message without decrypting
// it.
func (a *Account) UndecryptedInbound(theirIdentity Key, m OlmMessage) (*Session, OneTimeKey, int, *Refusal) {
	if m.Type != PreKey {
		return nil, OneTimeKey{}, 0, refuse(WrongType)
	}
	if m.Keys.Identity != theirIdentity {
		return nil, OneTimeKey{}, 0, refuse(WrongKey)
	}
	key, kind := a.find(m.Keys.OneTime)
	if kind == 0 {
		return nil, OneTimeKey{}, 0, refuse(NoOneTimeKey)
	}
	return newInbound(m, a.private, key.private), key, kind, nil
}

// Consume removes a one-time key. A fallback key stays.
func (a *Account) Consume(public Key) {
	a.OneTime = slices.DeleteFunc(slices.Clone(a.OneTime), func(k OneTimeKey) bool { return k.Public == public })
}

// NewInbound makes the session of a pre-key message, decrypts that, and then
// consumes the one-time key.
func (a *Account) NewInbound(theirIdentity Key, m OlmMessage) (s *Session, plaintext []byte, key OneTimeKey, kind int, r *Refusal) {
	if s, key, kind, r = a.UndecryptedInbound(theirIdentity, m); r != nil {
		return nil, nil, key, 0, r
	}
	if plaintext, r = s.Decrypt(m); r != nil {
		return nil, nil, key, 0, r
	}
	a.Consume(m.Keys.OneTime)
	return s, plaintext, key, kind, nil
}
