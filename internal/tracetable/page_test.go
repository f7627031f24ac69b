//go:build !wasm

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPage(t *testing.T) {
	rows, m := loaded(t, writeModule(t, nil))
	require.NoError(t, complete(rows, m, fakeIDs))
	text := string(page(rows, m))
	require.Contains(t, text, "3 rows, 2 clauses, 2 functions, constants and types, 2 tests. Of 2 exported functions of the rooms, 1 are in a row.\n")
	require.Contains(t, text, "\n| MUST | 1 | 0 | 1 | 0 | 0 | 2 |\n| SHOULD | 0 | 0 | 0 | 0 | 0 | 0 |\n| MAY | 0 | 0 | 0 | 1 | 0 | 1 |\n")
	require.Contains(t, text, "\n| all | 1 | 0 | 1 | 1 | 0 | 3 |\n")
	require.Contains(t, text, "\n| A1 MUST | [One](https://example.org/#one) | It is doubled. | "+
		"*olm* [Number.Twice](../olm/olm.go), [Factor](../olm/olm.go) | *olm* [TestTwice](../olm/olm_test.go), [FuzzTwice](../olm/olm_test.go) |\n"+
		"| A2 MUST | [One](https://example.org/#one); Two | It is kept. **Caller.** There is no store. Said at [olm](../olm/olm.go), [olm.Number.Twice](../olm/olm.go). Not said yet: to keep it well. |  |  |\n"+
		"| A3 MAY | Two | It is tripled. **Not done.** Nobody asked. |  |  |\n")
	require.Contains(t, text, "\n| `.+\\.String` (1) | for people |\n")
	require.Contains(t, text, "Les 3 lignes se répartissent ainsi : 1 satisfaites par le code, 0 satisfaites en partie, 1 à la charge")
	require.NotContains(t, text, "%!")
	require.Contains(t, text, "a part is not said yet: A2.\n")
	require.Contains(t, text, "n'est pas encore écrite : A2.\n")
	require.Contains(t, text, "Not done, of level MUST: none.\n")

	must, m := loaded(t, writeModule(t, edit(t, rowsFile, `"MAY"`, `"MUST"`)))
	require.Contains(t, string(page(must, m)), "Not done, of level MUST: A3.\n")
}

func TestPublish(t *testing.T) {
	root := writeModule(t, nil)
	require.Error(t, publish(root, []byte("x"), true), "there is no page")
	require.NoError(t, publish(root, []byte("x"), false))
	require.NoError(t, publish(root, []byte("x"), true))
	require.ErrorContains(t, publish(root, []byte("y"), true), "stale")
	have, err := os.ReadFile(filepath.Join(root, "docs", "traceability.md"))
	require.NoError(t, err)
	require.Equal(t, "x", string(have), "a comparison wrote something")
}
