package backup_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
)

// TestPublishedFiles reads what others have written: the vectors of Element Web's
// MegolmExportEncryption tests, whose content is no JSON.
func TestPublishedFiles(t *testing.T) {
	long := strings.Repeat("alphanumerically", 4)
	for _, v := range []struct{ content, passphrase, body string }{
		{"plain", "password", "AXNhbHRzYWx0c2FsdHNhbHSIiIiIiIiIiIiIiIiIiIiIAAAACmIRUW2OjZ3L2l6j9h0lHlV3M2dx\ncissyYBxjsfsAndErh065A8="},
		{"Hello, World", "betterpassword", "AW1vcmVzYWx0bW9yZXNhbHT//////////wAAAAAAAAAAAAAD6KyBpe1Niv5M5NPm4ZATsJo5nghk\nKYu63a0YQ5DRhUWEKk7CcMkrKnAUiZny"},
		{long, "SWORDFISH", "AXllc3NhbHR5Z29vZG5lc3P//////////wAAAAAAAAAAAAAD6OIW+Je7gwvjd4kYrb+49gKCfExw\nMgJBMD4mrhLkmgAngwR1pHjbWXaoGybtiAYr0moQ93GrBQsCzPbvl82rZhaXO3iH5uHo/RCEpOqp\nPgg29363BGR+/Ripq/VCLKGNbw=="},
	} {
		text := begin + "\n" + v.body + "\n" + end
		f, err := backup.OpenKeyFile(strings.NewReader(text), []byte(v.passphrase))
		require.NoError(t, err)
		content, err := f.Content()
		require.NoError(t, err)
		require.Equal(t, v.content, string(content))
		_, _, last := iterationFails(t, f.Entries, failtest.Input(text), failtest.Secret(v.passphrase), failtest.Secret(content))
		require.ErrorContains(t, last, "content of the key file")
	}
	// The fourth has an IV whose low half ends within the file.
	text := begin + "\nAf//////////////////////////////////////////AAAD6IAZJy7IQ7Y0idqSw/bmpngEEVVh\ngsH+8ptgqxw6ZVWQnohr8JsuwH9SwGtiebZuBu5smPCO+RFVWH2cQYslZijXv/BEH/txvhUrrtCd\nbWnSXS9oymiqwUIGs08sXI33ZA==\n" + end
	require.ErrorContains(t, fileFails(t, text, strings.Repeat("password", 32)), "counter")
}

// TestRustFile reads the test file of matrix-sdk-crypto: one line width of 71, no
// padding, no final line end, one round.
func TestRustFile(t *testing.T) {
	f, err := backup.OpenKeyFile(strings.NewReader(rustFile), []byte("1234"))
	require.NoError(t, err)
	require.Equal(t, 1, f.Rounds())
	list, spoilt, last := collect(f)
	require.NoError(t, last)
	require.Empty(t, spoilt)
	require.Len(t, list, 1)
	e := list[0]
	require.Equal(t, "!test:localhost", e.RoomID)
	require.False(t, e.SenderKey.IsZero())
	require.Equal(t, backup.FromKeyFile, e.Source())
	s, err := e.Import()
	require.NoError(t, err)
	require.Equal(t, e.SessionID(), s.Session().ID())
	require.False(t, s.Session().SigningKeyVerified())
}

