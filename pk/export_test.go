package pk

import "fmt"

// State returns the whole state of a key in plain, for comparison.
func (k *DecryptionKey) State() []byte {
	return fmt.Appendf(nil, "%x %s %t", k.Secrets(), k.public, k.live)
}

// Secrets returns what no error may show.
func (k *DecryptionKey) Secrets() [][]byte {
	if k.held == nil {
		return nil
	}
	return [][]byte{k.held.private[:]}
}

// Parsed says whether the key holds its parsed form.
func (k *DecryptionKey) Parsed() bool { return k.held.parsed != nil }

// State returns the whole state of a key in plain, for comparison.
func (k *SigningKey) State() []byte {
	return fmt.Appendf(nil, "%x %s %t", k.Secrets(), k.public, k.live)
}

// Secrets returns what no error may show.
func (k *SigningKey) Secrets() [][]byte {
	if k.held == nil {
		return nil
	}
	list := [][]byte{k.held.signing.Expanded()[:]}
	if seed := k.held.signing.Seed(); seed != nil {
		list = append(list, seed[:])
	}
	return list
}

// Buffers returns where the seed and the expanded key stand.
func (k *SigningKey) Buffers() (*[32]byte, *[64]byte) {
	return k.held.signing.Seed(), k.held.signing.Expanded()
}
