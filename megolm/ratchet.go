package megolm

import (
	"crypto/subtle"
	"encoding/binary"

	"github.com/chappe-e2ee/chappe/internal/kdf"
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

const (
	ratchetParts = 4
	partSize     = kdf.Size
	ratchetSize  = ratchetParts * partSize
)

// ratchet is the Megolm ratchet (specification, "The Megolm ratchet
// algorithm"): four parts R0 to R3, and the index i of the message that it
// stands at. R3 changes with each step, R2 every 2^8 steps, R1 every 2^16, R0
// every 2^24, so that any later index is reached in about a thousand hashes
// at most, and no earlier one.
type ratchet struct {
	parts [ratchetSize]byte
	index uint32
}

func (r *ratchet) part(i int) *[partSize]byte { return (*[partSize]byte)(r.parts[i*partSize:]) }

// rehash replaces R[to] by H_to(R[from]), which is HMAC-SHA-256 under R[from]
// of the byte to.
func (r *ratchet) rehash(from, to int) {
	kdf.Step(r.part(to), r.part(from), byte(to))
}

// advance moves the ratchet by one step. The index must be below 2^32 - 1.
func (r *ratchet) advance() {
	r.index++
	from := ratchetParts - 1
	for mask := uint32(0xff); from > 0 && r.index&mask == 0; mask = mask<<8 | 0xff {
		from--
	}
	// Downwards, so that all parts follow from the old R[from].
	for to := ratchetParts - 1; to >= from; to-- {
		r.rehash(from, to)
	}
}

// advanceTo moves the ratchet to a later index, or leaves it at its own.
func (r *ratchet) advanceTo(index uint32) {
	for j := range ratchetParts {
		shift := uint(8 * (ratchetParts - 1 - j))
		steps := index>>shift - r.index>>shift
		if steps == 0 {
			continue
		}
		// Parts above j agree with the target already, so at most 255 steps
		// of this part lie between; the last one reseeds those below.
		for range steps - 1 {
			r.rehash(j, j)
		}
		for to := ratchetParts - 1; to >= j; to-- {
			r.rehash(j, to)
		}
		r.index = index &^ (1<<shift - 1)
	}
}

func (r *ratchet) equal(other *ratchet) bool {
	return r.index == other.index && subtle.ConstantTimeCompare(r.parts[:], other.parts[:]) == 1
}

func (r *ratchet) wipe() { secret.Wipe(r.parts[:]) }

// ratchetLen is the length of a stored ratchet: the parts, then the index.
const ratchetLen = ratchetSize + 4

func (r *ratchet) write(w *layout.Writer) {
	w.Bytes(r.parts[:])
	w.Uint32(r.index)
}

// read reads a stored ratchet.
func (r *ratchet) read(in *layout.Reader) {
	in.Bytes(r.parts[:])
	r.index = in.Uint32()
	if !in.Stopped() && r.unseeded() {
		in.Invalid("all-zero ratchet")
	}
}

// unseeded says whether the ratchet is all zero, which stands for none.
func (r *ratchet) unseeded() bool { return secret.IsZero(r.parts[:]) }

// Session keys and exports have the index before the parts.

func (r *ratchet) appendShared(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, r.index)
	return append(dst, r.parts[:]...)
}

func (r *ratchet) setShared(b []byte) {
	r.index = binary.BigEndian.Uint32(b)
	copy(r.parts[:], b[4:])
}
