package doctest

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Bounds of a summary, in words: it says something, and fits on a page.
const (
	minSummary = 50
	maxSummary = 450
)

// summary returns what is wrong with the French summary of a document of the
// dossier.
func (w world) summary(name string) []string {
	if path.Dir(name) != "docs" && name != "SECURITY.md" {
		return nil
	}
	_, rest, ok := strings.Cut(w.documents[name], "\n## Résumé\n")
	if !ok {
		return []string{name + " has no section Résumé"}
	}
	own, _, _ := strings.Cut(rest, "\n#")
	words := strings.Fields(own)
	if n := len(words); n < minSummary || n > maxSummary {
		return []string{fmt.Sprintf("%s: the summary has %d words, and should have %d to %d", name, n, minSummary, maxSummary)}
	}
	french := 0
	for _, word := range words {
		switch strings.ToLower(word) {
		case "le", "la", "les", "des", "du", "un", "une", "et", "est", "sont", "par", "dans", "pour":
			french++
		}
	}
	if french*10 < len(words) {
		return []string{fmt.Sprintf("%s: of the summary's %d words, only %d are common French ones", name, len(words), french)}
	}
	return nil
}

func TestSummary(t *testing.T) {
	t.Parallel()
	check := func(name, text string) []string {
		return world{documents: map[string]string{name: text}}.summary(name)
	}
	good := "# X\n\n## Résumé\n\n" + strings.Repeat("La bibliothèque est évaluée par des commandes. ", 10) + "\n\n## Other\n"
	require.Empty(t, check("docs/x.md", good))
	require.Empty(t, check("SECURITY.md", good))
	require.Empty(t, check("README.md", "# X\n"))
	for _, bad := range []string{
		"# X\n", "# X\n\n## Résumé\n", "## Résumé\n\nCourt.\n\n## Other\n\n" + strings.Repeat("le mot ", 100),
		"# X\n\n## Résumé\n\n" + strings.Repeat("le mot ", 300),
		"# X\n\n## Résumé\n\n" + strings.Repeat("English words. ", 50),
	} {
		require.Len(t, check("docs/x.md", bad), 1)
		require.Len(t, check("SECURITY.md", bad), 1)
	}
}
