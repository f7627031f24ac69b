package conversation

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/chappe-e2ee/chappe/interop/peer"
)

type boxKey struct {
	by     peer.Boxer
	key    peer.BoxKey
	public string
	boxes  []sealedBox
}

type sealedBox struct {
	by        peer.Boxer
	box       peer.Box
	plaintext []byte
}

type pkStage struct {
	*stage
	boxers []peer.Boxer // of the pair, each once
	keys   []*boxKey
}

// PK plays libolm's public-key box and the signatures of a seed. With goolm,
// which has no box, it plays signatures alone.
func PK(script Script) (Counts, error) {
	p := &pkStage{stage: newStage(script)}
	for _, i := range p.Pair {
		if b, ok := i.(peer.Boxer); ok {
			p.boxers = append(p.boxers, b)
		}
	}
	ops := []op{{"sign by seed", 10, p.sign}}
	if len(p.boxers) == 2 {
		ops = append(ops, []op{
			{"key", 4, p.newKey},
			{"seal", 30, p.seal},
			{"open", 30, p.open},
			{"forge", 10, p.forgeBox},
			{"garble", 6, p.garble},
			{"move", 8, p.move},
			{"drop", 2, p.drop},
		}...)
	}
	return p.play("PK", ops)
}

func (p *pkStage) boxer() peer.Boxer { return p.other().(peer.Boxer) }

// newKey makes a key, of which both implementations must have the same public
// key.
func (p *pkStage) newKey() error {
	if len(p.keys) >= 4 {
		return errIdle
	}
	private := make([]byte, 32)
	rand.Read(private)
	k := &boxKey{by: p.boxer()}
	for _, b := range append(p.boxers, k.by) {
		key, err := b.NewBoxKey(private)
		if err != nil {
			return fmt.Errorf("%s: key: %w", b.Name(), err)
		}
		if k.key != nil && key.PublicKey() != k.public {
			return fmt.Errorf("%s: public key %q, not %q", b.Name(), key.PublicKey(), k.public)
		}
		k.key, k.public = key, key.PublicKey()
	}
	p.keys = append(p.keys, k)
	p.counts["keys"]++
	p.trace("pk key", []byte(k.public))
	return nil
}

func (p *pkStage) drop() error {
	if len(p.keys) < 2 {
		return errIdle
	}
	i := p.decide.IntN(len(p.keys))
	p.keys = slices.Delete(p.keys, i, i+1)
	return nil
}

func (p *pkStage) seal() error {
	k, ok := oneOf(p.stage, p.keys)
	if !ok {
		return errIdle
	}
	b := sealedBox{by: p.boxer(), plaintext: p.plaintext()}
	var err error
	if b.box, err = b.by.SealBox(k.public, b.plaintext); err != nil {
		return fmt.Errorf("%s: seal: %w", b.by.Name(), err)
	}
	k.boxes = append(k.boxes, b)
	if len(k.boxes) > 20 {
		k.boxes = k.boxes[1:]
	}
	p.counts["boxes"]++
	p.trace("pk box", []byte(b.box.Ciphertext+" "+b.box.MAC+" "+b.box.Ephemeral))
	return nil
}

func (p *pkStage) aBox() (*boxKey, sealedBox, bool) {
	k, ok := oneOf(p.stage, p.keys)
	if !ok {
		return nil, sealedBox{}, false
	}
	b, ok := oneOf(p.stage, k.boxes)
	return k, b, ok
}

// open opens a box; another key does not.
func (p *pkStage) open() error {
	k, b, ok := p.aBox()
	if !ok {
		return errIdle
	}
	got, err := k.key.Open(b.box)
	if err != nil || !bytes.Equal(got, b.plaintext) {
		return fmt.Errorf("%s: open a box by %s: %v", k.by.Name(), b.by.Name(), err)
	}
	p.counts["opened"]++
	for _, other := range p.keys {
		if other == k {
			continue
		}
		if _, err := other.key.Open(b.box); err == nil {
			return fmt.Errorf("%s: opens a box of another key", other.by.Name())
		}
		p.counts["of other keys refused"]++
	}
	return nil
}

