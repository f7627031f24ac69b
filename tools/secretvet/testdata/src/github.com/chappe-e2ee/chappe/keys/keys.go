package keys

import (
	_ "crypto/rand"
	_ "encoding/base32" // want `import of encoding/base32: it looks symbols up in tables`
	_ "encoding/base64" // want `import of encoding/base64: .* internal/ct64 for secrets`
	_ "encoding/hex"    // want `import of encoding/hex`
	_ "math/rand"       // want `import of math/rand: randomness is crypto/rand`
	_ "math/rand/v2"    // want `import of math/rand/v2`
	_ "unsafe"          // want `import of unsafe: memory safety is the compiler's`
)

//go:linkname fast runtime.fastrand // want `go:linkname: memory safety`
func fast() uint32
