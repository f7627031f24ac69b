package attachment_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/attachment"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
)

func TestParseSpecificationsExample(t *testing.T) {
	f := parse(t, specFile)
	require.Equal(t, "mxc://example.org/FHyPlCeYUSFFxlgbQYZmoEoe", f.URL())
	hash := f.Hash()
	require.Equal(t, unbase64(t, "fdSLu/YkRx3Wyh3KQabP3rd6+SFiKg5lsJZQHtkSAYA"), hash[:])
	require.Equal(t, unhex(t, specKey), f.Key()[:])
	text, err := f.SecretJSON()
	require.NoError(t, err)
	require.JSONEq(t, specFile, string(text))
	require.Equal(t, cap(text), len(text), "grew, and left a copy")
	require.Equal(t, f.State(), parse(t, string(text)).State())
}

func TestParseThumbnailOfTheExample(t *testing.T) {
	const thumbnail = `{"hashes":{"sha256":"/NogKqW5bz/m8xHgFiH5haFGjCNVmUIPLzfvOhHdrxY"},"iv":"U+k7PfwLr6UAAAAAAAAAAA","key":{"alg":"A256CTR","ext":true,"k":"RMyd6zhlbifsACM1DXkCbioZ2u0SywGljTH8JmGcylg","key_ops":["encrypt","decrypt"],"kty":"oct"},"url":"mxc://example.org/pmVJxyxGlmxHposwVSlOaEOv","v":"v2"}`
	var content struct {
		File attachment.File `json:"file"`
		Info struct {
			Thumbnail attachment.File `json:"thumbnail_file"`
		} `json:"info"`
		Other attachment.File `json:"other"`
	}
	require.NoError(t, json.Unmarshal([]byte(`{"file":`+specFile+`,"info":{"thumbnail_file":`+thumbnail+`}}`), &content))
	require.Equal(t, parse(t, specFile).State(), content.File.State())
	text, err := content.Info.Thumbnail.SecretJSON()
	require.NoError(t, err)
	require.Equal(t, thumbnail, string(text))
	require.True(t, content.Other.IsZero())
	mustFail(t, func() error { return json.Unmarshal([]byte(`{"file":null}`), &content) })
	require.Equal(t, parse(t, specFile).State(), content.File.State())
}

// replaced returns the example with one text for another.
func replaced(t testing.TB, old, new string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(specFile, old), old)
	return strings.Replace(specFile, old, new, 1)
}

func TestParseAcceptsWhatPeersWrite(t *testing.T) {
	want := parse(t, specFile).State()
	for name, text := range map[string]string{
		"padded iv":              replaced(t, `AAAAAAAAAAA"`, `AAAAAAAAAAA=="`),
		"padded hash":            replaced(t, `tkSAYA"`, `tkSAYA="`),
		"padded key":             replaced(t, `CaW-0"`, `CaW-0="`),
		"no ext":                 replaced(t, `"ext": true,`, ``),
		"no key_ops":             replaced(t, `"key_ops": ["encrypt","decrypt"],`, ``),
		"key_ops for decrypting": replaced(t, `"encrypt","decrypt"`, `"decrypt"`),
		"more key_ops":           replaced(t, `"encrypt","decrypt"`, `"wrapKey","decrypt","encrypt"`),
		"escaped slashes":        strings.ReplaceAll(specFile, "/", `\/`),
		"escapes":                replaced(t, `"oct"`, `"\u006fct"`),
		"escaped names":          replaced(t, `"iv"`, `"\u0069v"`),
		"no spaces":              strings.NewReplacer("\n", "", " ", "").Replace(specFile),
		"spaces around":          "\n\t " + specFile + " \r\n",
	} {
		f, err := attachment.ParseFile([]byte(text))
		require.NoError(t, err, name)
		require.Equal(t, want, f.State(), name)
	}
}

