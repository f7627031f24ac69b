package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
)

const (
	operationBatch = 1500 * time.Microsecond
	primitiveBatch = 300 * time.Microsecond
	maxRuns        = 1 << 14
)

// row is what was measured of an operation. Times are in seconds.
type row struct {
	operation
	library, floor         float64
	ratio, difference      float64
	allocs, bytes          float64 // of the library, for one run
	floorAllocs, floorSize float64
	sum                    float64 // of its primitives
}

// sample is what one batch took, for one run.
type sample struct{ seconds, allocs, bytes float64 }

// batch runs a side n times.
func (s side) batch(n int) sample {
	s.ready(n)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	for i := range n {
		s.run(i)
	}
	seconds := time.Since(start).Seconds()
	runtime.ReadMemStats(&after)
	return sample{
		seconds / float64(n),
		float64(after.Mallocs-before.Mallocs) / float64(n),
		float64(after.TotalAlloc-before.TotalAlloc) / float64(n),
	}
}

// time runs a primitive n times, after once more to warm it, and returns the
// seconds of one.
func (p primitive) time(n int) float64 {
	p.run()
	start := time.Now()
	for range n {
		p.run()
	}
	return time.Since(start).Seconds() / float64(n)
}

// runsFor returns how many runs fill a batch, given what one takes among n.
func runsFor(seconds func(n int) float64, batch time.Duration) int {
	for n := 1; ; n = min(4*n, maxRuns) {
		t := seconds(n)
		if t*float64(n) >= batch.Seconds()/2 || n == maxRuns {
			return min(max(int(math.Ceil(batch.Seconds()/t)), 1), maxRuns)
		}
	}
}

// subject is an operation in the course of its rounds.
type subject struct {
	operation
	pair
	runs           int
	library, floor []sample
}

// measure checks that all operations agree with their floors, then times them
// and the primitives, round after round.
func measure(chosen []operation, rounds int) ([]row, costs, error) {
	var subjects []*subject
	for _, op := range chosen {
		p := op.make()
		if err := p.agree(); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", op.name, err)
		}
		seconds := func(n int) float64 { return p.floor.batch(n).seconds }
		subjects = append(subjects, &subject{operation: op, pair: p, runs: runsFor(seconds, operationBatch)})
	}
	primitives := fixedPrimitives()
	for _, n := range sizes {
		primitives = append(primitives, sizedPrimitives(n)...)
	}
	times := make([][]float64, len(primitives))
	runs := make([]int, len(primitives))
	for i, p := range primitives {
		runs[i] = runsFor(p.time, primitiveBatch)
	}
	for round := range rounds {
		for _, s := range subjects {
			s.round(round%2 == 1)
		}
		for i, p := range primitives {
			times[i] = append(times[i], p.time(runs[i]))
		}
	}
	c := costs{}
	for i, p := range primitives {
		if c[p.name] == nil {
			c[p.name] = map[int]float64{}
		}
		c[p.name][p.size] = median(times[i])
	}
	var rows []row
	for _, s := range subjects {
		rows = append(rows, s.row(c))
	}
	return rows, c, nil
}

// round runs both sides, in one order or the other.
func (s *subject) round(floorFirst bool) {
	runtime.GC()
	if floorFirst {
		s.floor = append(s.floor, s.pair.floor.batch(s.runs))
	}
	s.library = append(s.library, s.pair.library.batch(s.runs))
	if !floorFirst {
		s.floor = append(s.floor, s.pair.floor.batch(s.runs))
	}
}

func (s *subject) row(c costs) row {
	r := row{operation: s.operation, sum: c.sum(s.parts)}
	pick := func(list []sample, f func(sample) float64) float64 {
		var values []float64
		for _, x := range list {
			values = append(values, f(x))
		}
		return median(values)
	}
	seconds := func(x sample) float64 { return x.seconds }
	allocs := func(x sample) float64 { return x.allocs }
	size := func(x sample) float64 { return x.bytes }
	r.library, r.floor = pick(s.library, seconds), pick(s.floor, seconds)
	r.allocs, r.floorAllocs = pick(s.library, allocs), pick(s.floor, allocs)
	r.bytes, r.floorSize = pick(s.library, size), pick(s.floor, size)
	var ratios, differences []float64
	for i := range s.library {
		ratios = append(ratios, s.library[i].seconds/s.floor[i].seconds)
		differences = append(differences, s.library[i].seconds-s.floor[i].seconds)
	}
	r.ratio, r.difference = median(ratios), median(differences)
	return r
}

func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[n/2] + values[(n-1)/2]) / 2
}

// Limits of the verdict.
const (
	longOperation = 20e-6 // seconds, by the library's time
	maxRatio      = 1.15
	maxDifference = 1.5e-6 // seconds
)

// verdict says whether the operation is as near to its floor as it must be.
func (r row) verdict() string {
	switch {
	case r.chain && math.Round(r.allocs) > maxChainAllocs:
		return fmt.Sprintf("MISS: over %d allocations", maxChainAllocs)
	case r.library >= longOperation && r.ratio > maxRatio:
		return fmt.Sprintf("MISS: over %.2f", maxRatio)
	case r.library < longOperation && r.difference > maxDifference:
		return fmt.Sprintf("MISS: over %.1f us", maxDifference*1e6)
	}
	return "ok"
}
