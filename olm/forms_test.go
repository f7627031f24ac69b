package olm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/olm"
)

// stored is one of the four stored forms: what it looks like in the clear, how a
// program reads it, and what the reader's value looks like in the clear again.
type stored struct {
	name   string
	plain  []byte
	fields *spans
	// read wraps a plaintext as its program stores it, and reads it. The state
	// is what the value encodes to in the same form.
	read func(plain []byte) (state []byte, err error)
	wrap func(plain []byte) []byte
	// unwrap reads what wrap made.
	unwrap func(wrapped []byte) error
}

func unpickled(t testing.TB, pickle []byte) []byte {
	plain, err := libolm.Decrypt("test", pickle, pickleKey)
	require.NoError(t, err)
	return plain
}

func pickled(plain []byte) []byte { return libolm.Encrypt(plain, pickleKey) }

// sealed returns plain sealed as a value of kind k.
func sealed(t testing.TB, k seal.Kind, plain []byte) []byte {
	secret := sealKey(t).Secret()
	b, err := seal.Append(nil, k, &secret, sealContext, len(plain), func(w *layout.Writer) { w.Bytes(plain) })
	require.NoError(t, err)
	return b
}

func openAccountPickle(b []byte) (*olm.Account, error) { return olm.ImportLibolmAccount(b, pickleKey) }
func openSessionPickle(b []byte) (*olm.Session, error) { return olm.ImportLibolmSession(b, pickleKey) }

// storedForms returns all stored forms of an account with two one-time keys
// and two fallback keys, and of a session with chains and skipped keys.
func storedForms(t testing.TB) []stored {
	t.Helper()
	account := newAccount(t, 2)
	require.NoError(t, account.MarkPublished(account.UnpublishedOneTimeKeys()[0].ID))
	for range 2 {
		_, err := account.GenerateFallbackKey()
		require.NoError(t, err)
	}
	session, _ := newConversation(t).rich()
	accountPickle, err := account.ExportLibolm(pickleKey)
	require.NoError(t, err)
	sessionPickle, err := session.ExportLibolm(pickleKey)
	require.NoError(t, err)
	imported, err := openAccountPickle(accountPickle)
	require.NoError(t, err)

	list := []stored{
		{name: "libolm account", plain: unpickled(t, accountPickle), fields: libolmAccountSpans(2, 2), wrap: pickled},
		{name: "libolm session", plain: unpickled(t, sessionPickle), fields: libolmSessionSpans(1, 3, 3), wrap: pickled},
		{name: "sealed account", plain: account.State(), fields: accountSpans(32, 2, 2)},
		{name: "sealed imported account", plain: imported.State(), fields: accountSpans(64, 2, 2)},
		{name: "sealed session", plain: session.State(), fields: sessionSpans(2, 1, 0)},
	}
	k := sealKey(t)
	for i := range list {
		f := &list[i]
		require.Equal(t, len(f.plain), f.fields.end, f.name)
		switch f.name {
		case "libolm account":
			f.read = func(p []byte) ([]byte, error) { return reexportAccount(t, pickled(p)) }
			f.unwrap = func(b []byte) error { _, err := openAccountPickle(b); return err }
		case "libolm session":
			f.read = func(p []byte) ([]byte, error) { return reexportSession(t, pickled(p)) }
			f.unwrap = func(b []byte) error { _, err := openSessionPickle(b); return err }
		case "sealed session":
			f.wrap = func(p []byte) []byte { return sealed(t, seal.OlmSession, p) }
			f.unwrap = func(b []byte) error { _, err := olm.OpenSession(b, k, sealContext); return err }
			f.read = func(p []byte) ([]byte, error) {
				s, err := olm.OpenSession(sealed(t, seal.OlmSession, p), k, sealContext)
				if err != nil {
					return nil, err
				}
				return s.State(), nil
			}
		default:
			f.wrap = func(p []byte) []byte { return sealed(t, seal.OlmAccount, p) }
			f.unwrap = func(b []byte) error { _, err := olm.OpenAccount(b, k, sealContext); return err }
			f.read = func(p []byte) ([]byte, error) {
				a, err := olm.OpenAccount(sealed(t, seal.OlmAccount, p), k, sealContext)
				if err != nil {
					return nil, err
				}
				return a.State(), nil
			}
		}
	}
	return list
}

// reexportAccount returns the plaintext of the pickle that an imported pickle
// exports to.
func reexportAccount(t testing.TB, pickle []byte) ([]byte, error) {
	a, err := openAccountPickle(pickle)
	if err != nil {
		return nil, err
	}
	again, err := a.ExportLibolmLossy(pickleKey)
	require.NoError(t, err)
	return unpickled(t, again), nil
}

func reexportSession(t testing.TB, pickle []byte) ([]byte, error) {
	s, err := openSessionPickle(pickle)
	if err != nil {
		return nil, err
	}
	again, err := s.ExportLibolmLossy(pickleKey)
	require.NoError(t, err)
	return unpickled(t, again), nil
}

// Every stored form reads back to exactly the bytes that it was made of.
func TestStoredFormsAreCanonical(t *testing.T) {
	for _, f := range storedForms(t) {
		state, err := f.read(f.plain)
		require.NoError(t, err, f.name)
		require.Equal(t, f.plain, state, f.name)
	}
}
