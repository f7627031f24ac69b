package canonicaljson_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
)

// The examples of the specification, appendices, "Canonical JSON", but the last.
var specExamples = []struct{ in, want string }{
	{`{}`, `{}`},
	{"{\n    \"one\": 1,\n    \"two\": \"Two\"\n}", `{"one":1,"two":"Two"}`},
	{"{\n    \"b\": \"2\",\n    \"a\": \"1\"\n}", `{"a":"1","b":"2"}`},
	{`{"b":"2","a":"1"}`, `{"a":"1","b":"2"}`},
	{
		`{
    "auth": {
        "success": true,
        "mxid": "@john.doe:example.com",
        "profile": {
            "display_name": "John Doe",
            "three_pids": [
                {
                    "medium": "email",
                    "address": "john.doe@example.org"
                },
                {
                    "medium": "msisdn",
                    "address": "123456789"
                }
            ]
        }
    }
}`,
		`{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"address":"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]},"success":true}}`,
	},
	{"{\n    \"a\": \"日本語\"\n}", `{"a":"日本語"}`},
	{"{\n    \"本\": 2,\n    \"日\": 1\n}", `{"日":1,"本":2}`},
	{`{"a": "\u65E5"}`, `{"a":"日"}`},
	{`{"a": null}`, `{"a":null}`},
}

