package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompleteFindsEachGap(t *testing.T) {
	tests, patches := []test{{".", "TestAttack_A1_X"}}, []string{"A1-x.patch"}
	for want, r := range map[string]row{
		"":                                    {tests: tests, patches: patches},
		"A1 has neither a test nor an answer": {},
		"A1 has a patch and no test":          {patches: patches, Answer: "x"},
		"A1 has a test, and neither a patch nor an answer":        {tests: tests},
		"A1 has neither a test nor an answer\nA2 has a patch and": {patches: patches},
	} {
		r.ID = "A1"
		rows := []*row{&r}
		if strings.Contains(want, "A2") {
			rows = append(rows, &row{ID: "A2", patches: patches, Answer: "x"})
		}
		err := complete(rows)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
	}
	for _, r := range []row{{Answer: "x"}, {Answer: "x", tests: tests}, {Answer: "x", tests: tests, patches: patches}} {
		require.NoError(t, complete([]*row{&r}))
	}
}

func TestPage(t *testing.T) {
	text := string(page([]*row{
		{ID: "A1", Attack: "One.", tests: []test{{"b", "x"}, {"a", "y"}, {"b", "z"}}, patches: []string{"A1-no-mac.patch", "A1-no-bound.patch"}},
		{ID: "A2", Attack: "Two.", Answer: "It cannot be."},
		{ID: "A3", Attack: "Three.", tests: []test{{"c", "x"}}, patches: []string{"A3-x.patch"}, Answer: "But for this."},
	}, 77))
	require.Contains(t, text, "3 rows, 4 tests, 3 patches.")
	require.Contains(t, text, "\n77 of the tests refuse something")
	require.Contains(t, text, "(../internal/attacktable/showings.json)")
	require.Contains(t, text, "\n\n| Row |")
	require.Contains(t, text, "\n| A1 | One. | [a](../a) 1, [b](../b) 2 | "+
		"[no mac](../internal/attacktable/patches/A1-no-mac.patch); [no bound](../internal/attacktable/patches/A1-no-bound.patch) |\n"+
		"| A2 | Two. |  | It cannot be. |\n"+
		"| A3 | Three. | [c](../c) 1 | [x](../internal/attacktable/patches/A3-x.patch). But for this. |\n")
}

func TestSummaryCounts(t *testing.T) {
	one := []test{{"a", "x"}}
	text := summary([]*row{
		{ID: "P1", tests: one}, {ID: "P2"}, {ID: "V1", tests: one}, {ID: "G1"}, {ID: "C1"}, {ID: "C2"}, {ID: "C3", tests: one},
	}, 11, 7, 22)
	require.Contains(t, text, ": 7 lignes, dont 2 sur les primitives et les formats (P), 1 sur la vérification, les\nidentités "+
		"et les sauvegardes (V), 1 sur tous les paquets (G) et 3 sur")
	require.Contains(t, text, "Pour 3 lignes, 11 tests")
	require.Contains(t, text, "7 d'entre eux refusent")
	require.Contains(t, text, "chacune des 22 modifications")
	require.Contains(t, text, "Pour les 4 autres lignes")
	require.NotContains(t, text, "%!")
	require.Contains(t, string(page([]*row{{ID: "P1", tests: one}}, 0)), ": 1 lignes, dont 1 sur")
}

func TestPublish(t *testing.T) {
	root := t.TempDir()
	require.Error(t, publish(root, []byte("x"), true), "there is no page")
	require.NoError(t, publish(root, []byte("x"), false))
	require.NoError(t, publish(root, []byte("x"), true))
	require.ErrorContains(t, publish(root, []byte("y"), true), "stale")
	require.NoError(t, publish(root, []byte("x"), true), "a comparison wrote something")
}