func TestParseFileRefuses(t *testing.T) {
	const (
		hash = "fdSLu/YkRx3Wyh3KQabP3rd6+SFiKg5lsJZQHtkSAYA"
		iv   = "w+sE15fzSc0AAAAAAAAAAA"
		k    = "aWF6-32KGYaC3A_FEUCk1Bt0JA37zP0wrStgmdCaW-0"
		url  = "mxc://example.org/FHyPlCeYUSFFxlgbQYZmoEoe"
	)
	type refusal struct{ text, why string }
	cases := map[string]refusal{
		"nothing":              {"", "not valid JSON"},
		"null":                 {"null", "not an object"},
		"array":                {"[" + specFile + "]", "not an object"},
		"string":               {`"v2"`, "not an object"},
		"two objects":          {specFile + specFile, "not valid JSON"},
		"trailing comma":       {replaced(t, `AYA"`, `AYA",`), "not valid JSON"},
		"invalid UTF-8":        {replaced(t, `"v2",`, `"v2","x":"`+"\xff"+`",`), "UTF-8"},
		"lone surrogate name":  {replaced(t, `"v2",`, `"v2","\ud800":1,`), "Unicode"},
		"duplicate v":          {replaced(t, `"v": "v2",`, `"v": "v2","v": "v2",`), "twice"},
		"duplicate by escapes": {replaced(t, `"v": "v2",`, `"v": "v2","\u0076": "v2",`), "twice"},
		"duplicate unknown":    {replaced(t, `"v": "v2",`, `"v": "v2","x": 1,"x": 1,`), "twice"},
		"duplicate k":          {replaced(t, `"kty"`, `"k":"`+k+`","kty"`), "twice"},
		"duplicate sha256":     {replaced(t, `"sha256"`, `"sha256":"`+hash+`","sha256"`), "twice"},
		"upper-case name":      {replaced(t, `"iv"`, `"IV"`), "iv: missing"},
		"upper-case hash":      {replaced(t, `"sha256"`, `"SHA256"`), "sha256: missing"},
		"too long":             {replaced(t, `"v2",`, `"v2","x":"`+strings.Repeat("x", attachment.MaxFileJSONSize)+`",`), "too long"},

		"v is a number":     {replaced(t, `"v2"`, `2`), "v: not a string"},
		"v is another word": {replaced(t, `"v2"`, `"org.matrix.msc4016.v3"`), "v: not a version"},
		"v with a zero":     {replaced(t, `"v2"`, `"v02"`), "v: not a version"},
		"v with a sign":     {replaced(t, `"v2"`, `"v+2"`), "v: not a version"},
		"v without a v":     {replaced(t, `"v2"`, `"2"`), "v: not a version"},
		"v in upper case":   {replaced(t, `"v2"`, `"V2"`), "v: not a version"},
		"v is empty":        {replaced(t, `"v2"`, `""`), "v: not a version"},
		"v is huge":         {replaced(t, `"v2"`, `"v4294967296"`), "v: not a version"},

		"no url":       {replaced(t, `"url": "`+url+`",`, ``), "url: missing"},
		"url a number": {replaced(t, `"`+url+`"`, `1`), "url: not a string"},

		"no iv":               {replaced(t, `"iv": "`+iv+`",`, ``), "iv: missing"},
		"iv is null":          {replaced(t, `"`+iv+`"`, `null`), "iv: not a string"},
		"iv of 8 bytes":       {replaced(t, iv, "w+sE15fzSc0"), "iv: wrong length"},
		"iv of 17 bytes":      {replaced(t, iv, "w+sE15fzSc0AAAAAAAAAAAA"), "iv: wrong length"},
		"iv is empty":         {replaced(t, iv, ""), "iv: wrong length"},
		"iv of no length":     {replaced(t, iv, iv[:21]), "iv: not valid base64"},
		"iv with a bit":       {replaced(t, iv, iv[:21]+"B"), "iv: not valid base64"},
		"iv with a line end":  {replaced(t, iv, iv[:10]+`\n`+iv[11:]), "iv: not valid base64"},
		"iv in URL alphabet":  {replaced(t, iv, "w-"+iv[2:]), "iv: not valid base64"},
		"iv with one padding": {replaced(t, iv, iv+"="), "iv: wrong length"},

		"no hashes": {strings.Replace(replaced(t, `"hashes"`, `"hash"`), ",\n  \"iv\"", ",\"iv\"", 1), "hashes: missing"},
		"hashes is an array": {replaced(t, `{
    "sha256": "`+hash+`"
  }`, `["`+hash+`"]`), "hashes: not an object"},
		"no sha256":            {replaced(t, `"sha256"`, `"sha512"`), "sha256: missing"},
		"sha256 is null":       {replaced(t, `"`+hash+`"`, `null`), "sha256: not a string"},
		"sha256 is empty":      {replaced(t, hash, ""), "sha256: wrong length"},
		"sha256 of 31 bytes":   {replaced(t, hash, hash[:42]), "sha256: wrong length"},
		"sha256 of 33 bytes":   {replaced(t, hash, hash+"A"), "sha256: wrong length"},
		"sha256 with a bit":    {replaced(t, hash, hash[:42]+"B"), "sha256: not valid base64"},
		"sha256 in URL symbol": {replaced(t, hash, strings.ReplaceAll(hash, "/", "_")), "sha256: not valid base64"},

		"no key":           {replaced(t, `"key"`, `"Key"`), "key: missing"},
		"key is a string":  {`{"v":"v2","url":"` + url + `","iv":"` + iv + `","hashes":{"sha256":"` + hash + `"},"key":"` + k + `"}`, "key: not an object"},
		"no kty":           {replaced(t, `"kty"`, `"Kty"`), "kty: missing"},
		"kty of RSA":       {replaced(t, `"oct"`, `"RSA"`), "kty: not oct"},
		"kty in caps":      {replaced(t, `"oct"`, `"OCT"`), "kty: not oct"},
		"no alg":           {replaced(t, `"alg"`, `"Alg"`), "alg: missing"},
		"alg of 128 bits":  {replaced(t, `A256CTR`, `A128CTR`), "alg: not A256CTR"},
		"alg of GCM":       {replaced(t, `A256CTR`, `A256GCM`), "alg: not A256CTR"},
		"alg is a number":  {replaced(t, `"A256CTR"`, `256`), "alg: not a string"},
		"ext is false":     {replaced(t, `"ext": true`, `"ext": false`), "ext: not true"},
		"ext is a string":  {replaced(t, `"ext": true`, `"ext": "true"`), "ext: not true"},
		"ext is null":      {replaced(t, `"ext": true`, `"ext": null`), "ext: not true"},
		"key_ops is empty": {replaced(t, `"encrypt","decrypt"`, ``), "key_ops: not for decrypting"},
		"key_ops encrypt":  {replaced(t, `"encrypt","decrypt"`, `"encrypt"`), "key_ops: not for decrypting"},
		"key_ops in caps":  {replaced(t, `"encrypt","decrypt"`, `"Decrypt"`), "key_ops: not for decrypting"},
		"key_ops a string": {replaced(t, `["encrypt","decrypt"]`, `"decrypt"`), "key_ops: not an array"},
		"key_ops is null":  {replaced(t, `["encrypt","decrypt"]`, `null`), "key_ops: not an array"},
		"key_ops numbers":  {replaced(t, `"encrypt","decrypt"`, `"decrypt",1`), "key_ops: not strings"},
		"key_ops floats":   {replaced(t, `"encrypt","decrypt"`, `"decrypt",1.5`), "key_ops: not an array"},

		"no k":                {replaced(t, `"k"`, `"K"`), "k: missing, or not a string"},
		"k is a number":       {replaced(t, `"`+k+`"`, `12345678901234567890123456789012345678901234`), "k: missing, or not a string"},
		"k is null":           {replaced(t, `"`+k+`"`, `null`), "k: missing, or not a string"},
		"k is an array":       {replaced(t, `"`+k+`"`, `["`+k+`"]`), "k: missing, or not a string"},
		"k is empty":          {replaced(t, k, ""), "k: wrong length"},
		"k of 31 bytes":       {replaced(t, k, k[:42]), "k: wrong length"},
		"k of 33 bytes":       {replaced(t, k, k+"A"), "k: wrong length"},
		"k of a megabyte":     {replaced(t, k, strings.Repeat("A", 60<<10)), "k: wrong length"},
		"k with a bit":        {replaced(t, k, k[:42]+"1"), "k: not valid base64"},
		"k with two paddings": {replaced(t, k, k+"=="), "k: not valid base64"},
		"k with a plus":       {replaced(t, k, strings.ReplaceAll(k, "-", "+")), "k: not valid base64"},
		"k with a slash":      {replaced(t, k, strings.ReplaceAll(k, "_", "/")), "k: not valid base64"},
		"k with an escape":    {replaced(t, k, `\u0061`+k[6:]), "k: not valid base64"},
		"k with escaped a":    {replaced(t, k, `\u0061`+k[1:]), "k: "},
		"k with a space":      {replaced(t, k, k[:20]+" "+k[21:]), "k: not valid base64"},
		"k with padding amid": {replaced(t, k, k[:20]+"="+k[21:]), "k: not valid base64"},
	}
	before := parse(t, specFile)
	state := before.State()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			requireMalformed(t, parseFails(t, c.text), c.why)
			target := before
			mustFail(t, func() error { return target.UnmarshalJSON([]byte(c.text)) }, failtest.Input(c.text), target)
			require.Equal(t, state, target.State())
			require.Equal(t, before, target)
		})
	}
}

