package sas_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

const (
	v2     = "hkdf-hmac-sha256.v2"
	legacy = "hkdf-hmac-sha256"
)

// D10: what a start offers.
func TestOffer(t *testing.T) {
	for method, want := range map[sas.Method]object{
		{}:                            {"macs": []any{v2}, "sas": []any{"decimal", "emoji"}},
		{NoEmoji: true}:               {"macs": []any{v2}, "sas": []any{"decimal"}},
		{Legacy: true}:                {"macs": []any{v2, legacy}, "sas": []any{"decimal", "emoji"}},
		{NoEmoji: true, Legacy: true}: {"macs": []any{v2, legacy}, "sas": []any{"decimal"}},
	} {
		require.Equal(t, object{
			"key_agreement_protocols": []any{"curve25519-hkdf-sha256"}, "hashes": []any{"sha256"},
			"message_authentication_codes": want["macs"], "short_authentication_string": want["sas"],
		}, decode(t, method.Start()))
		require.Equal(t, "m.sas.v1", method.Name())
	}
}

// D10, D11: what is chosen from a start of theirs.
func TestChoice(t *testing.T) {
	emoji, decimal := []string{"emoji"}, []string{"decimal"}
	for _, c := range []struct {
		method     sas.Method
		macs, show []string
		mac        string
		shown      []any
	}{
		{sas.Method{}, []string{legacy, v2}, []string{"emoji", "decimal"}, v2, []any{"decimal", "emoji"}},
		{sas.Method{Legacy: true}, []string{legacy, v2}, emoji, v2, []any{"emoji"}},
		{sas.Method{Legacy: true}, []string{"x", legacy}, decimal, legacy, []any{"decimal"}},
		{sas.Method{NoEmoji: true}, []string{v2}, []string{"emoji", "decimal", "x"}, v2, []any{"decimal"}},
	} {
		start := decode(t, []byte(fullStart))
		start["message_authentication_codes"], start["short_authentication_string"] = c.macs, c.show
		e, step, err := c.method.New(parties(t), verification.Start{Content: marshal(t, start)})
		require.NoError(t, err)
		defer e.Close()
		accept := decode(t, step.Send[0].Content)
		require.Len(t, accept["commitment"], 43)
		delete(accept, "commitment")
		require.Equal(t, object{
			"method": "m.sas.v1", // D25
			"hash":   "sha256", "key_agreement_protocol": "curve25519-hkdf-sha256",
			"message_authentication_code": c.mac, "short_authentication_string": c.shown,
		}, accept)
	}

	for name, wrong := range map[string][]any{
		"key_agreement_protocols":      {[]string{}, []string{"curve25519"}},
		"hashes":                       {[]string{}, []string{"sha512"}},
		"message_authentication_codes": {[]string{}, []string{legacy}, []string{"hmac-sha256", "hkdf-hmac-sha256.v3"}},
		"short_authentication_string":  {[]string{}, []string{"x"}},
	} {
		for _, value := range wrong {
			start := decode(t, []byte(fullStart))
			start[name] = value
			newRefuses(t, verification.CodeUnknownMethod, sas.Method{}, marshal(t, start))
		}
		for _, value := range []any{nil, 1, "sha256", []any{1}, object{}} {
			start := decode(t, []byte(fullStart))
			start[name] = value
			newRefuses(t, verification.CodeInvalidMessage, sas.Method{}, marshal(t, start))
		}
	}
	start := decode(t, []byte(fullStart))
	start["short_authentication_string"] = emoji
	newRefuses(t, verification.CodeUnknownMethod, sas.Method{NoEmoji: true}, marshal(t, start))
	for content, why := range map[string]string{"": "not valid JSON", "[]": "is not a list of strings", "{": "not valid JSON", "1": "is not a list of strings"} {
		requireMalformed(t, newRefuses(t, verification.CodeInvalidMessage, sas.Method{}, []byte(content)), why)
	}
}

