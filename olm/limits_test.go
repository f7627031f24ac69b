package olm_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/olm"
)

// The bounds are vodozemac's, and documented as numbers.
func TestBounds(t *testing.T) {
	require.Equal(t, []int{2000, 40, 5, 5000, 50, 16 << 20}, []int{olm.MaxMessageGap, olm.MaxSkippedKeys,
		olm.MaxReceiverChains, olm.MaxOneTimeKeys, olm.PublishedOneTimeKeys, olm.MaxPlaintextSize})
}

// distinct returns n Curve25519 public keys that nobody has the private keys of.
func distinct(n int) (list [][]byte) {
	for i := range uint32(n) {
		public := bytes.Repeat([]byte{2}, 32)
		binary.BigEndian.PutUint32(public, i)
		list = append(list, public)
	}
	return list
}

// A list that is longer than its bound is refused although all of it is there.
func TestListsBeyondTheirBounds(t *testing.T) {
	secret := bytes.Repeat([]byte{1}, 32)
	repeated := func(n int, item func(i int) []byte) (out []byte) {
		for i := range n {
			out = append(out, item(i)...)
		}
		return out
	}
	public := distinct(olm.MaxOneTimeKeys + 1)
	key := func(i int) []byte { return join(be32(uint32(i)), []byte{0}, public[i], secret) }
	receiver := func(i int) []byte { return join(public[i], secret, be32(100)) }
	skipped := func(i int) []byte { return join(public[0], secret, be32(uint32(i))) }
	sender := func(i int) []byte { return join(public[i], secret, secret, be32(0)) }
	session := func(senders, receivers, keys int) []byte {
		return join(be32(1), []byte{1}, public[0], public[1], public[2], secret, be32(uint32(senders)), repeated(senders, sender),
			be32(uint32(receivers)), repeated(receivers, receiver), be32(uint32(keys)), repeated(keys, skipped))
	}
	_, err := openSessionPickle(pickled(session(1, 5, 40)))
	require.NoError(t, err)
	for _, hostile := range [][]byte{
		session(2, 5, 40), session(1, 6, 40), session(1, 5, 41), session(1000, 0, 0), session(1, 1000, 0), session(1, 1, 1000),
	} {
		failtest.RefusedAs[*olm.MalformedError](t, func() error { _, err := openSessionPickle(pickled(hostile)); return err }, failtest.Secret(hostile))
	}

	a := newAccount(t, 0)
	pickle, err := a.ExportLibolm(pickleKey)
	require.NoError(t, err)
	plain := unpickled(t, pickle)
	at := libolmAccountSpans(0, 0).at(t, "number of one-time keys").off
	state := a.State()
	fields := accountSpans(32, 0, 0)
	stateAt := fields.at(t, "number of one-time keys").off
	for n, ok := range map[int]bool{5000: true, 5001: false} {
		list := join(be32(uint32(n)), repeated(n, key))
		imported := pickled(join(plain[:at], list, []byte{0}, be32(6000)))
		opened := sealed(t, seal.OlmAccount, join(state[:stateAt], list, state[stateAt+4:]))
		for _, read := range []func() error{
			func() error { _, err := openAccountPickle(imported); return err },
			func() error { _, err := olm.OpenAccount(opened, sealKey(t), sealContext); return err },
		} {
			if ok {
				require.NoError(t, read())
			} else {
				failtest.RefusedAs[*olm.MalformedError](t, read, failtest.Secret(list))
			}
		}
	}
}

// A session that could neither send nor receive is none, no ratchet key names
// two chains, and no skipped key is one that its chain still makes, or there
// already.
func TestSessionsThatCannotBe(t *testing.T) {
	s, _ := newConversation(t).rich()
	state := s.State()
	fields := sessionSpans(2, 1, 0)
	first, second := fields.at(t, "receiver 0 ratchet key"), fields.at(t, "receiver 1 ratchet key")
	twice := second.with(state, state[first.off:first.off+32])
	has := fields.at(t, "has sender chain").off
	none := join(state[:has], []byte{0, 0})
	next, one, two := fields.at(t, "receiver 0 index"), fields.at(t, "receiver 0 skipped 0 index"), fields.at(t, "receiver 0 skipped 1 index")
	ahead := one.with(state, state[next.off:next.off+4])
	same := two.with(state, state[one.off:one.off+4])
	for _, hostile := range [][]byte{twice, none, ahead, same} {
		failtest.RefusedAs[*olm.MalformedError](t, func() error {
			_, err := olm.OpenSession(sealed(t, seal.OlmSession, hostile), sealKey(t), sealContext)
			return err
		}, failtest.Secret(hostile))
	}

	pickle, err := s.ExportLibolm(pickleKey)
	require.NoError(t, err)
	plain := unpickled(t, pickle)
	fields = libolmSessionSpans(1, 3, 3)
	first, second = fields.at(t, "receiver 0 ratchet key"), fields.at(t, "receiver 1 ratchet key")
	twice = second.with(plain, plain[first.off:first.off+32])
	none = join(plain[:fields.at(t, "number of sender chains").off], make([]byte, 12))
	for _, hostile := range [][]byte{twice, none} {
		failtest.RefusedAs[*olm.MalformedError](t, func() error { _, err := openSessionPickle(pickled(hostile)); return err }, failtest.Secret(hostile))
	}
}

// The sealed form, opened by its description with the standard library alone.
func TestSealedBySpecification(t *testing.T) {
	a := newAccount(t, 1)
	s := newOutbound(t, a, newAccount(t, 0))
	key := sealKey(t).Secret()
	for label, value := range map[string]struct {
		subject failtest.Subject
		kind    byte
		sealed  func() ([]byte, error)
	}{
		"chappe seal 1 olm account": {a, 1, func() ([]byte, error) { return a.Seal(sealKey(t), sealContext) }},
		"chappe seal 1 olm session": {s, 2, func() ([]byte, error) { return s.Seal(sealKey(t), sealContext) }},
	} {
		b, err := value.sealed()
		require.NoError(t, err)
		require.Equal(t, append([]byte("chappe\x01"), value.kind), b[:8])
		derived, err := hkdf.Key(sha256.New, key[:], b[8:40], label, 32)
		require.NoError(t, err)
		block, err := aes.NewCipher(derived)
		require.NoError(t, err)
		gcm, err := cipher.NewGCM(block)
		require.NoError(t, err)
		associated := join(b[:40], binary.BigEndian.AppendUint64(nil, uint64(len(sealContext))), sealContext)
		state, err := gcm.Open(nil, b[40:52], b[52:], associated)
		require.NoError(t, err)
		require.Equal(t, value.subject.State(), state)
	}
}
