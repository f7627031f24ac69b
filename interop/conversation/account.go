package conversation

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/chappe-e2ee/chappe/interop/libolm"
	"github.com/chappe-e2ee/chappe/interop/peer"
	"github.com/chappe-e2ee/chappe/keys"
)

// A party has an account and what its server knows of it.
type party struct {
	by        peer.Implementation
	account   peer.Account
	curve, ed string
	oneTime   []string // on the server
	stored    []string // one-time keys that the account has
	fallbacks []string // newest first, at most two
	retired   []string // keys that were used, or fallback keys that were replaced
}

// maxStored stays below the one-time keys that all implementations keep.
const maxStored = 90

// has says whether the account has the private part of a key.
func (p *party) has(key string) bool {
	return slices.Contains(p.stored, key) || slices.Contains(p.fallbacks, key)
}

func (p *party) consume(key string) {
	p.stored = slices.DeleteFunc(p.stored, func(k string) bool { return k == key })
	p.retired = append(p.retired, key)
}

// claim takes a one-time key from the server, or else the fallback key. The
// server may be behind and give out a key that was used or replaced.
func (p *party) claim(s *stage) (key string, fallback, ok bool) {
	if s.decide.IntN(10) == 0 && len(p.retired) > 0 {
		key = p.retired[s.decide.IntN(len(p.retired))]
		return key, slices.Contains(p.fallbacks, key), true
	}
	if len(p.oneTime) > 0 && s.decide.IntN(6) > 0 {
		key, p.oneTime = p.oneTime[0], p.oneTime[1:]
		return key, false, true
	}
	if len(p.fallbacks) > 0 {
		return p.fallbacks[0], true, true
	}
	return "", false, false
}

// unchanged runs f, which must leave the account as it is.
func (p *party) unchanged(f func() error) error {
	before, err1 := p.account.Pickle(probe)
	if err := f(); err != nil {
		return err
	}
	after, err2 := p.account.Pickle(probe)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if !bytes.Equal(before, after) {
		return fmt.Errorf("%s: what it refused changed the account", p.by.Name())
	}
	return nil
}

// ensure gives a party its account.
func (o *olmStage) ensure(i int) error {
	p := o.parties[i]
	if p.account != nil {
		return nil
	}
	a, err := o.Pair[i].NewAccount()
	if err != nil {
		return err
	}
	p.by, p.account = o.Pair[i], a
	p.curve, p.ed, err = a.IdentityKeys()
	o.counts["accounts"]++
	o.trace("identity keys", []byte(p.curve+" "+p.ed))
	return err
}

func (o *olmStage) aParty() (*party, error) {
	i := o.decide.IntN(2)
	return o.parties[i], o.ensure(i)
}

// upload makes one-time keys, reads them out and marks them as published.
func (o *olmStage) upload() error {
	p, err := o.aParty()
	if err != nil {
		return err
	}
	n := 1 + o.decide.IntN(12)
	if len(p.stored)+n > maxStored {
		return errIdle
	}
	if err := p.account.GenerateOneTimeKeys(n); err != nil {
		return fmt.Errorf("%s: generate %d one-time keys: %w", p.by.Name(), n, err)
	}
	found, err := p.account.OneTimeKeys()
	if err != nil {
		return err
	}
	if len(found) != n && !o.union.SharedKeyIDs {
		return fmt.Errorf("%s: %d unpublished one-time keys, not %d", p.by.Name(), len(found), n)
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		p.oneTime, p.stored = append(p.oneTime, found[id]), append(p.stored, found[id])
		o.trace("one-time key", []byte(id+" "+found[id]))
	}
	if err := p.account.MarkPublished(); err != nil {
		return err
	}
	if left, err := p.account.OneTimeKeys(); err != nil || len(left) != 0 {
		return fmt.Errorf("%s: after publishing, %d one-time keys left: %v", p.by.Name(), len(left), err)
	}
	if left, err := p.account.FallbackKey(); err != nil || len(left) != 0 {
		return fmt.Errorf("%s: after publishing, %d fallback keys left: %v", p.by.Name(), len(left), err)
	}
	o.counts["one-time keys"] += len(found)
	return nil
}

