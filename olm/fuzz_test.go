package olm_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	mathrand "math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/olm"
)

// repeatable calls f with a fixed crypto/rand, so that what a fuzzer finds is
// found again.
func repeatable(f func()) {
	before := rand.Reader
	defer func() { rand.Reader = before }()
	rand.Reader = mathrand.NewChaCha8(sha256.Sum256([]byte("fuzz")))
	f()
}

// addForms adds the plaintexts of the stored forms with these names as seeds,
// and hostile ones made of them.
func addForms(f *testing.F, names ...string) {
	repeatable(func() {
		for _, form := range storedForms(f) {
			for _, name := range names {
				if form.name != name {
					continue
				}
				f.Add(form.plain)
				f.Add(form.plain[:len(form.plain)-1])
				f.Add(append(bytes.Clone(form.plain), 0))
				for _, field := range form.fields.list {
					if field.kind == count || field.kind == smallSize || field.kind == number {
						f.Add(field.with(form.plain, bytes.Repeat([]byte{0xff}, field.n)))
						f.Add(field.with(form.plain, make([]byte, field.n)))
					}
				}
			}
		}
	})
}

// What parses is what it was made of, and its fields, written in canonical
// form, parse to the same.
func FuzzMessage(f *testing.F) {
	repeatable(func() {
		c := newConversation(f)
		for _, m := range []olm.Message{encrypt(f, c.bob, "normal"), encrypt(f, newOutbound(f, c.aliceAccount, c.bobAccount), "pre-key")} {
			f.Add(int(m.Type()), m.Bytes())
			f.Add(1-int(m.Type()), m.Bytes())
			f.Add(int(m.Type()), join(m.Bytes(), numberField(9, 1<<63)))
		}
	})
	f.Fuzz(func(t *testing.T, typ int, b []byte) {
		m, err := olm.NewMessage(olm.MessageType(typ), b)
		text, textErr := olm.ParseMessage(olm.MessageType(typ), unpadded(b))
		require.Equal(t, err, textErr)
		if err != nil {
			require.True(t, m.IsZero())
			return
		}
		require.Equal(t, m, text)
		require.Equal(t, b, m.Bytes())
		require.Equal(t, unpadded(b), m.Body())
		rebuilt := join(normalBody(m.RatchetKey(), uint64(m.ChainIndex()), make([]byte, m.CiphertextLen())), make([]byte, 8))
		if k, ok := m.SessionKeys(); ok {
			rebuilt = preKeyBytes(k, rebuilt)
		}
		require.LessOrEqual(t, len(rebuilt), len(b), "the canonical form is the shortest")
		again := message(t, m.Type(), rebuilt)
		k, ok := m.SessionKeys()
		againKeys, againOK := again.SessionKeys()
		require.Equal(t, k, againKeys)
		require.Equal(t, ok, againOK)
		require.Equal(t, m.RatchetKey(), again.RatchetKey())
		require.Equal(t, m.ChainIndex(), again.ChainIndex())
		require.Equal(t, m.CiphertextLen(), again.CiphertextLen())
	})
}

// What unmarshals is valid JSON, and marshals to a form that unmarshals to the
// same.
func FuzzMessageJSON(f *testing.F) {
	repeatable(func() {
		c := newConversation(f)
		for _, m := range []olm.Message{encrypt(f, c.bob, "normal"), encrypt(f, newOutbound(f, c.aliceAccount, c.bobAccount), "pre-key")} {
			text, err := json.Marshal(m)
			require.NoError(f, err)
			f.Add(text)
			f.Add(bytes.Replace(text, []byte(`,`), []byte(` , "x" : [{}, null] ,`), 1))
			f.Add(bytes.Replace(text, []byte(`type`), []byte(`typ\u0065`), 1))
			f.Add(bytes.Replace(text, []byte(`"type":`), []byte(`"type":1,"type":`), 1))
		}
	})
	f.Fuzz(func(t *testing.T, text []byte) {
		var m olm.Message
		if err := m.UnmarshalJSON(text); err != nil {
			require.True(t, m.IsZero())
			return
		}
		require.True(t, json.Valid(text))
		again, err := json.Marshal(m)
		require.NoError(t, err)
		var parsed olm.Message
		require.NoError(t, json.Unmarshal(again, &parsed))
		require.Equal(t, m, parsed)
	})
}

// What imports exports to what imports to the same. What was canonical differs
// in ids that were mended and in bits that clamping sets, at most.
func FuzzImportLibolmAccount(f *testing.F) {
	addForms(f, "libolm account")
	f.Fuzz(func(t *testing.T, plain []byte) {
		once, err := reexportAccount(t, pickled(plain))
		if err != nil {
			require.True(t, isFormError(err), "%v", err)
			return
		}
		twice, err := reexportAccount(t, pickled(once))
		require.NoError(t, err)
		require.Equal(t, once, twice)
		if binary.BigEndian.Uint32(plain) != 4 || len(plain) != len(once) {
			return // an older version, or more one-time keys than libolm has
		}
		require.Equal(t, withoutIDs(t, plain), withoutIDs(t, once))
		a, err := openAccountPickle(pickled(plain))
		require.NoError(t, err)
		reopenedAccount(t, a)
		_, err = a.Sign(nil)
		require.NoError(t, err)
	})
}

