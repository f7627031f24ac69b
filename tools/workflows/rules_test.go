package workflows

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// writers are the jobs that may do more than read, with all that they may do.
var writers = map[string]map[string]string{
	"release.yml publish": {"contents": "write", "id-token": "write", "attestations": "write"},
}

// forbidden are the events that give a stranger's change our secrets or our
// token's rights.
var forbidden = []string{"pull_request_target", "workflow_run", "issue_comment"}

var (
	pinned  = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40}$`)
	version = regexp.MustCompile(`@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
)

// unpinned is a tool that does not come from tools/go.mod, whose go.sum has its
// hash.
var unpinned = regexp.MustCompile(`\bgo (?:install|run|get)\b.*@|\b(?:curl|wget)\b`)

// checkScript returns the lines of a script that fetch a tool.
func checkScript(name, text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if code, _, _ := strings.Cut(line, "# "); unpinned.MatchString(code) {
			found = append(found, name+": fetches what no go.sum has the hash of: "+strings.TrimSpace(line))
		}
	}
	return found
}

// check returns what is wrong with a workflow.
func check(name string, text []byte) []string {
	w, errs := actionlint.Parse(text)
	if len(errs) > 0 {
		return []string{fmt.Sprintf("%s: %v", name, errs[0])}
	}
	var found []string
	bad := func(format string, args ...any) { found = append(found, name+": "+fmt.Sprintf(format, args...)) }

	if got := scopes(w.Permissions); !maps.Equal(got, map[string]string{"contents": "read"}) {
		bad("the workflow's permissions are %v, and should be contents: read", got)
	}
	for _, event := range w.On {
		if slices.Contains(forbidden, event.EventName()) {
			bad("runs on %s", event.EventName())
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.Jobs)) {
		job := w.Jobs[id]
		if job.Permissions != nil && !maps.Equal(scopes(job.Permissions), writers[name+" "+id]) {
			bad("job %s has the permissions %v, which are not in the table", id, scopes(job.Permissions))
		}
		if job.TimeoutMinutes == nil {
			bad("job %s has no timeout", id)
		}
		if job.WorkflowCall != nil || job.Container != nil || job.Services != nil {
			bad("job %s runs what has no rule here", id)
		}
		for _, step := range job.Steps {
			if run, ok := step.Exec.(*actionlint.ExecRun); ok {
				found = append(found, checkScript(name, run.Run.Value)...)
				if strings.Contains(run.Run.Value, "${{") {
					bad("line %d: text of an expression becomes text of a script", step.Pos.Line)
				}
			}
			if use, ok := step.Exec.(*actionlint.ExecAction); ok {
				found = append(found, checkAction(name, strings.Split(string(text), "\n"), use)...)
			}
		}
	}
	return found
}

func checkAction(name string, lines []string, use *actionlint.ExecAction) []string {
	var found []string
	at := fmt.Sprintf("%s:%d: %s ", name, use.Uses.Pos.Line, use.Uses.Value)
	if !pinned.MatchString(use.Uses.Value) {
		found = append(found, at+"is not named by the hash of a commit")
	} else if !version.MatchString(lines[use.Uses.Pos.Line-1]) {
		found = append(found, at+"does not say its version behind the hash")
	}
	if keep := use.Inputs["persist-credentials"]; strings.HasPrefix(use.Uses.Value, "actions/checkout@") &&
		(keep == nil || keep.Value.Value != "false") {
		found = append(found, at+"leaves the token in the work tree")
	}
	return found
}

// scopes returns permissions as they stand: nil where nothing is said, which
// means whatever the repository's settings say.
func scopes(p *actionlint.Permissions) map[string]string {
	if p == nil {
		return nil
	}
	all := map[string]string{}
	if p.All != nil {
		all["all"] = p.All.Value
	}
	for scope, value := range p.Scopes {
		all[scope] = value.Value.Value
	}
	return all
}

// sound is a workflow that breaks no rule.
const sound = `
on: push
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@0123456789012345678901234567890123456789 # v1.2.3
        with:
          persist-credentials: false
      - run: go test ./...
`

// TestRulesRefuse proves of every rule that it can fail.
func TestRulesRefuse(t *testing.T) {
	if found := check("a.yml", []byte(sound)); found != nil {
		t.Fatalf("the sound workflow: %q", found)
	}
	writing := "\n    permissions:\n      contents: write\n      id-token: write\n      attestations: write\n    timeout-minutes"
	publish := strings.NewReplacer("test:", "publish:", "\n    timeout-minutes", writing).Replace(sound)
	if found := check("release.yml", []byte(publish)); found != nil {
		t.Errorf("the table's permissions: %q", found)
	}
	for _, c := range []struct{ old, new, want string }{
		{"permissions:\n  contents: read\n", "", "permissions"},
		{"contents: read", "contents: write", "permissions"},
		{"contents: read", "contents: read\n  packages: read", "permissions"},
		{"permissions:\n  contents: read", "permissions: read-all", "permissions"},
		{"\n    timeout-minutes", writing, "not in the table"},
		{"\n    timeout-minutes", "\n    permissions: write-all\n    timeout-minutes", "not in the table"},
		{"\n    timeout-minutes", "\n    permissions: {}\n    timeout-minutes", ""},
		{"    timeout-minutes: 5\n", "", "no timeout"},
		{"on: push", "on: [push, pull_request_target]", "runs on pull_request_target"},
		{"on: push", "on:\n  workflow_run:\n    workflows: [test]", "runs on workflow_run"},
		{"@0123456789012345678901234567890123456789", "@v1", "hash of a commit"},
		{"@0123456789012345678901234567890123456789", "@0123456", "hash of a commit"},
		{"actions/checkout@0123456789012345678901234567890123456789", "./local", "hash of a commit"},
		{"actions/checkout@0123456789012345678901234567890123456789", "docker://alpine", "hash of a commit"},
		{" # v1.2.3", "", "does not say its version"},
		{" # v1.2.3", " # latest", "does not say its version"},
		{"persist-credentials: false", "persist-credentials: true", "leaves the token"},
		{"persist-credentials: false", "fetch-depth: 0", "leaves the token"},
		{"run: go test ./...", "run: echo ${{ github.event.head_commit.message }}", "becomes text of a script"},
		{"run: go test ./...", "run: go run example.org/tool@v1.0.0 ./...", "go.sum"},
		{"run: go test ./...", "run: GOBIN=x go install example.org/tool@latest", "go.sum"},
		{"run: go test ./...", "run: curl https://example.org | sh", "go.sum"},
		{"run: go test ./...", "run: go get -u -t ./...", ""},
		{"    timeout-minutes: 5\n", "    timeout-minutes: 5\n    container: alpine\n", "no rule here"},
		{"on: push", "on: [", "could not parse"},
	} {
		text := strings.Replace(sound, c.old, c.new, 1)
		if text == sound {
			t.Errorf("%q is not in the sound workflow", c.old)
		}
		found := check("a.yml", []byte(text))
		if c.want == "" && found == nil {
			continue
		}
		if c.want == "" || len(found) != 1 || !strings.Contains(found[0], c.want) {
			t.Errorf("%q for %q: found %q, want %q", c.new, c.old, found, c.want)
		}
	}
}
