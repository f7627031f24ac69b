// Package parallel spreads independent work over goroutines that end with the
// call.
package parallel

import (
	"sync"
	"sync/atomic"
)

// Do calls do for 0 to n-1, on a number of goroutines, and returns when
// all of them have ended. A panic of do is passed on.
func Do(n, workers int, do func(i int)) {
	if workers = min(workers, n); workers <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var group sync.WaitGroup
	var once sync.Once
	var reason any
	for range workers {
		group.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					next.Store(int64(n))
					once.Do(func() { reason = r })
				}
			}()
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	group.Wait()
	if reason != nil {
		panic(reason)
	}
}
