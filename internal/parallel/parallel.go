// Package parallel spreads independent work over goroutines that end with the
// call.
package parallel

import (
	"sync"
	"sync/atomic"
)

// Do calls do for 0 to n-1, on a number of goroutines, and returns when
// all of them have ended. A panic of do is passed on.
func Do(n, workers int, do func(i int)) { Start(n, workers, do)() }

// Start is [Do] for a caller that has something to do meanwhile. It returns at
// once, with one goroutine fewer at work, and the caller takes that one's place
// when it calls finish, which it must.
func Start(n, workers int, do func(i int)) (finish func()) {
	var next atomic.Int64
	var group sync.WaitGroup
	var once sync.Once
	var reason any
	work := func() {
		defer func() {
			if r := recover(); r != nil {
				next.Store(int64(n))
				once.Do(func() { reason = r })
			}
		}()
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			do(i)
		}
	}
	for range min(workers, n) - 1 {
		group.Go(work)
	}
	return func() {
		work()
		group.Wait()
		if reason != nil {
			panic(reason)
		}
	}
}
