package olm

import (
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

func (c *chain) write(w *layout.Writer) {
	w.Bytes(c.key[:])
	w.Uint32(c.index)
}

func (c *chain) read(in *layout.Reader) {
	in.Key(&c.key)
	c.index = in.Uint32()
}

func (s *senderChain) write(w *layout.Writer) {
	writeCurve25519(w, s.public)
	w.Bytes(s.private[:])
	s.chain.write(w)
}

func (s *senderChain) read(in *layout.Reader) {
	s.public = readCurve25519(in)
	in.Key(&s.private)
	s.chain.read(in)
}

func (s *Session) stateLen() int {
	n := stateHeaderLen + 3*keySize + 1 + keySize + 1 + 8 + 8 + 4 + 1 + 1
	if s.sender != nil {
		n += 2*keySize + chainLen
	}
	for _, r := range s.receivers {
		n += keySize + chainLen + 1 + skippedLen*len(r.skipped)
	}
	return n
}

func (s *Session) writeState(w *layout.Writer) {
	writeStateHeader(w, s.revision)
	s.keys.write(w)
	w.Bool(s.received)
	w.Bytes(s.root[:])
	w.Bool(s.count.known)
	w.Uint64(s.count.n)
	w.Uint64(s.serial)
	w.Uint32(s.orphans)
	w.Bool(s.sender != nil)
	if s.sender != nil {
		s.sender.write(w)
	}
	w.Byte(byte(len(s.receivers)))
	for _, r := range s.receivers {
		writeCurve25519(w, r.ratchetKey)
		r.chain.write(w)
		w.Byte(byte(len(r.skipped)))
		for i := range r.skipped {
			w.Uint32(r.skipped[i].index)
			w.Uint64(r.skipped[i].serial)
			w.Bytes(r.skipped[i].key[:])
		}
	}
}

func (k SessionKeys) write(w *layout.Writer) {
	var b [3 * keySize]byte
	w.Bytes(k.append(b[:0]))
}

func (k *SessionKeys) read(in *layout.Reader) {
	k.IdentityKey = readCurve25519(in)
	k.BaseKey = readCurve25519(in)
	k.OneTimeKey = readCurve25519(in)
}

func (s *Session) readState(in *layout.Reader) {
	s.revision = readStateHeader(in)
	s.keys.read(in)
	s.received = in.Bool()
	in.Key(&s.root)
	s.count.known = in.Bool()
	s.count.n = in.Uint64()
	s.serial = in.Uint64()
	s.orphans = in.Uint32()
	if in.Bool() {
		s.sender = new(senderChain)
		s.sender.read(in)
	}
	n := in.Byte()
	if n > MaxReceiverChains {
		in.Fail("too many receiver chains")
	}
	s.receivers = make([]*receiverChain, 0, min(n, MaxReceiverChains))
	for range n {
		if in.Stopped() {
			return
		}
		r := &receiverChain{ratchetKey: readCurve25519(in)}
		s.receivers = append(s.receivers, r)
		r.chain.read(in)
		r.readSkipped(in)
	}
	s.checkChains(in)
}

func (r *receiverChain) readSkipped(in *layout.Reader) {
	n := in.Byte()
	if n > MaxSkippedKeys {
		in.Fail("too many skipped keys")
	}
	if in.Stopped() || n == 0 {
		return
	}
	r.skipped = make([]skippedKey, n)
	for i := range r.skipped {
		k := &r.skipped[i]
		k.index = in.Uint32()
		k.serial = in.Uint64()
		in.Key(&k.key)
	}
}

// checkChains refuses what faultOfChains names.
func (s *Session) checkChains(in *layout.Reader) {
	if in.Failed() {
		return
	}
	if why := s.faultOfChains(); why != "" {
		in.Invalid(why)
	}
}

// faultOfChains names what is wrong with a session that could neither send nor
// receive, has two chains for one ratchet key, or skipped keys that stand in the
// way of others.
func (s *Session) faultOfChains() string {
	if s.sender == nil && len(s.receivers) == 0 {
		return "no chain"
	}
	for _, r := range s.receivers {
		if s.receiver(r.ratchetKey) != r {
			return "one ratchet key twice"
		}
		for i := range r.skipped {
			if k := &r.skipped[i]; k.index >= r.chain.index || r.find(k.index) != i {
				return "skipped key that cannot be used"
			}
		}
	}
	return ""
}

// Seal returns the session encrypted under key, for storage. It opens again
// under the same context only, for instance the other device's identity key and
// the session id; context may be empty. It returns [keys.ErrAbsent] when key is
// absent, or [ErrClosed].
func (s *Session) Seal(key keys.SealKey, context []byte) ([]byte, error) {
	return s.AppendSeal(nil, key, context)
}

// AppendSeal is [Session.Seal], appending to dst.
func (s *Session) AppendSeal(dst []byte, key keys.SealKey, context []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return s.doAppendSeal(dst, key, context) })
}

func (s *Session) doAppendSeal(dst []byte, key keys.SealKey, context []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessionState == nil {
		return dst, ErrClosed
	}
	k := key.Secret()
	defer secret.Wipe(k[:])
	return seal.Append(dst, seal.OlmSession, &k, context, s.stateLen(), s.writeState)
}

// OpenSession opens a session that [Session.Seal] made. It returns a
// [*MalformedError], a [*VersionError], [ErrOpen] or [keys.ErrAbsent].
func OpenSession(sealed []byte, key keys.SealKey, context []byte) (*Session, error) {
	return secret.Call(func() (*Session, error) { return doOpenSession(sealed, key, context) })
}

func doOpenSession(sealed []byte, key keys.SealKey, context []byte) (*Session, error) {
	k := key.Secret()
	defer secret.Wipe(k[:])
	state, err := seal.Open(sealed, seal.OlmSession, &k, context)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(state)
	s := newSession(SessionKeys{})
	in := layout.NewReader(sealedSessionName, state)
	s.readState(in)
	if err := in.End(); err != nil {
		s.wipe()
		return nil, err
	}
	return s, nil
}
