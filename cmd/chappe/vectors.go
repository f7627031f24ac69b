package main

import (
	"encoding/json"
	"io/fs"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chappe-e2ee/chappe/testvectors"
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

	text []byte
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
		v := vector{text: text}
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
	File   string `json:"file"`
	Reason string `json:"reason"`
}

func (t *tool) runVectorsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run [PATTERN...]",
		Short: "Run the vectors against this program, or those with a text in their name",
		Long: `Run the vectors against the implementation in this program, as far as its public
interface goes: does this binary, on this machine, calculate right? Vectors about
what lies beneath are counted as not run; "go test ./testvectors" in the source
runs them all, and compares every member.

A vector that fails ends with exit code 3.`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, patterns []string) error {
			list, err := selected(patterns)
			if err != nil {
				return err
			}
			return t.runVectors(list)
		},
	}
}

func (t *tool) runVectors(list []vector) error {
	found := vectorRun{Wrong: []vectorFailure{}}
	for _, v := range list {
		known, err := runVector(v)
		switch {
		case !known:
			found.NotRun++
		case err != nil:
			found.Failed++
			found.Wrong = append(found.Wrong, vectorFailure{v.File, sentence(err)})
			t.note("%s: %s", v.File, sentence(err))
		default:
			found.Passed++
		}
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
	return partial(found.Failed, "of the vectors failed")
}
