// Command sbomcheck validates a software bill of materials in the JSON form of
// CycloneDX, and prints the modules that it lists:
//
//	sbomcheck SCHEMAS BILL
//
// SCHEMAS is a folder with CycloneDX's JSON schemas. The output has a line
// path@version for the subject of the bill, and then one for each component,
// sorted.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sbomcheck SCHEMAS BILL")
		os.Exit(2)
	}
	if err := run(os.Stdout, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "sbomcheck:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, schemas, name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := validate(schemas, text); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	lines, err := modules(text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	out := bufio.NewWriter(w)
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
	return out.Flush()
}

// home is where CycloneDX's schemas say that they are.
const home = "http://cyclonedx.org/schema/"

// A folder loads schemas by their official addresses, without a network.
type folder string

func (f folder) Load(url string) (any, error) {
	name, ok := strings.CutPrefix(url, home)
	if !ok || !filepath.IsLocal(name) {
		return nil, fmt.Errorf("%q is not a schema of CycloneDX", url)
	}
	file, err := os.Open(filepath.Join(string(f), name))
	if errors.Is(err, os.ErrNotExist) {
		// The schema of signatures, as the Go library of CycloneDX names it.
		file, err = os.Open(filepath.Join(string(f), strings.TrimSuffix(name, ".json")+"x.json"))
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return jsonschema.UnmarshalJSON(file)
}

// validate compares a bill with the schema of version 1.6.
func validate(schemas string, text []byte) error {
	bill, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(folder(schemas))
	schema, err := c.Compile(home + "bom-1.6.schema.json")
	if err != nil {
		return err
	}
	return schema.Validate(bill)
}

// modules returns the subject of a bill and its components.
func modules(text []byte) ([]string, error) {
	var bill cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(&bill); err != nil {
		return nil, err
	}
	if bill.Metadata == nil || bill.Metadata.Component == nil || bill.Components == nil {
		return nil, errors.New("no subject, or no list of components")
	}
	var lines []string
	for _, c := range *bill.Components {
		lines = append(lines, c.Name+"@"+c.Version)
	}
	slices.Sort(lines)
	subject := bill.Metadata.Component
	return append([]string{subject.Name + "@" + subject.Version}, lines...), nil
}
