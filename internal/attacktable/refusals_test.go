//go:build !wasm

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const showingsFile = home + "/showings.json"

// refusing is a module whose tests use failtest in several ways, and one not.
var refusing = map[string]string{
	rowsFile: `[{"id": "A1", "attack": "x"}]`,
	"a/a_test.go": `package a

func TestAttack_A1_Itself() { failtest.Refused() }

func TestAttack_A1_ThroughOthers() { one() }

func one() { two() }

func two() { one(); s.three() }

func (s) three() { failtest.RefusedAs[*t](1) }
`,
	"b/b_test.go": `package b

func TestAttack_A1_Not() { one(); failtest.NoSecret(); other.Refused() }

func one() { one() }
`,
	"c/c_test.go": `package c

func TestRefuses() { require.ErrorIs(1); failtest.RefusedWith() }

func TestDemands() { require.NoError(); one() }

func TestWorks() { require.NoError(); other.ErrorIs(); s.require.Error() }

func one() { require.ErrorContainsf() }
`,
	"d/d_test.go": `package d

func TestNotListed() { require.Error() }
`,
	packagesFile: "# The packages.\nc\n",
	showingsFile: `{"b.TestAttack_A1_Not": "something else", "c.TestDemands": "its own error"}`,
}

func TestHeld(t *testing.T) {
	root := writeModule(t, fake, refusing)
	rows, err := readRows(root)
	require.NoError(t, err)
	count, err := held(root, rows)
	require.ErrorContains(t, err, "..TestAttack_A1_Double does not use failtest.Refused")
	require.NotContains(t, err.Error(), "a.Test")
	require.NotContains(t, err.Error(), "b.Test")
	require.NotContains(t, err.Error(), "c.Test")
	require.NotContains(t, err.Error(), "d.Test")
	require.Equal(t, 2, count)
}

func TestHeldRefuses(t *testing.T) {
	for want, change := range map[string]map[string]string{
		"b.TestAttack_A1_Not does not use failtest.Refused": {showingsFile: `{}`},
		"showings.json does not say why":                    {showingsFile: `{"b.TestAttack_A1_Not": ""}`},
		"a.TestAttack_A1_Itself does use failtest.Refused":  {showingsFile: `{"a.TestAttack_A1_Itself": "x"}`},
		"there is no c.TestAttack_A1_Gone":                  {showingsFile: `{"c.TestAttack_A1_Gone": "x"}`},
		"c.TestDemands does not use failtest.Refused":       {showingsFile: `{"c.TestRefuse": ""}`},
		"there is no c.TestWorks":                           {showingsFile: `{"c.TestWorks": "x"}`},
		"c.TestRefuses does use failtest.Refused":           {showingsFile: `{"c.TestRefuses": "x"}`},
		"packages.txt: no such file":                        {packagesFile: ``},
		"showings.json: ":                                   {showingsFile: `[]`},
		"no such file":                                      {showingsFile: ``},
	} {
		root := writeModule(t, fake, refusing, change)
		rows, err := readRows(root)
		require.NoError(t, err)
		_, err = held(root, rows)
		require.ErrorContains(t, err, want)
	}
}
