package keys_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
)

func invalid[T value, P pointer[T]](t *testing.T, c constructors[T], b []byte) {
	t.Helper()
	err := mustFail(t, b, nothing, func() error {
		k, err := c.fromBytes(b)
		require.True(t, k.IsZero())
		return err
	})
	require.ErrorIs(t, err, keys.ErrInvalidKey, "%x", b)
	text := base64.RawStdEncoding.EncodeToString(b)
	var k T
	for _, call := range []func() error{
		func() error { _, err := c.fromText(text); return err },
		func() error { return P(&k).UnmarshalText([]byte(text)) },
	} {
		require.ErrorIs(t, mustFail(t, b, func() any { return k }, call), keys.ErrInvalidKey)
	}
	require.True(t, k.IsZero())
}

func TestAttack_P01_Constructors(t *testing.T) {
	for _, s := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p-1
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p+1
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // 2^255-1
	} {
		b := fromHex(t, s)
		invalid(t, curves, b)
		b[31] |= 0x80
		invalid(t, curves, b)
	}
	b := curvePublic(t, 1)
	b[31] |= 0x80
	invalid(t, curves, b)
}

func TestAttack_P02_Constructors(t *testing.T) {
	for _, s := range []string{
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0200000000000000000000000000000000000000000000000000000000000000", // not on the curve
	} {
		b := fromHex(t, s)
		invalid(t, edwards, b)
		b[31] |= 0x80
		invalid(t, edwards, b)
	}
}

// TestAttack_P02_SpecCheckSmallOrderR: crypto/ed25519 takes this signature, of
// a key that is valid but not of prime order.
func TestAttack_P02_SpecCheckSmallOrderR(t *testing.T) {
	// Vector 2 of ed25519-speccheck: A of mixed order, R of small order.
	message := fromHex(t, "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab")
	public := fromHex(t, "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43")
	signature := fromHex(t, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"+
		"8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e")
	require.True(t, ed25519.Verify(public, message, signature))
	k, err := keys.NewEd25519(public)
	require.NoError(t, err)
	s, err := keys.NewSignature(signature)
	require.NoError(t, err)
	err = mustFail(t, message, func() any { return []any{k, s} }, func() error { return k.Verify(message, s) })
	require.ErrorIs(t, err, keys.ErrSignature)
}

func TestAttack_P22_Aliasing(t *testing.T) {
	in := curvePublic(t, 1)
	k, err := keys.NewCurve25519(in)
	require.NoError(t, err)
	clear(in)
	clear(k.Bytes())
	a := k.Array()
	clear(a[:])
	text, err := k.MarshalText()
	require.NoError(t, err)
	clear(text)
	require.Equal(t, curvePublic(t, 1), k.Bytes())

	in = signerPublic(1)
	e, err := keys.NewEd25519(append([]byte{}, in...))
	require.NoError(t, err)
	clear(e.Bytes())
	a = e.Array()
	clear(a[:])
	text, err = e.MarshalText()
	require.NoError(t, err)
	clear(text)
	require.Equal(t, in, e.Bytes())

	in = ed25519.Sign(signer(1), nil)
	s, err := keys.NewSignature(in)
	require.NoError(t, err)
	clear(in)
	clear(s.Bytes())
	text, err = s.MarshalText()
	require.NoError(t, err)
	clear(text)
	require.Equal(t, ed25519.Sign(signer(1), nil), s.Bytes())

	raw := []byte(k.String())
	var u keys.Curve25519
	require.NoError(t, u.UnmarshalText(raw))
	require.Equal(t, k.String(), string(raw))
	clear(raw)
	require.Equal(t, k, u)
}

func TestAttack_P20_EveryLength(t *testing.T) {
	for n := range 201 {
		if n == 32 {
			continue
		}
		for _, fill := range []byte{0, 0x41, 0xff} {
			b := bytes.Repeat([]byte{fill}, n)
			for _, call := range []func() error{
				func() error { _, err := keys.NewCurve25519(b); return err },
				func() error { _, err := keys.NewEd25519(b); return err },
				func() error { _, err := keys.ParseCurve25519(string(b)); return err },
				func() error { _, err := keys.ParseEd25519(string(b)); return err },
			} {
				mustFail(t, b, nothing, call)
			}
			if n != 64 {
				mustFail(t, b, nothing, func() error { _, err := keys.NewSignature(b); return err })
			}
			if fill != 0x41 || n != 86 && n != 88 && n != 6 {
				mustFail(t, b, nothing, func() error { _, err := keys.ParseSignature(string(b)); return err })
				mustFail(t, b, nothing, func() error { _, err := keys.ParseID(string(b)); return err })
			}
		}
	}
}
