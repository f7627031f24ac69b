package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chappe-e2ee/chappe/testvectors"
	"github.com/chappe-e2ee/chappe/testvectors/conformance"
	adapter "github.com/chappe-e2ee/chappe/testvectors/conformance/chappe"
)

func (t *tool) vectorsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "vectors",
		Short: "List, show and run the test vectors for Olm and Megolm",
		Long: `List, show and run the test vectors that are built into this program: known
answers for Olm, Megolm and what belongs to them, for implementations in any
language. "vectors show README.md" describes their form, schema.json too.`,
		Args: cobra.NoArgs,
		RunE: needSubcommand,
	}
	c.AddCommand(t.listVectorsCommand(), t.showVectorCommand(), t.runVectorsCommand())
	return c
}

// A vector is what vectors list says of one in JSON.
type vector struct {
	ID          string `json:"id"`
	Area        string `json:"area"`
	Operation   string `json:"operation"`
	Result      string `json:"result"`
	Error       string `json:"error,omitempty"`
	Applies     bool   `json:"applies"`
	Description string `json:"description"`
	File        string `json:"file"` // as vectors show takes it
}

// allVectors returns the vectors in the order of their files.
func allVectors() ([]vector, error) {
	var list []vector
	err := fs.WalkDir(testvectors.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".json" || name == "schema.json" {
			return err
		}
		text, err := testvectors.FS.ReadFile(name)
		if err != nil {
			return err
		}
		var v vector
		if err := json.Unmarshal(text, &v); err != nil {
			return err
		}
		v.File = name
		list = append(list, v)
		return nil
	})
	return list, err
}

// selected returns the vectors whose file or operation has one of the patterns in
// it; all, when there are none.
func selected(patterns []string) ([]vector, error) {
	list, err := allVectors()
	if err != nil || len(patterns) == 0 {
		return list, err
	}
	var found []vector
	for _, v := range list {
		for _, p := range patterns {
			if strings.Contains(v.File, p) || strings.Contains(v.Operation, p) {
				found = append(found, v)
				break
			}
		}
	}
	if len(found) == 0 {
		return nil, failf(exitUsage, "no vector has %s in its file name or operation", strings.Join(patterns, " or "))
	}
	return found, nil
}

func (t *tool) listVectorsCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "list [PATTERN...]",
		Short:             "List the vectors, or those with a text in their file name or operation",
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, patterns []string) error {
			list, err := selected(patterns)
			if err != nil {
				return err
			}
			if t.json {
				return t.printJSON(map[string]any{"vectors": list})
			}
			for _, v := range list {
				if err := t.print("%-60s %-8s %s", v.File, v.Result, v.Operation); err != nil {
					return err
				}
			}
			return t.print("%s", plural(len(list), "vector"))
		},
	}
}

func (t *tool) showVectorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show FILE",
		Short: "Print a vector, or another file of the vectors, as README.md and schema.json",
		Args:  cobra.ExactArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
			list, _ := allVectors()
			names := []string{"README.md", "schema.json"}
			for _, v := range list {
				names = append(names, v.File)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := testvectors.FS.ReadFile(args[0])
			if err != nil {
				return failf(exitUsage, "no vector %s; see vectors list", args[0])
			}
			_, err = t.stdout.Write(text)
			return err
		},
	}
}

// A vectorRun is what vectors run says in JSON.
type vectorRun struct {
	Passed int             `json:"passed"`
	Failed int             `json:"failed"`
	NotRun int             `json:"not_run"`
	Wrong  []vectorFailure `json:"failures"`
}

type vectorFailure struct {
	Case   string `json:"case"`
	Reason string `json:"reason"`
}

func (t *tool) runVectorsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run [PATTERN...]",
		Short: "Run the vectors and scenarios against this program, or those with a text in their name",
		Long: `Run the vectors, and the scenarios of the conformance suite, against the
implementation in this program: does this binary, on this machine, calculate
right? Nine vectors are about what lies beneath Olm, and are counted as not run.
Those of chappe's own storage and of vodozemac's pickles are run by
"go test ./testvectors" in the source.

A case that fails ends with exit code 3.`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, patterns []string) error {
			named := func(c conformance.Case) bool {
				return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool { return strings.Contains(c.ID, strings.TrimSuffix(p, ".json")) })
			}
			list := slices.DeleteFunc(conformance.Cases(), func(c conformance.Case) bool { return !named(c) })
			if len(list) == 0 {
				return failf(exitUsage, "no case has %s in its name", strings.Join(patterns, " or "))
			}
			return t.runCases(list, new(adapter.Replaying))
		},
	}
}

// runCases puts an implementation through cases.
func (t *tool) runCases(list []conformance.Case, i conformance.Implementation) error {
	found := vectorRun{Wrong: []vectorFailure{}}
	for _, c := range list {
		err := c.Run(i)
		if _, lacks := errors.AsType[*conformance.NotRunError](err); lacks {
			found.NotRun++
			continue
		}
		if err == nil {
			found.Passed++
			continue
		}
		found.Failed++
		found.Wrong = append(found.Wrong, vectorFailure{c.ID, sentence(err)})
		t.note("%s: %s", c.ID, sentence(err))
	}
	var err error
	if t.json {
		err = t.printJSON(found)
	} else {
		err = t.print("%d passed, %d failed, %d not run", found.Passed, found.Failed, found.NotRun)
	}
	if err != nil {
		return err
	}
	return partial(found.Failed, "of the cases failed")
}
