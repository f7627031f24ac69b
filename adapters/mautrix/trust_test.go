//go:build goolm

package mautrixolm_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto/verificationhelper"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// TestCrossSigning makes the three keys on one device, keeps them in secret
// storage, and takes them up on a second device of the other driver, which then
// signs itself.
func TestCrossSigning(t *testing.T) {
	for _, order := range [][2]driver{{chappe, chappe}, {chappe, peer}, {peer, chappe}} {
		t.Run(order[0].name+" then "+order[1].name, func(t *testing.T) {
			w := newWorld(t)
			a, b := w.login(alice, "FIRST", order[0]), w.login(alice, "SECOND", order[1])
			var recoveryKey string
			a.do(func() {
				key, made, err := a.machine.GenerateAndUploadCrossSigningKeys(t.Context(), nil, "")
				require.NoError(t, err)
				require.Len(t, made.MasterKey.Seed(), 32)
				require.NoError(t, a.machine.SignOwnDevice(t.Context(), a.machine.OwnIdentity()))
				recoveryKey = key
			})
			b.do(func() {
				_, err := b.machine.FetchKeys(t.Context(), []id.UserID{alice}, true)
				require.NoError(t, err)
				hasKeys, verified, err := b.machine.GetOwnVerificationStatus(t.Context())
				require.NoError(t, err)
				require.Equal(t, []bool{true, false}, []bool{hasKeys, verified})
				require.NoError(t, b.machine.VerifyWithRecoveryKey(t.Context(), recoveryKey))
				_, verified, err = b.machine.GetOwnVerificationStatus(t.Context())
				require.NoError(t, err)
				require.True(t, verified)
			})
			require.Equal(t, a.machine.CrossSigningKeys.PublicKeys(), b.machine.CrossSigningKeys.PublicKeys())
			require.Equal(t, a.machine.CrossSigningKeys.Seeds(), b.machine.CrossSigningKeys.Seeds())
		})
	}
}

// watcher notes what the verification helper shows.
type watcher struct {
	request id.VerificationTransactionID
	emojis  []rune
	numbers []int
	done    bool
}

func (w *watcher) VerificationRequested(_ context.Context, request id.VerificationTransactionID, _ id.UserID, _ id.DeviceID) {
	w.request = request
}

func (w *watcher) VerificationReady(context.Context, id.VerificationTransactionID, id.DeviceID, bool, bool, *verificationhelper.QRCode) {
}

func (w *watcher) VerificationCancelled(context.Context, id.VerificationTransactionID, event.VerificationCancelCode, string) {
}

func (w *watcher) VerificationDone(context.Context, id.VerificationTransactionID, event.VerificationMethod) {
	w.done = true
}

func (w *watcher) ShowSAS(_ context.Context, _ id.VerificationTransactionID, emojis []rune, _ []string, numbers []int) {
	w.emojis, w.numbers = emojis, numbers
}

// noCrypto stands in for the part of a client that the verification helper
// wants to see and does not use.
type noCrypto struct{ mautrix.CryptoHelper }

func (d *device) verifier() (*verificationhelper.VerificationHelper, *watcher) {
	d.client.Crypto = noCrypto{}
	seen := new(watcher)
	h := verificationhelper.NewVerificationHelper(d.client, d.machine, nil, seen, false, false, true)
	require.NoError(d.t, h.Init(d.t.Context()))
	return h, seen
}

// TestEmojiVerification verifies a second device with the first, which holds
// the cross-signing keys and signs it at the end.
func TestEmojiVerification(t *testing.T) {
	for _, order := range [][2]driver{{chappe, chappe}, {chappe, peer}, {peer, chappe}} {
		t.Run(order[0].name+" and "+order[1].name, func(t *testing.T) {
			w := newWorld(t)
			a, b := w.login(alice, "FIRST", order[0]), w.login(alice, "SECOND", order[1])
			for _, d := range []*device{a, b} {
				d.do(func() {
					if d == a {
						_, _, err := d.machine.GenerateAndUploadCrossSigningKeys(t.Context(), nil, "")
						require.NoError(t, err)
					}
					_, err := d.machine.FetchKeys(t.Context(), []id.UserID{alice}, true)
					require.NoError(t, err)
				})
			}
			helperA, seenA := a.verifier()
			helperB, seenB := b.verifier()
			a.do(func() { must(helperA.StartVerification(t.Context(), alice)) })
			b.sync()
			b.do(func() { require.NoError(t, helperB.AcceptVerification(t.Context(), seenB.request)) })
			a.sync()
			a.do(func() { require.NoError(t, helperA.StartSAS(t.Context(), seenB.request)) })
			for b.sync()+a.sync() > 0 {
			}
			require.Len(t, seenA.emojis, 7)
			require.Equal(t, seenA.emojis, seenB.emojis)
			require.Equal(t, seenA.numbers, seenB.numbers)
			a.do(func() { require.NoError(t, helperA.ConfirmSAS(t.Context(), seenB.request)) })
			b.do(func() { require.NoError(t, helperB.ConfirmSAS(t.Context(), seenB.request)) })
			for b.sync()+a.sync() > 0 {
			}
			require.True(t, seenA.done)
			require.True(t, seenB.done)
			a.do(func() {
				second, err := a.store.GetDevice(t.Context(), alice, "SECOND")
				require.NoError(t, err)
				require.Equal(t, id.TrustStateVerified, second.Trust)
				signed, err := a.store.IsKeySignedBy(t.Context(), alice, second.SigningKey,
					alice, a.machine.CrossSigningKeys.SelfSigningKey.PublicKey())
				require.NoError(t, err)
				require.True(t, signed, "the first device did not sign the second")
			})
		})
	}
}
