package main

import (
	"math/rand/v2"

	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/megolm"
)

func megolmOperations() []operation {
	list := []operation{
		{name: "MegolmOutboundNew", make: groupNew, parts: []part{{random128, 0, 1}, {random32, 0, 1}, {seedKey, 0, 1}, {strictKey, 0, 1}}},
	}
	for _, size := range []sized{{"256", 256}, {"4K", 4096}, {"64K", 65536}} {
		n := paddedLen(size.n)
		list = append(list, operation{
			name: "MegolmEncrypt" + size.name, chain: true, make: func() pair { return groupEncrypt(size.n) },
			parts: []part{
				{hkdf80of128, 0, 1}, {aesCBC, 0, 1}, {cbcEncrypt, n, 1}, {hmacSum, n + 6, 1}, {sign, 0, 1},
				{sha512Sum, n + 14, 2}, {step, 0, 1}, {encode64, n + 78, 1},
			},
		})
	}
	decrypt := func(n, steps int) []part {
		n = paddedLen(n)
		return []part{
			{decode64, n + 78, 1}, {verify, 0, 1}, {sha512Sum, n + 14, 1}, {step, 0, steps}, {hkdf80of128, 0, 1},
			{hmacSum, n + 6, 1}, {aesCBC, 0, 1}, {cbcDecrypt, n, 1},
		}
	}
	for _, size := range []sized{{"256", 256}, {"4K", 4096}, {"64K", 65536}} {
		list = append(list, operation{
			name: "MegolmDecFirst" + size.name, chain: true, make: func() pair { return groupDecryptAt(0, size.n) },
			parts: decrypt(size.n, 0),
		})
	}
	return append(list,
		operation{name: "MegolmDecAt1", make: func() pair { return groupDecryptAt(1, 256) }, parts: decrypt(256, 1)},
		operation{name: "MegolmDecAt1000", make: func() pair { return groupDecryptAt(1000, 256) }, parts: decrypt(256, stepsTo(1000))},
		operation{name: "MegolmDecAt1M", make: func() pair { return groupDecryptAt(1e6, 256) }, parts: decrypt(256, stepsTo(1e6))},
		operation{name: "MegolmDecInOrder256", chain: true, make: groupInOrder, parts: decrypt(256, 1)},
		operation{name: "MegolmDecRandom1M", make: groupRandom, parts: decrypt(256, randomSteps())},
	)
}

// stepsTo counts the hashes from index 0 to another.
func stepsTo(index uint32) (steps int) {
	for j := range 4 {
		if n := int(index >> (8 * (3 - j)) & 0xff); n > 0 {
			steps += n + 3 - j
		}
	}
	return steps
}

// outboundAt returns the sender of a session at a later index.
func outboundAt(s *megolm.OutboundSession, index uint32) *megolm.OutboundSession {
	f := floorOutboundOf(s)
	f.ratchet.advanceTo(index)
	public := f.signing.PublicKey()
	w := layout.NewWriter(make([]byte, 0, 256))
	w.Uint32(1)
	w.Bytes(f.ratchet.parts[:])
	w.Uint32(index)
	w.Bytes(public[:])
	w.Bytes(f.signing.Expanded()[:])
	return must(megolm.ImportLibolmOutboundSession(libolm.Encrypt(w.Result(), pickleKey), pickleKey))
}

func groupMessage(s *megolm.OutboundSession, plaintext []byte) string {
	return string(must(s.AppendEncrypt(nil, plaintext)))
}

func groupNew() pair {
	var s *megolm.OutboundSession
	var f *floorOutbound
	stateOf := func(f *floorOutbound) []byte {
		public := f.signing.PublicKey()
		return append(f.ratchet.parts[:], public[:]...)
	}
	return pair{
		library: side{
			run:    func(int) { s = megolm.NewOutboundSession() },
			result: func() []byte { return stateOf(floorOutboundOf(s)) },
		},
		floor: side{
			run:    func(int) { f = floorGroupNew() },
			result: func() []byte { return stateOf(f) },
		},
	}
}

func groupEncrypt(n int) pair {
	s := megolm.NewOutboundSession()
	f, plaintext := floorOutboundOf(s), random(n)
	var text, floorText []byte
	return pair{
		library: side{
			run:    func(int) { text = must(s.AppendEncrypt(nil, plaintext)) },
			result: func() []byte { return text },
		},
		floor: side{
			run:    func(int) { floorText = floorGroupEncrypt(f, plaintext) },
			result: func() []byte { return floorText },
		},
	}
}

