// Package archtest has no code of its own: its tests hold the architecture of
// the module. They read every Go file, whatever its build constraints, and
// compare what it imports with the tables in tables_test.go: which room may
// import which, where the curves, the ciphers and the text encodings live, and
// what no shipped package may import at all, and which modules go.mod may name.
//
// A new room or a new edge is added to those tables, and nowhere else. Every
// rule is also run on small made-up graphs that break it.
package archtest
