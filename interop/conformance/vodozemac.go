package conformance

import (
	"errors"
	"strings"

	"github.com/chappe-e2ee/chappe/interop/peer"
	"github.com/chappe-e2ee/chappe/testvectors/conformance"
)

// Vodozemac is vodozemac behind the interfaces of the suite. It reads libolm's
// pickles and writes its own, which nothing here looks into.
type Vodozemac struct{ p peer.Vodozemac }

// Name implements [conformance.Implementation].
func (v *Vodozemac) Name() string { return v.p.Name() }

// vodozemacClasses are the classes of an error that has this in its text.
var vodozemacClasses = map[string][]string{
	"Invalid symbol": {"base64"}, "Invalid last symbol": {"base64"}, "Invalid input length": {"base64"},
	"Invalid number of bytes for Curve25519": {"key"}, "non-contributory": {"key"},
	"message didn't have a valid version": {"version"},
	"session key had a invalid version":   {"session-key"}, "session key was too short": {"session-key"},
	"message was too short": {"malformed"}, "message wasn't valid protobuf": {"malformed"},
	"couldn't be decoded correctly": {"malformed"}, "didn't have enough data": {"malformed"},
	"failed to decode Protobuf": {"malformed"}, "invalid Base64": {"base64"}, "invalid MAC": {"mac"}, "establish the Session couldn't be decrypted": {"mac"},
	"message key with the given key can't be created": {"message-key-gone"},
	"message gap was too big":                         {"message-gap"},
	"unknown one-time key":                            {"unknown-one-time-key"},
	"signature was invalid":                           {"signature"},
	"pickle couldn't be decrypted":                    {"pickle-key"},
	"pickle uses an unsupported version":              {"pickle-legacy"},
}

// Classes implements [conformance.Implementation].
func (v *Vodozemac) Classes(err error) (found []string) {
	if errors.Is(err, peer.ErrUnknownIndex) {
		found = append(found, "unknown-index")
	}
	for text, classes := range vodozemacClasses {
		if err != nil && strings.Contains(err.Error(), text) {
			found = append(found, classes...)
		}
	}
	return found
}

// NewAccount implements [conformance.Implementation].
func (v *Vodozemac) NewAccount() (conformance.Account, error) {
	a, err := v.p.NewAccount()
	return vodozemacAccount{a}, err
}

// UnpickleAccount implements [conformance.Pickles].
func (v *Vodozemac) UnpickleAccount(pickle, key []byte) (conformance.Account, error) {
	a, err := v.p.UnpickleAccount(pickle, key)
	return vodozemacAccount{a}, err
}

// UnpickleSession implements [conformance.Pickles].
func (v *Vodozemac) UnpickleSession(pickle, key []byte) (conformance.Session, error) {
	s, err := v.p.UnpickleSession(pickle, key)
	return vodozemacSession{s}, err
}

// NewOutboundGroup implements [conformance.Implementation].
func (v *Vodozemac) NewOutboundGroup() (conformance.OutboundGroup, error) {
	g, err := v.p.NewOutboundGroup()
	return vodozemacOutbound{g}, err
}

// UnpickleOutboundGroup implements [conformance.Pickles].
func (v *Vodozemac) UnpickleOutboundGroup(pickle, key []byte) (conformance.OutboundGroup, error) {
	g, err := v.p.UnpickleOutboundGroup(pickle, key)
	return vodozemacOutbound{g}, err
}

// NewInboundGroup implements [conformance.Implementation].
func (v *Vodozemac) NewInboundGroup(sessionKey string) (conformance.InboundGroup, error) {
	g, err := v.p.NewInboundGroup(sessionKey)
	return vodozemacInbound{g}, err
}

// ImportInboundGroup implements [conformance.Implementation].
func (v *Vodozemac) ImportInboundGroup(export string) (conformance.InboundGroup, error) {
	g, err := v.p.ImportInboundGroup(export)
	return vodozemacInbound{g}, err
}

// UnpickleInboundGroup implements [conformance.Pickles].
func (v *Vodozemac) UnpickleInboundGroup(pickle, key []byte) (conformance.InboundGroup, error) {
	g, err := v.p.UnpickleInboundGroup(pickle, key)
	return vodozemacInbound{g}, err
}

// saveKey is the key of vodozemac's own pickles, which has 32 bytes.
var saveKey = make([]byte, 32)

// LoadAccount implements [conformance.Loads].
func (v *Vodozemac) LoadAccount(saved []byte) (conformance.Account, error) {
	return v.UnpickleAccount(saved, saveKey)
}

