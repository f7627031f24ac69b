package ratchetmodel_test

import "slices"

// script assembles a program: names of operations, and numbers for their
// operands.
func script[W any](operations []operation[W], items ...any) []byte {
	var code []byte
	for _, item := range flat(items) {
		switch item := item.(type) {
		case int:
			code = append(code, byte(item))
		case string:
			code = append(code, make([]byte, (instruction-len(code)%instruction)%instruction)...)
			at, opcode := slices.IndexFunc(operations, func(o operation[W]) bool { return o.name == item }), 0
			for _, o := range operations[:at] {
				opcode += o.weight
			}
			code = append(code, byte(opcode))
		}
	}
	return code
}

func flat(items []any) (out []any) {
	for _, item := range items {
		if part, ok := item.([]any); ok {
			out = append(out, flat(part)...)
		} else {
			out = append(out, item)
		}
	}
	return out
}

// times repeats a part of a script.
func times(n int, items ...any) []any {
	var out []any
	for range n {
		out = append(out, items...)
	}
	return out
}

// each repeats a part of a script, followed by 0, 1 and so on.
func each(n int, then []any, items ...any) []any {
	var out []any
	for i := range n {
		out = append(append(append(out, items...), i), then...)
	}
	return out
}

// olmSeeds are programs that between them reach every operation, every refusal
// and every bound.
func olmSeeds() [][]byte {
	s := func(items ...any) []byte { return script(olmOps, items...) }
	// A opens a session to B, and sends; then B answers. Session 0 is A's end,
	// session 1 is B's.
	begin := []any{"publish", 1, 3, "fallback", 1, 1, "open", 0, 1, 0, "send", 0, 20, "deliver", 0}
	answer := []any{"send", 1, 16, "deliver", 1}
	restarts := []any{"restart", 0, 0, "restart", 1, 2, "restart", 0, 3, "restart", 1, 3, "restart", 0, 2, "restart-account", 0, 0, "restart-account", 1, 1, "restart-account", 0, 2, "restart-account", 1, 2}
	seeds := [][]byte{
		s(begin, answer, restarts, answer, "talk", 0, 11, restarts, "talk", 1, 11),
		// Again: the first message, twice to its session, to its account and to others.
		s(begin, "deliver", 0, "misdeliver", 0, 0, "accept", 0, 1, 0, "accept", 0, 2, 0, "accept", 0, 1, 2, answer, "deliver", 1, "drop", 0),
		// Both open sessions to each other, several times, with claimed keys used again.
		s("publish", 0, 3, "publish", 1, 3, "open", 0, 1, 0, "open", 1, 0, 0, "open", 0, 1, 0, "open", 0, 1, 1,
			"send", 0, 1, "send", 1, 2, "send", 2, 3, "send", 3, 4, "deliver", 3, "deliver", 2, "deliver", 1, "deliver", 0,
			each(6, []any{5}, "send"), each(9, nil, "deliver"), restarts, each(6, []any{7}, "talk")),
		// Fallback keys: used often, replaced, forgotten.
		s(begin, times(3, "open", 0, 1, 3), each(4, []any{9}, "send"), each(5, nil, "deliver"), "accept", 2, 1, 0, "fallback", 1, 1,
			"accept", 2, 1, 0, "accept", 3, 1, 0, "fallback", 1, 0, "accept", 3, 1, 0, "fallback", 1, 1, "fallback", 1, 1, "accept", 2, 1, 0, restarts),
		// Skipped keys: 40 of a chain, and more, and all of them used.
		s(begin, answer, "send", 0, 0, "send", 0, 0, "send", 0, 5, "deliver", 4, "deliver", 2, "deliver", 2, "deliver", 3, "deliver", 3),
		s(begin, answer, times(45, "send", 0, 2), "deliver", 46, each(47, nil, "deliver"), each(47, nil, "deliver")),
		s(begin, answer, "ahead", 0, 3, "burst", 0, 3, "ahead", 0, 4, "burst", 0, 42, restarts, each(40, nil, "deliver"),
			"talk", 1, 3, "burst", 0, 43, "talk", 0, 2, "burst", 0, 50, restarts, each(60, nil, "deliver")),
		// Gaps, on first, known and new chains.
		s("publish", 1, 3, each(3, nil, "open", 0, 1), times(2, "open", 0, 1, 0), "ahead", 0, 9, "ahead", 1, 10, "ahead", 2, 11, "ahead", 3, 12, "ahead", 0, 11, "ahead", 0, 10, "send", 0, 1, "deliver", 5),
		s(begin, "ahead", 0, 10, "send", 1, 3, "send", 1, 3, "ahead", 1, 10, "ahead", 1, 9, "ahead", 1, 9, "ahead", 1, 8, each(8, nil, "deliver"), restarts),
		// More chains than are kept, each with a message that has not come.
		s(begin, "talk", 0, 5, "talk", 0, 8, "talk", 1, 8, each(30, nil, "deliver"), restarts, "talk", 1, 9, each(40, nil, "deliver")),
		// The end of the index.
		s(begin, answer, "shift", 0, 4, "ahead", 0, 4, "send", 0, 3, "ahead", 0, 2, times(4, "send", 0, 9), each(14, nil, "deliver"), "talk", 1, 3),
		s(begin, answer, "shift", 1, 1, "send", 1, 1, "send", 1, 1, "send", 0, 2, restarts, each(6, nil, "deliver"), "shift", 0, 0, "send", 0, 1, "ahead", 0, 0),
		// More one-time keys than libolm's form holds.
		s("publish", 1, 4, "publish", 1, 4, "fallback", 1, 1, "open", 0, 1, 1, "send", 0, 3, "deliver", 0, "save", 0, 1, 1, "restart-account", 1, 2,
			"restart-account", 1, 1, "open", 0, 1, 2, "send", 2, 3, "deliver", 1, "open", 0, 1, 90, "send", 3, 3, "deliver", 2, "publish", 1, 1, "restart-account", 1, 0),
		// Old states: of the sender, of the recipient, of the account.
		s(begin, "save", 0, 0, 0, "save", 1, 0, 0, "save", 0, 1, 1, answer, "talk", 0, 4, "restore", 0, 0, 0, 0, "send", 0, 5, each(6, nil, "deliver"),
			"restore", 1, 0, 0, 0, each(12, nil, "deliver"), "talk", 0, 3, "talk", 1, 3, "restore", 0, 1, 1, 0, "accept", 0, 1, 0, "send", 0, 3, each(20, nil, "deliver")),
		// libolm's way of making a session.
		s("publish", 1, 3, "open", 0, 1, 0, "send", 0, 7, "split", 0, "split", 0, "send", 1, 3, "deliver", 1, "send", 0, 4, "restart", 1, 3, "deliver", 2,
			"fallback", 1, 1, "open", 0, 1, 3, "send", 2, 5, "forge", 3, 11, 0, 1, "split", 4, "split", 3, "split", 3),
		s("publish", 1, 3, "open", 0, 1, 0, "send", 0, 7, "forge", 0, 14, 0, "split", 1, "restart", 1, 3, "send", 1, 5, "deliver", 0),
	}
	// Every forgery of a first message, of an answer, and of a message that was
	// overtaken, in pieces that a program has room for.
	for way := range 20 {
		var out []any
		for how := range 12 {
			at := how*37 + way
			out = append(out, "forge", how%3, way, how, at>>2, 5*how, at, how)
		}
		seeds = append(seeds, s(begin, "send", 0, 5, answer, "send", 0, 8, "send", 0, 9, "deliver", 5, out, answer, each(8, nil, "deliver")))
	}
	for i := range 4 {
		seeds = append(seeds, random(i, 1000))
	}
	return seeds
}

