// Package element plays chappe with matrix-sdk-crypto-wasm, the cryptography of
// Element's clients: peer.cjs runs its devices in Node, server is the homeserver
// between them and a device of chappe.
package element

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The packages that package.json pins.
const (
	cryptoPackage = "@matrix-org/matrix-sdk-crypto-wasm"
	clientPackage = "matrix-js-sdk" // has the secret storage
)

// versions are what the peer says of itself.
type versions struct {
	Package   string `json:"package"`
	Version   string `json:"version"`
	Crypto    string `json:"matrix_sdk_crypto"`
	Vodozemac string `json:"vodozemac"`
}

// peer is the process that plays devices.
type peer struct {
	in       io.WriteCloser
	out      *bufio.Reader
	stderr   bytes.Buffer
	cmd      *exec.Cmd
	versions versions
}

// theirs is the process of all machines.
var theirs *peer

// startPeer starts the process. The package is where INTEROP_ELEMENT says, which
// interop/run sets, or where interop/run put it before.
func startPeer() (*peer, error) {
	dir := os.Getenv("INTEROP_ELEMENT")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(cache, "chappe-interop", "element")
	}
	p := &peer{cmd: exec.Command("node", "peer.cjs", dir)}
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out, p.cmd.Stderr = bufio.NewReader(out), &p.stderr
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("node does not start, interop/run installs it: %w", err)
	}
	var client string
	if err := errors.Join(p.call("", "versions", nil, &p.versions), p.call("", "clientVersion", nil, &client)); err != nil {
		return nil, fmt.Errorf("%s does not start, interop/run installs it: %w", cryptoPackage, err)
	}
	want, err := pinned()
	if err == nil && (p.versions.Version != want[cryptoPackage] || client != want[clientPackage]) {
		err = fmt.Errorf("%s and %s are installed in versions %s and %s, package.json wants others: run interop/run",
			cryptoPackage, clientPackage, p.versions.Version, client)
	}
	return p, err
}

// pinned returns the versions that package.json names.
func pinned() (map[string]string, error) {
	text, err := os.ReadFile("package.json")
	if err != nil {
		return nil, err
	}
	var manifest struct{ Dependencies map[string]string }
	err = json.Unmarshal(text, &manifest)
	return manifest.Dependencies, err
}

// close ends the process.
func (p *peer) close() error {
	return errors.Join(p.in.Close(), p.cmd.Wait())
}

// callTime is how long a call may take.
const callTime = time.Minute

// call makes a call of a machine, or one that needs none. An error is what the
// peer throws.
func (p *peer) call(machine, name string, args, result any) error {
	if args == nil {
		args = struct{}{}
	}
	line, err := json.Marshal(map[string]any{"machine": machine, "call": name, "args": args})
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("%w: %s", err, p.stderr.Bytes())
	}
	timer := time.AfterFunc(callTime, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	line, err = p.out.ReadBytes('\n')
	if err != nil {
		p.cmd.Wait()
		return fmt.Errorf("%s: %w: %s", name, err, p.stderr.Bytes())
	}
	var answer struct {
		Result json.RawMessage
		Error  string
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return err
	}
	if answer.Error != "" {
		return fmt.Errorf("%s: %s", name, answer.Error)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.Result, result)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must returns a value that has no error. A panic shows where a test failed.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

func holds(t testing.TB, what string, ok bool) {
	t.Helper()
	if !ok {
		t.Fatal("not so: " + what)
	}
}
