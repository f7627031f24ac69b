//go:build goexperiment.runtimesecret

package secret

import (
	"runtime"
	"runtime/secret"
)

// Erased says whether the runtime erases what a function that runs in [Do]
// leaves behind.
const Erased = runtime.GOOS == "linux" && (runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64")

// Do calls f. The runtime erases what f leaves in registers and on the stack,
// and what it allocated as soon as the collector finds it dead.
func Do(f func()) { secret.Do(f) }

// Call is [Do] for a function with a result.
func Call[T any](f func() (T, error)) (v T, err error) {
	secret.Do(func() { v, err = f() })
	return v, err
}