// Every symbol at every place of k, against the library's URL-safe decoder.
func TestKeyAlphabet(t *testing.T) {
	const k = "aWF6-32KGYaC3A_FEUCk1Bt0JA37zP0wrStgmdCaW-0"
	strict := base64.RawURLEncoding.Strict()
	for i := range len(k) {
		for c := 0x20; c < 0x7f; c++ {
			if c == '"' || c == '\\' {
				continue
			}
			text := k[:i] + string(rune(c)) + k[i+1:]
			want, wantErr := strict.DecodeString(text)
			f, err := attachment.ParseFile([]byte(replaced(t, k, text)))
			if i == len(k)-1 && c == '=' { // 42 symbols and a padding: no length
				wantErr = base64.CorruptInputError(0)
			}
			require.Equal(t, wantErr == nil, err == nil, "%q", text)
			if err != nil {
				continue
			}
			require.Equal(t, want, f.Key()[:])
			out, err := f.SecretJSON()
			require.NoError(t, err)
			require.Contains(t, string(out), `"k":"`+text+`"`)
		}
	}
}

func TestVersions(t *testing.T) {
	for v, want := range map[string]uint32{"v0": 0, "v1": 1, "v3": 3, "v22": 22, "v4294967295": 1<<32 - 1} {
		err := parseFails(t, replaced(t, `"v2"`, `"`+v+`"`))
		var version *attachment.VersionError
		require.ErrorAs(t, err, &version)
		require.Equal(t, want, version.Got)
		require.Equal(t, fmt.Sprintf("attachment: file: version %d is not supported", want), err.Error())
	}
	// The version is judged before what else another version may have changed.
	require.ErrorAs(t, parseFails(t, `{"v":"v3"}`), new(*attachment.VersionError))
}

