// Package hextest is for tests only.
package hextest

import (
	_ "encoding/hex"
	_ "math/rand/v2"
)
