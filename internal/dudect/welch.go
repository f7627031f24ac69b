package dudect

import "math"

// moments are mean and variance of numbers that come one by one (Welford's
// method).
type moments struct {
	n, mean, squares float64 // squares is the sum of squared distances from the mean
}

func (m *moments) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / m.n
	m.squares += d * (x - m.mean)
}

func (m *moments) variance() float64 { return m.squares / (m.n - 1) }

// fewest is the size of a class below which no t-statistic is made.
const fewest = 100

// welch returns Welch's t-statistic of b against a: the difference of their
// means in units of its standard error. It returns 0 for classes that are too
// small, and infinity for different constants.
func welch(a, b *moments) float64 {
	if a.n < fewest || b.n < fewest || a.mean == b.mean {
		return 0
	}
	return (b.mean - a.mean) / math.Sqrt(a.variance()/a.n+b.variance()/b.n)
}
