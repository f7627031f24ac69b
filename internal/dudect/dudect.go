// Package dudect looks for timing leaks by statistics, after Reparaz, Balasch
// and Verbauwhede, "Dude, is my code constant time?" (DATE 2017): an operation
// runs on inputs of two classes in random order, and Welch's t-test tells
// whether the two sets of times have different means. The test runs on all
// times, and again on those within each of a row of percentiles, since
// interrupts and the garbage collector spoil some.
//
// Two things are added for machines that others use at the same time. Times are
// relative to the median of the 50 around them, of both classes together, because
// the machine's speed drifts; percentiles are of the distance from it. And each
// input is measured 16 times in a row: the tests run on the first times, and on
// the fastest of each input.
//
// A great |t| proves a leak. A small one proves nothing: it says that this many
// measurements on this machine found none.
package dudect

import (
	"crypto/rand"
	"math"
	"slices"
	"time"
)

const (
	// Suspect is the |t| from which the means probably differ: at 4.5 chance
	// alone is below one in 100 000 for a single test. The tests of one operation
	// are 42, on overlapping times.
	Suspect = 4.5
	// Leak is the |t| from which they certainly do.
	Leak = 10
)

// A Class is one of the two sets of inputs.
type Class int

// classes is how many there are.
const classes = 2

// An Operation is what is measured. Both classes take the same path up to Run:
// their inputs are made beforehand, and copied to one place in memory.
type Operation struct {
	// Input returns an input of a class. All have one length.
	Input func(Class) []byte
	// Run does the work, on a copy of an input.
	Run func(input []byte)
}

// A Result is what the measurements of an operation gave.
type Result struct {
	N int // measurements in both classes together
	// T is the t-statistic of greatest absolute value.
	T float64
	// Difference is the second class's mean less the first's in the same test,
	// in nanoseconds.
	Difference float64
}

// Suspect says whether |t| reaches [Suspect].
func (r Result) Suspect() bool { return math.Abs(r.T) >= Suspect }

// Leaks says whether |t| reaches [Leak].
func (r Result) Leaks() bool { return math.Abs(r.T) >= Leak }

const (
	batch = 50 // measurements, over which the machine's speed hardly changes
	calls = 16 // of Run, in one measurement

	// MinMeasurements is the least number of measurements.
	MinMeasurements = 5000
)

// times are what one measurement gives, in nanoseconds: that of the first call of
// Run with an input, before any predictor has learned it, and that of the fastest
// of 16 calls, which is all but free of what else the machine does.
type times struct{ first, fastest float64 }

// Measure measures op n times, or [MinMeasurements] times when that is more,
// after a tenth as many measurements that only set the crops.
func Measure(op Operation, n int) Result {
	var place []byte
	return evaluate(n, func(c Class) func() times {
		input := op.Input(c)
		return func() times {
			place = append(place[:0], input...)
			return measure(op, place)
		}
	})
}

// measure takes the times of one input.
func measure(op Operation, input []byte) (t times) {
	for i := range calls {
		start := time.Now()
		op.Run(input)
		ns := float64(time.Since(start))
		if i == 0 {
			t = times{ns, ns}
		}
		t.fastest = min(t.fastest, ns)
	}
	return t
}

// evaluate runs the tests on n measurements. prepare makes a measurement of a
// class ready, and what it returns takes it.
func evaluate(n int, prepare func(Class) func() times) Result {
	n = max(n, MinMeasurements)
	take(batch, prepare, func(Class, times) {}) // caches and branch predictors warm up
	var first, fastest []float64
	take(n/10, prepare, func(_ Class, t times) {
		first, fastest = append(first, t.first), append(fastest, t.fastest)
	})
	a, b := newRow(first), newRow(fastest)
	take(n, prepare, func(c Class, t times) {
		a.add(c, t.first)
		b.add(c, t.fastest)
	})
	r := Result{N: n}
	for _, row := range []*row{a, b} {
		if t, difference := row.greatest(); math.Abs(t) > math.Abs(r.T) {
			r.T, r.Difference = t, difference
		}
	}
	return r
}

// take hands n measurements to add, of classes in random order. Their times are
// relative to the medians of their batch.
func take(n int, prepare func(Class) func() times, add func(Class, times)) {
	order := make([]byte, batch)
	ready := make([]func() times, batch)
	first, fastest := make([]float64, batch), make([]float64, batch)
	for n > 0 {
		m := min(n, batch)
		n -= m
		rand.Read(order)
		for i := range m {
			order[i] %= classes
			ready[i] = prepare(Class(order[i]))
		}
		for i := range m {
			t := ready[i]()
			first[i], fastest[i] = t.first, t.fastest
		}
		center(first[:m])
		center(fastest[:m])
		for i := range m {
			add(Class(order[i]), times{first[i], fastest[i]})
		}
	}
}

// center subtracts the median, of both classes together.
func center(b []float64) {
	median := slices.Sorted(slices.Values(b))[len(b)/2]
	for i := range b {
		b[i] -= median
	}
}
