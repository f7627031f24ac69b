package pk

import "fmt"

// State returns the whole state of a key in plain, for comparison.
func (k *DecryptionKey) State() string {
	return fmt.Sprintf("%x %s %t", *k.held.private, k.public, k.live)
}

// Parsed says whether the key holds its parsed form.
func (k *DecryptionKey) Parsed() bool { return k.held.parsed != nil }

// State returns the whole state of a key in plain, for comparison.
func (k *SigningKey) State() string {
	return fmt.Sprintf("%x %x %s %t", *k.held.signing.Seed(), *k.held.signing.Expanded(), k.public, k.live)
}

// Buffers returns where the seed and the expanded key stand.
func (k *SigningKey) Buffers() (*[32]byte, *[64]byte) {
	return k.held.signing.Seed(), k.held.signing.Expanded()
}
