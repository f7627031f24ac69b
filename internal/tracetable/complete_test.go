//go:build !wasm

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoad(t *testing.T) {
	_, m := loaded(t, writeModule(t, nil))
	var names []string
	for name := range m.symbols {
		names = append(names, name)
	}
	require.ElementsMatch(t, []string{
		"olm.Number", "olm.Factor", "olm.Number.Twice", "olm.Number.String", "olm.twice", "olm.unused", "olm.hidden", "olm.hidden.Exported",
	}, names)
	require.Equal(t, []string{"olm.Number.String", "olm.Number.Twice"}, exported(m))
	require.Equal(t, "Twice returns the double.\n", m.symbols["olm.Number.Twice"].doc)
	file := "olm/olm_test.go"
	require.Equal(t, map[string]string{
		"olm.TestTwice": file, "olm.TestIdle": file, "olm.TestSkipped": file, "olm.TestFails": file, "olm.FuzzTwice": file,
	}, m.tests)
	require.Equal(t, "olm/olm.go", m.docFiles["olm"])

	for want, change := range map[string]map[string]string{
		"expected":                       {"olm/bad.go": "no Go at all\n"},
		"olm.Number is in":               {"olm/twice.go": "package olm\n\ntype Number int\n"},
		"olm/olm.go and in olm/zwice.go": {"olm/zwice.go": "package olm\n\nfunc unused() {}\n"},
		"expected operand, found ')'":    {"olm/bad_test.go": "package olm\n\nvar x = )\n"},
	} {
		_, err := load(writeModule(t, change))
		require.ErrorContains(t, err, want)
	}
}

// edit returns the fake rows with one text for another.
func edit(t *testing.T, file, old, text string) map[string]string {
	t.Helper()
	require.Equal(t, 1, strings.Count(fake[file], old), old)
	return map[string]string{file: strings.Replace(fake[file], old, text, 1)}
}

