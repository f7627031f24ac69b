package conformance

import (
	"bufio"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/testvectors/conformance/vector"
)

// maxLine is the length of the longest line in bytes, without its end.
const maxLine = 1 << 24

// A request asks for a call, of an object unless it is 0.
type request struct {
	ID     uint64 `json:"id"`
	Call   string `json:"call"`
	Object uint64 `json:"object,omitempty"`
	Args   values `json:"args"`
}

// A response has one of Result, Error and Unsupported.
type response struct {
	ID          uint64       `json:"id"`
	Result      values       `json:"result,omitempty"`
	Error       *RemoteError `json:"error,omitempty"`
	Unsupported string       `json:"unsupported,omitempty"`
}

// values are arguments and results by name: those whose name ends in _hex are
// bytes, and so is a text that is no UTF-8, under its name and _hex.
type values map[string]any

// with adds bytes or a text.
func (v values) with(name string, value any) values {
	switch value := value.(type) {
	case []byte:
		v[name] = hex.EncodeToString(value)
	case string:
		if utf8.ValidString(value) {
			v[name] = value
		} else {
			v[name+"_hex"] = hex.EncodeToString([]byte(value))
		}
	default:
		v[name] = value
	}
	return v
}

// text returns what with added for a text.
func text(m *members, name string) string {
	if m.Has(name + "_hex") {
		return string(m.Bytes(name + "_hex"))
	}
	return m.Text(name)
}

// RemoteError is the error of a call that a program behind [Lines] made.
type RemoteError struct {
	Text    string            `json:"text"`
	Classes []string          `json:"classes,omitempty"`
	Numbers map[string]uint32 `json:"numbers,omitempty"`
}

func (e *RemoteError) Error() string { return e.Text }

// Lines is an implementation in another program, which answers calls in lines of
// JSON as README.md describes. What the program says it does not support is not
// supported here. It is for one goroutine at a time.
type Lines struct {
	in     *bufio.Scanner
	out    io.Writer
	id     uint64
	name   string
	broken error // after which no line makes sense
}

// NewLines greets the program that reads w and writes r. The caller starts it,
// and ends it.
func NewLines(r io.Reader, w io.Writer) (*Lines, error) {
	l := &Lines{in: bufio.NewScanner(r), out: w}
	l.in.Buffer(nil, maxLine)
	var err error
	l.name, err = ask(l, 0, "name", nil, func(m *members) string { return m.Text("name") })
	return l, err
}

// call sends a request and returns the result.
func (l *Lines) call(object uint64, call string, args values) (*members, error) {
	if l.broken != nil {
		return nil, l.broken
	}
	r, err := l.exchange(object, call, args)
	if err != nil {
		l.broken = fmt.Errorf("conformance: the program does not answer %s as it should: %w", call, err)
		return nil, l.broken
	}
	switch {
	case r.Unsupported != "":
		return nil, fmt.Errorf("%w: %s", errors.ErrUnsupported, r.Unsupported)
	case r.Error != nil:
		return nil, r.Error
	}
	return vector.NewMembers("result of "+call, r.Result), nil
}

func (l *Lines) exchange(object uint64, call string, args values) (r response, err error) {
	if args == nil {
		args = values{}
	}
	l.id++
	line, err := json.Marshal(request{l.id, call, object, args})
	if err != nil {
		return r, err
	}
	if _, err := l.out.Write(append(line, '\n')); err != nil {
		return r, err
	}
	if !l.in.Scan() {
		return r, cmp.Or(l.in.Err(), error(io.ErrUnexpectedEOF))
	}
	if err := vector.Unmarshal(l.in.Bytes(), &r); err != nil {
		return r, err
	}
	said := 0
	for _, there := range []bool{r.Result != nil, r.Error != nil, r.Unsupported != ""} {
		if there {
			said++
		}
	}
	if r.ID != l.id || said > 1 {
		return r, fmt.Errorf("answered %q", l.in.Bytes())
	}
	return r, nil
}

// ask makes a call and reads its result.
func ask[V any](l *Lines, object uint64, call string, args values, read func(*members) V) (v V, err error) {
	m, err := l.call(object, call, args)
	if err != nil {
		return v, err
	}
	return v, vector.Catch(func() { v = read(m) })
}

// tell makes a call that has no result.
func (l *Lines) tell(object uint64, call string, args values) error {
	_, err := l.call(object, call, args)
	return err
}

// make makes a call that returns an object.
func (l *Lines) make(object uint64, call string, args values) (remote, error) {
	id, err := ask(l, object, call, args, func(m *members) uint64 { return uint64(m.Number("object")) })
	return remote{l, id}, err
}

// remote is an object in the program.
type remote struct {
	l  *Lines
	id uint64
}

func (r remote) text(call, name string) (string, error) {
	return ask(r.l, r.id, call, nil, func(m *members) string { return text(m, name) })
}

func (r remote) number(call, name string) (uint32, error) {
	return ask(r.l, r.id, call, nil, func(m *members) uint32 { return m.Number(name) })
}

func (r remote) boolean(call, name string, args values) (bool, error) {
	return ask(r.l, r.id, call, args, func(m *members) bool { return m.Boolean(name) })
}

func (r remote) pickle(call string, key []byte) ([]byte, error) {
	return ask(r.l, r.id, call, values{}.with("key_hex", key), func(m *members) []byte { return []byte(text(m, "pickle")) })
}

// Save implements [Saver].
func (r remote) Save() ([]byte, error) {
	return ask(r.l, r.id, "save", nil, func(m *members) []byte { return m.Bytes("saved_hex") })
}

// Name implements [Implementation].
func (l *Lines) Name() string { return l.name }

// Classes implements [Implementation].
func (l *Lines) Classes(err error) []string {
	if e, there := errors.AsType[*RemoteError](err); there {
		return e.Classes
	}
	return nil
}

// ErrorNumbers implements [Numbers].
func (l *Lines) ErrorNumbers(err error) map[string]uint32 {
	if e, there := errors.AsType[*RemoteError](err); there {
		return e.Numbers
	}
	return nil
}
