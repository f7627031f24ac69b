package hostile

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const (
	readme = "../README.md"
	begin  = "<!-- differences: made from hostile/differences.go with INTEROP_UPDATE=1 -->\n"
	end    = "<!-- end of differences -->\n"
)

// The list in the README is the list in the source.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(text), begin)
	had, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatal("the README has no place for the differences")
	}
	want := table()
	if had == want {
		return
	}
	if os.Getenv("INTEROP_UPDATE") == "" {
		t.Fatal("the README's differences are not those of the source: run this test with INTEROP_UPDATE=1")
	}
	if err := os.WriteFile(readme, []byte(head+begin+want+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

func table() string {
	var b strings.Builder
	b.WriteString("| Subject | Forms | Peer | chappe | peer | Reason |\n|---|---|---|---|---|---|\n")
	for _, d := range Differences {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s | %s |\n", d.Subject, d.Class, d.Peer, d.Ours, d.Theirs, d.Reason)
	}
	return b.String()
}
