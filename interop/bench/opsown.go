package main

import (
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// ownOperations are vodozemac's pickles, which only chappe reads and writes
// beside vodozemac, and chappe's own sealed values, which nobody else does.
func ownOperations() []operation {
	account, session, group := account100().a, sessionOfThree().s, advancedInbound().s
	sender := megolm.NewOutboundSession()
	seal, context := keys.GenerateSealKey(), []byte("!room:example.org session")
	var list []operation
	for _, f := range []struct {
		name            string
		vodozemac, seal func() ([]byte, error)
		back, open      func([]byte) (any, error)
	}{
		{"Account100", func() ([]byte, error) { return account.ExportVodozemac(pickleKey) },
			func() ([]byte, error) { return account.Seal(seal, context) },
			func(b []byte) (any, error) { return olm.ImportVodozemacAccount(b, pickleKey) },
			func(b []byte) (any, error) { return olm.OpenAccount(b, seal, context) }},
		{"Session", func() ([]byte, error) { return session.ExportVodozemac(pickleKey) },
			func() ([]byte, error) { return session.Seal(seal, context) },
			func(b []byte) (any, error) { return olm.ImportVodozemacSession(b, pickleKey) },
			func(b []byte) (any, error) { return olm.OpenSession(b, seal, context) }},
		{"OGS", func() ([]byte, error) { return sender.ExportVodozemac(pickleKey) },
			func() ([]byte, error) { return sender.Seal(seal, context) },
			func(b []byte) (any, error) { return megolm.ImportVodozemacOutboundSession(b, pickleKey) },
			func(b []byte) (any, error) { return megolm.OpenOutboundSession(b, seal, context) }},
		{"IGS", func() ([]byte, error) { return group.ExportVodozemac(pickleKey) },
			func() ([]byte, error) { return group.Seal(seal, context) },
			func(b []byte) (any, error) { return megolm.ImportVodozemacInboundSession(b, pickleKey) },
			func(b []byte) (any, error) { return megolm.OpenInboundSession(b, seal, context) }},
	} {
		given := func() []string { return []string{string(must(f.vodozemac()))} }
		list = append(list,
			operation{name: "VodozemacPickle" + f.name, class: stored, given: given, chappeOnly: true, make: writes(f.vodozemac, f.back)},
			operation{name: "VodozemacUnpickle" + f.name, class: stored, given: given, chappeOnly: true, make: reads(f.vodozemac, f.back)},
			operation{name: "Seal" + f.name, class: stored, chappeOnly: true, make: writes(f.seal, f.open)},
			operation{name: "Open" + f.name, class: stored, chappeOnly: true, make: reads(f.seal, f.open)})
	}
	return list
}

func writes(write func() ([]byte, error), read func([]byte) (any, error)) func(library) task {
	return func(library) task {
		var b []byte
		return task{run: func(int) { b = must(write()) }, check: func() error { _, err := read(b); return err }}
	}
}

func reads(write func() ([]byte, error), read func([]byte) (any, error)) func(library) task {
	return func(library) task {
		b := must(write())
		var object any
		return task{run: func(int) { object = must(read(b)) }, check: func() error { return expect(object != nil) }}
	}
}
