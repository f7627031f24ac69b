package olm_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/testvectors"
)

var vodozemacKey = bytes.Repeat([]byte{0x76}, 32)

// vodozemacJSON is the JSON of a pickle under vodozemacKey, and vodozemacPickle
// the pickle of a JSON.
func vodozemacJSON(t testing.TB, pickle []byte, err error) string {
	t.Helper()
	require.NoError(t, err)
	text, err := libolm.Decrypt("test", pickle, vodozemacKey)
	require.NoError(t, err)
	return string(text)
}

func vodozemacPickle(text string) []byte { return libolm.Encrypt([]byte(text), vodozemacKey) }

// recorded returns the JSON of the pickles that vodozemac made, by name.
func recorded(t testing.TB, operation string) map[string]string {
	t.Helper()
	found := map[string]string{}
	files, err := fs.Glob(testvectors.FS, "vodozemac/*.json")
	require.NoError(t, err)
	for _, name := range files {
		data, err := testvectors.FS.ReadFile(name)
		require.NoError(t, err)
		var v struct {
			Operation string
			Expected  struct {
				JSON string `json:"json_utf8"`
			}
		}
		require.NoError(t, json.Unmarshal(data, &v))
		if strings.HasPrefix(v.Operation, operation) {
			found[name] = v.Expected.JSON
		}
	}
	require.NotEmpty(t, found)
	return found
}

// richAccount has keys of all kinds.
func richAccount(t testing.TB) *olm.Account {
	t.Helper()
	a := newAccount(t, 3)
	_, err := a.GenerateFallbackKey()
	require.NoError(t, err)
	require.NoError(t, a.MarkAllPublished())
	_, err = a.GenerateFallbackKey()
	require.NoError(t, err)
	_, err = a.GenerateOneTimeKeys(2)
	require.NoError(t, err)
	return a
}

func importVodozemacAccount(text string) func() error {
	return func() error {
		_, err := olm.ImportVodozemacAccount(vodozemacPickle(text), vodozemacKey)
		return err
	}
}

func importVodozemacSession(text string) func() error {
	return func() error {
		_, err := olm.ImportVodozemacSession(vodozemacPickle(text), vodozemacKey)
		return err
	}
}

// sinceImport is a state without its first ten bytes, which count revisions.
func sinceImport(state []byte) []byte { return state[10:] }

// An account comes back as it was, and its pickle is the same again.
func TestVodozemacAccount(t *testing.T) {
	expanded, err := olm.ImportLibolmAccount(must(richAccount(t).ExportLibolm(pickleKey)), pickleKey)
	require.NoError(t, err)
	for _, a := range []*olm.Account{newAccount(t, 0), newAccount(t, 1), richAccount(t), newAccount(t, 300), expanded} {
		before := a.State()
		pickle := must(a.ExportVodozemac(vodozemacKey))
		require.Equal(t, before, a.State())
		back, err := olm.ImportVodozemacAccount(pickle, vodozemacKey)
		require.NoError(t, err)
		require.Equal(t, sinceImport(before), sinceImport(back.State()))
		require.Equal(t, a.IdentityKeys(), back.IdentityKeys())
		require.Zero(t, back.Revision())
		require.Equal(t, pickle, must(back.ExportVodozemac(vodozemacKey)))
	}
}

// P24: no key is lost where an id stands twice, and no new key gets an id that
// was given out.
func TestAttack_P24_VodozemacIDs(t *testing.T) {
	for name, text := range recorded(t, "vodozemac-account") {
		a, err := olm.ImportVodozemacAccount(vodozemacPickle(text), vodozemacKey)
		require.NoError(t, err, name)
		ids := map[string]bool{}
		for _, k := range a.UnpublishedOneTimeKeys() {
			ids[k.ID.String()] = true
		}
		if k, ok := a.UnpublishedFallbackKey(); ok {
			require.False(t, ids[k.ID.String()], "%s: the fallback key shares an id", name)
			ids[k.ID.String()] = true
		}
		had := a.OneTimeKeyCount()
		_, err = a.GenerateOneTimeKeys(3)
		require.NoError(t, err)
		require.Equal(t, had+3, a.OneTimeKeyCount())
		for _, k := range a.UnpublishedOneTimeKeys()[len(a.UnpublishedOneTimeKeys())-3:] {
			require.False(t, ids[k.ID.String()], "%s: %s again", name, k.ID)
		}
	}

	// An id above the next one, as an account has that came from a libolm pickle
	// before vodozemac 0.11.
	text := vodozemacJSON(t, must(newAccount(t, 2).ExportVodozemac(vodozemacKey)), nil)
	a, err := olm.ImportVodozemacAccount(vodozemacPickle(strings.Replace(text, `"next_key_id":3`, `"next_key_id":2`, 1)), vodozemacKey)
	require.NoError(t, err)
	claim(t, a)
	require.Equal(t, "AAAAAw", a.UnpublishedOneTimeKeys()[2].ID.String())
}

