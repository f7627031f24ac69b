// Package conformance runs the conformance suite of package testvectors on
// libolm, goolm and vodozemac. What they fail is in reviewed lists, each with its reason.
package conformance
