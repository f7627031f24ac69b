package olm_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/olm"
)

const sleeping = "DEHYDRATED"

var dehydrationKey = bytes.Repeat([]byte{0x64}, olm.DehydrationKeySize)

// asleep encrypts a list of keys as a dehydrated device of version 2.
func asleep(t testing.TB, plaintext []byte) olm.DehydratedDevice {
	t.Helper()
	aead, err := chacha20poly1305.New(dehydrationKey)
	require.NoError(t, err)
	nonce := bytes.Repeat([]byte{5}, chacha20poly1305.NonceSize)
	return olm.DehydratedDevice{
		Algorithm: olm.DehydrationV2, DevicePickle: unpadded(aead.Seal(nil, nonce, plaintext, nil)), Nonce: unpadded(nonce),
	}
}

// keysOf is the list of keys of a dehydrated device of version 2.
func keysOf(t testing.TB, d olm.DehydratedDevice) []byte {
	t.Helper()
	aead, err := chacha20poly1305.New(dehydrationKey)
	require.NoError(t, err)
	nonce, err := base64.RawStdEncoding.DecodeString(d.Nonce)
	require.NoError(t, err)
	sealed, err := base64.RawStdEncoding.DecodeString(d.DevicePickle)
	require.NoError(t, err)
	plaintext, err := aead.Open(nil, nonce, sealed, nil)
	require.NoError(t, err)
	return plaintext
}

func rehydrating(d olm.DehydratedDevice, key []byte, device string) func() error {
	return func() error { _, err := olm.RehydrateAccount(d, key, device); return err }
}

// freshAccount is one as it is dehydrated.
func freshAccount(t testing.TB, oneTime int, fallback bool) *olm.Account {
	t.Helper()
	a := newAccount(t, oneTime)
	if fallback {
		_, err := a.GenerateFallbackKey()
		require.NoError(t, err)
	}
	return a
}

// An account wakes up as it was when all its keys are published.
func TestDehydrate(t *testing.T) {
	for _, oneTime := range []int{0, 1, 50, 300} {
		for _, fallback := range []bool{false, true} {
			a := freshAccount(t, oneTime, fallback)
			before := a.State()
			d, err := a.Dehydrate(dehydrationKey)
			require.NoError(t, err)
			require.Equal(t, before, a.State())
			require.Equal(t, olm.DehydrationV2, d.Algorithm)
			d = throughJSON(t, d, "algorithm", "device_pickle", "nonce")
			woken, err := olm.RehydrateAccount(d, dehydrationKey, "")
			require.NoError(t, err)
			require.Empty(t, woken.UnpublishedOneTimeKeys())
			require.NoError(t, a.MarkAllPublished())
			require.Equal(t, sinceImport(a.State()), sinceImport(woken.State()))
		}
	}
}

// In version 1 nothing is lost.
func TestDehydrateV1(t *testing.T) {
	for _, a := range []*olm.Account{freshAccount(t, 0, false), freshAccount(t, 100, true), richAccount(t)} {
		before := a.State()
		d, err := a.DehydrateV1(dehydrationKey, sleeping)
		require.NoError(t, err)
		require.Equal(t, before, a.State())
		require.Equal(t, olm.DehydrationV1, d.Algorithm)
		d = throughJSON(t, d, "algorithm", "device_pickle")
		woken, err := olm.RehydrateAccount(d, dehydrationKey, sleeping)
		require.NoError(t, err)
		again, err := woken.DehydrateV1(dehydrationKey, sleeping)
		require.NoError(t, err)
		require.Equal(t, d, again)
		require.Equal(t, a.IdentityKeys(), woken.IdentityKeys())
	}
	full := newAccount(t, 101)
	require.Equal(t, &olm.LossyPickleError{OneTimeKeys: 1},
		failtest.Refused(t, func() error { _, err := full.DehydrateV1(dehydrationKey, sleeping); return err }, full))
}

// throughJSON sends a device through its JSON form, which has these members.
func throughJSON(t testing.TB, d olm.DehydratedDevice, members ...string) (back olm.DehydratedDevice) {
	t.Helper()
	text, err := json.Marshal(d)
	require.NoError(t, err)
	var names map[string]string
	require.NoError(t, json.Unmarshal(text, &names))
	require.Len(t, names, len(members))
	for _, m := range members {
		require.NotEmpty(t, names[m])
	}
	require.NoError(t, json.Unmarshal(text, &back))
	return back
}

