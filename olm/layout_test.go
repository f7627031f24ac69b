package olm_test

import (
	"encoding/binary"
	"fmt"
	"testing"
)

// kind is what a field of a stored value holds.
type kind int

const (
	tag       kind = iota // a version, suite, form or algorithm
	number                // any number
	truth                 // 0 or 1
	count                 // of the items that follow, 4 bytes
	smallSize             // of the items that follow, 1 byte
	curvePub              // a Curve25519 public key
	edPub                 // an Ed25519 public key
	curveKey              // a secret that must not be all zero
	edKey                 // the seed or expanded key of edPub
)

// span is a field of a stored value.
type span struct {
	name   string
	kind   kind
	off, n int
}

// spans collects fields in their order.
type spans struct {
	list []span
	end  int
}

func (s *spans) add(name string, k kind, n int) {
	s.list = append(s.list, span{name, k, s.end, n})
	s.end += n
}

func (s *spans) pair(name string) {
	s.add(name+" public", curvePub, 32)
	s.add(name+" private", curveKey, 32)
}

func (s *spans) oneTimeKey(name string) {
	s.add(name+" id", number, 4)
	s.add(name+" published", truth, 1)
	s.pair(name)
}

func (s *spans) chain(name string) {
	s.add(name+" chain key", curveKey, 32)
	s.add(name+" index", number, 4)
}

func (s *spans) sessionKeys() {
	s.add("identity key", curvePub, 32)
	s.add("base key", curvePub, 32)
	s.add("one-time key", curvePub, 32)
}

// at returns the field of that name.
func (s *spans) at(t testing.TB, name string) span {
	for _, f := range s.list {
		if f.name == name {
			return f
		}
	}
	t.Fatalf("no field %q", name)
	return span{}
}

// libolmAccountSpans are the fields of libolm's version 4.
func libolmAccountSpans(oneTime, fallback int) *spans {
	s := new(spans)
	s.add("version", tag, 4)
	s.add("signing public", edPub, 32)
	s.add("signing private", edKey, 64)
	s.pair("identity")
	s.add("number of one-time keys", count, 4)
	for i := range oneTime {
		s.oneTimeKey(fmt.Sprintf("one-time key %d", i))
	}
	s.add("number of fallback keys", smallSize, 1)
	for i := range fallback {
		s.oneTimeKey(fmt.Sprintf("fallback key %d", i))
	}
	s.add("last id", number, 4)
	return s
}

// libolmSessionSpans are the fields of libolm's version 1.
func libolmSessionSpans(senders, receivers, skipped int) *spans {
	s := new(spans)
	s.add("version", tag, 4)
	s.add("received", truth, 1)
	s.sessionKeys()
	s.add("root key", curveKey, 32)
	s.add("number of sender chains", count, 4)
	for range senders {
		s.pair("ratchet key")
		s.chain("sender")
	}
	s.add("number of receiver chains", count, 4)
	for i := range receivers {
		name := fmt.Sprintf("receiver %d", i)
		s.add(name+" ratchet key", curvePub, 32)
		s.chain(name)
	}
	s.add("number of skipped keys", count, 4)
	for i := range skipped {
		name := fmt.Sprintf("skipped %d", i)
		s.add(name+" ratchet key", curvePub, 32)
		s.add(name+" key", curveKey, 32)
		s.add(name+" index", number, 4)
	}
	return s
}

func (s *spans) stateHeader() {
	s.add("layout", tag, 1)
	s.add("suite", tag, 1)
	s.add("revision", number, 8)
}

// accountSpans are the fields of our own layout; private is the length of the
// signing key.
func accountSpans(private, oneTime, fallback int) *spans {
	s := new(spans)
	s.stateHeader()
	s.add("form of signing key", tag, 1)
	s.add("signing private", edKey, private)
	s.add("signing public", edPub, 32)
	s.pair("identity")
	s.add("last id", number, 4)
	s.add("algorithm of one-time keys", tag, 1)
	s.add("number of one-time keys", count, 4)
	for i := range oneTime {
		s.oneTimeKey(fmt.Sprintf("one-time key %d", i))
	}
	s.add("algorithm of fallback keys", tag, 1)
	s.add("number of fallback keys", smallSize, 1)
	for i := range fallback {
		s.oneTimeKey(fmt.Sprintf("fallback key %d", i))
	}
	return s
}

// sessionSpans are the fields of our own layout, with a sender chain and
// receiver chains that have this many skipped keys each.
func sessionSpans(skipped ...int) *spans {
	s := new(spans)
	s.stateHeader()
	s.sessionKeys()
	s.add("received", truth, 1)
	s.add("root key", curveKey, 32)
	s.add("count known", truth, 1)
	s.add("ratchet count", number, 8)
	s.add("serial", number, 8)
	s.add("orphans", number, 4)
	s.add("has sender chain", truth, 1)
	s.pair("ratchet key")
	s.chain("sender")
	s.add("number of receiver chains", smallSize, 1)
	for i, n := range skipped {
		name := fmt.Sprintf("receiver %d", i)
		s.add(name+" ratchet key", curvePub, 32)
		s.chain(name)
		s.add(name+" number of skipped keys", smallSize, 1)
		for j := range n {
			s.add(fmt.Sprintf("%s skipped %d index", name, j), number, 4)
			s.add(fmt.Sprintf("%s skipped %d serial", name, j), number, 8)
			s.add(fmt.Sprintf("%s skipped %d key", name, j), curveKey, 32)
		}
	}
	return s
}

// with returns plain with the field f replaced.
func (f span) with(plain, value []byte) []byte {
	out := append([]byte(nil), plain...)
	copy(out[f.off:f.off+f.n], value)
	return out
}

func be32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }
