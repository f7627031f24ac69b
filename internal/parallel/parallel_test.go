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
	// A goroutine that is done is counted for another moment.
	for i := 0; i < 1e6 && runtime.NumGoroutine() > before; i++ {
		runtime.Gosched()
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}

// What is started goes on while the caller does something else, and the caller
// takes part in the rest when it finishes.
func TestStart(t *testing.T) {
	for _, workers := range []int{-1, 1, 2, 7} {
		var done [20]atomic.Int32
		ahead := make(chan struct{})
		finish := parallel.Start(len(done), workers, func(i int) {
			done[i].Add(1)
			if i == 0 && workers > 1 {
				close(ahead)
			}
		})
		if workers > 1 {
			<-ahead // before finish
		} else {
			require.Zero(t, done[0].Load())
		}
		finish()
		for i := range done {
			require.Equal(t, int32(1), done[i].Load(), "item %d, %d workers", i, workers)
		}
	}
}

// A panic waits for the caller.
func TestStartPanics(t *testing.T) {
	finish := parallel.Start(100, 4, func(int) { panic("an item") })
	require.PanicsWithValue(t, "an item", finish)
}
