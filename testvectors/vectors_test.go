package testvectors_test

import (
	"errors"
	"testing"
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
		load, found := map[string]string{
			"outbound-pickle": "outbound", "inbound-pickle": "inbound", "session-pickle": "session",
		}[v.Operation]
		if v.Applies || !found {
			continue
		}
		count++
		in := newMembers("inputs", v.Inputs)
		key := in.bytes("pickle_key_utf8")
		var text []byte
		if in.has("raw_pickle_hex") {
			text = pickle(in.bytes("raw_pickle_hex"), key)
		} else {
			text = []byte(in.text("pickle_b64"))
		}
		_, err := importers[load](text, key)
		what, why := what(err)
		if what == "" || why == "trailing data" {
			t.Errorf("%s: refused with %v, should be malformed", v.ID, err)
		}
	}
	if count != 3 {
		t.Errorf("%d pickles without keys, should be 3", count)
	}
}

// TestRunner holds what makes a vector fail before anything of it is run.
func TestRunner(t *testing.T) {
	good := func() *vector {
		return &vector{
			Operation: "base64-encode", Result: "valid",
			Inputs:   map[string]any{"input_utf8": "Hello"},
			Expected: map[string]any{"text_utf8": "SGVsbG8"},
		}
	}
	if err := run(good()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*vector){
		"unknown operation":     func(v *vector) { v.Operation = "rot13" },
		"no operation":          func(v *vector) { v.Operation = "" },
		"another operation":     func(v *vector) { v.Operation = "base64-decode" },
		"unknown result":        func(v *vector) { v.Result = "acceptable" },
		"invalid without error": func(v *vector) { v.Result = "invalid" },
		"valid with error":      func(v *vector) { v.Error = "base64" },
		"unknown input":         func(v *vector) { v.Inputs["more_utf8"] = "" },
		"unknown expectation":   func(v *vector) { v.Expected["more_utf8"] = "" },
		"no inputs":             func(v *vector) { v.Inputs = nil },
		"nothing expected":      func(v *vector) { v.Expected = nil },
		"another type":          func(v *vector) { v.Expected["text_utf8"] = true },
		"null":                  func(v *vector) { v.Inputs["input_utf8"] = nil },
	} {
		v := good()
		spoil(v)
		var d *defect
		if err := run(v); err == nil || errors.As(err, &d) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestParseVector holds that a file with unknown, repeated, missing or
// misspelt members is no vector.
func TestParseVector(t *testing.T) {
	const good = `{"id":"a","area":"a","operation":"o","description":"d","source":"s","kind":"k","applies":true,"result":"valid","inputs":{},"expected":{}}`
	if _, err := parseVector([]byte(good)); err != nil {
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
		if _, err := parseVector([]byte(bad)); err == nil {
			t.Errorf("taken for a vector: %s", bad)
		}
	}
}
