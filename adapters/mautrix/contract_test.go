package mautrixolm_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/id"

	chappeolm "github.com/chappe-e2ee/chappe/olm"

	"github.com/chappe-e2ee/chappe/megolm"
)

// damage returns a message with a bit of its last byte flipped: of an Olm
// message the MAC, of a Megolm message the signature.
func damage(body []byte) string {
	raw := must(base64.RawStdEncoding.DecodeString(string(body)))
	raw[len(raw)-1] ^= 1
	return base64.RawStdEncoding.EncodeToString(raw)
}

// versioned returns a message with another version byte.
func versioned(body []byte) string {
	raw := must(base64.RawStdEncoding.DecodeString(string(body)))
	raw[0] = 4
	return base64.RawStdEncoding.EncodeToString(raw)
}

// TestMatchesInboundSession: only what is no pre-key message is an error, for
// mautrix gives a message up on an error and tries the next session on false.
func TestMatchesInboundSession(t *testing.T) {
	chappe.register()
	a, b, ab, ba := pair()
	_, keyA, _ := a.IdentityKeys()
	_, keyB, _ := b.IdentityKeys()
	_, body, err := ab.Encrypt([]byte("second"))
	require.NoError(t, err)
	own := string(body)
	_, body, err = must(a.NewOutboundSession(keyB, oneOf(b))).Encrypt([]byte("other session"))
	require.NoError(t, err)
	foreign := string(body)

	for _, c := range []struct {
		key, message string
		want         bool
		err          error
	}{
		{string(keyA), own, true, nil},
		{string(keyB), own, false, nil},
		{string(keyA), foreign, false, nil},
		{"", own, false, olm.ErrEmptyInput},
		{"!", own, false, olm.ErrLibolmInvalidBase64},
		{string(keyA), "", false, olm.ErrEmptyInput},
		{string(keyA), "*", false, olm.ErrLibolmInvalidBase64},
		{string(keyA), "AwQ", false, olm.ErrBadMessageFormat},
		{string(keyA), versioned([]byte(own)), false, olm.ErrWrongProtocolVersion},
	} {
		got, err := ba.MatchesInboundSessionFrom(c.key, c.message)
		require.Equal(t, c.want, got)
		require.ErrorIs(t, err, c.err)
		got, err = ba.MatchesInboundSession(c.message)
		require.Equal(t, c.message == own, got)
		require.Equal(t, c.err != nil && c.message != own, err != nil)
	}
}

