package conformance

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/chappe-e2ee/chappe/testvectors/conformance/vector"
)

// Serve answers the lines in r for an implementation, on w, until r ends: it is
// the program at the other end of [Lines], and what README.md describes in
// another language, in Go.
func Serve(r io.Reader, w io.Writer, i Implementation) error {
	s := &server{i: i, objects: make(map[uint64]any)}
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLine)
	for in.Scan() {
		line, err := json.Marshal(s.answer(in.Bytes()))
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return in.Err()
}

// server holds the objects of a program by their numbers.
type server struct {
	i       Implementation
	objects map[uint64]any
	last    uint64
}

func (s *server) answer(line []byte) response {
	var q request
	if err := vector.Unmarshal(line, &q); err != nil {
		return response{Error: &RemoteError{Text: "not a request: " + err.Error()}}
	}
	var result values
	err := vector.Catch(func() { result = s.serve(q) })
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return response{ID: q.ID, Unsupported: err.Error()}
	case err != nil:
		e := &RemoteError{Text: err.Error(), Classes: s.i.Classes(err)}
		if n, there := s.i.(Numbers); there {
			e.Numbers = n.ErrorNumbers(err)
		}
		return response{ID: q.ID, Error: e}
	}
	return response{ID: q.ID, Result: result}
}

// serve makes the call of a request. It fails with the error of the call.
func (s *server) serve(q request) values {
	f, known := services[q.Call]
	if !known {
		fail("%w: no call %q", errors.ErrUnsupported, q.Call)
	}
	return f(s, q.Object, vector.NewMembers("args", q.Args))
}

// keep returns the number of a new object.
func (s *server) keep(object any, err error) values {
	refuse(err)
	s.last++
	s.objects[s.last] = object
	return values{"object": s.last}
}

// object returns what a call is to be made of, as a type or capability.
func object[O any](s *server, id uint64) O {
	v, there := s.objects[id]
	check(there, "no object %d", id)
	return supported[O](v)
}

func supported[C any](v any) C {
	c, there := v.(C)
	if !there {
		fail("%w by this implementation", errors.ErrUnsupported)
	}
	return c
}

// refuse ends a call that failed, with its error as it is.
func refuse(err error) {
	if err != nil {
		fail("%w", err)
	}
}

// one returns the only result of a call.
func one[V any](name string, v V, err error) values {
	refuse(err)
	return values{}.with(name, v)
}

func none(err error) values {
	refuse(err)
	return nil
}

// A service makes one call.
type service func(s *server, id uint64, in *members) values

// of returns a service of objects of a type.
func of[O any](f func(o O, in *members) values) service {
	return func(s *server, id uint64, in *members) values { return f(object[O](s, id), in) }
}

// can returns a service of implementations that have a capability.
func can[C any](f func(c C, in *members) values) service {
	return func(s *server, _ uint64, in *members) values { return f(supported[C](s.i), in) }
}

// maker returns a service of an implementation that makes an object.
func maker[C, O any](f func(c C, in *members) (O, error)) service {
	return func(s *server, _ uint64, in *members) values {
		o, err := f(supported[C](s.i), in)
		return s.keep(o, err)
	}
}

var services = merge(objectServices, functionServices)

func merge(a, b map[string]service) map[string]service {
	all := maps.Clone(a)
	for name, f := range b {
		if all[name] != nil {
			panic(fmt.Sprintf("internal error: two services %q", name))
		}
		all[name] = f
	}
	return all
}
