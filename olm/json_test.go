package olm_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// The JSON form is that of m.room.encrypted, to the byte.
func TestMessageJSON(t *testing.T) {
	c := newConversation(t)
	for typ, m := range []olm.Message{
		encrypt(t, newOutbound(t, c.aliceAccount, c.bobAccount), "pre-key"), encrypt(t, c.bob, "normal"),
	} {
		want := `{"type":` + string(rune('0'+typ)) + `,"body":"` + m.Body() + `"}`
		for _, v := range []any{m, &m, struct{ olm.Message }{m}} {
			text, err := json.Marshal(v)
			require.NoError(t, err)
			require.Equal(t, want, string(text))
		}
		var parsed olm.Message
		require.NoError(t, json.Unmarshal([]byte(want), &parsed))
		require.Equal(t, m, parsed)
		var event struct{ Ciphertext map[string]*olm.Message }
		require.NoError(t, json.Unmarshal([]byte(`{"ciphertext":{"a":`+want+`,"b":null}}`), &event))
		require.Equal(t, m, *event.Ciphertext["a"])
		require.Nil(t, event.Ciphertext["b"])
	}
	failtest.RefusedWith(t, keys.ErrAbsent, func() error { _, err := json.Marshal(olm.Message{}); return err })
}

// Members stand once, in any order, under their exact names; type is the number
// 0 or 1; what is unknown is ignored.
func TestMessageJSONStrictness(t *testing.T) {
	c := newConversation(t)
	normal := encrypt(t, c.bob, "normal")
	preKey := encrypt(t, newOutbound(t, c.aliceAccount, c.bobAccount), "pre-key")
	fill := strings.NewReplacer("@N", `"`+normal.Body()+`"`, "@P", `"`+preKey.Body()+`"`, "@T", normal.Body())
	for _, text := range []string{
		`{"type":1,"body":@N}`, `{"body":@N,"type":1}`, ` { "type" : 1 , "body" : @N } `, "\n{\"type\":1,\"body\":@N}\n",
		`{"type":1,"body":@N,"x":1}`, `{"x":{"type":0,"body":[1,2]},"type":1,"body":@N}`, `{"":null,"type":1,"body":@N}`,
		`{"Type":0,"BODY":1,"type":1,"body":@N,"Body":"x"}`, `{"TYPE":"x","type":1,"body":@N,"x":1,"x":2}`,
		`{"typ\u0065":1,"\u0062ody":@N}`, `{"type":1,"body":"@T` + strings.Repeat("=", (4-len(normal.Body())%4)%4) + `"}`,
	} {
		var m olm.Message
		require.NoError(t, json.Unmarshal([]byte(fill.Replace(text)), &m), text)
		require.Equal(t, normal, m, text)
		require.NoError(t, m.UnmarshalJSON([]byte(fill.Replace(text))), text)
	}
	for _, text := range []string{
		`{"type":"1","body":@N}`, `{"type":"0","body":@P}`, `{"type":2,"body":@N}`, `{"type":-1,"body":@N}`,
		`{"type":-0,"body":@P}`, `{"type":null,"body":@N}`, `{"type":0.0,"body":@P}`, `{"type":1.0,"body":@N}`,
		`{"type":1e0,"body":@N}`, `{"type":0e0,"body":@P}`, `{"type":10e-1,"body":@N}`, `{"type":true,"body":@N}`,
		`{"type":false,"body":@P}`, `{"type":[1],"body":@N}`, `{"type":{},"body":@N}`, `{"type":4294967297,"body":@N}`,
		`{"type":18446744073709551617,"body":@N}`, `{"type":00,"body":@P}`, `{"type":01,"body":@N}`, `{"type":+1,"body":@N}`,
		`{"body":@N}`, `{"body":@P}`, `{"type":1}`, `{}`, ``, ` `, `null`, `1`, `"x"`, `[]`, `[{"type":1,"body":@N}]`, `true`,
		`{"type":1,"type":1,"body":@N}`, `{"type":1,"body":@N,"type":1}`, `{"type":0,"type":1,"body":@N}`,
		`{"type":1,"body":@N,"body":@N}`, `{"type":1,"body":"x","body":@N}`, `{"type":1,"typ\u0065":1,"body":@N}`,
		`{"Type":1,"body":@N}`, `{"type":1,"Body":@N}`, `{"TYPE":1,"BODY":@N}`, `{"type ":1,"body":@N}`,
		`{"type":1,"body":1}`, `{"type":1,"body":null}`, `{"type":1,"body":[@N]}`, `{"type":1,"body":{"":@N}}`, `{"type":1,"body":true}`,
		`{"type":1,"body":""}`, `{"type":1,"body":"*"}`, `{"type":1,"body":"@T\n"}`, `{"type":1,"body":" @T"}`,
		`{"type":1,"body":@N} x`, `{"type":1,"body":@N}{}`, `{"type":1,"body":@N}null`, `{"type":1,"body":@N}}`,
		`{"type":1,"body":@N,}`, `{"type":1,,"body":@N}`, `{,"type":1,"body":@N}`, `{"type":1 "body":@N}`, `{"type":1,"body":@N]`,
		`{"type":1,"body":@N`, `{"type":1,"body":`, `{"type":1,"body"`, `{"type":1,`, `{"type":`, `{"type"`, `{`, `{1:1,"type":1,"body":@N}`,
		`{1"type":1,"body":@N}`, `{[] "type":1,"body":@N}`,
		`{type:1,"body":@N}`, `{'type':1,"body":@N}`, `{"type":1,"body":@N,"x":}`, `{"type":1,"body":@N,"x":[}`,
		`{"type":0,"body":@N}`, `{"type":1,"body":@P}`, "\xef\xbb\xbf" + `{"type":1,"body":@N}`,
	} {
		hostile := fill.Replace(text)
		for _, before := range []olm.Message{{}, normal, preKey} {
			m := before
			err := failtest.Refused(t, func() error { return m.UnmarshalJSON([]byte(hostile)) }, failtest.Input(hostile))
			require.Equal(t, before, m, "a failure leaves the value: %s", text)
			require.True(t, isFormError(err) || errors.Is(err, olm.ErrMessageType), "%s: %v", text, err)
		}
	}
	for _, deep := range []string{`{"x":` + strings.Repeat("[", 1<<20), strings.Repeat(`{"x":`, 1<<20)} {
		var m olm.Message
		failtest.RefusedAs[*olm.MalformedError](t, func() error { return m.UnmarshalJSON([]byte(deep)) }, failtest.Input(deep))
	}
}

// An array of names and values is no object, and each member must be there.
func TestMessageJSONIsAnObject(t *testing.T) {
	body := encrypt(t, newConversation(t).bob, "normal").Body()
	for text, why := range map[string]string{
		`["type",1,"body","` + body + `"]`: "not a JSON object",
		`{"body":"` + body + `"}`:          "type or body is missing",
		`{"type":1}`:                       "type or body is missing",
	} {
		var m olm.Message
		malformed := failtest.RefusedAs[*olm.MalformedError](t, func() error { return m.UnmarshalJSON([]byte(text)) }, failtest.Input(text))
		require.Equal(t, why, malformed.Why, text)
	}
}
