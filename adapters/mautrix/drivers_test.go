package mautrixolm_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/id"

	mautrixolm "github.com/chappe-e2ee/chappe/adapters/mautrix"
)

var pickleKey = []byte("pickle key")

// driver is an implementation that mautrix can be given.
type driver struct {
	name     string
	register func()
}

var chappe = driver{"chappe", mautrixolm.Register}

// with runs f under a driver.
func (d driver) with(f func()) {
	d.register()
	f()
}

// pickler is what mautrix's four stored objects share.
type pickler interface {
	Pickle(key []byte) ([]byte, error)
	Unpickle(pickled, key []byte) error
}

// table is where a database holds one kind of object.
type table struct {
	name, column string
	blank        func() pickler
}

var tables = []table{
	{"crypto_account", "account", func() pickler { return olm.NewBlankAccount() }},
	{"crypto_olm_session", "session", func() pickler { return olm.NewBlankSession() }},
	{"crypto_megolm_inbound_session", "session", func() pickler { return olm.NewBlankInboundGroupSession() }},
	{"crypto_megolm_outbound_session", "session", func() pickler { return olm.NewBlankOutboundGroupSession() }},
}

// requireRepickles requires that both drivers make of a pickle the same one.
func requireRepickles(t testing.TB, blank func() pickler, pickle, key []byte) {
	t.Helper()
	for _, d := range []driver{chappe, peer} {
		d.register()
		o := blank()
		require.NoError(t, o.Unpickle(bytes.Clone(pickle), key), d.name)
		again, err := o.Pickle(key)
		require.NoError(t, err, d.name)
		require.Equal(t, string(pickle), string(again), d.name)
	}
}

// must returns v, and ends the test on an error.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// oneOf returns any of the unpublished one-time keys.
func oneOf(a olm.Account) id.Curve25519 {
	for _, k := range must(a.OneTimeKeys()) {
		return k
	}
	panic("no one-time key")
}

// pair returns two accounts of the registered driver, and a session between
// them of which the second has read one message.
func pair() (a, b olm.Account, ab, ba olm.Session) {
	a, b = must(olm.NewAccount()), must(olm.NewAccount())
	if err := b.GenOneTimeKeys(5); err != nil {
		panic(err)
	}
	_, keyA, _ := a.IdentityKeys()
	_, keyB, _ := b.IdentityKeys()
	ab = must(a.NewOutboundSession(keyB, oneOf(b)))
	_, body, err := ab.Encrypt([]byte("first"))
	if err != nil {
		panic(err)
	}
	ba = must(b.NewInboundSessionFrom(&keyA, string(body)))
	must(ba.Decrypt(string(body), id.OlmMsgTypePreKey))
	return a, b, ab, ba
}