// megolmSeeds are the same for Megolm.
func megolmSeeds() [][]byte {
	s := func(items ...any) []byte { return script(megolmOps, items...) }
	begin := []any{"share", 0, "send", 0, 20, "send", 0, 16, "send", 0, 0, "deliver", 1, 0}
	restarts := []any{"restart", 0, 0, "restart", 0, 1, "restart", 0, 2, "restart-sender", 0, 0, "restart-sender", 0, 1, "restart-sender", 0, 2}
	seeds := [][]byte{
		s(begin, "deliver", 2, 0, "deliver", 0, 0, "deliver", 2, 0, restarts, "deliver", 0, 0, "drop", 0, "send", 0, 3, "deliver", 2, 0),
		// A second sender, whose messages go to the wrong copy.
		s(begin, "begin", "share", 1, "send", 1, 5, "misdeliver", 0, 1, "misdeliver", 3, 0, "misdeliver", 3, 1, "merge", 0, 1),
	}
	// Each kind of boundary: 2^8, 2^16, 2^24, the end; before, on and after it.
	for how := 2; how < 8; how++ {
		for n := range 4 {
			seeds = append(seeds, s(begin, "jump", 0, how, n, "share", 0, "burst", 0, 4, each(7, []any{0}, "deliver"), each(7, []any{1}, "deliver"),
				"export", 0, how, n, "export", 0, how, (n+1)%4, each(4, []any{2}, "deliver"), "merge", 0, 1, "merge", 2, 0, "merge", 3, 2, "merge", 1, 3,
				restarts, "advance", 0, how, n, "deliver", 0, 0, "deliver", 5, 0, "jump", 0, 1, 0, "send", 0, 1, "deliver", 7, 0))
		}
	}
	// Copies of several beginnings, true, verified and forged, merged each with each.
	for part := range 4 {
		for where := range 3 {
			merges := []any{}
			for i := range 5 {
				for j := range 5 {
					merges = append(merges, "merge", i, j)
				}
			}
			seeds = append(seeds, s("share", 0, "burst", 0, 10, "share", 0, "jump", 0, []int{0, 2, 3}[where], 5, "burst", 0, 4, "share", 0,
				"export", 0, 0, 3, "forge-export", 0, 2, part, "deliver", 12, 2, merges, "deliver", 1, 4, "deliver", 13, 3, merges))
		}
	}
	// Old states.
	seeds = append(seeds, s(begin, "save", 0, 0, "burst", 0, 9, "deliver", 9, 0, "advance", 0, 0, 5, "advance", 0, 1, 3, "deliver", 1, 0, "restore", 0, 0, 0, 0, "send", 0, 7, each(12, []any{0}, "deliver")))
	// Forged messages, keys and exports.
	for way := range 14 {
		var out []any
		for how := range 16 {
			at := how*37 + way
			out = append(out, "forge", how%3, 0, way, how, at>>2, 5*how, at, how)
		}
		seeds = append(seeds, s(begin, out, each(6, []any{0}, "deliver")))
	}
	for way := range 4 {
		var out []any
		for how := range 24 {
			out = append(out, "forge-key", 0, way, how, how>>2, 37*how, how, "forge-export", 0, way, how, how>>2, 37*how, how)
		}
		seeds = append(seeds, s(begin, out, "deliver", 1, 0))
	}
	for i := range 4 {
		seeds = append(seeds, random(100+i, 1000))
	}
	return seeds
}
