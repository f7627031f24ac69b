package main

func olmOperations() []operation {
	list := []operation{
		{name: "OlmOutboundNew", class: curve, make: outboundNew},
		{name: "OlmInboundNewDecrypt", class: curve, most: 25, make: inboundNew},
	}
	sizes := []sized{{"32", 32}, {"256", 256}, {"700", 700}, {"4K", 4096}}
	for _, size := range sizes {
		name := "OlmEncrypt" + size.name
		list = append(list, operation{name: name, class: symmetric, make: func(l library) task { return olmEncrypt(l, size.n) }})
	}
	for _, size := range sizes {
		name := "OlmDecrypt" + size.name
		list = append(list, operation{name: name, class: symmetric, make: func(l library) task { return olmDecrypt(l, size.n) }})
	}
	return append(list,
		operation{name: "OlmPingPongRound", class: curve, make: pingPong},
		operation{name: "OlmOutOfOrder20", class: ratchet, make: outOfOrder},
		operation{name: "OlmSkip1000", class: ratchet, make: skip1000},
	)
}

// outboundNew is with an account that has agreed before, and with the texts of
// the keys.
func outboundNew(l library) task {
	a, b := l.newAccount(), chappe{}.newAccount()
	b.addOneTimeKeys(1)
	aKey, _ := a.identity()
	identity, _ := b.identity()
	oneTime := b.oneTimeKeys()[0]
	s := a.outbound(identity, oneTime)
	want := random(256)
	return task{
		run: func(int) { s = a.outbound(identity, oneTime) },
		check: func() error {
			_, body := s.encrypt(want)
			fresh := chappe{}.readAccount(b.pickle())
			_, plaintext := fresh.inbound(aKey, string(body))
			return equal(plaintext, want)
		},
	}
}

// inboundNew is with an account that has 50 one-time keys or a few less, and
// uses one up.
func inboundNew(l library) task {
	a, b := chappe{}.newAccount(), l.newAccount()
	identity, _ := a.identity()
	to, _ := b.identity()
	want := random(256)
	var bodies []string
	var plaintext []byte
	t := task{
		prepare: func(n int) {
			b.addOneTimeKeys(50 - len(b.oneTimeKeys()))
			bodies = bodies[:0]
			for _, key := range b.oneTimeKeys()[:n] {
				_, body := a.outbound(to, key).encrypt(want)
				bodies = append(bodies, string(body))
			}
		},
		run:   func(i int) { _, plaintext = b.inbound(identity, bodies[i]) },
		check: func() error { return equal(plaintext, want) },
	}
	t.ready(1)
	t.run(0)
	return t
}

// conversation returns two ends of a session. Both were heard, alice speaks and
// bob has read her chain so far.
func conversation(ofAlice, ofBob library) (alice, bob session) {
	a, b := ofAlice.newAccount(), ofBob.newAccount()
	b.addOneTimeKeys(1)
	aKey, _ := a.identity()
	bKey, _ := b.identity()
	hello := []byte("hello")
	alice = a.outbound(bKey, b.oneTimeKeys()[0])
	_, body := alice.encrypt(hello)
	bob, _ = b.inbound(aKey, string(body))
	pass(bob, alice, hello)
	pass(alice, bob, hello)
	return alice, bob
}

// pass lets one end encrypt and the other decrypt.
func pass(from, to session, plaintext []byte) []byte {
	t, body := from.encrypt(plaintext)
	return to.decrypt(t, string(body))
}

func olmEncrypt(l library, n int) task {
	alice, bob := conversation(l, chappe{})
	want := random(n)
	var sent [][]byte
	read := func() (plaintext []byte) {
		for _, body := range sent {
			plaintext = bob.decrypt(normal, string(body))
		}
		return plaintext
	}
	return task{
		prepare: func(runs int) {
			read() // so that no message is too far ahead
			sent = make([][]byte, runs)
		},
		run: func(i int) { _, sent[i] = alice.encrypt(want) },
		check: func() error {
			plaintext := read()
			sent = nil
			return equal(plaintext, want)
		},
	}
}

// bodies returns n messages in the chain of s.
func bodies(s session, n int, plaintext []byte) []string {
	return repeated(n, func() string {
		_, body := s.encrypt(plaintext)
		return string(body)
	})
}

func olmDecrypt(l library, size int) task {
	alice, bob := conversation(chappe{}, l)
	want := random(size)
	var list []string
	var plaintext []byte
	return task{
		prepare: func(n int) { list = bodies(alice, n, want) },
		run:     func(i int) { plaintext = bob.decrypt(normal, list[i]) },
		check:   func() error { return equal(plaintext, want) },
	}
}

// pingPong is two messages, one each way, under new ratchet keys.
func pingPong(l library) task {
	alice, bob := conversation(l, l)
	want := random(256)
	var plaintext []byte
	return task{
		run: func(int) {
			pass(bob, alice, want)
			plaintext = pass(alice, bob, want)
		},
		check: func() error { return equal(plaintext, want) },
	}
}

// outOfOrder decrypts 20 messages that come in reverse order.
func outOfOrder(l library) task {
	const together = 20
	alice, bob := conversation(chappe{}, l)
	want := random(256)
	var list []string
	var plaintext []byte
	return task{
		prepare: func(n int) { list = bodies(alice, n*together, want) },
		run: func(i int) {
			for j := range together {
				plaintext = bob.decrypt(normal, list[(i+1)*together-1-j])
			}
		},
		check: func() error { return equal(plaintext, want) },
	}
}

// skip1000 decrypts a message that is 1000 ahead, in a fresh copy of the
// session each time.
func skip1000(l library) task {
	alice, bob := conversation(chappe{}, l)
	want := random(256)
	pickle, body := bob.pickle(), bodies(alice, 1001, want)[1000]
	var sessions []session
	var plaintext []byte
	return task{
		prepare: func(n int) {
			sessions = repeated(n, func() session { return l.readSession(copied(pickle)) })
		},
		run:   func(i int) { plaintext = sessions[i].decrypt(normal, body) },
		check: func() error { return equal(plaintext, want) },
	}
}

// copied returns a copy: libolm overwrites the pickles that it reads.
func copied(b []byte) []byte { return append([]byte(nil), b...) }
