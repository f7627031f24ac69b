package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// A kind says which rules a package answers to.
type kind int

const (
	unknown  kind = iota
	room          // shipped, listed in the table
	internal      // shipped, importable by the rooms only
	vectors       // the vectors as data
	tool          // programs and test support: what nobody imports
	example       // programs as a user writes them
)

func kindOf(p pkg) kind {
	top, rest, _ := strings.Cut(p.dir, "/")
	switch {
	case top == "cmd":
		return tool
	case top == "examples":
		return example
	case top == "internal" && rest != "" && (p.main || strings.HasSuffix(p.dir, "test")):
		return tool
	case top == "internal" && rest != "":
		return internal
	case p.dir == "testvectors":
		return vectors
	case top == "testvectors" && p.main:
		return tool // a generator
	case rooms[p.dir] != nil:
		return room
	}
	return unknown
}

func shipped(p pkg) bool {
	k := kindOf(p)
	return k == room || k == internal || k == vectors || k == unknown
}

// A rule names one property of the module and finds what breaks it.
type rule struct {
	name string
	find func(pkgs []pkg) []string
}

var rules = []rule{
	{"every package is in the table of rooms", findUnknown},
	{"rooms import along the table's edges", findEdges},
	{"one package imports the Edwards curve", findCurves},
	{"what is confined stays in its package", findConfined},
	{"no shipped package imports what is forbidden", findForbidden},
	{"shipped packages use the allowed modules only", findExternal},
	{"test libraries are for tests", findTestOnly},
	{"command lines are for cmd and examples", findCommandLine},
	{"testvectors imports embed and nothing else", findVectors},
	{"examples import what a user can import", findExamples},
	{"no init function", findInits},
	{"pure Go", findForeign},
	{"AES is crypto/aes", findAES},
}

// check returns what breaks each rule, by the rule's name.
func check(pkgs []pkg) map[string][]string {
	broken := map[string][]string{}
	for _, r := range rules {
		if found := r.find(pkgs); len(found) > 0 {
			broken[r.name] = found
		}
	}
	return broken
}

// below reports whether a path is the package or a package below it.
func below(imported, parent string) bool {
	return imported == parent || strings.HasPrefix(imported, parent+"/")
}

func belowAny(imported string, parents []string) bool {
	return slices.ContainsFunc(parents, func(parent string) bool { return below(imported, parent) })
}

// own returns the directory of a package of this module.
func own(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// standard reports whether a path is of the standard library.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// imports collects the imports of the packages that refuse refuses, outside
// tests.
func imports(pkgs []pkg, refuse func(p pkg, imported string) string) []string {
	var found []string
	for _, p := range pkgs {
		for _, f := range p.files {
			for _, imported := range f.imports {
				if f.test {
					continue
				}
				if why := refuse(p, imported); why != "" {
					found = append(found, fmt.Sprintf("%s imports %s: %s", path.Join(p.dir, f.name), imported, why))
				}
			}
		}
	}
	return found
}

func findUnknown(pkgs []pkg) []string {
	var found []string
	for _, p := range pkgs {
		if kindOf(p) == unknown {
			found = append(found, p.dir+" is not in the table of rooms: add it with its edges")
		}
	}
	return found
}

func findEdges(pkgs []pkg) []string {
	kinds := map[string]kind{}
	for _, p := range pkgs {
		kinds[p.dir] = kindOf(p)
	}
	return imports(pkgs, func(p pkg, imported string) string {
		dir, ok := own(imported)
		if !ok || !shipped(p) {
			return ""
		}
		to, read := kinds[dir]
		if !read {
			to = kindOf(pkg{dir: dir})
		}
		switch {
		case to == tool:
			return "programs and test support are not for shipped packages"
		case to == internal:
			return ""
		case kindOf(p) == room && slices.Contains(rooms[p.dir], dir):
			return ""
		}
		return "the table of rooms has no such edge"
	})
}

func findCurves(pkgs []pkg) []string {
	var importers []string
	exists := false
	for _, p := range pkgs {
		exists = exists || p.dir == curve
		if slices.ContainsFunc(p.files, func(f file) bool {
			return !f.test && slices.ContainsFunc(f.imports, func(i string) bool { return below(i, edwards) })
		}) {
			importers = append(importers, p.dir)
		}
	}
	if len(importers) == 1 || len(importers) == 0 && !exists {
		return nil
	}
	return []string{fmt.Sprintf("%s is imported by %d packages: %q", edwards, len(importers), importers)}
}

func findConfined(pkgs []pkg) []string {
	return imports(pkgs, func(p pkg, imported string) string {
		bound := shipped(p) || kindOf(p) == example || below(p.dir, "cmd")
		for what, where := range confined {
			if bound && below(imported, what) && p.dir != where {
				return "only " + where + " does"
			}
		}
		return ""
	})
}

func findForbidden(pkgs []pkg) []string {
	return imports(pkgs, func(p pkg, imported string) string {
		for what, why := range forbidden {
			if shipped(p) && below(imported, what) && !belowAny(imported, allowedBelow) {
				return why
			}
		}
		return ""
	})
}

func findExternal(pkgs []pkg) []string {
	return imports(pkgs, func(p pkg, imported string) string {
		_, ours := own(imported)
		if !shipped(p) || ours || standard(imported) || belowAny(imported, external) {
			return ""
		}
		return "not among the modules that shipped packages may use"
	})
}

func findTestOnly(pkgs []pkg) []string {
	return imports(pkgs, func(p pkg, imported string) string {
		support := strings.HasPrefix(p.dir, "internal/") && strings.HasSuffix(p.dir, "test")
		if !belowAny(imported, testOnly) || support {
			return ""
		}
		return "only test files do"
	})
}

func findCommandLine(pkgs []pkg) []string {
	var found []string
	for _, p := range pkgs {
		if below(p.dir, "cmd") || below(p.dir, "examples") {
			continue
		}
		for _, f := range p.files {
			for _, imported := range f.imports {
				if belowAny(imported, commandLine) {
					found = append(found, fmt.Sprintf("%s imports %s", path.Join(p.dir, f.name), imported))
				}
			}
		}
	}
	return found
}

func findVectors(pkgs []pkg) []string {
	return imports(pkgs, func(p pkg, imported string) string {
		if kindOf(p) != vectors || imported == "embed" {
			return ""
		}
		return "vectors are data"
	})
}

func findExamples(pkgs []pkg) []string {
	return imports(pkgs, func(p pkg, imported string) string {
		dir, ours := own(imported)
		if kindOf(p) != example || !ours || !below(dir, "internal") {
			return ""
		}
		return "a user's program cannot"
	})
}

// files collects the files of shipped packages that bad is true of.
func files(pkgs []pkg, what string, bad func(f file) bool) []string {
	var found []string
	for _, p := range pkgs {
		for _, f := range p.files {
			if shipped(p) && !f.test && bad(f) {
				found = append(found, path.Join(p.dir, f.name)+" "+what)
			}
		}
	}
	return found
}

func findInits(pkgs []pkg) []string {
	return files(pkgs, "declares func init", func(f file) bool { return f.inits > 0 })
}

func findForeign(pkgs []pkg) []string {
	return files(pkgs, "is not Go", func(f file) bool { return f.foreign })
}

func findAES(pkgs []pkg) []string {
	return files(pkgs, "holds a table of AES", func(f file) bool { return f.aes })
}
