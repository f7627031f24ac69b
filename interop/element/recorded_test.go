package element

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// alteration is a flip of the lowest bit of one byte in what a file holds, and
// what becomes of it in the peer.
type alteration struct {
	What string   `json:"what"`
	Path []string `json:"path,omitempty"` // members, to a text in base64
	At   int      `json:"at"`             // byte of what the text stands for
	// Element is what the peer says.
	Element string `json:"element"`
}

// flipped returns base64 with one bit flipped, padded if it was.
func flipped(t testing.TB, text string, at int) string {
	encoding := base64.RawStdEncoding
	if len(text)%4 == 0 && text[len(text)-1] == '=' {
		encoding = base64.StdEncoding
	}
	raw := must(encoding.DecodeString(text))
	holds(t, "the byte is there", at < len(raw))
	raw[at] ^= 1
	return encoding.EncodeToString(raw)
}

// apply returns a document with the alteration.
func (a alteration) apply(t testing.TB, document json.RawMessage) json.RawMessage {
	t.Helper()
	root := decode[object](t, document)
	in := root
	for _, name := range a.Path[:len(a.Path)-1] {
		in = in[name].(object)
	}
	last := a.Path[len(a.Path)-1]
	in[last] = flipped(t, in[last].(string), a.At)
	return encode(t, root)
}

// recorded holds a file of vectors against the peer: what judge writes into it
// must be what stands there. With INTEROP_RECORD, the file is made.
func recorded[T any](t *testing.T, name string, make func() *T, judge func(*T)) {
	t.Helper()
	file := filepath.Join("..", "..", filepath.FromSlash(name))
	var v *T
	recording := os.Getenv("INTEROP_RECORD") != ""
	if recording {
		v = make()
	} else {
		v = new(T)
		check(t, json.Unmarshal(must(os.ReadFile(file)), v))
	}
	judge(v)
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "\t")
	check(t, e.Encode(v))
	if recording {
		check(t, os.MkdirAll(filepath.Dir(file), 0o777))
		check(t, os.WriteFile(file, text.Bytes(), 0o666))
	}
	if !bytes.Equal(text.Bytes(), must(os.ReadFile(file))) {
		t.Errorf("%s is not what the peer says now: INTEROP_RECORD=1 makes it anew\n%s", name, text.Bytes())
	}
}

// said is what the peer says of something altered: "taken", or its error.
func saidOf(err error) string {
	if err == nil {
		return "taken"
	}
	return err.Error()
}