// Keys whose ids do not grow get new ones, in their order.
func TestVodozemacNumbersAnew(t *testing.T) {
	a := newAccount(t, 3)
	require.NoError(t, a.MarkAllPublished())
	text := vodozemacJSON(t, must(a.ExportVodozemac(vodozemacKey)), nil)
	plain := unpickled(t, must(a.ExportLibolm(pickleKey)))
	const first = 4 + 96 + 64 + 4 // libolm's list begins with the newest
	copy(plain[first:first+4], []byte{0, 0, 0, 1})
	twice, err := olm.ImportLibolmAccount(pickled(plain), pickleKey)
	require.NoError(t, err)
	got := vodozemacJSON(t, must(twice.ExportVodozemac(vodozemacKey)), nil)
	want := strings.NewReplacer(`"1":`, `"4":`, `"2":`, `"5":`, `"3":`, `"6":`, `"next_key_id":4`, `"next_key_id":7`).Replace(text)
	want = strings.Replace(want, `"Normal":`, `"Expanded":`, 1)
	require.Equal(t, want[strings.Index(want, `"diffie`):], got[strings.Index(got, `"diffie`):])
	back, err := olm.ImportVodozemacAccount(vodozemacPickle(got), vodozemacKey)
	require.NoError(t, err)
	require.Equal(t, 3, back.OneTimeKeyCount())
}

// A session comes back as it was, but for the order of skipped keys of different
// chains.
func TestVodozemacSession(t *testing.T) {
	c := newConversation(t)
	rich, _ := c.rich()
	fresh := newOutbound(t, c.aliceAccount, c.bobAccount)
	for _, s := range []*olm.Session{c.alice, c.bob, rich, fresh} {
		before := s.State()
		pickle := must(s.ExportVodozemac(vodozemacKey))
		require.Equal(t, before, s.State())
		back, err := olm.ImportVodozemacSession(pickle, vodozemacKey)
		require.NoError(t, err)
		require.Equal(t, s.ID(), back.ID())
		require.Equal(t, s.HasReceivedMessage(), back.HasReceivedMessage())
		n, known := s.RatchetCount()
		m, same := back.RatchetCount()
		require.Equal(t, n, m)
		require.Equal(t, known, same)
		require.Equal(t, pickle, must(back.ExportVodozemac(vodozemacKey)))
		secrets, again := s.Secrets(), back.Secrets()
		require.Equal(t, secrets, again)
	}
}

// Both ends go on after a move, and read what was skipped.
func TestVodozemacSessionGoesOn(t *testing.T) {
	c := newConversation(t)
	var waiting []olm.Message
	for range 3 {
		waiting = append(waiting, encrypt(t, c.alice, "waiting"))
		c.say(c.alice, c.bob, "heard")
		c.say(c.bob, c.alice, "answer")
	}
	for _, s := range []**olm.Session{&c.alice, &c.bob} {
		moved, err := olm.ImportVodozemacSession(must((*s).ExportVodozemac(vodozemacKey)), vodozemacKey)
		require.NoError(t, err)
		*s = moved
	}
	for _, m := range waiting {
		decrypts(t, c.bob, m, "waiting")
	}
	c.say(c.alice, c.bob, "and on")
	c.say(c.bob, c.alice, "and on")
}

// The skipped keys of a newer chain count as newer, for libolm's form.
func TestVodozemacSkippedOrder(t *testing.T) {
	text := recorded(t, "vodozemac-session")["vodozemac/vodozemac-session-inactive.json"]
	s, err := olm.ImportVodozemacSession(vodozemacPickle(text), vodozemacKey)
	require.NoError(t, err)
	require.Equal(t, "sender chain index: 0 receiver chain indices: 3 3 1 skipped message keys: 1 0 1 0", s.Describe())
	moved, err := olm.ImportLibolmSession(must(s.ExportLibolm(pickleKey)), pickleKey)
	require.NoError(t, err)
	require.Equal(t, s.Describe(), moved.Describe())
	require.Equal(t, s.Secrets(), moved.Secrets())
}

