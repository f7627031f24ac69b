package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// addFloor runs internal/benchtable, which measures chappe beside the floor of
// each operation in the same way, and adds what it found to the rows.
func addFloor(rows []row, rounds int) error {
	if len(rows) == 0 {
		return nil
	}
	root, err := folder("github.com/chappe-e2ee/chappe")
	if err != nil {
		return err
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.name)
	}
	cmd := exec.Command("go", "run", "./internal/benchtable", "-markdown",
		"-rounds", strconv.Itoa(rounds), "-run", "^("+strings.Join(names, "|")+")$")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("internal/benchtable: %w", err)
	}
	floors, err := readFloors(out)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if f, ok := floors[r.name]; ok {
			r.results["floor"] = f
		}
	}
	return nil
}

// readFloors reads the first table: name, chappe, floor, chappe through floor.
func readFloors(out []byte) (map[string]result, error) {
	floors := map[string]result{}
	for line := range bytes.Lines(out) {
		cells := strings.Split(string(line), " | ")
		name := strings.TrimPrefix(cells[0], "| ")
		if len(cells) != 12 || name == "operation" {
			continue
		}
		us, err := strconv.ParseFloat(cells[2], 64)
		if err != nil {
			return nil, fmt.Errorf("internal/benchtable: %w", err)
		}
		ratio, err := strconv.ParseFloat(cells[3], 64)
		if err != nil {
			return nil, fmt.Errorf("internal/benchtable: %w", err)
		}
		floors[name] = result{seconds: us / 1e6, ratio: 1 / ratio}
	}
	return floors, nil
}
