package backup_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
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
		_, _, last := collect(f)
		require.ErrorContains(t, last, "content of the key file")
	}
	// The fourth has an IV whose low half ends within the file.
	text := begin + "\nAf//////////////////////////////////////////AAAD6IAZJy7IQ7Y0idqSw/bmpngEEVVh\ngsH+8ptgqxw6ZVWQnohr8JsuwH9SwGtiebZuBu5smPCO+RFVWH2cQYslZijXv/BEH/txvhUrrtCd\nbWnSXS9oymiqwUIGs08sXI33ZA==\n" + end
	_, err := backup.OpenKeyFile(strings.NewReader(text), bytes.Repeat([]byte("password"), 32))
	require.ErrorContains(t, err, "counter")
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
		require.ErrorIs(t, w.Finish(), backup.ErrClosed)
		require.ErrorIs(t, w.WriteEntry(entry(t, 0)), backup.ErrClosed)

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
		for range 2 { // as often as one likes
			got, spoilt, last := collect(f)
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

// widths returns a body in lines of some width.
func widths(body string, width int, lineEnd string) string {
	var b strings.Builder
	for len(body) > width {
		b.WriteString(body[:width] + lineEnd)
		body = body[width:]
	}
	return b.String() + body
}

func TestEveryArmour(t *testing.T) {
	for _, n := range []int{0, 1, 2} { // every padding
		content := "[" + entryJSON(entry(t, 1)) + "]" + strings.Repeat(" ", n)
		b := binaryFile(t, content, make([]byte, 16), 1)
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding} {
			body := encoding.EncodeToString(b)
			for _, lineEnd := range []string{"\n", "\r\n", "\r", " \n", "\n\t", "\n\n"} {
				for _, width := range []int{1, 3, 64, 76, 128, 1 << 20} {
					lines := widths(body, width, lineEnd)
					for _, around := range [][2]string{{"", ""}, {"", "\n"}, {"\n\r\n \t", "\r\n\n "}, {"\xef\xbb\xbf", "\n"}} {
						text := around[0] + begin + lineEnd + lines + lineEnd + end + around[1]
						if lineEnd == " \n" || lineEnd == "\n\t" {
							text = around[0] + begin + " \n" + lines + "\n" + end + around[1]
						}
						got, spoilt, last := collect(open(t, text))
						require.NoError(t, last)
						require.Empty(t, spoilt)
						require.Len(t, got, 1)
					}
				}
			}
		}
	}
}

func TestArmourRefused(t *testing.T) {
	good := file(t, "[]")
	body := strings.TrimSuffix(strings.TrimPrefix(good, begin+"\n"), "\n"+end+"\n")
	for name, text := range map[string]string{
		"empty":               "",
		"blank":               " \n",
		"no header":           body + "\n" + end,
		"other header":        strings.Replace(good, "MEGOLM", "MEGOLN", 1),
		"text before":         "x" + good,
		"text in header line": strings.Replace(good, begin, begin+" x", 1),
		"one line":            begin + body + end,
		"header only":         begin,
		"header, line end":    begin + "\n",
		"footer on body line": begin + "\n" + body + end + "\n",
		"footer cut":          strings.TrimSuffix(good, "-\n"),
		"text after":          good + "x",
		"two files":           good + good,
		"no body":             begin + "\n" + end,
		"bad symbol":          begin + "\n" + strings.Replace(body, "A", "_", 1) + "\n" + end,
		"NUL":                 begin + "\n" + body[:20] + "\x00" + body[20:] + "\n" + end,
		"padding too long":    begin + "\n" + strings.TrimRight(body, "=") + "===\n" + end,
		"padding inside":      begin + "\n" + body[:40] + "==" + body[40:] + "\n" + end,
		"second mark":         "\xef\xbb\xbf\xef\xbb\xbf" + good,
		"half a mark":         "\xef\xbb" + good,
		"one symbol too much": begin + "\n" + strings.TrimRight(body, "=") + "AAA\n" + end,
	} {
		_, err := backup.OpenKeyFile(strings.NewReader(text), []byte(passphrase))
		if _, ok := err.(*backup.MalformedError); !ok && !errors.Is(err, backup.ErrPassphrase) {
			t.Errorf("%s: %v", name, err)
		}
		_, err = backup.ReadKeyFile(strings.NewReader(text), []byte(passphrase), 1<<20)
		require.Error(t, err, name)
	}
}

