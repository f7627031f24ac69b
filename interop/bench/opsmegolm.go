package main

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"

	"github.com/chappe-e2ee/chappe/interop/pickle"
)

func megolmOperations() []operation {
	list := []operation{{name: "MegolmOutboundNew", class: curve, make: groupNew}}
	sizes := []sized{{"32", 32}, {"256", 256}, {"4K", 4096}, {"64K", 65536}}
	class := func(n int) string {
		if n < 4096 {
			return curve
		}
		return symmetric
	}
	for _, size := range sizes {
		name := "MegolmEncrypt" + size.name
		list = append(list, operation{name: name, class: class(size.n), make: func(l library) task { return groupEncrypt(l, size.n) }})
	}
	for _, size := range sizes {
		name := "MegolmDecFirst" + size.name
		list = append(list, operation{name: name, class: class(size.n), make: func(l library) task { return groupDecryptFirst(l, size.n) }})
	}
	at := func(name, class string, index uint32) operation {
		return operation{name: name, class: class, given: func() []string { return farTexts(index) },
			make: func(l library) task { return groupDecryptAt(l, []uint32{index}, 0) }}
	}
	return append(list,
		at("MegolmDecAt1", curve, 1),
		at("MegolmDecAt1000", ratchet, 1000),
		at("MegolmDecAt1M", ratchet, 1e6),
		operation{name: "MegolmDecInOrder256", class: curve, make: groupInOrder},
		operation{name: "MegolmDecRandom1M", class: ratchet, runs: jumps,
			given: func() []string { return farTexts(randomIndexes()...) },
			make:  func(l library) task { return groupDecryptAt(l, randomIndexes(), jumps) }},
	)
}

func groupNew(l library) task {
	var s outbound
	return task{
		run:   func(int) { s = l.newOutbound() },
		check: func() error { return expect(len(s.key()) == 306) },
	}
}

func groupEncrypt(l library, n int) task {
	s, want := l.newOutbound(), random(n)
	in := chappe{}.newInbound(s.key())
	var text []byte
	return task{
		run:   func(int) { text = s.encrypt(want) },
		check: func() error { return equal(in.decrypt(messageOf(text)), want) },
	}
}

// groupDecryptFirst decrypts the first message, with a fresh session each time.
func groupDecryptFirst(l library, n int) task {
	s, want := chappe{}.newOutbound(), random(n)
	key, m := s.key(), messageOf(s.encrypt(want))
	var sessions []inbound
	var plaintext []byte
	return task{
		prepare: func(n int) { sessions = repeated(n, func() inbound { return l.newInbound(key) }) },
		run:     func(i int) { plaintext = sessions[i].decrypt(m) },
		check:   func() error { return equal(plaintext, want) },
	}
}

// groupInOrder decrypts message after message.
func groupInOrder(l library) task {
	s, want := chappe{}.newOutbound(), random(256)
	session := l.newInbound(s.key())
	var list []message
	var plaintext []byte
	return task{
		prepare: func(n int) { list = repeated(n, func() message { return messageOf(s.encrypt(want)) }) },
		run:     func(i int) { plaintext = session.decrypt(list[i]) },
		check:   func() error { return equal(plaintext, want) },
	}
}

// jumps is how many messages a session of MegolmDecRandom1M decrypts.
const jumps = 32

// randomIndexes returns indexes below a million.
func randomIndexes() []uint32 {
	r := rand.New(rand.NewChaCha8([32]byte{3}))
	return repeated(jumps, func() uint32 { return r.Uint32N(1e6) })
}

// far is a session with its key at index 0 and senders at later indexes.
var far = sync.OnceValue(func() (f struct{ sender, listener []byte }) {
	s := chappe{}.newOutbound()
	f.sender, f.listener = s.pickle(), s.key()
	return f
})

// farMessage is a message at a later index.
func farMessage(index uint32) []byte {
	ratchet := must(raw.DecodeString(string(chappe{}.newInbound(far().listener).export(index))))[5 : 5+128]
	state := must(pickle.Open(far().sender, pickleKey)) // version, ratchet, index, keys
	copy(state[4:], ratchet)
	binary.BigEndian.PutUint32(state[4+128:], index)
	return chappe{}.readOutbound(pickle.Seal(state, pickleKey)).encrypt(random(256))
}

// farTexts returns the session key and a message at each index.
func farTexts(indexes ...uint32) []string {
	texts := []string{string(far().listener)}
	for _, index := range indexes {
		texts = append(texts, string(farMessage(index)))
	}
	return texts
}

// groupDecryptAt decrypts messages at indexes, each with a session that
// begins at index 0: a fresh one for each run, or for as many as perSession
// says.
func groupDecryptAt(l library, indexes []uint32, perSession int) task {
	texts := farTexts(indexes...)
	key := []byte(texts[0])
	var messages []message
	for _, text := range texts[1:] {
		messages = append(messages, messageOf([]byte(text)))
	}
	perSession = max(perSession, 1)
	var sessions []inbound
	var plaintext []byte
	return task{
		prepare: func(n int) {
			sessions = repeated((n+perSession-1)/perSession, func() inbound { return l.newInbound(key) })
		},
		run:   func(i int) { plaintext = sessions[i/perSession].decrypt(messages[i%len(messages)]) },
		check: func() error { return equal(plaintext, random(256)) },
	}
}
