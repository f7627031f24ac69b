// Package olm copies state in all ways.
package olm

import (
	"github.com/chappe-e2ee/chappe/internal/aessha2"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

type chain struct { // want chain:"stateful"
	key   [32]byte
	index uint32
}

func (c *chain) wipe() { secret.Wipe(c.key[:]) }

type session struct { // want session:"stateful"
	chain chain
	peer  *chain
	list  []chain
}

type public struct{ key [32]byte }

type boxed struct {
	secret.Redacted
	p *chain
}

var global chain

var second = global // want `copy of chain, which holds a secret: use a pointer`

func (c chain) value() {} // want `in olm.chain.value: copy of chain`

func (c *chain) pointer() chain { // want `in olm.\(\*chain\).pointer: copy of chain`
	return *c // want `copy of chain`
}

func parameter(c chain) {} // want `copy of chain`

func take(any) {}

func statements(s *session, list []chain, out chan chain) {
	c := s.chain             // want `in olm.statements: copy of chain`
	*s.peer = c              // want `copy of chain`
	var d = *s               // want `copy of session`
	_ = session{chain: c}    // want `copy of chain`
	_ = [1]chain{c}          // want `copy of chain`
	take(c)                  // want `copy of chain`
	out <- c                 // want `copy of chain`
	for _, e := range list { // want `copy of chain`
		e.wipe()
	}
	list = append(list, chain{}) // want `copy of chain`
	copy(list, list[1:])         // want `copy of chain`
	_ = func(chain) {}           // want `copy of chain`
	_ = d
}

func others(c *aessha2.Cipher) {
	d := *c // want `copy of .*Cipher, which holds a secret`
	_ = d
}

// sealed holds the MAC of a message, which is sent.
type sealed struct{ mac [8]byte }

func seal(c *aessha2.Cipher) sealed {
	var s sealed
	s.mac = c.MAC(nil)
	return s
}

func allowed(s *session, k public, b boxed, list []chain, pointers []*chain) *chain {
	*s.peer = chain{}
	d := &s.chain
	e := new(chain)
	p, q := k, b
	for i := range list {
		list[i].wipe()
	}
	for _, c := range pointers {
		c.wipe()
	}
	pointers = append(pointers, d, e)
	take(len(list))
	take(&s.chain)
	_, _ = p, q
	_ = *d
	key := s.chain.key
	_ = key
	return d
}
