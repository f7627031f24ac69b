package olm_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// An account keeps 5000 one-time keys, drops the oldest first, and says which.
func TestOneTimeKeysEvicted(t *testing.T) {
	bob := newAccount(t, 3)
	first := oneTimeKeys(bob)
	bob = filled(t, bob, olm.MaxOneTimeKeys-3-1)
	evicted, err := bob.GenerateOneTimeKeys(1)
	require.NoError(t, err)
	require.Empty(t, evicted)
	require.Equal(t, olm.MaxOneTimeKeys, bob.OneTimeKeyCount())
	evicted, err = bob.GenerateOneTimeKeys(2)
	require.NoError(t, err)
	require.Equal(t, first[:2], evicted, "oldest first")
	clear(evicted) // the caller's
	require.Equal(t, olm.MaxOneTimeKeys, bob.OneTimeKeyCount())

	for i, k := range first {
		s, err := newAccount(t, 0).NewOutboundSession(bob.IdentityKeys().Curve25519, k)
		require.NoError(t, err)
		m := encrypt(t, s, "hello")
		if i < 2 {
			e := failtest.RefusedAs[*olm.UnknownOneTimeKeyError](t, receiveFirst(bob, olm.PreKey, m.Bytes()), bob)
			require.Equal(t, k, e.Key)
		} else {
			inbound(t, reopenedAccount(t, bob), m, "hello")
		}
	}
}

// filled returns an account, without fallback keys, with n more one-time keys
// whose private keys are not theirs.
func filled(t *testing.T, a *olm.Account, n int) *olm.Account {
	t.Helper()
	state := a.State()
	fields := accountSpans(32, a.OneTimeKeyCount(), 0)
	at, end := fields.at(t, "number of one-time keys"), fields.at(t, "algorithm of fallback keys").off
	last := binary.BigEndian.Uint32(state[fields.at(t, "last id").off:])
	list := bytes.Clone(state[at.off+4 : end])
	for i := range uint32(n) {
		private, public := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
		binary.BigEndian.PutUint32(public, i)
		list = append(list, join(be32(last+i+1), []byte{0}, public, private)...)
	}
	state = fields.at(t, "last id").with(state, be32(last+uint32(n)))
	state = join(state[:at.off], be32(uint32(a.OneTimeKeyCount()+n)), list, state[end:])
	full, err := olm.OpenAccount(sealed(t, seal.OlmAccount, state), sealKey(t), sealContext)
	require.NoError(t, err)
	return full
}

func TestGenerateOneTimeKeysCounts(t *testing.T) {
	a := newAccount(t, 1)
	for _, n := range []int{-1, math.MinInt, olm.MaxOneTimeKeys + 1, math.MaxInt} {
		failtest.RefusedWith(t, olm.ErrKeyCount, func() error { _, err := a.GenerateOneTimeKeys(n); return err }, a)
	}
	state := a.State()
	evicted, err := a.GenerateOneTimeKeys(0)
	require.NoError(t, err)
	require.Empty(t, evicted)
	require.Equal(t, state, a.State())
	_, err = a.GenerateOneTimeKeys(3)
	require.NoError(t, err)
	list := a.UnpublishedOneTimeKeys()
	seen := make(map[keys.Curve25519]bool)
	for i, k := range list {
		require.Equal(t, keys.NewID(uint32(i)+1), k.ID, "oldest first, from 1")
		require.False(t, seen[k.Key])
		seen[k.Key] = true
	}
	require.Len(t, list, 4)
}

// The server's count is hostile: no answer asks for more than 50 keys, or fewer
// than none.
func TestOneTimeKeysNeeded(t *testing.T) {
	for _, test := range []struct{ kept, published, onServer, want int }{
		{0, 0, 0, 50}, {0, 0, 1, 49}, {0, 0, 49, 1}, {0, 0, 50, 0}, {0, 0, 51, 0},
		{0, 0, -1, 50}, {0, 0, math.MinInt, 50}, {0, 0, math.MaxInt, 0}, {0, 0, math.MinInt32, 50},
		{10, 0, 0, 40}, {10, 0, 45, 0}, {10, 10, 0, 50}, {10, 10, 10, 40}, {10, 4, 4, 40}, {60, 0, 0, 0},
		{60, 60, 0, 50}, {10, 0, math.MaxInt, 0}, {10, 0, math.MinInt, 40},
	} {
		a := newAccount(t, test.kept)
		for _, k := range a.UnpublishedOneTimeKeys()[:test.published] {
			require.NoError(t, a.MarkPublished(k.ID))
		}
		state := a.State()
		require.Equal(t, test.want, a.OneTimeKeysNeeded(test.onServer), "%+v", test)
		require.Equal(t, state, a.State())
	}
	require.Equal(t, 50, olm.PublishedOneTimeKeys)
}

