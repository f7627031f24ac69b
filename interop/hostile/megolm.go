package hostile

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"io"
	"slices"

	"github.com/chappe-e2ee/chappe/interop/peer"
)

type megolmState struct {
	signer      ed25519.PrivateKey
	ratchet     []byte
	out         []byte // pickle at index 0
	key, export []byte
	message     []byte // at index 0
	inbound     []byte // pickle
	moved       []byte // pickle after a message at index 300
}

func newMegolmState() (*megolmState, error) {
	random := make([]byte, 160)
	rand.Read(random)
	before := rand.Reader
	rand.Reader = io.MultiReader(bytes.NewReader(random), before)
	out, err := peer.Libolm{}.NewOutboundGroup()
	rand.Reader = before
	if err != nil {
		return nil, err
	}
	s := &megolmState{signer: ed25519.NewKeyFromSeed(random[128:]), ratchet: random[:128], out: must2(out.Pickle(pickleKey))}
	key, err := out.SessionKey()
	must(err)
	in, err := peer.Libolm{}.NewInboundGroup(key)
	must(err)
	s.inbound = must2(in.Pickle(pickleKey))
	export, err := in.Export(0)
	must(err)
	s.key, s.export = decode(key), decode(export)
	body, err := out.Encrypt([]byte("a message"))
	must(err)
	s.message = decode(body)
	for range 300 {
		body, err = out.Encrypt([]byte("another"))
		must(err)
	}
	_, _, err = in.Decrypt(body)
	must(err)
	s.moved = must2(in.Pickle(pickleKey))
	return s, nil
}

func (s *megolmState) subjects() []*subject {
	message := &subject{
		name: "Megolm message", raw: s.message, crafted: s.craft(),
		layout: []region{
			{"version", 1}, {"index's tag", 1}, {"index", 1}, {"ciphertext's tag and length", 2}, {"ciphertext", 16},
			{"MAC", 8}, {"signature", 64},
		},
		offer: func(by peer.Implementation, raw []byte) (string, error) { return s.decrypt(by, encode(raw)) },
	}
	text := &subject{
		name:  "Megolm message as text",
		offer: func(by peer.Implementation, raw []byte) (string, error) { return s.decrypt(by, string(raw)) },
	}
	for class, t := range texts(s.message) {
		text.crafted = append(text.crafted, mutation{class: class, raw: []byte(t)})
	}
	parts := []region{{"version", 1}, {"index", 4}, {"ratchet", 128}, {"public key", 32}}
	key := &subject{
		name: "session key", raw: s.key, layout: append(slices.Clone(parts), region{"signature", 64}),
		offer: func(by peer.Implementation, raw []byte) (string, error) {
			return keyed(by.NewInboundGroup(encode(raw)))
		},
	}
	export := &subject{
		name: "export", raw: s.export, layout: parts,
		offer: func(by peer.Implementation, raw []byte) (string, error) {
			return keyed(by.ImportInboundGroup(encode(raw)))
		},
	}
	keyText := &subject{
		name: "session key as text",
		offer: func(by peer.Implementation, raw []byte) (string, error) {
			return keyed(by.NewInboundGroup(string(raw)))
		},
	}
	for class, t := range texts(s.key) {
		keyText.crafted = append(keyText.crafted, mutation{class: class, raw: []byte(t)})
	}
	exportText := &subject{
		name: "export as text",
		offer: func(by peer.Implementation, raw []byte) (string, error) {
			return keyed(by.ImportInboundGroup(string(raw)))
		},
	}
	for class, t := range texts(s.export) {
		exportText.crafted = append(exportText.crafted, mutation{class: class, raw: []byte(t)})
	}
	return []*subject{message, text, key, keyText, export, exportText}
}

func keyed(g peer.InboundGroup, err error) (string, error) {
	if err != nil {
		return "", err
	}
	id, err := g.ID()
	if err != nil {
		return "", err
	}
	export, err := g.Export(g.FirstKnownIndex())
	return id + " " + export, err
}

func (s *megolmState) decrypt(by peer.Implementation, text string) (string, error) {
	in, err := by.UnpickleInboundGroup(s.inbound, pickleKey)
	must(err)
	plaintext, index, err := in.Decrypt(text)
	return string(plaintext) + " " + string(rune(index)), err
}

func (s *megolmState) craft() (all []mutation) {
	k := derive(s.ratchet, "MEGOLM_KEYS")
	fields := func(blocks string) [][]byte {
		return [][]byte{number(0x08, 0), field(0x12, k.encrypt(blocks))}
	}
	const usual = "fifteen bytes..\x01"
	for _, f := range forms() {
		if changed := f.fields(fields(usual)); changed != nil {
			all = append(all, mutation{class: f.class, raw: megolmMessage(k, s.signer, changed)})
		}
	}
	for class, blocks := range paddings() {
		all = append(all, mutation{class: class, raw: megolmMessage(k, s.signer, fields(blocks))})
	}
	wide := fields(usual)
	wide[0] = number(0x08, 1<<32)
	return append(all,
		mutation{class: "index plus 2^32", raw: megolmMessage(k, s.signer, wide)},
		mutation{class: "empty ciphertext", raw: megolmMessage(k, s.signer, fields(""))})
}