// recipients returns makers of fresh sessions of a key.
func recipients(s *megolm.OutboundSession) (func() *megolm.InboundSession, floorInbound) {
	key := must(s.SessionKey())
	f := must(floorFromSessionKey(key.SecretText()))
	return func() *megolm.InboundSession { return must(megolm.NewInboundSession(key)) }, f
}

// groupDecryptAt decrypts one message with a session that begins at index 0 and
// has decrypted nothing yet, a fresh one each time.
func groupDecryptAt(index uint32, n int) pair {
	s := megolm.NewOutboundSession()
	fresh, f := recipients(s)
	text := groupMessage(outboundAt(s, index), random(n))
	var sessions []*megolm.InboundSession
	var decrypted megolm.Decrypted
	var plaintext []byte
	return pair{
		library: side{
			prepare: func(n int) {
				sessions = sessions[:0]
				for range n {
					sessions = append(sessions, fresh())
				}
			},
			run:    func(i int) { decrypted = must(sessions[i].Decrypt(must(megolm.ParseMessage(text)))) },
			result: func() []byte { return decrypted.Plaintext },
		},
		floor: side{
			run: func(int) {
				session := f
				plaintext = must(floorGroupDecrypt(&session, text))
			},
			result: func() []byte { return plaintext },
		},
	}
}

// groupInOrder decrypts message after message.
func groupInOrder() pair {
	s := megolm.NewOutboundSession()
	fresh, f := recipients(s)
	session, other, want := fresh(), outboundAt(s, 0), random(256)
	var texts, floorTexts []string
	var decrypted megolm.Decrypted
	var plaintext []byte
	messages := func(s *megolm.OutboundSession, n int) (list []string) {
		for range n {
			list = append(list, groupMessage(s, want))
		}
		return list
	}
	// The first two messages make the library's second ratchet.
	for _, text := range messages(s, 2) {
		must(session.Decrypt(must(megolm.ParseMessage(text))))
		must(floorGroupDecrypt(&f, text))
	}
	messages(other, 2)
	return pair{
		library: side{
			prepare: func(n int) { texts = messages(s, n) },
			run:     func(i int) { decrypted = must(session.Decrypt(must(megolm.ParseMessage(texts[i])))) },
			result:  func() []byte { return decrypted.Plaintext },
		},
		floor: side{
			prepare: func(n int) { floorTexts = messages(other, n) },
			run:     func(i int) { plaintext = must(floorGroupDecrypt(&f, floorTexts[i])) },
			result:  func() []byte { return plaintext },
		},
	}
}

// randomIndexes are the indexes of groupRandom.
func randomIndexes() (list [64]uint32) {
	r := rand.New(rand.NewChaCha8([32]byte{3}))
	for i := range list {
		list[i] = r.Uint32N(1e6)
	}
	return list
}

// randomSteps is the mean of the hashes that groupRandom takes, were each
// message reached from index 0.
func randomSteps() (mean int) {
	list := randomIndexes()
	for _, index := range list {
		mean += stepsTo(index)
	}
	return mean / len(list)
}

// groupRandom decrypts messages with indexes below a million, in random order,
// beginning with a fresh session in each round.
func groupRandom() pair {
	s := megolm.NewOutboundSession()
	fresh, first := recipients(s)
	var texts [64]string
	for i, index := range randomIndexes() {
		texts[i] = groupMessage(outboundAt(s, index), random(256))
	}
	session, f := fresh(), first
	var decrypted megolm.Decrypted
	var plaintext []byte
	at, floorAt := -1, -1
	return pair{
		library: side{
			prepare: func(int) { session = fresh() },
			run: func(int) {
				at++
				decrypted = must(session.Decrypt(must(megolm.ParseMessage(texts[at%len(texts)]))))
			},
			result: func() []byte { return decrypted.Plaintext },
		},
		floor: side{
			prepare: func(int) { f = first },
			run: func(int) {
				floorAt++
				plaintext = must(floorGroupDecrypt(&f, texts[floorAt%len(texts)]))
			},
			result: func() []byte { return plaintext },
		},
	}
}