func TestMarkPublished(t *testing.T) {
	a := newAccount(t, 3)
	_, err := a.GenerateFallbackKey()
	require.NoError(t, err)
	list := a.UnpublishedOneTimeKeys()
	state := a.State()
	require.NoError(t, a.MarkPublished())
	require.NoError(t, a.MarkPublished(keys.ID{}, keys.NewID(0), keys.NewID(99), keys.NewID(math.MaxUint32)))
	require.Equal(t, state, a.State(), "unknown ids change nothing, nor the revision")

	revision := a.Revision()
	require.NoError(t, a.MarkPublished(list[1].ID, keys.NewID(99), list[1].ID))
	require.Equal(t, revision+1, a.Revision())
	require.Equal(t, []olm.OneTimeKey{list[0], list[2]}, a.UnpublishedOneTimeKeys())
	require.NoError(t, a.MarkPublished(list[1].ID))
	require.Equal(t, revision+1, a.Revision(), "it was published before")

	fallback, ok := a.UnpublishedFallbackKey()
	require.True(t, ok)
	require.NoError(t, a.MarkPublished(fallback.ID))
	_, ok = a.UnpublishedFallbackKey()
	require.False(t, ok)
	again, ok := a.FallbackKey()
	require.True(t, ok)
	require.Equal(t, fallback, again)

	require.NoError(t, a.MarkAllPublished())
	require.Empty(t, a.UnpublishedOneTimeKeys())
	require.Equal(t, 3, a.OneTimeKeyCount())
	revision = a.Revision()
	require.NoError(t, a.MarkAllPublished())
	require.Equal(t, revision, a.Revision())
}

// A fallback key serves any number of sessions while it is the current or the
// previous one, and none after.
func TestFallbackKeyRotation(t *testing.T) {
	bob := newAccount(t, 0)
	_, ok := bob.FallbackKey()
	require.False(t, ok)
	_, ok = bob.UnpublishedFallbackKey()
	require.False(t, ok)
	forgot, err := bob.ForgetPreviousFallbackKey()
	require.NoError(t, err)
	require.False(t, forgot)

	var all []olm.OneTimeKey
	for i := range 4 {
		revision := bob.Revision()
		forgotten, err := bob.GenerateFallbackKey()
		require.NoError(t, err)
		require.Equal(t, revision+1, bob.Revision())
		if i < 2 {
			require.True(t, forgotten.IsZero())
		} else {
			require.Equal(t, all[i-2].Key, forgotten)
		}
		k, ok := bob.UnpublishedFallbackKey()
		require.True(t, ok)
		all = append(all, k)
		require.Equal(t, keys.NewID(uint32(i)+1), k.ID)
		require.NoError(t, bob.MarkAllPublished())
		for j := range all {
			var kind olm.KeyKind
			switch j {
			case i:
				kind = olm.Fallback
			case i - 1:
				kind = olm.PreviousFallback
			}
			useFallback(t, bob, all[j], kind)
		}
	}
	forgot, err = bob.ForgetPreviousFallbackKey()
	require.NoError(t, err)
	require.True(t, forgot)
	useFallback(t, bob, all[3], olm.Fallback)
	useFallback(t, bob, all[2], 0)
	forgot, err = bob.ForgetPreviousFallbackKey()
	require.NoError(t, err)
	require.False(t, forgot)
}

// useFallback writes to a fallback key twice, and expects it to be of a kind, or
// unknown. It stays what it was.
func useFallback(t *testing.T, bob *olm.Account, k olm.OneTimeKey, kind olm.KeyKind) {
	t.Helper()
	state := bob.State()
	for range 2 {
		alice := newAccount(t, 0)
		s, err := alice.NewOutboundSession(bob.IdentityKeys().Curve25519, k.Key)
		require.NoError(t, err)
		m := encrypt(t, s, "hello")
		if kind == 0 {
			e := failtest.RefusedAs[*olm.UnknownOneTimeKeyError](t, receiveFirst(bob, olm.PreKey, m.Bytes()), bob)
			require.Equal(t, k.Key, e.Key)
			require.ErrorContains(t, e, k.Key.String())
			continue
		}
		in, err := bob.NewInboundSession(alice.IdentityKeys().Curve25519, m)
		require.NoError(t, err)
		require.Equal(t, olm.UsedKey{OneTimeKey: k, Kind: kind}, in.Used)
		id, err := bob.UnsafeConsumeKey(in.Session)
		require.NoError(t, err)
		require.Equal(t, k.ID, id)
		require.Equal(t, state, bob.State(), "a fallback key is not consumed")
	}
}

