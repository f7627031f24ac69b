// Command secretvet holds the module to its rules about secrets. It is a tool
// for go vet; from the root of the module, run
//
//	go vet -vettool="$(go -C tools tool -n secretvet)" ./...
//
// secretcompare forbids comparisons of secrets whose time depends on what they
// find, statecopy forbids copies of ratchets and other stateful values, and
// secretimport forbids what would let a secret out or be no secret at all:
// encoding/base64, encoding/hex, math/rand, unsafe. Tests, programs and what
// only they use are free. Exceptions stand in tables.go, by function and with
// the reason; a comment in the code makes none.
package main

import "golang.org/x/tools/go/analysis/unitchecker"

func main() {
	unitchecker.Main(compareAnalyzer(mayCompare), copyAnalyzer(mayCopy), importAnalyzer)
}
