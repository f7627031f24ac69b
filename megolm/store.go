package megolm

import (
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// What is sealed, whole state first written in version 1:
//
//	layout  1 byte   1
//	suite   1 byte   1: Megolm version 1
//	revision         8 bytes
//	ratchet          128 bytes, index 4 bytes
//
// and then, outbound: form of the signing key, 1 byte, 1 for a 32-byte seed or
// 2 for the 64-byte expanded key; that key; the 32-byte public key. Inbound: 1
// byte that says whether a latest ratchet follows; that ratchet; the 32-byte
// public key; 1 byte for SigningKeyVerified.
const (
	layoutVersion = 1

	formSeed     = 1
	formExpanded = 2

	stateHeaderLen = 1 + 1 + 8

	sealedOutboundName = "megolm: sealed outbound session"
	sealedInboundName  = "megolm: sealed inbound session"
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

// readPublic reads an Ed25519 public key.
func readPublic(in *layout.Reader) (public keys.Ed25519) {
	var b [keys.PublicKeySize]byte
	in.Bytes(b[:])
	public, err := keys.NewEd25519(b[:])
	if err != nil {
		in.Invalid("invalid Ed25519 public key")
	}
	return public
}

func (s *OutboundSession) stateLen() int {
	n := stateHeaderLen + ratchetLen + 1 + keys.PublicKeySize
	if s.signing.Seed() != nil {
		return n + curve.Size
	}
	return n + curve.ExpandedSize
}

func (s *OutboundSession) writeState(w *layout.Writer) {
	writeStateHeader(w, s.revision)
	s.ratchet.write(w)
	if seed := s.signing.Seed(); seed != nil {
		w.Byte(formSeed)
		w.Bytes(seed[:])
	} else {
		w.Byte(formExpanded)
		w.Bytes(s.signing.Expanded()[:])
	}
	w.Bytes(s.public.Bytes())
}

func (s *OutboundSession) readState(in *layout.Reader) {
	s.revision = readStateHeader(in)
	s.ratchet.read(in)
	var expanded [curve.ExpandedSize]byte
	defer secret.Wipe(expanded[:])
	form := in.Byte()
	switch form {
	case formSeed:
		in.Bytes(expanded[:curve.Size])
	case formExpanded:
		in.Bytes(expanded[:])
	default:
		in.Fail("unknown form of signing key")
	}
	var public [keys.PublicKeySize]byte
	in.Bytes(public[:])
	if in.Failed() {
		return
	}
	if form == formSeed {
		s.signing = curve.SigningKeyFromSeed((*[curve.Size]byte)(expanded[:]))
		if s.signing.PublicKey() != public {
			in.Invalid(curve.ErrKeyMismatch.Error())
		}
		s.public = keys.Ed25519(s.signing.VerificationKey())
		return
	}
	s.readExpanded(in, &expanded, &public)
}

// readExpanded sets the signing key to an expanded one, and the public key to the
// one that was read, which must be what the expanded one gives.
func (s *OutboundSession) readExpanded(in *layout.Reader, expanded *[curve.ExpandedSize]byte, public *[keys.PublicKeySize]byte) {
	signing, err := curve.SigningKeyFromExpanded(expanded, public)
	if err != nil {
		in.Invalid(err.Error())
		return
	}
	s.signing = signing
	s.public = keys.Ed25519(signing.VerificationKey())
}

// Seal returns the session encrypted under key, for storage; the package
// comment says when. It opens again under the same context only, for instance
// the room and session id; context may be empty. It returns [keys.ErrAbsent]
// when key is absent, or [ErrClosed].
func (s *OutboundSession) Seal(key keys.SealKey, context []byte) ([]byte, error) {
	return s.AppendSeal(nil, key, context)
}

// AppendSeal is [OutboundSession.Seal], appending to dst.
func (s *OutboundSession) AppendSeal(dst []byte, key keys.SealKey, context []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return s.doAppendSeal(dst, key, context) })
}

