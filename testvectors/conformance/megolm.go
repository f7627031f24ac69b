package conformance

import "encoding/binary"

func megolmAdvance(r *runner, c *call) {
	public := signingKey.PublicKey()
	raw := append([]byte{0, 0, 0, 1}, checkRatchet(c.In.Bytes("ratchet_hex"))...)
	raw = binary.BigEndian.AppendUint32(raw, c.In.Number("counter"))
	raw = append(append(raw, public[:]...), signingKey.Expanded()[:]...)
	s := must(r.pickles().UnpickleOutboundGroup(pickle(raw, stateKey), stateKey))
	must(s.Encrypt([]byte("a message")))
	b := must(decode64(must(s.SessionKey())))
	check(len(b) == 229, "a session key of %d bytes", len(b))
	c.Out.Is("counter", binary.BigEndian.Uint32(b[1:]))
	c.Out.Is("counter", must(s.Index()))
	c.Out.Is("ratchet_hex", b[5:133])
}

func megolmAdvanceTo(r *runner, c *call) {
	s := r.importRatchet(c.In.Bytes("ratchet_hex"), c.In.Number("counter"))
	c.Out.Is("first_known_index", must(s.FirstKnownIndex()))
	c.Out.Is("ratchet_hex", ratchetAt(s, c.In.Number("target")))
}

// wrap imports the ratchet and demands that it does not wrap.
func (r *runner) wrap(c *call) InboundGroup {
	s := r.importRatchet(c.In.Bytes("ratchet_hex"), c.In.Number("counter"))
	target := c.In.Number("target")
	c.Out.Is("first_known_index", must(s.FirstKnownIndex()))
	c.Out.Is("requested_index", target)
	r.exportRefused(c.ErrorClass(), s, target)
	return s
}

func megolmWrap(r *runner, c *call) {
	r.wrap(c)
	s := r.importRatchet(c.In.Bytes("ratchet_hex"), 0)
	c.Out.Is("relabelled_ratchet_hex", ratchetAt(s, c.In.Number("relabelled_target")))
}

func megolmWrapVia(r *runner, c *call) {
	s := r.wrap(c)
	via := ratchetAt(s, c.In.Number("via"))
	c.Out.Is("via_ratchet_hex", via)
	r.exportRefused(c.ErrorClass(), r.importRatchet(via, c.In.Number("via")), c.In.Number("target"))
	s = r.importRatchet(via, 0)
	c.Out.Is("relabelled_ratchet_hex", ratchetAt(s, c.In.Number("relabelled_target")))
}