// withoutIDs clears what an import may mend in a pickle of version 4.
func withoutIDs(t testing.TB, plain []byte) []byte {
	n := libolmAccountSpans(0, 0).at(t, "number of one-time keys")
	oneTime := int(binary.BigEndian.Uint32(plain[n.off:]))
	at := libolmAccountSpans(oneTime, 0).at(t, "number of fallback keys")
	out := bytes.Clone(plain)
	for _, field := range libolmAccountSpans(oneTime, int(plain[at.off])).list {
		if field.kind == number {
			clear(out[field.off : field.off+field.n])
		}
		if field.kind == edKey {
			out[field.off] &= 248
			out[field.off+31] = out[field.off+31]&63 | 64
		}
	}
	return out
}

// The same for sessions: what was canonical lacks keys of dropped chains at
// most.
func FuzzImportLibolmSession(f *testing.F) {
	addForms(f, "libolm session")
	f.Fuzz(func(t *testing.T, plain []byte) {
		once, err := reexportSession(t, pickled(plain))
		if err != nil {
			require.True(t, isFormError(err), "%v", err)
			return
		}
		twice, err := reexportSession(t, pickled(once))
		require.NoError(t, err)
		require.Equal(t, once, twice)
		s, err := openSessionPickle(pickled(plain))
		require.NoError(t, err)
		if exact, err := s.ExportLibolm(pickleKey); err == nil && binary.BigEndian.Uint32(plain) == 1 {
			require.Equal(t, plain, unpickled(t, exact))
		}
		use(t, s)
	})
}

// use calls all that a session does, whatever state it is in.
func use(t testing.TB, s *olm.Session) {
	s = reopened(t, s)
	_ = s.Describe()
	_, _ = s.RatchetCount()
	if m, err := s.Encrypt([]byte("text")); err == nil {
		_, _ = s.Decrypt(reparse(t, m))
	}
	_, err := s.ExportLibolmLossy(pickleKey)
	require.NoError(t, err)
	s.Close()
}

// What opens encodes to what was sealed.
func FuzzOpenAccount(f *testing.F) {
	addForms(f, "sealed account", "sealed imported account")
	f.Fuzz(func(t *testing.T, state []byte) {
		a, err := olm.OpenAccount(sealed(t, seal.OlmAccount, state), sealKey(t), sealContext)
		if err != nil {
			require.True(t, isFormError(err), "%v", err)
			return
		}
		want := bytes.Clone(state)
		if form := accountSpans(64, 0, 0).at(t, "form of signing key"); state[form.off] == 2 {
			want[form.off+1] &= 248
			want[form.off+1+31] = want[form.off+1+31]&63 | 64
		}
		require.Equal(t, want, a.State())
		_, err = a.ExportLibolmLossy(pickleKey)
		require.NoError(t, err)
		_, err = a.GenerateFallbackKey()
		require.True(t, err == nil || a.Revision() == binary.BigEndian.Uint64(state[2:]))
		a.Close()
	})
}

// The same for sessions.
func FuzzOpenSession(f *testing.F) {
	addForms(f, "sealed session")
	f.Fuzz(func(t *testing.T, state []byte) {
		s, err := olm.OpenSession(sealed(t, seal.OlmSession, state), sealKey(t), sealContext)
		if err != nil {
			require.True(t, isFormError(err), "%v", err)
			return
		}
		require.Equal(t, state, s.State())
		use(t, s)
	})
}

// Whatever arrives, a session that does not decrypt it is as before.
func FuzzDecrypt(f *testing.F) {
	var s *olm.Session
	var a *olm.Account
	repeatable(func() {
		c := newConversation(f)
		var late []olm.Message
		s, late = c.rich()
		a = c.bobAccount
		m := encrypt(f, newOutbound(f, c.aliceAccount, a), "pre-key")
		for _, m := range append(late, m, encrypt(f, c.alice, "next"), tampered(f, m)) {
			f.Add(int(m.Type()), m.Bytes())
		}
	})
	f.Fuzz(func(t *testing.T, typ int, b []byte) {
		m, err := olm.NewMessage(olm.MessageType(typ), b)
		if err != nil {
			return
		}
		twin := reopened(t, s)
		state := twin.State()
		if plaintext, err := twin.Decrypt(m); err != nil {
			require.Nil(t, plaintext)
			require.True(t, isMessageError(err), "%v", err)
			require.Equal(t, state, twin.State())
		} else {
			require.NotEqual(t, state, twin.State())
		}
		account := reopenedAccount(t, a)
		state = account.State()
		k, _ := m.SessionKeys()
		if _, err := account.NewInboundSession(k.IdentityKey, m); err != nil {
			require.Equal(t, state, account.State())
		}
	})
}
