package ratchetmodel

// A Value is R(i): four parts of 32 bytes.
type Value [4][]byte

// Bytes are the 128 bytes of the value.
func (v Value) Bytes() []byte { return join(v[:]...) }

// ParseValue takes 128 bytes apart.
func ParseValue(b []byte) Value {
	return Value{b[:32:32], b[32:64:64], b[64:96:96], b[96:128:128]}
}

// A Ratchet is the value at one index, and from there on the sequence of the
// specification, "The Megolm ratchet algorithm".
type Ratchet struct {
	First uint32
	first Value
	all   map[place][]byte
}

type place struct {
	index uint32
	part  int
}

// NewRatchet begins a ratchet with a value.
func NewRatchet(first uint32, value Value) *Ratchet {
	return &Ratchet{first, value, map[place][]byte{}}
}

// At returns R(i). No i is before the first.
func (r *Ratchet) At(index uint32) Value {
	return Value{r.part(index, 0), r.part(index, 1), r.part(index, 2), r.part(index, 3)}
}

// part is R(i,j) as the specification defines it, one case after another. Only
// "R(i-1,j) otherwise" is followed in one step, back to where the part changed.
func (r *Ratchet) part(i uint32, j int) []byte {
	every := uint32(1) << (8 * (3 - j)) // part j changes at the multiples of this
	i -= i % every
	if i <= r.First {
		return r.first[j]
	}
	if v, ok := r.all[place{i, j}]; ok {
		return v
	}
	var v []byte
	switch {
	case i%(1<<24) == 0:
		v = mac(r.part(i-1<<24, 0), byte(j))
	case i%(1<<16) == 0:
		v = mac(r.part(i-1<<16, 1), byte(j))
	case i%(1<<8) == 0:
		v = mac(r.part(i-1<<8, 2), byte(j))
	default:
		v = mac(r.part(i-1, 3), byte(j))
	}
	r.all[place{i, j}] = v
	return v
}
