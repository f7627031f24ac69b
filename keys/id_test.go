package keys_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
)

func TestID(t *testing.T) {
	for number, text := range map[uint32]string{
		0: "AAAAAA", 1: "AAAAAQ", 42: "AAAAKg", 255: "AAAA/w", 1 << 24: "AQAAAA", math.MaxUint32 - 1: "/////g", math.MaxUint32: "/////w",
	} {
		id := keys.NewID(number)
		require.False(t, id.IsZero())
		require.Equal(t, number, id.Number())
		require.Equal(t, text, id.String())
		marshalled, err := id.MarshalText()
		require.NoError(t, err)
		require.Equal(t, text, string(marshalled))
		for _, s := range []string{text, text + "=="} {
			parsed, err := keys.ParseID(s)
			require.NoError(t, err)
			require.True(t, id == parsed)
		}
	}
	require.True(t, keys.ID{}.IsZero())
	require.Zero(t, keys.ID{}.Number())
	require.NotEqual(t, keys.ID{}, keys.NewID(0), "absent is not the number 0")
}

func TestIDAsMapKey(t *testing.T) {
	in := map[keys.ID]keys.ID{keys.NewID(0): keys.NewID(1), keys.NewID(math.MaxUint32): keys.NewID(0)}
	b, err := json.Marshal(in)
	require.NoError(t, err)
	require.JSONEq(t, `{"AAAAAA":"AAAAAQ","/////w":"AAAAAA"}`, string(b))
	var out map[keys.ID]keys.ID
	require.NoError(t, json.Unmarshal(b, &out))
	require.Equal(t, in, out)

	err = mustFail(t, nil, nothing, func() error { _, err := json.Marshal(map[keys.ID]int{{}: 1}); return err })
	require.ErrorContains(t, err, keys.ErrAbsent.Error())
	for _, bad := range []string{`{"":1}`, `{"AAAAAR":1}`, `{"AAAAAAAAAAA":1}`, `{"AAAAA":1}`, `{"AAAA_w":1}`} {
		var m map[keys.ID]int
		mustFail(t, []byte(bad), func() any { return len(m) }, func() error { return json.Unmarshal([]byte(bad), &m) })
	}
}

func TestIDRefusals(t *testing.T) {
	for text, want := range map[string]error{
		"": keys.ErrLength, "AAAA": keys.ErrLength, "AAAAAAA": keys.ErrLength, "AAAAAAAA": keys.ErrLength, "AAAAAAAAAAA": keys.ErrLength,
		"AAAAA": keys.ErrBase64, "AAAAAB": keys.ErrBase64, "AAAAAP": keys.ErrBase64, "AAAA_w": keys.ErrBase64, "AAAA\nA": keys.ErrBase64,
		"AAAAA=": keys.ErrBase64, "AA==AA": keys.ErrBase64, "AAAAAA=": keys.ErrLength, "AAAAA A": keys.ErrLength,
	} {
		id := keys.NewID(7)
		err := mustFail(t, []byte(text), func() any { return id }, func() error { return id.UnmarshalText([]byte(text)) })
		require.ErrorIs(t, err, want, "%q", text)
		err = mustFail(t, []byte(text), nothing, func() error {
			parsed, err := keys.ParseID(text)
			require.True(t, parsed.IsZero())
			return err
		})
		require.ErrorIs(t, err, want)
	}
}
