package main

import (
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// stored is what accounts and sessions have in common.
type stored interface {
	Seal(key keys.SealKey, context []byte) ([]byte, error)
	ExportLibolm(pickleKey []byte) ([]byte, error)
}

// account100 has 100 one-time keys.
func account100() *olm.Account { return newAccount(100) }

// sessionOfThree has a sender chain and two receiver chains.
func sessionOfThree() *olm.Session {
	alice, bob := conversation()
	must(alice.Decrypt(must(bob.Encrypt(nil))))
	must(alice.Encrypt(nil))
	return alice
}

// advancedInbound has two ratchets.
func advancedInbound() *megolm.InboundSession {
	s := megolm.NewOutboundSession()
	fresh, _ := recipients(s)
	in := fresh()
	for range 2 {
		must(in.Decrypt(must(s.Encrypt(nil))))
	}
	return in
}

// inFormOf returns a reader's result as a stored value.
func inFormOf[T stored](f func(b, key []byte) (T, error)) func(b, key []byte) (stored, error) {
	return func(b, key []byte) (stored, error) { return f(b, key) }
}

func pickleOperations() []operation {
	forms := []struct {
		name      string
		value     func() stored
		read      func(pickle, key []byte) (stored, error)
		checkKeys func([]byte) error
		size      int
		checks    []part
	}{
		{"Account100", func() stored { return account100() }, inFormOf(olm.ImportLibolmAccount), checkAccountPickle, 7077,
			[]part{{expandedKey, 0, 1}, {strictKey, 0, 1}, {tablePublic, 0, 1}, {checkPublic, 0, 101}}},
		{"Session", func() stored { return sessionOfThree() }, inFormOf(olm.ImportLibolmSession), checkSessionPickle, 381,
			[]part{{checkPublic, 0, 6}}},
		{"IGS", func() stored { return advancedInbound() }, inFormOf(megolm.ImportLibolmInboundSession), checkGroupPickle, 301,
			[]part{{strictKey, 0, 1}}},
	}
	var list []operation
	for _, form := range forms {
		n := paddedLen(form.size)
		list = append(list,
			operation{
				name: "Pickle" + form.name, make: func() pair { return pickle(form.value()) },
				parts: []part{{hkdf80of32, 0, 1}, {aesCBC, 0, 1}, {cbcEncrypt, n, 1}, {hmacSum, n, 1}, {encode64, n + 8, 1}},
			},
			operation{
				name: "Unpickle" + form.name, make: func() pair { return unpickle(form.value(), form.read, form.checkKeys) },
				parts: append([]part{{decode64, n + 8, 1}, {hkdf80of32, 0, 1}, {hmacSum, n, 1}, {aesCBC, 0, 1}, {cbcDecrypt, n, 1}},
					form.checks...),
			})
	}
	return list
}

func pickle(v stored) pair {
	plaintext := must(libolm.Decrypt("pickle", must(v.ExportLibolm(pickleKey)), pickleKey))
	var text, floorText []byte
	return pair{
		library: side{
			run:    func(int) { text = must(v.ExportLibolm(pickleKey)) },
			result: func() []byte { return text },
		},
		floor: side{
			run:    func(int) { floorText = floorPickle(plaintext) },
			result: func() []byte { return floorText },
		},
	}
}

func unpickle(v stored, read func(pickle, key []byte) (stored, error), checkKeys func([]byte) error) pair {
	text := must(v.ExportLibolm(pickleKey))
	floorText := string(text)
	var plaintext []byte
	return pair{
		library: side{
			run:    func(int) { v = must(read(text, pickleKey)) },
			result: func() []byte { return must(v.ExportLibolm(pickleKey)) },
		},
		floor: side{
			run:    func(int) { plaintext = must(floorUnpickle(floorText, checkKeys)) },
			result: func() []byte { return floorPickle(plaintext) },
		},
	}
}

func sealOperations() []operation {
	forms := []struct {
		name      string
		kind      seal.Kind
		label     string
		value     func() stored
		open      func(sealed []byte, key keys.SealKey, context []byte) (stored, error)
		checkKeys func([]byte) error
		size      int
		checks    []part
	}{
		{"Account100", seal.OlmAccount, "chappe seal 1 olm account", func() stored { return account100() },
			opened(olm.OpenAccount), checkAccountState, 7050, []part{{seedKey, 0, 1}, {strictKey, 0, 1}, {checkPublic, 0, 101}}},
		{"Session", seal.OlmSession, "chappe seal 1 olm session", func() stored { return sessionOfThree() },
			opened(olm.OpenSession), checkSessionState, 400, []part{{checkPublic, 0, 6}}},
		{"OGS", seal.MegolmOutbound, "chappe seal 1 megolm outbound", func() stored { return megolm.NewOutboundSession() },
			opened(megolm.OpenOutboundSession), checkOutboundState, 207, []part{{seedKey, 0, 1}, {strictKey, 0, 1}}},
		{"IGS", seal.MegolmInbound, "chappe seal 1 megolm inbound", func() stored { return advancedInbound() },
			opened(megolm.OpenInboundSession), checkInboundState, 308, []part{{strictKey, 0, 1}}},
	}
	var list []operation
	for _, form := range forms {
		kind := byte(form.kind)
		list = append(list,
			operation{
				name: "Seal" + form.name, make: func() pair { return sealed(form.value(), kind, form.label) },
				parts: []part{{random44, 0, 1}, {hkdf32of32, 0, 1}, {aesGCM, 0, 1}, {gcmSeal, form.size, 1}},
			},
			operation{
				name:  "Open" + form.name,
				make:  func() pair { return openSealed(form.value(), kind, form.label, form.open, form.checkKeys) },
				parts: append([]part{{hkdf32of32, 0, 1}, {aesGCM, 0, 1}, {gcmOpen, form.size, 1}}, form.checks...),
			})
	}
	return list
}

func opened[T stored](f func(b []byte, key keys.SealKey, context []byte) (T, error)) func([]byte, keys.SealKey, []byte) (stored, error) {
	return func(b []byte, key keys.SealKey, context []byte) (stored, error) { return f(b, key, context) }
}

var sealContext = []byte("!room:example.org session")

func noCheck([]byte) error { return nil }

func sealed(v stored, kind byte, label string) pair {
	key := keys.GenerateSealKey()
	k := key.Secret()
	state := must(floorOpen(must(v.Seal(key, sealContext)), kind, label, &k, sealContext, noCheck))
	var b, floorB []byte
	return pair{
		library: side{
			run:    func(int) { b = must(v.Seal(key, sealContext)) },
			result: func() []byte { return b },
		},
		floor: side{
			run:    func(int) { floorB = floorSeal(state, kind, label, &k, sealContext) },
			result: func() []byte { return floorB },
		},
	}
}

func openSealed(v stored, kind byte, label string, open func([]byte, keys.SealKey, []byte) (stored, error), checkKeys func([]byte) error) pair {
	key := keys.GenerateSealKey()
	k := key.Secret()
	b := must(v.Seal(key, sealContext))
	var state []byte
	return pair{
		library: side{
			run:    func(int) { v = must(open(b, key, sealContext)) },
			result: func() []byte { return must(v.Seal(key, sealContext)) },
		},
		floor: side{
			run:    func(int) { state = must(floorOpen(b, kind, label, &k, sealContext, checkKeys)) },
			result: func() []byte { return floorSeal(state, kind, label, &k, sealContext) },
		},
	}
}
