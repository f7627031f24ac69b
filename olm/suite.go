package olm

// Suite is a version of Olm with its algorithms. The zero value is none. There
// is one today.
type Suite byte

// V1 is Olm version 1 (specification, "m.olm.v1.curve25519-aes-sha2"). The number
// stands in sealed values.
const V1 Suite = 1

// Algorithm returns the suite's name in Matrix events and device keys, or
// nothing for an unknown suite.
func (s Suite) Algorithm() string {
	if s == V1 {
		return "m.olm.v1.curve25519-aes-sha2"
	}
	return ""
}