func TestSpecificationExamples(t *testing.T) {
	t.Parallel()
	for _, example := range specExamples {
		v, err := canonicaljson.Parse([]byte(example.in))
		require.NoError(t, err, example.in)
		require.Equal(t, example.want, v.String())
	}
	// The last example contradicts the rules above it, which bar -0 and
	// exponents. The rules hold.
	parseFails(t, []byte(`{"a": -0, "b": 1e10}`), canonicaljson.ErrNumber)
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		" \t\r\n0 \t\r\n":           `0`,
		`-1`:                        `-1`,
		`9007199254740991`:          `9007199254740991`,
		`-9007199254740991`:         `-9007199254740991`,
		`[ ]`:                       `[]`,
		`[ 1 , [ ] , { } ]`:         `[1,[],{}]`,
		`{ "b" : [ 2 ] , "a" : 1 }`: `{"a":1,"b":[2]}`,
		`"\b\t\n\f\r\"\\\/"`:        `"\b\t\n\f\r\"\\/"`,
		`"\u0008\u0009\u000A\u000C\u000D\u0022\u005C\u002F"`: `"\b\t\n\f\r\"\\/"`,
		`"\u0000\u0007\u000b\u000E\u001F\u0010"`:             `"\u0000\u0007\u000b\u000e\u001f\u0010"`,
		"\"\x7f\u2028\u2029<>&\ufeff\uffff\"":                "\"\x7f\u2028\u2029<>&\ufeff\uffff\"",
		`"\u007f\u2028\u2029\u003c\u003E\u0026\uFFFD"`:       "\"\x7f\u2028\u2029<>&\ufffd\"",
		`"\ud83d\udE00\uD800\udc00\udbff\udfff"`:             "\"😀\U00010000\U0010ffff\"",
		// In UTF-16, U+10000 would come before U+FFFF.
		"{\"\U00010000\":2,\"\uffff\":1}": "{\"\uffff\":1,\"\U00010000\":2}",
		`{"\ud800\udc00":2,"\uffff":1}`:   "{\"\uffff\":1,\"\U00010000\":2}",
		// The escaped form of a name is not what is compared.
		`{"A":3,"\"":2,"\n":1,"\\":4,"a":5}`:                        `{"\n":1,"\"":2,"A":3,"\\":4,"a":5}`,
		`{"\u001f":2,"\u0002":1," ":3}`:                             `{"\u0002":1,"\u001f":2," ":3}`,
		`{"a":1,"":0,"aa":2}`:                                       `{"":0,"a":1,"aa":2}`,
		`{"A":1,"a":2}`:                                             `{"A":1,"a":2}`,
		`{"c":{"z":1,"y":{"b":1,"a":2}},"b":[{"d":1,"c":2}],"a":0}`: `{"a":0,"b":[{"c":2,"d":1}],"c":{"y":{"a":2,"b":1},"z":1}}`,
		`[true,false,null]`:                                         `[true,false,null]`,
	} {
		v, err := canonicaljson.Parse([]byte(in))
		require.NoError(t, err, "%q", in)
		require.Equal(t, want, v.String(), "%q", in)
		again, err := canonicaljson.Parse([]byte(want))
		require.NoError(t, err)
		require.Equal(t, v, again, "canonical input changes")
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]error{
		``: canonicaljson.ErrSyntax, ` `: canonicaljson.ErrSyntax, `{`: canonicaljson.ErrSyntax, `[`: canonicaljson.ErrSyntax,
		`"`: canonicaljson.ErrSyntax, `"a`: canonicaljson.ErrSyntax, `-`: canonicaljson.ErrSyntax, `+1`: canonicaljson.ErrSyntax,
		`{"a"`: canonicaljson.ErrSyntax, `{"a":`: canonicaljson.ErrSyntax, `{"a":1`: canonicaljson.ErrSyntax, `{"a":1,`: canonicaljson.ErrSyntax,
		`{"a":1,}`: canonicaljson.ErrSyntax, `[1,]`: canonicaljson.ErrSyntax, `[,1]`: canonicaljson.ErrSyntax, `[1 2]`: canonicaljson.ErrSyntax,
		`{a:1}`: canonicaljson.ErrSyntax, `{'a':1}`: canonicaljson.ErrSyntax, `{"a" 1}`: canonicaljson.ErrSyntax, `{1:1}`: canonicaljson.ErrSyntax,
		`{"a":1 "b":2}`: canonicaljson.ErrSyntax, `[1}`: canonicaljson.ErrSyntax, `{"a":1]`: canonicaljson.ErrSyntax,
		`True`: canonicaljson.ErrSyntax, `nul`: canonicaljson.ErrSyntax, `NaN`: canonicaljson.ErrSyntax, `Infinity`: canonicaljson.ErrSyntax,
		`[//x` + "\n" + `1]`: canonicaljson.ErrSyntax, "\ufeff{}": canonicaljson.ErrSyntax, "\v1": canonicaljson.ErrSyntax,
		`"\a"`: canonicaljson.ErrSyntax, `"\u"`: canonicaljson.ErrSyntax, `"\u12"`: canonicaljson.ErrSyntax, `"\u12g4"`: canonicaljson.ErrSyntax,
		`"\ud800\u12"`: canonicaljson.ErrSyntax, `"\u+123"`: canonicaljson.ErrSyntax, "\"\\u\x11234\"": canonicaljson.ErrSyntax, `"\U0041"`: canonicaljson.ErrSyntax, `"\`: canonicaljson.ErrSyntax,
		"\"\x00\"": canonicaljson.ErrSyntax, "\"\n\"": canonicaljson.ErrSyntax, "\"\x1f\"": canonicaljson.ErrSyntax,
		`{} {}`: canonicaljson.ErrTrailing, `{}x`: canonicaljson.ErrTrailing, "{}\x00": canonicaljson.ErrTrailing, `truex`: canonicaljson.ErrTrailing,
		`-0`: canonicaljson.ErrNumber, `01`: canonicaljson.ErrNumber, `-01`: canonicaljson.ErrNumber, `00`: canonicaljson.ErrNumber,
		`1.0`: canonicaljson.ErrNumber, `1.`: canonicaljson.ErrNumber, `0.5`: canonicaljson.ErrNumber, `1e3`: canonicaljson.ErrNumber,
		`1E3`: canonicaljson.ErrNumber, `0e0`: canonicaljson.ErrNumber, `-0.0`: canonicaljson.ErrNumber, `1e400`: canonicaljson.ErrNumber,
		`9007199254740992`: canonicaljson.ErrNumber, `-9007199254740992`: canonicaljson.ErrNumber, `10000000000000000`: canonicaljson.ErrNumber,
		`99999999999999999999999999`: canonicaljson.ErrNumber,
		`{"a":1,"a":2}`:              canonicaljson.ErrDuplicate, `{"b":1,"a":2,"b":3}`: canonicaljson.ErrDuplicate,
		`{"a":1,"\u0061":1}`: canonicaljson.ErrDuplicate, `{"\n":1,"x":1,"\u000a":2}`: canonicaljson.ErrDuplicate, `[{"":1,"":1}]`: canonicaljson.ErrDuplicate,
		`"\ud800"`: canonicaljson.ErrText, `"\udc00"`: canonicaljson.ErrText, `"\ud800\ud800"`: canonicaljson.ErrText, `"\ud800\u0041"`: canonicaljson.ErrText,
		`"\ud800x"`: canonicaljson.ErrText, `"\ud800\n"`: canonicaljson.ErrText, `{"\udfff":1}`: canonicaljson.ErrText, `"\udc00\ud800"`: canonicaljson.ErrText,
		"\"\xff\"": canonicaljson.ErrText, "\"\xc3\"": canonicaljson.ErrText, "\"\xc0\x80\"": canonicaljson.ErrText, "\"\xed\xa0\x80\"": canonicaljson.ErrText,
		"\"\xf4\x90\x80\x80\"": canonicaljson.ErrText, "\"\xe2\x80": canonicaljson.ErrText, "{\"\x80\":1}": canonicaljson.ErrText,
	} {
		parseFails(t, []byte(in), want)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	nested := func(n int, open, inner, closing string) []byte {
		var b []byte
		for range n {
			b = append(b, open...)
		}
		b = append(b, inner...)
		for range n {
			b = append(b, closing...)
		}
		return b
	}
	for _, form := range [][3]string{{`[`, ``, `]`}, {`{"a":`, `1`, `}`}} {
		_, err := canonicaljson.Parse(nested(canonicaljson.MaxDepth, form[0], form[1], form[2]))
		require.NoError(t, err)
		parseFails(t, nested(canonicaljson.MaxDepth+1, form[0], form[1], form[2]), canonicaljson.ErrDepth)
		parseFails(t, nested(1_000_000, form[0], form[1], form[2]), canonicaljson.ErrDepth)
	}
}
