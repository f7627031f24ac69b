package vodozemac_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/internal/vodozemac"
)

// written returns the text of the pickle that write writes.
func written(t *testing.T, write func(*vodozemac.Writer)) string {
	t.Helper()
	pickle, err := vodozemac.Export(what, key, write)
	require.NoError(t, err)
	text, err := libolm.Decrypt(what, pickle, key)
	require.NoError(t, err)
	return string(text)
}

// numbers is what encoding/json writes for an array of bytes as numbers.
func numbers(b []byte) string {
	list := make([]int, len(b))
	for i := range b {
		list[i] = int(b[i])
	}
	text, _ := json.Marshal(list)
	return string(text)
}

// Small values are written as they are read.
func TestWriteSmallValues(t *testing.T) {
	text := written(t, func(w *vodozemac.Writer) {
		w.Raw(`{"a":`)
		w.Uint(18446744073709551615)
		w.Raw(`,"b":`)
		w.Bool(true)
		w.Raw(`,"c":`)
		w.Bool(false)
		w.Config()
	})
	require.Equal(t, `{"a":18446744073709551615,"b":true,"c":false,"config":{"version":"V1"}}`, text)
}

// A signing key is written as its seed, or expanded where there is no seed, and
// is the same key when it is read again.
func TestSigningKey(t *testing.T) {
	seed := [curve.Size]byte(bytes.Repeat([]byte{200}, curve.Size)) // three digits each: no room is left over
	whole := curve.SigningKeyFromSeed(&seed)
	alone := curve.SigningKeyFromExpandedAlone(whole.Expanded())
	for k, want := range map[*curve.SigningKey]string{
		whole: `{"Normal":` + numbers(seed[:]) + `}`,
		alone: `{"Expanded":` + numbers(whole.Expanded()[:]) + `}`,
	} {
		text := written(t, func(w *vodozemac.Writer) { w.SigningKey(k) })
		require.Equal(t, want, text)
		var got *curve.SigningKey
		require.NoError(t, read(text, func(r *vodozemac.Reader) { got = r.SigningKey() }))
		require.Equal(t, whole.PublicKey(), got.PublicKey())
		require.Equal(t, k.Seed(), got.Seed())
	}
	for _, text := range []string{
		`{"Normal":` + numbers(make([]byte, 32)) + `}`, `{"Normal":` + numbers(make([]byte, 31)) + `}`, `{"Normal":` + numbers(make([]byte, 33)) + `}`,
		`{"Expanded":` + numbers(make([]byte, 63)) + `}`, `{"Expanded":` + numbers(seed[:]) + `}`, `{"Other":` + numbers(seed[:]) + `}`,
	} {
		readFails(t, text, func(r *vodozemac.Reader) { require.Nil(t, r.SigningKey(), "%s", text) })
	}
}

// The two runs of an export write as much.
func TestExportPlansItsSize(t *testing.T) {
	runs := 0
	require.PanicsWithValue(t, "vodozemac: internal error: longer than planned", func() {
		vodozemac.Export(what, key, func(w *vodozemac.Writer) {
			w.Raw(strings.Repeat(" ", 20*runs))
			runs++
		})
	})
	require.Equal(t, 2, runs)
}

// The first run only counts: it leaves no copy of a secret.
func TestPlanHoldsNothing(t *testing.T) {
	var lengths []int
	text := written(t, func(w *vodozemac.Writer) {
		w.Bytes(key)
		w.Raw("x")
		lengths = append(lengths, len(w.Written()))
	})
	require.Equal(t, []int{0, len(text)}, lengths)
}

// The bounds of the characters that a name may have, and an old name that is
// none where a member has no old name.
func TestNames(t *testing.T) {
	var a, b uint64
	for _, name := range []string{" ", "~", " ~", "!}"} {
		require.NoError(t, read(fmt.Sprintf(`{"a":1,"%s":2}`, name), pair(&a, &b)), "%q", name)
	}
	for _, name := range []string{"\x1f", "\x7f", "\\", "\x80"} {
		refuses(t, "member with a name that is not plain", fmt.Sprintf(`{"a":1,"%s":2}`, name), pair(&a, &b))
	}
}

// Nothing of a fault is read, and nothing behind it.
func TestNothingAfterFault(t *testing.T) {
	readFails(t, `{"1":100,"2":2}`, func(r *vodozemac.Reader) {
		r.Map(5, 9, func(id uint64) { require.Zero(t, r.Uint(9)) })
	})
	readFails(t, `{"x":1}`, func(r *vodozemac.Reader) {
		r.Map(5, 9, func(uint64) { t.Fatal("an item without a name") })
	})
	readFails(t, `x""`, func(r *vodozemac.Reader) {
		require.Zero(t, r.Choice("one", ""))
		require.True(t, r.Failed())
	})
	readFails(t, `"\"`, func(r *vodozemac.Reader) { r.Choice("a", "") })
}
