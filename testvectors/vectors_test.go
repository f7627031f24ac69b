package testvectors_test

import (
	"errors"
	"testing"

	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/vector"
)

// TestVectors runs every vector that applies, and counts the others.
func TestVectors(t *testing.T) {
	var applying, not int
	for _, v := range load(t, roots...) {
		if !v.Applies {
			not++
			if v.Reason == "" {
				t.Errorf("%s does not apply and does not say why", v.ID)
			}
			continue
		}
		applying++
		t.Run(v.ID, func(t *testing.T) {
			if err := run(v); err != nil {
				t.Error(err)
			}
		})
	}
	if not != 9 {
		t.Errorf("%d vectors do not apply, should be 9", not)
	}
	t.Logf("%d vectors applied, %d do not apply", applying, not)
}

// TestBlankPickles holds the reason that three vectors give for not applying:
// keys that are all zero are refused, as malformed.
func TestBlankPickles(t *testing.T) {
	count := 0
	for _, v := range load(t, "libolm") {
		load, found := map[string]func(pickle, key []byte) error{
			"outbound-pickle": func(p, k []byte) error { _, err := megolm.ImportLibolmOutboundSession(p, k); return err },
			"inbound-pickle":  func(p, k []byte) error { _, err := megolm.ImportLibolmInboundSession(p, k); return err },
			"session-pickle":  func(p, k []byte) error { _, err := olm.ImportLibolmSession(p, k); return err },
		}[v.Operation]
		if v.Applies || !found {
			continue
		}
		count++
		in := vector.NewMembers("inputs", v.Inputs)
		key := in.Bytes("pickle_key_utf8")
		var text []byte
		if in.Has("raw_pickle_hex") {
			text = libolm.Encrypt(in.Bytes("raw_pickle_hex"), key)
		} else {
			text = []byte(in.Text("pickle_b64"))
		}
		err := load(text, key)
		e, malformed := errors.AsType[*olm.MalformedError](err)
		if !malformed || e.Why == "trailing data" {
			t.Errorf("%s: refused with %v, should be malformed", v.ID, err)
		}
	}
	if count != 3 {
		t.Errorf("%d pickles without keys, should be 3", count)
	}
}

// TestRunner holds what makes a vector fail before anything of it is run.
func TestRunner(t *testing.T) {
	good := func() *vector.Vector {
		return &vector.Vector{
			ID: "a", Operation: "base64-encode", Result: "valid",
			Inputs:   map[string]any{"input_utf8": "Hello"},
			Expected: map[string]any{"text_utf8": "SGVsbG8"},
		}
	}
	if err := run(good()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*vector.Vector){
		"unknown operation":     func(v *vector.Vector) { v.Operation = "rot13" },
		"no operation":          func(v *vector.Vector) { v.Operation = "" },
		"another operation":     func(v *vector.Vector) { v.Operation = "base64-decode" },
		"unknown result":        func(v *vector.Vector) { v.Result = "acceptable" },
		"invalid without error": func(v *vector.Vector) { v.Result = "invalid" },
		"valid with error":      func(v *vector.Vector) { v.Error = "base64" },
		"unknown input":         func(v *vector.Vector) { v.Inputs["more_utf8"] = "" },
		"unknown expectation":   func(v *vector.Vector) { v.Expected["more_utf8"] = "" },
		"no inputs":             func(v *vector.Vector) { v.Inputs = nil },
		"nothing expected":      func(v *vector.Vector) { v.Expected = nil },
		"another type":          func(v *vector.Vector) { v.Expected["text_utf8"] = true },
		"null":                  func(v *vector.Vector) { v.Inputs["input_utf8"] = nil },
	} {
		v := good()
		spoil(v)
		var d *vector.Defect
		if err := run(v); err == nil || errors.As(err, &d) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestParseVector holds that a file with unknown, repeated, missing or
// misspelt members is no vector.
func TestParseVector(t *testing.T) {
	const good = `{"id":"a","area":"a","operation":"o","description":"d","source":"s","kind":"k","applies":true,"result":"valid","inputs":{},"expected":{}}`
	if _, err := vector.Parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		`{"id":"a"}`,
		`{"ID":"a",` + good[len(`{"id":"a",`):],
		`{"flags":[],` + good[1:],
		`{"id":"b",` + good[1:],
		good[:len(good)-len(`{}}`)] + `{"a":{"b":1,"b":2}}}`,
		good + `{}`,
		good[:len(good)-1],
	} {
		if _, err := vector.Parse([]byte(bad)); err == nil {
			t.Errorf("taken for a vector: %s", bad)
		}
	}
}
