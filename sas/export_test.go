package sas

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/verification"
)

// State returns the whole state of a key pair in plain, for comparison.
func (k *KeyPair) State() string {
	return fmt.Sprintf("%x %s %t %t", k.Secrets(), k.public, k.used, k.live)
}

// State returns the whole state in plain, for comparison.
func (e *Established) State() string {
	return fmt.Sprintf("%x %s %s %t", e.Secrets(), e.ours, e.theirs, e.live)
}

// Secrets returns the buffer of the private key, if there is one.
func (k *KeyPair) Secrets() [][]byte {
	if k.held == nil {
		return nil
	}
	return [][]byte{k.held.b[:]}
}

// Secrets returns the buffer of the shared secret, if there is one.
func (e *Established) Secrets() [][]byte {
	if e.held == nil {
		return nil
	}
	return [][]byte{e.held.b[:]}
}

// LegacyEncode is the faulty base64.
func LegacyEncode(sum [32]byte) string {
	b := legacyEncode(sum)
	return string(b[:])
}

// Secrets returns the buffers of an exchange that hold its secrets.
func Secrets(v verification.Exchange) (buffers [][]byte) {
	e := v.(*exchange)
	if e.pair != nil {
		buffers = append(buffers, e.pair.Secrets()...)
	}
	if e.established != nil {
		buffers = append(buffers, e.established.Secrets()...)
	}
	return buffers
}

// ExchangeState returns the whole state of an exchange in plain, for comparison.
func ExchangeState(v verification.Exchange) string {
	e := v.(*exchange)
	s := fmt.Sprintf("%d %t %q %t %t %q %v", e.state, e.starter, e.mac, e.emoji, e.decimals, e.commitment, e.held)
	if e.pair != nil {
		s += e.pair.State()
	}
	if e.established != nil {
		s += e.established.State()
	}
	return s
}

// ExchangeKey returns the public key of an exchange.
func ExchangeKey(v verification.Exchange) string { return v.(*exchange).pair.PublicKey().String() }
