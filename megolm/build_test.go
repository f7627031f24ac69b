package megolm_test

import (
	"bytes"
	"go/build"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// erasing are the two files that a tag selects between: with Go's experiment
// runtimesecret, the runtime erases what our functions leave behind. No check
// and no result depends on it.
var erasing = []string{"internal/secret/erased.go", "internal/secret/plain.go"}

// TestAttack_P32_NoBuildTags: no tag, system or processor selects between
// files of this module, and nothing that it ships reads the environment: what
// is tested is what runs everywhere.
func TestAttack_P32_NoBuildTags(t *testing.T) {
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(root, "go.mod"))
	read := 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path == root {
				return nil
			}
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil || name == "testdata" || name[0] == '.' || name == "cmd" || name == "examples" || name == "failtest" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			require.NotContains(t, []string{".s", ".c", ".h", ".syso"}, filepath.Ext(name), path)
			return nil
		}
		read++
		if rel, err := filepath.Rel(root, path); err == nil && slices.Contains(erasing, filepath.ToSlash(rel)) {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Regexp(t, `^//go:build !?goexperiment\.runtimesecret\n`, string(b))
			return nil
		}
		for _, system := range []string{"linux/amd64", "windows/386", "darwin/arm64", "js/wasm", "plan9/arm"} {
			context := build.Default
			context.GOOS, context.GOARCH, _ = strings.Cut(system, "/")
			context.CgoEnabled, context.BuildTags = false, nil
			match, err := context.MatchFile(filepath.Dir(path), name)
			require.NoError(t, err)
			require.True(t, match, "%s is not built for %s", path, system)
		}
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		file, err := parser.ParseFile(token.NewFileSet(), path, b, parser.PackageClauseOnly)
		require.NoError(t, err)
		if file.Name.Name == "main" {
			return nil // a tool of ours, which nobody imports
		}
		for line := range bytes.Lines(b) {
			s := strings.TrimSpace(string(line))
			require.False(t, constraint.IsGoBuild(s) || constraint.IsPlusBuild(s), "%s: %s", path, s)
			for _, no := range []string{"os.Getenv", "os.LookupEnv", "godebug", "//go:linkname", "testing.Testing("} {
				require.NotContains(t, s, no, path)
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, read, 20)
}
