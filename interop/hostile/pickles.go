package hostile

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/chappe-e2ee/chappe/interop/peer"
	"github.com/chappe-e2ee/chappe/interop/pickle"
)

// noOutput is the output of an implementation that reads a form and does not
// write it.
const noOutput = "none"

// restored is the plaintext of what an implementation pickles.
func restored(o interface{ Pickle([]byte) ([]byte, error) }, err error) (string, error) {
	if err != nil {
		return "", err
	}
	p, err := o.Pickle(pickleKey)
	if errors.Is(err, peer.ErrPickleForm) {
		return noOutput, nil
	}
	if err != nil {
		return "", err
	}
	raw, err := pickle.Open(p, pickleKey)
	return string(raw), err
}

// pickles are offered by their plaintext: encrypted again, with the right MAC.
func pickles(o *olmState, g *megolmState) []*subject {
	account := must2(pickle.Open(o.bob, pickleKey))
	session := must2(pickle.Open(o.crowded, pickleKey))
	moved := must2(pickle.Open(g.moved, pickleKey))
	return append(older(account, session, moved), []*subject{
		{
			name: "account pickle", raw: account, layout: accountLayout(account), offer: offerAccount, skip: manyKeys,
		},
		{name: "session pickle", raw: session, layout: sessionLayout(session), offer: offerSession},
		{
			name: "outbound group pickle", raw: must2(pickle.Open(g.out, pickleKey)),
			layout: []region{{"version", 4}, {"ratchet", 128}, {"index", 4}, {"public key", 32}, {"private key", 64}},
			offer: func(by peer.Implementation, raw []byte) (string, error) {
				return restored(by.UnpickleOutboundGroup(pickle.Seal(raw, pickleKey), pickleKey))
			},
		},
		{
			name: "inbound group pickle", raw: moved, layout: append(inboundLayout, region{"verified", 1}), offer: offerInbound,
		},
	}...)
}

var inboundLayout = []region{
	{"version", 4}, {"first ratchet", 128}, {"first index", 4}, {"latest ratchet", 128}, {"latest index", 4}, {"public key", 32},
}

func offerAccount(by peer.Implementation, raw []byte) (string, error) {
	return restored(by.UnpickleAccount(pickle.Seal(raw, pickleKey), pickleKey))
}

func offerSession(by peer.Implementation, raw []byte) (string, error) {
	return restored(by.UnpickleSession(pickle.Seal(raw, pickleKey), pickleKey))
}

func offerInbound(by peer.Implementation, raw []byte) (string, error) {
	return restored(by.UnpickleInboundGroup(pickle.Seal(raw, pickleKey), pickleKey))
}

// oneTimeKeyCount is where the number of one-time keys stands in the pickle of
// an account.
const oneTimeKeyCount = 4 + 96 + 64

// manyKeys leaves out counts of one-time keys above a thousand. They are offered
// to libolm alone, which bounds the memory of the run.
func manyKeys(by peer.Implementation, m mutation) bool {
	return by != peer.Implementation(peer.Libolm{}) && len(m.raw) >= oneTimeKeyCount+4 &&
		binary.BigEndian.Uint32(m.raw[oneTimeKeyCount:]) > 1000
}

func accountLayout(raw []byte) []region {
	return slices.Concat(accountHead(raw), []region{{"fallback key count", 1}},
		keyLayout("fallback key"), keyLayout("previous fallback key"), []region{{"last id", 4}})
}

func keyLayout(kind string) []region {
	return []region{{kind + " id", 4}, {kind + " published", 1}, {kind + " public", 32}, {kind + " private", 32}}
}

// accountHead is what the versions 2, 3 and 4 have in common.
func accountHead(raw []byte) []region {
	l := []region{
		{"version", 4}, {"Ed25519 public", 32}, {"Ed25519 private", 64}, {"Curve25519 public", 32}, {"Curve25519 private", 32},
		{"one-time key count", 4},
	}
	for range raw[oneTimeKeyCount+3] {
		l = append(l, keyLayout("one-time key")...)
	}
	return l
}

func sessionLayout(raw []byte) []region {
	l := []region{
		{"version", 4}, {"received", 1}, {"identity key", 32}, {"base key", 32}, {"one-time key", 32}, {"root key", 32},
	}
	list := func(name string, item ...region) {
		at := 0
		for _, r := range l {
			at += r.size
		}
		l = append(l, region{name + " count", 4})
		for range raw[at+3] {
			l = append(l, item...)
		}
	}
	list("sender chain", region{"sender public", 32}, region{"sender private", 32}, region{"sender chain key", 32}, region{"sender index", 4})
	list("receiver chain", region{"receiver public", 32}, region{"receiver chain key", 32}, region{"receiver index", 4})
	list("skipped key", region{"skipped public", 32}, region{"skipped key", 32}, region{"skipped index", 4})
	return l
}