// A session that vodozemac took from libolm names its newest chain, wherever
// that stands in the list.
func TestVodozemacChainsInAnotherOrder(t *testing.T) {
	text := recorded(t, "vodozemac-session")["vodozemac/vodozemac-session-inactive.json"]
	s, err := olm.ImportVodozemacSession(vodozemacPickle(text), vodozemacKey)
	require.NoError(t, err)
	head, list, ok := strings.Cut(text, `"receiving_chains":{"inner":[`)
	require.True(t, ok)
	list, tail, ok := strings.Cut(list, `]},"config"`)
	require.True(t, ok)
	chains := strings.Split(list, `,{"ratchet_key"`)
	require.Len(t, chains, 3)
	for i := range chains[1:] {
		chains[i+1] = `{"ratchet_key"` + chains[i+1]
	}
	for _, order := range [][3]int{{2, 1, 0}, {0, 2, 1}, {2, 0, 1}} {
		list := chains[order[0]] + "," + chains[order[1]] + "," + chains[order[2]]
		moved, err := olm.ImportVodozemacSession(vodozemacPickle(head+`"receiving_chains":{"inner":[`+list+`]},"config"`+tail), vodozemacKey)
		require.NoError(t, err)
		require.Equal(t, s.Secrets()[:2], moved.Secrets()[:2], "root key, and the newest chain's")
	}
}

// P10: no bit of a pickle may change, and no part may be missing.
func TestAttack_P10_VodozemacEveryBitAndLength(t *testing.T) {
	a := newAccount(t, 1)
	s := newOutbound(t, a, newAccount(t, 0))
	for _, form := range []struct {
		pickle []byte
		read   func([]byte) error
	}{
		{must(a.ExportVodozemac(vodozemacKey)), func(p []byte) error { _, err := olm.ImportVodozemacAccount(p, vodozemacKey); return err }},
		{must(s.ExportVodozemac(vodozemacKey)), func(p []byte) error { _, err := olm.ImportVodozemacSession(p, vodozemacKey); return err }},
	} {
		raw, err := base64.RawStdEncoding.DecodeString(string(form.pickle))
		require.NoError(t, err)
		for bit := 0; bit < 8*len(raw); bit += 1 + 8*stride()/5 {
			changed := bytes.Clone(raw)
			changed[bit/8] ^= 1 << (bit % 8)
			failtest.RefusedWith(t, olm.ErrPickleKey, func() error { return form.read([]byte(unpadded(changed))) }, failtest.Input(changed))
		}
		for n := 0; n < len(raw); n += stride() {
			failtest.RefusedWith(t, olm.ErrPickleKey, func() error { return form.read([]byte(unpadded(raw[:n]))) }, failtest.Input(raw))
		}
		for _, key := range [][]byte{nil, vodozemacKey[:31], append(bytes.Clone(vodozemacKey), 0), make([]byte, 32)} {
			failtest.RefusedWith(t, olm.ErrPickleKey, func() error { _, err := olm.ImportVodozemacAccount(form.pickle, key); return err }, failtest.Input(key))
			failtest.RefusedWith(t, olm.ErrPickleKey, func() error { _, err := olm.ImportVodozemacSession(form.pickle, key); return err }, failtest.Input(key))
		}
		failtest.RefusedAs[*olm.MalformedError](t, func() error { return form.read(append(bytes.Clone(form.pickle), '\n')) })
	}
}

// P10: every beginning of the JSON is refused.
func TestAttack_P10_VodozemacTruncated(t *testing.T) {
	for _, text := range recorded(t, "vodozemac-account") {
		for n := 0; n < len(text); n += 3 * stride() {
			failtest.RefusedAs[*olm.MalformedError](t, importVodozemacAccount(text[:n]))
		}
	}
	for _, text := range recorded(t, "vodozemac-session") {
		for n := 0; n < len(text); n += 7 * stride() {
			failtest.RefusedAs[*olm.MalformedError](t, importVodozemacSession(text[:n]))
		}
	}
}

// An export that fails changes nothing.
func TestVodozemacExportRefused(t *testing.T) {
	a := newAccount(t, 1)
	s := newOutbound(t, a, newAccount(t, 0))
	for _, key := range [][]byte{nil, vodozemacKey[:31], append(bytes.Clone(vodozemacKey), 0)} {
		failtest.RefusedWith(t, olm.ErrPickleKey, func() error { _, err := a.ExportVodozemac(key); return err }, a, s, failtest.Input(key))
		failtest.RefusedWith(t, olm.ErrPickleKey, func() error { _, err := s.ExportVodozemac(key); return err }, a, s, failtest.Input(key))
	}
}
