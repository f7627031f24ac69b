package megolm_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/megolm"
)

// keyText is the text of a key, of which also the bytes are secret.
func keyText(text []byte) []failtest.Subject {
	raw, _ := base64.RawStdEncoding.AppendDecode(nil, text)
	return []failtest.Subject{failtest.Secret(text), failtest.Secret(raw)}
}

func mustNotBeKey(t *testing.T, text []byte) error {
	t.Helper()
	return failtest.Refused(t, func() error {
		k, err := megolm.ParseSessionKey(text)
		require.True(t, k.IsZero())
		return err
	}, keyText(text)...)
}

func mustNotBeExport(t *testing.T, text []byte) error {
	t.Helper()
	return failtest.Refused(t, func() error {
		e, err := megolm.ParseExportedSession(text)
		require.True(t, e.IsZero())
		return err
	}, keyText(text)...)
}

// badEd25519 are keys that libolm takes: of small order, not canonical, not a
// point at all.
var badEd25519 = []string{
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0200000000000000000000000000000000000000000000000000000000000000",
}

func TestAttack_P03_BothDoors(t *testing.T) {
	p := newPeer(1)
	for _, s := range badEd25519 {
		public, err := hex.DecodeString(s)
		require.NoError(t, err)
		export := p.export()
		copy(export[133:], public)
		requireMalformed(t, mustNotBeExport(t, text(export)), "low order")

		key := p.shared(2)
		copy(key[133:], public)
		// A signature that a lax verification takes for this key: S = 1 and
		// R = B, or, for the points of order 2, 4 and 8, about one R in eight.
		for _, signature := range [][]byte{
			append(edwards25519.NewGeneratorPoint().Bytes(), append([]byte{1}, make([]byte, 31)...)...),
			make([]byte, 64),
			ed25519.Sign(p.key, key),
		} {
			requireMalformed(t, mustNotBeKey(t, text(append(bytes.Clone(key), signature...))), "low order")
		}

		// And the doors of storage.
		plaintext := p.outboundPlaintext()
		copy(plaintext[136:], public)
		requireMalformed(t, mustFail(t, plaintext, func() error {
			s, err := megolm.ImportLibolmOutboundSession(libolm.Encrypt(plaintext, pickleKey), pickleKey)
			require.Nil(t, s)
			return err
		}), "public and private key do not match")
		plaintext = p.inboundPlaintext(p, 1)
		copy(plaintext[268:], public)
		requireMalformed(t, mustFail(t, plaintext, func() error {
			s, err := megolm.ImportLibolmInboundSession(libolm.Encrypt(plaintext, pickleKey), pickleKey)
			require.Nil(t, s)
			return err
		}), "Ed25519")
	}
	lax := p.shared(2)
	copy(lax[133:], edwards25519.NewIdentityPoint().Bytes())
	require.True(t, ed25519.Verify(lax[133:], lax, append(edwards25519.NewGeneratorPoint().Bytes(), append([]byte{1}, make([]byte, 31)...)...)),
		"the forged signature does not work on crypto/ed25519 either")
}

func TestAttack_P03_ExportsAreNotVerified(t *testing.T) {
	p := newPeer(1)
	s := imported(t, p)
	require.False(t, s.SigningKeyVerified())
	require.True(t, mustNotDecrypt(t, s, newPeer(2).encrypt(nil)) == megolm.ErrSignature)
	require.False(t, s.SigningKeyVerified())
	e, err := s.Export()
	require.NoError(t, err)
	again, err := megolm.ImportInboundSession(e)
	require.NoError(t, err)
	require.False(t, again.SigningKeyVerified())

	mustDecrypt(t, s, p.encrypt(nil), "", 0)
	require.True(t, s.SigningKeyVerified())
	require.True(t, inbound(t, p).SigningKeyVerified())
}

func TestAttack_P08_Versions(t *testing.T) {
	p := newPeer(1)
	for v := range 256 {
		if v != 2 {
			requireVersion(t, mustNotBeKey(t, text(p.sign(p.shared(byte(v))))), uint32(v))
		}
		if v != 1 {
			requireVersion(t, mustNotBeExport(t, text(p.shared(byte(v)))), uint32(v))
		}
	}
	// One form in the place of the other.
	requireMalformed(t, mustNotBeKey(t, text(p.export())), "not 229 bytes long")
	requireMalformed(t, mustNotBeExport(t, text(p.sessionKey())), "not 165 bytes long")
	requireMalformed(t, mustNotBeExport(t, text(p.sessionKey()[:165])[1:]), "not")
}

func TestAttack_P40_EveryLengthOfAKey(t *testing.T) {
	p := newPeer(1)
	key, export := append(p.sessionKey(), make([]byte, 100)...), append(p.export(), make([]byte, 100)...)
	for n := range key {
		if n != 229 {
			requireMalformed(t, mustNotBeKey(t, text(key[:n])), "not 229 bytes long")
		}
	}
	for n := range export {
		if n != 165 {
			requireMalformed(t, mustNotBeExport(t, text(export[:n])), "not 165 bytes long")
		}
	}
	random := newRandom(11)
	for n := range 400 {
		for _, b := range [][]byte{randomBytes(random, n), bytes.Repeat([]byte{'A'}, n)} {
			mustNotBeKey(t, b)
			mustNotBeExport(t, b)
		}
	}
}

