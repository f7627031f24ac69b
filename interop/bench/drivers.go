package main

import (
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/chappe-e2ee/chappe/interop/libolm"
	"maunium.net/go/mautrix/crypto/backup"
	"maunium.net/go/mautrix/crypto/goolm"
	mautrixlibolm "maunium.net/go/mautrix/crypto/libolm"
	"maunium.net/go/mautrix/crypto/signatures"
	"maunium.net/go/mautrix/id"
)

var raw = base64.RawStdEncoding

// withGoolm is goolm. It has no SAS and no box any more: mautrix does these by
// itself, over the standard library.
type withGoolm struct{ driver }

func newGoolm() library { return withGoolm{driverOf(goolm.Register)} }

func (withGoolm) verify(key, signature string, message []byte) {
	if !must(signatures.VerifySignature(message, id.Ed25519(key), must(raw.DecodeString(signature)))) {
		panic("wrong signature")
	}
}

func (withGoolm) verification(theirs string, info, macInfo, input []byte) ([]byte, string) {
	private := must(ecdh.X25519().GenerateKey(rand.Reader))
	public := must(ecdh.X25519().NewPublicKey(must(raw.DecodeString(theirs))))
	shared := must(private.ECDH(public))
	code := must(hkdf.Key(sha256.New, shared, nil, string(info), 6))
	mac := func() []byte {
		h := hmac.New(sha256.New, must(hkdf.Key(sha256.New, shared, nil, string(macInfo), 32)))
		h.Write(input)
		return h.Sum(nil)
	}
	text := raw.EncodeToString(mac())
	if !hmac.Equal(mac(), must(raw.DecodeString(text))) {
		panic("wrong MAC")
	}
	return code, text
}

func (withGoolm) boxEncrypt(recipient string, plaintext []byte) [3]string {
	public := must(ecdh.X25519().NewPublicKey(must(raw.DecodeString(recipient))))
	box := must(backup.EncryptSessionDataWithPubkey(public, json.RawMessage(plaintext)))
	return [3]string{raw.EncodeToString(box.Ciphertext), raw.EncodeToString(box.MAC), raw.EncodeToString(box.Ephemeral.Bytes())}
}

func (withGoolm) boxKey(private []byte) func([3]string) []byte {
	key := must(backup.MegolmBackupKeyFromBytes(private))
	return func(box [3]string) []byte {
		public := must(ecdh.X25519().NewPublicKey(must(raw.DecodeString(box[2]))))
		data := backup.EncryptedSessionData[json.RawMessage]{
			Ciphertext: must(raw.DecodeString(box[0])), MAC: must(raw.DecodeString(box[1])),
			Ephemeral: backup.EphemeralKey{PublicKey: public},
		}
		return *must(data.Decrypt(key))
	}
}

// withLibolm is libolm through mautrix's binding; what that lacks, through the
// one of this module.
type withLibolm struct{ driver }

func newLibolm() library { return withLibolm{driverOf(mautrixlibolm.Register)} }

func (withLibolm) verify(key, signature string, message []byte) {
	check(libolm.Verify(key, message, signature))
}

func (withLibolm) verification(theirs string, info, macInfo, input []byte) ([]byte, string) {
	s := must(libolm.NewSAS())
	check(s.SetTheirKey(theirs))
	code := must(s.Bytes(info, 6))
	mac := must(s.MAC(input, macInfo))
	if must(s.MAC(input, macInfo)) != mac {
		panic(errors.New("wrong MAC"))
	}
	return code, mac
}

func (withLibolm) boxEncrypt(recipient string, plaintext []byte) (box [3]string) {
	var err error
	box[0], box[1], box[2], err = libolm.PkEncrypt(recipient, plaintext)
	check(err)
	return box
}

func (withLibolm) boxKey(private []byte) func([3]string) []byte {
	key, _, err := libolm.PkKeyFromPrivate(private)
	check(err)
	return func(box [3]string) []byte { return must(key.Decrypt(box[0], box[1], box[2])) }
}
