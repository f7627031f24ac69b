package main

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const (
	home          = "internal/mutants"
	survivorsFile = home + "/survivors.json"
	scoresFile    = home + "/scores.json"
)

// survivor is a mutant that no test noticed. In survivors.json it has a reason,
// and a count where several mutants of a function are alike.
type survivor struct {
	File       string `json:"file"`
	Function   string `json:"function"`
	Operator   string `json:"operator"`
	Expression string `json:"expression"`
	Count      int    `json:"count,omitempty"`
	Reason     string `json:"reason,omitempty"`
}

// name is the survivor without its count and reason.
func (s survivor) name() survivor {
	s.Count, s.Reason = 0, ""
	return s
}

func (s survivor) String() string {
	return fmt.Sprintf("%s, %s: %s in %s", s.File, s.Function, s.Operator, s.Expression)
}

// score is the figures of one package.
type score struct {
	Package  string `json:"package"`
	Killed   int    `json:"killed"`
	TimedOut int    `json:"timedOut"`
	Survived int    `json:"survived"`
	// NotViable counts the changes that do not compile. They are no mutants.
	NotViable int `json:"notViable"`
}

// packageOf returns the package of a result file, whose name has dots for the
// slashes.
func packageOf(name string) string {
	return strings.ReplaceAll(strings.TrimSuffix(filepath.Base(name), ".json"), ".", "/")
}

// judge reads the result of a package, keeps its figures in scores.json, and
// fails when survivors.json does not fit it. tree has the prepared sources.
func judge(tree, name string) error {
	scores, reviewed, err := readData()
	if err != nil {
		return err
	}
	var r result
	if err := readJSON(name, &r); err != nil {
		return err
	}
	pkg := packageOf(name)
	alive, s, err := assess(tree, pkg, r)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d killed, %d timed out, %d survived\n", pkg, s.Killed, s.TimedOut, s.Survived)
	scores = slices.DeleteFunc(scores, func(o score) bool { return o.Package == pkg })
	scores = append(scores, s)
	slices.SortFunc(scores, func(a, b score) int { return cmp.Compare(a.Package, b.Package) })
	return errors.Join(writeJSON(scoresFile, scores), review(pkg, alive, reviewed))
}

// readData reads the files beside this one.
func readData() (scores []score, reviewed []survivor, err error) {
	err = errors.Join(readJSON(scoresFile, &scores), readJSON(survivorsFile, &reviewed))
	return scores, reviewed, err
}

// assess counts the mutants of a package and names those that live, with how
// many are alike.
func assess(tree, pkg string, r result) (map[survivor]int, score, error) {
	alive, s := make(map[survivor]int), score{Package: pkg}
	for _, f := range r.Files {
		src, err := read(filepath.Join(tree, pkg, f.Name))
		if err != nil {
			return nil, s, err
		}
		places := src.places()
		for _, m := range f.Mutations {
			switch m.Status {
			case killed:
				s.Killed++
			case timedOut:
				s.TimedOut++
			case notViable:
				s.NotViable++
			case lived:
				s.Survived++
				p, ok := places[[2]int{m.Line, m.Column}]
				if !ok {
					return nil, s, fmt.Errorf("%s/%s:%d:%d has no operator: the results are of other sources", pkg, f.Name, m.Line, m.Column)
				}
				alive[survivor{File: path.Join(pkg, f.Name), Function: p.function, Operator: m.Type, Expression: p.expression}]++
			default:
				return nil, s, fmt.Errorf("%s/%s:%d:%d was not tried: %s", pkg, f.Name, m.Line, m.Column, m.Status)
			}
		}
	}
	return alive, s, nil
}

// review compares the survivors of a package with the reviewed ones.
func review(pkg string, alive map[survivor]int, reviewed []survivor) error {
	var wrong []error
	for _, r := range reviewed {
		if path.Dir(r.File) != pkg {
			continue
		}
		want, have := max(r.Count, 1), alive[r.name()]
		delete(alive, r.name())
		switch {
		case r.Reason == "":
			wrong = append(wrong, fmt.Errorf("no reason: %v", r))
		case have < want:
			wrong = append(wrong, fmt.Errorf("stale, %d of %d survived: %v", have, want, r))
		case have > want:
			wrong = append(wrong, fmt.Errorf("survived %d times, %d reviewed: %v", have, want, r))
		}
	}
	for s, n := range alive {
		wrong = append(wrong, fmt.Errorf("survived %d times, not reviewed: %v", n, s))
	}
	slices.SortFunc(wrong, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errors.Join(wrong...)
}
