package olm

import (
	"math"
	"slices"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/internal/vodozemac"
	"github.com/chappe-e2ee/chappe/keys"
)

const vodozemacSessionName = "olm: vodozemac session pickle"

// ImportVodozemacSession reads an encrypted pickle of vodozemac's Session, the
// present form and those since 0.2.0, in base64. The pickle key has 32 bytes.
//
// It returns a [*MalformedError], a [*VersionError] for a session with
// vodozemac's experimental MAC of 32 bytes, or [ErrPickleKey], also when the key
// has another length.
func ImportVodozemacSession(pickle, pickleKey []byte) (*Session, error) {
	return secret.Call(func() (*Session, error) { return doImportVodozemacSession(pickle, pickleKey) })
}

func doImportVodozemacSession(pickle, pickleKey []byte) (*Session, error) {
	s := newSession(SessionKeys{})
	if err := vodozemac.Import(vodozemacSessionName, pickle, pickleKey, s.readVodozemac); err != nil {
		s.wipe()
		return nil, err
	}
	return s, nil
}

func (s *Session) readVodozemac(r *vodozemac.Reader) {
	// What we send with: the peer's newest ratchet key until we do, then ours.
	var newest keys.Curve25519
	r.Object(
		vodozemac.Member{Name: "session_keys", Read: func() {
			r.Object(
				vodozemac.Member{Name: "identity_key", Read: func() { s.keys.IdentityKey = vodozemacPublic(r) }},
				vodozemac.Member{Name: "base_key", Read: func() { s.keys.BaseKey = vodozemacPublic(r) }},
				vodozemac.Member{Name: "one_time_key", Read: func() { s.keys.OneTimeKey = vodozemacPublic(r) }},
			)
		}},
		vodozemac.Member{Name: "sending_ratchet", Read: func() { newest = s.readVodozemacSender(r) }},
		vodozemac.Member{Name: "receiving_chains", Read: func() {
			vodozemacInner(r, MaxReceiverChains, func() { s.readVodozemacReceiver(r) })
		}},
		r.Config(),
	)
	if r.Failed() {
		return
	}
	slices.Reverse(s.receivers) // vodozemac's lists begin with the oldest
	s.received = len(s.receivers) > 0
	if s.sender == nil {
		i := slices.IndexFunc(s.receivers, func(c *receiverChain) bool { return c.ratchetKey == newest })
		if i < 0 {
			r.Fail("no chain of the newest ratchet key")
			return
		}
		c := s.receivers[i]
		s.receivers = slices.Insert(slices.Delete(s.receivers, i, i+1), 0, c)
	}
	s.numberSkipped()
	if why := s.faultOfChains(); why != "" {
		r.Fail(why)
	}
}

// vodozemacInner reads a list that stands alone in an object.
func vodozemacInner(r *vodozemac.Reader, limit int, item func()) {
	r.Object(vodozemac.Member{Name: "inner", Read: func() { r.List(limit, item) }})
}

// numberSkipped numbers the skipped keys of one chain after another, from the
// oldest chain on: vodozemac keeps no order among chains.
func (s *Session) numberSkipped() {
	for _, c := range slices.Backward(s.receivers) {
		for i := range c.skipped {
			c.skipped[i].serial = s.serial
			s.serial++
		}
	}
}

func vodozemacPublic(r *vodozemac.Reader) (public keys.Curve25519) {
	var b [keySize]byte
	r.Bytes(b[:])
	public, err := keys.NewCurve25519(b[:])
	if err != nil {
		r.Fail("invalid Curve25519 public key")
	}
	return public
}

func (c *chain) readVodozemac(r *vodozemac.Reader) {
	r.Object(
		vodozemac.Member{Name: "key", Read: func() { r.Key(&c.key) }},
		vodozemac.Member{Name: "index", Read: func() { c.index = uint32(r.Uint(math.MaxUint32)) }},
	)
}

