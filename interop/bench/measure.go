package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
)

const (
	batchTime = 2 * time.Millisecond
	maxRuns   = 2048
)

// sample is what one batch took, for one run. Times are in seconds.
type sample struct{ seconds, allocs, bytes float64 }

// contestant is one implementation of an operation in the course of its rounds.
type contestant struct {
	name    string
	runs    int
	batch   func(n int) (sample, error)
	samples []sample
}

// result is the median of an implementation's samples. ratio is the median over
// the rounds of its time through chappe's time in the same round.
type result struct{ seconds, allocs, bytes, ratio float64 }

// row is what was measured of an operation, by implementation.
type row struct {
	operation
	results map[string]result
}

// batch times n runs, from a collected heap. What the collector does in that
// time counts.
func (t task) batch(n int) (sample, error) {
	t.ready(n)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	for i := range n {
		t.run(i)
	}
	seconds := time.Since(start).Seconds()
	runtime.ReadMemStats(&after)
	return sample{
		seconds / float64(n),
		float64(after.Mallocs-before.Mallocs) / float64(n),
		float64(after.TotalAlloc-before.TotalAlloc) / float64(n),
	}, t.check()
}

// contestants makes and checks an operation with each implementation that has it.
func contestants(op operation, v *vodozemac) ([]*contestant, error) {
	var list []*contestant
	for _, l := range libraries() {
		if op.chappeOnly && l.name() != "chappe" {
			continue
		}
		list = append(list, &contestant{name: l.name(), batch: op.make(l).batch})
	}
	known, err := v.makes(op)
	if err != nil {
		return nil, err
	}
	if known {
		list = append(list, &contestant{name: "vodozemac", batch: func(n int) (sample, error) { return v.batch(op.name, n) }})
	}
	for _, c := range list {
		if err := c.calibrate(op); err != nil {
			return nil, fmt.Errorf("%s of %s: %w", op.name, c.name, err)
		}
	}
	return list, nil
}

// calibrate finds how many runs fill a batch.
func (c *contestant) calibrate(op operation) error {
	if op.runs > 0 {
		c.runs = op.runs
		_, err := c.batch(c.runs)
		return err
	}
	most := maxRuns
	if op.most > 0 {
		most = op.most
	}
	for n := 1; ; n = min(4*n, most) {
		s, err := c.batch(n)
		if err != nil {
			return err
		}
		if s.seconds*float64(n) >= batchTime.Seconds()/4 || n == most {
			c.runs = min(max(int(math.Ceil(batchTime.Seconds()/s.seconds)), 1), most)
			return nil
		}
	}
}

// measure times all operations, on one core. In each round all implementations of
// an operation follow one another, each round beginning with another one.
func measure(chosen []operation, v *vodozemac, rounds int) ([]row, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	all := make([][]*contestant, len(chosen))
	for i, op := range chosen {
		var err error
		if all[i], err = contestants(op, v); err != nil {
			return nil, err
		}
	}
	for round := range rounds {
		for i, list := range all {
			for j := range list {
				c := list[(round+j)%len(list)]
				s, err := c.batch(c.runs)
				if err != nil {
					return nil, fmt.Errorf("%s of %s: %w", chosen[i].name, c.name, err)
				}
				c.samples = append(c.samples, s)
			}
		}
	}
	var rows []row
	for i, list := range all {
		rows = append(rows, row{chosen[i], results(list)})
	}
	return rows, nil
}

// results sums contestants up. The first of them is chappe.
func results(list []*contestant) map[string]result {
	m := map[string]result{}
	for _, c := range list {
		pick := func(f func(i int, s sample) float64) float64 {
			var values []float64
			for i, s := range c.samples {
				values = append(values, f(i, s))
			}
			return median(values)
		}
		m[c.name] = result{
			seconds: pick(func(_ int, s sample) float64 { return s.seconds }),
			allocs:  pick(func(_ int, s sample) float64 { return s.allocs }),
			bytes:   pick(func(_ int, s sample) float64 { return s.bytes }),
			ratio:   pick(func(i int, s sample) float64 { return s.seconds / list[0].samples[i].seconds }),
		}
	}
	return m
}

func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[n/2] + values[(n-1)/2]) / 2
}
