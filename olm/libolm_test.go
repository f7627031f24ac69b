package olm_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// Pickles that libolm itself wrote are read, and written again byte for byte
// as libolm 3.2.13 writes them.
func TestLibolmLiteralPickles(t *testing.T) {
	// libolm 3.2.13, tests/test_session.cpp:78
	session := []byte("wkEpwMgiAqD7B1/Lw2cKYYDcUZVOd9QHes7ZroWxr/Rp/nWEAySgRsIu/a54YhO67rwitrLpos7tFxxK9IZ7pKB1qrR1coVWIt7" +
		"8V9lp9WgmBAvxHBSY+tu1lkL/JjLi963/yFdPancZ+WHMVfaKlV3gWGpo7EfNK6qAOxI1Ea/eCsE2sYrsHEDvLLGlKAA9E56rmmoe2w6TKzsQjsZM2/XT" +
		"2eJ82EgMO9pL02iLElXWmGNv72Ut7DouR0pQIT50HIEEKcFxYcoTb3WCfJD76CoesE4kx+TA6d45Xu1bwQNNkTGF+nCCu/GmKY+sECXbz9U6WhxG0YdF9" +
		"Z4T8YkWYAgpKNS0FWRV")
	// libolm 3.2.13, tests/test_session.cpp:112: a build that logged
	logging := []byte("m+DS/q34MXpw2xp50ZD0B7val1mlMpQXo0mx+VPje0weFYRRuuZQBdJgcFPEpi2MVSpA4cqgqHyj2/bU7/lz+BXkEBrCFVx0BJ" +
		"idxXfOLDW4TNtRhLS1YHJNGP8GvTg1+dCytBTLsCdm5f945Eq1U/pY3Cg96YTUufFP6EYrfRoDbAsRHc+h+wKKftQv+W44yUmRhcCemGHtpxk3UQAMCI7" +
		"EBv9BvveyZMy3p9qZ3xvFK34Hef+R7gjtFycz7Nk/4UF46sT3cTmUlXz9iFW4uz2FrTI1Wjym+l0DadsbSpHSUjmp9zt4qRP2UjwfZ5QNLv+cdObIfqFs" +
		"iThGu/PlKigdF4SLHrnG")
	key := []byte("secret_key")
	for _, pickle := range [][]byte{session, logging} {
		s, err := olm.ImportLibolmSession(pickle, key)
		require.NoError(t, err)
		require.Equal(t, "EHHoF8Sal4esfrEiHZRjHX0uMTN04XTiolGxD0NLRFE", s.ID())
		_, known := s.RatchetCount()
		require.False(t, known)
		for _, export := range []func([]byte) ([]byte, error){s.ExportLibolm, s.ExportLibolmLossy, reopened(t, s).ExportLibolm} {
			again, err := export(key)
			require.NoError(t, err)
			require.Equal(t, string(session), string(again))
		}
	}

	// libolm 3.2.13, tests/test_olm_decrypt.cpp:19: a chain to receive on
	answered := []byte("E0p44KO2y2pzp9FIjv0rud2wIvWDi2dx367kP4Fz/9JCMrH+aG369HGymkFtk0+PINTLB9lQRtohea5d7G/UXQx3r5y4IWuyh1x" +
		"aRnojEZQ9a5HRZSNtvmZ9NY1f1gutYa4UtcZcbvczN8b/5Bqge16cPUH1v62JKLlhoAJwRkH1wU6fbyOudERg5gdXA971btR+Q2V8GKbVbO5fGKL5phmEP" +
		"VXyMsrfjLdzQrgjOTxN8Pf6iuP+WFPvfnR9lDmNCFxJUVAdLIMnLuAdxf1TGcS+zzCzEE8btIZ99mHFdGvPXeH8qLeNZA")
	s, err := olm.ImportLibolmSession(answered, nil)
	require.NoError(t, err)
	require.Equal(t, "sender chain index: 0 receiver chain indices: 1 skipped message keys:", s.Describe())
	require.True(t, s.HasReceivedMessage())
	again, err := s.ExportLibolm([]byte{})
	require.NoError(t, err)
	require.Equal(t, string(answered), string(again))

	// libolm 3.2.13, tests/test_olm.cpp:642: version 3, with a fallback key
	v3 := []byte("0mSqVn3duHffbhaTbFgW+4JPlcRoqT7z0x4mQ72N+g+eSAk5sgcWSoDzKpMazgcB46ItEpChthVHTGRA6PD3dly0dUs4ji7VtWTa+1tUv1U" +
		"bxP92uYf1Ae3fomX0yAoHOjSrz1+RmuXr+At8jsmsf260sKvhB6LnI3qYsrw6AAtpgk5d5xZd66sLxvvYUuai+SmmcmT0bHosLTuDiiB9amBvPKkUKtKZm" +
		"aEAl5ULrgnJygp1/FnwzVfSrw6PBSX6ZaUEZHZGX1iI6/WjbHqlTQeOQjtaSsPaL5XXpteS9dFsuaANAj+8ks7Ut2Hwg/JPIh/ERYBwiMh9Mt3zSAG0Nkv" +
		"gUkcdipKxoSNZ6t+TkqZrN6jG6VCbx+4YpJO24iJbShZy8n79aePIgIsxX94ycsTq1ic38sCRSkWGVbCSRkPloHW7ZssLHA")
	const v4 = "PK4DUYWBx1o95XIGvNE7ATxWBIqoWRSbfCc4qLvGV0hVIaDv/g0WKhKACz7CizPwBsMK97rzqOfCzL9aFS8lHDoW2Cuu0d2lbkmRmGd+OLenj" +
		"iuUhaLP+eUqPb0vIr1Pe11DPE2GulnoWXDoT4KAZfKPmabyz/cAjjm4jMswhBXf8h+5ewdT/p7nvmSiVIdZ8NphVyQEZLZa2jr9JMpXgBmWUrvcO+PnYSO" +
		"qgOU4h83Wn3yWe6CN+ZEzIAYk6bF2iSVf1fTELZf/Ao/NNh9YFKKjASkE63CkYYwV9u0Cx9YfBOueEOlnO8aXtKFZf9VLyyc5oKrW8CMHBY3ynGhzcz361" +
		"Umtj2vy"
	a, err := olm.ImportLibolmAccount(v3, nil)
	require.NoError(t, err)
	fallback, ok := a.FallbackKey()
	require.True(t, ok)
	require.Equal(t, "dr98y6VOWt6lJaQgFVZeWY2ky76mga9MEMbdItJTdng", fallback.Key.String())
	require.Equal(t, "AAAAAQ", fallback.ID.String())
	_, ok = a.UnpublishedFallbackKey()
	require.False(t, ok)
	again, err = a.ExportLibolm(nil)
	require.NoError(t, err)
	require.Equal(t, v4, string(again))
	a, err = olm.ImportLibolmAccount(again, nil)
	require.NoError(t, err)
	again, err = a.ExportLibolm(nil)
	require.NoError(t, err)
	require.Equal(t, v4, string(again))
}

