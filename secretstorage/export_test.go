package secretstorage

import "fmt"

// State returns the whole state of a key in plain, for comparison.
func (k *Key) State() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return fmt.Appendf(nil, "%x %q %d %t %t", k.buffer(), k.pbkdf2.Salt, k.pbkdf2.Iterations, k.confirmed, k.live)
}

// Secrets returns what no error may show.
func (k *Key) Secrets() [][]byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return [][]byte{k.buffer()}
}

func (k *Key) buffer() []byte {
	if k.held == nil {
		return nil
	}
	return k.held.b[:]
}

// Buffer returns where the key stands.
func (k *Key) Buffer() *[KeySize]byte { return k.held.b }

// Buffer returns where the key stands.
func (p *PrivateKey) Buffer() *[PrivateKeySize]byte { return p.held.b }

// SealAny is Seal without the rules on names and lengths.
func (k *Key) SealAny(name string, plaintext []byte) Sealed {
	s, err := k.derive(name)
	if err != nil {
		panic(err)
	}
	sealed := Sealed{IV: newIV(), Ciphertext: make([]byte, len(plaintext))}
	s.crypt(sealed.Ciphertext, plaintext, &sealed.IV)
	sealed.MAC = s.mac(sealed.Ciphertext)
	return sealed
}

// EncodeBase58 is encodeBase58.
func EncodeBase58(b [base58Bytes]byte) string {
	symbols := [base58Symbols]byte{0: 1, base58Symbols - 1: 57} // which does not matter
	encodeBase58(&symbols, &b)
	return string(symbols[:])
}

// DecodeBase58 is decodeBase58.
func DecodeBase58(text [base58Symbols]byte) (b [base58Bytes]byte, ok bool) {
	b = [base58Bytes]byte{0: 1, base58Bytes - 1: 255} // which does not matter
	symbols, fits := decodeBase58(&b, &text)
	return b, symbols && fits
}

// Base58Symbol and Base58Value are what they are named after.
var (
	Base58Symbol = base58Symbol
	Base58Value  = base58Value
)
