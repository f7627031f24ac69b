package main

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadme runs the examples of README.md and compares what they print. A line
// "…" stands for any number of lines, and standard error comes behind standard
// output.
func TestReadme(t *testing.T) {
	text := read(t, "README.md")
	blocks := regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(text, -1)
	require.NotEmpty(t, blocks)
	inTestdata(t)
	used := map[string]bool{}
	last := 0
	for _, block := range blocks {
		for _, one := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			command, want, _ := strings.Cut(one, "\n")
			if command == "echo $?" {
				require.Equal(t, strconv.Itoa(last), strings.TrimSpace(want))
				continue
			}
			args := strings.Fields(strings.ReplaceAll(command, "'", ""))
			require.Equal(t, "chappe", args[0])
			for _, word := range args[1:] {
				used[word] = true
			}
			r := chappe(t, args[1:]...)
			last = r.code
			pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSuffix(want, "\n")), "…", "(?s:.*)")
			require.Regexp(t, "^"+pattern+"\n?$", r.stdout+r.stderr, command)
		}
	}
	root := (&tool{stdout: os.Stdout}).rootCommand()
	for _, c := range root.Commands() {
		if c.Name() == "version" || c.Name() == "help" || c.Name() == "completion" {
			continue
		}
		require.True(t, used[c.Name()], "%s has no example", c.Name())
		for _, below := range c.Commands() {
			if below.Name() != "show" {
				require.True(t, used[below.Name()], "%s has no example", below.Name())
			}
		}
	}
	for line := range strings.Lines(exitHelp) {
		code, meaning, _ := strings.Cut(strings.TrimSpace(line), " ")
		if meaning = strings.TrimSpace(meaning); code != "Exit" {
			require.Contains(t, text, "| "+code+" | "+meaning+" |")
		}
	}
}
