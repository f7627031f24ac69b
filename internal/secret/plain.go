//go:build !goexperiment.runtimesecret

package secret

// Erased says whether the runtime erases what a function that runs in [Do]
// leaves behind.
const Erased = false

// Do calls f. In a build with GOEXPERIMENT=runtimesecret, on linux/amd64 and
// linux/arm64, the runtime erases what f leaves in registers and on the stack,
// and what it allocated as soon as the collector finds it dead. In any other
// build it is the call alone, without an allocation.
func Do(f func()) { f() }

// Call is [Do] for a function with a result.
func Call[T any](f func() (T, error)) (T, error) { return f() }
