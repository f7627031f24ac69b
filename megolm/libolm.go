package megolm

import (
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

const (
	outboundPickleVersion = 1
	inboundPickleVersion  = 2 // 1 is the same without the last byte

	outboundPickleLen = 4 + ratchetLen + keys.PublicKeySize + curve.ExpandedSize
	inboundPickleLen  = 4 + 2*ratchetLen + keys.PublicKeySize + 1

	outboundPickleName = "megolm: libolm outbound session pickle"
	inboundPickleName  = "megolm: libolm inbound session pickle"
)

// ImportLibolmOutboundSession reads a pickle of libolm's OlmOutboundGroupSession
// (version 1), in libolm's base64 form. The pickle key has any length. It
// returns a [*MalformedError], a [*VersionError] or [ErrPickleKey].
func ImportLibolmOutboundSession(pickle, pickleKey []byte) (*OutboundSession, error) {
	return secret.Call(func() (*OutboundSession, error) { return doImportLibolmOutboundSession(pickle, pickleKey) })
}

func doImportLibolmOutboundSession(pickle, pickleKey []byte) (*OutboundSession, error) {
	plaintext, err := libolm.Decrypt(outboundPickleName, pickle, pickleKey)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(plaintext)
	in := layout.NewReader(outboundPickleName, plaintext)
	if v := in.Uint32(); !in.Stopped() && v != outboundPickleVersion {
		return nil, &VersionError{What: outboundPickleName, Got: v}
	}
	s := &OutboundSession{outboundState: new(outboundState)}
	s.ratchet.read(in)
	var public [keys.PublicKeySize]byte
	in.Bytes(public[:])
	var expanded [curve.ExpandedSize]byte
	defer secret.Wipe(expanded[:])
	in.Bytes(expanded[:])
	if !in.Failed() {
		s.readExpanded(in, &expanded, &public)
	}
	if err := in.End(); err != nil {
		s.wipe()
		return nil, err
	}
	return s, nil
}

// ExportLibolm returns the session as libolm 3.2.13 pickles it, byte for byte.
// The form is for moving to libolm or goolm: its encryption is deterministic.
// For storage, use [OutboundSession.Seal]. It returns [ErrClosed].
func (s *OutboundSession) ExportLibolm(pickleKey []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return s.doExportLibolm(pickleKey) })
}

func (s *OutboundSession) doExportLibolm(pickleKey []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outboundState == nil {
		return nil, ErrClosed
	}
	w := libolm.NewWriter(outboundPickleLen)
	w.Uint32(outboundPickleVersion)
	s.ratchet.write(w)
	w.Bytes(s.public.Bytes())
	w.Bytes(s.signing.Expanded()[:])
	return libolm.EncryptWritten(w, pickleKey), nil
}

// ImportLibolmInboundSession reads a pickle of libolm's OlmInboundGroupSession
// (versions 1 and 2), in libolm's base64 form. The pickle key has any length.
// Version 1 has no SigningKeyVerified; libolm made such sessions from signed
// session keys only, and it reads as true. It returns a [*MalformedError], a
// [*VersionError] or [ErrPickleKey].
func ImportLibolmInboundSession(pickle, pickleKey []byte) (*InboundSession, error) {
	return secret.Call(func() (*InboundSession, error) { return doImportLibolmInboundSession(pickle, pickleKey) })
}

func doImportLibolmInboundSession(pickle, pickleKey []byte) (*InboundSession, error) {
	plaintext, err := libolm.Decrypt(inboundPickleName, pickle, pickleKey)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(plaintext)
	in := layout.NewReader(inboundPickleName, plaintext)
	version := in.Uint32()
	if !in.Stopped() && version != 1 && version != inboundPickleVersion {
		return nil, &VersionError{What: inboundPickleName, Got: version}
	}
	s := newInboundSession()
	s.verified = true
	var latest ratchet
	defer latest.wipe()
	s.initial.read(in)
	latest.read(in)
	if latest.index < s.initial.index {
		in.Invalid("latest ratchet before the first")
	}
	s.public = readPublic(in)
	if version == inboundPickleVersion {
		s.verified = in.Bool()
	}
	if latest.index == s.initial.index && !latest.equal(&s.initial) {
		in.Invalid("two ratchets at one index")
	}
	s.setLatest(&latest)
	if err := in.End(); err != nil {
		s.wipe()
		return nil, err
	}
	return s, nil
}

// ExportLibolm returns the session as libolm 3.2.13 pickles it (version 2), byte
// for byte. The form is for moving to libolm or goolm: its encryption is
// deterministic. For storage, use [InboundSession.Seal]. It returns
// [ErrClosed].
func (s *InboundSession) ExportLibolm(pickleKey []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return s.doExportLibolm(pickleKey) })
}

func (s *InboundSession) doExportLibolm(pickleKey []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inboundState == nil {
		return nil, ErrClosed
	}
	var latest ratchet
	defer latest.wipe()
	s.latestRatchet(&latest)
	w := libolm.NewWriter(inboundPickleLen)
	w.Uint32(inboundPickleVersion)
	s.initial.write(w)
	latest.write(w)
	w.Bytes(s.public.Bytes())
	w.Bool(s.verified)
	return libolm.EncryptWritten(w, pickleKey), nil
}
