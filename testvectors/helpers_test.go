package testvectors_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/testvectors/conformance"
)

// The operations and recipes of this module's own files are written with these.

func as[T error](err error) (T, bool) { return errors.AsType[T](err) }

func checkKey(b []byte) { check(len(b) == 32, "%d bytes instead of 32", len(b)) }

// keepRandom returns a function that puts the present source of random bytes
// back.
func keepRandom() func() {
	reader := rand.Reader
	return func() { rand.Reader = reader }
}

// random runs f with these random bytes and demands that it takes all of them
// and no more. Tests that use it cannot be parallel.
func random[T any](bytes []byte, f func() T) T {
	var given conformance.CryptoRand
	ok(given.BeginRandom(bytes))
	v := f()
	ok(given.EndRandom())
	return v
}

// stateful is a value whose whole state can be seen.
type stateful interface {
	ExportLibolm(pickleKey []byte) ([]byte, error)
	Revision() uint64
}

// state returns the raw pickle of a value.
func state(s stateful) []byte {
	p, err := s.ExportLibolm(nil)
	if _, lossy := as[*olm.LossyPickleError](err); lossy {
		p, err = s.(interface{ ExportLibolmLossy([]byte) ([]byte, error) }).ExportLibolmLossy(nil)
	}
	ok(err)
	return unpickle(string(p), nil)
}

func unpickle(text string, key []byte) []byte {
	return must(libolm.Decrypt("pickle", []byte(text), key))
}

func identityText(a *olm.Account) string {
	k := a.IdentityKeys()
	return `{"curve25519":"` + k.Curve25519.String() + `","ed25519":"` + k.Ed25519.String() + `"}`
}

// keysText is libolm's text for one-time and fallback keys.
func keysText(list ...olm.OneTimeKey) string {
	var items []string
	for _, k := range list {
		items = append(items, `"`+k.ID.String()+`":"`+k.Key.String()+`"`)
	}
	return `{"curve25519":{` + strings.Join(items, ",") + `}}`
}

// oneTimeKeysText has the newest key first.
func oneTimeKeysText(a *olm.Account) string {
	var list []olm.OneTimeKey
	for _, k := range a.UnpublishedOneTimeKeys() {
		list = append([]olm.OneTimeKey{k}, list...)
	}
	return keysText(list...)
}

func fallbackText(a *olm.Account) string { return optionalKey(a.FallbackKey()) }

func optionalKey(k olm.OneTimeKey, there bool) string {
	if !there {
		return keysText()
	}
	return keysText(k)
}

func curve25519Of(a *olm.Account) keys.Curve25519 { return a.IdentityKeys().Curve25519 }

// newConversation returns a new session of Alice, and both accounts.
func newConversation() (a, b *olm.Account, s *olm.Session) {
	a, b = must(olm.GenerateAccount()), must(olm.GenerateAccount())
	must(b.GenerateOneTimeKeys(1))
	return a, b, must(a.NewOutboundSession(curve25519Of(b), b.UnpublishedOneTimeKeys()[0].Key))
}

func encrypt(s *olm.Session, plaintext, bytes []byte) olm.Message {
	return random(bytes, func() olm.Message { return must(s.Encrypt(plaintext)) })
}

// decryptsTo hands a message over as it goes over the wire.
func decryptsTo(s *olm.Session, m olm.Message, plaintext []byte) {
	got := must(s.Decrypt(must(olm.ParseMessage(m.Type(), m.Body()))))
	check(bytes.Equal(got, plaintext), "decrypts to %q", got)
}
