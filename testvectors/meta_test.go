package testvectors_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"

	"github.com/chappe-e2ee/chappe/testvectors/conformance/vector"
)

// The tests of this file test the runner: a runner that forgot to compare looks
// exactly like one that passes. With -short, under the race detector, and on
// 32-bit processors, they try a part of the changes only.

func sampled() bool { return testing.Short() || raceDetector || strconv.IntSize == 32 }

// meta counts what was changed, and how often the vectors ran for it.
type meta struct {
	t      *testing.T
	v      *vector.Vector
	values int
	runs   int
	turn   int
}

// sometimes says whether to try what is tried with every slot: one time in five
// when sampling, else always.
func (m *meta) sometimes() bool {
	m.turn++
	return !sampled() || m.turn%5 == 0
}

// noticed runs the changed vector and says whether that fails. A panic is a
// defect of the library or of the runner, whatever the input.
func (m *meta) noticed(change string, value any) bool {
	m.runs++
	err := run(m.v)
	var d *vector.Defect
	if errors.As(err, &d) {
		m.t.Errorf("%s: %s = %.80q: %v", m.v.ID, change, value, d)
	}
	return err != nil
}

// must changes a slot and demands that the runner notices.
func (m *meta) must(s slot, value any) {
	s.set(value)
	if !m.noticed(s.path, value) {
		m.t.Errorf("%s: not noticed: %s = %.80q", m.v.ID, s.path, value)
	}
	s.set(s.value)
}

// all is must for a list of changes.
func (m *meta) all(s slot, changes []any) {
	for _, value := range m.pick(s, changes) {
		m.must(s, value)
	}
}

// pick returns all changes to a slot, some in a crowd, one when sampling.
func (m *meta) pick(s slot, list []any) []any {
	n := len(list)
	if s.crowd {
		n = 3
	}
	if sampled() {
		n = 1
	}
	if n >= len(list) {
		return list
	}
	var some []any
	for i := range n {
		some = append(some, list[(m.values+i*len(list)/n)%len(list)])
	}
	return some
}

// without removes a member and demands that the runner notices.
func (m *meta) without(s slot) {
	if s.remove == nil || !m.sometimes() {
		return
	}
	s.remove()
	if !m.noticed(s.path, "(removed)") {
		m.t.Errorf("%s: not noticed: %s removed", m.v.ID, s.path)
	}
	s.set(s.value)
}

// more adds a member that nobody knows to an object.
func (m *meta) more(s slot) {
	object, ok := s.value.(map[string]any)
	if !ok || !m.sometimes() {
		return
	}
	object["unknown_utf8"] = "x"
	if !m.noticed(s.path, "(one member more)") {
		m.t.Errorf("%s: not noticed: %s.unknown_utf8", m.v.ID, s.path)
	}
	delete(object, "unknown_utf8")
}

// whole is the slot of an object of the vector.
func whole(path string, object *map[string]any) slot {
	return slot{path: path, name: path, value: *object, set: func(v any) { *object, _ = v.(map[string]any) }}
}

// everyVector calls f for each vector that applies, and for nothing that others
// are changed by.
func everyVector(t *testing.T, f func(m *meta)) (values, runs int) {
	for _, v := range load(t, roots...) {
		if !v.Applies {
			continue
		}
		m := &meta{t: t, v: v}
		f(m)
		if err := run(v); err != nil {
			t.Fatalf("%s does not pass after it was changed and put back: %v", v.ID, err)
		}
		values += m.values
		runs += m.runs
	}
	return values, runs
}

// TestExpectedMatters changes every value in expected, and the error, in every
// way. The runner must notice each time.
func TestExpectedMatters(t *testing.T) {
	values, runs := everyVector(t, func(m *meta) {
		all := append(slots("expected", "", m.v.Expected), whole("expected", &m.v.Expected))
		for _, s := range all {
			if scalar(s.value) {
				m.values++
			}
			if s.crowd && !m.sometimes() {
				continue
			}
			m.all(s, flips(s.name, s.value))
			for _, changes := range [][]any{stretched(s.name, s.value), reshaped(s.value), otherTypes(s.value)} {
				if m.sometimes() {
					m.all(s, changes)
				}
			}
			m.without(s)
			m.more(s)
		}
		if m.v.Error != "" {
			m.values++
		}
		class := slot{path: "error", value: m.v.Error, set: func(v any) { m.v.Error = v.(string) }}
		m.all(class, slices.DeleteFunc(otherClasses(m.v.Error), func(v any) bool { return v == m.v.Error }))
		result := slot{path: "result", value: m.v.Result, set: func(v any) { m.v.Result = v.(string) }}
		for _, value := range []any{"valid", "invalid", ""} {
			if value != m.v.Result {
				m.must(result, value)
			}
		}
	})
	t.Logf("%d expected values, changed %d times", values, runs)
}

// TestInputsMatter changes every value in inputs in several ways. The runner
// must notice at least one that leaves type, form and length as they are, and
// must survive all.
func TestInputsMatter(t *testing.T) {
	values, runs := everyVector(t, func(m *meta) {
		for _, s := range append(slots("inputs", "", m.v.Inputs), whole("inputs", &m.v.Inputs)) {
			if s.crowd && !m.sometimes() {
				continue
			}
			m.without(s)
			m.more(s)
			if m.sometimes() {
				m.all(s, otherTypes(s.value))
			}
			if !scalar(s.value) {
				m.all(s, reshaped(s.value))
				continue
			}
			m.values++
			m.input(s)
		}
	})
	t.Logf("%d input values, changed %d times", values, runs)
}

func (m *meta) input(s slot) {
	same, other := flips(s.name, s.value), stretched(s.name, s.value)
	if len(same) == 0 { // nothing can be flipped in an empty value
		same, other = other, nil
	}
	seen := false
	for i, value := range same {
		if seen && (sampled() || s.crowd && i >= 3) {
			break
		}
		s.set(value)
		seen = m.noticed(s.path, value) || seen
	}
	if m.sometimes() {
		for _, value := range m.pick(s, other) {
			s.set(value)
			m.noticed(s.path, value)
		}
	}
	s.set(s.value)
	if !seen {
		m.t.Errorf("%s: no change of %s is noticed", m.v.ID, s.path)
	}
}