// Each check is seen to fail.
func TestCompleteFindsEachGap(t *testing.T) {
	rows, m := loaded(t, writeModule(t, nil))
	require.NoError(t, complete(rows, m, fakeIDs))
	require.ErrorContains(t, complete(rows, m, append(fakeIDs, "A4")), "row A4 is missing")
	require.ErrorContains(t, complete(rows, m, fakeIDs[:2]), "out of order, stand twice, or are not known")
	require.ErrorContains(t, complete(rows, m, []string{"A2", "A1", "A3"}), "out of order")

	row := func(old, text string) map[string]string { return edit(t, rowsFile, old, text) }
	for name, c := range map[string]struct {
		change map[string]string
		want   string
	}{
		"twice":                  {row(`"A2"`, `"A1"`), "row A2 is missing"},
		"no words":               {row(`"It is doubled."`, `""`), "A1: needs words"},
		"no clause":              {row(`["one"]`, `[]`), "A1: needs words, a clause"},
		"no level":               {row(`"MAY"`, `"may"`), "A3: needs words, a clause and a level"},
		"unknown clause":         {row(`["one"]`, `["one", "three"]`), `A1: there is no clause "three"`},
		"unused clause":          {edit(t, clausesFile, `}]`, `}, {"id": "x", "title": "X"}]`), `clause "x" is of no row`},
		"no such symbol":         {row(`olm.Factor`, `olm.Fictor`), "A1: there is no symbol olm.Fictor"},
		"no such method":         {row(`olm.Number.Twice", "olm.F`, `olm.Number.Thrice", "olm.F`), "A1: there is no symbol olm.Number.Thrice"},
		"another system":         {row(`olm.Factor`, `olm.onWindows`), "A1: there is no symbol olm.onWindows"},
		"another module":         {row(`olm.Factor`, `inner.Inner`), "A1: there is no symbol inner.Inner"},
		"no such test":           {row(`olm.TestTwice`, `olm.TestThrice`), "A1: there is no test olm.TestThrice"},
		"a helper for a test":    {row(`olm.TestTwice`, `olm.helper`), "A1: there is no test olm.helper"},
		"a method for a test":    {row(`olm.TestTwice`, `olm.TestOfAType`), "A1: there is no test olm.TestOfAType"},
		"test of another system": {row(`olm.TestTwice`, `olm.TestOnWindows`), "A1: there is no test olm.TestOnWindows"},
		"a part of a test":       {row(`olm.TestTwice`, `olm.TestTwice/part`), "A1: there is no test"},
		"code alone":             {row(`, "tests": ["olm.TestTwice", "olm.FuzzTwice"]`, ``), "A1: has code without tests"},
		"tests alone":            {row(`"code": ["olm.Number.Twice", "olm.Factor"], `, ``), "or tests without code"},
		"neither":                {row(`"code": ["olm.Number.Twice", "olm.Factor"], "tests": ["olm.TestTwice", "olm.FuzzTwice"]`, `"why": "x"`), "A1: has neither code and tests nor a status"},
		"no function":            {row(`"olm.Number.Twice", "olm.Factor"`, `"olm.Number", "olm.Factor"`), "A1: names no function"},
		"unknown status":         {row(`"not done"`, `"done"`), `A3: there is no status "done"`},
		"no reason":              {row(`, "why": "Nobody asked."`, ``), "A3: needs a reason"},
		"not done, but code":     {row(`"status": "not done"`, `"code": ["olm.twice"], "tests": ["olm.TestIdle"], "status": "not done"`), "A3: needs a reason, and no code"},
		"partly, without code":   {row(`"not done"`, `"partly"`), "A3: needs code, tests, and what is missing"},
		"caller, not told":       {row(`"not done"`, `"caller"`), "A3: needs the duty, and where the program is told"},
		"untold, not a duty":     {row(`"why": "Nobody asked."`, `"why": "Nobody asked.", "untold": "x"`), "A3: leaves something untold"},
		"told by other words":    {row(`the double`, `the triple`), `A2: the comment of olm.Number.Twice does not say "the triple"`},
		"told by no words":       {row(`the double`, ``), "A2: the comment of olm.Number.Twice does not say"},
		"told nowhere":           {row(`"at": "olm"`, `"at": "megolm"`), "A2: there is no symbol or package megolm"},
		"in no row":              {edit(t, exemptFile, `String`, `Text`), "olm.Number.String is in no row, and not exempt"},
		"exempt in part":         {edit(t, exemptFile, `.+\\.String`, `String`), "olm.Number.String is in no row, and not exempt"},
		"needless exemption":     {edit(t, exemptFile, `}]`, `}, {"pattern": "olm\\.X", "why": "x"}]`), `nothing needs the exemption olm\.X`},
		"exempt, but in a row":   {edit(t, exemptFile, `}]`, `}, {"pattern": "olm\\.Number\\.Twice", "why": "x"}]`), "nothing needs the exemption"},
	} {
		rows, m := loaded(t, writeModule(t, c.change))
		require.ErrorContains(t, complete(rows, m, fakeIDs), c.want, name)
	}
}

func TestReadTableRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change map[string]string
		want   string
	}{
		"unknown member":   {edit(t, rowsFile, `"why": "Nobody`, `"reason": "Nobody`), "a.json: json: unknown field"},
		"no JSON":          {map[string]string{clausesFile: `[`}, "clauses.json"},
		"clause twice":     {edit(t, clausesFile, `"id": "two"`, `"id": "one"`), `clause "one" is incomplete, or stands twice`},
		"without title":    {edit(t, clausesFile, `, "title": "Two"`, ``), `clause "two" is incomplete`},
		"no reason":        {edit(t, exemptFile, `, "why": "for people"`, ``), "has no reason"},
		"no pattern":       {edit(t, exemptFile, `.+\\.String`, ``), "has no reason"},
		"not a pattern":    {edit(t, exemptFile, `.+\\.String`, `(`), "exempt.json"},
		"no list of names": {map[string]string{exemptFile: `{}`}, "exempt.json"},
	} {
		_, err := readTable(writeModule(t, c.change))
		require.ErrorContains(t, err, c.want, name)
	}
}

func TestKnown(t *testing.T) {
	ids := known()
	require.Len(t, ids, 197)
	require.Equal(t, "A1", ids[0])
	require.Contains(t, ids, "D37")
	require.Equal(t, "J3", ids[len(ids)-1])
}
