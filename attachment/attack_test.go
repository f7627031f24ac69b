package attachment_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/attachment"
)

// The hash is that of the ciphertext, and all of it is compared.
func TestAttack_P37_HashIsOfTheCiphertext(t *testing.T) {
	plaintext := pattern(1000)
	ciphertext, f := encrypt(t, plaintext)
	require.Equal(t, sha256.Sum256(ciphertext), f.Hash())

	key, iv := pattern(32), make([]byte, 16)
	ciphertext = ctr(t, key, iv, plaintext)
	hash := sha256.Sum256(ciphertext)
	for bit := range 256 {
		wrong := hash
		wrong[bit/8] ^= 1 << (bit % 8)
		requireRefused(t, ciphertext, parse(t, describeHash(key, iv, wrong[:])), 1000)
	}
	for _, wrong := range [][32]byte{sha256.Sum256(plaintext), sha256.Sum256(nil), {}} {
		requireRefused(t, ciphertext, parse(t, describeHash(key, iv, wrong[:])), 1000)
	}
}

// No change gets through, and no byte comes out of the verified form first: it
// gives no reader. The unverified form hands all of it out before it can know.
func TestAttack_P37_AlteredCiphertext(t *testing.T) {
	const size = 300
	ciphertext, f := encrypt(t, pattern(size))
	for i := range size {
		for bit := range 8 {
			altered := bytes.Clone(ciphertext)
			altered[i] ^= 1 << bit
			requireRefused(t, altered, f, size)
		}
	}
	for n := range size {
		requireRefused(t, ciphertext[:n], f, n)
		requireRefused(t, ciphertext[size-n:], f, n)
	}
	for n := 1; n < 100; n++ {
		requireRefused(t, append(bytes.Clone(ciphertext), make([]byte, n)...), f, size+n)
		requireRefused(t, append(make([]byte, n), ciphertext...), f, size+n)
	}
	requireRefused(t, append(bytes.Clone(ciphertext[16:32]), append(ciphertext[:16:16], ciphertext[32:]...)...), f, size)

	_, err := verified(ciphertext, f, size)
	require.NoError(t, err)
}

// The first pass is over before the first byte is decrypted, and the ciphertext
// is read to its end twice.
func TestAttack_P37_WholeCiphertextFirst(t *testing.T) {
	const size = 5*attachment.BufferSize + 1
	ciphertext, f := encrypt(t, pattern(size))
	r := bytes.NewReader(ciphertext)
	read, released := 0, 0
	ends := 0
	d, err := attachment.NewDecryptReader(readSeeker{
		readFunc(func(p []byte) (int, error) {
			n, err := r.Read(p)
			read += n
			if err == io.EOF {
				ends++
				require.Zero(t, released*(2-ends), "released before the first end")
			}
			return n, err
		}), r.Seek,
	}, f, size)
	require.NoError(t, err)
	require.Equal(t, size, read)
	require.Equal(t, 1, ends)
	p := make([]byte, 1000)
	for {
		n, err := d.Read(p)
		released += n
		require.Equal(t, size+released, read)
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
	}
	require.Equal(t, size, released)
	require.Equal(t, 2, ends)
}

// The format commits to no key: one ciphertext of one hash is another file under
// another key, or under another IV, and both decrypt. The package comment says
// so; nothing here can prevent it, since both events are in order.
func TestAttack_P38_OneCiphertextTwoFiles(t *testing.T) {
	iv := make([]byte, 16)
	keyA, keyB := pattern(32), pattern(64)[32:]
	// Under A the first half means something, under B the second. A format
	// that skips what it does not know shows either.
	half := 64
	fileA, fileB := []byte("the file that is reported"), []byte("the file that was sent")
	ciphertext := make([]byte, 2*half)
	copy(ciphertext, ctr(t, keyA, iv, fileA))
	copy(ciphertext[half:], ctr(t, keyB, iv, append(make([]byte, half), fileB...))[half:])

	a, b := parse(t, describe(keyA, iv, ciphertext)), parse(t, describe(keyB, iv, ciphertext))
	require.Equal(t, a.Hash(), b.Hash())
	require.Equal(t, a.URL(), b.URL())
	plainA, err := verified(ciphertext, a, 1000)
	require.NoError(t, err)
	plainB, err := verified(ciphertext, b, 1000)
	require.NoError(t, err)
	require.Equal(t, fileA, plainA[:len(fileA)])
	require.Equal(t, fileB, plainB[half:half+len(fileB)])

	ivB := bytes.Repeat([]byte{1}, 16)
	other, err := verified(ciphertext, parse(t, describe(keyA, ivB, ciphertext)), 1000)
	require.NoError(t, err)
	require.NotEqual(t, plainA, other)
}

