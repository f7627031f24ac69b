package hostile

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/chappe-e2ee/chappe/interop/peer"
	"github.com/chappe-e2ee/chappe/interop/pickle"
)

// boxes are libolm's public-key box, and the pickle of its key. goolm has
// neither.
func boxes() []*subject {
	private := make([]byte, 32)
	rand.Read(private)
	key, err := peer.Libolm{}.NewBoxKey(private)
	must(err)
	sealed := must2(key.Pickle(pickleKey))
	box, err := peer.Libolm{}.SealBox(key.PublicKey(), bytes.Repeat([]byte("a text "), 8))
	must(err)
	ciphertext, mac, ephemeral := decode(box.Ciphertext), decode(box.MAC), decode(box.Ephemeral)
	if len(ciphertext) != 64 || len(mac) != 8 {
		panic("hostile: a box of another size")
	}
	noGoolm := func(by peer.Implementation, _ mutation) bool { return by == peer.Implementation(peer.Goolm{}) }
	open := func(by peer.Implementation, b peer.Box) (string, error) {
		k, err := by.(peer.Boxer).UnpickleBoxKey(sealed, pickleKey)
		must(err)
		plaintext, err := k.Open(b)
		return string(plaintext), err
	}
	text := &subject{
		name: "pk box as text", skip: noGoolm,
		offer: func(by peer.Implementation, raw []byte) (string, error) {
			parts := strings.Split(string(raw), ",")
			return open(by, peer.Box{Ciphertext: parts[0], MAC: parts[1], Ephemeral: parts[2]})
		},
	}
	for i, part := range [][]byte{ciphertext, mac, ephemeral} {
		for class, t := range texts(part) {
			parts := []string{box.Ciphertext, box.MAC, box.Ephemeral}
			parts[i] = t
			name := []string{"ciphertext: ", "MAC: ", "ephemeral key: "}[i]
			text.crafted = append(text.crafted, mutation{class: name + class, raw: []byte(strings.Join(parts, ","))})
		}
	}
	return []*subject{
		{
			name: "pk box", raw: bytes.Join([][]byte{ephemeral, mac, ciphertext}, nil), skip: noGoolm,
			layout: []region{{"ephemeral key", 32}, {"MAC", 8}, {"ciphertext", 32}, {"block before the last", 16}, {"last block", 16}},
			offer: func(by peer.Implementation, raw []byte) (string, error) {
				if len(raw) < 40 {
					return "", errors.New("no box")
				}
				return open(by, peer.Box{Ciphertext: encode(raw[40:]), MAC: encode(raw[32:40]), Ephemeral: encode(raw[:32])})
			},
		},
		text,
		{
			name: "pk key pickle", raw: must2(pickle.Open(sealed, pickleKey)), skip: noGoolm,
			layout: []region{{"version", 4}, {"public key", 32}, {"private key", 32}},
			offer: func(by peer.Implementation, raw []byte) (string, error) {
				return restored(by.(peer.Boxer).UnpickleBoxKey(pickle.Seal(raw, pickleKey), pickleKey))
			},
		},
	}
}
