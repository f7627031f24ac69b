package tally

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

type counts map[string]map[string]map[string]int

func parse(t *testing.T, text []byte) (c counts) {
	t.Helper()
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// lowered returns what is less now than it was, or gone.
func lowered(was, is counts) (list []string) {
	for section, rows := range was {
		for row, numbers := range rows {
			for name, n := range numbers {
				if is[section][row][name] < n {
					list = append(list, section+", "+row+", "+name)
				}
			}
		}
	}
	return list
}

// The minimum counts only rise: none is below what any commit before had.
func TestMinimumOnlyRises(t *testing.T) {
	text, err := os.ReadFile(Minimum)
	if err != nil {
		t.Fatal(err)
	}
	now := parse(t, text)
	git := func(args ...string) string {
		out, err := exec.Command("git", args...).Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return string(out)
	}
	for _, commit := range strings.Fields(git("log", "--format=%H", "--", Minimum)) {
		was := parse(t, []byte(git("show", commit+":interop/counts.json")))
		if list := lowered(was, now); len(list) > 0 {
			t.Errorf("lower than in %s: %q", commit, list)
		}
	}
}

func TestLowered(t *testing.T) {
	was := counts{"a": {"b": {"c": 2, "d": 1}}}
	for _, c := range []struct {
		is   counts
		want int
	}{
		{counts{"a": {"b": {"c": 2, "d": 1}}}, 0},
		{counts{"a": {"b": {"c": 3, "d": 1, "e": 0}}}, 0},
		{counts{"a": {"b": {"c": 1, "d": 1}}}, 1},
		{counts{"a": {"b": {"c": 2}}}, 1},
		{counts{"x": was["a"]}, 2},
	} {
		if list := lowered(was, c.is); len(list) != c.want {
			t.Errorf("%v: %q", c.is, list)
		}
	}
}
