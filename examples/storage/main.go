// Storage shows how a program keeps an account and its sessions in files, so
// that it may be killed at any moment: no key that it published is lost, no
// message key is used twice, and it goes on where it was.
//
//	go run ./examples/storage
//	go run ./examples/storage directory   # run it twice: it goes on
//
// Read it in this order: store.go commits a whole state at once; device.go says
// what the state is; publish.go, receive.go and send.go do things, each in the
// order that survives a crash, and say why; server.go is a server to talk to.
// storage_test.go kills the program between every two steps.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if err := start(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "storage:", err)
		os.Exit(1)
	}
}

func start(out io.Writer, args []string) error {
	if len(args) > 0 {
		return run(out, args[0])
	}
	dir, err := os.MkdirTemp("", "chappe-storage-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return run(out, dir)
}

// run lets Alice and Bob take turns. Each turn opens what the last one stored.
func run(out io.Writer, dir string) error {
	net := &server{file: filepath.Join(dir, "server.json")}
	for _, name := range []string{"bob", "alice", "bob", "alice", "bob"} {
		at := func(string) {}
		if name == "alice" {
			at = func(step string) {
				if !strings.HasPrefix(step, stateFile) || strings.HasSuffix(step, "committed") {
					fmt.Fprintf(out, "  %s\n", step)
				}
			}
		}
		fmt.Fprintf(out, "%s starts.\n", name)
		d, err := openDevice(filepath.Join(dir, name), name, at)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := d.turn(net, partner(name), d.Reports+reportsPerTurn); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(out, "%s stops: %d reports sent, %d received, state committed %d times, of %d bytes now.\n",
			name, d.Reports, len(d.Received), d.store.commits, len(d.store.written))
		d.close()
	}
	return nil
}

func partner(name string) string {
	if name == "alice" {
		return "bob"
	}
	return "alice"
}

const reportsPerTurn = 3

// turn is what the program does each time it runs: until it has sent so many
// reports to the peer.
func (d *device) turn(net *server, peer string, reports int) error {
	// What was committed may not have left before the last crash.
	if err := d.flush(net); err != nil {
		return err
	}
	if err := d.publishKeys(net); err != nil {
		return err
	}
	if err := d.receive(net); err != nil {
		return err
	}
	if !net.knows(peer) {
		return nil
	}
	for d.Reports < reports {
		if err := d.report(net, peer); err != nil {
			return err
		}
	}
	return nil
}
