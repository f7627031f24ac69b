package megolm

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/ct64"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// Lengths in bytes of the two forms in which a session is handed on:
// version, index (big-endian), ratchet, Ed25519 public key, and for the session
// key a signature over all of these.
const (
	exportSize     = 1 + 4 + ratchetSize + keys.PublicKeySize
	sessionKeySize = exportSize + keys.SignatureSize
)

const (
	exportVersion     = 1
	sessionKeyVersion = 2

	exportName     = "megolm: exported session"
	sessionKeyName = "megolm: session key"
)

// material is what both forms hold: where a session begins.
type material struct {
	ratchet ratchet
	public  keys.Ed25519
}

func (m *material) appendTo(dst []byte, version byte) []byte {
	dst = append(dst, version)
	dst = m.ratchet.appendShared(dst)
	public := m.public.Array()
	return append(dst, public[:]...)
}

// decodeShared decodes text into raw, which it must fill, and checks version,
// ratchet and public key. The caller wipes raw.
func decodeShared(what string, raw, text []byte, version byte) (public keys.Ed25519, err error) {
	switch ct64.DecodedLen(text) {
	case len(raw):
	case -1:
		return public, &MalformedError{What: what, Why: ct64.ErrBase64.Error()}
	default:
		return public, &MalformedError{What: what, Why: fmt.Sprintf("not %d bytes long", len(raw))}
	}
	if err := ct64.Decode(raw, text); err != nil {
		return public, &MalformedError{What: what, Why: err.Error()}
	}
	if raw[0] != version {
		return public, &VersionError{What: what, Got: uint32(raw[0])}
	}
	if secret.IsZero(raw[1+4:][:ratchetSize]) {
		return public, &MalformedError{What: what, Why: "all-zero ratchet"}
	}
	public, err = keys.NewEd25519(raw[exportSize-keys.PublicKeySize : exportSize])
	if err != nil {
		return public, &MalformedError{What: what, Why: err.Error()}
	}
	return public, nil
}

// SessionKey lets its holder read an outbound session from the index on at
// which it was taken (specification, "Session sharing format"). It is the
// session_key of m.room_key, and secret. A value is always one whose signature
// was checked. The zero value is absent.
//
// It does not print and does not marshal; [SessionKey.SecretText] lets it out.
// Copies share their bytes: Close wipes them all, and must not run beside other
// calls.
type SessionKey struct {
	secret.Redacted
	p *sessionKey
}

// sessionKey has its secret behind a second pointer; see outboundState.
type sessionKey struct {
	*material
	signature [curve.SignatureSize]byte
	closed    bool
}

// newSessionKey returns an empty one. It and the material are one object.
func newSessionKey() *sessionKey {
	o := new(struct {
		key sessionKey
		material
	})
	o.key.material = &o.material
	return &o.key
}

// ParseSessionKey parses the base64 form: 306 characters, or 308 with padding,
// for 229 bytes. The key's own signature is checked, which shows that whoever
// made it holds the session's signing key. It returns a [*MalformedError], a
// [*VersionError] or [ErrSignature].
func ParseSessionKey(text []byte) (SessionKey, error) {
	return secret.Call(func() (SessionKey, error) { return doParseSessionKey(text) })
}

func doParseSessionKey(text []byte) (SessionKey, error) {
	var raw [sessionKeySize]byte
	defer secret.Wipe(raw[:])
	public, err := decodeShared(sessionKeyName, raw[:], text, sessionKeyVersion)
	if err != nil {
		return SessionKey{}, err
	}
	b, signature := public.Array(), [curve.SignatureSize]byte(raw[exportSize:])
	if !curve.Verify(&b, raw[:exportSize], &signature) {
		return SessionKey{}, fmt.Errorf("%s: %w", sessionKeyName, ErrSignature)
	}
	k := newSessionKey()
	k.ratchet.setShared(raw[1:])
	k.public, k.signature = public, signature
	return SessionKey{p: k}, nil
}

// UnmarshalText sets k as [ParseSessionKey] does. When it fails, k is as
// before.
func (k *SessionKey) UnmarshalText(text []byte) error {
	parsed, err := ParseSessionKey(text)
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}

// IsZero says whether k is absent or closed.
func (k SessionKey) IsZero() bool { return k.p == nil || k.p.closed }

