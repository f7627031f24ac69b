package failtest

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"strings"
	"sync"
	"testing"
)

// CleanError fails when the text of err holds a part of a secret of the subjects.
func CleanError(t testing.TB, err error, subjects ...Subject) {
	t.Helper()
	var secrets [][]byte
	for _, s := range subjects {
		secrets = append(secrets, s.Secrets()...)
	}
	NoSecret(t, fmt.Sprintf("%v|%+v", err, err), secrets...)
}

// NoSecret fails when text holds six bytes in a row of a secret: raw, in hex, in
// base64 or as a list of numbers.
func NoSecret(t testing.TB, text string, secrets ...[]byte) {
	t.Helper()
	for _, s := range secrets {
		if part := quoted(text, s); part != "" {
			t.Fatalf("the secret %q stands in %.200q…", part, text)
		}
	}
}

// clean remembers which texts were searched for which secrets, since loops meet
// the same ones again and again.
var (
	clean sync.Map
	seed  = maphash.MakeSeed()
)

// quoted returns a part of a secret that stands in text, in one of its forms.
func quoted(text string, secret []byte) string {
	id := [2]uint64{maphash.String(seed, text), maphash.Bytes(seed, secret)}
	if _, done := clean.Load(id); done {
		return ""
	}
	lower := strings.ToLower(text)
	views := [...]string{
		asIs:     text,
		asHex:    lower,
		asList:   strings.ReplaceAll(strings.ReplaceAll(lower, ",", " "), "  ", " "),
		asBase64: strings.NewReplacer("-", "+", "_", "/").Replace(text),
	}
	for _, form := range formsOf(secret) {
		view := views[form.view]
		for i := range len(view) - form.window + 1 {
			part := view[i : i+form.window]
			if strings.Contains(form.text, part) && strings.Trim(part, nothing) != "" {
				return part
			}
		}
	}
	clean.Store(id, true)
	return ""
}

// nothing is what the forms of zeros are made of: unused room in a state is no
// secret.
const nothing = "\x000Ax, "

// A view says how a text is read before a form is looked for.
type view int

const (
	asIs     view = iota
	asHex         // in lower case
	asList        // in lower case, with spaces for commas
	asBase64      // with the URL alphabet replaced
)

// A form is how a secret could stand in a text, and how many characters six
// bytes of it take at least.
type form struct {
	text   string
	view   view
	window int
}

func formsOf(secret []byte) []form {
	list := []form{
		{string(secret), asIs, 6},
		{hex.EncodeToString(secret), asHex, 12},
		{fmt.Sprintf("% x", secret), asHex, 17},
		{strings.Trim(fmt.Sprint(secret), "[]"), asList, 16},
		{fmt.Sprintf("% #x", secret), asList, 29},
	}
	for shift := range min(3, len(secret)) {
		list = append(list, form{base64.RawStdEncoding.EncodeToString(secret[shift:]), asBase64, 8})
	}
	return list
}