func (o *olmStage) newFallback() error {
	p, err := o.aParty()
	if err != nil {
		return err
	}
	if err := p.account.GenerateFallbackKey(); err != nil {
		return err
	}
	found, err := p.account.FallbackKey()
	if err != nil || len(found) != 1 {
		return fmt.Errorf("%s: %d unpublished fallback keys: %v", p.by.Name(), len(found), err)
	}
	for id, key := range found {
		if len(p.fallbacks) > 0 {
			p.retired = append(p.retired, p.fallbacks[0])
		}
		p.fallbacks = append([]string{key}, p.fallbacks[:min(len(p.fallbacks), 1)]...)
		o.trace("fallback key", []byte(id+" "+key))
	}
	o.counts["fallback keys"]++
	return nil
}

func (o *olmStage) forgetFallback() error {
	p, err := o.aParty()
	if err != nil {
		return err
	}
	had := len(p.fallbacks)
	p.fallbacks = p.fallbacks[:min(had, 1)]
	if err := p.account.ForgetFallbackKey(); err != nil || had == 2 {
		return err
	}
	return errIdle
}

// sign makes a signature, which every verifier must accept, and of which none
// accepts a forgery.
func (o *olmStage) sign() error {
	p, err := o.aParty()
	if err != nil {
		return err
	}
	message := o.plaintext()
	signature, err := p.account.Sign(message)
	if err != nil {
		return err
	}
	o.trace("signature", []byte(signature))
	if err := verify(p.ed, message, signature); err != nil {
		return fmt.Errorf("signature by %s: %w", p.by.Name(), err)
	}
	if err := verify(p.ed, append(message, 'x'), signature); err == nil {
		return errors.New("a signature holds for another message")
	}
	o.counts["signatures"]++
	return nil
}

func verify(key string, message []byte, signature string) error {
	k, err1 := keys.ParseEd25519(key)
	s, err2 := keys.ParseSignature(signature)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	ours, theirs := k.Verify(message, s), libolm.Verify(key, message, signature)
	if (ours == nil) != (theirs == nil) {
		return fmt.Errorf("chappe says %v and libolm %v", ours, theirs)
	}
	return ours
}

// moveAccount restarts an account from its pickle.
func (o *olmStage) moveAccount() error {
	p, err := o.aParty()
	if err != nil {
		return err
	}
	key, to := o.pickleKey(), o.other()
	message := append(o.plaintext(), 'x')
	before, err := p.account.Sign(message)
	if err != nil {
		return err
	}
	pickle, err := p.account.Pickle(key)
	if err != nil {
		return fmt.Errorf("%s: pickle: %w", p.by.Name(), err)
	}
	o.trace("account pickle", pickle)
	moved, err := to.UnpickleAccount(pickle, key)
	if err != nil {
		return fmt.Errorf("%s: unpickle from %s: %w", to.Name(), p.by.Name(), err)
	}
	o.moved(p.by, to)
	renumbered := o.union.SharedKeyIDs || p.by.Traits().TwoIDSpaces && !to.Traits().TwoIDSpaces
	p.by, p.account = to, moved
	curve, ed, err := moved.IdentityKeys()
	if err != nil || curve != p.curve || ed != p.ed {
		return fmt.Errorf("%s: other identity keys: %v", to.Name(), err)
	}
	after, err := moved.Sign(message)
	if err != nil || before != after {
		return fmt.Errorf("%s: another signature: %v", to.Name(), err)
	}
	again, err := moved.Pickle(key)
	if err != nil {
		return err
	}
	if !renumbered && !bytes.Equal(again, pickle) {
		return fmt.Errorf("%s: another pickle of the same account", to.Name())
	}
	return nil
}
