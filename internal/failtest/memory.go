package failtest

import (
	"runtime"
	"runtime/metrics"
	"testing"
)

// quick calls f and returns how much was allocated meanwhile: by the whole
// program, and in steps of whole spans. It is cheap, and never too small by more
// than a span.
func quick(t testing.TB, f func() error) (uint64, error) {
	t.Helper()
	start := allocations()
	err := Guarded(t, f)
	return allocations() - start, err
}

func allocations() uint64 {
	sample := [1]metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample[:])
	return sample[0].Value.Uint64()
}

// Allocated calls f and returns how many bytes were allocated meanwhile, and its
// error. Other goroutines seldom run beside it, and count when they do.
func Allocated(t testing.TB, f func() error) (uint64, error) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	runtime.Gosched() // a whole time slice, so that others seldom run before the end
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := Guarded(t, f)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, err
}
