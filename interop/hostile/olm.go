package hostile

import (
	"errors"
	"slices"

	"github.com/chappe-e2ee/chappe/interop/peer"
	"github.com/chappe-e2ee/chappe/interop/pickle"
)

var pickleKey = []byte("key")

// olmState is a conversation, from pickles of which every offer starts.
type olmState struct {
	bob         []byte // Bob's account before he reads
	aliceCurve  string
	preKey      []byte // Alice's first messages
	preKeyAgain []byte
	normal      []byte
	first       []byte // Bob's session, after the first message
	second      []byte // and before the normal one
	sender      []byte // Alice's session before the normal one
	crowded     []byte // Bob's session with a bit of everything
}

func newOlmState() (*olmState, error) {
	by := peer.Libolm{}
	alice, err1 := by.NewAccount()
	bob, err2 := by.NewAccount()
	err := errors.Join(err1, err2, bob.GenerateOneTimeKeys(3), bob.GenerateFallbackKey(), bob.GenerateFallbackKey())
	if err != nil {
		return nil, err
	}
	s := new(olmState)
	oneTime, _ := bob.OneTimeKeys()
	s.aliceCurve, _, _ = alice.IdentityKeys()
	bobCurve, _, _ := bob.IdentityKeys()
	ours, err := alice.Outbound(bobCurve, oneTime["AAAAAg"])
	if err != nil {
		return nil, err
	}
	s.bob = must2(bob.Pickle(pickleKey))
	send := func(from peer.Session, text string) (int, string) {
		kind, body, err := from.Encrypt([]byte(text))
		must(err)
		return kind, body
	}
	_, body := send(ours, "the first message")
	s.preKey = decode(body)
	_, again := send(ours, "the second message")
	s.preKeyAgain = decode(again)
	theirs, _, err := bob.Inbound(s.aliceCurve, body)
	if err != nil {
		return nil, err
	}
	s.first = must2(theirs.Pickle(pickleKey))
	kind, answer := send(theirs, "the answer")
	must3(ours.Decrypt(kind, answer))
	kind, body = send(ours, "begins a chain")
	must3(theirs.Decrypt(kind, body))
	s.sender = must2(ours.Pickle(pickleKey))
	s.second = must2(theirs.Pickle(pickleKey))
	_, body = send(ours, "a message")
	s.normal = decode(body)

	// Bob misses a few messages, in two chains.
	for range 2 {
		send(ours, "lost")
		kind, body := send(ours, "arrives")
		must3(theirs.Decrypt(kind, body))
		kind, body = send(theirs, "answer")
		must3(ours.Decrypt(kind, body))
	}
	s.crowded = must2(theirs.Pickle(pickleKey))
	return s, nil
}

func must2(b []byte, err error) []byte { must(err); return b }
func must3(_ []byte, err error)        { must(err) }

func (s *olmState) subjects() []*subject {
	normal := &subject{
		name: "Olm message", raw: s.normal, layout: innerLayout(s.normal, ""),
		offer: s.decrypt(s.second, peer.Normal), crafted: s.craftNormal(),
	}
	session := &subject{
		name: "pre-key message to its session", raw: s.preKeyAgain, layout: preKeyLayout(s.preKeyAgain),
		offer: s.decrypt(s.first, peer.PreKey), crafted: craftPreKey(s.preKeyAgain),
	}
	account := &subject{
		name: "pre-key message", raw: s.preKey, layout: preKeyLayout(s.preKey),
		offer:   func(by peer.Implementation, raw []byte) (string, error) { return s.inbound(by, encode(raw)) },
		crafted: craftPreKey(s.preKey),
	}
	text := &subject{
		name: "pre-key message as text", raw: nil,
		offer: func(by peer.Implementation, raw []byte) (string, error) { return s.inbound(by, string(raw)) },
	}
	for class, t := range texts(s.preKey) {
		text.crafted = append(text.crafted, mutation{class: class, raw: []byte(t)})
	}
	return []*subject{normal, session, account, text}
}

