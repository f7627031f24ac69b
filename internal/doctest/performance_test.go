package doctest

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	meanRow   = regexp.MustCompile(`(?m)^\| (goolm|libolm|vodozemac) \| (curve|symmetric|ratchet|pickle) \| \d+ \| ([\d.]+) \|`)
	readmeRow = regexp.MustCompile(`(?m)^\| (goolm|libolm|vodozemac)[^|]* \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$`)
)

// means returns the geometric means of docs/performance.md, by peer and class.
func means(text string) map[[2]string]string {
	list := make(map[[2]string]string)
	for _, m := range meanRow.FindAllStringSubmatch(text, -1) {
		list[[2]string{m[1], m[2]}] = m[3]
	}
	return list
}

// shown returns those of README.md.
func shown(text string) map[[2]string]string {
	list := make(map[[2]string]string)
	for _, m := range readmeRow.FindAllStringSubmatch(text, -1) {
		for i, class := range []string{"curve", "symmetric", "ratchet", "pickle"} {
			list[[2]string{m[1], class}] = m[2+i]
		}
	}
	return list
}

// The figures of README.md are those of the last measurement.
func TestPerformance(t *testing.T) {
	root := filepath.Join("..", "..")
	measured, err := os.ReadFile(filepath.Join(root, "docs", "performance.md"))
	require.NoError(t, err)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	want := means(string(measured))
	require.Len(t, want, 12)
	require.Equal(t, want, shown(string(readme)), "copy the means of docs/performance.md into README.md")
}
