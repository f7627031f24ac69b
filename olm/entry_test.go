package olm_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// arguments makes the arguments of a method from samples, or all zero.
func arguments(t testing.TB, samples []any, method reflect.Type, valid bool) []reflect.Value {
	t.Helper()
	var list []reflect.Value
	for i := range method.NumIn() {
		typ := method.In(i)
		if method.IsVariadic() && i == method.NumIn()-1 {
			typ = typ.Elem()
		}
		known := false
		for _, s := range samples {
			if reflect.TypeOf(s) == typ {
				known = true
				if valid {
					list = append(list, reflect.ValueOf(s))
				} else {
					list = append(list, reflect.Zero(typ))
				}
			}
		}
		require.True(t, known, "no sample of %s: add one", typ)
	}
	return list
}

// eachMethod calls all methods of value, also those that it will have. Those with
// an error must fail, and the error is given to check.
func eachMethod(t *testing.T, value any, valid bool, check func(t *testing.T, name string, err error)) {
	t.Helper()
	c := newConversation(t)
	m := encrypt(t, newOutbound(t, c.aliceAccount, c.bobAccount), "hello")
	samples := []any{
		[]byte("some bytes"), "text", 1, sealKey(t), m, c.bob, keys.NewID(1), c.bobAccount.IdentityKeys().Curve25519,
	}
	v := reflect.ValueOf(value)
	called := 0
	for i := range v.NumMethod() {
		name := v.Type().Method(i).Name
		if _, ok := reflect.TypeFor[secret.Redacted]().MethodByName(name); ok || name == "Close" {
			continue
		}
		if name == "State" || name == "Secrets" {
			continue // of the tests
		}
		called++
		t.Run(name, func(t *testing.T) {
			typ := v.Method(i).Type()
			arguments := arguments(t, samples, typ, valid)
			var results []reflect.Value
			call := func() error {
				results = v.Method(i).Call(arguments)
				return nil
			}
			if last := typ.NumOut() - 1; last < 0 || typ.Out(last) != reflect.TypeFor[error]() {
				failtest.Guarded(t, call)
				return
			}
			subjects := []failtest.Subject{c.bob, c.bobAccount}
			if s, ok := value.(failtest.Subject); ok {
				subjects = append(subjects, s)
			}
			check(t, name, failtest.Refused(t, func() error {
				call()
				err, _ := results[len(results)-1].Interface().(error)
				return err
			}, subjects...))
		})
	}
	require.Greater(t, called, 5)
}

// Every method of a value that was closed returns ErrClosed, or what is public.
func TestClosedValues(t *testing.T) {
	for _, valid := range []bool{true, false} {
		closed := func(t *testing.T, name string, err error) {
			require.True(t, errors.Is(err, olm.ErrClosed) || !valid && errors.Is(err, keys.ErrAbsent), "%v", err)
		}
		a := newAccount(t, 2)
		ids := a.IdentityKeys()
		_, err := a.GenerateFallbackKey()
		require.NoError(t, err)
		a.Close()
		eachMethod(t, a, valid, closed)
		require.Equal(t, ids, a.IdentityKeys())
		require.Zero(t, a.OneTimeKeyCount())

		s, _ := newConversation(t).rich()
		id := s.ID()
		s.Close()
		s.Close()
		eachMethod(t, s, valid, closed)
		require.Equal(t, id, s.ID())

		// A session with something to report instead is closed all the same.
		dropped := newConversation(t)
		for range olm.MaxReceiverChains + 1 {
			dropped.skip(dropped.bob, 1)
			dropped.say(dropped.bob, dropped.alice, "pong")
			dropped.say(dropped.alice, dropped.bob, "ping")
		}
		dropped.alice.Close()
		eachMethod(t, dropped.alice, valid, closed)
	}
}

// Close wipes the memory that held the secrets.
func TestAttack_G06_CloseWipes(t *testing.T) {
	a := newAccount(t, 2)
	_, err := a.GenerateFallbackKey()
	require.NoError(t, err)
	s, _ := newConversation(t).rich()
	buffers := append(a.Buffers(), s.Buffers()...)
	require.Greater(t, len(buffers), 10)
	for _, b := range buffers {
		require.NotEqual(t, make([]byte, len(b)), b)
	}
	a.Close()
	s.Close()
	for i, b := range buffers {
		require.Equal(t, make([]byte, len(b)), b, "buffer %d was not wiped", i)
	}
}

// A zero value is no account and no session. It says so, and does not panic.
func TestZeroValues(t *testing.T) {
	for _, valid := range []bool{true, false} {
		refused := func(t *testing.T, name string, err error) {
			require.True(t, errors.Is(err, olm.ErrClosed) || errors.Is(err, keys.ErrAbsent), "%v", err)
		}
		eachMethod(t, new(olm.Account), valid, refused)
		eachMethod(t, new(olm.Session), valid, refused)
		eachMethod(t, new(olm.Message), valid, func(*testing.T, string, error) {})
	}
	var m olm.Message
	require.True(t, m.IsZero())
	_, ok := m.SessionKeys()
	require.False(t, ok, "the zero value has the number of a pre-key message, and is none")
	require.Empty(t, m.Bytes())
	require.Empty(t, m.Body())
	require.False(t, new(olm.Session).Matches(m))
	require.Empty(t, olm.Suite(0).Algorithm())
	require.Empty(t, olm.Suite(2).Algorithm())
	require.Equal(t, "m.olm.v1.curve25519-aes-sha2", olm.V1.Algorithm())
	require.Equal(t, olm.V1, newConversation(t).alice.Suite())
}

