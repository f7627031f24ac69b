package megolm_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/megolm"
)

var verbs = []string{
	"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%e", "%g", "%t", "%p", "%10v", "%-10.3v", "%z",
}

// Callers' structs: fmt calls the methods of exported fields only.
type open struct {
	Out    *megolm.OutboundSession
	In     *megolm.InboundSession
	Key    megolm.SessionKey
	Export megolm.ExportedSession
}

type hidden struct {
	out    *megolm.OutboundSession
	in     *megolm.InboundSession
	key    megolm.SessionKey
	export megolm.ExportedSession
}

func secretValues(t *testing.T) (open, [][]byte) {
	p := newPeer(83).at(258)
	v := open{Out: outbound(t, p), In: imported(t, p)}
	mustDecrypt(t, v.In, p.at(600).encrypt(nil), "", 600)
	var err error
	v.Key, err = v.Out.SessionKey()
	require.NoError(t, err)
	v.Export, err = v.In.Export()
	require.NoError(t, err)
	latest := p.at(600).parts
	return v, [][]byte{p.parts[:], latest[:], p.expanded()}
}

func TestAttack_G05_EveryVerb(t *testing.T) {
	v, secrets := secretValues(t)
	for _, value := range []any{
		v, &v, v.Out, v.In, v.Key, &v.Key, v.Export, &v.Export, []open{v}, map[string]open{"k": v},
		[]*megolm.InboundSession{v.In}, []megolm.SessionKey{v.Key}, map[string]*megolm.OutboundSession{"k": v.Out},
	} {
		for _, verb := range verbs {
			failtest.NoSecret(t, fmt.Sprintf(verb, value), secrets...)
		}
	}
	for _, value := range []any{v.Out, v.In, v.Key, &v.Key, v.Export, &v.Export} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			require.Equal(t, "[redacted]", fmt.Sprintf(verb, value))
		}
	}
}

// TestAttack_G05_UnexportedFields: what fmt can reach by reflection alone, the
// shape of the values must hide. Under a verb that does not fit, fmt follows a
// pointer in a field.
func TestAttack_G05_UnexportedFields(t *testing.T) {
	v, secrets := secretValues(t)
	for name, value := range map[string]any{
		"outbound session": hidden{out: v.Out}, "inbound session": hidden{in: v.In},
		"session key": hidden{key: v.Key}, "export": hidden{export: v.Export},
	} {
		t.Run(name, func(t *testing.T) {
			for _, verb := range verbs {
				failtest.NoSecret(t, fmt.Sprintf(verb, value), secrets...)
				failtest.NoSecret(t, fmt.Sprintf(verb, []any{value}), secrets...)
			}
		})
	}
}

func TestAttack_G05_LogsAndEncodings(t *testing.T) {
	v, secrets := secretValues(t)
	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("m", "out", v.Out, "in", v.In, "key", v.Key, "export", &v.Export, "all", v, "hidden", hidden{v.Out, v.In, v.Key, v.Export})
	}
	failtest.NoSecret(t, out.String(), secrets...)
	require.Contains(t, out.String(), "[redacted]")

	for _, value := range []any{v.Out, v.In, v.Key, &v.Key, v.Export, v, &v, []open{v}, map[string]any{"k": v.Key}} {
		b, err := json.Marshal(value)
		require.Error(t, err)
		require.Empty(t, b)
		out.Reset()
		require.Error(t, gob.NewEncoder(&out).Encode(value))
		failtest.NoSecret(t, out.String(), secrets...)
		out.Reset()
		require.Error(t, xml.NewEncoder(&out).Encode(value))
		failtest.NoSecret(t, out.String(), secrets...)
	}
	// Keys are read from JSON, and not written to it.
	var in struct {
		Key    megolm.SessionKey      `json:"session_key"`
		Export megolm.ExportedSession `json:"export"`
	}
	require.NoError(t, json.Unmarshal(fmt.Appendf(nil, `{"session_key":%q,"export":%q}`, v.Key.SecretText(), v.Export.SecretText()), &in))
	require.Equal(t, v.Key.SecretText(), in.Key.SecretText())
	require.Equal(t, v.Export.SecretText(), in.Export.SecretText())
	require.Error(t, json.Unmarshal([]byte(`{"session_key":""}`), &in))
	require.Equal(t, v.Key.SecretText(), in.Key.SecretText())
}

func TestMessageIsPublic(t *testing.T) {
	b := newPeer(84).encrypt([]byte("x"))
	m := message(t, b)
	out, err := json.Marshal(struct {
		Ciphertext megolm.Message `json:"ciphertext"`
	}{m})
	require.NoError(t, err)
	require.JSONEq(t, `{"ciphertext":"`+string(text(b))+`"}`, string(out))
	var in struct {
		Ciphertext megolm.Message `json:"ciphertext"`
	}
	require.NoError(t, json.Unmarshal(out, &in))
	require.Equal(t, m.Bytes(), in.Ciphertext.Bytes())
	require.Equal(t, string(text(b)), fmt.Sprint(m))
}
