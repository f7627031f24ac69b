package olm_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// P08: a stored version that is unknown, or not there, is not taken for another.
func TestAttack_P08_StoredVersions(t *testing.T) {
	for _, f := range storedForms(t) {
		wrapped := f.wrap(f.plain)
		if strings.HasPrefix(f.name, "sealed") {
			for v := range 256 {
				b := bytes.Clone(wrapped)
				if b[6] = byte(v); v != 1 {
					e := failtest.RefusedAs[*olm.VersionError](t, func() error { return f.unwrap(b) }, failtest.Input(b))
					require.Equal(t, uint32(v), e.Got)
				}
			}
			failtest.Refused(t, func() error { return f.unwrap(join(wrapped[:6], wrapped[7:])) }, failtest.Input(wrapped))
			failtest.RefusedAs[*olm.MalformedError](t, f.reading(f.plain[1:]), failtest.Secret(f.plain))
			continue
		}
		for _, v := range []uint32{0, 5, 6, 255, 256, 1 << 24, 1 << 31, 1<<31 | 2, math.MaxUint32} {
			e := failtest.RefusedAs[*olm.VersionError](t, f.reading(join(be32(v), f.plain[4:])), failtest.Secret(f.plain))
			require.Equal(t, v, e.Got)
		}
		err := failtest.Refused(t, f.reading(f.plain[4:]), failtest.Secret(f.plain))
		require.True(t, isFormError(err))
	}
}

// P09: sealing the same twice shows nothing of it, also not that it is the same.
func TestAttack_P09_SealingIsRandomized(t *testing.T) {
	a := newAccount(t, 2)
	s := newOutbound(t, a, newAccount(t, 0))
	for _, sealing := range []func(keys.SealKey, []byte) ([]byte, error){a.Seal, s.Seal} {
		first, err := sealing(sealKey(t), sealContext)
		require.NoError(t, err)
		second, err := sealing(sealKey(t), sealContext)
		require.NoError(t, err)
		require.Equal(t, first[:8], second[:8], "magic, version and kind")
		for i := 8; i+8 <= len(first); i++ {
			require.NotEqual(t, first[i:i+8], second[i:i+8], "at %d", i)
		}
		failtest.NoSecret(t, string(first), append(a.Secrets(), s.Secrets()...)...)
	}
}

// P09: a sealed value opens under its own key, its own context and as its own
// kind only.
func TestAttack_P09_SealedValuesAreBound(t *testing.T) {
	a := newAccount(t, 1)
	s := newOutbound(t, a, newAccount(t, 0))
	account, err := a.Seal(sealKey(t), []byte("one"))
	require.NoError(t, err)
	session, err := s.Seal(sealKey(t), []byte("one"))
	require.NoError(t, err)
	open := func(key keys.SealKey, context string) []func() error {
		return []func() error{
			func() error { _, err := olm.OpenAccount(account, key, []byte(context)); return err },
			func() error { _, err := olm.OpenSession(session, key, []byte(context)); return err },
		}
	}
	for _, context := range []string{"", "on", "one\x00", "two", "oneone"} {
		for _, f := range open(sealKey(t), context) {
			failtest.RefusedWith(t, olm.ErrOpen, f, a, s, failtest.Input(account), failtest.Input(session))
		}
	}
	for _, f := range open(keys.GenerateSealKey(), "one") {
		failtest.RefusedWith(t, olm.ErrOpen, f, a, s)
	}
	for _, f := range open(keys.SealKey{}, "one") {
		failtest.RefusedWith(t, keys.ErrAbsent, f, a, s)
	}
	failtest.RefusedAs[*olm.MalformedError](t, func() error { _, err := olm.OpenAccount(session, sealKey(t), []byte("one")); return err }, s)
	failtest.RefusedAs[*olm.MalformedError](t, func() error { _, err := olm.OpenSession(account, sealKey(t), []byte("one")); return err }, a)
	// The kind is in the key as well as in the header.
	session[7], account[7] = byte(seal.OlmAccount), byte(seal.OlmSession)
	failtest.RefusedWith(t, olm.ErrOpen, func() error { _, err := olm.OpenAccount(session, sealKey(t), []byte("one")); return err }, s)
	failtest.RefusedWith(t, olm.ErrOpen, func() error { _, err := olm.OpenSession(account, sealKey(t), []byte("one")); return err }, a)
}

// P09: an older sealed value opens as well as the newest. Revision tells them
// apart, for the store that must.
func TestAttack_P09_RollbackShowsInRevision(t *testing.T) {
	c := newConversation(t)
	older := reopened(t, c.alice)
	c.turn()
	newer := reopened(t, c.alice)
	require.Less(t, older.Revision(), newer.Revision())
}

