package testvectors_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path"
	"testing"

	"github.com/chappe-e2ee/chappe/testvectors"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/vector"
)

// go test ./testvectors -update writes the files of sealed/ and keys/ that are
// not there. A file that is there is never written again: it is kept for ever,
// and the recipe has to give exactly its bytes.
var update = flag.Bool("update", false, "write generated vectors that are missing")

// recipe says how a file of ours is made.
type recipe struct {
	id, operation, description string
	inputs                     func(id string) []member
}

// member is a member of an object, with a value as jsonValue takes it.
type member struct {
	name  string
	value any
}

// stream is the random bytes that a recipe takes: SHA-256 over the id and a
// counter of 8 bytes, for as many blocks as are needed.
type stream struct {
	id      string
	counter uint64
	rest    []byte
}

func (s *stream) Read(p []byte) (int, error) {
	for i := range p {
		if len(s.rest) == 0 {
			block := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(s.id), s.counter))
			s.rest = block[:]
			s.counter++
		}
		p[i], s.rest = s.rest[0], s.rest[1:]
	}
	return len(p), nil
}

// bytesOf returns n bytes of a stream.
func bytesOf(id string, n int) []byte {
	b := make([]byte, n)
	(&stream{id: id}).Read(b)
	return b
}

// make makes the file.
func (r recipe) make(area string) (file []byte, err error) {
	err = vector.Catch(func() { file = r.mustMake(area) })
	return file, err
}

func (r recipe) mustMake(area string) []byte {
	stop := keepRandom()
	defer stop()
	rand.Reader = &stream{id: r.id}
	list := r.inputs(r.id)
	stop()

	inputs := make(map[string]any)
	for i := range list {
		list[i].value = vector.JSONValue(list[i].name, list[i].value)
		inputs[list[i].name] = list[i].value
	}
	order, made := vector.Make(inputs, operations[r.operation])
	var expected []member
	for _, name := range order {
		expected = append(expected, member{name, made[name]})
	}
	return must(vector.Canonical(object([]member{
		{"id", r.id}, {"area", area}, {"operation", r.operation}, {"description", r.description},
		{"source", "none (generated)"}, {"kind", "generated"}, {"applies", true}, {"result", "valid"},
		{"inputs", json.RawMessage(object(list))}, {"expected", json.RawMessage(object(expected))},
	})))
}

// object returns the JSON form of an object with its members in order.
func object(list []member) []byte {
	b := []byte{'{'}
	for i, m := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, must(json.Marshal(m.name))...), ':')
		b = append(b, must(json.Marshal(m.value))...)
	}
	return append(b, '}')
}

// TestGenerated makes every generated file anew and demands the same bytes.
func TestGenerated(t *testing.T) {
	for area, recipes := range map[string][]recipe{"sealed": sealedFiles, "keys": keyFiles()} {
		for _, r := range recipes {
			name := path.Join(area, r.id+".json")
			made, err := r.make(area)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			there, err := testvectors.FS.ReadFile(name)
			switch {
			case errors.Is(err, fs.ErrNotExist) && *update:
				if err := os.WriteFile(name, made, 0o644); err != nil {
					t.Error(err)
				}
			case err != nil:
				t.Error(err)
			case !bytes.Equal(there, made):
				t.Errorf("%s: the recipe gives another file:\n%s", name, made)
			}
		}
	}
}
