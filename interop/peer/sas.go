package peer

import (
	"encoding/base64"
	"errors"

	"github.com/chappe-e2ee/chappe/interop/libolm"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/sas"
)

// Verifier is an implementation that has SAS. goolm has not.
type Verifier interface {
	Implementation
	// NewSAS makes a key pair for one verification.
	NewSAS() (SAS, error)
}

// SAS is a key pair of one verification.
type SAS interface {
	PublicKey() string
	// Agree uses the key pair up.
	Agree(theirs string) (Agreed, error)
}

// The MACs of SAS.
const (
	MAC       = "MAC"        // hkdf-hmac-sha256.v2
	LegacyMAC = "legacy MAC" // hkdf-hmac-sha256
	LongMAC   = "long MAC"   // hmac-sha256
)

// Agreed is the secret of a verification. What an implementation does not have
// is errors.ErrUnsupported.
type Agreed interface {
	Bytes(info string, n int) ([]byte, error)
	Code(info string) (emoji [7]int, decimals [3]int, err error)
	MAC(method, input, info string) (string, error)
	Verify(method, input, info, mac string) error
}

// NewSAS implements [Verifier].
func (Chappe) NewSAS() (SAS, error) {
	k, err := sas.Generate()
	return chappeSAS{k}, err
}

type chappeSAS struct{ k *sas.KeyPair }

func (c chappeSAS) PublicKey() string { return c.k.PublicKey().String() }

func (c chappeSAS) Agree(theirs string) (Agreed, error) {
	key, err := keys.ParseCurve25519(theirs)
	if err != nil {
		return nil, err
	}
	e, err := c.k.Agree(key)
	return chappeAgreed{e}, err
}

type chappeAgreed struct{ e *sas.Established }

func (c chappeAgreed) Bytes(info string, n int) ([]byte, error) { return c.e.Bytes([]byte(info), n) }

func (c chappeAgreed) Code(info string) ([7]int, [3]int, error) {
	code, err := c.e.Code([]byte(info))
	return code.EmojiIndices(), code.Decimals(), err
}

func (c chappeAgreed) MAC(method, input, info string) (string, error) {
	f := map[string]func(input, info []byte) (string, error){
		MAC: c.e.MAC, LegacyMAC: c.e.LegacyMAC, LongMAC: c.e.LegacyLongMAC,
	}[method]
	return f([]byte(input), []byte(info))
}

func (c chappeAgreed) Verify(method, input, info, mac string) error {
	f := map[string]func(input, info []byte, mac string) error{
		MAC: c.e.VerifyMAC, LegacyMAC: c.e.VerifyLegacyMAC, LongMAC: c.e.VerifyLegacyLongMAC,
	}[method]
	return f([]byte(input), []byte(info), mac)
}

// NewSAS implements [Verifier].
func (Libolm) NewSAS() (SAS, error) {
	s, err := libolm.NewSAS()
	if err != nil {
		return nil, err
	}
	key, err := s.PublicKey()
	return libolmSAS{s, key}, err
}

type libolmSAS struct {
	s   *libolm.SAS
	key string
}

func (l libolmSAS) PublicKey() string { return l.key }

func (l libolmSAS) Agree(theirs string) (Agreed, error) {
	return libolmAgreed{l.s}, l.s.SetTheirKey(theirs)
}

type libolmAgreed struct{ s *libolm.SAS }

func (l libolmAgreed) Bytes(info string, n int) ([]byte, error) { return l.s.Bytes([]byte(info), n) }

func (l libolmAgreed) Code(string) (emoji [7]int, decimals [3]int, err error) {
	return emoji, decimals, errors.ErrUnsupported
}

func (l libolmAgreed) MAC(method, input, info string) (string, error) {
	f := map[string]func(input, info []byte) (string, error){
		MAC: l.s.MAC, LegacyMAC: l.s.LegacyMAC, LongMAC: l.s.LongMAC,
	}[method]
	return f([]byte(input), []byte(info))
}

func (l libolmAgreed) Verify(string, string, string, string) error { return errors.ErrUnsupported }

// NewSAS implements [Verifier].
func (Vodozemac) NewSAS() (SAS, error) {
	a, err := random(nil, "sas.new", nil)
	if err != nil {
		return nil, err
	}
	return &vodozemacSAS{newObject(a), a.Curve25519}, nil
}

type vodozemacSAS struct {
	*object
	key string
}

func (v *vodozemacSAS) PublicKey() string { return v.key }

func (v *vodozemacSAS) Agree(theirs string) (Agreed, error) {
	a, err := call(v.object, "sas.agree", request{"identity": theirs})
	if err != nil {
		return nil, err
	}
	return vodozemacAgreed{newObject(a)}, nil
}

type vodozemacAgreed struct{ *object }

func (v vodozemacAgreed) Bytes(info string, n int) ([]byte, error) {
	a, err := call(v.object, "sas.bytes", request{"info": info, "count": n})
	if err != nil {
		return nil, err
	}
	return base64.RawStdEncoding.DecodeString(a.Bytes)
}

func (v vodozemacAgreed) Code(info string) (emoji [7]int, decimals [3]int, err error) {
	a, err := call(v.object, "sas.code", request{"info": info})
	if err != nil {
		return emoji, decimals, err
	}
	return a.Emoji, a.Decimals, nil
}

func (v vodozemacAgreed) MAC(method, input, info string) (string, error) {
	op, there := map[string]string{MAC: "sas.mac", LegacyMAC: "sas.legacy mac"}[method]
	if !there {
		return "", errors.ErrUnsupported
	}
	a, err := call(v.object, op, request{"info": info, "message": input})
	if err != nil {
		return "", err
	}
	return a.Text, nil
}

func (v vodozemacAgreed) Verify(method, input, info, mac string) error {
	if method != MAC {
		return errors.ErrUnsupported
	}
	_, err := call(v.object, "sas.verify", request{"info": info, "message": input, "mac": mac})
	return err
}
