package main

import (
	"encoding/binary"

	"github.com/chappe-e2ee/chappe/internal/libolm"
)

// cursor reads bytes at places that are known beforehand. Reading beyond the
// end, or bytes other than expected, spoils it.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.b) {
		c.bad, c.b = true, nil
		return make([]byte, min(max(n, 0), 128))
	}
	taken := c.b[:n:n]
	c.b = c.b[n:]
	return taken
}

func (c *cursor) key() [32]byte  { return [32]byte(c.take(32)) }
func (c *cursor) number() uint32 { return binary.BigEndian.Uint32(c.take(4)) }

// expect takes one byte, which must be x.
func (c *cursor) expect(x byte) {
	if len(c.b) == 0 || c.b[0] != x {
		c.bad, c.b = true, nil
		return
	}
	c.b = c.b[1:]
}

func (c *cursor) varint() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.bad, c.b = true, nil
		return 0
	}
	c.b = c.b[n:]
	return v
}

// field takes the bytes of a field.
func (c *cursor) field(tag byte) []byte {
	c.expect(tag)
	n := c.varint()
	if n > uint64(len(c.b)) {
		c.bad = true
		return nil
	}
	return c.take(int(n))
}

// pickleKey is the key of all libolm pickles here.
var pickleKey = []byte("a pickle key of the usual length")

// openPickle gives the floor the state of a library's object: what its libolm
// pickle holds.
func openPickle(pickle []byte, err error) *cursor {
	check(err)
	c := &cursor{b: must(libolm.Decrypt("pickle", pickle, pickleKey))}
	c.take(4) // version
	return c
}
