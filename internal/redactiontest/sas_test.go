package redactiontest_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"

	"github.com/chappe-e2ee/chappe/sas"
)

// pairOf returns the key pair of a private key.
func pairOf(private []byte) *sas.KeyPair {
	before := rand.Reader
	rand.Reader = bytes.NewReader(private)
	defer func() { rand.Reader = before }()
	return must(sas.Generate())
}

func sasSamples(r *recorder) []sample {
	secret, other := make32(31), must(sas.Generate()).PublicKey()
	pair := pairOf(secret)
	established := must(pairOf(secret).Agree(other))
	shared := must(must(ecdh.X25519().NewPrivateKey(secret)).ECDH(must(ecdh.X25519().NewPublicKey(other.Bytes()))))
	a, secrets := comparison(r)
	return append(public(
		sas.Accepter{}, sas.Code{}, sas.EmojiTable()[0], sas.Info{}, sas.MACInfo{}, sas.Method{}, sas.Receiver{}, sas.Sender{}, sas.Starter{},
	),
		holds(pair, secret), holds(established, secret, shared), holds(*a.shown, secrets...))
}
