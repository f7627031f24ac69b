package megolm

// Suite is a version of Megolm with its algorithms. The zero value is none. There
// is one today.
type Suite byte

// V1 is Megolm version 1 (specification, "m.megolm.v1.aes-sha2"). The number
// stands in sealed values.
const V1 Suite = 1

// Algorithm returns the suite's name in Matrix events and device keys, or
// nothing for an unknown suite.
func (s Suite) Algorithm() string {
	if s == V1 {
		return "m.megolm.v1.aes-sha2"
	}
	return ""
}