// readVodozemacSender reads the sending side. Its root key is an object where
// there is no chain, and bare where there is one. It returns the peer's newest
// ratchet key where there is no chain.
func (s *Session) readVodozemacSender(r *vodozemac.Reader) (newest keys.Curve25519) {
	const inactive, active = 0, 1
	sender := new(senderChain)
	defer func() {
		if s.sender == nil {
			sender.wipe()
		}
	}()
	var kind int
	var hasRoot, hasNewest, hasRatchet, hasChain bool
	r.Object(
		vodozemac.Member{Name: "type", Read: func() { kind = r.Choice("inactive", "active") }},
		vodozemac.Member{Name: "ratchet_count", Optional: true, Read: func() { s.count = vodozemacCount(r) }},
		// Inactive.
		vodozemac.Member{Name: "root_key", Optional: true, Read: func() {
			hasRoot = true
			r.Object(vodozemac.Member{Name: "key", Read: func() { r.Key(&s.root) }})
		}},
		vodozemac.Member{Name: "ratchet_key", Optional: true, Read: func() { newest, hasNewest = vodozemacPublic(r), true }},
		// Active.
		vodozemac.Member{Name: "parent_ratchet_key", Optional: true, Read: func() {
			if !r.Null() {
				vodozemacPublic(r)
			}
		}},
		vodozemac.Member{Name: "active_ratchet", Optional: true, Read: func() {
			hasRatchet = true
			r.Object(
				vodozemac.Member{Name: "root_key", Read: func() { r.Key(&s.root) }},
				vodozemac.Member{Name: "ratchet_key", Read: func() { r.Key(&sender.private) }},
			)
		}},
		vodozemac.Member{Name: "symmetric_key_ratchet", Optional: true, Read: func() {
			hasChain = true
			sender.chain.readVodozemac(r)
		}},
	)
	switch {
	case r.Failed():
	case hasRoot != hasNewest, hasRatchet != hasChain, hasRoot == hasRatchet, hasRatchet != (kind == active):
		r.Fail("sending ratchet with members of another type")
	case kind == active:
		var err error
		if sender.public, err = publicKey(&sender.private); err != nil {
			r.Fail("private key without a valid public key")
			return newest
		}
		s.sender = sender
	}
	return newest
}

func vodozemacCount(r *vodozemac.Reader) (c ratchetCount) {
	r.Variant(
		vodozemac.Member{Name: "Known", Read: func() { c = ratchetCount{n: r.Uint(math.MaxUint64), known: true} }},
		vodozemac.Member{Name: "Unknown", Read: func() {
			if !r.Null() {
				r.Fail("unknown count with a value")
			}
		}},
	)
	return c
}

func (s *Session) readVodozemacReceiver(r *vodozemac.Reader) {
	c := new(receiverChain)
	s.receivers = append(s.receivers, c)
	r.Object(
		vodozemac.Member{Name: "ratchet_key", Read: func() { c.ratchetKey = vodozemacPublic(r) }},
		vodozemac.Member{Name: "hkdf_ratchet", Read: func() { c.chain.readVodozemac(r) }},
		vodozemac.Member{Name: "skipped_message_keys", Read: func() {
			// As many as there can be: no key is left behind in a shorter list.
			list := make([]skippedKey, 0, MaxSkippedKeys)
			vodozemacInner(r, MaxSkippedKeys, func() {
				var k chain
				k.readVodozemac(r)
				list = append(list, skippedKey{index: k.index})
				list[len(list)-1].key = k.key // a key in the literal would be left on the stack
				k.wipe()
			})
			if len(list) > 0 {
				c.skipped = list
			}
		}},
		// The session's count says what this one does.
		vodozemac.Member{Name: "ratchet_count", Optional: true, Read: func() { vodozemacCount(r) }},
	)
}

