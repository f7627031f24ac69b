package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
)

// What stands before the tables of docs/performance.md, and after them.
var (
	//go:embed page/before.md
	before string
	//go:embed page/after.md
	after string
)

// writePage measures everything and writes the page. A run that fails leaves the
// file as it was.
func writePage(path string, s settings) error {
	s.markdown = true
	var tables bytes.Buffer
	if err := report(&tables, s); err != nil {
		return err
	}
	return os.WriteFile(path, page(machine(), s.rounds, tables.String()), 0o644)
}

func page(machine string, rounds int, tables string) []byte {
	head := strings.NewReplacer("MACHINE", machine, "ROUNDS", fmt.Sprint(rounds)).Replace(before)
	return []byte(head + "\n" + tables + after)
}

// machine says what this runs on, as far as it is known.
func machine() string {
	processor := "an unknown processor"
	info, _ := os.ReadFile("/proc/cpuinfo")
	if m := regexp.MustCompile(`model name\s*:\s*(.+)`).FindSubmatch(info); m != nil {
		processor = string(m[1])
	}
	return fmt.Sprintf("%s, %s/%s, %d cores of %s", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processor)
}