// Every truncation of the text and the binary, and every flipped bit.
func TestDamage(t *testing.T) {
	b := binaryFile(t, "[]", make([]byte, 16), 1)
	text := strings.TrimSuffix(armor(b), "\n")
	for n := range len(text) {
		_, err := backup.OpenKeyFile(strings.NewReader(text[:n]), []byte(passphrase))
		var malformed *backup.MalformedError
		require.ErrorAs(t, err, &malformed, n)
	}
	for n := range len(b) {
		_, err := backup.OpenKeyFile(strings.NewReader(armor(b[:n])), []byte(passphrase))
		require.Error(t, err, n)
	}
	for i := range len(b) * 8 {
		if 33*8 <= i && i < 36*8 {
			continue // more rounds than a test has time for, or out of bounds
		}
		c := bytes.Clone(b)
		c[i/8] ^= 1 << (i % 8)
		_, err := backup.OpenKeyFile(strings.NewReader(armor(c)), []byte(passphrase))
		require.Error(t, err, i)
		if i >= 37*8 {
			require.ErrorIs(t, err, backup.ErrPassphrase)
		}
	}
}

func TestWrongPassphrase(t *testing.T) {
	text := file(t, "["+entryJSON(entry(t, 1))+"]")
	for _, wrong := range []string{"", "correct", "correct horse ", "Correct horse"} {
		f, err := backup.OpenKeyFile(strings.NewReader(text), []byte(wrong))
		require.ErrorIs(t, err, backup.ErrPassphrase)
		require.EqualError(t, err, "backup: wrong passphrase, or the key file is damaged")
		require.Nil(t, f)
	}
}

// TestAttack_C29_Rounds: the rounds are bounded before any work is done.
func TestAttack_C29_Rounds(t *testing.T) {
	for _, rounds := range []uint32{0, backup.MaxRounds + 1, 1 << 31, 1<<32 - 1} {
		b := binaryFile(t, "[]", make([]byte, 16), 1)
		b[33], b[34], b[35], b[36] = byte(rounds>>24), byte(rounds>>16), byte(rounds>>8), byte(rounds)
		_, err := backup.OpenKeyFile(strings.NewReader(armor(b)), []byte(passphrase))
		require.EqualError(t, err, "backup: key file: rounds: not 1 to 10000000")
	}
	for _, rounds := range []int{-1, 0, 1, backup.MinNewRounds - 1, backup.MaxRounds + 1} {
		_, err := backup.NewKeyFileWriter(io.Discard, []byte(passphrase), rounds)
		require.Error(t, err)
	}
	_, err := backup.NewKeyFileWriter(io.Discard, nil, backup.DefaultRounds)
	require.ErrorIs(t, err, keys.ErrAbsent)
}

// TestAttack_C29_Version: another version is named, before any work is done.
func TestAttack_C29_Version(t *testing.T) {
	for _, version := range []byte{0, 2, 255} {
		b := binaryFile(t, "[]", make([]byte, 16), 1)
		b[0] = version
		_, err := backup.OpenKeyFile(strings.NewReader(armor(b)), []byte(passphrase))
		var wrong *backup.VersionError
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, uint32(version), wrong.Got)
	}
}

// TestAttack_C29_MACFirst: nothing of a file with a wrong MAC is handed out.
func TestAttack_C29_MACFirst(t *testing.T) {
	b := binaryFile(t, "["+entryJSON(entry(t, 1))+"]", make([]byte, 16), 1)
	b[len(b)-1] ^= 1
	f, err := backup.OpenKeyFile(strings.NewReader(armor(b)), []byte(passphrase))
	require.ErrorIs(t, err, backup.ErrPassphrase)
	require.Nil(t, f)
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
		f, err := backup.OpenKeyFile(&swap{strings.NewReader(text), other}, []byte(passphrase))
		require.NoError(t, err)
		_, _, last := collect(f)
		require.ErrorIs(t, last, backup.ErrChanged, name)
	}
	f, err := backup.OpenKeyFile(&swap{strings.NewReader(text), text}, []byte(passphrase))
	require.NoError(t, err)
	_, _, last := collect(f)
	require.NoError(t, last)
}

func TestReadKeyFileCap(t *testing.T) {
	text := file(t, "["+entryJSON(entry(t, 1))+"]")
	for n := range 3 {
		_, err := backup.ReadKeyFile(strings.NewReader(text), []byte(passphrase), int64(len(text)-1-n))
		require.ErrorIs(t, err, backup.ErrTooLarge)
	}
	for _, size := range []int64{-1, 0} {
		_, err := backup.ReadKeyFile(strings.NewReader(text), []byte(passphrase), size)
		require.ErrorIs(t, err, backup.ErrTooLarge)
	}
	for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
		f, err := backup.ReadKeyFile(r, []byte(passphrase), int64(len(text)))
		require.NoError(t, err)
		got, _, last := collect(f)
		require.NoError(t, last)
		require.Len(t, got, 1)
	}
}