// SessionID returns the id of the session: its Ed25519 public key in unpadded
// base64.
func (k SessionKey) SessionID() string {
	if k.IsZero() {
		return ""
	}
	return k.p.public.String()
}

// Index returns the first message index that the key can read.
func (k SessionKey) Index() uint32 {
	if k.IsZero() {
		return 0
	}
	return k.p.ratchet.index
}

// SecretText returns the key in unpadded base64, 306 characters, nil when it is
// absent or closed. Wiping it is the caller's.
func (k SessionKey) SecretText() (v []byte) {
	secret.Do(func() { v = k.doSecretText() })
	return v
}

func (k SessionKey) doSecretText() []byte {
	if k.IsZero() {
		return nil
	}
	var raw [sessionKeySize]byte
	defer secret.Wipe(raw[:])
	b := k.p.appendTo(raw[:0], sessionKeyVersion)
	b = append(b, k.p.signature[:]...)
	return ct64.AppendEncode(make([]byte, 0, ct64.EncodedLen(len(b))), b)
}

// Close wipes the key, in all copies of the value.
func (k SessionKey) Close() {
	if k.p != nil {
		k.p.ratchet.wipe()
		k.p.closed = true
	}
}

// ExportedSession lets its holder read a session from the index on at which it
// was exported (specification, "Session export format"). It stands in backups,
// key files and forwarded keys, and is secret. Nothing in it shows where it
// comes from. The zero value is absent.
//
// It does not print and does not marshal; [ExportedSession.SecretText] lets it
// out. Copies share their bytes: Close wipes them all, and must not run beside
// other calls.
type ExportedSession struct {
	secret.Redacted
	p *exportedSession
}

type exportedSession struct {
	*material
	closed bool
}

// newExportedSession returns an empty one. It and the material are one object.
func newExportedSession() *exportedSession {
	o := new(struct {
		export exportedSession
		material
	})
	o.export.material = &o.material
	return &o.export
}

// ParseExportedSession parses the base64 form: 220 characters, with or without
// padding, for 165 bytes. It returns a [*MalformedError] or a [*VersionError].
func ParseExportedSession(text []byte) (ExportedSession, error) {
	return secret.Call(func() (ExportedSession, error) { return doParseExportedSession(text) })
}

func doParseExportedSession(text []byte) (ExportedSession, error) {
	var raw [exportSize]byte
	defer secret.Wipe(raw[:])
	public, err := decodeShared(exportName, raw[:], text, exportVersion)
	if err != nil {
		return ExportedSession{}, err
	}
	e := newExportedSession()
	e.ratchet.setShared(raw[1:])
	e.public = public
	return ExportedSession{p: e}, nil
}

// UnmarshalText sets e as [ParseExportedSession] does. When it fails, e is as
// before.
func (e *ExportedSession) UnmarshalText(text []byte) error {
	parsed, err := ParseExportedSession(text)
	if err != nil {
		return err
	}
	*e = parsed
	return nil
}

// IsZero says whether e is absent or closed.
func (e ExportedSession) IsZero() bool { return e.p == nil || e.p.closed }

// SessionID returns the id of the session: its Ed25519 public key in unpadded
// base64.
func (e ExportedSession) SessionID() string {
	if e.IsZero() {
		return ""
	}
	return e.p.public.String()
}

// Index returns the first message index that the export can read.
func (e ExportedSession) Index() uint32 {
	if e.IsZero() {
		return 0
	}
	return e.p.ratchet.index
}

// SecretText returns the export in unpadded base64, 220 characters, nil when it
// is absent or closed. Wiping it is the caller's.
func (e ExportedSession) SecretText() (v []byte) {
	secret.Do(func() { v = e.doSecretText() })
	return v
}

func (e ExportedSession) doSecretText() []byte {
	if e.IsZero() {
		return nil
	}
	var raw [exportSize]byte
	defer secret.Wipe(raw[:])
	b := e.p.appendTo(raw[:0], exportVersion)
	return ct64.AppendEncode(make([]byte, 0, ct64.EncodedLen(len(b))), b)
}

// Close wipes the export, in all copies of the value.
func (e ExportedSession) Close() {
	if e.p != nil {
		e.p.ratchet.wipe()
		e.p.closed = true
	}
}
