package crosssigning_test

import (
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

// readClaim reads responses to a claim, of which nothing may be taken.
func readClaim(t testing.TB, c *crosssigning.Claim) func(text []byte) ([]*crosssigning.EntryError, error) {
	return func(text []byte) ([]*crosssigning.EntryError, error) {
		result, err := c.Check(text, 1)
		require.NoError(t, err)
		require.Empty(t, result.Keys)
		return result.Refused, nil
	}
}

// unsigned returns the error of a call, and none when there is a signature with
// it.
func unsigned(signature crosssigning.KeySignature, err error) error {
	if !signature.Object().IsZero() {
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
