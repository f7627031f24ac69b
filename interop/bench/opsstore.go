package main

import "bytes"

func shareOperations() []operation {
	return []operation{
		{name: "IGSFromSessionKey", class: curve, make: fromSessionKey},
		{name: "IGSImport", class: stored, make: importGroup},
		{name: "IGSExport", class: stored, make: exportGroup},
	}
}

func fromSessionKey(l library) task {
	s := chappe{}.newOutbound()
	key := s.key()
	m := messageOf(s.encrypt(random(256)))
	var in inbound
	return task{
		run:   func(int) { in = l.newInbound(key) },
		check: func() error { return equal(in.decrypt(m), random(256)) },
	}
}

func importGroup(l library) task {
	s := chappe{}.newOutbound()
	export := chappe{}.newInbound(s.key()).export(0)
	var in inbound
	return task{
		run:   func(int) { in = l.importInbound(export) },
		check: func() error { return equal(in.export(0), export) },
	}
}

func exportGroup(l library) task {
	key := chappe{}.newOutbound().key()
	in, want := l.newInbound(key), chappe{}.newInbound(key).export(0)
	var export []byte
	return task{
		run:   func(int) { export = in.export(0) },
		check: func() error { return equal(export, want) },
	}
}

// pickler is an object of any library.
type pickler interface{ pickle() []byte }

// form is one kind of object that is stored.
type form struct {
	name   string
	sample func() pickler // of chappe
	read   func(l library, pickle []byte) pickler
}

func forms() []form {
	return []form{
		{"Account100", func() pickler { return account100() }, func(l library, b []byte) pickler { return l.readAccount(b) }},
		{"Session", func() pickler { return sessionOfThree() }, func(l library, b []byte) pickler { return l.readSession(b) }},
		{"OGS", func() pickler { return chappe{}.newOutbound() }, func(l library, b []byte) pickler { return l.readOutbound(b) }},
		{"IGS", func() pickler { return advancedInbound() }, func(l library, b []byte) pickler { return l.readInbound(b) }},
	}
}

// account100 has 100 one-time keys.
func account100() chappeAccount {
	a := chappe{}.newAccount()
	a.addOneTimeKeys(100)
	return a.(chappeAccount)
}

// sessionOfThree has a sender chain and two receiver chains.
func sessionOfThree() chappeSession {
	alice, bob := conversation(chappe{}, chappe{})
	pass(bob, alice, []byte("hello"))
	alice.encrypt([]byte("hello"))
	return alice.(chappeSession)
}

// advancedInbound has two ratchets.
func advancedInbound() chappeInbound {
	s := chappe{}.newOutbound()
	in := chappe{}.newInbound(s.key())
	for range 2 {
		in.decrypt(messageOf(s.encrypt([]byte("hello"))))
	}
	return in.(chappeInbound)
}

// pickleOperations are with libolm's pickles. All libraries get the same, and
// give the same back.
func pickleOperations() []operation {
	var list []operation
	for _, f := range forms() {
		given := func() []string { return []string{string(f.sample().pickle())} }
		list = append(list,
			operation{name: "Pickle" + f.name, class: stored, given: given, make: f.pickleTask},
			operation{name: "Unpickle" + f.name, class: stored, given: given, make: f.unpickleTask})
	}
	return list
}

func (f form) pickleTask(l library) task {
	want := f.sample().pickle()
	object := f.read(l, copied(want))
	var pickle []byte
	return task{
		run:   func(int) { pickle = object.pickle() },
		check: func() error { return equal(pickle, want) },
	}
}

func (f form) unpickleTask(l library) task {
	pickle := f.sample().pickle()
	var copies [][]byte
	var object pickler
	return task{
		prepare: func(n int) { copies = repeated(n, func() []byte { return copied(pickle) }) },
		run:     func(i int) { object = f.read(l, copies[i]) },
		check:   func() error { return equal(object.pickle(), pickle) },
	}
}

// storeOperations are what a program does for a message that keeps its sessions
// in a database: read one, use it, write it back. vodozemac has its own pickles.
func storeOperations() []operation {
	return []operation{
		{name: "StoreOlmEncrypt256", class: stored, make: func(l library) task {
			pickle := sessionOfThree().pickle()
			return storeTask(pickle, func(b []byte) []byte {
				s := l.readSession(b)
				s.encrypt(random256)
				return s.pickle()
			})
		}},
		{name: "StoreMegolmEncrypt256", class: stored, make: func(l library) task {
			pickle := chappe{}.newOutbound().pickle()
			return storeTask(pickle, func(b []byte) []byte {
				s := l.readOutbound(b)
				s.encrypt(random256)
				return s.pickle()
			})
		}},
		{name: "StoreMegolmDecrypt256", class: stored, make: func(l library) task {
			s := chappe{}.newOutbound()
			pickle := chappe{}.newInbound(s.key()).pickle()
			s.encrypt(random256)
			m := messageOf(s.encrypt(random256)) // the second moves the session
			return storeTask(pickle, func(b []byte) []byte {
				s := l.readInbound(b)
				s.decrypt(m)
				return s.pickle()
			})
		}},
	}
}

var random256 = random(256)

// storeTask expects a pickle of the length that it began with.
func storeTask(pickle []byte, use func(pickle []byte) []byte) task {
	var copies [][]byte
	var after []byte
	return task{
		prepare: func(n int) { copies = repeated(n, func() []byte { return copied(pickle) }) },
		run:     func(i int) { after = use(copies[i]) },
		check:   func() error { return expect(len(after) == len(pickle) && !bytes.Equal(after, pickle)) },
	}
}