func TestReadersThatFail(t *testing.T) {
	boom := errors.New("boom")
	text := file(t, "["+entryJSON(entry(t, 1))+"]")
	for _, n := range []int{0, 1, 10, 36, 100, len(text) - 5, len(text)} {
		r := io.MultiReader(strings.NewReader(text[:n]), iotest.ErrReader(boom))
		_, err := backup.ReadKeyFile(r, []byte(passphrase), 1<<20)
		require.ErrorIs(t, err, boom)
		_, err = backup.OpenKeyFile(seeker{io.MultiReader(strings.NewReader(text[:n]), iotest.ErrReader(boom))}, []byte(passphrase))
		require.ErrorIs(t, err, boom, n)
	}
	_, err := backup.OpenKeyFile(seeker{stuck{}}, []byte(passphrase))
	require.ErrorIs(t, err, io.ErrNoProgress)
	_, err = backup.OpenKeyFile(seeker{liar{}}, []byte(passphrase))
	require.ErrorContains(t, err, "impossible")
}

type seeker struct{ io.Reader }

func (seeker) Seek(int64, int) (int64, error) { return 0, nil }

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

type liar struct{}

func (liar) Read(p []byte) (int, error) { return len(p) + 1, nil }

func TestBadEntriesSpoilThemselves(t *testing.T) {
	good := entryJSON(entry(t, 1))
	replace := func(old, new string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, new, 1)
	}
	secret := string(entry(t, 1).Session.SecretText())
	id := entry(t, 1).SessionID()
	bad := map[string]struct {
		text string
		err  error
	}{
		"number":            {"1", nil},
		"null":              {"null", nil},
		"string":            {`"x"`, nil},
		"array":             {"[]", nil},
		"empty":             {"{}", nil},
		"mixed brackets":    {`{"a":[}]`, nil},
		"not JSON":          {`{"a" 1}`, nil},
		"bad word":          {"nul", nil},
		"algorithm":         {replace("m.megolm.v1.aes-sha2", "m.megolm.v2"), backup.ErrAlgorithm},
		"no algorithm":      {replace(`"algorithm"`, `"Algorithm"`), backup.ErrAlgorithm},
		"algorithm type":    {replace(`"m.megolm.v1.aes-sha2"`, `7`), nil},
		"no room":           {replace(`"room_id"`, `"room"`), nil},
		"room type":         {replace(`"!room0:example.org"`, `[]`), nil},
		"empty room":        {replace(`"!room0:example.org"`, `""`), nil},
		"session id":        {replace(id, entry(t, 2).SessionID()), backup.ErrSessionID},
		"no session id":     {replace(`"session_id"`, `"x"`), backup.ErrSessionID},
		"session id type":   {replace(`"session_id":"`+id+`"`, `"session_id":1`), nil},
		"no session key":    {replace(`"session_key"`, `"x"`), nil},
		"session key type":  {replace(`"`+secret+`"`, `{}`), nil},
		"session key short": {replace(secret, secret[:219]), nil},
		"key escape":        {replace(secret, `\n`+secret), nil},
		"sender key":        {replace(entry(t, 1).SenderKey.String(), "AAAA"), nil},
		"sender key type":   {replace(`"`+entry(t, 1).SenderKey.String()+`"`, "1"), nil},
		"claimed type":      {replace(`{"ed25519":"`+entry(t, 1).ClaimedEd25519.String()+`"}`, `[1]`), nil},
		"claimed key":       {replace(entry(t, 1).ClaimedEd25519.String(), "AAAA"), nil},
		"chain type":        {replace(`"forwarding_curve25519_key_chain":[]`, `"forwarding_curve25519_key_chain":{}`), nil},
		"chain item":        {replace(`"forwarding_curve25519_key_chain":[]`, `"forwarding_curve25519_key_chain":[1]`), nil},
		"twice":             {replace(`"room_id"`, `"room_id":"!x","room_id"`), nil},
		"twice, escaped":    {replace(`"room_id"`, `"room\u005fid":"!x","room_id"`), nil},
		"not UTF-8":         {replace(`"room_id"`, `"x":"`+"\xff"+`","room_id"`), nil},
		"lone surrogate":    {replace(`!room0:example.org`, `\ud800`), nil},
		"too long":          {replace(`"room_id"`, `"x":"`+strings.Repeat("a", backup.MaxEntrySize)+`","room_id"`), backup.ErrTooLarge},
		"deep":              {strings.Repeat("[", 30000) + strings.Repeat("]", 30000), nil},
		"too deep":          {strings.Repeat("[", 100000) + strings.Repeat("]", 100000), backup.ErrTooLarge},
	}
	for name, b := range bad {
		got, spoilt, last := collect(open(t, file(t, "[ "+good+" , "+b.text+","+good+"]")))
		require.NoError(t, last, name)
		require.Len(t, got, 2, name)
		require.Len(t, spoilt, 1, name)
		require.Equal(t, 1, spoilt[0].Index)
		if b.err != nil {
			require.ErrorIs(t, spoilt[0], b.err, name)
		}
		require.NotContains(t, spoilt[0].Error(), secret[:8], name)
		require.NotContains(t, fmt.Sprintf("%+v", spoilt[0]), secret[:8], name)
	}
}