func TestUnknownMembersAreKept(t *testing.T) {
	text := replaced(t, `"v": "v2",`, `"v": "v2", "x\u0000\"é": [ 1.50, -0, 1e400, {"a":1,"a":2} ], "V": "v1",`)
	text = strings.Replace(text, `"kty"`, `"kid": "\ud800", "kty"`, 1)
	text = strings.Replace(text, `"sha256"`, `"sha512": "AA==", "sha256"`, 1)
	f := parse(t, text)
	out, err := f.SecretJSON()
	require.NoError(t, err)
	require.Equal(t, `{"hashes":{"sha256":"fdSLu/YkRx3Wyh3KQabP3rd6+SFiKg5lsJZQHtkSAYA","sha512":"AA=="},"iv":"w+sE15fzSc0AAAAAAAAAAA",`+
		`"key":{"alg":"A256CTR","ext":true,"k":"aWF6-32KGYaC3A_FEUCk1Bt0JA37zP0wrStgmdCaW-0","key_ops":["encrypt","decrypt"],"kty":"oct","kid":"\ud800"},`+
		`"url":"mxc://example.org/FHyPlCeYUSFFxlgbQYZmoEoe","v":"v2","x\u0000\"é":[ 1.50, -0, 1e400, {"a":1,"a":2} ],"V":"v1"}`, string(out))
	require.Equal(t, cap(out), len(out))
	require.Equal(t, f.State(), parse(t, string(out)).State())

	input := []byte(text)
	f, err = attachment.ParseFile(input)
	require.NoError(t, err)
	clear(input)
	again, err := f.SecretJSON()
	require.NoError(t, err)
	require.Equal(t, out, again, "the file holds a part of its input")
}

