package mautrixolm_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/id"
)

// TestSamePickles makes objects in many states with each driver, and requires
// that both drivers read them and pickle them byte for byte the same.
func TestSamePickles(t *testing.T) {
	for _, d := range []driver{chappe, peer} {
		same := func(t *testing.T, o pickler, blank func() pickler) {
			t.Helper()
			requireRepickles(t, blank, must(o.Pickle([]byte("k"))), []byte("k"))
			d.register()
		}
		account, session, in, out := tables[0].blank, tables[1].blank, tables[2].blank, tables[3].blank
		t.Run(d.name+" account", func(t *testing.T) {
			d.register()
			a := must(olm.NewAccount())
			same(t, a, account)
			require.NoError(t, a.GenOneTimeKeys(60))
			same(t, a, account)
			a.MarkKeysAsPublished()
			require.NoError(t, a.GenOneTimeKeys(40))
			same(t, a, account)
		})
		t.Run(d.name+" used keys", func(t *testing.T) {
			d.register()
			_, b, _, ba := pair()
			same(t, b, account)
			require.NoError(t, b.RemoveOneTimeKeys(ba))
			same(t, b, account)
		})
		t.Run(d.name+" session", func(t *testing.T) {
			d.register()
			_, _, ab, ba := pair()
			for turn := range 8 {
				same(t, ab, session)
				same(t, ba, session)
				for i := range turn { // the first is skipped, and read by nobody
					kind, body, err := ba.Encrypt(fmt.Append(nil, i))
					require.NoError(t, err)
					if i > 0 {
						must(ab.Decrypt(string(body), kind))
					}
				}
				ab, ba = ba, ab
			}
		})
		t.Run(d.name+" room", func(t *testing.T) {
			d.register()
			sender := must(olm.NewOutboundGroupSession())
			early := must(olm.NewInboundGroupSession([]byte(sender.Key())))
			for i := range 300 {
				message := must(sender.Encrypt([]byte("m")))
				if i%97 == 3 {
					_, index, err := early.Decrypt(message)
					require.NoError(t, err)
					require.EqualValues(t, i, index)
					same(t, sender, out)
					same(t, early, in)
					imported := must(olm.InboundGroupSessionImport(must(early.Export(uint32(i)))))
					require.False(t, imported.IsVerified())
					same(t, imported, in)
				}
			}
		})
	}
}

// TestManyKeys shows what does not fit into libolm's form: what is offered is
// what a stored account still has.
func TestManyKeys(t *testing.T) {
	chappe.register()
	a := must(olm.NewAccount())
	require.EqualValues(t, 100, a.MaxNumberOfOneTimeKeys())
	require.NoError(t, a.GenOneTimeKeys(130))
	offered := must(a.OneTimeKeys())
	require.Len(t, offered, 100)

	stored := olm.NewBlankAccount()
	require.NoError(t, stored.Unpickle(must(a.Pickle(pickleKey)), pickleKey))
	require.Equal(t, offered, must(stored.OneTimeKeys()))
	a.MarkKeysAsPublished()
	require.Empty(t, must(a.OneTimeKeys()))

	require.ErrorIs(t, a.GenOneTimeKeys(1<<32-1), olm.ErrBadInput)
	require.Empty(t, must(a.OneTimeKeys()))
}

// TestManySkipped pickles a session that kept more message keys than libolm's
// form holds: the newest forty are there afterwards.
func TestManySkipped(t *testing.T) {
	chappe.register()
	_, _, ab, ba := pair()
	var late []string
	for range 3 { // three chains of 20 skipped messages
		for range 20 {
			_, body, err := ba.Encrypt([]byte("late"))
			require.NoError(t, err)
			late = append(late, string(body))
		}
		kind, body, err := ba.Encrypt([]byte("now"))
		require.NoError(t, err)
		must(ab.Decrypt(string(body), kind))
		kind, body, err = ab.Encrypt([]byte("now"))
		require.NoError(t, err)
		must(ba.Decrypt(string(body), kind))
	}
	stored := olm.NewBlankSession()
	require.NoError(t, stored.Unpickle(must(ab.Pickle(pickleKey)), pickleKey))
	for i, body := range late {
		_, err := stored.Decrypt(body, id.OlmMsgTypeMsg)
		require.Equal(t, i >= 20, err == nil, "message %d: %v", i, err)
		must(ab.Decrypt(body, id.OlmMsgTypeMsg))
	}
}