// What a pre-key message used is told: key, id and kind.
func TestUsedKey(t *testing.T) {
	alice, bob := newAccount(t, 0), newAccount(t, 3)
	k := bob.UnpublishedOneTimeKeys()[1]
	s, err := alice.NewOutboundSession(bob.IdentityKeys().Curve25519, k.Key)
	require.NoError(t, err)
	in, err := bob.NewInboundSession(alice.IdentityKeys().Curve25519, encrypt(t, s, "hello"))
	require.NoError(t, err)
	require.Equal(t, olm.UsedKey{OneTimeKey: k, Kind: olm.OneTime}, in.Used)
	require.Equal(t, uint64(2), bob.Revision())
	require.Equal(t, uint64(1), in.Session.Revision())
	require.NotContains(t, oneTimeKeys(bob), k.Key)
	require.Len(t, oneTimeKeys(bob), 2)
	want := olm.SessionKeys{IdentityKey: alice.IdentityKeys().Curve25519, BaseKey: s.SessionKeys().BaseKey, OneTimeKey: k.Key}
	require.Equal(t, want, in.Session.SessionKeys())
	require.Equal(t, s.ID(), in.Session.ID())
	require.Len(t, s.ID(), 43)
	for kind, name := range map[olm.KeyKind]string{0: "unknown", olm.OneTime: "one-time key", olm.Fallback: "fallback key",
		olm.PreviousFallback: "previous fallback key", 4: "unknown", -1: "unknown"} {
		require.Equal(t, name, kind.String())
	}
}

// The two-step form for programs on libolm's interface: nothing is decrypted or
// consumed before they say so.
func TestUnsafeInboundSession(t *testing.T) {
	alice, bob := newAccount(t, 0), newAccount(t, 0)
	m := encrypt(t, newOutbound(t, alice, bob), "hello")
	state := bob.State()
	s, err := bob.UnsafeNewInboundSession(alice.IdentityKeys().Curve25519, tampered(t, m))
	require.NoError(t, err)
	require.Equal(t, state, bob.State())
	failtest.RefusedWith(t, olm.ErrDecrypt, decryption(s, tampered(t, m)), s, bob)
	require.False(t, s.HasReceivedMessage())
	decrypts(t, s, m, "hello")
	revision := bob.Revision()
	id, err := bob.UnsafeConsumeKey(s)
	require.NoError(t, err)
	require.Equal(t, keys.NewID(1), id)
	require.Equal(t, revision+1, bob.Revision())
	require.Zero(t, bob.OneTimeKeyCount())
	failtest.RefusedAs[*olm.UnknownOneTimeKeyError](t, func() error { _, err := bob.UnsafeConsumeKey(s); return err }, bob, s)
	failtest.RefusedAs[*olm.UnknownOneTimeKeyError](t, func() error {
		_, err := bob.UnsafeNewInboundSession(alice.IdentityKeys().Curve25519, m)
		return err
	}, bob)
}

func TestMessageTypeWhereItIsNeeded(t *testing.T) {
	c := newConversation(t)
	normal := encrypt(t, c.bob, "normal")
	failtest.RefusedWith(t, olm.ErrMessageType, func() error {
		_, err := c.bobAccount.NewInboundSession(c.aliceAccount.IdentityKeys().Curve25519, normal)
		return err
	}, c.bobAccount)
	for _, typ := range []olm.MessageType{-1, 2, 3, math.MaxInt32} {
		failtest.RefusedWith(t, olm.ErrMessageType, func() error { _, err := olm.NewMessage(typ, normal.Bytes()); return err })
		failtest.RefusedWith(t, olm.ErrMessageType, func() error { _, err := olm.ParseMessage(typ, normal.Body()); return err })
	}
	// A pre-key message of another session is not tried.
	other := encrypt(t, newOutbound(t, c.aliceAccount, c.bobAccount), "other")
	require.False(t, c.bob.Matches(other))
	require.False(t, c.bob.Matches(normal))
	failtest.RefusedWith(t, olm.ErrWrongSession, decryption(c.bob, other), c.bob)
}

// The JSON form of identity keys is libolm's.
func TestIdentityKeysJSON(t *testing.T) {
	// libolm 3.2.13, tests/test_olm.cpp:642
	const text = `{"curve25519":"8B4LB9RNCyqzLWb8aJow0G4YYyeF1aQVGKRpI21bPAY","ed25519":"L9zPmlvcZgpw6f92LbGIxuIhTiSfO73K4uk7atBptZU"}`
	var ids olm.IdentityKeys
	require.NoError(t, json.Unmarshal([]byte(text), &ids))
	again, err := json.Marshal(ids)
	require.NoError(t, err)
	require.Equal(t, text, string(again))
	failtest.RefusedWith(t, keys.ErrAbsent, func() error { _, err := json.Marshal(olm.IdentityKeys{}); return err })
}
