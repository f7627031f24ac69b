package sas_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/sas"
)

func TestCode(t *testing.T) {
	for _, c := range []struct {
		code     sas.Code
		indices  [7]int
		decimals [3]int
	}{
		{sas.Code{}, [7]int{}, [3]int{1000, 1000, 1000}},
		{sas.Code{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, [7]int{63, 63, 63, 63, 63, 63, 63}, [3]int{9191, 9191, 9191}},
		// Those of tests/test_sas.cpp, by hand: 0x3987a872e7b9 is
		// 001110 011000 011110 101000 011100 101110 011110 111001 in sixes,
		// 0011100110000 1111010100001 1100101110011 in thirteens.
		{sas.Code{0x39, 0x87, 0xa8, 0x72, 0xe7, 0xb9}, [7]int{14, 24, 30, 40, 28, 46, 30}, [3]int{1840 + 1000, 7841 + 1000, 6515 + 1000}},
	} {
		require.Equal(t, c.indices, c.code.EmojiIndices())
		require.Equal(t, c.decimals, c.code.Decimals())
		for i, e := range c.code.Emoji() {
			require.Equal(t, sas.EmojiTable()[c.indices[i]], e)
		}
	}
}

// The bits by another way: as digits of one large number.
func TestCodeBits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	digit := func(code sas.Code, width, i int) int {
		n := new(big.Int).SetBytes(code[:])
		n.Rsh(n, uint(48-width*(i+1)))
		return int(n.Int64() & (1<<width - 1))
	}
	for range 1000 {
		var code sas.Code
		for i := range code {
			code[i] = byte(r.Uint32())
		}
		for i, index := range code.EmojiIndices() {
			require.Equal(t, digit(code, 6, i), index)
		}
		for i, number := range code.Decimals() {
			require.Equal(t, digit(code, 13, i)+1000, number)
		}
	}
}

// The sum is over the table of the specification's data-definitions/
// sas-emoji.json, a line "number symbol English French" for each.
func TestEmojiTable(t *testing.T) {
	lines := ""
	seen := map[string]bool{}
	variation := 0
	for i, e := range sas.EmojiTable() {
		lines += fmt.Sprintf("%d %s %s %s\n", i, e.Symbol, e.English, e.French)
		for _, s := range []string{e.Symbol, "en " + e.English, "fr " + e.French} {
			require.NotEmpty(t, s)
			require.False(t, seen[s], "%q twice", s)
			seen[s] = true
		}
		symbol := []rune(e.Symbol)
		if len(symbol) == 2 {
			require.Equal(t, '\ufe0f', symbol[1])
			variation++
		} else {
			require.Len(t, symbol, 1)
		}
	}
	require.Equal(t, 7, variation)
	sum := sha256.Sum256([]byte(lines))
	require.Equal(t, "126607923d54b81fcd3fbfbf437166744c48717974af800a5169a8b502b81d8a", hex.EncodeToString(sum[:]))
}

func TestEmojiTableIsACopy(t *testing.T) {
	table := sas.EmojiTable()
	table[0].Symbol = "x"
	require.Equal(t, "🐶", sas.EmojiTable()[0].Symbol)
	require.Equal(t, "🐶", sas.Code{}.Emoji()[0].Symbol)
}

// A code is bound to the keys of its secret, whichever side has which.
func TestCodeFor(t *testing.T) {
	alice, bob := both(t)
	b, err := info(t).Bytes()
	require.NoError(t, err)
	want, err := alice.Code(b)
	require.NoError(t, err)
	for _, e := range []*sas.Established{alice, bob} {
		code, err := e.CodeFor(info(t))
		require.NoError(t, err)
		require.Equal(t, want, code)
	}
	swapped := info(t)
	swapped.Starter.Key, swapped.Accepter.Key = swapped.Accepter.Key, swapped.Starter.Key
	code, err := alice.CodeFor(swapped)
	require.NoError(t, err)
	require.NotEqual(t, want, code)

	third, err := sas.Generate()
	require.NoError(t, err)
	fourth, err := sas.Generate()
	require.NoError(t, err)
	for _, change := range []func(i *sas.Info){
		func(i *sas.Info) { i.Starter.Key = third.PublicKey() },
		func(i *sas.Info) { i.Accepter.Key = third.PublicKey() },
		func(i *sas.Info) { i.Starter.Key, i.Accepter.Key = i.Accepter.Key, third.PublicKey() },
		func(i *sas.Info) { i.Starter.Key, i.Accepter.Key = third.PublicKey(), i.Starter.Key },
		func(i *sas.Info) { i.Starter.Key, i.Accepter.Key = third.PublicKey(), fourth.PublicKey() },
	} {
		i := info(t)
		change(&i)
		for _, e := range []*sas.Established{alice, bob} {
			refusedWith(t, sas.ErrOtherKeys, func() (sas.Code, error) { return e.CodeFor(i) }, subject{e})
		}
	}

	i := info(t)
	i.Accepter.Key = i.Starter.Key
	refusedWith(t, sas.ErrReflected, func() (sas.Code, error) { return alice.CodeFor(i) }, subject{alice})
	requireMalformed(t, refused(t, func() (sas.Code, error) { return alice.CodeFor(sas.Info{}) }, subject{alice}), "user id")
	alice.Close()
	for _, e := range []*sas.Established{alice, new(sas.Established)} {
		refusedWith(t, sas.ErrClosed, func() (sas.Code, error) { return e.CodeFor(info(t)) }, subject{e})
	}
}