// Versions 2 and 3 are version 4 with other fallback keys: none, and two slots
// whose published flag says whether they are in use.
func TestLibolmOlderAccounts(t *testing.T) {
	bob := newAccount(t, 2)
	for range 2 {
		_, err := bob.GenerateFallbackKey()
		require.NoError(t, err)
		require.NoError(t, bob.MarkAllPublished())
	}
	pickle, err := bob.ExportLibolm(pickleKey)
	require.NoError(t, err)
	plain := unpickled(t, pickle)
	fields := libolmAccountSpans(2, 2)
	at := fields.at(t, "number of fallback keys").off
	head, slots, last := plain[4:at], plain[at+1:at+1+2*69], plain[len(plain)-4:]
	unused := func(slot []byte) []byte {
		out := bytes.Clone(slot)
		out[4] = 0
		return out
	}
	current, previous, zero := slots[:69], slots[69:], make([]byte, 69)
	v4 := func(slots ...[]byte) []byte {
		return join(be32(4), head, []byte{byte(len(slots))}, join(slots...), last)
	}
	usedZero := bytes.Clone(zero)
	usedZero[4] = 1
	for name, test := range map[string]struct{ old, want []byte }{
		"version 2":                     {join(be32(2), head, last), v4()},
		"version 3, two":                {join(be32(3), head, current, previous, last), v4(current, previous)},
		"version 3, one":                {join(be32(3), head, current, zero, last), v4(current)},
		"version 3, none":               {join(be32(3), head, zero, zero, last), v4()},
		"version 3, zero but used":      {join(be32(3), head, usedZero, usedZero, last), v4()},
		"version 3, second zero, used":  {join(be32(3), head, current, usedZero, last), v4(current)},
		"version 3, not in use":         {join(be32(3), head, unused(current), unused(previous), last), v4()},
		"version 3, second not in use":  {join(be32(3), head, current, unused(previous), last), v4(current)},
		"version 3, only second in use": {join(be32(3), head, zero, previous, last), v4()},
	} {
		a, err := openAccountPickle(pickled(test.old))
		require.NoError(t, err, name)
		again, err := a.ExportLibolm(pickleKey)
		require.NoError(t, err, name)
		require.Equal(t, test.want, unpickled(t, again), name)
		for n := 0; n < len(test.old); n += stride() {
			failtest.Refused(t, func() error { _, err := openAccountPickle(pickled(test.old[:n])); return err }, failtest.Secret(test.old))
		}
		failtest.Refused(t, func() error { _, err := openAccountPickle(pickled(join(test.old, []byte{0}))); return err }, failtest.Secret(test.old))
	}
	for _, p := range badPoints(nil) {
		hostile := bytes.Clone(current)
		copy(hostile[5:], p.bytes)
		failtest.RefusedAs[*olm.MalformedError](t, func() error {
			_, err := openAccountPickle(pickled(join(be32(3), head, hostile, zero, last)))
			return err
		}, failtest.Secret(plain))
	}
}

