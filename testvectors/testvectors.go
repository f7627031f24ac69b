// Package testvectors holds known answers for Olm, Megolm and what belongs to
// them, as data: JSON files in a documented, language-neutral form.
//
// One file is one vector, and one vector is one behaviour. README.md describes
// every operation well enough to write a runner in any language without
// reading Go; schema.json describes the form of the files to a program. Both
// are embedded beside the vectors.
//
// libolm/ holds what was taken from libolm. sealed/ holds values in the form in
// which this module stores them, and a page that describes it. keys/ holds
// public keys and signatures that not everybody accepts. vodozemac/ holds
// pickles and dehydrated devices that vodozemac made.
//
// The package has no more than [FS]; package conformance below it runs these
// vectors on an implementation. Walk it with [io/fs.WalkDir], or read one vector:
//
//	data, err := testvectors.FS.ReadFile("libolm/session/loopback.json")
//
// The file names are stable. A vector is never changed in a way that turns a
// right implementation into a wrong one; new vectors come as new files.
package testvectors

import "embed"

// FS holds README.md, schema.json and the vectors as libolm/<area>/<id>.json,
// sealed/<id>.json, keys/<id>.json and vodozemac/<id>.json, the last three with
// a README.md of their own. Paths use forward slashes on every system.
//
//go:embed README.md schema.json libolm sealed keys vodozemac
var FS embed.FS