// P10: a count is compared with what is there before memory is taken for it.
func TestAttack_P10_Counts(t *testing.T) {
	for _, f := range storedForms(t) {
		for _, field := range f.fields.list {
			if field.kind != count {
				continue
			}
			for _, n := range []uint32{41, 101, 4999, 5000, 5001, 1 << 16, 1 << 24, 1 << 31, math.MaxUint32} {
				for _, rest := range []int{0, 10, 69, 1000} {
					short := join(f.plain[:field.off], be32(n), make([]byte, rest))
					failtest.RefusedAs[*olm.MalformedError](t, f.reading(short), failtest.Secret(f.plain))
				}
			}
		}
	}
}

// P10: a pickle is decrypted under its own key only.
func TestAttack_P10_WrongPickleKey(t *testing.T) {
	for _, f := range storedForms(t)[:2] {
		pickle := f.wrap(f.plain)
		for _, key := range [][]byte{nil, {}, {0}, pickleKey[1:], append(bytes.Clone(pickleKey), 0), bytes.Repeat([]byte{1}, 1000)} {
			failtest.RefusedWith(t, olm.ErrPickleKey, func() error { _, err := olm.ImportLibolmAccount(pickle, key); return err }, failtest.Secret(f.plain), failtest.Secret(key))
			failtest.RefusedWith(t, olm.ErrPickleKey, func() error { _, err := olm.ImportLibolmSession(pickle, key); return err }, failtest.Secret(f.plain), failtest.Secret(key))
		}
	}
}

// P10: one kind of pickle is not read as the other.
func TestAttack_P10_WrongKindOfPickle(t *testing.T) {
	forms := storedForms(t)
	for i := range 2 {
		failtest.Refused(t, func() error { return forms[1-i].unwrap(forms[i].wrap(forms[i].plain)) }, failtest.Secret(forms[i].plain))
	}
}

// P24: the first key that is made after an import gets an id above all others,
// and no private key is overwritten.
func TestAttack_P24_IdsAfterImport(t *testing.T) {
	for _, published := range []bool{false, true} {
		bob := newAccount(t, 4)
		_, err := bob.GenerateFallbackKey()
		require.NoError(t, err)
		list := oneTimeKeys(bob)
		fallback, _ := bob.FallbackKey()
		if published {
			require.NoError(t, bob.MarkAllPublished())
		}
		pickle, err := bob.ExportLibolm(pickleKey)
		require.NoError(t, err)
		bob, err = openAccountPickle(pickle)
		require.NoError(t, err)
		_, err = bob.GenerateOneTimeKeys(1)
		require.NoError(t, err)
		unpublished := bob.UnpublishedOneTimeKeys()
		require.Equal(t, keys.NewID(6), unpublished[len(unpublished)-1].ID)
		for _, k := range append(list, fallback.Key) {
			s, err := newAccount(t, 0).NewOutboundSession(bob.IdentityKeys().Curve25519, k)
			require.NoError(t, err)
			inbound(t, bob, encrypt(t, s, "hello"), "hello")
		}
	}
}

// importWith imports bob's pickle with the ids of its one-time keys, newest
// first, of its fallback key, and the last id replaced.
func importWith(t testing.TB, bob *olm.Account, fallback, last uint32, oneTime ...uint32) *olm.Account {
	t.Helper()
	pickle, err := bob.ExportLibolm(pickleKey)
	require.NoError(t, err)
	plain := unpickled(t, pickle)
	fields := libolmAccountSpans(len(oneTime), 1)
	require.Len(t, plain, fields.end)
	for i, id := range oneTime {
		binary.BigEndian.PutUint32(plain[fields.at(t, "one-time key "+string(rune('0'+i))+" id").off:], id)
	}
	binary.BigEndian.PutUint32(plain[fields.at(t, "fallback key 0 id").off:], fallback)
	binary.BigEndian.PutUint32(plain[fields.at(t, "last id").off:], last)
	a, err := openAccountPickle(pickled(plain))
	require.NoError(t, err)
	return a
}

