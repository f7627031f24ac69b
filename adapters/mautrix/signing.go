package mautrixolm

import (
	"encoding/json"
	"fmt"

	mautrix "maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/id"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/pk"
)

// signing is mautrix's PKSigning.
type signing struct {
	secret.Redacted
	k *pk.SigningKey
}

func newSigning() (mautrix.PKSigning, error) { return &signing{k: pk.GenerateSigningKey()}, nil }

func signingFromSeed(seed []byte) (mautrix.PKSigning, error) {
	if len(seed) == 0 {
		return nil, mautrix.ErrEmptyInput
	}
	k, err := pk.NewSigningKey(seed)
	return unless[mautrix.PKSigning](&signing{k: k}, ofKey.convert(err))
}

// Seed returns a copy.
func (s *signing) Seed() []byte {
	seed, err := s.k.Secret()
	if err != nil {
		return nil
	}
	return seed[:]
}

func (s *signing) PublicKey() id.Ed25519 { return id.Ed25519(s.k.PublicKey().String()) }

func (s *signing) Sign(message []byte) ([]byte, error) {
	signature, err := s.k.Sign(message)
	if err != nil {
		return nil, err
	}
	return signature.MarshalText()
}

// SignJSON signs the canonical form of an object, without its signatures and
// unsigned members (specification, appendices, "Signing JSON").
func (s *signing) SignJSON(obj any) (string, error) {
	text, err := json.Marshal(obj)
	if err != nil {
		return "", fmt.Errorf("mautrixolm: object to sign: %w", err)
	}
	v, err := canonicaljson.Parse(text)
	if err != nil {
		return "", fmt.Errorf("mautrixolm: object to sign: %w", err)
	}
	if !v.IsObject() {
		return "", mautrix.ErrBadInput
	}
	signature, err := s.Sign(v.AppendWithout(nil, "signatures", "unsigned"))
	return string(signature), err
}
