package olm

import (
	"encoding/binary"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// What is sealed begins, in layout 1, with:
//
//	layout    1 byte   1
//	suite     1 byte   1: Olm version 1
//	revision  8 bytes
//
// An account goes on with: form of the signing key, 1 byte, 1 for a 32-byte seed
// or 2 for the 64-byte expanded key; that key; Ed25519 public key; Curve25519
// public and private key; last key id, 4 bytes; algorithm of the one-time keys,
// 1 byte, 1 for Curve25519; their number, 4 bytes; the keys, oldest first;
// algorithm of the fallback keys, 1 byte; their number, 1 byte, 0 to 2; the
// keys, current first. A key is: id, 4 bytes; published, 1 byte; public and
// private key.
//
// A session goes on with: identity, base and one-time key; received, 1 byte;
// root key; whether the ratchet count is known, 1 byte; the count, 8 bytes;
// serial of the next skipped key, 8 bytes; number of lost skipped keys, 4
// bytes; whether there is a sender chain, 1 byte; public and private ratchet
// key, chain key, index; number of receiver chains, 1 byte; newest first, each:
// ratchet key, chain key, index, number of skipped keys, 1 byte; oldest first,
// each: index, 4 bytes, serial, 8 bytes, key.
const (
	layoutVersion = 1

	formSeed     = 1
	formExpanded = 2

	algorithmCurve25519 = 1

	stateHeaderLen = 1 + 1 + 8
	storedKeyLen   = 4 + 1 + 2*keySize
	chainLen       = keySize + 4
	skippedLen     = 4 + 8 + keySize

	sealedAccountName = "olm: sealed account"
	sealedSessionName = "olm: sealed session"
)

func writeStateHeader(w *layout.Writer, revision uint64) {
	w.Byte(layoutVersion)
	w.Byte(byte(V1))
	w.Uint64(revision)
}

func readStateHeader(in *layout.Reader) (revision uint64) {
	if in.Byte() != layoutVersion {
		in.Fail("unknown layout")
	}
	if Suite(in.Byte()) != V1 {
		in.Fail("unknown suite")
	}
	return in.Uint64()
}

func readCurve25519(in *layout.Reader) (public keys.Curve25519) {
	var b [keySize]byte
	in.Bytes(b[:])
	if in.Stopped() {
		return public
	}
	public, err := keys.NewCurve25519(b[:])
	if err != nil {
		in.Invalid("invalid Curve25519 public key")
	}
	return public
}

func readEd25519(in *layout.Reader) (public keys.Ed25519) {
	var b [keySize]byte
	in.Bytes(b[:])
	if in.Stopped() {
		return public
	}
	public, err := keys.NewEd25519(b[:])
	if err != nil {
		in.Invalid("invalid Ed25519 public key")
	}
	return public
}

func writeCurve25519(w *layout.Writer, public keys.Curve25519) {
	b := public.Array()
	w.Bytes(b[:])
}

func (a *Account) stateLen() int {
	n := stateHeaderLen + 1 + 3*keySize + 4 + 1 + 4 + 1 + 1 + storedKeyLen*(len(a.oneTime)+len(a.fallback))
	if a.signing.Seed() != nil {
		return n + keySize
	}
	return n + curve.ExpandedSize
}

func (a *Account) writeState(w *layout.Writer) {
	writeStateHeader(w, a.revision)
	if seed := a.signing.Seed(); seed != nil {
		w.Byte(formSeed)
		w.Bytes(seed[:])
	} else {
		w.Byte(formExpanded)
		w.Bytes(a.signing.Expanded()[:])
	}
	w.Bytes(a.identity.Ed25519.Bytes())
	writeCurve25519(w, a.identity.Curve25519)
	w.Bytes(a.private[:])
	w.Uint32(a.lastID)
	w.Byte(algorithmCurve25519)
	w.Uint32(uint32(len(a.oneTime)))
	for i := range a.oneTime {
		a.oneTime[i].write(w)
	}
	w.Byte(algorithmCurve25519)
	w.Byte(byte(len(a.fallback)))
	for i := range a.fallback {
		a.fallback[i].write(w)
	}
}

// write writes a one-time or fallback key, in libolm's form, which ours took
// over. It does so in one piece: an account has many.
func (k *oneTimeKey) write(w *layout.Writer) {
	b := w.Next(storedKeyLen)
	binary.BigEndian.PutUint32(b, k.id)
	b[4] = 0
	if k.published {
		b[4] = 1
	}
	public := k.public.Array()
	copy(b[5:], public[:])
	copy(b[5+keySize:], k.private[:])
}

func (k *oneTimeKey) read(in *layout.Reader) {
	if b := in.Next(storedKeyLen); b != nil {
		k.parse(in, b)
	}
}

// parse reads a stored key; what is wrong with it, in notes.
func (k *oneTimeKey) parse(in *layout.Reader, b []byte) {
	k.id = binary.BigEndian.Uint32(b)
	k.published = b[4] == 1
	if b[4] > 1 {
		in.Invalid("truth value other than 0 and 1")
	}
	public, err := keys.NewCurve25519(b[5 : 5+keySize])
	if err != nil {
		in.Invalid("invalid Curve25519 public key")
	}
	k.public = public
	copy(k.private[:], b[5+keySize:])
	if k.private == [keySize]byte{} {
		in.Invalid("all-zero key")
	}
}

func (a *Account) readState(in *layout.Reader) {
	a.revision = readStateHeader(in)
	var expanded [curve.ExpandedSize]byte
	defer secret.Wipe(expanded[:])
	form := in.Byte()
	switch form {
	case formSeed:
		in.Bytes(expanded[:keySize])
	case formExpanded:
		in.Bytes(expanded[:])
	default:
		in.Fail("unknown form of signing key")
	}
	a.identity.Ed25519 = readEd25519(in)
	a.identity.Curve25519 = readCurve25519(in)
	in.Key(&a.private)
	a.lastID = in.Uint32()
	checkAlgorithm(in)
	a.oneTime = make([]oneTimeKey, in.Count(MaxOneTimeKeys, storedKeyLen))
	for i := range a.oneTime {
		a.oneTime[i].read(in)
	}
	checkAlgorithm(in)
	a.readFallback(in)
	if in.Failed() {
		return
	}
	if form == formExpanded {
		a.readExpanded(in, &expanded)
		return
	}
	a.signing = curve.SigningKeyFromSeed((*[keySize]byte)(expanded[:]))
	if a.signing.PublicKey() != a.identity.Ed25519.Array() {
		in.Invalid(curve.ErrKeyMismatch.Error())
	}
}

func checkAlgorithm(in *layout.Reader) {
	if in.Byte() != algorithmCurve25519 {
		in.Fail("unknown algorithm of one-time keys")
	}
}

// readFallback reads the number of fallback keys and the keys.
func (a *Account) readFallback(in *layout.Reader) {
	n := in.Byte()
	if n > 2 {
		in.Fail("more than two fallback keys")
		return
	}
	a.fallback = make([]oneTimeKey, n, 2)
	for i := range a.fallback {
		a.fallback[i].read(in)
	}
}

// readExpanded sets the signing key to an expanded one that fits the public key.
func (a *Account) readExpanded(in *layout.Reader, expanded *[curve.ExpandedSize]byte) {
	public := a.identity.Ed25519.Array()
	signing, err := curve.SigningKeyFromExpanded(expanded, &public)
	if err != nil {
		in.Invalid(err.Error())
		return
	}
	a.signing = signing
}

// Seal returns the account encrypted under key, for storage. It opens again
// under the same context only, for instance the user and device id; context may
// be empty. It returns [keys.ErrAbsent] when key is absent, or [ErrClosed].
func (a *Account) Seal(key keys.SealKey, context []byte) ([]byte, error) {
	return a.AppendSeal(nil, key, context)
}

// AppendSeal is [Account.Seal], appending to dst.
func (a *Account) AppendSeal(dst []byte, key keys.SealKey, context []byte) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return dst, ErrClosed
	}
	k := key.Secret()
	defer secret.Wipe(k[:])
	return seal.Append(dst, seal.OlmAccount, &k, context, a.stateLen(), a.writeState)
}

