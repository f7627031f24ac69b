package megolm_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/testvectors"
)

var vodozemacKey = bytes.Repeat([]byte{0x76}, 32)

// vodozemacLoaders are the two imports, with what they return.
var vodozemacLoaders = map[string]func(pickle, key []byte) (vodozemacSession, error){
	"outbound": func(pickle, key []byte) (vodozemacSession, error) {
		s, err := megolm.ImportVodozemacOutboundSession(pickle, key)
		if err != nil {
			if s != nil {
				panic("session and error")
			}
			return nil, err
		}
		return s, nil
	},
	"inbound": func(pickle, key []byte) (vodozemacSession, error) {
		s, err := megolm.ImportVodozemacInboundSession(pickle, key)
		if err != nil {
			if s != nil {
				panic("session and error")
			}
			return nil, err
		}
		return s, nil
	},
}

type vodozemacSession interface {
	stater
	ExportVodozemac(pickleKey []byte) ([]byte, error)
}

func vodozemacPickle(text string) []byte { return libolm.Encrypt([]byte(text), vodozemacKey) }

func vodozemacJSON(t testing.TB, s vodozemacSession) string {
	t.Helper()
	pickle, err := s.ExportVodozemac(vodozemacKey)
	require.NoError(t, err)
	text, err := libolm.Decrypt("test", pickle, vodozemacKey)
	require.NoError(t, err)
	return string(text)
}

// recordedJSON returns the JSON of the pickles of a kind that vodozemac made.
func recordedJSON(t testing.TB, kind string) (found []string) {
	t.Helper()
	files, err := fs.Glob(testvectors.FS, "vodozemac/vodozemac-"+kind+"*")
	require.NoError(t, err)
	for _, name := range files {
		data, err := testvectors.FS.ReadFile(name)
		require.NoError(t, err)
		var v struct {
			Expected struct {
				JSON string `json:"json_utf8"`
			}
		}
		require.NoError(t, json.Unmarshal(data, &v))
		found = append(found, v.Expected.JSON)
	}
	require.NotEmpty(t, found)
	return found
}

// sinceImport is a state without its first ten bytes, which count revisions.
func sinceImport(state []byte) []byte { return state[10:] }

func TestVodozemacOutbound(t *testing.T) {
	fresh := megolm.NewOutboundSession()
	_, err := fresh.Encrypt([]byte("message"))
	require.NoError(t, err)
	pickle, err := fresh.ExportLibolm(nil)
	require.NoError(t, err)
	expanded, err := megolm.ImportLibolmOutboundSession(pickle, nil)
	require.NoError(t, err)
	last, err := megolm.ImportLibolmOutboundSession(libolm.Encrypt(newPeer(60).at(0xffffffff).outboundPlaintext(), nil), nil)
	require.NoError(t, err)
	for _, s := range []*megolm.OutboundSession{fresh, expanded, last} {
		before := s.State()
		pickle, err := s.ExportVodozemac(vodozemacKey)
		require.NoError(t, err)
		require.Equal(t, before, s.State())
		back, err := megolm.ImportVodozemacOutboundSession(pickle, vodozemacKey)
		require.NoError(t, err)
		require.Equal(t, sinceImport(before), sinceImport(back.State()))
		require.Zero(t, back.Revision())
		again, err := back.ExportVodozemac(vodozemacKey)
		require.NoError(t, err)
		require.Equal(t, pickle, again)
	}
}

// An inbound session keeps every index, and forgets the latest ratchet.
func TestVodozemacInbound(t *testing.T) {
	out := megolm.NewOutboundSession()
	key, err := out.SessionKey()
	require.NoError(t, err)
	signed, err := megolm.NewInboundSession(key)
	require.NoError(t, err)
	export, err := signed.Export()
	require.NoError(t, err)
	imported, err := megolm.ImportInboundSession(export)
	require.NoError(t, err)
	first, err := out.Encrypt([]byte("first"))
	require.NoError(t, err)
	for _, s := range []*megolm.InboundSession{signed, imported} {
		before := s.State()
		pickle, err := s.ExportVodozemac(vodozemacKey)
		require.NoError(t, err)
		require.Equal(t, before, s.State())
		back, err := megolm.ImportVodozemacInboundSession(pickle, vodozemacKey)
		require.NoError(t, err)
		require.Equal(t, before, back.State())
	}
	m, err := out.Encrypt([]byte("second"))
	require.NoError(t, err)
	_, err = signed.Decrypt(m)
	require.NoError(t, err)
	_, held := signed.LatestIndex()
	require.True(t, held)
	pickle, err := signed.ExportVodozemac(vodozemacKey)
	require.NoError(t, err)
	back, err := megolm.ImportVodozemacInboundSession(pickle, vodozemacKey)
	require.NoError(t, err)
	_, held = back.LatestIndex()
	require.False(t, held)
	order, err := back.Compare(signed)
	require.NoError(t, err)
	require.Equal(t, megolm.Equal, order)
	for _, m := range []megolm.Message{first, m} {
		_, err = back.Decrypt(m)
		require.NoError(t, err)
	}
}

