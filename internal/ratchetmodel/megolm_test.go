package ratchetmodel

import (
	"bytes"
	"crypto/hmac"
	"encoding/binary"
	"math"
)

// Sizes and numbers of Megolm.
const (
	SignatureSize = 64

	exportVersion  = 1
	sharingVersion = 2
	megolmVersion  = 3
	exportSize     = 165

	tagMegolmIndex      = 0x08
	tagMegolmCiphertext = 0x12
)

// A MegolmMessage is a message taken apart.
type MegolmMessage struct {
	Index      uint32
	Ciphertext []byte
	maced      []byte // what the MAC covers
	mac        []byte
	signature  []byte
}

// ParseMegolm reads a message.
func ParseMegolm(b []byte) (m MegolmMessage, r *Refusal) {
	if len(b) == 0 {
		return m, refuse(Malformed)
	}
	if b[0] != megolmVersion {
		return m, refuse(Version)
	}
	if len(b) < 1+MACSize+SignatureSize {
		return m, refuse(Malformed)
	}
	end := len(b) - MACSize - SignatureSize
	m.maced, m.mac, m.signature = b[:end], b[end:end+MACSize], b[end+MACSize:]
	numbers, values, ok := fields(m.maced[1:], tagMegolmIndex, tagMegolmCiphertext)
	if !ok || len(values[tagMegolmCiphertext]) == 0 {
		return m, refuse(Malformed)
	}
	m.Index, m.Ciphertext = numbers[tagMegolmIndex], values[tagMegolmCiphertext]
	return m, nil
}

// An Outbound is the sender's side of a session.
type Outbound struct {
	Ratchet *Ratchet
	Next    uint32
	Public  Key
	seed    []byte
	sign    func([]byte) []byte
}

// NewOutboundGroup makes a session.
func NewOutboundGroup(random Random) *Outbound {
	o := &Outbound{Ratchet: NewRatchet(0, ParseValue(random(128))), seed: random(32)}
	public, sign := signingKey(o.seed)
	o.Public, o.sign = Key(public), sign
	return o
}

// Clone returns a copy at the same index.
func (o *Outbound) Clone() *Outbound {
	c := *o
	return &c
}

// Encrypt returns the next message.
func (o *Outbound) Encrypt(plaintext []byte) ([]byte, *Refusal) {
	if o.Next == math.MaxUint32 {
		return nil, refuse(Exhausted)
	}
	k := o.keys(o.Next)
	m := join([]byte{megolmVersion}, Int(tagMegolmIndex, uint64(o.Next)), Bytes(tagMegolmCiphertext, k.encrypt(plaintext)))
	o.Next++
	return o.Sign(join(m, k.tag(m))), nil
}

func (o *Outbound) keys(index uint32) cipherKeys {
	return newCipherKeys(o.Ratchet.At(index).Bytes(), "MEGOLM_KEYS")
}

// Sign appends the right signature to whatever stands for a message, and Tag
// the right MAC for an index. The harness forges with them.
func (o *Outbound) Sign(message []byte) []byte { return join(message, o.sign(message)) }

// SignSmallOrder appends a signature that only a lax verification takes.
func (o *Outbound) SignSmallOrder(message []byte) []byte {
	return join(message, signSmallOrder(o.seed, message))
}

// Tag appends a MAC: see Sign.
func (o *Outbound) Tag(index uint32, message []byte) []byte {
	return join(message, o.keys(index).tag(message))
}

// Blocks encrypts whole blocks, whose padding may be wrong.
func (o *Outbound) Blocks(index uint32, padded []byte) []byte {
	return o.keys(index).encryptBlocks(padded)
}

func (o *Outbound) described(version byte) []byte {
	return join([]byte{version}, u32(o.Next), o.Ratchet.At(o.Next).Bytes(), o.Public[:])
}

// SessionKey is the session sharing format.
func (o *Outbound) SessionKey() []byte { return o.Sign(o.described(sharingVersion)) }

// Content is version 1 of libolm's pickle.
func (o *Outbound) Content() []byte {
	return join(u32(1), o.Ratchet.At(o.Next).Bytes(), u32(o.Next), o.Public[:], expanded(o.seed))
}

// An Inbound is a recipient's copy of a session.
type Inbound struct {
	Ratchet  *Ratchet
	Public   Key
	Verified bool
	Latest   uint32 // of the messages that decrypted
}