func (s *OutboundSession) doAppendSeal(dst []byte, key keys.SealKey, context []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outboundState == nil {
		return dst, ErrClosed
	}
	k := key.Secret()
	defer secret.Wipe(k[:])
	return seal.Append(dst, seal.MegolmOutbound, &k, context, s.stateLen(), s.writeState)
}

// OpenOutboundSession opens a session that [OutboundSession.Seal] made. It
// returns a [*MalformedError], a [*VersionError], [ErrOpen] or
// [keys.ErrAbsent].
func OpenOutboundSession(sealed []byte, key keys.SealKey, context []byte) (*OutboundSession, error) {
	return secret.Call(func() (*OutboundSession, error) { return doOpenOutboundSession(sealed, key, context) })
}

func doOpenOutboundSession(sealed []byte, key keys.SealKey, context []byte) (*OutboundSession, error) {
	k := key.Secret()
	defer secret.Wipe(k[:])
	state, err := seal.Open(sealed, seal.MegolmOutbound, &k, context)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(state)
	s := &OutboundSession{outboundState: new(outboundState)}
	in := layout.NewReader(sealedOutboundName, state)
	s.readState(in)
	if err := in.End(); err != nil {
		s.wipe()
		return nil, err
	}
	return s, nil
}

func (s *InboundSession) stateLen() int {
	n := stateHeaderLen + ratchetLen + 1 + keys.PublicKeySize + 1
	if s.latest != nil {
		n += ratchetLen
	}
	return n
}

func (s *InboundSession) writeState(w *layout.Writer) {
	writeStateHeader(w, s.revision)
	s.initial.write(w)
	w.Bool(s.latest != nil)
	if s.latest != nil {
		var latest ratchet
		defer latest.wipe()
		s.latestRatchet(&latest)
		latest.write(w)
	}
	w.Bytes(s.public.Bytes())
	w.Bool(s.verified)
}

func (s *InboundSession) readState(in *layout.Reader) {
	s.revision = readStateHeader(in)
	s.initial.read(in)
	if in.Bool() {
		var latest ratchet
		defer latest.wipe()
		latest.read(in)
		if latest.index <= s.initial.index {
			in.Invalid("latest ratchet before the first")
		}
		s.setLatest(&latest)
	}
	s.public = readPublic(in)
	s.verified = in.Bool()
}

// Seal returns the session encrypted under key, for storage. It opens again
// under the same context only, for instance the room and session id; context
// may be empty. It returns [keys.ErrAbsent] when key is absent, or [ErrClosed].
func (s *InboundSession) Seal(key keys.SealKey, context []byte) ([]byte, error) {
	return s.AppendSeal(nil, key, context)
}

// AppendSeal is [InboundSession.Seal], appending to dst.
func (s *InboundSession) AppendSeal(dst []byte, key keys.SealKey, context []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return s.doAppendSeal(dst, key, context) })
}

func (s *InboundSession) doAppendSeal(dst []byte, key keys.SealKey, context []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inboundState == nil {
		return dst, ErrClosed
	}
	k := key.Secret()
	defer secret.Wipe(k[:])
	return seal.Append(dst, seal.MegolmInbound, &k, context, s.stateLen(), s.writeState)
}

// OpenInboundSession opens a session that [InboundSession.Seal] made. It
// returns a [*MalformedError], a [*VersionError], [ErrOpen] or
// [keys.ErrAbsent].
func OpenInboundSession(sealed []byte, key keys.SealKey, context []byte) (*InboundSession, error) {
	return secret.Call(func() (*InboundSession, error) { return doOpenInboundSession(sealed, key, context) })
}

func doOpenInboundSession(sealed []byte, key keys.SealKey, context []byte) (*InboundSession, error) {
	k := key.Secret()
	defer secret.Wipe(k[:])
	state, err := seal.Open(sealed, seal.MegolmInbound, &k, context)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(state)
	s := newInboundSession()
	in := layout.NewReader(sealedInboundName, state)
	s.readState(in)
	if err := in.End(); err != nil {
		s.wipe()
		return nil, err
	}
	return s, nil
}