// What would make a File mean something else is refused, not ignored.
func TestAttack_P38_OtherAlgorithms(t *testing.T) {
	for _, c := range [][2]string{
		{`"A256CTR"`, `"A256GCM"`}, {`"A256CTR"`, `"A128CTR"`}, {`"A256CTR"`, `""`}, {`"alg"`, `"x"`},
		{`"oct"`, `"RSA"`}, {`"oct"`, `"EC"`}, {`"kty"`, `"x"`},
		{`"sha256"`, `"sha1"`}, {`"sha256"`, `"sha512"`}, {`"hashes"`, `"x"`},
		{`"v2"`, `"v1"`}, {`"v2"`, `"v3"`}, {`"v"`, `"x"`}, {`"v2"`, `null`},
	} {
		parseFails(t, replaced(t, c[0], c[1]))
	}
}

// Keys of two files differ, also of a file and its thumbnail, and of two
// attempts at one file.
func TestAttack_P39_FreshKeyAndIV(t *testing.T) {
	keys, ivs := map[[32]byte]bool{}, map[string]bool{}
	for range 10000 {
		e := attachment.NewEncryptReader(bytes.NewReader(nil), 0)
		_, err := e.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
		f, err := e.Finish(testURL)
		require.NoError(t, err)
		text, err := f.SecretJSON()
		require.NoError(t, err)
		_, rest, _ := strings.Cut(string(text), `"iv":"`)
		iv := unbase64(t, rest[:22])
		require.Equal(t, make([]byte, 8), iv[8:])
		require.NotEqual(t, make([]byte, 8), iv[:8])
		keys[*f.Key()], ivs[string(iv)] = true, true
	}
	require.Len(t, keys, 10000)
	require.Len(t, ivs, 10000)
}

// The counter goes on past 32 bits, and a non-zero low half of a peer is a place
// to start from.
func TestAttack_P39_CounterPasses32Bits(t *testing.T) {
	key := pattern(32)
	for _, start := range []uint64{0, 1, math.MaxUint32 - 1, math.MaxUint32, math.MaxUint32 + 1, 1<<63 - 1, 1<<64 - 65} {
		iv := binary.BigEndian.AppendUint64(pattern(8), start)
		ciphertext := pattern(64 * 16)
		plaintext := ctr(t, key, iv, ciphertext)
		f := parse(t, describe(key, iv, ciphertext))
		for _, read := range []func([]byte, attachment.File, int64) ([]byte, error){verified, unverified} {
			got, err := read(ciphertext, f, 1<<20)
			require.NoError(t, err, start)
			require.True(t, bytes.Equal(plaintext, got), start)
		}
	}
}

// Where the counter of 64 bits ends, some implementations carry and others wrap:
// a file that goes there is two files. It is refused; up to there, it is not.
func TestAttack_P39_CounterPassesItsEnd(t *testing.T) {
	key := pattern(32)
	for left := uint64(1); left < 5; left++ {
		iv := binary.BigEndian.AppendUint64(pattern(8), -left)
		for size := range int(left)*16 + 20 {
			ciphertext := pattern(size)
			f := parse(t, describe(key, iv, ciphertext))
			for _, read := range []func([]byte, attachment.File, int64) ([]byte, error){verified, unverified} {
				if size <= int(left)*16 {
					got, err := read(ciphertext, f, attachment.MaxSize)
					require.NoError(t, err)
					require.True(t, bytes.Equal(ctr(t, key, iv, ciphertext), got))
				} else {
					got, err := readFails(t, read, ciphertext, f, attachment.MaxSize)
					requireMalformed(t, err, "iv: the counter passes its end within the file")
					require.LessOrEqual(t, len(got), int(left)*16)
				}
			}
			// The caller's limit is the nearer one.
			if size > 8 {
				_, err := readFails(t, verified, ciphertext, f, 8)
				require.ErrorIs(t, err, attachment.ErrTooLarge)
			}
		}
	}
	// The vectors of version 0 and 1 go there. Named v2, they would be two files.
	for text, ciphertext := range map[string]string{
		strings.Replace(vectorV1, `"v":"v1"`, `"v":"v2"`, 1):      ciphertextV1,
		strings.Replace(vectorV0, `{"url"`, `{"v":"v2","url"`, 1): ciphertextV0,
	} {
		_, err := readFails(t, verified, unbase64(t, ciphertext), parse(t, text), attachment.MaxSize)
		requireMalformed(t, err, "counter")
	}
}

