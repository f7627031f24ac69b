package olm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/olm"
)

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