func flipped(text string, bit int) string {
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	raw[bit/8] ^= 1 << (bit % 8)
	return base64.RawStdEncoding.EncodeToString(raw)
}

// forgeBox alters a MAC or an ephemeral key.
func (p *pkStage) forgeBox() error {
	k, b, ok := p.aBox()
	bit := p.decide.IntN(2 * 64)
	if !ok {
		return errIdle
	}
	forged := b.box
	if bit < 64 {
		forged.MAC = flipped(forged.MAC, bit)
	} else {
		forged.Ephemeral = flipped(forged.Ephemeral, bit-64)
	}
	if _, err := k.key.Open(forged); err == nil {
		return fmt.Errorf("%s: opens a forged box", k.by.Name())
	}
	p.counts["forged refused"]++
	return nil
}

// garble alters a ciphertext, which libolm's MAC does not cover: all make the
// same of it. What is in the last two blocks decides on the padding, which not
// all check in the same way.
func (p *pkStage) garble() error {
	k, b, ok := p.aBox()
	if !ok {
		return errIdle
	}
	room := len(b.plaintext)/16*16 - 16
	if room <= 0 {
		return errIdle
	}
	garbled := b.box
	garbled.Ciphertext = flipped(garbled.Ciphertext, p.decide.IntN(8*room))
	want, err := k.key.Open(garbled)
	if err != nil || bytes.Equal(want, b.plaintext) || len(want) != len(b.plaintext) {
		return fmt.Errorf("%s: an altered ciphertext: %v", k.by.Name(), err)
	}
	pickle, err := k.key.Pickle(probe)
	if err != nil {
		return err
	}
	for _, by := range p.boxers {
		key, err := by.UnpickleBoxKey(pickle, probe)
		if err != nil {
			return err
		}
		if got, err := key.Open(garbled); err != nil || !bytes.Equal(got, want) {
			return fmt.Errorf("%s: an altered ciphertext is something else: %v", by.Name(), err)
		}
	}
	p.counts["altered"]++
	return nil
}

// move restarts a key from its pickle, which all implementations write alike.
func (p *pkStage) move() error {
	k, ok := oneOf(p.stage, p.keys)
	if !ok {
		return errIdle
	}
	key, to := p.pickleKey(), p.boxer()
	pickle, err := k.key.Pickle(key)
	if err != nil {
		return fmt.Errorf("%s: pickle: %w", k.by.Name(), err)
	}
	p.trace("pk pickle", pickle)
	moved, err := to.UnpickleBoxKey(pickle, key)
	if err != nil {
		return fmt.Errorf("%s: unpickle from %s: %w", to.Name(), k.by.Name(), err)
	}
	if moved.PublicKey() != k.public {
		return fmt.Errorf("%s: another public key", to.Name())
	}
	p.moved(k.by, to)
	k.by, k.key = to, moved
	if _, err := to.UnpickleBoxKey(pickle, append(key, 'x')); err == nil {
		return fmt.Errorf("%s: unpickles with another key", to.Name())
	}
	return same(to, pickle, moved, key)
}

// sign signs with a seed, in both implementations alike.
func (p *pkStage) sign() error {
	seed, message := make([]byte, 32), p.plaintext()
	rand.Read(seed)
	var public, signature string
	for i, by := range p.Pair {
		s, ok := by.(peer.Signer)
		if !ok {
			return errors.New("a party does not sign")
		}
		key, text, err := s.SignBySeed(seed, message)
		if err != nil || i == 1 && (key != public || text != signature) {
			return fmt.Errorf("%s: signature %q of %q: %v", by.Name(), text, key, err)
		}
		public, signature = key, text
	}
	if p.decide.IntN(10) == 0 { // the parties agree, so that one check in ten will do
		if err := verify(public, message, signature); err != nil {
			return err
		}
	}
	p.trace("pk signature", []byte(public+" "+signature))
	p.counts["signatures"]++
	return nil
}
