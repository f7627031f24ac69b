package megolm_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

// argument returns something harmless for a parameter of a method.
func argument(t *testing.T, typ reflect.Type) reflect.Value {
	switch typ {
	case reflect.TypeFor[*megolm.InboundSession]():
		return reflect.ValueOf(inbound(t, newPeer(80)))
	case reflect.TypeFor[keys.SealKey]():
		return reflect.ValueOf(sealKey(t))
	case reflect.TypeFor[megolm.Message]():
		return reflect.ValueOf(message(t, newPeer(80).encrypt(nil)))
	case reflect.TypeFor[uint32]():
		return reflect.ValueOf(uint32(5))
	}
	return reflect.Zero(typ)
}

// callAll calls every exported method of v. Each must return an error, or only
// zero values, or be one of those that need no secret.
func callAll(t *testing.T, what string, v reflect.Value, readable map[string]bool, wantErr error) {
	for i := range v.NumMethod() {
		method := v.Type().Method(i)
		switch method.Name {
		case "Format", "String", "GoString", "LogValue", "MarshalText", "MarshalBinary", "MarshalJSON", "GobEncode", "State", "UnmarshalText",
			"RatchetParts", "LatestParts", "SigningParts", "LatestIndex":
			continue // redaction, and what only tests have
		}
		var in []reflect.Value
		for j := 1; j < method.Type.NumIn(); j++ {
			in = append(in, argument(t, method.Type.In(j)))
		}
		var out []reflect.Value
		last := method.Type.NumOut() - 1
		if last >= 0 && method.Type.Out(last) == reflect.TypeFor[error]() {
			require.ErrorIs(t, mustFail(t, nil, func() error {
				out = v.Method(i).Call(in)
				err, _ := out[last].Interface().(error)
				out = out[:last]
				return err
			}), wantErr, "%s: %s", what, method.Name)
		} else {
			require.NotPanics(t, func() { out = v.Method(i).Call(in) }, "%s: %s", what, method.Name)
		}
		for _, o := range out {
			if o.Kind() == reflect.Bool && (method.Name == "IsZero") {
				require.True(t, o.Bool(), "%s: %s", what, method.Name)
			} else if !readable[method.Name] && !o.IsZero() && !(o.Kind() == reflect.Slice && o.Len() == 0) {
				t.Errorf("%s: %s returns %v", what, method.Name, o)
			}
		}
	}
}

// values are one of each kind.
type values struct {
	out    *megolm.OutboundSession
	in     *megolm.InboundSession
	key    megolm.SessionKey
	export megolm.ExportedSession
}

func newValues(t *testing.T, p *peer) (v values) {
	t.Helper()
	v.out, v.in = outbound(t, p), imported(t, p)
	mustDecrypt(t, v.in, p.at(8).encrypt(nil), "", 8)
	var err error
	v.key, err = v.out.SessionKey()
	require.NoError(t, err)
	v.export, err = v.in.Export()
	require.NoError(t, err)
	return v
}

func (v values) close() {
	v.out.Close()
	v.in.Close()
	v.key.Close()
	v.export.Close()
}

// G06: Close wipes each secret where it lay.
func TestAttack_G06_CloseWipes(t *testing.T) {
	v := newValues(t, newPeer(81))
	buffers := [][]byte{v.out.RatchetParts(), v.out.SigningParts(), v.in.RatchetParts(), v.in.LatestParts(), v.key.RatchetParts(), v.export.RatchetParts()}
	for i, b := range buffers {
		require.NotEqual(t, make([]byte, len(b)), b, "secret %d is not there", i)
	}
	v.close()
	for i, b := range buffers {
		require.Equal(t, make([]byte, len(b)), b, "secret %d was not wiped", i)
	}
}

func TestEveryMethodOfClosedValues(t *testing.T) {
	p := newPeer(81)
	v := newValues(t, p)
	v.close()
	v.close()                                                                  // once more does no harm
	readable := map[string]bool{"ID": true, "SigningKey": true, "Suite": true} // public
	callAll(t, "outbound", reflect.ValueOf(v.out), readable, megolm.ErrClosed)
	callAll(t, "inbound", reflect.ValueOf(v.in), readable, megolm.ErrClosed)
	callAll(t, "session key", reflect.ValueOf(v.key), nil, nil)
	callAll(t, "export", reflect.ValueOf(v.export), nil, nil)
	require.Equal(t, string(text(p.public())), v.out.ID())
	require.Equal(t, string(text(p.public())), v.in.ID())
}

func TestEveryMethodOfZeroValues(t *testing.T) {
	suite := map[string]bool{"Suite": true}
	callAll(t, "outbound", reflect.ValueOf(new(megolm.OutboundSession)), suite, megolm.ErrClosed)
	callAll(t, "inbound", reflect.ValueOf(new(megolm.InboundSession)), suite, megolm.ErrClosed)
	callAll(t, "session key", reflect.ValueOf(megolm.SessionKey{}), nil, nil)
	callAll(t, "export", reflect.ValueOf(megolm.ExportedSession{}), nil, nil)
	callAll(t, "message", reflect.ValueOf(megolm.Message{}), nil, keys.ErrAbsent)
	require.Empty(t, megolm.Message{}.String())
	require.ErrorIs(t, mustFail(t, nil, func() error { _, err := megolm.Message{}.MarshalText(); return err }), keys.ErrAbsent)
	for _, s := range []interface{ Close() }{new(megolm.OutboundSession), new(megolm.InboundSession), megolm.SessionKey{}, megolm.ExportedSession{}} {
		require.NotPanics(t, s.Close)
	}
}

// TestSizeOfInboundSession: a bot holds a hundred thousand of them.
func TestSizeOfInboundSession(t *testing.T) {
	if reflect.TypeFor[uintptr]().Size() == 8 {
		require.LessOrEqual(t, megolm.InboundObjectSize(), uintptr(208))
	}
	e, err := inbound(t, newPeer(82)).Export()
	require.NoError(t, err)
	var s *megolm.InboundSession
	require.Equal(t, float64(1), testing.AllocsPerRun(100, func() { s, _ = megolm.ImportInboundSession(e) }))
	require.NotNil(t, s)
}
