package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// try applies the chosen patches one by one, and demands that each makes one of
// its row's tests fail.
func try(root string, rows []*row, chosen *regexp.Regexp, workers int) error {
	queue := make(chan *row)
	var (
		mu     sync.Mutex
		failed []error
		wg     sync.WaitGroup
	)
	report := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		failed = append(failed, err)
	}
	for range workers {
		wg.Go(func() {
			m, err := newCopy(root)
			defer m.remove()
			if err != nil {
				report(err)
			}
			for r := range queue {
				if err == nil {
					m.tryRow(r, report)
				}
			}
		})
	}
	for _, r := range rows {
		with := *r
		with.patches = slices.DeleteFunc(slices.Clone(r.patches), func(p string) bool { return !chosen.MatchString(p) })
		if len(with.patches) > 0 {
			queue <- &with
		}
	}
	close(queue)
	wg.Wait()
	return errors.Join(failed...)
}

// apply demands that each patch applies, and changes no test.
func apply(root string, rows []*row) error {
	m, err := newCopy(root)
	defer m.remove()
	if err != nil {
		return err
	}
	var failed []error
	for _, r := range rows {
		for _, p := range r.patches {
			if err := m.apply(p, "--check"); err != nil {
				failed = append(failed, fmt.Errorf("%s: %w", p, err))
			}
		}
	}
	return errors.Join(failed...)
}

// module is a copy of the module that patches are applied to.
type module struct{ dir string }

// newCopy returns a copy, which remove removes, also after an error.
func newCopy(root string) (*module, error) {
	dir, err := os.MkdirTemp("", "attacktable")
	m := &module{dir}
	if err != nil {
		return m, err
	}
	list, err := files(root)
	if err != nil {
		return m, err
	}
	for _, name := range list {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return m, err
		}
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return m, err
		}
		if err := os.WriteFile(to, data, 0o644); err != nil {
			return m, err
		}
	}
	return m, nil
}

func (m *module) remove() {
	if m.dir != "" {
		os.RemoveAll(m.dir)
	}
}

// tryRow demands that the row's tests pass, and that one fails with each patch.
func (m *module) tryRow(r *row, report func(error)) {
	if out, err := m.test(r); err != nil {
		report(fmt.Errorf("%s: the tests fail without a patch: %w\n%s", r.ID, err, tail(out)))
		return
	}
	for _, p := range r.patches {
		if err := m.try(r, p); err != nil {
			report(fmt.Errorf("%s: %w", p, err))
			continue
		}
		fmt.Println(p)
	}
}

// try demands that a test fails with the patch, which it takes back.
func (m *module) try(r *row, patch string) error {
	if err := m.apply(patch); err != nil {
		return err
	}
	out, err := m.test(r)
	if err := m.apply(patch, "--reverse"); err != nil {
		return fmt.Errorf("cannot be taken back: %w", err)
	}
	if err == nil {
		return errors.New("no test notices that the defence is gone")
	}
	if !bytes.Contains(out, []byte("--- FAIL: "+testStart+r.ID+"_")) {
		return fmt.Errorf("no test ran to its failure:\n%s", tail(out))
	}
	return nil
}

// apply applies a patch to the copy. A patch that changes a test would prove
// nothing.
func (m *module) apply(patch string, flags ...string) error {
	name := filepath.Join(m.dir, home, "patches", patch)
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if bytes.Contains(text, []byte("_test.go\n")) {
		return errors.New("changes a test")
	}
	// Line ends are as they stand, whatever the machine's own settings say.
	args := append([]string{"-c", "core.autocrlf=false", "apply"}, flags...)
	if out, err := m.command("git", append(args, name)...); err != nil {
		return fmt.Errorf("does not apply: %s", tail(out))
	}
	return nil
}

// test runs the tests of a row. Go remembers the result for packages that a patch
// does not reach; -trimpath makes all copies one to it.
func (m *module) test(r *row) ([]byte, error) {
	args := []string{"test", "-trimpath", "-timeout=2m", "-vet=off", "-run", "^" + testStart + r.ID + "_"}
	var dirs []string
	for _, t := range r.tests {
		dirs = append(dirs, "./"+t.dir)
	}
	slices.Sort(dirs)
	return m.command("go", append(args, slices.Compact(dirs)...)...)
}

func (m *module) command(name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = m.dir
	// The copy is no repository, and must not be taken for a part of one. Tests
	// are for this machine.
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(m.dir), "GOWORK=off", "GOOS=", "GOARCH=")
	return cmd.CombinedOutput()
}

// tail returns the last lines of an output.
func tail(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