const rustFile = `-----BEGIN MEGOLM SESSION DATA-----
Af7mGhlzQ+eGvHu93u0YXd3D/+vYMs3E7gQqOhuCtkvGAAAAASH7pEdWvFyAP1JUisAcpEo
Xke2Q7Kr9hVl/SCc6jXBNeJCZcrUbUV4D/tRQIl3E9L4fOk928YI1J+3z96qiH0uE7hpsCI
CkHKwjPU+0XTzFdIk1X8H7sZ+MD/2Sg/q3y8rtUjz7uEj4GUTnb+9SCOTVmJsRfqgUpM1CU
bDLytHf1JkohY4tWEgpsCc67xdzgodjr12qYrfg/zNm3LGpxlrffJknw4rk5QFTj4kMbqbD
ZZgDTni+HxRTDGge2J620lMOiznvXX+H09Rwruqx5aJvvaaKd86jWRpiO2oSFqHn4u5ONl9
41uzm62Sj0eIm6ZbA9NQs87jQw4LxsejhZVL+NdjIg80zVSBTWhTdo0DTnbFSNP4ReOiz0U
XosOF8A5T8Vdx2nvA0GXltfcHKVKQYh/LJAkNQ7P9UYL4ae/5TtQZkhB1KxCLTRWqADCl53
uBMGpG53EMgY6G6K2DEIOkcv7sdXQF5WpemiSWZqJRWj+cjfs9BpCTbkp/rszWFl2TniWpR
RqIbT2jORlN4rTvdtF0F4z1pqP4qWyR3sLNTkXm9CFRzWADNG0RDZKxbCoo6RPvtaCTfaHo
SwfvzBS6CjfAG+FOugpV48o7+XetaUUPZ6/tZSPhCdeV8eP9q5r0QwWeXFogzoNzWt4HYx9
MdXxzD+f0mtg5gzehrrEEARwI2bCvPpHxlt/Na9oW/GBpkjwR1LSKgg4CtpRyWngPjdEKpZ
GYW19pdjg0qdXNk/eqZsQTsNWVo6A
-----END MEGOLM SESSION DATA-----`

func TestWriteAndRead(t *testing.T) {
	fixRandom(t, bytes.Repeat([]byte{0xff}, 32))
	for _, n := range []int{0, 1, 2, 50} {
		var text bytes.Buffer
		fixRandom(t, bytes.Repeat([]byte{0xff}, 32))
		w, err := backup.NewWeakKeyFileWriter(&text, []byte(passphrase), 1)
		require.NoError(t, err)
		var want []backup.Entry
		for i := range n {
			want = append(want, entry(t, i))
			require.NoError(t, w.WriteEntry(want[i]))
		}
		require.NoError(t, w.Finish())
		require.ErrorIs(t, mustFail(t, w.Finish, written{&text}), backup.ErrClosed)
		require.ErrorIs(t, mustFail(t, func() error { return w.WriteEntry(entry(t, 1)) }, written{&text}), backup.ErrClosed)

		// Element's armour.
		lines := strings.Split(text.String(), "\n")
		require.Equal(t, begin, lines[0])
		require.Equal(t, []string{end, ""}, lines[len(lines)-2:])
		body := lines[1 : len(lines)-2]
		for _, line := range body[:len(body)-1] {
			require.Len(t, line, 128)
		}
		b, err := base64.StdEncoding.Strict().DecodeString(strings.Join(body, ""))
		require.NoError(t, err)
		iv := append(bytes.Repeat([]byte{0xff}, 8), 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
		require.Equal(t, iv, b[17:33])
		require.Equal(t, []byte{1}, b[:1])

		f := open(t, text.String())
		content, err := f.Content()
		require.NoError(t, err)
		var array []map[string]any
		require.NoError(t, json.Unmarshal(content, &array))
		require.Len(t, array, n)
		for i, object := range array {
			require.Len(t, object, 8)
			require.Equal(t, i%2 == 0, object["shared_history"])
		}
		for workers := range 4 { // as often as one likes
			got, spoilt, last := collectAll(f.EntriesParallel(workers))
			require.NoError(t, last)
			require.Empty(t, spoilt)
			require.Len(t, got, n)
			for i := range got {
				requireSame(t, want[i], got[i])
			}
		}
	}
}

func TestGoldenFile(t *testing.T) {
	fixRandom(t, stream(32, 3))
	var text bytes.Buffer
	w, err := backup.NewWeakKeyFileWriter(&text, []byte(passphrase), 3)
	require.NoError(t, err)
	require.NoError(t, w.Finish())
	h := stream(32, 3)
	h[24] &= 0x7f
	want := append([]byte{1}, h...)
	require.Equal(t, want, mustBody(t, text.String())[:33])
	require.Equal(t, "[]", mustContent(t, open(t, text.String())))
}

func mustBody(t testing.TB, text string) []byte {
	text = strings.TrimSpace(text)
	text = strings.TrimSuffix(strings.TrimPrefix(text, begin), end)
	b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, "\n", ""))
	require.NoError(t, err)
	return b
}