// NewInboundGroup reads the session sharing format.
func NewInboundGroup(b []byte) (*Inbound, *Refusal) {
	in, r := describedBy(b, sharingVersion, exportSize+SignatureSize)
	if r != nil {
		return nil, r
	}
	if !verify(in.Public[:], b[:exportSize], b[exportSize:]) {
		return nil, refuse(BadSignature)
	}
	in.Verified = true
	return in, nil
}

// ImportInboundGroup reads the session export format.
func ImportInboundGroup(b []byte) (*Inbound, *Refusal) {
	return describedBy(b, exportVersion, exportSize)
}

func describedBy(b []byte, version byte, size int) (*Inbound, *Refusal) {
	if len(b) != size {
		return nil, refuse(Malformed)
	}
	if b[0] != version {
		return nil, refuse(Version)
	}
	if !goodEd25519(b[133:165]) {
		return nil, refuse(Malformed)
	}
	first := binary.BigEndian.Uint32(b[1:5])
	return &Inbound{NewRatchet(first, ParseValue(b[5:133])), Key(b[133:165]), false, first}, nil
}

// Clone returns a copy that shares nothing that changes.
func (in *Inbound) Clone() *Inbound {
	c := *in
	return &c
}

// Decrypt returns the plaintext of a message.
func (in *Inbound) Decrypt(m MegolmMessage) ([]byte, *Refusal) {
	if !verify(in.Public[:], join(m.maced, m.mac), m.signature) {
		return nil, refuse(BadSignature)
	}
	if m.Index < in.Ratchet.First {
		return nil, refuse(NoIndex, in.Ratchet.First, m.Index)
	}
	k := newCipherKeys(in.Ratchet.At(m.Index).Bytes(), "MEGOLM_KEYS")
	if !hmac.Equal(k.tag(m.maced), m.mac) {
		return nil, refuse(BadMessage)
	}
	plaintext, ok := k.decrypt(m.Ciphertext)
	if !ok {
		return nil, refuse(BadMessage)
	}
	in.Latest, in.Verified = max(in.Latest, m.Index), true
	return plaintext, nil
}

// Export is the session export format from an index on.
func (in *Inbound) Export(index uint32) ([]byte, *Refusal) {
	if index < in.Ratchet.First {
		return nil, refuse(NoIndex, in.Ratchet.First, index)
	}
	return join([]byte{exportVersion}, u32(index), in.Ratchet.At(index).Bytes(), in.Public[:]), nil
}

// AdvanceTo forgets what is before an index.
func (in *Inbound) AdvanceTo(index uint32) *Refusal {
	if index < in.Ratchet.First {
		return refuse(NoIndex, in.Ratchet.First, index)
	}
	in.Ratchet = NewRatchet(index, in.Ratchet.At(index))
	in.Latest = max(in.Latest, index)
	return nil
}

// How copies of a session relate.
const (
	Equal       = "equal"
	Better      = "better"
	Worse       = "worse"
	Unconnected = "unconnected"
)

// Compare says how a copy relates to another.
func (in *Inbound) Compare(other *Inbound) string {
	first, second := in.Ratchet, other.Ratchet
	from := max(first.First, second.First)
	switch {
	case in.Public != other.Public || !bytes.Equal(first.At(from).Bytes(), second.At(from).Bytes()):
		return Unconnected
	case first.First < second.First:
		return Better
	case first.First > second.First:
		return Worse
	}
	return Equal
}

// Merge takes over what another copy knows more. That the later copy's signing
// key was verified is taken over only where no part of the ratchet was begun
// anew between the two.
func (in *Inbound) Merge(other *Inbound) string {
	how := in.Compare(other)
	if how == Unconnected {
		return how
	}
	earlier, later := in, other
	if how == Worse {
		earlier, later = other, in
	}
	agree := earlier.Ratchet.First/256 == later.Ratchet.First/256
	verified := earlier.Verified || later.Verified && agree
	in.Ratchet, in.Verified = earlier.Ratchet, verified
	return how
}

// Content is version 2 of libolm's pickle.
func (in *Inbound) Content() []byte {
	first, latest := in.Ratchet.First, in.Latest
	return join(u32(2), in.Ratchet.At(first).Bytes(), u32(first), in.Ratchet.At(latest).Bytes(), u32(latest),
		in.Public[:], flag(in.Verified))
}