func TestAttack_P39_CounterLeft(t *testing.T) {
	for low, want := range map[uint64]int64{
		0: attachment.MaxSize, 1: attachment.MaxSize, 1 << 63: attachment.MaxSize,
		math.MaxUint64:              16,
		math.MaxUint64 - 1:          32,
		math.MaxUint64 - 1<<57 + 1:  attachment.MaxSize, // 2^61 bytes, one more than SHA-256 takes
		math.MaxUint64 - 1<<57 + 2:  1<<61 - 16,
		math.MaxUint64 - 1<<57:      attachment.MaxSize,
		math.MaxUint64 - 1<<32 + 1:  1 << 36,
		math.MaxUint64 - 1<<32 + 17: 1<<36 - 256,
	} {
		iv := [16]byte(binary.BigEndian.AppendUint64(pattern(8), low))
		require.Equal(t, want, attachment.CounterLeft(iv), low)
	}
}

// Padding is free, everything else has one form only.
func TestAttack_P41_Base64(t *testing.T) {
	want := parse(t, specFile).State()
	const (
		iv   = "w+sE15fzSc0AAAAAAAAAAA"
		hash = "fdSLu/YkRx3Wyh3KQabP3rd6+SFiKg5lsJZQHtkSAYA"
		k    = "aWF6-32KGYaC3A_FEUCk1Bt0JA37zP0wrStgmdCaW-0"
	)
	for text, padding := range map[string]string{iv: "==", hash: "=", k: "="} {
		require.Equal(t, want, parse(t, replaced(t, text, text+padding)).State())
		last := len(text) - 1
		bad := []string{
			text + padding + "=", text + padding + padding, text + `\n`, text + `\r\n`, text[:5] + `\n` + text[5:],
			text + " ", " " + text, text + `\t`, text[:last], text + "A", text[:8] + "=" + text[8:], text[:8] + "==" + text[8:],
			text[:8] + "====" + text[8:], text[:last] + string(text[last]+1), text + padding + `\n`, text[:last] + "=" + text[last:],
			"=" + text, padding, text[:7] + `\u0000` + text[8:], text[:7] + "é" + text[8:],
		}
		if padding == "==" {
			bad = append(bad, text+"=")
		}
		// The other alphabet, in whole and in part: a key's is URL-safe.
		for _, r := range []*strings.Replacer{strings.NewReplacer("+", "-", "/", "_", "-", "+", "_", "/"),
			strings.NewReplacer("+", "-", "-", "+"), strings.NewReplacer("/", "_", "_", "/")} {
			if other := r.Replace(text); other != text {
				bad = append(bad, other)
			}
		}
		for _, b := range bad {
			parseFails(t, replaced(t, text, b))
		}
	}
}

// Limits hold before anything of the size is allocated.
func TestAttack_G09_HugeTexts(t *testing.T) {
	huge := bytes.Repeat([]byte{'['}, 64<<20)
	for _, read := range []func([]byte) error{
		func(b []byte) error { _, err := attachment.ParseFile(b); return err },
		func(b []byte) error { _, err := attachment.ParseScanRequest(b); return err },
		func(b []byte) error { _, err := attachment.DecryptScanRequest(b, scanner(t)); return err },
		func(b []byte) error { _, err := attachment.ParseScannerKey(b); return err },
		new(attachment.ScanResult).UnmarshalJSON, new(attachment.ScanError).UnmarshalJSON,
	} {
		// The input is no subject, so nothing may be allocated on its account.
		requireMalformed(t, mustFail(t, func() error { return read(huge) }), "too long")
	}
	require.Equal(t, len(huge), bytes.Count(huge, []byte{'['}), "an input was changed")
	require.Less(t, testing.AllocsPerRun(5, func() { attachment.ParseFile(huge) }), 10.0)
}

// Names are taken to the letter and stand once; invalid Unicode is refused.
func TestAttack_G10_AmbiguousJSON(t *testing.T) {
	for _, c := range [][2]string{
		{`"v": "v2"`, `"V": "v2"`},
		{`"v": "v2"`, `"v": "v1", "v": "v2"`},
		{`"v": "v2"`, `"v": "v2", "URL": 1, "URL": 2`},
		{`"k":`, `"k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "k":`},
		{`"k":`, `"\u006b": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "k":`},
		{`"sha256":`, `"sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "sha256":`},
		{`"oct"`, `"oct\ud800"`},
		{`"oct"`, "\"oct\xff\""},
		{`"v": "v2"`, `"v": "v2", "\udc00": 1`},
	} {
		parseFails(t, replaced(t, c[0], c[1]))
	}
	// Two names that differ in case are two names, and the one that counts wins.
	f := parse(t, replaced(t, `"k":`, `"K": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "k":`))
	require.Equal(t, unhex(t, specKey), f.Key()[:])
}
