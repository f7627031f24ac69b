// Package testvectors holds known answers for Olm, Megolm and what belongs to
// them, as data: JSON files in a documented, language-neutral form.
//
// One file is one vector, and one vector is one behaviour. README.md describes
// every operation well enough to write a runner in any language without
// reading Go; schema.json describes the form of the files to a program. Both
// are embedded beside the vectors.
//
// [FS] is all there is. Walk libolm/ with [io/fs.WalkDir], or read one vector
// by its area and id:
//
//	data, err := testvectors.FS.ReadFile("libolm/session/loopback.json")
//
// The file names are stable. A vector is never changed in a way that turns a
// right implementation into a wrong one; new vectors come as new files.
package testvectors

import "embed"

// FS holds README.md, schema.json and the vectors as
// libolm/<area>/<id>.json. Paths use forward slashes on every system.
//
//go:embed README.md schema.json libolm
var FS embed.FS
