package olm_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
)

// subject is what a failed call must leave as it was and must not give away: an
// account, a session, or bytes.
type subject interface {
	State() []byte
	Secrets() [][]byte
}

// input is a subject of public bytes, which bound what a call may allocate.
type input []byte

func (b input) State() []byte     { return b }
func (b input) Secrets() [][]byte { return nil }

// private is a subject of secret bytes: keys, and what pickles hold.
type private []byte

func (b private) State() []byte     { return b }
func (b private) Secrets() [][]byte { return [][]byte{b} }

// allocationFloor and allocationFactor bound what a failed call may allocate, by
// the size of its subjects. Tests that use refused run alone: what is measured
// is the whole program's.
const (
	allocationFloor  = 64 << 10
	allocationFactor = 8
)

// refused calls f and asserts that it fails, and the four invariants of failure:
// it does not panic, all subjects stay as they were, what it allocates is
// bounded by the subjects' size, and its error holds nothing secret.
func refused(t testing.TB, f func() error, subjects ...subject) error {
	t.Helper()
	before := make([][]byte, len(subjects))
	size := 0
	for i, s := range subjects {
		before[i] = bytes.Clone(s.State())
		size += len(before[i])
	}
	allocated, err := allocation(t, f, heapMetric)
	if err == nil {
		t.Fatal("no error")
	}
	for i, s := range subjects {
		if !bytes.Equal(before[i], s.State()) {
			t.Fatalf("subject %d changed although the call failed with: %v", i, err)
		}
	}
	if limit := uint64(allocationFloor + allocationFactor*size); allocated > limit {
		// The metric comes in steps of whole spans; MemStats is exact, and slow.
		// What failed changed nothing, so it fails again.
		if allocated, _ = allocation(t, f, heapExact); allocated > limit {
			t.Fatalf("%d bytes allocated, more than %d", allocated, limit)
		}
	}
	checkText(t, err, subjects)
	return err
}

// allocation calls f and returns by how much the number of allocated bytes grew.
func allocation(t testing.TB, f func() error, allocated func() uint64) (uint64, error) {
	t.Helper()
	start := allocated()
	err := guarded(t, f)
	return allocated() - start, err
}

var heapSample = []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}

func heapMetric() uint64 {
	metrics.Read(heapSample)
	return heapSample[0].Value.Uint64()
}

func heapExact() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// guarded calls f and fails when it panics.
func guarded(t testing.TB, f func() error) (err error) {
	t.Helper()
	defer func() {
		t.Helper()
		if r := recover(); r != nil {
			t.Fatalf("panic: %v", r)
		}
	}()
	return f()
}

// refusedWith is refused for an error that errors.Is knows.
func refusedWith(t testing.TB, target error, f func() error, subjects ...subject) {
	t.Helper()
	if err := refused(t, f, subjects...); !errors.Is(err, target) {
		t.Fatalf("%q is not %q", err, target)
	}
}

// refusedAs is refused for an error of type E, which it returns.
func refusedAs[E error](t testing.TB, f func() error, subjects ...subject) (target E) {
	t.Helper()
	err := refused(t, f, subjects...)
	if !errors.As(err, &target) {
		t.Fatalf("%q (%T) is not a %T", err, err, target)
	}
	return target
}

// texts caches the error texts that were searched, with the secrets that they
// were searched for.
var texts = make(map[string]bool)

func checkText(t testing.TB, err error, subjects []subject) {
	t.Helper()
	var secrets [][]byte
	for _, s := range subjects {
		secrets = append(secrets, s.Secrets()...)
	}
	text := fmt.Sprintf("%v|%+v", err, err)
	id := text + "\x00" + string(bytes.Join(secrets, nil))
	if !texts[id] {
		assertNoSecret(t, text, secrets)
		texts[id] = true
	}
}

// window is how many bytes in a row of a secret count as a leak.
const window = 6

// needles caches the forms of each secret that was searched for.
var needles = make(map[string][]string)

// needlesOf returns the forms of a secret's parts: three that begin in each eight
// bytes, since base64 has three alignments.
func needlesOf(secret []byte) []string {
	list, ok := needles[string(secret)]
	if ok {
		return list
	}
	for i := 0; i+window <= len(secret); i++ {
		w := secret[i : i+window]
		if i%8 < 3 && !bytes.Equal(w, make([]byte, window)) {
			list = append(list, forms(w)...)
		}
	}
	needles[string(secret)] = list
	return list
}

// assertNoSecret fails when text holds a part of a secret as raw bytes, hex,
// base64 or a list of numbers.
func assertNoSecret(t testing.TB, text string, secrets [][]byte) {
	t.Helper()
	for _, s := range secrets {
		for _, form := range needlesOf(s) {
			if strings.Contains(text, form) {
				t.Fatalf("a secret stands in %.200q…", text)
			}
		}
	}
}

// forms returns how a part of a secret could stand in a text.
func forms(w []byte) []string {
	list := strings.Trim(fmt.Sprint(w), "[]")
	golang := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", w), "[]byte{"), "}")
	spaced := fmt.Sprintf("% x", w)
	return []string{
		string(w), hex.EncodeToString(w), strings.ToUpper(hex.EncodeToString(w)), spaced,
		base64.StdEncoding.EncodeToString(w), base64.URLEncoding.EncodeToString(w),
		list, strings.ReplaceAll(list, " ", ","), strings.ReplaceAll(list, " ", ", "), golang,
	}
}

// The search itself must find what it looks for.
func TestSecretSearchFinds(t *testing.T) {
	secret := []byte("0123456789abcdefghijklmnopqrstuv")
	for _, text := range []string{
		string(secret), fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("% x", secret),
		fmt.Sprint(secret), fmt.Sprintf("%#v", secret), fmt.Sprintf("%d", secret[3:]),
		base64.RawStdEncoding.EncodeToString(secret), base64.URLEncoding.EncodeToString(secret[1:]),
	} {
		found := false
		for _, form := range needlesOf(secret) {
			found = found || strings.Contains(text, form)
		}
		if !found {
			t.Errorf("not found in %q", text)
		}
	}
}

// stride is how far exhaustive loops go at each step: by one, or, where that
// takes long and shows nothing more, by a number that meets all bit positions.
func stride() int {
	if testing.Short() || raceDetector() {
		return 23
	}
	return 1
}

func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
