package dudect

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// source makes times of its own: 1000 ns with normal noise, and what a test
// changes.
func source(change func(c Class, i int, random *rand.Rand) (ns float64)) func(Class) func() times {
	random := rand.New(rand.NewChaCha8([32]byte{5}))
	i := 0
	return func(c Class) func() times {
		return func() times {
			i++
			first := 1000 + 5*random.NormFloat64() + change(c, i, random)
			return times{first, first - 10}
		}
	}
}

func TestEqualClasses(t *testing.T) {
	for name, change := range map[string]func(Class, int, *rand.Rand) float64{
		"noise":      func(Class, int, *rand.Rand) float64 { return 0 },
		"interrupts": func(_ Class, _ int, random *rand.Rand) float64 { return interrupt(random) },
		"drift":      func(_ Class, i int, _ *rand.Rand) float64 { return drift(i) },
	} {
		t.Run(name, func(t *testing.T) {
			r := evaluate(20_000, source(change))
			require.Equal(t, 20_000, r.N)
			require.Less(t, math.Abs(r.T), 6.0) // the order of the classes is not seeded
			require.False(t, r.Leaks())
		})
	}
}

// interrupt is seldom, and then great.
func interrupt(random *rand.Rand) float64 {
	if random.IntN(20) > 0 {
		return 0
	}
	return 1e6 * random.ExpFloat64()
}

// drift changes the speed by a fifth, after every thousand measurements.
func drift(i int) float64 { return float64(i / 1000 % 2 * 200) }

// A difference of one nanosecond in a thousand is found in noise, beneath
// interrupts that are greater by six orders of magnitude, and while the speed
// drifts. So many measurements give a t of about 20: the order of the classes is
// not seeded, and moves it by a few.
func TestDifferentClasses(t *testing.T) {
	for name, other := range map[string]func(int, *rand.Rand) float64{
		"noise":      func(int, *rand.Rand) float64 { return 0 },
		"interrupts": func(_ int, random *rand.Rand) float64 { return interrupt(random) },
		"drift":      func(i int, _ *rand.Rand) float64 { return drift(i) },
	} {
		for sign, verdict := range map[float64]bool{1: true, -1: false} {
			r := evaluate(60_000, source(func(c Class, i int, random *rand.Rand) float64 { return sign*float64(c) + other(i, random) }))
			require.True(t, r.Leaks(), "%s: %v", name, r)
			require.True(t, r.Suspect())
			require.Equal(t, verdict, r.T > 0, "%s: the second class is the slower one: %v", name, r)
			require.InDelta(t, sign, r.Difference, 0.6, name)
		}
	}
}

// A leak that one of the two rows shows is enough.
func TestEitherRow(t *testing.T) {
	for _, change := range []func(*times, float64){
		func(t *times, d float64) { t.first += d },
		func(t *times, d float64) { t.fastest += d },
	} {
		random := rand.New(rand.NewChaCha8([32]byte{6}))
		r := evaluate(0, func(c Class) func() times {
			return func() times {
				t := times{5 * random.NormFloat64(), 5 * random.NormFloat64()}
				change(&t, 3*float64(c))
				return t
			}
		})
		require.Equal(t, MinMeasurements, r.N)
		require.True(t, r.Leaks(), "%v", r)
	}
}

// Work that differs is seen through the clock.
func TestMeasure(t *testing.T) {
	var sink byte
	seen := map[string]int{}
	op := Operation{
		Input: func(c Class) []byte { return []byte{byte(c), 7} },
		Run: func(b []byte) {
			seen[string(b)]++
			for range 20 + int(b[0])*500 {
				sink ^= sink<<1 + 1
			}
		},
	}
	r := Measure(op, 0)
	require.True(t, r.Leaks(), "%v", r)
	require.Positive(t, r.T)
	all := calls * (batch + MinMeasurements/10 + MinMeasurements)
	require.Len(t, seen, 2)
	for _, n := range seen {
		require.InDelta(t, all/2, n, float64(all)/10, "classes are drawn evenly")
	}
}

func TestWelch(t *testing.T) {
	random := rand.New(rand.NewChaCha8([32]byte{7}))
	var a, b moments
	var x, y []float64
	for i := range 500 {
		x = append(x, random.NormFloat64())
		a.add(x[i])
		if i%2 == 0 {
			y = append(y, 3*random.NormFloat64()+0.5)
			b.add(y[i/2])
		}
	}
	mean := func(v []float64) (m float64) {
		for _, x := range v {
			m += x / float64(len(v))
		}
		return m
	}
	variance := func(v []float64) (s float64) {
		for _, x := range v {
			s += (x - mean(v)) * (x - mean(v)) / float64(len(v)-1)
		}
		return s
	}
	want := (mean(y) - mean(x)) / math.Sqrt(variance(x)/500+variance(y)/250)
	require.InDelta(t, want, welch(&a, &b), 1e-9)
	require.InDelta(t, -want, welch(&b, &a), 1e-9)
}

func TestWelchOfFewOrEqual(t *testing.T) {
	fill := func(n int, x float64) *moments {
		m := new(moments)
		for range n {
			m.add(x)
		}
		return m
	}
	require.Zero(t, welch(fill(fewest-1, 1), fill(fewest, 2)))
	require.Zero(t, welch(fill(fewest, 1), fill(fewest-1, 2)))
	require.Zero(t, welch(fill(fewest, 1), fill(fewest, 1)))
	require.Equal(t, math.Inf(1), welch(fill(fewest, 1), fill(fewest, 2)))
}
