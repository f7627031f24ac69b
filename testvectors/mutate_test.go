package testvectors_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/chappe-e2ee/chappe/testvectors/conformance"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/vector"
)

// slot is a place in a vector that holds a value: a scalar, a list or an object.
type slot struct {
	path   string
	name   string // of the member, or of the list that the value stands in
	value  any
	set    func(any)
	remove func() // nil in lists
	crowd  bool   // below a list of many items, which are all treated alike
}

// slots returns all places below a value, those that hold others too. Setting
// one leaves the rest usable.
func slots(path, name string, value any) []slot {
	var list []slot
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			s := slot{path: path + "." + name, name: name, value: value[name]}
			s.set = func(v any) { value[name] = v }
			s.remove = func() { delete(value, name) }
			list = append(append(list, s), slots(s.path, name, s.value)...)
		}
	case []any:
		for i, v := range value {
			s := slot{path: fmt.Sprintf("%s[%d]", path, i), name: name, value: v}
			s.set = func(v any) { value[i] = v }
			below := append([]slot{s}, slots(s.path, name, v)...)
			for k := range below {
				below[k].crowd = below[k].crowd || len(value) > 8
			}
			list = append(list, below...)
		}
	}
	return list
}

func scalar(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return false
	}
	return true
}

// flips returns other values of the same type, form and length.
func flips(name string, value any) []any {
	switch value := value.(type) {
	case bool:
		return []any{!value}
	case json.Number:
		n, _ := strconv.ParseUint(string(value), 10, 32)
		var list []any
		for _, v := range []uint32{uint32(n) + 1, uint32(n) + 2, uint32(n) - 1} {
			list = append(list, json.Number(strconv.FormatUint(uint64(v), 10)))
		}
		return list
	case string:
		if name == "error" {
			return otherClasses(value)
		}
		return flipText(name, value)
	}
	return nil
}

func otherClasses(class string) []any {
	list := []any{"", "x", class + "x"}
	for _, name := range conformance.Classes {
		if name != class {
			list = append(list, name)
		}
	}
	return list
}

// short is the length up to which every position is changed.
const short = 16

// positions returns all positions of something short, and of something long the
// first, the middle, the last and some between.
func positions(n int) []int {
	if n <= short {
		return slices.Collect(func(yield func(int) bool) {
			for i := 0; i < n && yield(i); i++ {
			}
		})
	}
	r := rand.New(rand.NewPCG(uint64(n), 1))
	list := []int{0, 1, n / 2, n - 2, n - 1}
	for range 4 {
		list = append(list, r.IntN(n))
	}
	return list
}

func flipText(name, text string) (list []any) {
	if vector.Suffix(name) == "_utf8" {
		runes := []rune(text)
		for _, i := range positions(len(runes)) {
			changed := slices.Clone(runes)
			changed[i] ^= 1
			list = append(list, string(changed))
		}
		return list
	}
	raw, ok := decodeForm(name, text)
	if !ok {
		return nil
	}
	for k, i := range positions(len(raw)) {
		changed := slices.Clone(raw)
		changed[i] ^= 1 << (k % 8)
		list = append(list, vector.Encode(name, changed))
	}
	return list
}

// stretched returns values that are longer or shorter, also in ways that break
// their form.
func stretched(name string, value any) []any {
	text, ok := value.(string)
	if !ok || name == "error" {
		return nil
	}
	list := []any{text + "A", text + "0", text + "00", text + "\x00"}
	if text != "" {
		list = append(list, "", text[:len(text)-1], text[:len(text)/2])
	}
	if raw, ok := decodeForm(name, text); ok {
		list = append(list, vector.Encode(name, append(slices.Clone(raw), 0)), vector.Encode(name, append(slices.Clone(raw), 1)))
		if len(raw) > 0 {
			list = append(list, vector.Encode(name, raw[:len(raw)-1]), vector.Encode(name, raw[:len(raw)/2]), vector.Encode(name, raw[1:]))
		}
	}
	return slices.DeleteFunc(list, func(v any) bool { return v == value })
}

func decodeForm(name, text string) ([]byte, bool) {
	switch vector.Suffix(name) {
	case "_hex", "_b64", "_utf8":
		return vector.Decode(name, name, text), true
	}
	return nil, false
}

// otherTypes returns a value of every JSON type that v is not of.
func otherTypes(v any) []any {
	all := []any{nil, true, json.Number("1"), "", []any{}, map[string]any{}}
	return slices.DeleteFunc(all, func(other any) bool { return fmt.Sprintf("%T", other) == fmt.Sprintf("%T", v) })
}

// reshaped returns lists that are longer or shorter.
func reshaped(v any) []any {
	list, ok := v.([]any)
	if !ok {
		return nil
	}
	if len(list) == 0 {
		return []any{[]any{nil}}
	}
	last := len(list) - 1
	return []any{slices.Clone(list[:last]), append(slices.Clone(list), list[last])}
}
