package sas

// CodeSize is the length of a [Code] in bytes.
const CodeSize = 6

// Code is what the two users compare, in the form of emoji or decimals.
type Code [CodeSize]byte

// EmojiIndices returns seven numbers from 0 to 63: the first 42 bits of the
// code, six at a time (specification, "SAS method: emoji").
func (c Code) EmojiIndices() (indices [7]int) {
	var v uint64
	for _, b := range c {
		v = v<<8 | uint64(b)
	}
	for i := range indices {
		indices[i] = int(v >> (48 - 6*(i+1)) & 63)
	}
	return indices
}

// Emoji returns the seven emoji to show, in order, with their names.
func (c Code) Emoji() (shown [7]Emoji) {
	for i, index := range c.EmojiIndices() {
		shown[i] = emoji[index]
	}
	return shown
}

// Decimals returns three numbers from 1000 to 9191: the first 39 bits of the
// code, 13 at a time, plus 1000 (specification, "SAS method: decimal").
func (c Code) Decimals() [3]int {
	b := [5]int{int(c[0]), int(c[1]), int(c[2]), int(c[3]), int(c[4])}
	return [3]int{
		(b[0]<<5 | b[1]>>3) + 1000,
		((b[1]&0x7)<<10 | b[2]<<2 | b[3]>>6) + 1000,
		((b[3]&0x3f)<<7 | b[4]>>1) + 1000,
	}
}