// P10: no bit of a pickle may change, and no part may be missing: a sample, as
// package libolm tries all.
func TestAttack_P10_VodozemacEveryBitAndLength(t *testing.T) {
	for kind, load := range vodozemacLoaders {
		pickle := vodozemacPickle(recordedJSON(t, kind)[0])
		raw, err := base64.RawStdEncoding.DecodeString(string(pickle))
		require.NoError(t, err)
		refuses := func(p, key []byte) {
			t.Helper()
			err := mustFail(t, p, func() error { _, err := load(p, key); return err })
			require.ErrorIs(t, err, megolm.ErrPickleKey)
		}
		for bit := 0; bit < 8*len(raw); bit += 11 {
			changed := bytes.Clone(raw)
			changed[bit/8] ^= 1 << (bit % 8)
			refuses(text(changed), vodozemacKey)
		}
		for n := 0; n < len(raw); n += 3 {
			refuses(text(raw[:n]), vodozemacKey)
		}
		for _, key := range [][]byte{nil, vodozemacKey[:31], append(bytes.Clone(vodozemacKey), 0), make([]byte, 32)} {
			refuses(pickle, key)
		}
		json := recordedJSON(t, kind+".")[0]
		for n := 0; n < len(json); n += 3 {
			p := vodozemacPickle(json[:n])
			err := mustFail(t, p, func() error { _, err := load(p, vodozemacKey); return err })
			require.ErrorAs(t, err, new(*megolm.MalformedError))
		}
	}
}

// What no session can be is refused.
func TestVodozemacForm(t *testing.T) {
	const lowOrder = `[1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]`
	for kind, changes := range map[string][][3]string{
		"outbound": {
			{`"ratchet"`, `"other"`, "missing member"}, {`"signing_key"`, `"other"`, "missing member"}, {`"Normal"`, `"Other"`, "unknown variant"},
			{`"Normal"`, `"Expanded"`, "not an array of the right number of bytes"}, {`"counter":3`, `"counter":4294967296`, "number beyond its bound"},
			{`"counter":3`, `"counter":-1`, "not a plain number"}, {`"inner":[`, `"inner":[1,`, "not an array of the right number of bytes"},
			{`"V1"`, `"V3"`, "unknown variant"}, {`"counter":3`, `"counter":3,"counter":3`, "member that stands twice"},
		},
		"inbound": {
			{`"initial_ratchet"`, `"other"`, "missing member"}, {`"signing_key"`, `"other"`, "missing member"},
			{`"signing_key_verified":true`, `"signing_key_verified":1`, "neither true nor false"}, {`"signing_key_verified"`, `"other"`, "missing member"},
			{`"signing_key":[`, `"signing_key":` + lowOrder + `,"other":[`, "invalid Ed25519 public key"},
			{`"counter":3`, `"counter":4294967296`, "number beyond its bound"}, {`"V1"`, `"V3"`, "unknown variant"},
		},
	} {
		json := recordedJSON(t, kind+".")[0]
		refuse := func(changed string) error {
			p := vodozemacPickle(changed)
			return mustFail(t, p, func() error { _, err := vodozemacLoaders[kind](p, vodozemacKey); return err })
		}
		for _, c := range changes {
			changed := strings.Replace(json, c[0], c[1], 1)
			require.NotEqual(t, json, changed, "%s", c[0])
			var malformed *megolm.MalformedError
			require.ErrorAs(t, refuse(changed), &malformed)
			require.Equal(t, c[2], malformed.Why, "%q for %q", c[1], c[0])
		}
		var version *megolm.VersionError
		require.ErrorAs(t, refuse(strings.Replace(json, `"V1"`, `"V2"`, 1)), &version)
		require.Equal(t, uint32(2), version.Got)
	}
}

func TestVodozemacExportRefused(t *testing.T) {
	out := megolm.NewOutboundSession()
	key, err := out.SessionKey()
	require.NoError(t, err)
	in, err := megolm.NewInboundSession(key)
	require.NoError(t, err)
	for _, key := range [][]byte{nil, vodozemacKey[:31], append(bytes.Clone(vodozemacKey), 0)} {
		require.ErrorIs(t, mustFail(t, key, func() error { _, err := out.ExportVodozemac(key); return err }, out), megolm.ErrPickleKey)
		require.ErrorIs(t, mustFail(t, key, func() error { _, err := in.ExportVodozemac(key); return err }, in), megolm.ErrPickleKey)
	}
	out.Close()
	in.Close()
	_, err = out.ExportVodozemac(vodozemacKey)
	require.ErrorIs(t, err, megolm.ErrClosed)
	_, err = in.ExportVodozemac(vodozemacKey)
	require.ErrorIs(t, err, megolm.ErrClosed)
}

func FuzzImportVodozemacOutbound(f *testing.F) { fuzzVodozemac(f, "outbound") }
func FuzzImportVodozemacInbound(f *testing.F)  { fuzzVodozemac(f, "inbound") }

// What imports exports to what imports to the same.
func fuzzVodozemac(f *testing.F, kind string) {
	for _, text := range recordedJSON(f, kind) {
		f.Add([]byte(text))
		f.Add([]byte(text[:len(text)/2]))
		f.Add([]byte(strings.Replace(text, `{"`, `{"new":[{}],"`, 1)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := vodozemacLoaders[kind](vodozemacPickle(string(text)), vodozemacKey)
		if err != nil {
			var malformed *megolm.MalformedError
			var version *megolm.VersionError
			require.True(t, errors.As(err, &malformed) || errors.As(err, &version), "%v", err)
			return
		}
		again, err := vodozemacLoaders[kind](vodozemacPickle(vodozemacJSON(t, s)), vodozemacKey)
		require.NoError(t, err)
		require.Equal(t, s.State(), again.State())
	})
}
