package workflows

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFiles holds the workflows themselves to the rules.
func TestFiles(t *testing.T) {
	dir := filepath.Join("..", "..", ".github", "workflows")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]bool{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		read[e.Name()] = true
		for _, found := range check(e.Name(), text) {
			t.Error(found)
		}
	}
	for _, name := range []string{"test.yml", "fuzz.yml", "release.yml"} {
		if !read[name] {
			t.Errorf("%s is not there", name)
		}
	}
	for job := range writers {
		if name, _, _ := strings.Cut(job, " "); !read[name] {
			t.Errorf("the table lets %s write, which is not there", job)
		}
	}
}

// TestScripts holds the scripts of .ci to the rule for tools.
func TestScripts(t *testing.T) {
	dir := filepath.Join("..", "..", ".ci")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 2 {
		t.Fatalf("%s has %d files", dir, len(entries))
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range checkScript(e.Name(), string(text)) {
			t.Error(found)
		}
	}
}
