package libolm

// #include <olm/olm.h>
// #include <olm/pk.h>
import "C"

import "runtime"

// PkEncrypt is olm_pk_encrypt to a recipient's public key. The results are
// base64.
func PkEncrypt(recipient string, plaintext []byte) (ciphertext, mac, ephemeral string, err error) {
	owner := new(int64)
	defer runtime.KeepAlive(owner)
	e := C.olm_pk_encryption(allocate(owner, C.olm_pk_encryption_size()))
	k := scratch(recipient)
	if C.olm_pk_encryption_set_recipient_key(e, pointer(k), length(k)) == failed {
		return "", "", "", failure(C.olm_pk_encryption_last_error_code(e))
	}
	c := buffer(C.olm_pk_ciphertext_length(e, length(plaintext)))
	m := buffer(C.olm_pk_mac_length(e))
	p := buffer(C.olm_pk_key_length())
	r := random(C.olm_pk_encrypt_random_length(e))
	if C.olm_pk_encrypt(e, pointer(plaintext), length(plaintext), pointer(c), length(c),
		pointer(m), length(m), pointer(p), length(p), pointer(r), length(r)) == failed {
		return "", "", "", failure(C.olm_pk_encryption_last_error_code(e))
	}
	return string(c), string(m), string(p), nil
}

// PkDecryption is an OlmPkDecryption.
type PkDecryption struct{ c *C.OlmPkDecryption }

func blankPkDecryption() *PkDecryption {
	d := new(PkDecryption)
	d.c = C.olm_pk_decryption(allocate(d, C.olm_pk_decryption_size()))
	return d
}

func (d *PkDecryption) check(result C.size_t) error {
	defer runtime.KeepAlive(d)
	if result == failed {
		return failure(C.olm_pk_decryption_last_error_code(d.c))
	}
	return nil
}

// PkKeyFromPrivate is olm_pk_key_from_private; it returns the public key too.
func PkKeyFromPrivate(private []byte) (*PkDecryption, string, error) {
	d, out := blankPkDecryption(), buffer(C.olm_pk_key_length())
	err := d.check(C.olm_pk_key_from_private(d.c, pointer(out), length(out), pointer(private), length(private)))
	return d, string(out), err
}

// UnpicklePkDecryption is olm_unpickle_pk_decryption.
func UnpicklePkDecryption(pickle, key []byte) (*PkDecryption, string, error) {
	d, p, out := blankPkDecryption(), scratch(pickle), buffer(C.olm_pk_key_length())
	err := d.check(C.olm_unpickle_pk_decryption(d.c, pointer(key), length(key),
		pointer(p), length(p), pointer(out), length(out)))
	return d, string(out), err
}

// Pickle is olm_pickle_pk_decryption.
func (d *PkDecryption) Pickle(key []byte) ([]byte, error) {
	out := buffer(C.olm_pickle_pk_decryption_length(d.c))
	err := d.check(C.olm_pickle_pk_decryption(d.c, pointer(key), length(key), pointer(out), length(out)))
	return out, err
}

// Decrypt is olm_pk_decrypt.
func (d *PkDecryption) Decrypt(ciphertext, mac, ephemeral string) ([]byte, error) {
	c, m, e := scratch(ciphertext), scratch(mac), scratch(ephemeral)
	out := buffer(C.olm_pk_max_plaintext_length(d.c, length(c)))
	n := C.olm_pk_decrypt(d.c, pointer(e), length(e), pointer(m), length(m),
		pointer(c), length(c), pointer(out), length(out))
	if err := d.check(n); err != nil {
		return nil, err
	}
	return out[:n], nil
}

// PkSign returns the public key of a seed and its signature of a message:
// olm_pk_signing_key_from_seed and olm_pk_sign.
func PkSign(seed, message []byte) (public, signature string, err error) {
	owner := new(int64)
	defer runtime.KeepAlive(owner)
	s := C.olm_pk_signing(allocate(owner, C.olm_pk_signing_size()))
	p := buffer(C.olm_pk_signing_public_key_length())
	if C.olm_pk_signing_key_from_seed(s, pointer(p), length(p), pointer(seed), length(seed)) == failed {
		return "", "", failure(C.olm_pk_signing_last_error_code(s))
	}
	out := buffer(C.olm_pk_signature_length())
	if C.olm_pk_sign(s, bytePointer(message), length(message), bytePointer(out), length(out)) == failed {
		return "", "", failure(C.olm_pk_signing_last_error_code(s))
	}
	return string(p), string(out), nil
}

// Verify is olm_ed25519_verify.
func Verify(key string, message []byte, signature string) error {
	owner := new(int64)
	defer runtime.KeepAlive(owner)
	u := C.olm_utility(allocate(owner, C.olm_utility_size()))
	k, s := scratch(key), scratch(signature)
	if C.olm_ed25519_verify(u, pointer(k), length(k), pointer(message), length(message), pointer(s), length(s)) == failed {
		return failure(C.olm_utility_last_error_code(u))
	}
	return nil
}