// libolm holds 100 one-time keys: the lossy export keeps the newest.
func TestLossyAccountExport(t *testing.T) {
	a := newAccount(t, 100)
	_, err := a.ExportLibolm(pickleKey)
	require.NoError(t, err)
	_, err = a.GenerateOneTimeKeys(3)
	require.NoError(t, err)
	e := failtest.RefusedAs[*olm.LossyPickleError](t, func() error { _, err := a.ExportLibolm(pickleKey); return err }, a)
	require.Equal(t, olm.LossyPickleError{OneTimeKeys: 3}, *e)
	pickle, err := a.ExportLibolmLossy(pickleKey)
	require.NoError(t, err)
	b, err := openAccountPickle(pickle)
	require.NoError(t, err)
	require.Equal(t, oneTimeKeys(a)[3:], oneTimeKeys(b))
	again, err := b.ExportLibolm(pickleKey)
	require.NoError(t, err)
	require.Equal(t, pickle, again)
	_, err = b.GenerateFallbackKey()
	require.NoError(t, err)
	fallback, _ := b.FallbackKey()
	require.Equal(t, keys.NewID(104), fallback.ID)
}

// libolm holds 40 skipped keys in all, we 40 for each chain: the lossy export
// keeps those that were set aside last, from whichever chain.
func TestLossySessionExport(t *testing.T) {
	c := newConversation(t)
	older := c.skip(c.bob, 20) // of a first chain
	c.say(c.bob, c.alice, "pong")
	held := c.skip(c.bob, 3) // delivered after the next chain began
	heldLast := encrypt(t, c.bob, "held")
	c.say(c.alice, c.bob, "ping")
	newer := c.skip(c.bob, 25)
	c.say(c.bob, c.alice, "pong")
	e := failtest.RefusedAs[*olm.LossyPickleError](t, func() error { _, err := c.alice.ExportLibolm(pickleKey); return err }, c.alice)
	require.Equal(t, olm.LossyPickleError{SkippedKeys: 5}, *e)
	require.Contains(t, e.Error(), "5")
	decrypts(t, c.alice, heldLast, "held")
	e = failtest.RefusedAs[*olm.LossyPickleError](t, func() error { _, err := c.alice.ExportLibolm(pickleKey); return err }, c.alice)
	require.Equal(t, olm.LossyPickleError{SkippedKeys: 8}, *e)

	pickle, err := reopened(t, c.alice).ExportLibolmLossy(pickleKey)
	require.NoError(t, err)
	s, err := openSessionPickle(pickle)
	require.NoError(t, err)
	again, err := s.ExportLibolm(pickleKey)
	require.NoError(t, err)
	require.Equal(t, pickle, again)
	for i, m := range older {
		if i < 8 {
			failtest.RefusedAs[*olm.MessageKeyGoneError](t, decryption(s, m), s)
		} else {
			decrypts(t, s, m, "late")
		}
		decrypts(t, c.alice, m, "late")
	}
	for _, m := range append(newer, held...) {
		decrypts(t, s, m, "late")
		decrypts(t, c.alice, m, "late")
	}
	again, err = c.alice.ExportLibolm(pickleKey)
	require.NoError(t, err, "with 40 or fewer, nothing is lost")
	want, err := s.ExportLibolm(pickleKey)
	require.NoError(t, err)
	require.Equal(t, want, again)
}

// libolm keeps the skipped keys of chains that it dropped; we do not, and say so.
func TestOrphans(t *testing.T) {
	c := newConversation(t)
	for range olm.MaxReceiverChains {
		c.skip(c.bob, 1)
		c.say(c.bob, c.alice, "pong")
		c.say(c.alice, c.bob, "ping")
	}
	_, err := c.alice.ExportLibolm(pickleKey)
	require.NoError(t, err)
	c.say(c.bob, c.alice, "sixth")
	for _, s := range []*olm.Session{c.alice, reopened(t, c.alice)} {
		e := failtest.RefusedAs[*olm.LossyPickleError](t, func() error { _, err := s.ExportLibolm(pickleKey); return err }, s)
		require.Equal(t, olm.LossyPickleError{Orphans: 1}, *e)
	}
	pickle, err := c.alice.ExportLibolmLossy(pickleKey)
	require.NoError(t, err)

	// A pickle of libolm's that holds such a key, newest first.
	plain := unpickled(t, pickle)
	fields := libolmSessionSpans(1, 5, 4)
	if len(plain) != fields.end {
		fields = libolmSessionSpans(0, 5, 4)
	}
	require.Len(t, plain, fields.end)
	foreign := newAccount(t, 0).IdentityKeys().Curve25519
	orphan := join(foreign.Bytes(), bytes.Repeat([]byte{7}, 32), be32(3))
	n := fields.at(t, "number of skipped keys")
	withOrphan := join(n.with(plain, be32(5)), orphan)
	s, err := openSessionPickle(pickled(withOrphan))
	require.NoError(t, err)
	e := failtest.RefusedAs[*olm.LossyPickleError](t, func() error { _, err := s.ExportLibolm(pickleKey); return err }, s)
	require.Equal(t, olm.LossyPickleError{Orphans: 1}, *e)
	again, err := s.ExportLibolmLossy(pickleKey)
	require.NoError(t, err)
	require.Equal(t, pickle, again)
}
