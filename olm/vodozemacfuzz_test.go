package olm_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/olm"
)

// addJSON adds what vodozemac made as seeds, and forms of it.
func addJSON(f *testing.F, operation string) {
	for _, text := range recorded(f, operation) {
		f.Add([]byte(text))
		f.Add([]byte(text[:len(text)/2]))
		f.Add([]byte(strings.Replace(text, `{"`, `{"new":[{}],"`, 1)))
		f.Add([]byte(strings.Replace(text, `"next_key_id"`, `"key_id"`, 1)))
	}
}

// What imports exports to what imports to the same.
func FuzzImportVodozemacAccount(f *testing.F) {
	addJSON(f, "vodozemac-account")
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := olm.ImportVodozemacAccount(vodozemacPickle(string(text)), vodozemacKey)
		if err != nil {
			require.True(t, isFormError(err), "%v", err)
			return
		}
		again, err := olm.ImportVodozemacAccount(must(a.ExportVodozemac(vodozemacKey)), vodozemacKey)
		require.NoError(t, err)
		require.Equal(t, a.Secrets(), again.Secrets())
		require.Equal(t, a.IdentityKeys(), again.IdentityKeys())
		require.Equal(t, must(a.ExportVodozemac(vodozemacKey)), must(again.ExportVodozemac(vodozemacKey)))
	})
}

// What imports exports to what imports to the same.
func FuzzImportVodozemacSession(f *testing.F) {
	addJSON(f, "vodozemac-session")
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := olm.ImportVodozemacSession(vodozemacPickle(string(text)), vodozemacKey)
		if err != nil {
			require.True(t, isFormError(err), "%v", err)
			return
		}
		again, err := olm.ImportVodozemacSession(must(s.ExportVodozemac(vodozemacKey)), vodozemacKey)
		require.NoError(t, err)
		require.Equal(t, s.State(), again.State())
	})
}
