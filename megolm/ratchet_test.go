package megolm_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/megolm"
)

func requireRatchet(t *testing.T, want *peer, got *megolm.Ratchet) {
	t.Helper()
	require.Equal(t, want.index, got.Index())
	if want.parts != got.Parts() {
		t.Fatalf("at %#x: another ratchet than the specification's", want.index)
	}
}

var boundaries = []uint32{
	0, 1, 2, 0xfe, 0xff, 0x100, 0x101, 0x1ff, 0x200, 0xfffe, 0xffff, 0x10000, 0x10001, 0x100ff, 0x10100, 0x1ffff, 0x20000,
	0xfffffe, 0xffffff, 0x1000000, 0x1000001, 0x1010101, 0x1ffffff, 0x2000000, 0x7fffffff, 0x80000000, 0x80000001,
	0xfeffffff, 0xff000000, 0xfffeffff, 0xffff0000, 0xfffffeff, 0xffffff00, math.MaxUint32 - 1, math.MaxUint32,
}

func TestAttack_P19_BoundariesAgainstDefinition(t *testing.T) {
	p := newPeer(1)
	for _, index := range boundaries {
		r := megolm.NewRatchet(p.parts, 0)
		r.AdvanceTo(index)
		requireRatchet(t, p.at(index), r)
	}
	// From every boundary to later ones.
	for i, from := range boundaries {
		q := newPeer(2)
		q.index = from
		for j, to := range boundaries[i:] {
			if j <= 1 || (i+j)%5 == 0 {
				r := megolm.NewRatchet(q.parts, from)
				r.AdvanceTo(to)
				requireRatchet(t, q.at(to), r)
			}
		}
	}
}

func TestAttack_P19_StepsAgainstDefinition(t *testing.T) {
	last := uint32(0x20010)
	if testing.Short() {
		last = 0x10010
	}
	p := newPeer(3)
	r := megolm.NewRatchet(p.parts, 0)
	for index := uint32(0); index < last; {
		r.Advance()
		index++
		if index <= 0x300 || index&0xff <= 1 || index&0xff == 0xff {
			if index <= 0x300 || index&0xffff <= 0x101 || index > 0xfe00 {
				requireRatchet(t, p.at(index), r)
			}
		}
	}
	for _, from := range boundaries[1:] {
		if from > math.MaxUint32-6 {
			continue
		}
		q := newPeer(4)
		q.index = from - 1
		stepped := megolm.NewRatchet(q.parts, q.index)
		for i := range uint32(4) {
			stepped.Advance()
			requireRatchet(t, q.at(from+i), stepped)
		}
	}
	q := newPeer(5)
	q.index = math.MaxUint32 - 1
	r = megolm.NewRatchet(q.parts, q.index)
	r.Advance()
	requireRatchet(t, q.at(math.MaxUint32), r)
}

func TestAttack_P19_AdvancesCompose(t *testing.T) {
	random := newRandom(6)
	pick := func(least uint32) uint32 {
		if random.IntN(3) == 0 {
			if b := boundaries[random.IntN(len(boundaries))]; b >= least {
				return b
			}
		}
		v := random.Uint32() >> random.IntN(32)
		return max(least, v)
	}
	rounds := 300
	if testing.Short() {
		rounds = 50
	}
	for range rounds {
		p := newPeer(byte(random.Uint32()))
		a := pick(0)
		b := pick(a)
		direct, twice := megolm.NewRatchet(p.parts, 0), megolm.NewRatchet(p.parts, 0)
		direct.AdvanceTo(b)
		twice.AdvanceTo(a)
		twice.AdvanceTo(b)
		require.Equal(t, b, twice.Index())
		require.True(t, direct.Parts() == twice.Parts(), "0 to %#x to %#x", a, b)
		twice.AdvanceTo(b)
		require.True(t, direct.Parts() == twice.Parts(), "to its own index")
	}
}

// TestAttack_P18_Cost: no distance costs more than about a thousand hashes,
// below a millisecond. A ratchet that steps one by one would need an hour.
func TestAttack_P18_Cost(t *testing.T) {
	p := newPeer(7)
	start := time.Now()
	for range 100 {
		r := megolm.NewRatchet(p.parts, 0)
		r.AdvanceTo(math.MaxUint32)
		require.Equal(t, uint32(math.MaxUint32), r.Index())
	}
	require.Less(t, time.Since(start), 5*time.Second)
}

// TestAdvanceDoesNotAllocate: what a step leaves on the heap is a piece of a
// secret that nobody wipes, a thousand times over for a distant index.
func TestAdvanceDoesNotAllocate(t *testing.T) {
	r := megolm.NewRatchet(newPeer(7).parts, 0)
	require.Zero(t, testing.AllocsPerRun(100, r.Advance))
}

// TestKnownRatchets holds libolm's values (libolm 3.2.13, tests/test_megolm.cpp:27,
// :53 and :67).
func TestKnownRatchets(t *testing.T) {
	var parts [128]byte
	copy(parts[:], "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF")
	r := megolm.NewRatchet(parts, 0)
	for _, c := range []struct {
		index uint32
		want  string
	}{
		{1, "303132333435363738394142434445463031323334353637383941424344454630313233343536373839414243444546303132333435363738394142434445463031323334353637383941424344454630313233343536373839414243444546ba9cd955741d1c162323ec825e7c5ce889bbb423a18f23828fb2090d6e2af86a"},
		{0x1000000, "54022d7dc0298e1637e21c97153092f933c056ff74fe1b922d971f2482c2859c7004c01ee49bd6efe0073525af9b1632c5be726d12349cc5bd472bdc2df6540f3112591194fda617e568c683101eaecd7eddd6de1fbc0767ae34da1a09a54eabba9cd955741d1c162323ec825e7c5ce889bbb423a18f23828fb2090d6e2af86a"},
		{0x1041506, "54022d7dc0298e1637e21c97153092f933c056ff74fe1b922d971f2482c2859c55588df5b7a48878428927868164589f3663447b51edc3595b036ca604c46dcd5c54850bfa98a1fd79a9df1cbe8fc5681937d30c85c8c31f7bb828816cf9ff3b956cbf807e65126a49558d45c84a2e4cd56f03e24416b98e1cfd97c206aa907a"},
	} {
		r.AdvanceTo(c.index)
		got := r.Parts()
		require.Equal(t, c.want, hex.EncodeToString(got[:]), "%#x", c.index)
	}
}

// TestAccumulated walks 10000 random advances and hashes every ratchet on the
// way to one value, computed by the definition of the specification.
func TestAccumulated(t *testing.T) {
	rounds, want := 10000, "038552bf7c6d8a9baac564ac852c28946c3667c6731f61b7aae9f5f520a9e701"
	if testing.Short() {
		rounds, want = 100, "9770a20d2496e17d07f1ce93fe6bc7050e36a2b6d46a369518e6df17850185fc"
	}
	random, sum := newRandom(8), sha256.New()
	r := megolm.NewRatchet(newPeer(8).parts, 0)
	for range rounds {
		v := random.Uint32()
		if v&1 == 0 && r.Index() != math.MaxUint32 {
			r.Advance()
		} else {
			next := uint64(r.Index()) + uint64(v>>(8+v>>1%23))
			if next > math.MaxUint32 {
				r = megolm.NewRatchet(r.Parts(), uint32(next))
			} else {
				r.AdvanceTo(uint32(next))
			}
		}
		parts := r.Parts()
		sum.Write(binary.BigEndian.AppendUint32(parts[:], r.Index()))
	}
	require.Equal(t, want, hex.EncodeToString(sum.Sum(nil)))
}
