package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// No wipe can be lost: each stands in wipes.txt, in its function. The list is
// what "go run ./internal/wipetable -list" prints.
func TestEveryWipeIsThere(t *testing.T) {
	places, err := find(filepath.Join("..", ".."))
	require.NoError(t, err)
	var got strings.Builder
	for _, p := range places {
		got.WriteString(p.String() + "\n")
	}
	want, err := os.ReadFile("wipes.txt")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(want), got.String()))
}
