package element

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/testvectors/conformance"
)

// Crypto is matrix-sdk-crypto-wasm behind the interfaces of the conformance
// suite, as far as it can answer. It is a machine that speaks in events: it has
// identity keys and signs texts, takes exported room keys and gives them out
// again, has the public-key box, and judges Curve25519 keys. It does not give out
// Olm sessions, session keys or plaintexts that are no events.
type Crypto struct{ made int }

// Name implements [conformance.Implementation].
func (*Crypto) Name() string { return "matrix-sdk-crypto" }

// cryptoClasses are the classes of an error that has this in its text.
var cryptoClasses = map[string]string{
	"Invalid symbol": "base64", "Invalid last symbol": "base64", "Invalid input length": "base64", "Invalid padding": "base64",
	"Invalid number of bytes": "key", "contributory": "key",
	"session key had a invalid version": "session-key",
	"MAC of the ciphertext":             "mac", "MAC tag mismatch": "mac",
}

// CryptoExceptions are the cases that it fails, each with what it says and why.
var CryptoExceptions = []conformance.Exception{
	{Cases: "keys/curve25519-base-point-as-p-plus-9", Says: "expected.accepted: is true", Reason: anyEncoding},
	{Cases: "keys/curve25519-largest", Says: "expected.accepted: is true", Reason: anyEncoding},
	{Cases: "keys/curve25519-top-bit", Says: "expected.accepted: is true", Reason: anyEncoding},
	{Cases: "libolm/pk/pk-decryption-pickle", Says: "expected.pickle_b64: is ,", Reason: "a decryption key has no pickle"},
}

const anyEncoding = "Curve25519 keys are taken modulo p, and without their highest bit"

// Classes implements [conformance.Implementation].
func (*Crypto) Classes(err error) (found []string) {
	for text, class := range cryptoClasses {
		if err != nil && strings.Contains(err.Error(), text) {
			found = append(found, class)
		}
	}
	return found
}

func (c *Crypto) machine(result any) (string, error) {
	c.made++
	name := fmt.Sprint("conformance", c.made)
	return name, theirs.call(name, "new", object{"user": hers, "device": herID}, result)
}

// NewAccount implements [conformance.Implementation].
func (c *Crypto) NewAccount() (conformance.Account, error) {
	a := new(cryptoAccount)
	var err error
	a.name, err = c.machine(&a.keys)
	return a, err
}

// NewOutboundGroup implements [conformance.Implementation].
func (*Crypto) NewOutboundGroup() (conformance.OutboundGroup, error) {
	return nil, errors.ErrUnsupported
}

// NewInboundGroup implements [conformance.Implementation].
func (*Crypto) NewInboundGroup(string) (conformance.InboundGroup, error) {
	return nil, errors.ErrUnsupported
}

// exportedKey is a room key as machines take and give it. That of the export
// says what its session id is.
type exportedKey struct {
	Algorithm  string            `json:"algorithm"`
	RoomID     string            `json:"room_id"`
	SenderKey  string            `json:"sender_key"`
	SessionID  string            `json:"session_id"`
	SessionKey string            `json:"session_key"`
	Claimed    map[string]string `json:"sender_claimed_keys"`
	Chain      []string          `json:"forwarding_curve25519_key_chain"`
}

// ImportInboundGroup implements [conformance.Implementation].
func (c *Crypto) ImportInboundGroup(export string) (conformance.InboundGroup, error) {
	raw, err := base64.RawStdEncoding.DecodeString(export)
	if err != nil || len(raw) < 32 {
		return nil, errors.ErrUnsupported // nothing that a session id is known of
	}
	var keys struct{ Curve25519, Ed25519 string }
	g := new(cryptoInbound)
	if g.name, err = c.machine(&keys); err != nil {
		return nil, err
	}
	g.id = base64.RawStdEncoding.EncodeToString(raw[len(raw)-32:])
	list, err := json.Marshal([]exportedKey{{
		Algorithm: megolm.V1.Algorithm(), RoomID: room, SenderKey: keys.Curve25519, SessionID: g.id, SessionKey: export,
		Claimed: map[string]string{"ed25519": keys.Ed25519}, Chain: []string{},
	}})
	if err != nil {
		return nil, err
	}
	var result struct{ Imported, Total int }
	if err := theirs.call(g.name, "importKeys", object{"keys": string(list)}, &result); err != nil {
		return nil, err
	}
	if result.Imported != 1 {
		return nil, errors.New("the room key was not imported")
	}
	return g, nil
}

type cryptoAccount struct {
	name string
	keys struct{ Curve25519, Ed25519 string }
}

func (a *cryptoAccount) IdentityKeys() (string, string, error) {
	return a.keys.Curve25519, a.keys.Ed25519, nil
}

