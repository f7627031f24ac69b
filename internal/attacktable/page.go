package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const start = `# Known attacks

<!-- Made by go run ./internal/attacktable. Do not edit. -->

Each row is a known attack on an implementation of Matrix end-to-end encryption, or a class of faults that such
implementations had. A patch takes one defence away; the program that makes this page applied every patch to a copy of
the module and saw a test of its row fail. Where a row has no test, it says why.

The ids are names, and have gaps: P for primitives and formats, V for verification, identities and backups, G for what
concerns every package, C for what a program meets between these.

`

const four = `%[1]d of the tests refuse something by way of [internal/failtest](../internal/failtest), which holds a failed
call to four things: it does not panic, it changes no byte of what it was called on, what it allocates is bounded by its
input, and its error holds no part of a secret. What the others show instead stands in
[showings.json](../%[2]s/showings.json). The same is demanded of each test that demands an error, in the packages that
verify, decrypt, parse and decide trust ([packages.txt](../internal/mutants/packages.txt)).

`

// page returns the text of docs/attacks.md. So many tests refuse something.
func page(rows []*row, refusing int) []byte {
	var b bytes.Buffer
	tests, patches := 0, 0
	for _, r := range rows {
		tests += len(r.tests)
		patches += len(r.patches)
	}
	b.WriteString(start)
	fmt.Fprintf(&b, "%d rows, %d tests, %d patches. The tests are named `%sROW_…`. The patches of one row are tried with\n"+
		"`go run ./%s -run '^P14'`.\n\n", len(rows), tests, patches, testStart, home)
	fmt.Fprintf(&b, four, refusing, home)
	b.WriteString("| Row | Attack | Tests | Patches, or the answer |\n|---|---|---|---|\n")
	for _, r := range rows {
		var list []string
		for _, p := range r.patches {
			list = append(list, fmt.Sprintf("[%s](../%s/patches/%s)", what(p), home, p))
		}
		last := strings.Join(list, "; ")
		if last != "" && r.Answer != "" {
			last += ". "
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.ID, r.Attack, places(r.tests), last+r.Answer)
	}
	b.WriteString(summary(rows, tests, refusing, patches))
	return b.Bytes()
}

const french = `
## Résumé

Ce tableau recense les attaques connues contre les implémentations du chiffrement de bout en bout de Matrix, et les familles
de défauts qu'elles ont présentées : %d lignes, dont %d sur les primitives et les formats (P), %d sur la vérification, les
identités et les sauvegardes (V), %d sur tous les paquets (G) et %d sur ce qu'un programme rencontre entre eux (C).

Pour %d lignes, %d tests nommés d'après la ligne tiennent la défense. %d d'entre eux refusent quelque chose, et vérifient
alors quatre propriétés : pas de panique, aucun octet d'état modifié, une mémoire bornée par l'entrée, aucune
partie d'un secret dans l'erreur. Que ces tests servent à quelque chose est démontré
et non affirmé : chacune des %d modifications retire une défense et une seule ; le programme qui produit cette page les applique
une à une à une copie du code et exige qu'un test de la ligne échoue. Pour les %d autres lignes, la dernière colonne dit
pourquoi l'attaque est sans objet ici, quelle autre ligne la couvre, ou pourquoi le risque est accepté.

La page est entièrement produite par %s ; une page périmée, une ligne sans test ni réponse ou une
modification qui ne s'applique plus font échouer la vérification de chaque changement.
`

// summary returns the section in French.
func summary(rows []*row, tests, refusing, patches int) string {
	kinds := make(map[byte]int)
	tested := 0
	for _, r := range rows {
		kinds[r.ID[0]]++
		if len(r.tests) > 0 {
			tested++
		}
	}
	return fmt.Sprintf(french, len(rows), kinds['P'], kinds['V'], kinds['G'], kinds['C'],
		tested, tests, refusing, patches, len(rows)-tested, "`go run ./"+home+"`")
}

// places says in which folders the tests are, and how many.
func places(tests []test) string {
	count := make(map[string]int)
	var dirs []string
	for _, t := range tests {
		if count[t.dir]++; count[t.dir] == 1 {
			dirs = append(dirs, t.dir)
		}
	}
	slices.Sort(dirs)
	var list []string
	for _, dir := range dirs {
		list = append(list, fmt.Sprintf("[%s](../%s) %d", dir, dir, count[dir]))
	}
	return strings.Join(list, ", ")
}

// what returns what a patch takes away, in the words of its name.
func what(patch string) string {
	_, words, _ := strings.Cut(strings.TrimSuffix(patch, ".patch"), "-")
	return strings.ReplaceAll(words, "-", " ")
}

// publish writes the page, or compares it with the one that is there.
func publish(root string, text []byte, check bool) error {
	name := filepath.Join(root, "docs", "attacks.md")
	if !check {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		return os.WriteFile(name, text, 0o644)
	}
	have, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, text) {
		return fmt.Errorf("docs/attacks.md is stale: run go run ./internal/attacktable")
	}
	return nil
}