// D11, D13: what they may choose from a start of ours: nothing that was not
// offered, and not the worse MAC.
func TestTheirChoice(t *testing.T) {
	for _, c := range []struct {
		method sas.Method
		name   string
		value  any
		code   verification.Code
	}{
		{sas.Method{}, "key_agreement_protocol", "curve25519", verification.CodeUnknownMethod},
		{sas.Method{}, "hash", "sha512", verification.CodeUnknownMethod},
		{sas.Method{}, "message_authentication_code", legacy, verification.CodeUnknownMethod},
		{sas.Method{}, "message_authentication_code", "hmac-sha256", verification.CodeUnknownMethod},
		{sas.Method{Legacy: true}, "message_authentication_code", "hmac-sha256", verification.CodeUnknownMethod},
		{sas.Method{}, "short_authentication_string", []string{}, verification.CodeUnknownMethod},
		{sas.Method{}, "short_authentication_string", []string{"decimal", "x"}, verification.CodeUnknownMethod},
		{sas.Method{NoEmoji: true}, "short_authentication_string", []string{"decimal", "emoji"}, verification.CodeUnknownMethod},
		{sas.Method{}, "key_agreement_protocol", nil, verification.CodeInvalidMessage},
		{sas.Method{}, "hash", 1, verification.CodeInvalidMessage},
		{sas.Method{}, "message_authentication_code", []string{v2}, verification.CodeInvalidMessage},
		{sas.Method{}, "short_authentication_string", "emoji", verification.CodeInvalidMessage},
		{sas.Method{}, "short_authentication_string", []any{1}, verification.CodeInvalidMessage},
		{sas.Method{}, "commitment", nil, verification.CodeInvalidMessage},
		{sas.Method{}, "commitment", "", verification.CodeInvalidMessage},
		{sas.Method{}, "commitment", "AAAA", verification.CodeInvalidMessage},
		{sas.Method{}, "commitment", "!AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", verification.CodeInvalidMessage},
	} {
		p := newPeer(t, c.method, true)
		content := p.accept()
		content[c.name] = c.value
		p.refuses(c.code, sas.TypeAccept, content)
	}
	p := newPeer(t, sas.Method{Legacy: true}, true)
	p.macName, p.legacy = legacy, true
	require.NotContains(t, p.accept(), "method") // D25: it is not demanded
	proven, err := p.keys().finish(p.mac(p.both()), true)
	require.NoError(t, err)
	require.Equal(t, verification.ProvenKeys{Device: true, Master: true}, proven)
}

// Only what was negotiated can be shown.
func TestOnlyWhatWasNegotiatedIsShown(t *testing.T) {
	for _, starter := range []bool{false, true} {
		for _, show := range [][]string{{"decimal"}, {"emoji"}, {"decimal", "emoji"}} {
			p := newPeer(t, sas.Method{}, starter)
			var step verification.Step
			var err error
			if starter {
				content := p.accept()
				content["short_authentication_string"] = show
				step, err = p.send(sas.TypeAccept, content)
				require.NoError(t, err)
			} else {
				start := decode(t, p.start)
				start["short_authentication_string"] = show
				p.exchange, _, err = sas.Method{}.New(p.parties, verification.Start{Content: marshal(t, start)})
				require.NoError(t, err)
			}
			step, err = p.send(sas.TypeKey, p.key())
			require.NoError(t, err)
			shown := step.About.(sas.Comparison)
			emoji, hasEmoji := shown.Emoji()
			decimals, hasDecimals := shown.Decimals()
			require.Equal(t, show[len(show)-1] == "emoji", hasEmoji)
			require.Equal(t, show[0] == "decimal", hasDecimals)
			require.Equal(t, hasEmoji, emoji != [7]sas.Emoji{})
			require.Equal(t, hasDecimals, decimals != [3]int{})
		}
	}
}

// D21: both sides with the deprecated MAC, since one knows no better.
func TestLegacyMAC(t *testing.T) {
	w := newPair(t, false, sas.Method{Legacy: true}, sas.Method{Legacy: true})
	w.change = func(_ *person, e *verification.Event) bool {
		if e.Type == verification.TypeStart {
			o := decode(t, e.Content)
			o["message_authentication_codes"] = []string{legacy}
			e.Content = marshal(t, o)
		}
		return true
	}
	w.compare(w.alice)
	// Alice offered better than that: the start that reached Bob is not hers.
	require.Equal(t, verification.CodeMismatchedCommit, w.alice.ended.Code)

	p := newPeer(t, sas.Method{Legacy: true}, false)
	p.start = []byte(`{}`)
	start := decode(t, []byte(fullStart))
	start["message_authentication_codes"] = []string{legacy}
	for _, wrong := range []bool{false, true} {
		var err error
		p.exchange, _, err = sas.Method{Legacy: true}.New(p.parties, verification.Start{Content: marshal(t, start)})
		require.NoError(t, err)
		p.pair, err = sas.Generate()
		require.NoError(t, err)
		p.keys().legacy = true
		content := p.mac(p.both())
		if wrong { // the first six bytes are what counts
			content["keys"] = flip(t, content["keys"].(string), 0)
		}
		if wrong {
			require.ErrorIs(t, p.refusesMAC(verification.CodeKeyMismatch, content, false), sas.ErrMAC)
			continue
		}
		proven, err := p.finish(content, false)
		require.NoError(t, err)
		require.Equal(t, verification.ProvenKeys{Device: true, Master: true}, proven)
	}
}