func TestURLs(t *testing.T) {
	for _, url := range []string{
		"mxc://example.org/a", "mxc://localhost:8448/A-b_9", "mxc://1.2.3.4/x", "mxc://[2001:db8::1]:8448/x",
		"mxc://[::1]/x", "mxc://[1:]/x", "mxc://[::ffff:1.2.3.4]/x", "mxc://1.2.3.4:1/-", "mxc://A/__", "mxc://example.org:65535/x",
		"mxc://" + strings.Repeat("a", 255) + "/x", "mxc://[" + strings.Repeat("a", 45) + "]:1/x",
	} {
		require.Equal(t, url, parse(t, replaced(t, testURL, url)).URL())
	}
	for _, url := range []string{
		"", "mxc://", "mxc:///", "mxc://example.org", "mxc://example.org/", "mxc:///x", "MXC://example.org/x",
		"https://example.org/x", "example.org/x", "mxc:/example.org/x", " mxc://example.org/x", "mxc://example.org/x ",
		"mxc://example.org/x/y", "mxc://example.org/../x", "mxc://example.org/..", "mxc://example.org/.", "mxc://../x", "mxc://./x",
		"mxc://example.org/x.y", "mxc://example.org/x?y", "mxc://example.org/x#y", "mxc://example.org/%2e%2e", "mxc://example.org/x\\\\y",
		"mxc://user@example.org/x", "mxc://exa_mple.org/x", "mxc://exämple.org/x", "mxc://example.org/ä", `mxc://example.org/x\u0000`, `mxc://example.org/x\n`,
		"mxc://:/a", "mxc://:1/a", "mxc://[/a", "mxc://]/a", "mxc://[]/a", "mxc://[]:1/a", "mxc://.../a", "mxc://-/a", "mxc://a:b:c/a", "mxc://a:1:2/a",
		"mxc://a:/a", "mxc://a:b/a", "mxc://a:-1/a", "mxc://a:123456/a", "mxc://[::1/a", "mxc://[a:b:1/a", "mxc://[abc/a", "mxc://::1]/a", "mxc://::1/a", "mxc://[::1]:/a", "mxc://[::1]:x/a",
		"mxc://[::1]a/a", "mxc://a[::1]/a", "mxc://[[::1]]/a", "mxc://[g::1]/a", "mxc://[a]:1]/a", "mxc://[1]/a", "mxc://[::]/a", "mxc://[fe80::1-2]/a",
		"mxc://" + strings.Repeat("a", 256) + "/x", "mxc://[" + strings.Repeat("a", 46) + "]/x",
	} {
		requireMalformed(t, parseFails(t, replaced(t, testURL, url)), "url: not a Matrix content URI")
	}
}

func TestDeepNestingIsNoTrouble(t *testing.T) {
	for _, depth := range []int{1000, 30000} {
		x := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		text := replaced(t, `"v2",`, `"v2","x":`+x+`,`)
		f, err := attachment.ParseFile([]byte(text))
		if err != nil {
			requireMalformed(t, parseFails(t, text), "not valid JSON")
			continue
		}
		_, err = f.SecretJSON()
		require.NoError(t, err)
	}
}

func TestTruncatedFiles(t *testing.T) {
	for n := range len(specFile) {
		requireMalformed(t, parseFails(t, specFile[:n]), "not valid JSON")
	}
}

func TestAbsentFile(t *testing.T) {
	var f attachment.File
	f.Close()
	require.True(t, f.IsZero())
	require.Empty(t, f.URL())
	require.Zero(t, f.Hash())
	for _, call := range []func() error{
		func() error { _, err := f.SecretJSON(); return err },
		func() error { _, err := verified(nil, f, 1); return err },
		func() error { _, err := unverified(nil, f, 1); return err },
	} {
		require.ErrorIs(t, mustFail(t, call, f), keys.ErrAbsent)
	}
	require.False(t, parse(t, specFile).IsZero())
}

func TestClosedFile(t *testing.T) {
	ciphertext, f := encrypt(t, pattern(100))
	text, err := f.SecretJSON()
	require.NoError(t, err)
	f = parse(t, strings.Replace(string(text), `"k":`, `"other":"secret","k":`, 1))
	opened, err := attachment.NewDecryptReader(bytes.NewReader(ciphertext), f, 100)
	require.NoError(t, err)

	key, kept, url, hash := f.Key(), f.Kept(), f.URL(), f.Hash()
	sibling := f
	f.Close()
	f.Close()
	require.Zero(t, *key)
	for _, b := range kept {
		require.Zero(t, bytes.Trim(b, "\x00"))
	}
	for _, b := range f.Kept() {
		require.Nil(t, b, "held after Close")
	}
	for _, f := range []attachment.File{f, sibling} {
		require.False(t, f.IsZero())
		require.Equal(t, url, f.URL())
		require.Equal(t, hash, f.Hash())
		for _, call := range []func() error{
			func() error { _, err := f.SecretJSON(); return err },
			func() error { _, err := verified(ciphertext, f, 100); return err },
			func() error { _, err := unverified(ciphertext, f, 100); return err },
			func() error { _, err := attachment.EncryptScanRequest(f, scanner(t).PublicKey()); return err },
		} {
			require.ErrorIs(t, mustFail(t, call, f), attachment.ErrClosed)
		}
	}
	require.Equal(t, pattern(100), readBy(t, opened, 7), "a reader that was made before goes on")
}
