package failtest_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
)

// witness is a testing.TB that notes a failure, and ends the goroutine as
// testing.T does.
type witness struct {
	testing.TB
	why string
}

func (w *witness) Helper()           {}
func (w *witness) Fatal(args ...any) { w.Fatalf("%s", fmt.Sprint(args...)) }
func (w *witness) Fatalf(format string, args ...any) {
	w.why = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// complaint returns what f complains of, or nothing.
func complaint(t *testing.T, f func(t testing.TB)) string {
	w := &witness{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(w)
	}()
	<-done
	return w.why
}

var (
	errPlain = errors.New("failtest_test: refused")
	secret   = []byte("0123456789abcdefghijklmnopqrstuv")
	sink     []byte
)

type typed struct{}

func (*typed) Error() string { return "typed" }

func fails() error { return errPlain }

func TestWhatFailsWellPasses(t *testing.T) {
	input := failtest.Input("input")
	require.Equal(t, errPlain, failtest.Refused(t, fails, input, failtest.Secret(secret)))
	failtest.RefusedWith(t, errPlain, func() error { return fmt.Errorf("more: %w", errPlain) })
	require.NotNil(t, failtest.RefusedAs[*typed](t, func() error { return &typed{} }))
	failtest.Refused(t, func() error { return errors.New("of " + string(secret)) }, failtest.Public(stater{secret}))
	count := 0
	require.NoError(t, failtest.Bounded(t, func() error { count++; return nil }, input))
	require.Equal(t, errPlain, failtest.Bounded(t, func() error { count++; return errPlain }, input))
	require.Equal(t, 2, count)
}

func TestEachInvariantIsHeld(t *testing.T) {
	state := []byte("state")
	for want, f := range map[string]func(testing.TB){
		"no error": func(t testing.TB) { failtest.Refused(t, func() error { return nil }) },
		"panic: no": func(t testing.TB) {
			failtest.Refused(t, func() error { panic("no") })
		},
		"subject 1 changed": func(t testing.TB) {
			failtest.Refused(t, func() error { state[0]++; return errPlain }, failtest.Input("a"), failtest.Input(state))
		},
		"bytes allocated, more than 65544": func(t testing.TB) {
			failtest.Refused(t, func() error { sink = make([]byte, 100<<10); return errPlain }, failtest.Input("a"))
		},
		"bytes allocated, more than 65600": func(t testing.TB) {
			failtest.Bounded(t, func() error { sink = make([]byte, 100<<10); return nil }, failtest.Input("12345678"))
		},
		" stands in \"key": func(t testing.TB) {
			failtest.Bounded(t, func() error { return fmt.Errorf("key %x", secret[3:12]) }, failtest.Secret(secret))
		},
		"stands in": func(t testing.TB) {
			failtest.Refused(t, func() error { return fmt.Errorf("key %x", secret[3:12]) }, failtest.Secret(secret))
		},
		"is not":                func(t testing.TB) { failtest.RefusedWith(t, errors.ErrUnsupported, fails) },
		"is not a *failtest_te": func(t testing.TB) { failtest.RefusedAs[*typed](t, fails) },
	} {
		require.Contains(t, complaint(t, f), want)
	}
	require.Contains(t, complaint(t, func(t testing.TB) {
		failtest.Refused(t, func() error { return errors.New(string(state)) }, failtest.Whole(stater{[]byte("sixbytes")}))
		failtest.Refused(t, func() error { return errors.New("sixbytes") }, failtest.Whole(stater{[]byte("sixbytes")}))
	}), `"sixbyt" stands in "sixbytes`)
}

type stater struct{ state []byte }

func (s stater) State() []byte { return s.state }

// What others allocate at the same time does not count.
func TestAllocationIsTheCallsOwn(t *testing.T) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				sink = make([]byte, 1<<20)
			}
		}
	}()
	for range 20 {
		failtest.Refused(t, fails)
	}
	close(stop)
	<-done
}

func TestSecretSearchFinds(t *testing.T) {
	for start := range 3 {
		part := secret[start : start+9]
		for _, text := range []string{
			string(part), fmt.Sprintf("%x", part), fmt.Sprintf("%X", part), fmt.Sprintf("% x", part),
			fmt.Sprint(part), fmt.Sprintf("%#v", part), fmt.Sprintf("%d", [9]byte(part)),
			strings.ReplaceAll(fmt.Sprint(part), " ", ","), strings.ReplaceAll(fmt.Sprint(part), " ", ", "),
			base64.StdEncoding.EncodeToString(part), base64.RawURLEncoding.EncodeToString(part),
		} {
			require.NotEmpty(t, complaint(t, func(t testing.TB) { failtest.NoSecret(t, "key "+text+".", secret) }), text)
		}
	}
	urlOnly := bytes.Repeat([]byte{0xfb, 0xff, 0xbf, 0xfe}, 4)
	text := base64.RawURLEncoding.EncodeToString(urlOnly)
	require.NotEmpty(t, complaint(t, func(t testing.TB) { failtest.NoSecret(t, text, urlOnly) }), text)
	for _, text := range []string{"01234", "[0 0 0 0 0 0 0 0 0]", "AAAAAAAAAAAA", "000000000000"} {
		require.Empty(t, complaint(t, func(t testing.TB) {
			failtest.NoSecret(t, text, secret, make([]byte, 32))
		}), text)
	}
}