// A rehydrated account reads what came to it, and a used key is gone.
func TestRehydratedReads(t *testing.T) {
	bob, alice := freshAccount(t, 2, true), newAccount(t, 0)
	public := oneTimeKeys(bob)
	fallback, _ := bob.FallbackKey()
	d, err := bob.Dehydrate(dehydrationKey)
	require.NoError(t, err)
	woken, err := olm.RehydrateAccount(d, dehydrationKey, sleeping)
	require.NoError(t, err)
	for _, k := range append(public, fallback.Key) {
		s, err := alice.NewOutboundSession(bob.IdentityKeys().Curve25519, k)
		require.NoError(t, err)
		m := encrypt(t, s, "a room key")
		inbound(t, woken, m, "a room key")
	}
	require.Zero(t, woken.OneTimeKeyCount())
	_, err = woken.GenerateOneTimeKeys(1)
	require.NoError(t, err)
	require.Equal(t, "AAAABA", woken.UnpublishedOneTimeKeys()[0].ID.String(), "the ids 1 to 3 were given out")
}

// C33: the nonce is drawn anew each time.
func TestAttack_C33_DehydrationNonce(t *testing.T) {
	a := freshAccount(t, 1, true)
	seen := map[string]bool{}
	for range 100 {
		d, err := a.Dehydrate(dehydrationKey)
		require.NoError(t, err)
		require.False(t, seen[d.Nonce] || seen[d.DevicePickle])
		seen[d.Nonce], seen[d.DevicePickle] = true, true
	}
	before := rand.Reader
	defer func() { rand.Reader = before }()
	nonce := bytes.Repeat([]byte{9}, 12)
	rand.Reader = bytes.NewReader(nonce)
	d, err := a.Dehydrate(dehydrationKey)
	require.NoError(t, err)
	require.Equal(t, unpadded(nonce), d.Nonce)
}

func TestDehydrateRefused(t *testing.T) {
	a := freshAccount(t, 1, true)
	for _, key := range [][]byte{nil, dehydrationKey[:31], append(bytes.Clone(dehydrationKey), 0)} {
		failtest.RefusedWith(t, olm.ErrPickleKey, func() error { _, err := a.Dehydrate(key); return err }, a, failtest.Input(key))
		failtest.RefusedWith(t, olm.ErrPickleKey, func() error { _, err := a.DehydrateV1(key, sleeping); return err }, a, failtest.Input(key))
	}
	// Not even a pickle under 32 zero bytes opens under a key of another length.
	d := olm.DehydratedDevice{Algorithm: olm.DehydrationV1, DevicePickle: string(must(a.ExportLibolm(make([]byte, 32))))}
	failtest.RefusedWith(t, olm.ErrPickleKey, func() error { _, err := olm.RehydrateAccount(d, dehydrationKey[:31], sleeping); return err }, a)
	_, err := a.GenerateFallbackKey()
	require.NoError(t, err)
	failtest.RefusedWith(t, olm.ErrPreviousFallbackKey, func() error { _, err := a.Dehydrate(dehydrationKey); return err }, a)
	imported, err := olm.ImportLibolmAccount(must(a.ExportLibolm(pickleKey)), pickleKey)
	require.NoError(t, err)
	failtest.RefusedWith(t, olm.ErrNoSeed, func() error { _, err := imported.Dehydrate(dehydrationKey); return err }, imported)
	a.Close()
	failtest.RefusedWith(t, olm.ErrClosed, func() error { _, err := a.Dehydrate(dehydrationKey); return err })
	failtest.RefusedWith(t, olm.ErrClosed, func() error { _, err := a.DehydrateV1(nil, sleeping); return err })
}

