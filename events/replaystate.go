package events

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// The state of a guard, first written in version 1:
//
//	layout    1 byte   1
//	revision  8 bytes
//	session  32 bytes  the public key that is its id
//	count     4 bytes
//	index 4 bytes, digest 32 bytes, each, indexes ascending
const (
	guardLayout    = 1
	guardHeaderLen = 1 + 8 + keys.PublicKeySize + 4
	guardEntryLen  = 4 + sha256.Size

	guardName = "events: sealed replay guard"
)

// Seal returns the guard encrypted under key, for storage beside its session. It
// opens again under the same context only, for instance the room and session id;
// context may be empty. It returns [keys.ErrAbsent] when key is absent, or for a
// guard that [NewReplayGuard] did not make.
func (g *ReplayGuard) Seal(key keys.SealKey, context []byte) ([]byte, error) {
	return g.AppendSeal(nil, key, context)
}

// AppendSeal is [ReplayGuard.Seal], appending to dst.
func (g *ReplayGuard) AppendSeal(dst []byte, key keys.SealKey, context []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return g.doAppendSeal(dst, key, context) })
}

func (g *ReplayGuard) doAppendSeal(dst []byte, key keys.SealKey, context []byte) ([]byte, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.session.IsZero() {
		return dst, fmt.Errorf("%s: %w", guardName, keys.ErrAbsent)
	}
	k := key.Secret()
	defer secret.Wipe(k[:])
	return seal.Append(dst, seal.ReplayGuard, &k, context, g.stateLen(), g.writeState)
}

// OpenReplayGuard opens a guard that [ReplayGuard.Seal] made. An older one opens
// as well as the newest, and knows fewer events: rollback is the caller's to
// notice. It returns a [*MalformedError], a [*VersionError], [megolm.ErrOpen]
// or [keys.ErrAbsent].
func OpenReplayGuard(sealed []byte, key keys.SealKey, context []byte) (*ReplayGuard, error) {
	return secret.Call(func() (*ReplayGuard, error) { return doOpenReplayGuard(sealed, key, context) })
}

func doOpenReplayGuard(sealed []byte, key keys.SealKey, context []byte) (*ReplayGuard, error) {
	k := key.Secret()
	defer secret.Wipe(k[:])
	state, err := seal.Open(sealed, seal.ReplayGuard, &k, context)
	if err != nil {
		return nil, err
	}
	return readGuard(state)
}

func readGuard(state []byte) (*ReplayGuard, error) {
	g := new(ReplayGuard)
	in := layout.NewReader(guardName, state)
	g.readState(in)
	if err := in.End(); err != nil {
		return nil, err
	}
	return g, nil
}

func (g *ReplayGuard) stateLen() int { return guardHeaderLen + guardEntryLen*len(g.seen) }

func (g *ReplayGuard) writeState(w *layout.Writer) {
	w.Byte(guardLayout)
	w.Uint64(g.revision)
	w.Bytes(g.session.Bytes())
	w.Uint32(uint32(len(g.seen)))
	for _, index := range slices.Sorted(maps.Keys(g.seen)) {
		digest := g.seen[index]
		w.Uint32(index)
		w.Bytes(digest[:])
	}
}

func (g *ReplayGuard) readState(in *layout.Reader) {
	if in.Byte() != guardLayout {
		in.Fail("unknown layout")
	}
	g.revision = in.Uint64()
	var public [keys.PublicKeySize]byte
	in.Bytes(public[:])
	var err error
	if g.session, err = keys.NewEd25519(public[:]); err != nil {
		in.Invalid("invalid Ed25519 public key")
	}
	n := in.Count(MaxReplayEntries, guardEntryLen)
	g.seen = make(map[uint32]eventDigest, n)
	last := int64(-1)
	for range n {
		index := in.Uint32()
		if int64(index) <= last {
			in.Invalid("indexes out of order")
		}
		var digest eventDigest
		in.Bytes(digest[:])
		g.seen[index], last = digest, int64(index)
	}
}