// TestAttack_P14_InboundSession walks the path that mautrix takes with a pre-key message:
// a session is made, the message decrypted, and only then the key removed.
func TestAttack_P14_InboundSession(t *testing.T) {
	chappe.register()
	a, b := must(olm.NewAccount()), must(olm.NewAccount())
	require.NoError(t, b.GenOneTimeKeys(1))
	_, keyA, _ := a.IdentityKeys()
	_, keyB, _ := b.IdentityKeys()
	_, body, err := must(a.NewOutboundSession(keyB, oneOf(b))).Encrypt([]byte("hello"))
	require.NoError(t, err)
	before := must(b.Pickle(pickleKey))

	for message, want := range map[string]error{
		"": olm.ErrEmptyInput, "*": olm.ErrLibolmInvalidBase64, "AwQ": olm.ErrBadMessageFormat,
		versioned(body): olm.ErrWrongProtocolVersion,
	} {
		s, err := b.NewInboundSessionFrom(&keyA, message)
		require.ErrorIs(t, err, want)
		require.True(t, s == nil, "a typed nil")
		s, err = b.NewInboundSession(message)
		require.ErrorIs(t, err, want)
		require.True(t, s == nil, "a typed nil")
	}
	for key, want := range map[id.Curve25519]error{
		"": olm.ErrEmptyInput, "*": olm.ErrLibolmInvalidBase64, "AAAA": olm.ErrBadInput, keyB: olm.ErrBadMessageKeyID,
		id.Curve25519(base64.RawStdEncoding.EncodeToString(make([]byte, 32))): olm.ErrBadInput,
	} {
		s, err := b.NewInboundSessionFrom(&key, string(body))
		require.ErrorIs(t, err, want, key)
		require.True(t, s == nil, "a typed nil")
		if key != keyB {
			s, err = a.NewOutboundSession(key, keyB)
			require.ErrorIs(t, err, want, key)
			require.True(t, s == nil, "a typed nil")
			s, err = a.NewOutboundSession(keyB, key)
			require.ErrorIs(t, err, want, key)
			require.True(t, s == nil, "a typed nil")
		}
	}
	s, err := b.NewInboundSessionFrom(nil, string(body))
	require.ErrorIs(t, err, olm.ErrEmptyInput)
	require.True(t, s == nil, "a typed nil")

	s, err = b.NewInboundSessionFrom(&keyA, damage(body))
	require.NoError(t, err)
	_, err = s.Decrypt(damage(body), id.OlmMsgTypePreKey)
	require.ErrorIs(t, err, olm.ErrBadMAC)
	require.ErrorIs(t, err, chappeolm.ErrDecrypt)
	require.Equal(t, before, must(b.Pickle(pickleKey)), "a forged message used the key up")

	s = must(b.NewInboundSessionFrom(&keyA, string(body)))
	require.Equal(t, "hello", string(must(s.Decrypt(string(body), id.OlmMsgTypePreKey))))
	require.Equal(t, before, must(b.Pickle(pickleKey)))
	require.NoError(t, b.RemoveOneTimeKeys(s))
	require.NotEqual(t, before, must(b.Pickle(pickleKey)))

	require.ErrorIs(t, b.RemoveOneTimeKeys(s), olm.ErrBadMessageKeyID)
	s, err = b.NewInboundSession(string(body))
	require.ErrorIs(t, err, olm.ErrBadMessageKeyID)
	require.True(t, is[*chappeolm.UnknownOneTimeKeyError](err))
	require.True(t, s == nil, "a typed nil")
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func TestRemoveOneTimeKeysOfForeignSession(t *testing.T) {
	peer.register()
	_, _, _, foreign := pair()
	chappe.register()
	_, b, _, _ := pair()
	before := must(b.Pickle(pickleKey))
	require.ErrorIs(t, b.RemoveOneTimeKeys(foreign), olm.ErrBadInput)
	require.ErrorIs(t, b.RemoveOneTimeKeys(nil), olm.ErrBadInput)
	require.Error(t, b.RemoveOneTimeKeys(olm.NewBlankSession()))
	require.Equal(t, before, must(b.Pickle(pickleKey)))
}

func TestSessionErrors(t *testing.T) {
	chappe.register()
	_, _, ab, ba := pair()
	require.Equal(t, id.OlmMsgTypePreKey, ab.EncryptMsgType())
	require.False(t, ab.HasReceivedMessage())
	require.Equal(t, id.OlmMsgTypeMsg, ba.EncryptMsgType())
	require.True(t, ba.HasReceivedMessage())
	require.Equal(t, ab.ID(), ba.ID())

	kind, body, err := ba.Encrypt([]byte("answer"))
	require.NoError(t, err)
	require.Equal(t, id.OlmMsgTypeMsg, kind)
	before := must(ab.Pickle(pickleKey))
	for message, want := range map[string]error{
		"": olm.ErrEmptyInput, "*": olm.ErrLibolmInvalidBase64, "AwQ": olm.ErrBadMessageFormat,
		damage(body): olm.ErrBadMAC, versioned(body): olm.ErrWrongProtocolVersion,
	} {
		plaintext, err := ab.Decrypt(message, kind)
		require.ErrorIs(t, err, want, message)
		require.Nil(t, plaintext)
	}
	for _, kind := range []id.OlmMsgType{-1, 0, 2} {
		_, err := ab.Decrypt(string(body), kind)
		require.ErrorIs(t, err, olm.ErrBadMessageFormat, kind)
	}
	require.Equal(t, before, must(ab.Pickle(pickleKey)))

	must(ab.Decrypt(string(body), kind))
	_, err = ab.Decrypt(string(body), kind)
	require.ErrorIs(t, err, olm.ErrMessageKeyNotFound)
	require.True(t, is[*chappeolm.MessageKeyGoneError](err))
	for range chappeolm.MaxMessageGap + 2 {
		_, body, err = ba.Encrypt([]byte("lost"))
		require.NoError(t, err)
	}
	_, err = ab.Decrypt(string(body), kind)
	require.ErrorIs(t, err, olm.ErrMsgIndexTooHigh)

	_, empty, err := ab.Encrypt(nil)
	require.ErrorIs(t, err, olm.ErrEmptyInput)
	require.Nil(t, empty)
	_, _, err = ab.Encrypt(make([]byte, chappeolm.MaxPlaintextSize+1))
	require.ErrorIs(t, err, olm.ErrBadInput)
}

func TestGroupErrors(t *testing.T) {
	chappe.register()
	sender := must(olm.NewOutboundGroupSession())
	whole := must(olm.NewInboundGroupSession([]byte(sender.Key())))
	first := must(sender.Encrypt([]byte("first")))
	late := must(olm.NewInboundGroupSession([]byte(sender.Key())))
	require.EqualValues(t, 1, sender.MessageIndex())
	require.EqualValues(t, 1, late.FirstKnownIndex())
	require.True(t, late.IsVerified())
	require.Equal(t, sender.ID(), late.ID())

	plaintext, index, err := late.Decrypt(first)
	require.ErrorIs(t, err, olm.ErrUnknownMessageIndex)
	unknown, ok := errors.AsType[*megolm.UnknownIndexError](err)
	require.True(t, ok)
	require.Equal(t, megolm.UnknownIndexError{FirstKnown: 1, Got: 0}, *unknown)
	require.Nil(t, plaintext)
	require.Zero(t, index)
	export, err := late.Export(0)
	require.ErrorIs(t, err, olm.ErrUnknownMessageIndex)
	require.Nil(t, export)

	for message, want := range map[string]error{
		"": olm.ErrEmptyInput, "*": olm.ErrLibolmInvalidBase64, "AwQ": olm.ErrBadMessageFormat,
		damage(first): olm.ErrBadSignature, versioned(first): olm.ErrWrongProtocolVersion,
	} {
		_, _, err := whole.Decrypt([]byte(message))
		require.ErrorIs(t, err, want, message)
	}
	plaintext, index, err = whole.Decrypt(first)
	require.NoError(t, err)
	require.Equal(t, "first", string(plaintext))
	require.Zero(t, index)

	encrypted, err := sender.Encrypt(nil)
	require.ErrorIs(t, err, olm.ErrEmptyInput)
	require.Nil(t, encrypted)
	encrypted, err = sender.Encrypt(make([]byte, megolm.MaxPlaintextSize+1))
	require.ErrorIs(t, err, olm.ErrBadInput)
	require.Nil(t, encrypted)

	for name, make := range map[string]func([]byte) (olm.InboundGroupSession, error){
		"key": olm.NewInboundGroupSession, "export": olm.InboundGroupSessionImport,
	} {
		for text, want := range map[string]error{
			"": olm.ErrEmptyInput, "*": olm.ErrLibolmInvalidBase64, "AwQ": olm.ErrLibolmBadSessionKey,
		} {
			s, err := make([]byte(text))
			require.ErrorIs(t, err, want, name)
			require.True(t, s == nil, "a typed nil")
		}
	}
	s, err := olm.NewInboundGroupSession([]byte(damage([]byte(sender.Key()))))
	require.ErrorIs(t, err, olm.ErrBadSignature)
	require.True(t, s == nil, "a typed nil")
	_, err = olm.NewInboundGroupSession(must(late.Export(1)))
	require.Error(t, err)
	_, err = olm.InboundGroupSessionImport([]byte(sender.Key()))
	require.Error(t, err)
}

func TestAccountErrors(t *testing.T) {
	chappe.register()
	a := must(olm.NewAccount())
	signature, err := a.Sign(nil)
	require.ErrorIs(t, err, olm.ErrEmptyInput)
	require.Nil(t, signature)
	ed, curve, err := a.IdentityKeys()
	require.NoError(t, err)
	require.JSONEq(t, `{"ed25519":"`+string(ed)+`","curve25519":"`+string(curve)+`"}`, string(must(a.IdentityKeysJSON())))
}
