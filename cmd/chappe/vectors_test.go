package main

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/testvectors"
	"github.com/chappe-e2ee/chappe/testvectors/conformance"
	adapter "github.com/chappe-e2ee/chappe/testvectors/conformance/chappe"
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

func TestVectorsRun(t *testing.T) {
	found := as[vectorRun](t, good(t, "vectors", "run", "--json"))
	require.Equal(t, vectorRun{Passed: 209, NotRun: 9, Wrong: []vectorFailure{}}, found)
	require.Equal(t, "1 passed, 0 failed, 0 not run\n", good(t, "vectors", "run", "group-session/late-joiner.json"))
	require.Equal(t, "2 passed, 0 failed, 0 not run\n", good(t, "vectors", "run", "olm-replay"))
	require.Equal(t, "0 passed, 0 failed, 9 not run\n", good(t, "vectors", "run", "list/", "libolm/ratchet", "blank"))
}

// forgetful is an implementation that makes no accounts.
type forgetful struct{ adapter.Implementation }

func (forgetful) NewAccount() (conformance.Account, error) { return nil, errors.New("forgotten") }

// An implementation that fails shows in the counts, on standard error and in the
// exit code.
func TestVectorsRunFails(t *testing.T) {
	var stdout, stderr bytes.Buffer
	tool := &tool{stdout: &stdout, stderr: &stderr}
	list := slices.DeleteFunc(conformance.Cases(), func(c conformance.Case) bool { return !strings.HasPrefix(c.ID, "scenario/") })
	err := tool.runCases(list, forgetful{})
	var failure *failure
	require.ErrorAs(t, err, &failure)
	require.Equal(t, exitPartial, failure.code)
	require.Contains(t, stderr.String(), "scenario/olm-turns: ")
	require.NotContains(t, stdout.String(), " 0 failed")
}
