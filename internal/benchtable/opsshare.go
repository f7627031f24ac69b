package main

import "github.com/chappe-e2ee/chappe/megolm"

func shareOperations() []operation {
	return []operation{
		{name: "IGSFromSessionKey", make: fromSessionKey, parts: []part{
			{decodeCT, 229, 1}, {strictKey, 0, 1}, {verify, 0, 1}, {sha512Sum, 165, 1},
		}},
		{name: "IGSImport", make: importSession, parts: []part{{decodeCT, 165, 1}, {strictKey, 0, 1}}},
		{name: "IGSExport", make: exportSession, parts: []part{{encodeCT, 165, 1}}},
	}
}

func exportOf(s *megolm.InboundSession) []byte { return must(s.Export()).SecretText() }

func fromSessionKey() pair {
	text := must(megolm.NewOutboundSession().SessionKey()).SecretText()
	var s *megolm.InboundSession
	var f *floorInbound
	return pair{
		library: side{
			run:    func(int) { s = must(megolm.NewInboundSession(must(megolm.ParseSessionKey(text)))) },
			result: func() []byte { return exportOf(s) },
		},
		floor: side{
			run: func(int) {
				made := must(floorFromSessionKey(text))
				f = &made
			},
			result: func() []byte { return floorExport(f) },
		},
	}
}

func importSession() pair {
	fresh, _ := recipients(megolm.NewOutboundSession())
	text := exportOf(fresh())
	var s *megolm.InboundSession
	var f *floorInbound
	return pair{
		library: side{
			run:    func(int) { s = must(megolm.ImportInboundSession(must(megolm.ParseExportedSession(text)))) },
			result: func() []byte { return exportOf(s) },
		},
		floor: side{
			run: func(int) {
				made := must(floorImport(text))
				f = &made
			},
			result: func() []byte { return floorExport(f) },
		},
	}
}

func exportSession() pair {
	fresh, f := recipients(megolm.NewOutboundSession())
	s := fresh()
	var text, floorText []byte
	return pair{
		library: side{
			run:    func(int) { text = exportOf(s) },
			result: func() []byte { return text },
		},
		floor: side{
			run:    func(int) { floorText = floorExport(&f) },
			result: func() []byte { return floorText },
		},
	}
}
