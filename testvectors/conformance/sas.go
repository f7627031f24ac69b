package conformance

import "bytes"

func (r *runner) sas() SAS { return need[SAS](r.i, "calculations of SAS") }

// side is one side of a verification.
type side struct {
	private []byte
	theirs  string
}

// sides returns both sides of a verification, Alice's first, and their keys.
func (r *runner) sides(c *call) (both [2]side, public [2]string) {
	private := [2][]byte{c.In.Bytes("alice_private_hex"), c.In.Bytes("bob_private_hex")}
	for i := range both {
		public[i] = must(r.sas().SASKey(private[i]))
	}
	for i := range both {
		both[i] = side{private[i], public[1-i]}
	}
	return both, public
}

// byteCount returns how many bytes are wanted, of which there are 8160 at most.
func byteCount(c *call) int {
	n := c.In.Number("length")
	check(n <= 255*32, "longer than HKDF allows")
	return int(n)
}

func sasBytes(r *runner, c *call) {
	info, n := c.In.Bytes("info_utf8"), byteCount(c)
	both, public := r.sides(c)
	c.Out.Is("alice_public_b64", public[0])
	c.Out.Is("bob_public_b64", public[1])
	for _, s := range both {
		c.Out.Is("bytes_hex", must(r.sas().SASBytes(s.private, s.theirs, info, n)))
	}
}

func sasMAC(r *runner, c *call) {
	input, info := c.In.Bytes("input_utf8"), c.In.Bytes("info_utf8")
	both, _ := r.sides(c)
	for _, s := range both {
		for name, method := range map[string]string{
			"hkdf_hmac_sha256_v2_b64": MACv2, "hkdf_hmac_sha256_b64": MACLegacy, "hmac_sha256_b64": MACLong,
		} {
			c.Out.Is(name, must(r.sas().SASMAC(method, s.private, s.theirs, input, info)))
		}
	}
}

func sasMACOneSide(r *runner, c *call) {
	c.Out.Is("hkdf_hmac_sha256_b64", must(r.sas().SASMAC(MACLegacy, c.In.Bytes("alice_private_hex"), c.In.Text("bob_public_b64"),
		c.In.Bytes("input_utf8"), c.In.Bytes("info_utf8"))))
}

func sasAbsentKey(r *runner, c *call) {
	private, absent := c.In.Bytes("private_key_hex"), c.In.Bytes("absent_public_key_hex")
	info, n := c.In.Bytes("info_utf8"), byteCount(c)
	check(bytes.Equal(absent, make([]byte, 32)), "the absent key is not 32 zero bytes")
	_, err := r.sas().SASBytes(private, encode64(absent), info, n)
	r.refused(c.ErrorClass(), err)
	c.Out.Is("bytes_hex", must(r.sas().SASBytes(private, c.In.Text("public_key_b64"), info, n)))
}
