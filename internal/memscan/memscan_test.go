//go:build linux && !race && !386

package memscan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// where says who has the memory in which a secret stands.
type where string

const (
	held     where = "the value, until Close"
	used     where = "our temporaries, until the call returns"
	library  where = "the standard library, or a stack that was left"
	both     where = "the value, the standard library, or a stack that was left"
	register where = "the processor's registers, which a signal saves"
)

// found says whether the search must find a secret while the value is open.
func (w where) found() bool {
	switch w {
	case held, both:
		return true
	case register: // of a processor whose code for AES is known to leave it
		return !secret.Erased && runtime.GOARCH == "amd64" && keys.HardwareAES()
	}
	return false
}

// gone says whether it must not.
func (w where) gone() bool {
	return w == used || secret.Erased && (w == library || w == register)
}

// marker is a secret that is looked for.
type marker struct {
	name  string
	bytes []byte
	where where
}

// trial is a scenario with what goes in and what is looked for.
type trial struct {
	name    string
	random  []byte
	secrets map[string][]byte
	public  map[string][]byte
	markers []marker
}

func (tr *trial) add(at where, name string, b []byte) {
	tr.markers = append(tr.markers, marker{name, b, at})
}

// run runs a trial in a process of its own.
func run(t *testing.T, tr trial) report {
	t.Helper()
	mask := make([]byte, 1<<15)
	for i := range mask {
		mask[i] = byte(rand.Uint32())
	}
	hide := func(b []byte) masked {
		m := newMasked(b, mask)
		mask = mask[len(b):]
		return m
	}
	o := order{Scenario: tr.name, Random: hide(tr.random), Secrets: map[string]masked{}, Public: tr.public}
	for name, b := range tr.secrets {
		o.Secrets[name] = hide(b)
	}
	for _, m := range tr.markers {
		o.Markers = append(o.Markers, hide(m.bytes[:markerSize]))
	}
	input, err := json.Marshal(o)
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0])
	// A signal that interrupts a computation would save its registers, wherever.
	cmd.Env = append(os.Environ(), childVariable+"=1", "GODEBUG=asyncpreemptoff=1,gcshrinkstackoff=1")
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var r report
	require.NoError(t, json.Unmarshal(output, &r))
	require.Len(t, r.Closed, len(tr.markers))
	return r
}

// TestMemoryScan looks through the memory of processes that have used secrets.
// Every secret that a value holds is found while it is open, which shows that
// the search works, and none after Close. What our own code computes with is
// gone when the call has returned. What remains in objects of the standard
// library and in registers, the table shows: with runtime/secret, nothing does.
func TestMemoryScan(t *testing.T) {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "value\tsecret\twhere\topen\tclosed\n")
	for _, tr := range trials() {
		r := run(t, tr)
		for i, m := range tr.markers {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\n", tr.name, m.name, m.where, r.Open[i], r.Closed[i])
			if tr.name == "control" {
				assert.NotZero(t, r.Open[i], "the control is not found")
				assert.NotZero(t, r.Closed[i], "the control is not found")
				continue
			}
			if m.where.found() {
				assert.NotZero(t, r.Open[i], "%s: %s is not found while it is held", tr.name, m.name)
			}
			if m.where.gone() {
				assert.Zero(t, r.Open[i], "%s: %s remains while the value is open", tr.name, m.name)
			}
			if m.where == held || m.where == used || secret.Erased {
				assert.Zero(t, r.Closed[i], "%s: %s remains", tr.name, m.name)
			}
			if m.where == both {
				assert.Less(t, r.Closed[i], r.Open[i], "%s: Close wipes no copy of %s", tr.name, m.name)
			}
		}
	}
	w.Flush()
	build := "plain build"
	if secret.Erased {
		build = "build with runtime/secret"
	}
	t.Logf("%s\n%s", build, table.String())
}
