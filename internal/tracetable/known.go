package main

import "fmt"

// group is a part of the table: the rows whose ids begin with its letter.
type group struct {
	letter byte
	rows   int // from 1 on, without gaps
	title  string
}

var groups = []group{
	{'A', 29, "Olm: accounts, sessions, messages"},
	{'B', 20, "Megolm: sessions, sharing and export"},
	{'C', 19, "Device keys, one-time keys, signed JSON"},
	{'D', 37, "Verification: framework, SAS, QR codes"},
	{'E', 13, "Cross-signing"},
	{'F', 20, "Key backup, recovery keys, key files"},
	{'G', 16, "Secret storage and secret sharing"},
	{'H', 10, "Encrypted attachments"},
	{'I', 30, "Rooms: events, sharing of keys, replays"},
	{'J', 3, "Beside the specification"},
}

// known returns the ids that the table must have, in order.
func known() []string {
	var ids []string
	for _, g := range groups {
		for n := range g.rows {
			ids = append(ids, fmt.Sprintf("%c%d", g.letter, n+1))
		}
	}
	return ids
}

// rooms are the packages whose exported functions must be in a row or exempt.
var rooms = []string{
	"olm", "megolm", "crossSigning", "events", "verification", "sas",
	"secretstorage", "backup", "pk", "attachment",
}