// C33: a dehydrated device opens under its own key, its own device id in version
// 1, and its own nonce in version 2; no bit of it may change.
func TestAttack_C33_DehydratedIsBound(t *testing.T) {
	a := freshAccount(t, 1, true)
	v1, err := a.DehydrateV1(dehydrationKey, sleeping)
	require.NoError(t, err)
	v2, err := a.Dehydrate(dehydrationKey)
	require.NoError(t, err)
	other := bytes.Clone(dehydrationKey)
	other[31] ^= 1
	for _, d := range []olm.DehydratedDevice{v1, v2} {
		for _, key := range [][]byte{nil, other, dehydrationKey[:31], append(bytes.Clone(dehydrationKey), 0), dehydrationKey[:16]} {
			failtest.RefusedWith(t, olm.ErrPickleKey, rehydrating(d, key, sleeping), a, failtest.Input(key))
		}
		raw, err := base64.RawStdEncoding.DecodeString(d.DevicePickle)
		require.NoError(t, err)
		for bit := 0; bit < 8*len(raw); bit += 3 * stride() {
			changed := bytes.Clone(raw)
			changed[bit/8] ^= 1 << (bit % 8)
			spoilt := d
			spoilt.DevicePickle = unpadded(changed)
			failtest.RefusedWith(t, olm.ErrPickleKey, rehydrating(spoilt, dehydrationKey, sleeping), a)
		}
		for n := 0; n < len(raw); n += stride() {
			spoilt := d
			spoilt.DevicePickle = unpadded(raw[:n])
			failtest.RefusedWith(t, olm.ErrPickleKey, rehydrating(spoilt, dehydrationKey, sleeping), a)
		}
		for _, text := range []string{d.DevicePickle + "\n", "*" + d.DevicePickle[1:], d.DevicePickle + "==="} {
			spoilt := d
			spoilt.DevicePickle = text
			failtest.RefusedAs[*olm.MalformedError](t, rehydrating(spoilt, dehydrationKey, sleeping), a)
		}
		for _, algorithm := range []string{"", "org.matrix.msc3814.v3", d.Algorithm + " "} {
			spoilt := d
			spoilt.Algorithm = algorithm
			failtest.RefusedAs[*olm.MalformedError](t, rehydrating(spoilt, dehydrationKey, sleeping), a)
		}
	}
	failtest.RefusedWith(t, olm.ErrPickleKey, rehydrating(v1, dehydrationKey, "ANOTHER"), a)
	swapped := v1
	swapped.Algorithm, swapped.Nonce = olm.DehydrationV2, v2.Nonce
	failtest.RefusedWith(t, olm.ErrPickleKey, rehydrating(swapped, dehydrationKey, sleeping), a)
	for _, nonce := range []string{"", v2.Nonce[:15], v2.Nonce + "AAAA", v2.Nonce[:15] + "*"} {
		spoilt := v2
		spoilt.Nonce = nonce
		failtest.RefusedAs[*olm.MalformedError](t, rehydrating(spoilt, dehydrationKey, ""), a)
	}
	for i := range 12 {
		raw, err := base64.RawStdEncoding.DecodeString(v2.Nonce)
		require.NoError(t, err)
		raw[i] ^= 0x10
		spoilt := v2
		spoilt.Nonce = unpadded(raw)
		failtest.RefusedWith(t, olm.ErrPickleKey, rehydrating(spoilt, dehydrationKey, ""), a)
	}
}

// C33: the list of keys is whole, of its version, and no longer than it may be.
func TestAttack_C33_DehydratedKeys(t *testing.T) {
	d, err := freshAccount(t, 2, true).Dehydrate(dehydrationKey)
	require.NoError(t, err)
	list := keysOf(t, d)
	require.Len(t, list, 4+32+32+4+2*32+1+32)
	_, err = olm.RehydrateAccount(asleep(t, list), dehydrationKey, "")
	require.NoError(t, err)
	with := func(at int, b ...byte) olm.DehydratedDevice {
		changed := bytes.Clone(list)
		copy(changed[at:], b)
		return asleep(t, changed)
	}
	malformed := func(why string, d olm.DehydratedDevice) {
		t.Helper()
		require.Equal(t, why, failtest.RefusedAs[*olm.MalformedError](t, rehydrating(d, dehydrationKey, "")).Why)
	}
	for n := range list {
		malformed("truncated", asleep(t, list[:n]))
	}
	malformed("trailing data", asleep(t, append(bytes.Clone(list), 0)))
	for _, v := range []byte{0, 2, 4, 255} {
		require.Equal(t, uint32(v), failtest.RefusedAs[*olm.VersionError](t, rehydrating(with(3, v), dehydrationKey, "")).Got)
	}
	zero := make([]byte, 32)
	for _, at := range []int{4, 36, 72, 104, 137} {
		malformed("all-zero key", with(at, zero...))
	}
	malformed("truth value other than 0 and 1", asleep(t, append(bytes.Clone(list[:136]), 2)))
	malformed("trailing data", with(136, 0))
	malformed("truncated", with(68, 0, 0, 0, 4))
	malformed("list longer than its limit", with(68, 0, 0, 0x13, 0x89))
	malformed("list longer than its limit", with(68, 0xff, 0xff, 0xff, 0xff))
}

// What rehydrates dehydrates to the same list of keys.
func FuzzRehydrate(f *testing.F) {
	repeatable(func() {
		for _, fallback := range []bool{false, true} {
			d, err := freshAccount(f, 2, fallback).Dehydrate(dehydrationKey)
			require.NoError(f, err)
			f.Add(keysOf(f, d))
			f.Add(keysOf(f, d)[:100])
		}
	})
	f.Fuzz(func(t *testing.T, list []byte) {
		a, err := olm.RehydrateAccount(asleep(t, list), dehydrationKey, "")
		if err != nil {
			require.True(t, isFormError(err), "%v", err)
			return
		}
		d, err := a.Dehydrate(dehydrationKey)
		require.NoError(t, err)
		require.Equal(t, list, keysOf(t, d))
	})
}
