package parallel_test

import (
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/parallel"
)

// Every item is done once, whatever the number of workers.
func TestDo(t *testing.T) {
	for _, n := range []int{0, 1, 2, 100} {
		for _, workers := range []int{-1, 0, 1, 2, 7, 1000} {
			done := make([]atomic.Int32, n)
			parallel.Do(n, workers, func(i int) { done[i].Add(1) })
			for i := range done {
				require.Equal(t, int32(1), done[i].Load(), "item %d of %d, %d workers", i, n, workers)
			}
		}
	}
}

// A panic is passed on, and no goroutine is left.
func TestDoPanics(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, workers := range []int{1, 4} {
		require.PanicsWithValue(t, "item 3", func() {
			parallel.Do(100, workers, func(i int) {
				if i == 3 {
					panic("item 3")
				}
			})
		})
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}
