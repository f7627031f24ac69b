package main

import (
	"bytes"
	"encoding/json"
	"sync"

	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/sas"
)

func boxOperations() []operation {
	return []operation{
		{name: "PKEncrypt", class: curve, make: boxEncrypt},
		{name: "PKDecrypt", class: curve, make: boxDecrypt},
		{name: "SAS", class: curve, make: verification},
	}
}

// boxPlaintext is of the length of a backed-up room key, and JSON: mautrix's
// box takes nothing else.
func boxPlaintext() []byte {
	return append(append([]byte{'"'}, bytes.Repeat([]byte{'a'}, 498)...), '"')
}

// backupTexts returns the private key of a backup, and an entry of it.
var backupTexts = sync.OnceValue(func() []string {
	key := must(pk.GenerateDecryptionKey())
	private := must(key.Secret())
	export := chappe{}.newInbound(chappe{}.newOutbound().key()).export(0)
	entry := map[string]any{
		"algorithm": "m.megolm.v1.aes-sha2", "forwarding_curve25519_key_chain": []string{},
		"sender_claimed_keys": map[string]string{"ed25519": key.PublicKey().String()},
		"sender_key":          key.PublicKey().String(), "session_key": string(export),
	}
	box := chappe{}.boxEncrypt(key.PublicKey().String(), must(json.Marshal(entry)))
	return append([]string{raw.EncodeToString(private[:])}, box[:]...)
})

func boxEncrypt(l library) task {
	key := must(pk.GenerateDecryptionKey())
	recipient, plaintext := key.PublicKey().String(), boxPlaintext()
	var box [3]string
	return task{
		run: func(int) { box = l.boxEncrypt(recipient, plaintext) },
		check: func() error {
			got, err := key.Decrypt(must(pk.ParseMessage(box[0], box[1], box[2])))
			check(err)
			return equal(got, plaintext)
		},
	}
}

func boxDecrypt(l library) task {
	key := must(pk.GenerateDecryptionKey())
	private := must(key.Secret())
	decrypt := l.boxKey(private[:])
	box := chappe{}.boxEncrypt(key.PublicKey().String(), boxPlaintext())
	var plaintext []byte
	return task{
		run:   func(int) { plaintext = decrypt(box) },
		check: func() error { return equal(plaintext, boxPlaintext()) },
	}
}

// verification has to check nothing further: [library.verification] does.
func verification(l library) task {
	theirs := must(sas.Generate()).PublicKey().String()
	info, macInfo := bytes.Repeat([]byte{'i'}, 150), bytes.Repeat([]byte{'m'}, 140)
	var code []byte
	var mac string
	return task{
		run:   func(int) { code, mac = l.verification(theirs, info, macInfo, []byte(theirs)) },
		check: func() error { return expect(len(code) == 6 && len(mac) == 43) },
	}
}
