package ratchetmodel_test

import (
	"slices"

	"github.com/chappe-e2ee/chappe/internal/ratchetmodel"
)

// opForge changes a letter and puts the result on the network beside it. Half of
// the ways compute a right MAC: an attacker could not, and nothing but the check
// that is meant stands between such a message and the plaintext.
func (w *olmWorld) opForge() {
	l, ok := pick(w.program, w.letters)
	how := w.next() % 20
	if !ok {
		return
	}
	w.step("forge %s %d, way %d", l.name, l.index, how)
	forged := *l
	forged.name, forged.plaintext = "forged "+l.name, nil
	raw, ok := ratchetmodel.ParseText(l.body)
	if !ok {
		return
	}
	switch how {
	case 0, 1, 2:
		raw = garble(w.program, raw)
	case 3:
		forged.body = garbleText(w.program, l.body)
		w.forged(&forged)
		return
	case 4: // as the other type
		forged.kind = 1 - l.kind
	case 5: // taken out of its pre-key message, or put into one
		if inner, isInner := w.inner(l); isInner {
			forged.kind, raw = ratchetmodel.Normal, inner
		} else {
			forged.kind, raw = ratchetmodel.PreKey, ratchetmodel.Wrap(l.keys, raw)
		}
	case 6: // the MAC of another message
		other, _ := pick(w.program, w.letters)
		if b, ok := ratchetmodel.ParseText(other.body); ok && len(b) > 8 && len(raw) > 8 {
			raw = append(slices.Clone(raw[:len(raw)-8]), b[len(b)-8:]...)
		}
	case 7: // another message in the same envelope
		other, _ := pick(w.program, w.letters)
		inner, isInner := w.inner(other)
		if !isInner {
			inner, _ = ratchetmodel.ParseText(other.body)
		}
		forged.kind, raw = ratchetmodel.PreKey, ratchetmodel.Wrap(l.keys, inner)
	case 8, 9: // the envelope written otherwise
		if inner, isInner := w.inner(l); isInner {
			raw = append([]byte{3}, malform(w.program, envelope(l.keys, inner))...)
		}
	case 10: // other keys on the envelope
		if inner, isInner := w.inner(l); isInner {
			k := []*ratchetmodel.Key{&forged.keys.Identity, &forged.keys.Base, &forged.keys.OneTime}[w.next()%3]
			*k = w.otherKey()
			raw = ratchetmodel.Wrap(forged.keys, inner)
		}
	default:
		inner := w.resealed(&forged, how)
		if raw = inner; l.kind == ratchetmodel.PreKey {
			raw = ratchetmodel.Wrap(l.keys, inner)
		}
	}
	forged.body = ratchetmodel.Text(raw)
	w.forged(&forged)
}

// resealed writes the message again with a right MAC.
func (w *olmWorld) resealed(l *letter, how int) []byte {
	message := func(version byte, parts []part) []byte {
		return ratchetmodel.SignOlm(l.messageKey, append([]byte{version}, encode(parts)...))
	}
	block := text(16)
	block[15] = 1
	ciphertext := ratchetmodel.OlmBlocks(l.messageKey, block)
	switch how {
	case 11, 12, 13:
		parts := body(l.ratchetKey, l.index, ciphertext)
		return ratchetmodel.SignOlm(l.messageKey, append([]byte{3}, malform(w.program, parts)...))
	case 14:
		padded, _ := pick(w.program, badPaddings)
		if len(padded)%16 == 0 {
			padded = ratchetmodel.OlmBlocks(l.messageKey, padded)
		}
		return message(3, body(l.ratchetKey, l.index, padded))
	case 15:
		return message(byte(w.next()), body(l.ratchetKey, l.index, ciphertext))
	case 16: // the right key, and another index
		at := []uint32{0, 1, l.index + 1, l.index - 1, 1<<32 - 1, 1 << 31, 2000, 2001}[w.next()%8]
		return message(3, body(l.ratchetKey, at, ciphertext))
	case 17:
		return message(3, body(w.otherKey(), l.index, ciphertext))
	case 18: // a second message under the same key
		return message(3, body(l.ratchetKey, l.index, ciphertext))
	}
	full := message(3, body(l.ratchetKey, l.index, ciphertext))
	return garble(w.program, full)
}

// body is the fields of a normal message.
func body(ratchetKey ratchetmodel.Key, index uint32, ciphertext []byte) []part {
	return []part{{tag: 0x0A, value: ratchetKey[:]}, {tag: 0x10, num: uint64(index)}, {tag: 0x22, value: ciphertext}}
}

// envelope is the fields of a pre-key message.
func envelope(k ratchetmodel.SessionKeys, inner []byte) []part {
	return []part{
		{tag: 0x0A, value: k.OneTime[:]}, {tag: 0x12, value: k.Base[:]},
		{tag: 0x1A, value: k.Identity[:]}, {tag: 0x22, value: inner},
	}
}

// inner returns the message in a pre-key message of the form that rooms write.
func (w *olmWorld) inner(l *letter) ([]byte, bool) {
	raw, ok := ratchetmodel.ParseText(l.body)
	empty := len(ratchetmodel.Wrap(l.keys, nil)) - 1
	if l.kind != ratchetmodel.PreKey || !ok || len(raw) < empty+2 {
		return nil, false
	}
	raw = raw[empty:]
	for len(raw) > 0 && raw[0] >= 0x80 {
		raw = raw[1:]
	}
	return raw[min(1, len(raw)):], true
}

// otherKey is a public key of somebody, or one that nobody has.
func (w *olmWorld) otherKey() ratchetmodel.Key {
	all := slices.Clone(hardKeys)
	for _, p := range w.parties {
		all = append(append(all, p.model.Identity), p.offered...)
	}
	for _, l := range w.letters {
		all = append(all, l.ratchetKey, l.keys.Base, l.keys.OneTime)
	}
	k, _ := pick(w.program, all)
	return k
}

// forged delivers what was forged, and leaves it on the network.
func (w *olmWorld) forged(l *letter) {
	w.post(l)
	w.deliver(l)
}
