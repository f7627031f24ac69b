package main

import (
	"encoding/json"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/testvectors"
)

func TestVectorsList(t *testing.T) {
	count := 0
	require.NoError(t, fs.WalkDir(testvectors.FS, ".", func(name string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(name, ".json") && name != "schema.json" {
			count++
		}
		return err
	}))
	text := good(t, "vectors", "list")
	require.Equal(t, count+1, strings.Count(text, "\n"))
	require.True(t, strings.HasSuffix(text, plural(count, "vector")+"\n"))
	found := as[struct {
		Vectors []vector `json:"vectors"`
	}](t, good(t, "vectors", "list", "--json", "late-joiner.json", "pk-decrypt-bad-mac.json")).Vectors
	require.Len(t, found, 2)
	require.Equal(t, "group-late-joiner", found[0].Operation)
	require.Equal(t, "invalid", found[0].Result)
	require.Equal(t, "unknown-index", found[0].Error)
	require.Equal(t, "pk-decrypt-bad-mac", found[1].Operation)
	require.Equal(t, found[1].ID+".json", path.Base(found[1].File))
}

func TestVectorsShow(t *testing.T) {
	for _, name := range []string{"README.md", "schema.json", "libolm/sas/sas-mac-hello.json"} {
		want, err := testvectors.FS.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, string(want), good(t, "vectors", "show", name))
	}
}

// TestVectorsRun holds that every vector of an operation that is known here passes,
// and that one with another result does not.
func TestVectorsRun(t *testing.T) {
	found := as[vectorRun](t, good(t, "vectors", "run", "--json"))
	require.GreaterOrEqual(t, found.Passed, 90)
	require.Zero(t, found.Failed)
	require.Equal(t, "1 passed, 0 failed, 0 not run\n", good(t, "vectors", "run", "late-joiner.json"))
	list, err := allVectors()
	require.NoError(t, err)
	operations := map[string]bool{}
	for _, v := range list {
		if _, known := vectorOperations[v.Operation]; !known || !v.Applies || operations[v.Operation] {
			continue
		}
		operations[v.Operation] = true
		caught := false
		for _, text := range spoilt(t, v.text) {
			v.text = text
			_, err := runVector(v)
			caught = caught || err != nil
		}
		require.True(t, caught, "%s: no change of an expected value is noticed", v.File)
	}
	require.Len(t, operations, len(vectorOperations))
}

// spoilt returns copies of a vector in each of which one value is another.
func spoilt(t testing.TB, text []byte) (list [][]byte) {
	t.Helper()
	for _, part := range []string{"expected", "inputs"} {
		var v map[string]any
		require.NoError(t, json.Unmarshal(text, &v))
		members := v[part].(map[string]any)
		for name, value := range members {
			switch value := value.(type) {
			case bool:
				members[name] = !value
			case float64:
				members[name] = value + 1
			case string:
				members[name] = "AAAA" + value
			}
			copied, err := json.Marshal(v)
			require.NoError(t, err)
			list = append(list, copied)
			members[name] = value
		}
	}
	return list
}