func TestEveryBitOfASessionKey(t *testing.T) {
	good := newPeer(1).sessionKey()
	for bit := range 8 * len(good) {
		b := bytes.Clone(good)
		b[bit/8] ^= 1 << (bit % 8)
		err := mustNotBeKey(t, text(b))
		switch i := bit / 8; {
		case i == 0:
			requireVersion(t, err, uint32(b[0]))
		case 133 <= i && i < 165:
			if _, ok := err.(*megolm.MalformedError); !ok {
				require.ErrorIs(t, err, megolm.ErrSignature)
			}
		default:
			require.ErrorIs(t, err, megolm.ErrSignature, "bit %d", bit)
		}
	}
}

// TestEveryBitOfAnExport: nothing protects an export but the messages. A wrong
// one gives a session that decrypts nothing and says so.
func TestEveryBitOfAnExport(t *testing.T) {
	p := newPeer(1).at(3)
	good, m := p.export(), message(t, p.encrypt([]byte("text")))
	for bit := range 8 * len(good) {
		b := bytes.Clone(good)
		b[bit/8] ^= 1 << (bit % 8)
		e, err := megolm.ParseExportedSession(text(b))
		if err != nil {
			mustNotBeExport(t, text(b))
			continue
		}
		s, err := megolm.ImportInboundSession(e)
		require.NoError(t, err)
		require.False(t, s.SigningKeyVerified())
		err = mustFail(t, b, func() error { d, err := s.Decrypt(m); require.Zero(t, d); return err }, s)
		if _, ok := err.(*megolm.UnknownIndexError); !ok {
			require.True(t, err == megolm.ErrDecrypt || err == megolm.ErrSignature, "bit %d: %v", bit, err)
		}
		require.False(t, s.SigningKeyVerified())
	}
}

func TestAttack_P41_TextOfKeys(t *testing.T) {
	p := newPeer(1)
	key, export := string(text(p.sessionKey())), string(text(p.export()))
	require.Len(t, key, 306)
	require.Len(t, export, 220)
	k, err := megolm.ParseSessionKey([]byte(key + "=="))
	require.NoError(t, err, "padded")
	require.Equal(t, key, string(k.SecretText()))
	e, err := megolm.ParseExportedSession([]byte(export))
	require.NoError(t, err)
	require.Equal(t, export, string(e.SecretText()))
	for _, edit := range []func(string) string{
		func(s string) string { return s + "\n" },
		func(s string) string { return "\n" + s },
		func(s string) string { return s[:100] + "\r\n" + s[100:] },
		func(s string) string { return s[:100] + "\n" + s[101:] },
		func(s string) string { return s[:100] + " " + s[101:] },
		func(s string) string { return s[:100] + "=" + s[101:] },
		func(s string) string { return s[:100] + "-" + s[101:] },
		func(s string) string { return s[:100] + "_" + s[101:] },
		func(s string) string { return s[:100] + "\x00" + s[101:] },
		func(s string) string { return s[:100] + "\xc3" + s[101:] },
		func(s string) string { return s + "=" },
		func(s string) string { return s + "====" },
	} {
		requireMalformed(t, mustNotBeKey(t, []byte(edit(key))), "")
		requireMalformed(t, mustNotBeExport(t, []byte(edit(export))), "")
		require.Error(t, k.UnmarshalText([]byte(edit(key))))
		require.Equal(t, key, string(k.SecretText()), "a failed UnmarshalText changed the key")
		require.Error(t, e.UnmarshalText([]byte(edit(export))))
		require.Equal(t, export, string(e.SecretText()), "a failed UnmarshalText changed the export")
	}
	// The last symbol of 229 bytes has four bits that must be zero.
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.IndexByte(alphabet, key[305])
	for i := 1; i < 16; i++ {
		requireMalformed(t, mustNotBeKey(t, []byte(key[:305]+alphabet[last+i:last+i+1])), "not valid base64")
	}
}

// TestAttack_P10_ZeroRatchets: a ratchet of zeros was never seeded, and what
// is encrypted under it everybody reads.
func TestAttack_P10_ZeroRatchets(t *testing.T) {
	p := newPeer(1)
	clear(p.parts[:])
	requireMalformed(t, mustNotBeKey(t, text(p.sessionKey())), "all-zero ratchet")
	requireMalformed(t, mustNotBeExport(t, text(p.export())), "all-zero ratchet")
	for _, i := range []int{0, 31, 32, 127} { // one part may be anything
		p := newPeer(1)
		clear(p.parts[:])
		p.parts[i] = 1
		inbound(t, p)
		imported(t, p)
	}
}

func TestKeysRoundTrip(t *testing.T) {
	for _, p := range []*peer{newPeer(1), newPeer(2).at(1), newPeer(3).at(0xffffffff)} {
		k, err := megolm.ParseSessionKey(text(p.sessionKey()))
		require.NoError(t, err)
		require.Equal(t, text(p.sessionKey()), k.SecretText())
		require.Equal(t, p.index, k.Index())
		require.Equal(t, string(text(p.public())), k.SessionID())
		e, err := megolm.ParseExportedSession(text(p.export()))
		require.NoError(t, err)
		require.Equal(t, text(p.export()), e.SecretText())
		require.Equal(t, p.index, e.Index())
		require.Equal(t, string(text(p.public())), e.SessionID())
		require.Equal(t, len(k.SecretText()), cap(k.SecretText()))
		require.Equal(t, len(e.SecretText()), cap(e.SecretText()))

		// A session key of ours is the specification's, byte for byte.
		ours, err := outbound(t, p).SessionKey()
		require.NoError(t, err)
		require.Equal(t, text(p.sessionKey()), ours.SecretText())
	}
}
