package megolm

import (
	"math"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/internal/vodozemac"
	"github.com/chappe-e2ee/chappe/keys"
)

const (
	vodozemacOutboundName = "megolm: vodozemac outbound session pickle"
	vodozemacInboundName  = "megolm: vodozemac inbound session pickle"
)

func (r *ratchet) readVodozemac(in *vodozemac.Reader) {
	in.Object(
		vodozemac.Member{Name: "inner", Read: func() { in.Bytes(r.parts[:]) }},
		vodozemac.Member{Name: "counter", Read: func() { r.index = uint32(in.Uint(math.MaxUint32)) }},
	)
}

func (r *ratchet) writeVodozemac(w *vodozemac.Writer) {
	w.Raw(`{"inner":`)
	w.Bytes(r.parts[:])
	w.Raw(`,"counter":`)
	w.Uint(uint64(r.index))
	w.Raw("}")
}

// ImportVodozemacOutboundSession reads an encrypted pickle of vodozemac's
// GroupSession, the present form and those since 0.2.0, in base64. The pickle
// key has 32 bytes. It returns a [*MalformedError], a [*VersionError] for a
// session with vodozemac's experimental MAC of 32 bytes, or [ErrPickleKey], also
// when the key has another length.
func ImportVodozemacOutboundSession(pickle, pickleKey []byte) (*OutboundSession, error) {
	return secret.Call(func() (*OutboundSession, error) { return doImportVodozemacOutboundSession(pickle, pickleKey) })
}

func doImportVodozemacOutboundSession(pickle, pickleKey []byte) (*OutboundSession, error) {
	s := &OutboundSession{outboundState: new(outboundState)}
	err := vodozemac.Import(vodozemacOutboundName, pickle, pickleKey, func(in *vodozemac.Reader) {
		in.Object(
			vodozemac.Member{Name: "ratchet", Read: func() { s.ratchet.readVodozemac(in) }},
			vodozemac.Member{Name: "signing_key", Read: func() { s.signing = in.SigningKey() }},
			in.Config(),
		)
		if !in.Failed() {
			s.public = keys.Ed25519(s.signing.VerificationKey())
		}
	})
	if err != nil {
		s.wipe()
		return nil, err
	}
	return s, nil
}

// ExportVodozemac returns the session as vodozemac 0.11.1 pickles it, encrypted
// under 32 bytes of pickle key. The form is for moving to vodozemac: its
// encryption is deterministic. For storage, use [OutboundSession.Seal]. It
// returns [ErrPickleKey] when the key has another length, or [ErrClosed].
func (s *OutboundSession) ExportVodozemac(pickleKey []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return s.doExportVodozemac(pickleKey) })
}

func (s *OutboundSession) doExportVodozemac(pickleKey []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outboundState == nil {
		return nil, ErrClosed
	}
	return vodozemac.Export(vodozemacOutboundName, pickleKey, func(w *vodozemac.Writer) {
		w.Raw(`{"ratchet":`)
		s.ratchet.writeVodozemac(w)
		w.Raw(`,"signing_key":`)
		w.SigningKey(s.signing)
		w.Config()
	})
}

// ImportVodozemacInboundSession reads an encrypted pickle of vodozemac's
// InboundGroupSession, the present form and those since 0.2.0, in base64. The
// pickle key has 32 bytes. It returns a [*MalformedError], a [*VersionError] for
// a session with vodozemac's experimental MAC of 32 bytes, or [ErrPickleKey],
// also when the key has another length.
func ImportVodozemacInboundSession(pickle, pickleKey []byte) (*InboundSession, error) {
	return secret.Call(func() (*InboundSession, error) { return doImportVodozemacInboundSession(pickle, pickleKey) })
}

func doImportVodozemacInboundSession(pickle, pickleKey []byte) (*InboundSession, error) {
	s := newInboundSession()
	err := vodozemac.Import(vodozemacInboundName, pickle, pickleKey, func(in *vodozemac.Reader) {
		in.Object(
			vodozemac.Member{Name: "initial_ratchet", Read: func() { s.initial.readVodozemac(in) }},
			vodozemac.Member{Name: "signing_key", Read: func() { s.readVodozemacPublic(in) }},
			vodozemac.Member{Name: "signing_key_verified", Read: func() { s.verified = in.Bool() }},
			in.Config(),
		)
	})
	if err != nil {
		s.wipe()
		return nil, err
	}
	return s, nil
}

func (s *InboundSession) readVodozemacPublic(in *vodozemac.Reader) {
	var b [keys.PublicKeySize]byte
	in.Bytes(b[:])
	var err error
	if s.public, err = keys.NewEd25519(b[:]); err != nil {
		in.Fail("invalid Ed25519 public key")
	}
}

// ExportVodozemac returns the session as vodozemac 0.11.1 pickles it, encrypted
// under 32 bytes of pickle key. The form is for moving to vodozemac: its
// encryption is deterministic. For storage, use [InboundSession.Seal]. The latest
// ratchet, which spares hashes, is not in the form; no index is lost. It returns
// [ErrPickleKey] when the key has another length, or [ErrClosed].
func (s *InboundSession) ExportVodozemac(pickleKey []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return s.doExportVodozemac(pickleKey) })
}

func (s *InboundSession) doExportVodozemac(pickleKey []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inboundState == nil {
		return nil, ErrClosed
	}
	return vodozemac.Export(vodozemacInboundName, pickleKey, func(w *vodozemac.Writer) {
		w.Raw(`{"initial_ratchet":`)
		s.initial.writeVodozemac(w)
		w.Raw(`,"signing_key":`)
		w.Bytes(s.public.Bytes())
		w.Raw(`,"signing_key_verified":`)
		w.Bool(s.verified)
		w.Config()
	})
}