// OpenAccount opens an account that [Account.Seal] made. It returns a
// [*MalformedError], a [*VersionError], [ErrOpen] or [keys.ErrAbsent].
func OpenAccount(sealed []byte, key keys.SealKey, context []byte) (*Account, error) {
	k := key.Secret()
	defer secret.Wipe(k[:])
	state, err := seal.Open(sealed, seal.OlmAccount, &k, context)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(state)
	a := &Account{accountState: new(accountState)}
	in := layout.NewReader(sealedAccountName, state)
	a.readState(in)
	if err := in.End(); err != nil {
		a.wipe()
		return nil, err
	}
	return a, nil
}

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

// checkChains refuses a session that could neither send nor receive, two chains
// for one ratchet key, and skipped keys that stand in the way of others.
func (s *Session) checkChains(in *layout.Reader) {
	if in.Failed() {
		return
	}
	if s.sender == nil && len(s.receivers) == 0 {
		in.Invalid("no chain")
	}
	for _, r := range s.receivers {
		if s.receiver(r.ratchetKey) != r {
			in.Invalid("one ratchet key twice")
		}
		for i := range r.skipped {
			if k := &r.skipped[i]; k.index >= r.chain.index || r.find(k.index) != i {
				in.Invalid("skipped key that cannot be used")
			}
		}
	}
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
	k := key.Secret()
	defer secret.Wipe(k[:])
	state, err := seal.Open(sealed, seal.OlmSession, &k, context)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(state)
	s := &Session{sessionState: new(sessionState)}
	in := layout.NewReader(sealedSessionName, state)
	s.readState(in)
	if err := in.End(); err != nil {
		s.wipe()
		return nil, err
	}
	return s, nil
}
