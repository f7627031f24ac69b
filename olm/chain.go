package olm

import (
	"math"

	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/kdf"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// Bounds of a session. The specification leaves them to implementations; these
// are vodozemac's, and contain libolm's.
const (
	// MaxMessageGap is how far a message may be ahead of its chain. Each step
	// costs one hash before the message is known to be genuine.
	MaxMessageGap = 2000
	// MaxSkippedKeys is how many keys of messages that have not come yet are
	// kept for each receiver chain. The oldest are dropped first.
	MaxSkippedKeys = 40
	// MaxReceiverChains is how many of the peer's chains are kept. The oldest
	// is dropped first, with its keys.
	MaxReceiverChains = 5
)

// Labels of HKDF (specification, "The initial key", "The root key" and "The Olm
// message format").
const (
	rootLabel    = "OLM_ROOT"
	ratchetLabel = "OLM_RATCHET"
	cipherLabel  = "OLM_KEYS"
)

const keySize = kdf.Size

// chain is a symmetric ratchet: its key gives the key of message index, and the
// chain key after it.
type chain struct {
	key   [keySize]byte
	index uint32
}

const (
	messageKeySeed = 1
	chainKeySeed   = 2
)

// messageKey sets key to the key of the message at the chain's index.
func (c *chain) messageKey(key *[keySize]byte) { kdf.Step(key, &c.key, messageKeySeed) }

// advance moves the chain by one message.
func (c *chain) advance() {
	kdf.Step(&c.key, &c.key, chainKeySeed)
	c.index++
}

func (c *chain) wipe() { secret.Wipe(c.key[:]) }

// senderChain is the chain that we send on, with our ratchet key.
type senderChain struct {
	private [keySize]byte
	parsed  *curve.PrivateKey // private, once an agreement needed it
	public  keys.Curve25519
	chain   chain
}

// agree sets out to the shared secret of our ratchet key and the peer's.
func (s *senderChain) agree(out []byte, peer keys.Curve25519) error {
	if s.parsed == nil {
		parsed, err := parsePair(&s.private, s.public)
		if err != nil {
			return err
		}
		s.parsed = parsed
	}
	b := peer.Array()
	return s.parsed.Agree(out, &b)
}

func (s *senderChain) wipe() {
	secret.Wipe(s.private[:])
	s.parsed = nil
	s.chain.wipe()
}

// parsePair parses a stored private key and checks that the public key beside it
// is its own, which parsing computes in any case.
func parsePair(private *[keySize]byte, public keys.Curve25519) (*curve.PrivateKey, error) {
	parsed, err := curve.ParsePrivateKey(private)
	if err != nil {
		return nil, err
	}
	if parsed.PublicKey() != public.Array() {
		return nil, ErrKeyMismatch
	}
	return parsed, nil
}

// rootStep sets root and a new chain to what follows from root and a shared secret.
func rootStep(root *[keySize]byte, c *chain, shared *[keySize]byte) {
	var okm [2 * keySize]byte
	kdf.HKDF(okm[:], shared[:], root[:], ratchetLabel)
	setRoot(root, c, &okm)
}

// setRoot splits what HKDF gave into root key and the key of a new chain, and wipes
// it.
func setRoot(root *[keySize]byte, c *chain, okm *[2 * keySize]byte) {
	copy(root[:], okm[:keySize])
	copy(c.key[:], okm[keySize:])
	secret.Wipe(okm[:])
}

// receiverChain is a chain that the peer sends on, with the keys of its
// messages that have not come yet.
type receiverChain struct {
	ratchetKey keys.Curve25519
	chain      chain
	skipped    []skippedKey // oldest first
}

// skippedKey is the key of a message that was overtaken.
type skippedKey struct {
	key    [keySize]byte
	index  uint32
	serial uint64 // grows with each key that the session sets aside
}

func wipeSkipped(skipped []skippedKey) {
	for i := range skipped {
		secret.Wipe(skipped[i].key[:])
	}
}

func (r *receiverChain) wipe() {
	r.chain.wipe()
	wipeSkipped(r.skipped)
	r.skipped = nil
}

// find returns the position of the key of message index, or -1.
func (r *receiverChain) find(index uint32) int {
	for i := range r.skipped {
		if r.skipped[i].index == index {
			return i
		}
	}
	return -1
}

// remove wipes the skipped key at position i.
func (r *receiverChain) remove(i int) {
	copy(r.skipped[i:], r.skipped[i+1:])
	last := len(r.skipped) - 1
	wipeSkipped(r.skipped[last:])
	r.skipped = r.skipped[:last]
	if last == 0 {
		r.skipped = nil
	}
}

// ahead works out, without changing r, what r will be once message index was
// decrypted: it sets c to the chain behind it, and returns all keys that are
// then waiting. It sets key to the key of the message.
func (r *receiverChain) ahead(c *chain, key *[keySize]byte, index uint32, serial uint64) ([]skippedKey, error) {
	*c = r.chain
	switch {
	case index == math.MaxUint32:
		return nil, ErrIndexExhausted
	case index-c.index > MaxMessageGap:
		return nil, &MessageGapError{Next: c.index, Got: index}
	}
	skipped := r.skipped
	if gap := int(index - c.index); gap > 0 {
		fresh := min(gap, MaxSkippedKeys)
		kept := min(len(r.skipped), MaxSkippedKeys-fresh)
		skipped = make([]skippedKey, kept+fresh)
		copy(skipped, r.skipped[len(r.skipped)-kept:])
		for c.index < index {
			// Keys that would be dropped at once are not made.
			if left := int(index - c.index); left <= fresh {
				k := &skipped[kept+fresh-left]
				c.messageKey(&k.key)
				k.index = c.index
				k.serial = serial + uint64(fresh-left)
			}
			c.advance()
		}
	}
	c.messageKey(key)
	c.advance()
	return skipped, nil
}

// replace makes c and skipped, which ahead returned, r's own.
func (r *receiverChain) replace(c *chain, skipped []skippedKey) {
	r.chain = *c
	if !sameSlice(skipped, r.skipped) {
		wipeSkipped(r.skipped)
		r.skipped = skipped
	}
}

// sameSlice says whether ahead returned the keys that were there.
func sameSlice(a, b []skippedKey) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// openMessage decrypts m with a message key.
func openMessage(key *[keySize]byte, m *Message) ([]byte, error) {
	var c aessha2.Cipher
	defer c.Wipe()
	c.Derive(key[:], cipherLabel)
	if !c.Verify(m.authenticated(), m.mac()) {
		return nil, ErrDecrypt
	}
	plaintext, ok := c.Decrypt(m.ciphertext)
	if !ok {
		return nil, ErrDecrypt
	}
	return plaintext, nil
}
