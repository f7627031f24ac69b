// Command benchtable is a program among the internal packages.
package main

import (
	"bytes"
	_ "encoding/hex"
	_ "math/rand"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

type state struct{ key [32]byte }

func main() {
	var a, b state
	defer secret.Wipe(a.key[:])
	c := a
	_ = bytes.Equal(a.key[:], b.key[:])
	_ = c == a
}
