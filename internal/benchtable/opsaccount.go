package main

import (
	"slices"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

func accountOperations() []operation {
	return []operation{
		{name: "AccountNew", make: accountNew, parts: []part{
			{random32, 0, 2}, {seedKey, 0, 1}, {tablePublic, 0, 1}, {strictKey, 0, 1}, {checkPublic, 0, 1},
		}},
		{name: "OTK50", make: func() pair { return oneTimeKeys(50) }, parts: []part{
			{random32, 0, 50}, {tablePublic, 0, 50},
		}},
		{name: "OTK100", make: func() pair { return oneTimeKeys(100) }, parts: []part{
			{random32, 0, 100}, {tablePublic, 0, 100},
		}},
		{name: "Sign1K", make: sign1K, parts: []part{{sign, 0, 1}, {sha512Sum, 1024, 2}}},
		{name: "Verify1K", make: verify1K, parts: []part{{verify, 0, 1}, {sha512Sum, 1024, 1}}},
	}
}

// newAccount returns an account with n one-time keys.
func newAccount(n int) *olm.Account {
	a := must(olm.GenerateAccount())
	must(a.GenerateOneTimeKeys(n))
	return a
}

func accountNew() pair {
	var a *olm.Account
	var f *floorAccount
	return pair{
		library: side{
			run: func(int) { a = must(olm.GenerateAccount()) },
			result: func() []byte {
				k := a.IdentityKeys()
				return slices.Concat(k.Ed25519.Bytes(), k.Curve25519.Bytes())
			},
		},
		floor: side{
			run: func(int) { f = floorAccountNew() },
			result: func() []byte {
				k := f.signing.PublicKey()
				return slices.Concat(k[:], f.public[:])
			},
		},
	}
}

// oneTimeKeys makes n keys in an account that has none.
func oneTimeKeys(n int) pair {
	var accounts []*olm.Account
	var list []floorKey
	return pair{
		library: side{
			prepare: func(runs int) {
				accounts = accounts[:0]
				for range runs {
					accounts = append(accounts, newAccount(0))
				}
			},
			run: func(i int) { must(accounts[i].GenerateOneTimeKeys(n)) },
			result: func() (b []byte) {
				for _, k := range accounts[0].UnpublishedOneTimeKeys() {
					b = append(b, k.Key.Bytes()...)
				}
				return b
			},
		},
		floor: side{
			run: func(int) { list = floorOneTimeKeys(n) },
			result: func() (b []byte) {
				for i := range list {
					b = append(b, list[i].public[:]...)
				}
				return b
			},
		},
	}
}

func sign1K() pair {
	a := newAccount(0)
	f := floorAccountOf(a)
	message := random(1024)
	var s keys.Signature
	var b [64]byte
	return pair{
		library: side{
			run:    func(int) { s = must(a.Sign(message)) },
			result: func() []byte { return s.Bytes() },
		},
		floor: side{
			run:    func(int) { b = floorSign(f, message) },
			result: func() []byte { return b[:] },
		},
	}
}

// verify1K is with a key and a signature that were parsed before.
func verify1K() pair {
	a := newAccount(0)
	public, message := a.IdentityKeys().Ed25519, random(1024)
	signature := must(a.Sign(message))
	pub, sig := public.Bytes(), signature.Bytes()
	return pair{
		library: side{
			run:    func(int) { check(public.Verify(message, signature)) },
			result: func() []byte { return []byte("verified") },
		},
		floor: side{
			run: func(int) {
				if !floorVerify(pub, message, sig) {
					panic(errFloor)
				}
			},
			result: func() []byte { return []byte("verified") },
		},
	}
}
