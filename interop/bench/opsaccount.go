package main

func accountOperations() []operation {
	return []operation{
		{name: "AccountNew", class: curve, make: accountNew},
		{name: "OTK50", class: curve, make: func(l library) task { return oneTimeKeys(l, 50) }},
		{name: "OTK100", class: curve, make: func(l library) task { return oneTimeKeys(l, 100) }},
		{name: "Sign1K", class: curve, make: sign1K},
		{name: "Verify1K", class: curve, make: verify1K},
	}
}

func accountNew(l library) task {
	var a account
	return task{
		run: func(int) { a = l.newAccount() },
		check: func() error {
			c, e := a.identity()
			return expect(len(c) == 43 && len(e) == 43)
		},
	}
}

// oneTimeKeys makes n keys in an account that has none.
func oneTimeKeys(l library, n int) task {
	var accounts []account
	return task{
		prepare: func(runs int) { accounts = repeated(runs, l.newAccount) },
		run:     func(i int) { accounts[i].addOneTimeKeys(n) },
		check:   func() error { return expect(len(accounts[0].oneTimeKeys()) == n) },
	}
}

func sign1K(l library) task {
	a, text := l.newAccount(), random(1024)
	var signature string
	return task{
		run: func(int) { signature = a.sign(text) },
		check: func() error {
			_, key := a.identity()
			chappe{}.verify(key, signature, text)
			return nil
		},
	}
}

// verify1K is with the texts of key and signature.
func verify1K(l library) task {
	a, text := l.newAccount(), random(1024)
	_, key := a.identity()
	signature := a.sign(text)
	return task{
		run: func(int) { l.verify(key, signature, text) },
		check: func() (err error) {
			defer func() { err = expect(recover() != nil) }()
			l.verify(key, signature, text[1:])
			return nil
		},
	}
}