func mustContent(t testing.TB, f *backup.KeyFile) string {
	b, err := f.Content()
	require.NoError(t, err)
	return string(b)
}

// Every truncation of the text and the binary, and every flipped bit.
func TestDamage(t *testing.T) {
	b := binaryFile(t, "[]", make([]byte, 16), 1)
	text := strings.TrimSuffix(armor(b), "\n")
	for n := range len(text) {
		var malformed *backup.MalformedError
		require.ErrorAs(t, fileFails(t, text[:n], passphrase), &malformed, n)
	}
	for n := range len(b) {
		fileFails(t, armor(b[:n]), passphrase)
	}
	for i := range len(b) * 8 {
		if 33*8 <= i && i < 36*8 {
			continue // more rounds than a test has time for, or out of bounds
		}
		c := bytes.Clone(b)
		c[i/8] ^= 1 << (i % 8)
		err := fileFails(t, armor(c), passphrase)
		if i >= 37*8 {
			require.ErrorIs(t, err, backup.ErrPassphrase)
		}
	}
}

func TestWrongPassphrase(t *testing.T) {
	text := file(t, "["+entryJSON(entry(t, 1))+"]")
	for _, wrong := range []string{"", "correct", "correct horse ", "Correct horse"} {
		err := fileFails(t, text, wrong)
		require.ErrorIs(t, err, backup.ErrPassphrase)
		require.EqualError(t, err, "backup: wrong passphrase, or the key file is damaged")
	}
}

// TestAttack_C29_Rounds: the rounds are bounded before any work is done.
func TestAttack_C29_Rounds(t *testing.T) {
	for _, rounds := range []uint32{0, backup.MaxRounds + 1, 1 << 31, 1<<32 - 1} {
		b := binaryFile(t, "[]", make([]byte, 16), 1)
		b[33], b[34], b[35], b[36] = byte(rounds>>24), byte(rounds>>16), byte(rounds>>8), byte(rounds)
		require.EqualError(t, fileFails(t, armor(b), passphrase), "backup: key file: rounds: not 1 to 10000000")
	}
	for _, rounds := range []int{-1, 0, 1, backup.MinNewRounds - 1, backup.MaxRounds + 1} {
		mustFail(t, func() error {
			_, err := backup.NewKeyFileWriter(io.Discard, []byte(passphrase), rounds)
			return err
		})
	}
	err := mustFail(t, func() error {
		_, err := backup.NewKeyFileWriter(io.Discard, nil, backup.DefaultRounds)
		return err
	})
	require.ErrorIs(t, err, keys.ErrAbsent)
}

// TestAttack_C29_Version: another version is named, before any work is done.
func TestAttack_C29_Version(t *testing.T) {
	for _, version := range []byte{0, 2, 255} {
		b := binaryFile(t, "[]", make([]byte, 16), 1)
		b[0] = version
		var wrong *backup.VersionError
		require.ErrorAs(t, fileFails(t, armor(b), passphrase), &wrong)
		require.Equal(t, uint32(version), wrong.Got)
	}
}

// TestAttack_C29_MACFirst: nothing of a file with a wrong MAC is handed out.
func TestAttack_C29_MACFirst(t *testing.T) {
	b := binaryFile(t, "["+entryJSON(entry(t, 1))+"]", make([]byte, 16), 1)
	b[len(b)-1] ^= 1
	require.ErrorIs(t, fileFails(t, armor(b), passphrase), backup.ErrPassphrase)
}

// swap is a file that becomes another one once it was read.
type swap struct {
	*strings.Reader
	then string
}

func (s *swap) Seek(offset int64, whence int) (int64, error) {
	if s.then != "" && s.Len() == 0 {
		s.Reset(s.then)
		s.then = ""
	}
	return s.Reader.Seek(offset, whence)
}

// changeFails reads a file that becomes another one between the passes, which
// must fail. It returns what was handed out before.
func changeFails(t testing.TB, text, then string) (list []backup.Entry, err error) {
	t.Helper()
	err = mustFail(t, func() (last error) {
		f, err := backup.OpenKeyFile(&swap{strings.NewReader(text), then}, []byte(passphrase))
		require.NoError(t, err)
		list, _, last = collect(f)
		return last
	}, failtest.Input(text), failtest.Input(then), buffers)
	return list, err
}

