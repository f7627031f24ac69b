package dudect

import (
	"math"
	"slices"
)

// crops is how many percentiles there are beside the test of all times.
const crops = 20

// row is the row of t-tests over one stream of times.
type row struct {
	limits []float64 // a time farther from 0, the median, is not for the test of this place
	groups [][classes]moments
}

// newRow sets the crops from a sample of both classes, so that no class decides
// what is cut. They lie closer together towards the far end.
func newRow(sample []float64) *row {
	far := make([]float64, len(sample))
	for i, ns := range sample {
		far[i] = math.Abs(ns)
	}
	slices.Sort(far)
	r := &row{limits: []float64{math.Inf(1)}}
	for i := range crops {
		part := 1 - math.Pow(0.5, 10*float64(i+1)/crops)
		r.limits = append(r.limits, far[int(part*float64(len(far)-1))])
	}
	r.groups = make([][classes]moments, len(r.limits))
	return r
}

func (r *row) add(c Class, ns float64) {
	for i, limit := range r.limits {
		if math.Abs(ns) <= limit {
			r.groups[i][c].add(ns)
		}
	}
}

// greatest returns the t-statistic of greatest absolute value, and the
// difference of means behind it.
func (r *row) greatest() (t, difference float64) {
	for i := range r.groups {
		a, b := &r.groups[i][0], &r.groups[i][1]
		if w := welch(a, b); math.Abs(w) > math.Abs(t) {
			t, difference = w, b.mean-a.mean
		}
	}
	return t, difference
}
