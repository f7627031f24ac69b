package main

import (
	"slices"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

func olmOperations() []operation {
	list := []operation{
		{name: "OlmOutboundNew", make: outboundNew, parts: []part{
			{random32, 0, 2}, {parsePrivate, 0, 1}, {tablePublic, 0, 1}, {agree, 0, 3}, {hkdf64of96, 0, 1},
		}},
		{name: "OlmInboundNewDecrypt", make: inboundNew, parts: []part{
			{decode64, 426, 1}, {checkPublic, 0, 4}, {parsePrivate, 0, 1}, {agree, 0, 3}, {hkdf64of96, 0, 1},
			{step, 0, 2}, {hkdf80of32, 0, 1}, {hmacSum, 310, 1}, {aesCBC, 0, 1}, {cbcDecrypt, 272, 1},
		}},
	}
	for _, size := range []sized{{"256", 256}, {"700", 700}, {"4K", 4096}} {
		n := paddedLen(size.n)
		list = append(list, operation{
			name: "OlmEncrypt" + size.name, chain: true, make: func() pair { return olmEncrypt(size.n) },
			parts: []part{
				{step, 0, 2}, {hkdf80of32, 0, 1}, {aesCBC, 0, 1}, {cbcEncrypt, n, 1}, {hmacSum, n + 40, 1}, {encode64, n + 48, 1},
			},
		})
	}
	for _, size := range []sized{{"256", 256}, {"700", 700}, {"4K", 4096}} {
		n := paddedLen(size.n)
		list = append(list, operation{
			name: "OlmDecrypt" + size.name, chain: true, make: func() pair { return olmDecrypt(size.n) },
			parts: []part{
				{decode64, n + 48, 1}, {checkPublic, 0, 1}, {step, 0, 2}, {hkdf80of32, 0, 1}, {hmacSum, n + 40, 1},
				{aesCBC, 0, 1}, {cbcDecrypt, n, 1},
			},
		})
	}
	return append(list,
		operation{name: "OlmPingPongRound", make: pingPong, parts: []part{
			{random32, 0, 2}, {parsePrivate, 0, 2}, {agree, 0, 4}, {hkdf64of32, 0, 4}, {step, 0, 8}, {hkdf80of32, 0, 4},
			{hmacSum, 312, 4}, {aesCBC, 0, 4}, {cbcEncrypt, 272, 2}, {cbcDecrypt, 272, 2}, {encode64, 320, 2},
			{decode64, 320, 2}, {checkPublic, 0, 2},
		}},
		operation{name: "OlmSkip1000", make: skip1000, parts: []part{
			{decode64, 321, 1}, {checkPublic, 0, 1}, {step, 0, 1042}, {hkdf80of32, 0, 1}, {hmacSum, 313, 1},
			{aesCBC, 0, 1}, {cbcDecrypt, 272, 1},
		}},
	)
}

type sized struct {
	name string
	n    int
}

// outboundNew is with an account that has agreed before.
func outboundNew() pair {
	a, b := newAccount(0), newAccount(1)
	identity, oneTime := b.IdentityKeys().Curve25519, b.UnpublishedOneTimeKeys()[0].Key
	must(a.NewOutboundSession(identity, oneTime))
	f, id, otk := floorAccountOf(a), identity.Bytes(), oneTime.Bytes()
	var s *olm.Session
	var made floorSession
	bytesOf := func(f *floorSession) []byte {
		return slices.Concat(f.root[:], f.send.ratchetKey[:], f.send.key[:])
	}
	return pair{
		library: side{
			run: func(int) { s = must(a.NewOutboundSession(identity, oneTime)) },
			result: func() []byte {
				f := floorSessionOf(s)
				return bytesOf(&f)
			},
		},
		floor: side{
			run:    func(int) { made = must(floorOutboundNew(f, id, otk)) },
			result: func() []byte { return bytesOf(&made) },
		},
	}
}

// inboundNew is with a fresh copy, for each run, of an account that has 50
// one-time keys and agreed before.
func inboundNew() pair {
	a, b := newAccount(0), newAccount(50)
	identity := a.IdentityKeys().Curve25519
	s := must(a.NewOutboundSession(b.IdentityKeys().Curve25519, b.UnpublishedOneTimeKeys()[25].Key))
	text, typ, err := s.AppendEncrypt(nil, random(256))
	check(err)
	body, id := string(text), identity.Bytes()
	sealKey := keys.GenerateSealKey()
	sealed := must(b.Seal(sealKey, nil))
	f := floorAccountOf(b)
	var accounts []*olm.Account
	var in olm.Inbound
	var plaintext []byte
	return pair{
		library: side{
			prepare: func(n int) {
				accounts = accounts[:0]
				for range n {
					account := must(olm.OpenAccount(sealed, sealKey, nil))
					must(account.UnsafeNewInboundSession(identity, must(olm.ParseMessage(typ, body))))
					accounts = append(accounts, account)
				}
			},
			run: func(i int) {
				in = must(accounts[i].NewInboundSession(identity, must(olm.ParseMessage(typ, body))))
			},
			result: func() []byte { return in.Plaintext },
		},
		floor: side{
			run:    func(int) { plaintext = must(floorInboundNew(f, id, body)) },
			result: func() []byte { return plaintext },
		},
	}
}

// conversation returns two ends of a session. Both were heard, alice speaks and
// bob has read her chain so far.
func conversation() (alice, bob *olm.Session) {
	a, b := newAccount(0), newAccount(1)
	alice = must(a.NewOutboundSession(b.IdentityKeys().Curve25519, b.UnpublishedOneTimeKeys()[0].Key))
	hello := must(alice.Encrypt([]byte("hello")))
	bob = must(b.NewInboundSession(a.IdentityKeys().Curve25519, hello)).Session
	must(alice.Decrypt(must(bob.Encrypt([]byte("hello")))))
	must(bob.Decrypt(must(alice.Encrypt([]byte("hello")))))
	return alice, bob
}

func olmEncrypt(n int) pair {
	alice, _ := conversation()
	f, plaintext := floorSessionOf(alice), random(n)
	var body, floorBody []byte
	return pair{
		library: side{
			run: func(int) {
				var err error
				body, _, err = alice.AppendEncrypt(nil, plaintext)
				check(err)
			},
			result: func() []byte { return body },
		},
		floor: side{
			run:    func(int) { floorBody = floorEncrypt(&f, plaintext) },
			result: func() []byte { return floorBody },
		},
	}
}

// olmBodies returns n messages in one chain of s.
func olmBodies(s *olm.Session, n int, plaintext []byte) []string {
	list := make([]string, n)
	for i := range list {
		body, _, err := s.AppendEncrypt(nil, plaintext)
		check(err)
		list[i] = string(body)
	}
	return list
}

func olmDecrypt(size int) pair {
	alice, bob := conversation()
	other := must(olm.ImportLibolmSession(must(alice.ExportLibolm(pickleKey)), pickleKey))
	f, want := floorSessionOf(bob), random(size)
	var bodies, floorBodies []string
	var plaintext, floorPlaintext []byte
	return pair{
		library: side{
			prepare: func(n int) { bodies = olmBodies(alice, n, want) },
			run:     func(i int) { plaintext = must(bob.Decrypt(must(olm.ParseMessage(olm.Normal, bodies[i])))) },
			result:  func() []byte { return plaintext },
		},
		floor: side{
			prepare: func(n int) { floorBodies = olmBodies(other, n, want) },
			run: func(i int) {
				var err error
				floorPlaintext, _, err = floorDecrypt(&f, floorBodies[i])
				check(err)
			},
			result: func() []byte { return floorPlaintext },
		},
	}
}

// pingPong is two messages, one each way, under new ratchet keys.
func pingPong() pair {
	alice, bob := conversation()
	f, g := floorSessionOf(alice), floorSessionOf(bob)
	plaintext := random(256)
	var body, floorBody []byte
	turn := func(from, to *olm.Session) {
		var typ olm.MessageType
		var err error
		body, typ, err = from.AppendEncrypt(nil, plaintext)
		check(err)
		must(to.Decrypt(must(olm.ParseMessage(typ, string(body)))))
	}
	floorOnce := func(from, to *floorSession) {
		floorBody = must(floorTurn(from, plaintext))
		must(floorAnswer(to, string(floorBody)))
	}
	return pair{
		library: side{
			run: func(int) {
				turn(bob, alice)
				turn(alice, bob)
			},
			result: func() []byte { return body },
		},
		floor: side{
			run: func(int) {
				floorOnce(&g, &f)
				floorOnce(&f, &g)
			},
			result: func() []byte { return floorBody },
		},
	}
}

// skip1000 decrypts a message that is 1000 ahead, in a fresh copy of the
// session each time.
func skip1000() pair {
	alice, bob := conversation()
	sealKey := keys.GenerateSealKey()
	sealed, f := must(bob.Seal(sealKey, nil)), floorSessionOf(bob)
	body := olmBodies(alice, 1001, random(256))[1000]
	var sessions []*olm.Session
	var plaintext, floorPlaintext []byte
	var skipped []floorSkipped
	return pair{
		library: side{
			prepare: func(n int) {
				sessions = sessions[:0]
				for range n {
					sessions = append(sessions, must(olm.OpenSession(sealed, sealKey, nil)))
				}
			},
			run: func(i int) {
				plaintext = must(sessions[i].Decrypt(must(olm.ParseMessage(olm.Normal, body))))
			},
			result: func() []byte { return plaintext },
		},
		floor: side{
			run: func(int) {
				fresh := f
				var err error
				floorPlaintext, skipped, err = floorDecrypt(&fresh, body)
				check(err)
			},
			result: func() []byte { return floorPlaintext[:len(floorPlaintext)*len(skipped)/40] },
		},
	}
}
