package main

import (
	"crypto/ecdh"
	"strings"

	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/sas"
)

func boxOperations() []operation {
	return []operation{
		{name: "PKEncrypt", make: boxEncrypt, parts: []part{
			{random32, 0, 1}, {parsePrivate, 0, 1}, {agree, 0, 1}, {hkdf80of32, 0, 1}, {aesCBC, 0, 1},
			{cbcEncrypt, 512, 1}, {hmacSum, 0, 1}, {encode64, 512, 1}, {encode64, 8, 1}, {encode64, 32, 1},
		}},
		{name: "PKDecrypt", make: boxDecrypt, parts: []part{
			{decode64, 512, 1}, {decode64, 8, 1}, {decode64, 32, 1}, {checkPublic, 0, 1}, {agree, 0, 1},
			{hkdf80of32, 0, 1}, {hmacSum, 0, 1}, {aesCBC, 0, 1}, {cbcDecrypt, 512, 1},
		}},
		{name: "SAS", make: verification, parts: []part{
			{random32, 0, 1}, {parsePrivate, 0, 1}, {agree, 0, 1}, {step, 0, 3}, {hmacSum, 151, 3}, {hmacSum, 43, 2},
			{encodeCT, 32, 1}, {decodeCT, 32, 1},
		}},
	}
}

// boxPlaintext is of the length of a backed-up room key.
func boxPlaintext() []byte { return random(500) }

func boxEncrypt() pair {
	recipient := must(pk.GenerateDecryptionKey()).PublicKey()
	public, plaintext := recipient.Bytes(), boxPlaintext()
	var texts, floorTexts [3]string
	join := func(texts *[3]string) []byte { return []byte(strings.Join(texts[:], " ")) }
	return pair{
		library: side{
			run: func(int) {
				texts[0], texts[1], texts[2] = must(pk.Encrypt(recipient, plaintext)).Text()
			},
			result: func() []byte { return join(&texts) },
		},
		floor: side{
			run: func(int) {
				ciphertext, mac, ephemeral, err := floorBoxEncrypt(public, plaintext)
				check(err)
				floorTexts = [3]string{string(ciphertext), string(mac), string(ephemeral)}
			},
			result: func() []byte { return join(&floorTexts) },
		},
	}
}

// boxDecrypt is with a key that has decrypted before, as in restoring a backup.
func boxDecrypt() pair {
	key := must(pk.GenerateDecryptionKey())
	m := must(pk.Encrypt(key.PublicKey(), boxPlaintext()))
	ciphertext, mac, ephemeral := m.Text()
	must(key.Decrypt(m))
	private := must(key.Secret())
	parsed := must(ecdh.X25519().NewPrivateKey(private[:]))
	var plaintext, floorPlaintext []byte
	return pair{
		library: side{
			run:    func(int) { plaintext = must(key.Decrypt(must(pk.ParseMessage(ciphertext, mac, ephemeral)))) },
			result: func() []byte { return plaintext },
		},
		floor: side{
			run:    func(int) { floorPlaintext = must(floorBoxDecrypt(parsed, ciphertext, mac, ephemeral)) },
			result: func() []byte { return floorPlaintext },
		},
	}
}

// verification makes a key pair, agrees, and gives the code and the MAC of one
// key; it verifies the MAC too, as the other side does.
func verification() pair {
	theirs := must(sas.Generate()).PublicKey()
	public := theirs.Bytes()
	info, macInfo, input := random(150), random(140), []byte(theirs.String())
	var code sas.Code
	var floorCode [6]byte
	var mac string
	var floorMAC []byte
	return pair{
		library: side{
			run: func(int) {
				pair := must(sas.Generate())
				e := must(pair.Agree(theirs))
				code = must(e.Code(info))
				mac = must(e.MAC(input, macInfo))
				check(e.VerifyMAC(input, macInfo, mac))
			},
			result: func() []byte { return append([]byte(mac), code[:]...) },
		},
		floor: side{
			run: func(int) {
				var err error
				floorCode, floorMAC, err = floorVerification(public, info, macInfo, input)
				check(err)
			},
			result: func() []byte { return append(floorMAC, floorCode[:]...) },
		},
	}
}
