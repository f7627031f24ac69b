package olm

import (
	"crypto/rand"
	"math"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// Bounds of an account, vodozemac's numbers.
const (
	// MaxOneTimeKeys is how many one-time keys an account keeps. The oldest
	// are dropped first.
	MaxOneTimeKeys = 5000
	// PublishedOneTimeKeys is how many one-time keys a device keeps published
	// on its server. It is far below MaxOneTimeKeys, so that a key that was
	// claimed long ago can still be used.
	PublishedOneTimeKeys = 50
)

// oneTimeKey is a one-time or a fallback key.
type oneTimeKey struct {
	id        uint32
	published bool
	private   [keySize]byte
	public    keys.Curve25519
}

func wipeKeys(list []oneTimeKey) {
	for i := range list {
		secret.Wipe(list[i].private[:])
	}
}

// OneTimeKey is the public part of a one-time or fallback key. What is uploaded
// is a JSON object that holds the key, signed by the account.
type OneTimeKey struct {
	ID  keys.ID
	Key keys.Curve25519
}

func (k *oneTimeKey) publicPart() OneTimeKey { return OneTimeKey{keys.NewID(k.id), k.public} }

// newKey makes a key with the next id. It takes 32 bytes from crypto/rand.
func newKey(id uint32) (k oneTimeKey, err error) {
	k.id = id
	rand.Read(k.private[:])
	k.public, err = publicKey(&k.private)
	return k, err
}

// setPublic sets the public keys of the private ones in list.
func setPublic(list []oneTimeKey) error {
	private, public := make([]*[keySize]byte, len(list)), make([][keySize]byte, len(list))
	for i := range list {
		private[i] = &list[i].private
	}
	curve.PublicsFromPrivates(public, private)
	for i := range list {
		var err error
		if list[i].public, err = keys.NewCurve25519(public[i][:]); err != nil {
			return err
		}
	}
	return nil
}

// GenerateOneTimeKeys makes n new one-time keys, 0 to [MaxOneTimeKeys]. It
// returns the public keys of those that were dropped to make room: messages to
// them can no longer be decrypted. It returns [ErrKeyCount] or [ErrClosed]; the
// account is then as before.
//
// To upload keys safely: generate, store the account, upload what
// [Account.UnpublishedOneTimeKeys] returns, call [Account.MarkPublished], store
// again. A crash between any two of these leads to the same keys being uploaded
// once more, and loses none. (A key that was claimed in between, and that the
// server has forgotten, is then offered twice: the second message to it ends in
// an [*UnknownOneTimeKeyError]. Marking first would lose keys instead.)
func (a *Account) GenerateOneTimeKeys(n int) (evicted []keys.Curve25519, err error) {
	return secret.Call(func() ([]keys.Curve25519, error) { return a.doGenerateOneTimeKeys(n) })
}

func (a *Account) doGenerateOneTimeKeys(n int) (evicted []keys.Curve25519, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.accountState == nil:
		return nil, ErrClosed
	case n < 0 || n > MaxOneTimeKeys || uint64(a.lastID)+uint64(n) > math.MaxUint32:
		return nil, ErrKeyCount
	case n == 0:
		return nil, nil
	}
	drop := max(len(a.oneTime)+n-MaxOneTimeKeys, 0)
	list := make([]oneTimeKey, 0, len(a.oneTime)-drop+n)
	list = append(list, a.oneTime[drop:]...)
	kept := len(list)
	list = list[:kept+n]
	for i := range list[kept:] {
		k := &list[kept+i]
		k.id = a.lastID + uint32(i) + 1
		rand.Read(k.private[:])
	}
	if err := setPublic(list[kept:]); err != nil {
		wipeKeys(list)
		return nil, err
	}
	for i := range drop {
		evicted = append(evicted, a.oneTime[i].public)
	}
	wipeKeys(a.oneTime)
	a.oneTime = list
	a.lastID += uint32(n)
	a.revision++
	return evicted, nil
}

// OneTimeKeysNeeded returns how many one-time keys to generate, given how many
// the server says that it holds: at most [PublishedOneTimeKeys], fewer by those
// that wait to be published. The server's number may be anything.
func (a *Account) OneTimeKeysNeeded(onServer int) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return 0
	}
	n := PublishedOneTimeKeys - min(max(onServer, 0), PublishedOneTimeKeys)
	for i := range a.oneTime {
		if !a.oneTime[i].published {
			n--
		}
	}
	return max(n, 0)
}

// OneTimeKeyCount returns how many one-time keys the account keeps, published
// or not.
func (a *Account) OneTimeKeyCount() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return 0
	}
	return len(a.oneTime)
}

