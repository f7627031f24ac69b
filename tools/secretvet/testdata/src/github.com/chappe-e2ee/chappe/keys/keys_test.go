package keys

import (
	_ "encoding/hex"
	_ "math/rand"
)
