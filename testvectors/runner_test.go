package testvectors_test

import (
	"errors"
	"io/fs"
	"path"
	"testing"

	"github.com/chappe-e2ee/chappe/testvectors"
	"github.com/chappe-e2ee/chappe/testvectors/conformance"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/chappe"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/vector"
)

type call = vector.Call

var (
	check = vector.Check
	ok    = vector.OK
)

func must[T any](v T, err error) T { return vector.Must(v, err) }

// ours is this module as package conformance sees it.
var ours = new(chappe.Replaying)

// conform runs a vector as package conformance does, and remembers what takes
// long.
var conform = conformance.RunVectors(ours)

// conforming are the operations that package conformance knows.
var conforming = func() map[string]bool {
	names := make(map[string]bool)
	for _, name := range conformance.Operations() {
		names[name] = true
	}
	return names
}()

// run runs a vector and returns what is wrong with it. A panic, and a vector of
// which this module lacks something, is a *vector.Defect.
func run(v *vector.Vector) error {
	op, known := operations[v.Operation]
	if conforming[v.Operation] || !known {
		err := conform(v)
		if missing, lacks := errors.AsType[*conformance.NotRunError](err); lacks {
			return &vector.Defect{Value: missing}
		}
		if err != nil || !known {
			return err
		}
	}
	stop := keepRandom()
	defer stop()
	return vector.Run(v, op)
}

// files returns the paths of all vectors below one of the roots, in order.
func files(t testing.TB, root string) []string {
	t.Helper()
	var list []string
	err := fs.WalkDir(testvectors.FS, root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && path.Ext(p) == ".json" {
			list = append(list, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// load returns all vectors below the given roots.
func load(t testing.TB, roots ...string) []*vector.Vector {
	t.Helper()
	var list []*vector.Vector
	for _, root := range roots {
		for _, p := range files(t, root) {
			v, err := vector.Parse(readFile(t, p))
			if err != nil {
				t.Fatalf("%s: %v", p, err)
			}
			list = append(list, v)
		}
	}
	return list
}

// roots are the folders that hold vectors.
var roots = []string{"libolm", "sealed", "keys", "vodozemac"}
