package hostile

import (
	"slices"

	"github.com/chappe-e2ee/chappe/interop/peer"
)

// older are the subjects of [pickles] as earlier releases of libolm wrote them.
// libolm reads all but accounts of version 1, and goolm all but these and the
// sessions; vodozemac reads none of them.
func older(account, session, inbound []byte) []*subject {
	const key = 4 + 1 + 32 + 32
	fallback := len(account) - 4 - 2*key - 1 // where the count stands
	head, slots, last := account[4:fallback], account[fallback+1:len(account)-4], account[len(account)-4:]
	slots = slices.Clone(slots)
	slots[4], slots[key+4] = 1, 1 // in version 3, only keys that are marked as published are there
	unused := make([]byte, key)
	layout := accountHead(account)
	lastID := []region{{"last id", 4}}
	bothSlots := slices.Concat(layout, keyLayout("fallback key"), keyLayout("previous fallback key"), lastID)

	// Version 1 had no expanded private key.
	legacy := slices.Concat([]byte{0, 0, 0, 1}, head[:64], head[96:], last)
	legacyLayout := slices.Concat(layout, lastID)
	legacyLayout[2].size = 32

	manyOlder := func(by peer.Implementation, m mutation) bool { return notRead(by) || manyKeys(by, m) }
	return []*subject{
		{
			name: "account pickle of version 3", raw: slices.Concat([]byte{0, 0, 0, 3}, head, slots, last), layout: bothSlots,
			offer: offerAccount, skip: manyOlder,
		},
		{
			name: "account pickle of version 3, one fallback key", layout: bothSlots,
			raw:   slices.Concat([]byte{0, 0, 0, 3}, head, slots[:key], unused, last),
			offer: offerAccount, skip: manyOlder,
		},
		{
			name: "account pickle of version 2", raw: slices.Concat([]byte{0, 0, 0, 2}, head, last),
			layout: slices.Concat(layout, lastID), offer: offerAccount, skip: manyOlder,
		},
		{
			name: "account pickle of version 1", raw: legacy, layout: legacyLayout, refused: true,
			offer: offerAccount, skip: manyOlder,
		},
		{
			name: "session pickle of version 0x80000001",
			raw:  slices.Concat([]byte{0x80, 0, 0, 1}, session[4:], []byte{0, 0, 0, 7}), layout: append(sessionLayout(session), region{"logged", 4}),
			offer: offerSession, skip: func(by peer.Implementation, _ mutation) bool { return by != peer.Implementation(peer.Libolm{}) },
		},
		{
			name: "inbound group pickle of version 1", raw: slices.Concat([]byte{0, 0, 0, 1}, inbound[4:len(inbound)-1]),
			layout: inboundLayout, offer: offerInbound, skip: func(by peer.Implementation, _ mutation) bool { return notRead(by) },
		},
	}
}

// notRead says that an implementation reads no pickles of older releases.
func notRead(by peer.Implementation) bool { return by == peer.Implementation(peer.Vodozemac{}) }
