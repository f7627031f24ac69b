package tally

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func TestRounded(t *testing.T) {
	for n := range 20000 {
		if r := rounded(n); r > n || 10*r < 9*n {
			t.Fatalf("%d is rounded to %d", n, r)
		}
	}
}

// What a run adds, and what it does much more of, must be asked for; an update
// asks for it, and lowers nothing.
func TestBehind(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("package", 0o777); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(dir, "package"))
	t.Setenv("INTEROP_UPDATE", "")
	was := counts{"s": {"row": {"kept": 100, "grown": 100, "shrunk": 9}}}
	text, err := json.Marshal(was)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(Minimum, text, 0o666); err != nil {
		t.Fatal(err)
	}
	before := rows
	defer func() { rows = before }()
	rows = map[string]map[string]int{
		"row": {"kept": 111, "grown": 112, "shrunk": 3, "not run": 7}, "new": {"count": 1234},
	}
	list, err := behind("s")
	if err != nil || len(list) != 2 {
		t.Fatalf("behind: %q, %v", list, err)
	}
	t.Setenv("INTEROP_UPDATE", "1")
	if list, err = behind("s"); err != nil || len(list) != 0 {
		t.Fatalf("behind after an update: %q, %v", list, err)
	}
	m, err := readMinimum()
	if err != nil {
		t.Fatal(err)
	}
	if len(lowered(was, counts(m))) > 0 || m["s"]["row"]["grown"] != 110 || m["s"]["new"]["count"] != 1200 || m["s"]["row"]["not run"] != 0 {
		t.Fatalf("updated to %v", m)
	}
}