// P24: databases in the field hold ids that stand twice. All private keys are
// kept, keys that wait to be published get ids of their own, and what was
// published keeps the name that the server knows.
func TestAttack_P24_DuplicateIds(t *testing.T) {
	for _, test := range []struct {
		name                string
		published           int // of the one-time keys, the oldest
		oneTime             []uint32
		fallback, last      uint32
		want                []uint32 // of the unpublished, oldest first
		wantFallback, after uint32
	}{
		{"as goolm makes them: the last id is taken for the next", 1, []uint32{3, 3, 1}, 4, 3, []uint32{5, 3}, 4, 6},
		{"published and not", 1, []uint32{3, 2, 3}, 4, 4, []uint32{2, 5}, 4, 6},
		{"all three", 0, []uint32{1, 1, 1}, 2, 1, []uint32{3, 4, 1}, 2, 5},
		{"two published keep theirs", 2, []uint32{5, 2, 2}, 1, 5, []uint32{5}, 1, 6},
		{"with the fallback key", 2, []uint32{4, 2, 1}, 4, 4, []uint32{5}, 4, 6},
		{"last id too low", 0, []uint32{7, 8, 9}, 12, 3, []uint32{9, 8, 7}, 12, 13},
		{"id zero", 0, []uint32{2, 1, 0}, 3, 3, []uint32{0, 1, 2}, 3, 4},
		{"no id is left", 1, []uint32{1, math.MaxUint32, 1}, 2, 2, []uint32{math.MaxUint32, 1}, 2, 0},
		{"one id is left", 0, []uint32{1, 1, 1}, 2, math.MaxUint32 - 1, []uint32{math.MaxUint32, 1, 1}, 2, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			bob := newAccount(t, 3)
			_, err := bob.GenerateFallbackKey()
			require.NoError(t, err)
			all := oneTimeKeys(bob)
			for _, k := range bob.UnpublishedOneTimeKeys()[:test.published] {
				require.NoError(t, bob.MarkPublished(k.ID))
			}
			a := importWith(t, bob, test.fallback, test.last, test.oneTime...)

			var got []uint32
			for _, k := range a.UnpublishedOneTimeKeys() {
				got = append(got, k.ID.Number())
			}
			require.Equal(t, test.want, got)
			fallback, ok := a.FallbackKey()
			require.True(t, ok)
			require.Equal(t, test.wantFallback, fallback.ID.Number())
			for _, k := range append(all, fallback.Key) {
				s, err := newAccount(t, 0).NewOutboundSession(a.IdentityKeys().Curve25519, k)
				require.NoError(t, err)
				m := encrypt(t, s, "hello")
				inbound(t, reopenedAccount(t, a), m, "hello")
			}
			if test.after == 0 {
				failtest.RefusedWith(t, olm.ErrKeyCount, func() error { _, err := a.GenerateOneTimeKeys(1); return err }, a)
				failtest.RefusedWith(t, olm.ErrKeyCount, func() error { _, err := a.GenerateFallbackKey(); return err }, a)
				return
			}
			_, err = a.GenerateFallbackKey()
			require.NoError(t, err)
			fallback, _ = a.FallbackKey()
			require.Equal(t, test.after, fallback.ID.Number())
		})
	}
}

// P24: ids end at 2^32-1. They do not begin anew, where they would name keys
// that are published.
func TestAttack_P24_IdsDoNotWrap(t *testing.T) {
	a := newAccount(t, 1)
	olm.SetLastID(a, math.MaxUint32-3)
	for _, n := range []int{4, 5, 100, olm.MaxOneTimeKeys} {
		failtest.RefusedWith(t, olm.ErrKeyCount, func() error { _, err := a.GenerateOneTimeKeys(n); return err }, a)
	}
	_, err := a.GenerateOneTimeKeys(2)
	require.NoError(t, err)
	_, err = a.GenerateFallbackKey()
	require.NoError(t, err)
	fallback, _ := a.FallbackKey()
	require.Equal(t, uint32(math.MaxUint32), fallback.ID.Number())
	failtest.RefusedWith(t, olm.ErrKeyCount, func() error { _, err := a.GenerateOneTimeKeys(1); return err }, a)
	failtest.RefusedWith(t, olm.ErrKeyCount, func() error { _, err := a.GenerateFallbackKey(); return err }, a)
	_, err = a.GenerateOneTimeKeys(0)
	require.NoError(t, err)
}

// P27: what is forgotten is not stored any more: used one-time keys, the
// previous fallback key, message keys.
func TestAttack_P27_ForgottenKeysAreNotStored(t *testing.T) {
	alice, bob := newAccount(t, 0), newAccount(t, 0)
	s := newOutbound(t, alice, bob)
	otk := bob.Secrets()[3]
	inbound(t, bob, encrypt(t, s, "hello"), "hello")
	failtest.NoSecret(t, string(bob.State()), [][]byte{otk}...)

	_, err := bob.GenerateFallbackKey()
	require.NoError(t, err)
	fallback := bob.Secrets()[3]
	_, err = bob.GenerateFallbackKey()
	require.NoError(t, err)
	require.Contains(t, string(bob.State()), string(fallback))
	forgot, err := bob.ForgetPreviousFallbackKey()
	require.NoError(t, err)
	require.True(t, forgot)
	failtest.NoSecret(t, string(bob.State()), [][]byte{fallback}...)

	c := newConversation(t)
	late, next := encrypt(t, c.bob, "late"), encrypt(t, c.bob, "next")
	before := c.alice.Secrets()
	decrypts(t, c.alice, next, "next")
	skipped, memory := c.alice.Secrets()[2:], c.alice.Buffers()[2:]
	require.Len(t, skipped, 1)
	decrypts(t, c.alice, late, "late")
	require.Equal(t, make([]byte, 32), memory[0], "wiped where it stood")
	failtest.NoSecret(t, string(c.alice.State()), skipped...)
	failtest.NoSecret(t, string(c.alice.State()), before[1:]...)
}
