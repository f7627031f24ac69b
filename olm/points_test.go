package olm_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
)

// point is an encoding of a Curve25519 point that is nobody's public key.
type point struct {
	name  string
	bytes []byte
}

// badPoints returns all encodings of points of low order, each also with the
// bit that RFC 7748 ignores, and encodings that are not canonical. With a good
// key, that key with the ignored bit is among them.
func badPoints(good []byte) []point {
	list := []point{
		{"0", unhex("0000000000000000000000000000000000000000000000000000000000000000")},
		{"1", unhex("0100000000000000000000000000000000000000000000000000000000000000")},
		{"order 8", unhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")},
		{"order 8 too", unhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")},
		{"p-1", unhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")},
		{"p", unhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")},
		{"p+1", unhex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")},
		{"p+9", unhex("f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")},
		{"2^255-1", unhex("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")},
	}
	if good != nil {
		list = append(list, point{"a good key", good})
	}
	for _, p := range list {
		high := bytes.Clone(p.bytes)
		high[31] |= 0x80
		list = append(list, point{p.name + " and bit 255", high})
	}
	if good != nil {
		list = append(list[:9], list[10:]...)
	}
	return list
}

// badEd25519 returns encodings that are nobody's Ed25519 public key.
func badEd25519() [][]byte {
	list := [][]byte{
		unhex("0000000000000000000000000000000000000000000000000000000000000000"),
		unhex("0000000000000000000000000000000000000000000000000000000000000080"),
		unhex("0100000000000000000000000000000000000000000000000000000000000000"),
		unhex("0100000000000000000000000000000000000000000000000000000000000080"),
		unhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
		unhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
		unhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
		unhex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
		unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
		unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
		unhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
		unhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
		unhex("0200000000000000000000000000000000000000000000000000000000000000"), // no point
	}
	return list
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// The constructors, which every peer's key passes, refuse all bad encodings.
func TestBadPointsAreNoKeys(t *testing.T) {
	for _, p := range badPoints(newAccount(t, 0).IdentityKeys().Curve25519.Bytes()) {
		failtest.RefusedWith(t, keys.ErrInvalidKey, func() error { _, err := keys.NewCurve25519(p.bytes); return err }, failtest.Input(p.bytes))
	}
	for _, b := range badEd25519() {
		failtest.RefusedWith(t, keys.ErrInvalidKey, func() error { _, err := keys.NewEd25519(b); return err }, failtest.Input(b))
	}
}
