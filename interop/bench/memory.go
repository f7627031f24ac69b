package main

import (
	"regexp"
	"runtime"
)

// memoryRow is how much memory each implementation takes for one idle session,
// in bytes.
type memoryRow struct {
	name  string
	bytes map[string]float64
}

func measureMemory(wanted *regexp.Regexp, v *vodozemac, count int) ([]memoryRow, error) {
	export := chappe{}.newInbound(chappe{}.newOutbound().key()).export(0)
	group, olm := advancedInbound().pickle(), sessionOfThree().pickle()
	var rows []memoryRow
	for _, kind := range []struct {
		name, given string
		make        func(l library) pickler
	}{
		{"MemoryImportedIGS", string(export), func(l library) pickler { return l.importInbound(export) }},
		{"MemoryUnpickledIGS", string(group), func(l library) pickler { return l.readInbound(copied(group)) }},
		{"MemoryUnpickledSession", string(olm), func(l library) pickler { return l.readSession(copied(olm)) }},
	} {
		if !wanted.MatchString(kind.name) {
			continue
		}
		r := memoryRow{kind.name, map[string]float64{}}
		for _, l := range libraries() {
			r.bytes[l.name()] = hold(count, func() any { return bare(kind.make(l)) })
		}
		a, err := v.ask(order{Hold: kind.name, Count: count, Given: []string{kind.given}})
		if err != nil {
			return nil, err
		}
		r.bytes["vodozemac"] = a.Bytes / float64(count)
		rows = append(rows, r)
	}
	return rows, nil
}

// bare returns the library's own object, so that ours around it does not count.
func bare(object pickler) any {
	switch o := object.(type) {
	case mautrixInbound:
		return o.s
	case mautrixSession:
		return o.s
	}
	return object
}

// hold returns the bytes in use for one of many objects, without the caller's
// own pointer to it.
func hold(count int, f func() any) float64 {
	objects := make([]any, count)
	before := inUse()
	for i := range objects {
		objects[i] = f()
	}
	after := inUse()
	runtime.KeepAlive(objects)
	return float64(after-before) / float64(count)
}

func inUse() int64 {
	runtime.GC()
	runtime.GC() // what cleanups and finalizers let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