func (s *olmState) decrypt(session []byte, kind int) func(peer.Implementation, []byte) (string, error) {
	return func(by peer.Implementation, raw []byte) (string, error) {
		own, err := by.UnpickleSession(session, pickleKey)
		must(err)
		plaintext, err := own.Decrypt(kind, encode(raw))
		return string(plaintext), err
	}
}

func (s *olmState) inbound(by peer.Implementation, body string) (string, error) {
	account, err := by.UnpickleAccount(s.bob, pickleKey)
	must(err)
	session, plaintext, err := account.Inbound(s.aliceCurve, body)
	if err != nil {
		return "", err
	}
	id, err := session.ID()
	return id + " " + string(plaintext), err
}

func innerLayout(raw []byte, prefix string) []region {
	const before = 1 + 2 + 32 + 2 + 2
	names := []region{
		{"version", 1}, {"ratchet key's tag and length", 2}, {"ratchet key", 32}, {"index's tag", 1}, {"index", 1},
		{"ciphertext's tag and length", 2}, {"ciphertext", len(raw) - before - 8}, {"MAC", 8},
	}
	for i := range names {
		names[i].name = prefix + names[i].name
	}
	return names
}

func preKeyLayout(raw []byte) []region {
	const before = 1 + 3*34 + 3
	return slices.Concat([]region{
		{"version", 1},
		{"one-time key's tag and length", 2}, {"one-time key", 32},
		{"base key's tag and length", 2}, {"base key", 32},
		{"identity key's tag and length", 2}, {"identity key", 32},
		{"message's tag and length", 3 - (3 - lengthSize(raw))},
	}, innerLayout(raw[before-(3-lengthSize(raw)):], "inner "))
}

// lengthSize is how long tag and length of the inner message are.
func lengthSize(raw []byte) int {
	if raw[1+3*34+1] < 0x80 {
		return 2
	}
	return 3
}

// next returns ratchet key, index and keys of the next message of a session's
// sender chain.
func next(session []byte) (ratchetKey []byte, index uint64, k keys) {
	const sender = 4 + 1 + 3*32 + 32 + 4
	p := must2(pickle.Open(session, pickleKey))[sender:]
	return p[:32], uint64(p[32+32+32+3]), derive(mac(p[64:96], 1), "OLM_KEYS")
}

func (s *olmState) craftNormal() (all []mutation) {
	ratchetKey, index, k := next(s.sender)
	fields := func(blocks string) [][]byte {
		return [][]byte{field(0x0a, ratchetKey), number(0x10, index), field(0x22, k.encrypt(blocks))}
	}
	const usual = "fifteen bytes..\x01"
	for _, f := range forms() {
		if changed := f.fields(fields(usual)); changed != nil {
			all = append(all, mutation{class: f.class, raw: olmMessage(k, changed)})
		}
	}
	for class, blocks := range paddings() {
		all = append(all, mutation{class: class, raw: olmMessage(k, fields(blocks))})
	}
	wide := fields(usual)
	wide[1] = number(0x10, index+1<<32)
	all = append(all, mutation{class: "index plus 2^32", raw: olmMessage(k, wide)})
	all = append(all, mutation{class: "empty ciphertext", raw: olmMessage(k, fields(""))})
	all = append(all, mutation{class: "empty plaintext", raw: olmMessage(k, fields("\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10"))})
	return all
}

func craftPreKey(raw []byte) (all []mutation) {
	at := 1 + 3*34 + lengthSize(raw)
	usual := [][]byte{raw[1:35], raw[35:69], raw[69:103], field(0x22, raw[at:])}
	for _, f := range forms() {
		if changed := f.fields(usual); changed != nil {
			all = append(all, mutation{class: f.class, raw: join(version, changed)})
		}
	}
	low := slices.Clone(usual)
	low[1] = field(0x12, make([]byte, 32))
	all = append(all, mutation{class: "base key of low order", raw: join(version, low)})
	return all
}
