package crosssigning_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/failtest"
)

// refusedWith is failtest.RefusedWith about what a call takes.
func refusedWith(t testing.TB, target error, call func() error, about ...any) {
	t.Helper()
	failtest.RefusedWith(t, target, call, subjects(about)...)
}

// refusedAs is failtest.RefusedAs about what a call takes.
func refusedAs[E error](t testing.TB, call func() error, about ...any) E {
	t.Helper()
	return failtest.RefusedAs[E](t, call, subjects(about)...)
}

// refused is failtest.Refused about what a call takes.
func refused(t testing.TB, call func() error, about ...any) {
	t.Helper()
	failtest.Refused(t, call, subjects(about)...)
}

// refusedSaying is refusedAs for a *MalformedError that says why.
func refusedSaying(t testing.TB, why string, call func() error, about ...any) {
	t.Helper()
	requireSaying(t, why, failtest.Refused(t, call, subjects(about)...))
}

func requireSaying(t testing.TB, why string, err error) {
	t.Helper()
	var malformed *crosssigning.MalformedError
	require.ErrorAs(t, err, &malformed)
	require.Contains(t, malformed.Error(), why)
}

// refusedEntry demands that one entry of a response is refused, and returns its
// error.
func refusedEntry(t testing.TB, text []byte, read func(text []byte) ([]*crosssigning.EntryError, error), userID, name, what string) error {
	t.Helper()
	return failtest.Refused(t, func() error {
		refused, err := read(text)
		require.NoError(t, err)
		return entryError(t, refused, userID, name, what)
	}, failtest.Input(text))
}

// readQuery reads responses to a query beside known devices.
func readQuery(known crosssigning.Known) func(text []byte) ([]*crosssigning.EntryError, error) {
	return func(text []byte) ([]*crosssigning.EntryError, error) {
		result, err := crosssigning.NewQuery(alice, bob).Check(text, known, 1)
		return result.Refused, err
	}
}

// readClaim reads responses to a claim, of which the keys of some devices are
// taken, and no other.
func readClaim(t testing.TB, c *crosssigning.Claim, devices ...string) func(text []byte) ([]*crosssigning.EntryError, error) {
	return func(text []byte) ([]*crosssigning.EntryError, error) {
		result, err := c.Check(text, 1)
		require.NoError(t, err)
		require.Len(t, result.Keys, len(devices))
		for i, id := range devices {
			require.Equal(t, id, result.Keys[i].Device.DeviceID())
		}
		require.Empty(t, result.Missing)
		return result.Refused, nil
	}
}

// errorOf returns the error of a call, and none when there is a value with it.
func errorOf[T any](value T, err error) error {
	if !reflect.ValueOf(&value).Elem().IsZero() {
		return nil
	}
	return err
}

func subjects(values []any) []failtest.Subject {
	list := make([]failtest.Subject, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case []byte:
			list[i] = failtest.Input(v)
		case string:
			list[i] = failtest.Input(v)
		case crosssigning.LocalDevice:
			list[i] = v.Signer.(*signer)
		case failtest.Subject:
			list[i] = v
		case failtest.Stater:
			list[i] = failtest.Public(v)
		}
	}
	return list
}
