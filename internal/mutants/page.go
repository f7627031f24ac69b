package main

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

const (
	packagesFile = home + "/packages.txt"
	pageFile     = "docs/mutation.md"
)

const start = `# Mutation testing

<!-- Made by .ci/mutation. Do not edit. -->

A mutant is the code with one thing changed: a check or a statement taken away, a comparison negated or moved by one, ` + "`&&`" + ` for
` + "`||`" + `, ` + "`+`" + ` for ` + "`-`" + `, ` + "`break`" + ` for ` + "`continue`" + `. A mutant that no test notices is a hole in the tests, unless it behaves as the original
does. Here are the figures of the last run for each package that verifies, decrypts, parses or decides trust, and the
reasons of survivors. A package without a result, and survivors beyond those with a reason, are open; sources and tests may be
newer than the figures.

    .ci/mutation                 every package, hours; nightly
    .ci/mutation internal/wire   one package, minutes
    .ci/mutation -again PACKAGE  what was not killed before, after tests were added

The tool is [gremlins](https://github.com/go-gremlins/gremlins), in the version that [tools/go.mod](../tools/go.mod) names, with
every operator it has. What [.ci/mutation](../.ci/mutation) adds:

- gremlins changes operators. So the code gets one first wherever something can be taken away. ` + "`if n > m`" + ` becomes
  ` + "`if n > m || false`" + `: with ` + "`&&`" + ` the check is gone (invert logical), and so for each case of a switch. A call or an assignment
  becomes ` + "`if true || false { … }`" + `: with ` + "`&&`" + ` it is not made. ` + "`if !ok`" + ` becomes ` + "`if (ok == false) || false`" + `, so that a mutant exists
  in which the check is turned round. The expressions below are in these forms, a statement taken away by itself.
- Not taken away are wipes, which [wipetable](../internal/wipetable) observes, locks, which the race detector judges, and
  panics.
- Constants and code that no test reaches are mutated as well. A mutant in them survives unless a test notices.
- A mutant that does not compile is not counted. Vet kills none.
- A package is judged by its own tests alone. One that fails has to fail again by itself, which leaves little to chance.
- Mutants that change a condition share one build, where a variable of the environment chooses among them. That
  saves time and changes nothing else.

A mutant that a test's time limit ended, eight times what all tests need without it, counts as timed out, and as
noticed: an endless loop. The defence of each known attack, often more than one statement, is taken away by the patches of
[attacks.md](attacks.md).

## Score

Noticed is the share of mutants that were killed or timed out.

| Package | Mutants | Killed | Timed out | Survived | With a reason | Noticed |
|---|---|---|---|---|---|---|
`

const summary = `## Résumé

Un mutant est le code modifié en un seul point : un contrôle ou une instruction retirés, une comparaison inversée ou décalée d'une
unité, un ` + "`&&`" + ` mis pour un ` + "`||`" + `. Si aucun test n'échoue, les tests ont un trou, ou bien le mutant équivaut à l'original. Les
%d paquets sont ceux qui vérifient, déchiffrent, analysent des données et décident de la confiance ; %d ont un résultat. Ils
donnent %d mutants : %d sont tués par les tests de leur propre paquet, %d arrêtés par la limite de temps, et %d survivent, dont %d
avec une raison écrite ci-dessus. Soit %s de mutants remarqués. La commande est ` + "`.ci/mutation`" + ` ; elle échoue si un mutant survit sans
raison, ou si une raison n'a plus de mutant.
`

// page returns the text of docs/mutation.md.
func page(packages []string, scores []score, reviewed []survivor) []byte {
	var b bytes.Buffer
	b.WriteString(start)
	var total score
	tested, given := 0, 0
	for _, pkg := range packages {
		i := slices.IndexFunc(scores, func(s score) bool { return s.Package == pkg })
		if i < 0 {
			fmt.Fprintf(&b, "| [%s](../%s) | no result yet | | | | | |\n", pkg, pkg)
			continue
		}
		tested++
		reasons := 0
		for _, r := range reviewed {
			if path.Dir(r.File) == pkg {
				reasons += max(r.Count, 1)
			}
		}
		given += reasons
		s := scores[i]
		total.Killed += s.Killed
		total.TimedOut += s.TimedOut
		total.Survived += s.Survived
		line(&b, fmt.Sprintf("[%s](../%s)", pkg, pkg), s, reasons)
	}
	line(&b, "all", total, given)
	b.WriteString("\n## Survivors\n\nThose with a reason, each with its operator, as gremlins names it, and how many are alike where there are several.\n")
	list := slices.Clone(reviewed)
	slices.SortStableFunc(list, func(a, b survivor) int {
		return slices.Index(packages, path.Dir(a.File)) - slices.Index(packages, path.Dir(b.File))
	})
	file := ""
	for _, s := range list {
		if s.File != file {
			file = s.File
			fmt.Fprintf(&b, "\n[%s](../%s)\n\n", file, file)
		}
		times := ""
		if s.Count > 1 {
			times = fmt.Sprintf(", %d times", s.Count)
		}
		fmt.Fprintf(&b, "- %s: `%s` (%s%s). %s\n", s.Function, s.Expression, strings.ToLower(strings.ReplaceAll(s.Operator, "_", " ")), times, s.Reason)
	}
	b.WriteByte('\n')
	fmt.Fprintf(&b, summary, len(packages), tested, total.mutants(), total.Killed, total.TimedOut, total.Survived, given, strings.Replace(total.noticed(), ".", ",", 1))
	return b.Bytes()
}

func line(b *bytes.Buffer, name string, s score, reasons int) {
	fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d | %s |\n", name, s.mutants(), s.Killed, s.TimedOut, s.Survived, reasons, s.noticed())
}

func (s score) mutants() int { return s.Killed + s.TimedOut + s.Survived }

func (s score) noticed() string {
	return fmt.Sprintf("%.1f %%", 100*float64(s.Killed+s.TimedOut)/float64(max(s.mutants(), 1)))
}

// readPackages lists the packages of packages.txt.
func readPackages() ([]string, error) {
	text, err := os.ReadFile(packagesFile)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "#") }), err
}

// current returns the page for the files as they are.
func current() ([]byte, error) {
	packages, err := readPackages()
	if err != nil {
		return nil, err
	}
	scores, reviewed, err := readData()
	if err != nil {
		return nil, err
	}
	return page(packages, scores, reviewed), nil
}

// publish writes docs/mutation.md.
func publish() error {
	text, err := current()
	if err != nil {
		return err
	}
	return os.WriteFile(pageFile, text, 0o644)
}