// LoadSession implements [conformance.Loads].
func (v *Vodozemac) LoadSession(saved []byte) (conformance.Session, error) {
	return v.UnpickleSession(saved, saveKey)
}

// LoadOutboundGroup implements [conformance.Loads].
func (v *Vodozemac) LoadOutboundGroup(saved []byte) (conformance.OutboundGroup, error) {
	return v.UnpickleOutboundGroup(saved, saveKey)
}

// LoadInboundGroup implements [conformance.Loads].
func (v *Vodozemac) LoadInboundGroup(saved []byte) (conformance.InboundGroup, error) {
	return v.UnpickleInboundGroup(saved, saveKey)
}

// The objects have no Pickle: theirs is not libolm's.

func (v vodozemacAccount) Save() ([]byte, error)  { return v.a.Pickle(saveKey) }
func (v vodozemacSession) Save() ([]byte, error)  { return v.s.Pickle(saveKey) }
func (v vodozemacOutbound) Save() ([]byte, error) { return v.g.Pickle(saveKey) }
func (v vodozemacInbound) Save() ([]byte, error)  { return v.g.Pickle(saveKey) }

type vodozemacAccount struct{ a peer.Account }

func (v vodozemacAccount) IdentityKeys() (string, string, error) { return v.a.IdentityKeys() }

func (v vodozemacAccount) Sign(message []byte) (string, error) { return v.a.Sign(message) }

func (v vodozemacAccount) GenerateOneTimeKeys(n int) error { return v.a.GenerateOneTimeKeys(n) }

func (v vodozemacAccount) OneTimeKeys() (map[string]string, error) { return v.a.OneTimeKeys() }

func (v vodozemacAccount) GenerateFallbackKey() error { return v.a.GenerateFallbackKey() }

func (v vodozemacAccount) FallbackKey() (map[string]string, error) { return v.a.FallbackKey() }

func (v vodozemacAccount) ForgetFallbackKey() error { return v.a.ForgetFallbackKey() }

func (v vodozemacAccount) MarkPublished() error { return v.a.MarkPublished() }

func (v vodozemacAccount) NewOutboundSession(identityKey, oneTimeKey string) (conformance.Session, error) {
	s, err := v.a.Outbound(identityKey, oneTimeKey)
	return vodozemacSession{s}, err
}

func (v vodozemacAccount) NewInboundSession(identityKey, body string) (conformance.Session, []byte, error) {
	s, plaintext, err := v.a.Inbound(identityKey, body)
	return vodozemacSession{s}, plaintext, err
}

type vodozemacSession struct{ s peer.Session }

func (v vodozemacSession) ID() (string, error)        { return v.s.ID() }
func (v vodozemacSession) HasReceived() (bool, error) { return v.s.HasReceived(), nil }

func (v vodozemacSession) Matches(identityKey, body string) (bool, error) {
	if identityKey == "" {
		sender, err := senderOf(body)
		if err != nil {
			return false, err
		}
		identityKey = sender
	}
	return v.s.Matches(identityKey, body)
}

func (v vodozemacSession) Encrypt(plaintext []byte) (int, string, error) {
	return v.s.Encrypt(plaintext)
}

func (v vodozemacSession) Decrypt(messageType int, body string) ([]byte, error) {
	return v.s.Decrypt(messageType, body)
}

type vodozemacOutbound struct{ g peer.OutboundGroup }

func (v vodozemacOutbound) ID() (string, error)                      { return v.g.ID() }
func (v vodozemacOutbound) Index() (uint32, error)                   { return v.g.Index(), nil }
func (v vodozemacOutbound) SessionKey() (string, error)              { return v.g.SessionKey() }
func (v vodozemacOutbound) Encrypt(plaintext []byte) (string, error) { return v.g.Encrypt(plaintext) }

type vodozemacInbound struct{ g peer.InboundGroup }

func (v vodozemacInbound) ID() (string, error)                 { return v.g.ID() }
func (v vodozemacInbound) FirstKnownIndex() (uint32, error)    { return v.g.FirstKnownIndex(), nil }
func (v vodozemacInbound) Verified() (bool, error)             { return v.g.Verified(), nil }
func (v vodozemacInbound) Export(index uint32) (string, error) { return v.g.Export(index) }

func (v vodozemacInbound) Decrypt(text string) ([]byte, uint32, error) { return v.g.Decrypt(text) }