func TestContentRefused(t *testing.T) {
	good := entryJSON(entry(t, 1))
	for _, content := range []string{
		"", " ", "{}", `""`, "null", "[", "[1", "[" + good, "[" + good + ",", "[" + good + ",]", "[,]", "[,1]", "[1 2]", "[1,,2]",
		"[]x", "[][]", "[}", `["`, `["\`, `[{"`, good,
	} {
		_, _, last := collect(open(t, file(t, content)))
		var malformed *backup.MalformedError
		require.ErrorAs(t, last, &malformed, content)
	}
	for _, content := range []string{"[]", " [ ] ", "\t[\r\n]\n"} {
		got, spoilt, last := collect(open(t, file(t, content)))
		require.NoError(t, last)
		require.Empty(t, got)
		require.Empty(t, spoilt)
	}
}

func TestTolerance(t *testing.T) {
	e := entry(t, 1)
	good := entryJSON(e)
	text := string(e.Session.SecretText())
	escaped := strings.NewReplacer("/", `\/`, "+", `\u002B`).Replace(text)
	for name, other := range map[string]string{
		"escapes":          strings.Replace(good, text, escaped, 1),
		"escaped room":     strings.Replace(good, "!room0", `\u0021room0`, 1),
		"padded escape":    strings.Replace(good, text, text+"=", 1),
		"no sender key":    strings.Replace(good, `"sender_key"`, `"x"`, 1),
		"empty sender key": strings.Replace(good, e.SenderKey.String(), ``, 1),
		"null chain":       strings.Replace(good, `_chain":[]`, `_chain":null`, 1),
		"no claimed keys":  strings.Replace(good, `"sender_claimed_keys"`, `"x"`, 1),
		"empty claimed":    strings.Replace(good, `{"ed25519":"`+e.ClaimedEd25519.String()+`"}`, `{}`, 1),
		"spaces":           strings.NewReplacer(":", " :\n", ",", ",\t").Replace(strings.ReplaceAll(good, "!room0:example.org", "!room0")),
	} {
		got, spoilt, last := collect(open(t, file(t, "["+other+"]")))
		require.NoError(t, last, name)
		if name == "padded escape" {
			require.Len(t, spoilt, 1, name) // 220 characters need no padding
			continue
		}
		require.Empty(t, spoilt, name)
		require.Len(t, got, 1, name)
		require.Equal(t, e.SessionID(), got[0].SessionID())
		require.Equal(t, text, string(got[0].Session.SecretText()))
		if strings.Contains(name, "sender key") {
			require.True(t, got[0].SenderKey.IsZero())
			w, err := backup.NewWeakKeyFileWriter(io.Discard, []byte(passphrase), 1)
			require.NoError(t, err)
			require.ErrorIs(t, w.WriteEntry(got[0]), keys.ErrAbsent)
		}
	}
}

func TestSharedHistoryNames(t *testing.T) {
	good := entryJSON(entry(t, 1))
	for members, want := range map[string]bool{
		``:                        false,
		`"shared_history":true`:   true,
		`"shared_history":false`:  false,
		`"m.shared_history":true`: true,
		`"org.matrix.msc3061.shared_history":true`:       true,
		`"shared_history":false,"m.shared_history":true`: false,
		`"shared_history":true,"m.shared_history":false`: false,
		`"shared_history":true,"m.shared_history":true`:  true,
		`"shared_history":"true"`:                        false,
		`"shared_history":1`:                             false,
		`"Shared_history":true`:                          false,
		`"shared_history":null,"m.shared_history":true`:  true,
	} {
		text := good
		if members != "" {
			text = strings.Replace(good, "{", "{"+members+",", 1)
		}
		got, spoilt, last := collect(open(t, file(t, "["+text+"]")))
		require.NoError(t, last)
		require.Empty(t, spoilt)
		require.Equal(t, want, got[0].SharedHistory, members)
		if !strings.Contains(members, "S") {
			require.Equal(t, 1, strings.Count(rewrite(t, got[0]), "shared_history"))
		}
	}
}

func rewrite(t testing.TB, e backup.Entry) string {
	var text bytes.Buffer
	w, err := backup.NewWeakKeyFileWriter(&text, []byte(passphrase), 1)
	require.NoError(t, err)
	require.NoError(t, w.WriteEntry(e))
	require.NoError(t, w.Finish())
	return mustContent(t, open(t, text.String()))
}

func TestUnknownMembersAreKept(t *testing.T) {
	const unknown = `"org.example":{"b":1.50,"a":[1e3,"\ud83d\ude00"]},"zä\"":null`
	text := strings.Replace(entryJSON(entry(t, 1)), `{"algorithm"`, `{`+unknown+`,"algorithm"`, 1)
	text = strings.Replace(text, `{"ed25519"`, `{"x":"y","ed25519"`, 1)
	got, spoilt, last := collect(open(t, file(t, "["+text+"]")))
	require.NoError(t, last)
	require.Empty(t, spoilt)
	content := rewrite(t, got[0])
	require.Contains(t, content, unknown)
	require.Contains(t, content, `,"x":"y"}`)
	got[0].ClaimedEd25519 = keys.Ed25519{}
	require.Contains(t, rewrite(t, got[0]), `"sender_claimed_keys":{"x":"y"}`)
}

func TestWriterErrors(t *testing.T) {
	w, err := backup.NewWeakKeyFileWriter(io.Discard, []byte(passphrase), 1)
	require.NoError(t, err)
	closed := entry(t, 1)
	closed.Session = export(t, 70)
	closed.Close()
	for name, change := range map[string]func(*backup.Entry){
		"room":       func(e *backup.Entry) { e.RoomID = "" },
		"room UTF-8": func(e *backup.Entry) { e.RoomID = "\xff" },
		"room long":  func(e *backup.Entry) { e.RoomID = strings.Repeat("a", backup.MaxEntrySize) },
		"session":    func(e *backup.Entry) { *e = closed },
		"sender":     func(e *backup.Entry) { e.SenderKey = keys.Curve25519{} },
		"chain":      func(e *backup.Entry) { e.ForwardingChain = make([]keys.Curve25519, 1) },
	} {
		e := entry(t, 1)
		change(&e)
		var spoilt *backup.EntryError
		require.ErrorAs(t, w.WriteEntry(e), &spoilt, name)
	}
	require.NoError(t, w.WriteEntry(entry(t, 1)))
	w.Close()
	require.ErrorIs(t, w.WriteEntry(entry(t, 1)), backup.ErrClosed)

	boom := errors.New("boom")
	w, err = backup.NewWeakKeyFileWriter(writerFunc(func([]byte) (int, error) { return 0, boom }), []byte(passphrase), 1)
	require.NoError(t, err)
	require.ErrorIs(t, w.Finish(), boom)
	require.ErrorIs(t, w.Finish(), boom)
	w, err = backup.NewWeakKeyFileWriter(writerFunc(func(p []byte) (int, error) { return len(p) - 1, nil }), []byte(passphrase), 1)
	require.NoError(t, err)
	require.ErrorIs(t, w.Finish(), io.ErrShortWrite)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A bad entry that was refused leaves no comma behind.
func TestRefusedEntryLeavesNothing(t *testing.T) {
	var text bytes.Buffer
	w, err := backup.NewWeakKeyFileWriter(&text, []byte(passphrase), 1)
	require.NoError(t, err)
	require.Error(t, w.WriteEntry(backup.Entry{}))
	require.NoError(t, w.WriteEntry(entry(t, 1)))
	require.Error(t, w.WriteEntry(backup.Entry{}))
	require.NoError(t, w.WriteEntry(entry(t, 2)))
	require.NoError(t, w.Finish())
	got, spoilt, last := collect(open(t, text.String()))
	require.NoError(t, last)
	require.Empty(t, spoilt)
	require.Len(t, got, 2)
}

func TestIterationEnds(t *testing.T) {
	content := "[" + entryJSON(entry(t, 1)) + "," + entryJSON(entry(t, 2)) + "]"
	f := open(t, file(t, content))
	for range f.Entries() {
		_, _, last := collect(f)
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
	_, _, last = collect(f)
	require.ErrorIs(t, last, backup.ErrClosed)
	f.Close()
}
