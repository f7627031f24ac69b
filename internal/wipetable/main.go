// Command wipetable shows that each place where the library wipes a secret does
// so with a secret in it. Run it as
//
//	go run ./internal/wipetable [-list]
//
// It finds every call of secret.Wipe in the source, runs the tests of the packages
// that hold them with each call made to say where it stands, and demands of each
// place that a test came there with a buffer that was not zero before and is
// after. That no call gets lost, a test of this package holds: it compares the
// places with wipes.txt.
//
// With -list it prints the places, for wipes.txt, and runs nothing.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func main() {
	list := flag.Bool("list", false, "print the places and run nothing")
	flag.Parse()
	root, err := moduleRoot()
	if err == nil {
		err = table(root, *list)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "wipetable:", err)
		os.Exit(1)
	}
}

// moduleRoot returns the folder of go.mod.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	file := strings.TrimSpace(string(out))
	if err != nil || filepath.Base(file) != "go.mod" {
		return "", fmt.Errorf("not in the module: %v", err)
	}
	return filepath.Dir(file), nil
}

// unreached says why no test comes to a place with a secret.
var unreached = map[string]string{
	"events: object.secretText: secret.Wipe(b)": "what is no string, or an empty one, leaves nothing",
}

func table(root string, list bool) error {
	places, err := find(root)
	if err != nil {
		return err
	}
	if list {
		for _, p := range places {
			fmt.Println(p)
		}
		return nil
	}
	noted, err := observe(root, places)
	if err != nil {
		return err
	}
	var missed []error
	for name := range unreached {
		if !slices.ContainsFunc(places, func(p place) bool { return p.String() == name }) {
			missed = append(missed, fmt.Errorf("%s: unreached names it, and it is gone", name))
		}
	}
	for _, p := range places {
		switch excused := unreached[p.String()] != ""; {
		case p.direct && !noted[p.at()] && !excused:
			missed = append(missed, fmt.Errorf("%s (%s): no test comes here with a secret", p, p.at()))
		case noted[p.at()] && excused:
			missed = append(missed, fmt.Errorf("%s (%s): a test comes here, and unreached says that none can", p, p.at()))
		}
	}
	if len(missed) == 0 {
		fmt.Println(len(noted), "places wipe a secret in the tests")
	}
	return errors.Join(missed...)
}

// noting is added to internal/secret, and called where Wipe was.
const noting = `
var noted sync.Map

func WipeAt(place string, b []byte) {
	full := false
	for _, x := range b {
		full = full || x != 0
	}
	Wipe(b)
	for _, x := range b {
		full = full && x == 0
	}
	if _, before := noted.LoadOrStore(place, true); !full || before {
		if !full && !before {
			noted.Delete(place)
		}
		return
	}
	file, err := os.OpenFile(%q, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	fmt.Fprintln(file, place)
}
`

// observe runs the tests of the packages with places, and returns where a
// secret was wiped.
func observe(root string, places []place) (map[string]bool, error) {
	dir, err := os.MkdirTemp("", "wipetable")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	notes := filepath.Join(dir, "notes")
	replace := map[string]string{}
	write := func(file string, change func(text string) string) error {
		source, instead := filepath.Join(root, file), filepath.Join(dir, strings.ReplaceAll(file, "/", "-"))
		text, err := os.ReadFile(source)
		if err != nil {
			return err
		}
		replace[source] = instead
		return os.WriteFile(instead, []byte(change(string(text))), 0o600)
	}
	err = write("internal/secret/secret.go", func(text string) string {
		imports := "\t\"os\"\n\t\"runtime\"\n\t\"sync\"\n"
		return strings.Replace(text, "\t\"runtime\"\n", imports, 1) + fmt.Sprintf(noting, notes)
	})
	if err != nil {
		return nil, err
	}
	args := []string{"test", "-count=1", "-vet=off", "-overlay", filepath.Join(dir, "overlay.json")}
	flags := len(args)
	byFile := map[string][]place{}
	for _, p := range places {
		byFile[p.file] = append(byFile[p.file], p)
		args = append(args, "./"+filepath.Dir(p.file))
	}
	for file, list := range byFile {
		slices.SortFunc(list, func(a, b place) int { return b.offset - a.offset }) // the last first
		err := write(file, func(text string) string {
			for _, p := range list {
				if p.direct {
					text = text[:p.offset] + strings.Replace(text[p.offset:], "secret.Wipe(", "secret.WipeAt("+strconv.Quote(p.at())+", ", 1)
				}
			}
			return text
		})
		if err != nil {
			return nil, err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(args[flags-1], overlay, 0o600); err != nil {
		return nil, err
	}
	slices.Sort(args[flags:])
	cmd := exec.Command("go", append(args[:flags:flags], slices.Compact(args[flags:])...)...)
	cmd.Dir = root
	// A test that counts allocations fails with the calls made larger: what was
	// noted counts all the same.
	out, _ := cmd.CombinedOutput()
	text, err := os.ReadFile(notes)
	if err != nil {
		return nil, fmt.Errorf("nothing was noted: %w\n%s", err, out)
	}
	noted := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		noted[strings.TrimSpace(line)] = true
	}
	return noted, nil
}