func (a *cryptoAccount) Sign(message []byte) (string, error) {
	var signatures map[string]map[string]string
	err := theirs.call(a.name, "sign", object{"message": string(message)}, &signatures)
	return signatures[hers]["ed25519:"+herID], err
}

func (*cryptoAccount) GenerateOneTimeKeys(int) error           { return errors.ErrUnsupported }
func (*cryptoAccount) OneTimeKeys() (map[string]string, error) { return nil, errors.ErrUnsupported }
func (*cryptoAccount) GenerateFallbackKey() error              { return errors.ErrUnsupported }
func (*cryptoAccount) FallbackKey() (map[string]string, error) { return nil, errors.ErrUnsupported }
func (*cryptoAccount) ForgetFallbackKey() error                { return errors.ErrUnsupported }
func (*cryptoAccount) MarkPublished() error                    { return errors.ErrUnsupported }
func (*cryptoAccount) NewOutboundSession(_, _ string) (conformance.Session, error) {
	return nil, errors.ErrUnsupported
}
func (*cryptoAccount) NewInboundSession(_, _ string) (conformance.Session, []byte, error) {
	return nil, nil, errors.ErrUnsupported
}

type cryptoInbound struct{ name, id string }

func (g *cryptoInbound) exported() (exportedKey, error) {
	var text string
	if err := theirs.call(g.name, "exportKeys", nil, &text); err != nil {
		return exportedKey{}, err
	}
	var list []exportedKey
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return exportedKey{}, err
	}
	at := slices.IndexFunc(list, func(k exportedKey) bool { return k.SessionID == g.id })
	if at < 0 {
		return exportedKey{}, errors.New("the room key is not there")
	}
	return list[at], nil
}

func (g *cryptoInbound) ID() (string, error) {
	k, err := g.exported()
	return k.SessionID, err
}

func (g *cryptoInbound) FirstKnownIndex() (uint32, error) {
	k, err := g.exported()
	if err != nil {
		return 0, err
	}
	e, err := megolm.ParseExportedSession([]byte(k.SessionKey))
	if err != nil {
		return 0, err
	}
	return e.Index(), nil
}

func (*cryptoInbound) Verified() (bool, error) { return false, errors.ErrUnsupported }

// Export gives the session from its first index on, and from no other.
func (g *cryptoInbound) Export(index uint32) (string, error) {
	first, err := g.FirstKnownIndex()
	if err != nil {
		return "", err
	}
	if index != first {
		return "", errors.ErrUnsupported
	}
	k, err := g.exported()
	return k.SessionKey, err
}

func (*cryptoInbound) Decrypt(string) ([]byte, uint32, error) { return nil, 0, errors.ErrUnsupported }

// PKKey implements [conformance.PK]. There are no pickles.
func (*Crypto) PKKey(private, _ []byte) (public string, same, pickle []byte, err error) {
	var k struct {
		Public  string
		Private []byte
	}
	err = theirs.call("", "pkKey", object{"private": base64.RawStdEncoding.EncodeToString(private)}, &k)
	return k.Public, k.Private, nil, err
}

// PKUnpickle implements [conformance.PK].
func (*Crypto) PKUnpickle(_, _ []byte) ([]byte, error) { return nil, errors.ErrUnsupported }

// PKEncrypt implements [conformance.PK].
func (*Crypto) PKEncrypt(public string, plaintext []byte) (ciphertext, mac, ephemeral string, err error) {
	var b struct{ Ciphertext, MAC, Ephemeral string }
	err = theirs.call("", "pkEncrypt", object{"public": public, "data": plaintext}, &b)
	return b.Ciphertext, b.MAC, b.Ephemeral, err
}

// PKDecrypt implements [conformance.PK].
func (*Crypto) PKDecrypt(private []byte, ciphertext, mac, ephemeral string) (plaintext []byte, err error) {
	err = theirs.call("", "pkDecrypt", object{
		"private": base64.RawStdEncoding.EncodeToString(private), "ciphertext": ciphertext, "mac": mac, "ephemeral": ephemeral,
	}, &plaintext)
	return plaintext, err
}

// PKSign implements [conformance.PK].
func (*Crypto) PKSign(_, _ []byte) (public, signature string, err error) {
	return "", "", errors.ErrUnsupported
}

// CheckCurve25519 implements [conformance.PublicKeys]. A key is judged when it is
// used: a box is made for it.
func (c *Crypto) CheckCurve25519(key string) error {
	_, _, _, err := c.PKEncrypt(key, []byte("text"))
	return err
}

// CheckEd25519 implements [conformance.PublicKeys].
func (*Crypto) CheckEd25519(string) error { return errors.ErrUnsupported }
