package main

import "testing"

// BenchmarkOperation runs each operation and its floor:
//
//	go test -bench Operation/OlmEncrypt256 ./internal/benchtable
func BenchmarkOperation(b *testing.B) {
	for _, op := range operations() {
		b.Run(op.name, func(b *testing.B) {
			p := op.make()
			b.Run("library", func(b *testing.B) { bench(b, p.library) })
			b.Run("floor", func(b *testing.B) { bench(b, p.floor) })
		})
	}
}

// bench prepares input in blocks, so that no long list of fresh sessions fills
// the memory.
func bench(b *testing.B, s side) {
	const block = 64
	b.ReportAllocs()
	for done := 0; done < b.N; done += block {
		n := min(block, b.N-done)
		b.StopTimer()
		s.ready(n)
		b.StartTimer()
		for i := range n {
			s.run(i)
		}
	}
}