// UnpublishedOneTimeKeys returns the one-time keys that were not marked as
// published, oldest first.
func (a *Account) UnpublishedOneTimeKeys() []OneTimeKey {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return nil
	}
	var list []OneTimeKey
	for i := range a.oneTime {
		if !a.oneTime[i].published {
			list = append(list, a.oneTime[i].publicPart())
		}
	}
	return list
}

// GenerateFallbackKey makes a new fallback key. The one that was current becomes
// the previous one, so that messages on their way to it still decrypt; the one
// that was previous is forgotten, and its public key returned. It returns
// [ErrKeyCount] or [ErrClosed]; the account is then as before.
//
// Make one when device_unused_fallback_key_types of /sync no longer names its
// algorithm: the server has given the key out.
func (a *Account) GenerateFallbackKey() (forgotten keys.Curve25519, err error) {
	return secret.Call(func() (keys.Curve25519, error) { return a.doGenerateFallbackKey() })
}

func (a *Account) doGenerateFallbackKey() (forgotten keys.Curve25519, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.accountState == nil:
		return keys.Curve25519{}, ErrClosed
	case a.lastID == math.MaxUint32:
		return keys.Curve25519{}, ErrKeyCount
	}
	k, err := newKey(a.lastID + 1)
	if err != nil {
		return keys.Curve25519{}, err
	}
	defer secret.Wipe(k.private[:])
	list := append(make([]oneTimeKey, 0, 2), k)
	if len(a.fallback) > 0 {
		list = append(list, a.fallback[0])
	}
	if len(a.fallback) > 1 {
		forgotten = a.fallback[1].public
	}
	wipeKeys(a.fallback)
	a.fallback = list
	a.lastID++
	a.revision++
	return forgotten, nil
}

// FallbackKey returns the current fallback key, published or not, and false when
// there is none.
func (a *Account) FallbackKey() (OneTimeKey, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil || len(a.fallback) == 0 {
		return OneTimeKey{}, false
	}
	return a.fallback[0].publicPart(), true
}

// UnpublishedFallbackKey returns the current fallback key, and false when there
// is none or it was marked as published.
func (a *Account) UnpublishedFallbackKey() (OneTimeKey, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil || len(a.fallback) == 0 || a.fallback[0].published {
		return OneTimeKey{}, false
	}
	return a.fallback[0].publicPart(), true
}

// ForgetPreviousFallbackKey wipes the previous fallback key, and says whether
// there was one. The specification advises to do so about an hour after the
// first message to the current one came. It returns [ErrClosed].
func (a *Account) ForgetPreviousFallbackKey() (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return false, ErrClosed
	}
	if len(a.fallback) < 2 {
		return false, nil
	}
	wipeKeys(a.fallback[1:])
	a.fallback = a.fallback[:1]
	a.revision++
	return true, nil
}

// MarkPublished notes that the one-time keys and the current fallback key, as
// far as they have these ids, were uploaded. Ids that are not known, because the key was used or dropped since,
// are ignored. It returns [ErrClosed].
func (a *Account) MarkPublished(ids ...keys.ID) error {
	wanted := make(map[keys.ID]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	return a.markPublished(func(id keys.ID) bool { return wanted[id] })
}

// MarkAllPublished notes that all one-time keys and the current fallback key
// were uploaded. Unlike
// [Account.MarkPublished], it must not run when keys may have been generated
// since they were read for the upload. It returns [ErrClosed].
func (a *Account) MarkAllPublished() error {
	return a.markPublished(func(keys.ID) bool { return true })
}

func (a *Account) markPublished(uploaded func(keys.ID) bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return ErrClosed
	}
	changed := false
	for _, list := range [][]oneTimeKey{a.oneTime, a.fallback[:min(len(a.fallback), 1)]} {
		for i := range list {
			if k := &list[i]; !k.published && uploaded(keys.NewID(k.id)) {
				k.published = true
				changed = true
			}
		}
	}
	if changed {
		a.revision++
	}
	return nil
}

// find returns the one-time or fallback key with a public key, or nil.
func (a *Account) find(public keys.Curve25519) (*oneTimeKey, KeyKind) {
	for i := range a.oneTime {
		if a.oneTime[i].public == public {
			return &a.oneTime[i], OneTime
		}
	}
	for i := range a.fallback {
		if a.fallback[i].public == public {
			return &a.fallback[i], Fallback + KeyKind(i)
		}
	}
	return nil, 0
}

// consume wipes the one-time key with a public key. Keys are found by public
// key, never by id: imported accounts can hold an id twice.
func (a *Account) consume(public keys.Curve25519) {
	kept := a.oneTime[:0]
	for i := range a.oneTime {
		if a.oneTime[i].public != public {
			kept = append(kept, a.oneTime[i])
		}
	}
	wipeKeys(a.oneTime[len(kept):])
	a.oneTime = kept
}
