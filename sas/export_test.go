package sas

import "fmt"

// State returns the whole state of a key pair in plain, for comparison.
func (k *KeyPair) State() string {
	return fmt.Sprintf("%x %s %t %t", *k.held.b, k.public, k.used, k.live)
}

// State returns the whole state in plain, for comparison.
func (e *Established) State() string {
	return fmt.Sprintf("%x %s %s %t", *e.held.b, e.ours, e.theirs, e.live)
}

// LegacyEncode is the faulty base64.
func LegacyEncode(sum [32]byte) string {
	b := legacyEncode(sum)
	return string(b[:])
}