// ExportVodozemac returns the session as vodozemac 0.11.1 pickles it, encrypted
// under 32 bytes of pickle key. The form is for moving to vodozemac: its
// encryption is deterministic. For storage, use [Session.Seal].
//
// No key is lost. vodozemac does not keep the order of skipped message keys of
// different chains, and takes a session that was made from a pre-key message for
// one that has decrypted it. It returns [ErrPickleKey] when the key has another
// length, or [ErrClosed].
func (s *Session) ExportVodozemac(pickleKey []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return s.doExportVodozemac(pickleKey) })
}

func (s *Session) doExportVodozemac(pickleKey []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessionState == nil {
		return nil, ErrClosed
	}
	return vodozemac.Export(vodozemacSessionName, pickleKey, s.writeVodozemac)
}

func (s *Session) writeVodozemac(w *vodozemac.Writer) {
	w.Raw(`{"session_keys":{"identity_key":`)
	w.Bytes(s.keys.IdentityKey.Bytes())
	w.Raw(`,"base_key":`)
	w.Bytes(s.keys.BaseKey.Bytes())
	w.Raw(`,"one_time_key":`)
	w.Bytes(s.keys.OneTimeKey.Bytes())
	w.Raw(`},"sending_ratchet":{"type":`)
	if s.sender == nil {
		w.Raw(`"inactive","root_key":{"key":`)
		w.Bytes(s.root[:])
		w.Raw(`},"ratchet_key":`)
		w.Bytes(s.receivers[0].ratchetKey.Bytes())
		w.Raw(`,"ratchet_count":`)
		s.count.write(w, 0)
	} else {
		w.Raw(`"active","parent_ratchet_key":`)
		// As long as the count is not known, vodozemac may not know this either.
		if len(s.receivers) > 0 && s.count.known {
			w.Bytes(s.receivers[0].ratchetKey.Bytes())
		} else {
			w.Raw("null")
		}
		w.Raw(`,"ratchet_count":`)
		s.count.write(w, 0)
		w.Raw(`,"active_ratchet":{"root_key":`)
		w.Bytes(s.root[:])
		w.Raw(`,"ratchet_key":`)
		w.Bytes(s.sender.private[:])
		w.Raw(`},"symmetric_key_ratchet":`)
		writeVodozemacKey(w, &s.sender.chain.key, s.sender.chain.index)
	}
	w.Raw(`},"receiving_chains":{"inner":[`)
	for i, c := range slices.Backward(s.receivers) {
		s.writeVodozemacReceiver(w, i, c)
	}
	w.Raw("]}")
	w.Config()
}

// writeVodozemacReceiver writes the chain that is the i-th from the newest.
func (s *Session) writeVodozemacReceiver(w *vodozemac.Writer, i int, c *receiverChain) {
	w.Raw(`{"ratchet_key":`)
	w.Bytes(c.ratchetKey.Bytes())
	w.Raw(`,"hkdf_ratchet":`)
	writeVodozemacKey(w, &c.chain.key, c.chain.index)
	w.Raw(`,"skipped_message_keys":{"inner":[`)
	for i := range c.skipped {
		if i > 0 {
			w.Raw(",")
		}
		writeVodozemacKey(w, &c.skipped[i].key, c.skipped[i].index)
	}
	w.Raw(`]},"ratchet_count":`)
	// The two sides take turns: our chain, when there is one, came last.
	back := uint64(2 * i)
	if s.sender != nil {
		back++
	}
	s.count.write(w, back)
	w.Raw("}")
	if i > 0 {
		w.Raw(",")
	}
}

func writeVodozemacKey(w *vodozemac.Writer, key *[keySize]byte, index uint32) {
	w.Raw(`{"key":`)
	w.Bytes(key[:])
	w.Raw(`,"index":`)
	w.Uint(uint64(index))
	w.Raw("}")
}

// write writes what the count was some steps back.
func (c ratchetCount) write(w *vodozemac.Writer, back uint64) {
	if !c.known || c.n < back {
		w.Raw(`{"Unknown":null}`)
		return
	}
	w.Raw(`{"Known":`)
	w.Uint(c.n - back)
	w.Raw("}")
}
