//go:build linux && !race && !386

package memscan

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	cryptorand "crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"math/big"
	"math/rand/v2"
	"slices"
)

// The secrets are computed here with the standard library, from the
// specification, in another process than the one that is looked through.

func random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

func private(b []byte) *ecdh.PrivateKey { return must(ecdh.X25519().NewPrivateKey(b)) }

func public(b []byte) []byte { return private(b).PublicKey().Bytes() }

func agree(a, b []byte) []byte { return must(private(a).ECDH(private(b).PublicKey())) }

func expand(ikm, salt []byte, info string, n int) []byte {
	return must(hkdf.Key(sha256.New, ikm, salt, info, n))
}

func mac(key []byte, message ...byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

// drawing calls f, for which crypto/rand returns b.
func drawing(b []byte, f func()) {
	before := cryptorand.Reader
	defer func() { cryptorand.Reader = before }()
	cryptorand.Reader = bytes.NewReader(b)
	f()
}

// padded is an HMAC key as hmac holds it.
func padded(key []byte, pad byte) []byte {
	b := slices.Clone(key)
	for i := range b {
		b[i] ^= pad
	}
	return b
}

func (tr *trial) addKey(at where, name string, key []byte) {
	tr.add(at, name, key)
	tr.add(at, name+", padded for HMAC", padded(key, 0x36))
	tr.add(at, name+", padded for HMAC outside", padded(key, 0x5c))
}

// addCipher adds the keys that Olm and Megolm messages are encrypted with.
func (tr *trial) addCipher(okm []byte) {
	tr.add(library, "AES key, also the start of its schedule", okm[:32])
	tr.add(used, "MAC key", okm[32:64])
	tr.add(used, "MAC key, padded", padded(okm[32:64], 0x36))
	tr.add(library, "IV", okm[64:80])
}

func (tr *trial) addSigning(seed []byte) {
	tr.add(held, "Ed25519 seed", seed)
	tr.addExpanded(seed)
}

func (tr *trial) addExpanded(seed []byte) {
	digest := sha512.Sum512(seed)
	tr.add(used, "Ed25519 scalar, as edwards25519 has it", montgomery(digest[:32]))
	digest[0] &= 248
	digest[31] = digest[31]&63 | 64
	tr.add(held, "Ed25519 scalar", digest[:32])
	tr.add(held, "Ed25519 prefix", digest[32:])
}

// groupOrder is that of Ed25519's group (RFC 8032, section 5.1).
var groupOrder, _ = new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)

// montgomery is a private key as edwards25519 computes with it: clamped, times
// 2^256, modulo the order of the group.
func montgomery(private []byte) []byte {
	b := slices.Clone(private)
	b[0] &= 248
	b[31] = b[31]&63 | 64
	slices.Reverse(b)
	k := new(big.Int).SetBytes(b)
	k.Lsh(k, 256).Mod(k, groupOrder).FillBytes(b)
	slices.Reverse(b)
	return b
}

func trials() []trial {
	return slices.Concat([]trial{control(), account(), session(), megolmOut(), megolmIn(), decryption(), encryption(), signing(),
		established(), storage(), crossSigning(), file(), sealing()}, olmTrials(), pickleTrials(), fileTrials(), storedTrials())
}

func control() trial {
	tr := trial{name: "control", secrets: map[string][]byte{"key": random(32)}}
	tr.add(held, "a copy that nobody wipes", tr.secrets["key"])
	return tr
}

func account() trial {
	tr := trial{name: "olm.Account", random: random(96)}
	tr.addSigning(tr.random[:32])
	tr.add(held, "Curve25519 key", tr.random[32:64])
	tr.add(held, "one-time key", tr.random[64:96])
	return tr
}

func session() trial {
	identity, oneTime := random(32), random(32)
	tr := trial{name: "olm.Session", random: random(128), public: map[string][]byte{"identity": public(identity), "one-time": public(oneTime)}}
	own, base, ratchet := tr.random[32:64], tr.random[64:96], tr.random[96:]
	shared := [][]byte{agree(own, oneTime), agree(base, identity), agree(base, oneTime)}
	root := expand(bytes.Join(shared, nil), nil, "OLM_ROOT", 64)
	chain1 := mac(root[32:], 2)
	tr.add(held, "root key", root[:32])
	tr.add(held, "ratchet key", ratchet)
	tr.add(held, "chain key 2", mac(chain1, 2))
	tr.add(both, "identity key", own)
	tr.add(library, "base key", base)
	for i, name := range []string{"first", "second", "third"} {
		tr.add(used, name+" agreement", shared[i])
	}
	tr.addKey(used, "chain key 0", root[32:])
	tr.addKey(used, "chain key 1", chain1)
	tr.addKey(used, "message key 0", mac(root[32:], 1))
	tr.addKey(used, "message key 1", mac(chain1, 1))
	tr.addCipher(expand(mac(chain1, 1), nil, "OLM_KEYS", 80))
	return tr
}

