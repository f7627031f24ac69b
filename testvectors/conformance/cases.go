package conformance

import (
	"io/fs"
	"path"
	"strings"

	"github.com/chappe-e2ee/chappe/testvectors"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/vector"
)

// Cases returns the vectors of libolm/ and keys/, in the order of their paths,
// and then the scenarios. A vector that is not for implementations of Olm
// itself ("applies": false) is a case that does not run.
func Cases() []Case {
	var list []Case
	for _, root := range []string{"libolm", "keys"} {
		_ = fs.WalkDir(testvectors.FS, root, func(p string, d fs.DirEntry, err error) error {
			if err == nil && path.Ext(p) == ".json" {
				list = append(list, vectorCase(p))
			}
			return err
		})
	}
	return append(list, scenarioCases()...)
}

// vectorCase returns the case of a file, which is embedded: what is wrong with
// it is wrong with the case.
func vectorCase(name string) Case {
	data, err := testvectors.FS.ReadFile(name)
	v, parse := vector.Parse(data)
	c := Case{ID: strings.TrimSuffix(name, ".json")}
	if err == nil && parse == nil {
		c.Description = v.Description
	}
	c.run = func(r *runner) {
		ok(err)
		ok(parse)
		if !v.Applies {
			fail("%w", &NotRunError{v.Reason})
		}
		r.vector(v)
	}
	return c
}

// vector runs a vector, whose operation must be known.
func (r *runner) vector(v *vector.Vector) {
	op, known := operations[v.Operation]
	check(known, "unknown operation %q", v.Operation)
	if err := vector.Run(v, func(c *call) { op(r, c) }); err != nil {
		fail("%w", err)
	}
}

// RunVectors returns a function that runs vectors, changed ones too, on one
// implementation. It returns what [Case.Run] does.
func RunVectors(i Implementation) func(v *vector.Vector) error {
	r := newRunner(i)
	return func(v *vector.Vector) error {
		return r.do(func(r *runner) { r.vector(v) })
	}
}

// Operations returns the names of the operations that [RunVectors] knows.
func Operations() []string {
	var list []string
	for name := range operations {
		list = append(list, name)
	}
	return list
}