// A zero value as an argument is refused, or means none.
func TestZeroArguments(t *testing.T) {
	c := newConversation(t)
	s := newOutbound(t, c.aliceAccount, c.bobAccount)
	m := encrypt(t, s, "hello")
	bob := c.bobAccount
	id := c.aliceAccount.IdentityKeys().Curve25519
	var zeroKey keys.Curve25519
	var zeroMessage olm.Message
	failtest.RefusedWith(t, keys.ErrAbsent, func() error { _, err := bob.NewInboundSession(zeroKey, m); return err }, bob)
	failtest.RefusedWith(t, keys.ErrAbsent, func() error { _, err := bob.NewInboundSession(id, zeroMessage); return err }, bob)
	failtest.RefusedWith(t, keys.ErrAbsent, func() error { _, err := bob.NewInboundSession(zeroKey, zeroMessage); return err }, bob)
	failtest.RefusedWith(t, keys.ErrAbsent, func() error { _, err := bob.UnsafeNewInboundSession(zeroKey, m); return err }, bob)
	failtest.RefusedWith(t, keys.ErrAbsent, func() error { _, err := bob.UnsafeNewInboundSession(id, zeroMessage); return err }, bob)
	failtest.RefusedWith(t, keys.ErrAbsent, decryption(c.bob, zeroMessage), c.bob)
	failtest.RefusedWith(t, keys.ErrAbsent, func() error { _, err := bob.Seal(keys.SealKey{}, nil); return err }, bob)
	failtest.RefusedWith(t, keys.ErrAbsent, func() error { _, err := c.bob.Seal(keys.SealKey{}, nil); return err }, c.bob)
	failtest.RefusedWith(t, keys.ErrAbsent, func() error { _, err := zeroMessage.MarshalJSON(); return err })
	closedKey := sealKey(t)
	closedKey.Close()
	failtest.RefusedWith(t, keys.ErrAbsent, func() error { _, err := bob.Seal(closedKey, nil); return err }, bob)
	failtest.RefusedAs[*olm.UnknownOneTimeKeyError](t, func() error { _, err := bob.UnsafeConsumeKey(new(olm.Session)); return err }, bob)

	for _, b := range [][]byte{nil, {}} {
		failtest.RefusedAs[*olm.MalformedError](t, func() error { _, err := olm.OpenAccount(b, sealKey(t), nil); return err })
		failtest.RefusedAs[*olm.MalformedError](t, func() error { _, err := olm.OpenSession(b, sealKey(t), nil); return err })
		failtest.RefusedWith(t, olm.ErrPickleKey, func() error { _, err := olm.ImportLibolmAccount(b, nil); return err })
		failtest.RefusedWith(t, olm.ErrPickleKey, func() error { _, err := olm.ImportLibolmSession(b, nil); return err })
		for _, typ := range []olm.MessageType{olm.Normal, olm.PreKey} {
			failtest.RefusedAs[*olm.MalformedError](t, func() error { _, err := olm.NewMessage(typ, b); return err })
			failtest.RefusedAs[*olm.MalformedError](t, func() error { _, err := olm.ParseMessage(typ, string(b)); return err })
		}
		plaintext, err := c.alice.Decrypt(encrypt(t, c.bob, string(b)))
		require.NoError(t, err)
		require.Empty(t, plaintext)
		signature, err := bob.Sign(b)
		require.NoError(t, err)
		require.NoError(t, bob.IdentityKeys().Ed25519.Verify(b, signature))
	}
}

// No session is none whose key could be consumed.
func TestUnsafeConsumeKeyOfNoSession(t *testing.T) {
	bob := newAccount(t, 1)
	failtest.Refused(t, func() error { _, err := bob.UnsafeConsumeKey(nil); return err }, bob)
}

// An append-style form that fails returns what it was given, so that
// dst, err = v.AppendX(dst, …) loses nothing.
func TestAppendFormsThatFailKeepDst(t *testing.T) {
	c := newConversation(t)
	dst := []byte("what stood there before")
	kept := func(f func() ([]byte, error)) {
		t.Helper()
		failtest.Refused(t, func() error {
			out, err := f()
			require.Equal(t, dst, out)
			return err
		}, c.bob, c.bobAccount, failtest.Input(dst))
	}
	long := make([]byte, olm.MaxPlaintextSize+1)
	kept(func() ([]byte, error) { out, _, err := c.bob.AppendEncrypt(dst, long); return out, err })
	kept(func() ([]byte, error) { return c.bob.AppendSeal(dst, keys.SealKey{}, nil) })
	kept(func() ([]byte, error) { return c.bobAccount.AppendSeal(dst, keys.SealKey{}, nil) })
	c.bob.Close()
	c.bobAccount.Close()
	kept(func() ([]byte, error) { out, _, err := c.bob.AppendEncrypt(dst, nil); return out, err })
	kept(func() ([]byte, error) { return c.bob.AppendSeal(dst, sealKey(t), nil) })
	kept(func() ([]byte, error) { return c.bobAccount.AppendSeal(dst, sealKey(t), nil) })
}
