package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// vodozemac is the program vodozemac/src/bin/bench: it takes how much to do,
// and answers with the time that it measured itself.
type vodozemac struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// order is one line to the program.
type order struct {
	Make    string   `json:"make,omitempty"` // the operation to make, with what it is given
	Given   []string `json:"given,omitempty"`
	Run     string   `json:"run,omitempty"` // the operation to run, this many times
	Job     string   `json:"job,omitempty"` // the job to run over this many items
	Threads int      `json:"threads,omitempty"`
	Hold    string   `json:"hold,omitempty"` // the kind of session to hold this many of
	Count   int      `json:"count,omitempty"`
}

// answer is one line from it.
type answer struct {
	Nanos   float64 `json:"nanos"`
	Bytes   float64 `json:"bytes"`
	Unknown bool    `json:"unknown"`
}

// folder returns where a module of this build is.
func folder(module string) (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("where is %s? %w", module, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// startVodozemac builds the program and starts it.
func startVodozemac() (*vodozemac, error) {
	interop, err := folder("github.com/chappe-e2ee/chappe/interop")
	if err != nil {
		return nil, err
	}
	build := exec.Command(filepath.Join(interop, "vodozemac", "build"))
	build.Stderr = os.Stderr
	path, err := build.Output()
	if err != nil {
		return nil, fmt.Errorf("vodozemac/build: %w", err)
	}
	cmd := exec.Command(filepath.Join(filepath.Dir(strings.TrimSpace(string(path))), "bench"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &vodozemac{cmd, in, bufio.NewReader(out)}, cmd.Start()
}

func (v *vodozemac) stop() {
	v.in.Close()
	v.cmd.Wait()
}

func (v *vodozemac) ask(o order) (answer, error) {
	var a answer
	if err := json.NewEncoder(v.in).Encode(o); err != nil {
		return a, fmt.Errorf("vodozemac: %w", err)
	}
	line, err := v.out.ReadBytes('\n')
	if err != nil {
		return a, fmt.Errorf("vodozemac: %w", err)
	}
	return a, json.Unmarshal(line, &a)
}

// makes has an operation made ready, and says whether the program knows it.
func (v *vodozemac) makes(op operation) (bool, error) {
	o := order{Make: op.name}
	if op.given != nil {
		o.Given = op.given()
	}
	a, err := v.ask(o)
	return !a.Unknown, err
}

func (v *vodozemac) batch(name string, n int) (sample, error) {
	a, err := v.ask(order{Run: name, Count: n})
	return sample{seconds: a.Nanos / 1e9 / float64(n)}, err
}