func TestAttack_C29_ChangedBetweenPasses(t *testing.T) {
	content := "[" + entryJSON(entry(t, 1)) + "," + entryJSON(entry(t, 2)) + "]"
	b := binaryFile(t, content, make([]byte, 16), 1)
	text := armor(b)
	flip := func(i int) string {
		c := bytes.Clone(b)
		c[i] ^= 1
		return armor(c)
	}
	for name, other := range map[string]string{
		"version": flip(0), "salt": flip(1), "iv": flip(20), "rounds": flip(36),
		"bracket": flip(37), "in an entry": flip(200), "last byte": flip(len(b) - 33), "mac": flip(len(b) - 1),
		"truncated": text[:len(text)-40], "empty": " ", "shorter": armor(b[:len(b)-1]), "only a header": armor(b[:37]),
		"footer": strings.Replace(text, "END", "EMD", 1), "longer": armor(append(bytes.Clone(b), 0)),
		"another file": file(t, "["+entryJSON(entry(t, 3))+"]"),
	} {
		list, err := changeFails(t, text, other)
		require.ErrorIs(t, err, backup.ErrChanged, name)
		require.Empty(t, list, "of a file that is read at once, nothing is handed out")
	}
	// Of a file with another header, nothing is handed out, however long it is.
	b = binaryFile(t, "["+strings.Repeat(entryJSON(entry(t, 1))+",", 199)+entryJSON(entry(t, 1))+"]", make([]byte, 16), 1)
	long := armor(b)
	for i, handedOut := range map[int]bool{1: false, 20: false, 36: false, len(b) - 1: true} {
		list, err := changeFails(t, long, flip(i))
		require.ErrorIs(t, err, backup.ErrChanged)
		require.Equal(t, handedOut, len(list) > 0, i)
	}
	f, err := backup.OpenKeyFile(&swap{strings.NewReader(text), text}, []byte(passphrase))
	require.NoError(t, err)
	_, _, last := collect(f)
	require.NoError(t, last)
}

func TestReadKeyFileCap(t *testing.T) {
	text := file(t, "["+entryJSON(entry(t, 1))+"]")
	for n := range 3 {
		err := mustFail(t, func() error {
			_, err := backup.ReadKeyFile(strings.NewReader(text), []byte(passphrase), int64(len(text)-1-n))
			return err
		}, failtest.Input(text))
		require.ErrorIs(t, err, backup.ErrTooLarge)
	}
	for _, size := range []int64{-1, 0} {
		require.ErrorIs(t, mustFail(t, func() error {
			return errOf(backup.ReadKeyFile(strings.NewReader(text), []byte(passphrase), size))
		}, failtest.Input(text)), backup.ErrTooLarge)
	}
	for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
		f, err := backup.ReadKeyFile(r, []byte(passphrase), int64(len(text)))
		require.NoError(t, err)
		got, _, last := collect(f)
		require.NoError(t, last)
		require.Len(t, got, 1)
	}
}

func TestIterationEnds(t *testing.T) {
	content := "[" + entryJSON(entry(t, 1)) + "," + entryJSON(entry(t, 2)) + "]"
	f := open(t, file(t, content))
	for range f.Entries() {
		_, _, last := iterationFails(t, f.Entries)
		require.ErrorIs(t, last, backup.ErrBusy)
		break
	}
	require.Panics(t, func() {
		for range f.Entries() {
			panic("x")
		}
	})
	got, _, last := collect(f)
	require.NoError(t, last)
	require.Len(t, got, 2)
	var err error
	for _, err = range f.Entries() {
		f.Close()
	}
	require.ErrorIs(t, err, backup.ErrClosed)
	_, _, last = iterationFails(t, f.Entries)
	require.ErrorIs(t, last, backup.ErrClosed)
	f.Close()
	n := 0
	for range open(t, file(t, "["+strings.Repeat("7,", readAhead-1)+"7]")).EntriesParallel(2) {
		n++
		break // some are read, and were not begun
	}
	require.Equal(t, 1, n)
}
