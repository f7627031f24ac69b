package doctest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fateful are the methods of exported types that let a secret out, or end it.
var fateful = regexp.MustCompile(
	`^(?:[A-Z]\w*\.(?:Secret|Secret(?:Text|JSON|Content)|RecoveryKey|Export\w*|Dehydrate(?:V\d)?|Close)|Key\.Open|Established\.Bytes)$`)

// missing returns the methods among names that a text does not have.
func missing(text string, names map[string]bool) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if fateful.MatchString(name) && !strings.Contains(text, "`"+name+"`") {
			found = append(found, name)
		}
	}
	return found
}

// TestLifecycle holds docs/key-lifecycle.md to be complete.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	names := declarations(t)
	for _, name := range []string{"SealKey.Secret", "Account.Close", "Key.Open", "Established.Bytes"} {
		require.True(t, names[name], name)
	}
	require.Empty(t, missing(load(t).documents["docs/key-lifecycle.md"], names))
}

func TestMissing(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, name := range []string{"A.Secret", "A.SecretText", "A.RecoveryKey", "A.Close", "A.ExportX", "A.Open", "a.Close", "A.SecretName", "Close"} {
		names[name] = true
	}
	require.Equal(t, []string{"A.Close", "A.ExportX", "A.RecoveryKey", "A.Secret", "A.SecretText"}, missing("A.Secret", names))
	require.Empty(t, missing("`A.Close`, `A.ExportX` `A.RecoveryKey`, `A.Secret`, `A.SecretText`", names))
}
