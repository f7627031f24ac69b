package redactiontest_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	mathrand "math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/redactiontest"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// sample is a value of an exported type.
type sample struct {
	name    string // "room.Type"
	secrets [][]byte
	boxed   bool // it embeds secret.Redacted, and answers as that does
	reaches bool // its fields lead to a value that embeds secret.Redacted
	locked  bool // it has a lock
	check   func(t *testing.T)
}

// notCopied are the types of which a program holds pointers: each has a lock, and
// vet refuses a copy. A copy that is made all the same, and stands in a caller's
// unexported field, is one pointer from its secrets, and fmt follows that.
var notCopied = []string{
	"olm.Account", "olm.Session", "megolm.OutboundSession", "megolm.InboundSession", "crossSigning.PrivateKeys",
	"backup.KeyFile", "backup.KeyFileWriter",
}

var redacted = reflect.TypeFor[secret.Redacted]()

// holds returns the sample of a value that leads to secrets.
func holds[T any](v T, secrets ...[]byte) sample {
	typ := reflect.TypeOf(v)
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	s := sample{name: strings.TrimPrefix(typ.PkgPath(), module+"/") + "." + typ.Name(), secrets: secrets}
	s.boxed, s.locked, s.reaches = embeds(typ), locked(typ), reaches(typ, map[reflect.Type]bool{})
	s.check = func(t *testing.T) {
		redactiontest.Check(t, v, secrets...)
		value := reflect.ValueOf(v)
		if len(secrets) > 0 {
			held := heldBytes(value, binary.LittleEndian, map[any]bool{})
			held = append(held, heldBytes(value, binary.BigEndian, map[any]bool{})...)
			require.True(t, slices.ContainsFunc(secrets, func(b []byte) bool { return bytes.Contains(held, b) }), "the sample holds another secret")
		}
		if value.Kind() == reflect.Pointer && !slices.Contains(notCopied, s.name) {
			redactiontest.Check(t, value.Elem().Interface(), secrets...)
		}
		zero := reflect.New(typ).Interface()
		redactiontest.Check(t, zero) // does not panic
		if s.boxed {
			redactiontest.CheckPlaceholder(t, v)
			redactiontest.CheckRefuses(t, v)
			redactiontest.CheckPlaceholder(t, zero)
		}
	}
	return s
}

func embeds(typ reflect.Type) bool {
	if typ.Kind() != reflect.Struct {
		return false
	}
	f, ok := typ.FieldByName("Redacted")
	return ok && f.Type == redacted && len(f.Index) == 1
}

func locked(typ reflect.Type) bool {
	if typ.Kind() != reflect.Struct {
		return false
	}
	for f := range typ.Fields() {
		if f.Type == reflect.TypeFor[sync.Mutex]() {
			return true
		}
	}
	return false
}

// reaches says whether a value of a type can lead to a secret value, other than
// through an interface or a function.
func reaches(typ reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[typ] {
		return false
	}
	seen[typ] = true
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return reaches(typ.Elem(), seen)
	case reflect.Map:
		return reaches(typ.Key(), seen) || reaches(typ.Elem(), seen)
	case reflect.Struct:
		if typ == redacted {
			return true
		}
		for f := range typ.Fields() {
			if reaches(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// heldBytes returns all bytes that a value leads to, whatever it calls them. The
// key schedule of AES begins with the key, in words: little-endian with AES
// instructions, big-endian where crypto/aes uses tables.
func heldBytes(v reflect.Value, words binary.AppendByteOrder, seen map[any]bool) (b []byte) {
	switch v.Kind() {
	case reflect.Pointer:
		at := [2]any{v.Pointer(), v.Type()}
		if v.IsNil() || seen[at] {
			return nil
		}
		seen[at] = true
		return heldBytes(v.Elem(), words, seen)
	case reflect.Interface:
		return heldBytes(v.Elem(), words, seen)
	case reflect.String:
		return append([]byte(v.String()), 0)
	case reflect.Uint8:
		return []byte{byte(v.Uint())}
	case reflect.Uint32:
		return words.AppendUint32(nil, uint32(v.Uint()))
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			b = append(b, heldBytes(v.Index(i), words, seen)...)
		}
		return append(b, 0)
	case reflect.Map:
		for i := v.MapRange(); i.Next(); {
			b = append(append(b, heldBytes(i.Key(), words, seen)...), heldBytes(i.Value(), words, seen)...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			b = append(b, heldBytes(v.Field(i), words, seen)...)
		}
	}
	return b
}

// public returns the samples of values that lead to no secret: what they hold
// anyone may see. They must not panic.
func public(values ...any) (list []sample) {
	for _, v := range values {
		list = append(list, holds(v))
	}
	return list
}

// recorder hands out bytes that are the same in every run, and keeps them.
type recorder struct {
	from  *mathrand.ChaCha8
	drawn []byte
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.drawn = append(r.drawn, p[:n]...)
	return n, err
}

// during returns what f took from crypto/rand, in pieces of 32 bytes.
func (r *recorder) during(f func()) [][]byte {
	before := len(r.drawn)
	f()
	return slices.Collect(slices.Chunk(slices.Clone(r.drawn[before:]), 32))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// samples returns a sample or more of every exported type.
var samples = sync.OnceValue(func() []sample {
	before := rand.Reader
	r := &recorder{from: mathrand.NewChaCha8([32]byte{1})}
	rand.Reader = r
	defer func() { rand.Reader = before }()
	return slices.Concat(errorSamples(), keysSamples(), olmSamples(r), megolmSamples(r), pkSamples(), crossSigningSamples(),
		storageSamples(), attachmentSamples(r), backupSamples(r), eventsSamples(), verificationSamples(r), sasSamples(r))
})

func TestAttack_G05_EveryExportedType(t *testing.T) {
	for i, s := range samples() {
		t.Run(fmt.Sprint(i, "-", s.name), s.check)
	}
}

func TestWhatIsNotCopiedHasALock(t *testing.T) {
	for _, s := range samples() {
		if slices.Contains(notCopied, s.name) {
			require.True(t, s.locked, s.name)
		}
	}
}

// What leads to a secret value by its fields is not public.
func TestWhatHoldsASecretIsNotPublic(t *testing.T) {
	require.True(t, reaches(reflect.TypeFor[map[string][]*struct{ v secret.Redacted }](), map[reflect.Type]bool{}))
	for _, s := range samples() {
		if len(s.secrets) == 0 {
			require.False(t, s.reaches, "%s leads to a secret value: give its sample the secrets", s.name)
		}
	}
}
