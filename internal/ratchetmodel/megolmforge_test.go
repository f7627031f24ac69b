package ratchetmodel_test

import (
	"slices"

	"github.com/chappe-e2ee/chappe/internal/ratchetmodel"
)

// opForge changes a message and gives it to a copy. Half of the ways sign the
// result rightly: the sender itself could be hostile.
func (w *megolmWorld) opForge() {
	p, ok := pick(w.program, w.posts)
	c, ok2 := pick(w.program, w.copies)
	how := w.next() % 14
	if !ok || !ok2 {
		return
	}
	w.step("forge %s %d, way %d", p.from.name, p.index, how)
	forged := &post{from: p.from, index: p.index}
	raw, ok := ratchetmodel.ParseText(p.body)
	if !ok || len(raw) < 1+8+64 {
		return
	}
	unsigned := slices.Clone(raw[:len(raw)-64])
	untagged := unsigned[:len(unsigned)-8]
	switch how {
	case 0, 1:
		raw = garble(w.program, raw)
	case 2: // the text
		forged.body = garbleText(w.program, p.body)
		w.forged(c, forged)
		return
	case 3: // signed, the MAC or what it covers is wrong
		raw = p.from.model.Sign(garble(w.program, unsigned))
	case 4: // the MAC, and the signature, of another message
		other, _ := pick(w.program, w.posts)
		from := 64 + 8*(w.next()%2)
		if b, ok := ratchetmodel.ParseText(other.body); ok && len(b) >= from {
			raw = slices.Concat(raw[:len(raw)-from], b[len(b)-from:])
		}
	case 5: // signed by another sender
		o, _ := pick(w.program, w.senders)
		raw = o.model.Sign(unsigned)
	case 6: // a MAC and signature over whatever
		raw = p.from.model.Sign(p.from.model.Tag(p.index, garble(w.program, untagged)))
	case 7: // signatures that a lax verification takes
		if raw = malleable(raw); w.next()%2 == 0 {
			raw = p.from.model.SignSmallOrder(unsigned)
		}
	default:
		raw = w.resealed(p, how)
	}
	forged.body = ratchetmodel.Text(raw)
	w.forged(c, forged)
}

// resealed writes a message again with a right MAC and signature.
func (w *megolmWorld) resealed(p *post, how int) []byte {
	o, index := p.from.model, p.index
	block := text(16)
	block[15] = 1
	version := byte(3)
	parts := []part{{tag: 0x08, num: uint64(index)}, {tag: 0x12, value: o.Blocks(index, block)}}
	seal := func(payload []byte) []byte {
		return o.Sign(o.Tag(index, append([]byte{version}, payload...)))
	}
	switch how {
	case 8, 9, 10:
		return seal(malform(w.program, parts))
	case 11:
		padded, _ := pick(w.program, badPaddings)
		if len(padded)%16 == 0 {
			padded = o.Blocks(index, padded)
		}
		parts[1].value = padded
	case 12:
		version = byte(w.next())
	case 13: // the key of one index, and another index
		parts[0].num = uint64(w.index(index))
	}
	return seal(encode(parts))
}

// malleable adds the order of the group to the S of a signature.
func malleable(message []byte) []byte {
	order := []byte("\xed\xd3\xf5\x5c\x1a\x63\x12\x58\xd6\x9c\xf7\xa2\xde\xf9\xde\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10")
	out := slices.Clone(message)
	s := out[len(out)-32:]
	carry := 0
	for i := range s {
		carry += int(s[i]) + int(order[i])
		s[i] = byte(carry)
		carry >>= 8
	}
	return out
}

func (w *megolmWorld) forged(c *groupCopy, p *post) {
	w.post(p)
	w.decrypt(c, p)
}

// opForgeKey changes a session key. Some changes are signed again.
func (w *megolmWorld) opForgeKey() {
	o, _ := pick(w.program, w.senders)
	how := w.next() % 4
	w.step("forge-key %s, way %d", o.name, how)
	key := w.sessionKey(o)
	raw, _ := ratchetmodel.ParseText(key)
	switch how {
	case 0:
		raw = garble(w.program, raw)
	case 1:
		w.join("forged "+o.name, garbleText(w.program, key))
		return
	case 2: // signed, by a lax rule or a strict one
		if w.next()%4 == 0 {
			raw = o.model.SignSmallOrder(raw[:len(raw)-64])
			break
		}
		raw = o.model.Sign(garble(w.program, raw[:len(raw)-64]))
	case 3: // another public key
		k, _ := pick(w.program, hardKeys)
		copy(raw[133:], k[:])
	}
	w.join("forged "+o.name, ratchetmodel.Text(raw))
}

// opForgeExport changes an export, which nothing protects. What still parses is
// another copy: it may connect with the true ones, and yet be wrong.
func (w *megolmWorld) opForgeExport() {
	c, ok := pick(w.program, w.copies)
	how := w.next() % 4
	if !ok {
		return
	}
	w.step("forge-export %s, way %d", c.name, how)
	export := w.export(c, c.model.Ratchet.First)
	raw, _ := ratchetmodel.ParseText(export)
	switch how {
	case 0:
		raw = garble(w.program, raw)
	case 1:
		w.importExport("forged "+c.name, garbleText(w.program, export))
		return
	case 2: // one part of the ratchet
		raw[5+32*(w.next()%4)] ^= 1
	case 3: // another public key
		k, _ := pick(w.program, hardKeys)
		copy(raw[133:], k[:])
	}
	w.importExport("forged "+c.name, ratchetmodel.Text(raw))
}