func megolmOut() trial {
	tr := trial{name: "megolm.OutboundSession", random: random(160)}
	ratchet := slices.Clone(tr.random[:128])
	for i, name := range []string{"R0", "R1", "R2"} {
		tr.add(held, name, ratchet[32*i:])
	}
	at1 := slices.Concat(ratchet[:96], mac(ratchet[96:], 3))
	tr.addKey(used, "R3 at index 0", ratchet[96:])
	tr.addKey(used, "R3 at index 1", at1[96:])
	tr.add(held, "R3 at index 2", mac(at1[96:], 3))
	tr.addSigning(tr.random[128:])
	tr.addCipher(expand(at1, nil, "MEGOLM_KEYS", 80))
	return tr
}

func megolmIn() trial {
	tr := trial{name: "megolm.InboundSession"}
	ratchet, signer := random(128), ed25519.NewKeyFromSeed(random(32))
	key := slices.Concat([]byte{2, 0, 0, 0, 0}, ratchet, signer.Public().(ed25519.PublicKey))
	key = append(key, ed25519.Sign(signer, key)...)
	text := []byte(base64.RawStdEncoding.EncodeToString(key))
	at3 := mac(mac(mac(ratchet[96:], 3), 3), 3)
	okm := expand(slices.Concat(ratchet[:96], at3), nil, "MEGOLM_KEYS", 80)
	message := slices.Concat([]byte{3, 8, 3, 0x12, 16}, cbc(okm, []byte("hello")))
	message = append(message, mac(okm[32:64], message...)[:8]...)
	message = append(message, ed25519.Sign(signer, message)...)
	tr.secrets, tr.public = map[string][]byte{"session key": text}, map[string][]byte{"message": message}
	for i, name := range []string{"R0", "R1", "R2", "R3 at index 0"} {
		tr.add(held, name, ratchet[32*i:])
	}
	tr.add(used, "session key in base64", text[8:])
	tr.addKey(used, "R3 at index 1", mac(ratchet[96:], 3))
	tr.add(held, "R3 at index 3", at3)
	tr.addCipher(okm)
	return tr
}

// cbc encrypts less than a block.
func cbc(okm, plaintext []byte) []byte {
	pad := aes.BlockSize - len(plaintext)
	b := append(slices.Clone(plaintext), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(must(aes.NewCipher(okm[:32])), okm[64:80]).CryptBlocks(b, b)
	return b
}

func decryption() trial {
	key, ephemeral := random(32), random(32)
	shared := agree(key, ephemeral)
	okm := expand(shared, nil, "", 80)
	text := func(b []byte) []byte { return []byte(base64.RawStdEncoding.EncodeToString(b)) }
	tr := trial{name: "pk.DecryptionKey", secrets: map[string][]byte{"key": key}, public: map[string][]byte{
		"ciphertext": text(cbc(okm, []byte("hello"))), "mac": text(mac(okm[32:64])[:8]), "ephemeral": text(public(ephemeral)),
	}}
	tr.add(both, "Curve25519 key", key)
	tr.add(used, "agreement", shared)
	tr.addCipher(okm)
	return tr
}

func encryption() trial {
	recipient := random(32)
	tr := trial{name: "pk.Encrypt", random: random(32), public: map[string][]byte{"recipient": public(recipient)}}
	shared := agree(tr.random, recipient)
	tr.add(library, "ephemeral key", tr.random)
	tr.add(used, "agreement", shared)
	tr.addCipher(expand(shared, nil, "", 80))
	return tr
}

func signing() trial {
	tr := trial{name: "pk.SigningKey", random: random(32)}
	tr.addSigning(tr.random)
	return tr
}

func established() trial {
	theirs := random(32)
	tr := trial{name: "sas.Established", random: random(32), public: map[string][]byte{"theirs": public(theirs)}}
	shared := agree(tr.random, theirs)
	tr.add(library, "Curve25519 key", tr.random)
	tr.add(both, "agreement", shared)
	macKey := expand(shared, nil, "info", 32)
	tr.add(library, "MAC key", macKey)
	tr.add(library, "MAC key, padded for HMAC", padded(macKey, 0x36))
	tr.add(library, "code", expand(shared, nil, "info", 16))
	return tr
}

func storage() trial {
	tr := trial{name: "secretstorage.Key", random: random(32), secrets: map[string][]byte{"key": random(32)}}
	key := tr.secrets["key"]
	okm := expand(key, make([]byte, 32), "m.cross_signing.master", 64)
	tr.add(both, "key", key)
	tr.add(library, "AES key, also the start of its schedule", okm[:32])
	tr.add(library, "MAC key", okm[32:])
	tr.add(library, "MAC key, padded for HMAC", padded(okm[32:], 0x36))
	return tr
}

func crossSigning() trial {
	tr := trial{name: "crosssigning.PrivateKeys", random: random(96)}
	for seed := range slices.Chunk(tr.random, 32) {
		tr.addSigning(seed)
	}
	return tr
}

func file() trial {
	tr := trial{name: "attachment.EncryptReader", random: random(40)}
	tr.add(both, "AES key, also the start of its schedule", tr.random[:32])
	return tr
}

func sealing() trial {
	tr := trial{name: "keys.SealKey", random: random(64 + 32 + 64)}
	tr.add(both, "key", tr.random[64:96])
	tr.add(held, "Ed25519 seed", tr.random[:32])
	derived := expand(tr.random[64:96], tr.random[96:128], "chappe seal 1 olm account", 32)
	tr.add(library, "derived AES key, also the start of its schedule", derived)
	return tr
}

func encode(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }
