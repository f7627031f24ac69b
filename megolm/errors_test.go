package megolm_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
)

// failures returns one error of every kind, as the exported functions return
// them.
func failures(t *testing.T) map[string]error {
	t.Helper()
	p := newPeer(94)
	in, out, closed := inbound(t, p.at(2)), outbound(t, p), inbound(t, p)
	closed.Close()
	sealed, err := in.Seal(sealKey(t), nil)
	require.NoError(t, err)
	bad := p.sessionKey()
	bad[200] ^= 1
	errs := map[string]error{}
	note := func(name string, call func() error, sessions ...stater) {
		t.Helper()
		errs[name] = mustFail(t, nil, call, sessions...)
	}
	note("malformed message", func() error { _, err := megolm.ParseMessage("A"); return err })
	note("version of a message", func() error { _, err := megolm.ParseMessage("BBBB"); return err })
	note("unknown index", func() error { _, err := in.Decrypt(message(t, p.encrypt(nil))); return err }, in)
	note("signature of a message", func() error { _, err := in.Decrypt(message(t, newPeer(95).encrypt(nil))); return err }, in)
	note("decryption", func() error { _, err := in.Decrypt(message(t, p.finish(fields(5, p.crypt(pkcs7(nil)))))); return err }, in)
	note("absent message", func() error { _, err := in.Decrypt(megolm.Message{}); return err }, in)
	note("closed", func() error { _, err := closed.Export(); return err })
	long, exhausted := make([]byte, megolm.MaxPlaintextSize+1), outbound(t, p.at(0xffffffff))
	note("too long", func() error { _, err := out.Encrypt(long); return err }, out)
	note("exhausted", func() error { _, err := exhausted.Encrypt(nil); return err }, exhausted)
	note("signature of a session key", func() error { _, err := megolm.ParseSessionKey(text(bad)); return err })
	note("malformed session key", func() error { _, err := megolm.ParseSessionKey(nil); return err })
	note("version of an export", func() error { _, err := megolm.ParseExportedSession(text(p.shared(9))); return err })
	note("absent session key", func() error { _, err := megolm.NewInboundSession(megolm.SessionKey{}); return err })
	note("absent export", func() error { _, err := megolm.ImportInboundSession(megolm.ExportedSession{}); return err })
	note("pickle key", func() error { _, err := megolm.ImportLibolmOutboundSession(p.outboundPickle(), nil); return err })
	note("malformed pickle", func() error { _, err := megolm.ImportLibolmInboundSession([]byte("A"), nil); return err })
	note("context", func() error { _, err := megolm.OpenInboundSession(sealed, sealKey(t), []byte("x")); return err })
	note("absent seal key, opening", func() error { _, err := megolm.OpenInboundSession(sealed, keys.SealKey{}, nil); return err })
	note("another kind", func() error { _, err := megolm.OpenOutboundSession(sealed, sealKey(t), nil); return err })
	note("absent seal key, sealing", func() error { _, err := in.Seal(keys.SealKey{}, nil); return err }, in)
	return errs
}

// TestErrorTextsNameThePackage: whoever reads one in a log of a program with
// many parts knows where it comes from.
func TestErrorTextsNameThePackage(t *testing.T) {
	for name, err := range failures(t) {
		t.Run(name, func(t *testing.T) {
			require.True(t, strings.HasPrefix(err.Error(), "megolm"), "%v", err)
			require.Less(t, len(err.Error()), 150)
		})
	}
}

func TestErrorsAreFoundWhenWrapped(t *testing.T) {
	errs := failures(t)
	for name, want := range map[string]error{
		"signature of a message": megolm.ErrSignature, "signature of a session key": megolm.ErrSignature, "decryption": megolm.ErrDecrypt,
		"absent message": keys.ErrAbsent, "absent session key": keys.ErrAbsent, "absent export": keys.ErrAbsent, "closed": megolm.ErrClosed,
		"too long": megolm.ErrTooLong, "exhausted": megolm.ErrIndexExhausted, "pickle key": megolm.ErrPickleKey, "context": megolm.ErrOpen,
		"absent seal key, opening": keys.ErrAbsent, "absent seal key, sealing": keys.ErrAbsent,
	} {
		require.ErrorIs(t, fmt.Errorf("room: %w", errs[name]), want, name)
	}
	for _, name := range []string{"malformed message", "malformed session key", "malformed pickle", "another kind"} {
		_, ok := errors.AsType[*megolm.MalformedError](fmt.Errorf("room: %w", errs[name]))
		require.True(t, ok, name)
	}
	for name, got := range map[string]uint32{"version of a message": 4, "version of an export": 9} {
		version, ok := errors.AsType[*megolm.VersionError](fmt.Errorf("room: %w", errs[name]))
		require.True(t, ok && version.Got == got, name)
	}
	unknown, ok := errors.AsType[*megolm.UnknownIndexError](fmt.Errorf("room: %w", errs["unknown index"]))
	require.True(t, ok)
	require.Equal(t, megolm.UnknownIndexError{FirstKnown: 2, Got: 0}, *unknown)
}
