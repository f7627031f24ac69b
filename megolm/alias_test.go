package megolm_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/megolm"
)

// scribble overwrites b up to its capacity.
func scribble(b []byte) {
	b = b[:cap(b)]
	for i := range b {
		b[i] ^= 0x55
	}
}

// TestAttack_P22_Aliasing overwrites, after each call, all that went in and
// all that came out. No session may notice.
func TestAttack_P22_Aliasing(t *testing.T) {
	p := newPeer(90)
	keyText, exportText := text(p.sessionKey()), text(p.export())
	pickle, key, context := p.outboundPickle(), bytes.Clone(pickleKey), bytes.Clone(sealContext)

	k, err := megolm.ParseSessionKey(keyText)
	require.NoError(t, err)
	scribble(keyText)
	scribble(k.SecretText())
	require.Equal(t, text(p.sessionKey()), k.SecretText())
	e, err := megolm.ParseExportedSession(exportText)
	require.NoError(t, err)
	scribble(exportText)
	scribble(e.SecretText())
	require.Equal(t, text(p.export()), e.SecretText())

	in, err := megolm.NewInboundSession(k)
	require.NoError(t, err)
	k.Close() // the session has its own copy
	fromExport, err := megolm.ImportInboundSession(e)
	require.NoError(t, err)
	e.Close()
	require.Equal(t, inbound(t, p).State(), in.State())
	require.Equal(t, imported(t, p).State(), fromExport.State())

	out, err := megolm.ImportLibolmOutboundSession(pickle, key)
	require.NoError(t, err)
	require.Equal(t, p.outboundPickle(), pickle)
	require.Equal(t, pickleKey, key)
	scribble(pickle)
	scribble(key)
	outState := out.State()
	require.Equal(t, outbound(t, p).State(), outState)

	ourKey, err := out.SessionKey()
	require.NoError(t, err)
	ourKey.Close()
	b, err := out.ExportLibolm(pickleKey)
	require.NoError(t, err)
	require.Equal(t, len(b), cap(b))
	scribble(b)
	b, err = out.Seal(sealKey(t), context)
	require.NoError(t, err)
	opened, err := megolm.OpenOutboundSession(b, sealKey(t), context)
	require.NoError(t, err)
	scribble(b)
	require.Equal(t, sealContext, context)
	require.Equal(t, outState, out.State())
	require.Equal(t, outState, opened.State())

	plaintext := []byte("plaintext")
	m, err := out.Encrypt(plaintext)
	require.NoError(t, err)
	require.Equal(t, "plaintext", string(plaintext))
	scribble(plaintext)
	scribble(m.Bytes())
	marshalled, err := m.MarshalText()
	require.NoError(t, err)
	require.Equal(t, len(marshalled), cap(marshalled))
	scribble(marshalled)
	require.Equal(t, p.encrypt([]byte("plaintext")), m.Bytes())

	inState := in.State()
	e, err = in.Export()
	require.NoError(t, err)
	e.Close()
	b, err = in.ExportLibolm(pickleKey)
	require.NoError(t, err)
	require.Equal(t, len(b), cap(b))
	again, err := megolm.ImportLibolmInboundSession(b, pickleKey)
	require.NoError(t, err)
	scribble(b)
	require.Equal(t, inState, again.State())
	b, err = in.Seal(sealKey(t), context)
	require.NoError(t, err)
	openedIn, err := megolm.OpenInboundSession(b, sealKey(t), context)
	require.NoError(t, err)
	scribble(b)
	require.Equal(t, inState, openedIn.State())
	require.Equal(t, inState, in.State())

	for range 2 {
		d, err := in.Decrypt(m)
		require.NoError(t, err)
		require.Equal(t, "plaintext", string(d.Plaintext))
		scribble(d.Plaintext)
	}

	raw := p.encrypt([]byte("plaintext"))
	parsed, err := megolm.NewMessage(raw)
	require.NoError(t, err)
	scribble(raw)
	require.Equal(t, p.encrypt([]byte("plaintext")), parsed.Bytes())
	rawText := text(p.encrypt([]byte("plaintext")))
	var unmarshalled megolm.Message
	require.NoError(t, unmarshalled.UnmarshalText(rawText))
	scribble(rawText)
	require.Equal(t, p.encrypt([]byte("plaintext")), unmarshalled.Bytes())
}

// TestAttack_P22_Append: appending to a caller's buffer touches nothing before
// and nothing behind what is appended, also where the plaintext stands in it.
func TestAttack_P22_Append(t *testing.T) {
	p := newPeer(91)
	want := string(text(p.encrypt([]byte("plaintext"))))
	buf := bytes.Repeat([]byte{0xee}, 1000)
	out, err := outbound(t, p).AppendEncrypt(buf[:4], []byte("plaintext"))
	require.NoError(t, err)
	require.Equal(t, "\xee\xee\xee\xee"+want, string(out))
	require.Same(t, &buf[0], &out[0])
	require.Equal(t, bytes.Repeat([]byte{0xee}, 1000-len(out)), buf[len(out):])

	copy(buf[4:], "plaintext")
	out, err = outbound(t, p).AppendEncrypt(buf[:4], buf[4:13])
	require.NoError(t, err)
	require.Equal(t, "\xee\xee\xee\xee"+want, string(out))

	for _, dst := range [][]byte{nil, {}, make([]byte, 0, 10)} {
		out, err = outbound(t, p).AppendEncrypt(dst, []byte("plaintext"))
		require.NoError(t, err)
		require.Equal(t, want, string(out))
	}

	context := buf[500:520]
	for _, s := range []sealable{outbound(t, p), inbound(t, p)} {
		copy(context, sealContext)
		sealed, err := s.AppendSeal(buf[:4], sealKey(t), context)
		require.NoError(t, err)
		require.Equal(t, bytes.Repeat([]byte{0xee}, 4), sealed[:4])
		require.Same(t, &buf[0], &sealed[0])
	}
}
