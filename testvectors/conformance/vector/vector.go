// Package vector reads the files of package testvectors and runs them so that
// nothing in them is passed over.
//
// An [Operation] takes its inputs from a [Call] and compares what comes out.
// [Run] then demands that each member of the file was looked at. Package
// conformance has the operations; use this package to write others.
package vector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
)

// Vector is one file. README.md of package testvectors says what the members
// mean.
type Vector struct {
	ID          string         `json:"id"`
	Area        string         `json:"area"`
	Operation   string         `json:"operation"`
	Description string         `json:"description"`
	Source      string         `json:"source"`
	Kind        string         `json:"kind"`
	Applies     bool           `json:"applies"`
	Reason      string         `json:"reason"`
	Result      string         `json:"result"`
	Error       string         `json:"error"`
	LibolmError string         `json:"libolm_error"`
	Differs     string         `json:"differs"`
	Inputs      map[string]any `json:"inputs"`
	Expected    map[string]any `json:"expected"`

	File map[string]any `json:"-"` // the whole file, as it was read
}

// header lists the members that a file may have, in the order in which they
// stand; those with true must be there.
var header = []struct {
	name   string
	always bool
}{
	{"id", true}, {"area", true}, {"operation", true}, {"description", true}, {"source", true},
	{"kind", true}, {"applies", true}, {"reason", false}, {"result", true}, {"error", false},
	{"libolm_error", false}, {"differs", false}, {"inputs", true}, {"expected", true},
}

// Parse reads a file. Unknown, repeated and missing members of the header are
// errors; those of inputs and expected are found by running the vector.
// Numbers become [json.Number].
func Parse(data []byte) (*Vector, error) {
	if _, err := Canonical(data); err != nil {
		return nil, err
	}
	v := new(Vector)
	if err := Unmarshal(data, &v.File); err != nil {
		return nil, err
	}
	// encoding/json would take "ID" for "id".
	for name := range v.File {
		if !slices.ContainsFunc(header, func(h struct {
			name   string
			always bool
		}) bool {
			return h.name == name
		}) {
			return nil, fmt.Errorf("vector: unknown member %q", name)
		}
	}
	for _, h := range header {
		if _, ok := v.File[h.name]; h.always && !ok {
			return nil, fmt.Errorf("vector: member %q is missing", h.name)
		}
	}
	return v, Unmarshal(data, v)
}

// Unmarshal reads JSON with numbers as [json.Number].
func Unmarshal(data []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(to)
}

// An Operation runs a vector: it takes every input, makes the calls, and
// compares every expected member. It ends early by calling [Fail].
type Operation func(c *Call)

// Call is one run of one vector.
type Call struct {
	In, Out *Members
	class   string // the vector's error
	asked   bool   // whether class was used
}

// ErrorClass returns the class of the vector's own error.
func (c *Call) ErrorClass() string {
	c.asked = true
	return c.class
}

// Tamper replaces one character of a text, as the input "tamper" says.
func (c *Call) Tamper(text string) string {
	t := c.In.Object("tamper")
	n, r := t.Number("offset"), t.Text("replacement_utf8")
	Check(uint64(n) < uint64(len(text)) && len(r) == 1, "%s: does not fit the text", t.path)
	return text[:n] + r + text[n+1:]
}

// Run runs a vector and returns what is wrong: a value that differs, a call that
// failed or did not fail, a member that is missing or that nothing looks at. A
// panic is returned as a [*Defect].
func Run(v *Vector, op Operation) error {
	return Catch(func() {
		Check(v.Result == "valid" || v.Result == "invalid", "unknown result %q", v.Result)
		c := &Call{In: NewMembers("inputs", v.Inputs), Out: NewMembers("expected", v.Expected), class: v.Error}
		op(c)
		c.In.end()
		c.Out.end()
		Check(c.asked == (v.Result == "invalid") && c.asked == (v.Error != ""),
			"result %q and error %q do not fit the operation", v.Result, v.Error)
	})
}

// failure is how an operation ends when something is wrong.
type failure struct{ error }

// Defect is a panic of the implementation or of the operation.
type Defect struct {
	Value any
	Stack string
}

func (d *Defect) Error() string { return fmt.Sprintf("panic: %v\n%s", d.Value, d.Stack) }

// Catch calls f and returns what it failed with, see [Fail], or a [*Defect].
func Catch(f func()) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case failure:
			err = p.error
		default:
			stack := make([]byte, 1<<14)
			err = &Defect{p, string(stack[:runtime.Stack(stack, false)])}
		}
	}()
	f()
	return nil
}

// Fail ends what [Run] or [Catch] has called. The arguments are those of
// [fmt.Errorf].
func Fail(format string, a ...any) { panic(failure{fmt.Errorf(format, a...)}) }

// Check fails unless ok.
func Check(ok bool, format string, a ...any) {
	if !ok {
		Fail(format, a...)
	}
}

// Must returns the result of a call that must succeed.
func Must[T any](v T, err error) T {
	OK(err)
	return v
}

// OK demands that a call succeeded.
func OK(err error) {
	if err != nil {
		Fail("unexpected error: %w", err)
	}
}
