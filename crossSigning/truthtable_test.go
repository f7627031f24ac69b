package crosssigning_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The reference tables, written by hand from the specification and not from the
// code. "*" is any value. Each combination of values fits exactly one row.

const userTable = `
refused identity pin   was  own  signed  trust

yes     *        *     *    *    *       untrusted

no      no       none  no   *    *       unsigned
no      no       same  no   *    *       identity changed
no      no       other no   *    *       identity changed
no      no       none  yes  *    *       verification violation
no      no       same  yes  *    *       verification violation
no      no       other yes  *    *       verification violation

no      yes      none  no   no   no      pinned
no      yes      none  no   no   yes     pinned
no      yes      none  no   yes  no      pinned
no      yes      none  no   yes  yes     verified
no      yes      none  yes  no   no      verification violation
no      yes      none  yes  no   yes     verification violation
no      yes      none  yes  yes  no      verification violation
no      yes      none  yes  yes  yes     verified

no      yes      same  no   no   no      pinned
no      yes      same  no   no   yes     pinned
no      yes      same  no   yes  no      pinned
no      yes      same  no   yes  yes     verified
no      yes      same  yes  no   no      verification violation
no      yes      same  yes  no   yes     verification violation
no      yes      same  yes  yes  no      verification violation
no      yes      same  yes  yes  yes     verified

no      yes      other no   no   no      identity changed
no      yes      other no   no   yes     identity changed
no      yes      other no   yes  no      identity changed
no      yes      other no   yes  yes     identity changed
no      yes      other yes  no   no      verification violation
no      yes      other yes  no   yes     verification violation
no      yes      other yes  yes  no      verification violation
no      yes      other yes  yes  yes     verification violation
`

const ownTable = `
refused identity pin   was  held device  trust

yes     *        *     *    *    *       untrusted

no      no       none  no   *    *       unsigned
no      no       same  no   *    *       identity changed
no      no       other no   *    *       identity changed
no      no       none  yes  *    *       verification violation
no      no       same  yes  *    *       verification violation
no      no       other yes  *    *       verification violation

no      yes      none  no   no   no      pinned
no      yes      none  no   no   yes     verified
no      yes      none  no   yes  no      verified
no      yes      none  no   yes  yes     verified
no      yes      none  yes  no   no      verification violation
no      yes      none  yes  no   yes     verified
no      yes      none  yes  yes  no      verified
no      yes      none  yes  yes  yes     verified

no      yes      same  no   no   no      pinned
no      yes      same  no   no   yes     verified
no      yes      same  no   yes  no      verified
no      yes      same  no   yes  yes     verified
no      yes      same  yes  no   no      verification violation
no      yes      same  yes  no   yes     verified
no      yes      same  yes  yes  no      verified
no      yes      same  yes  yes  yes     verified

no      yes      other no   no   no      identity changed
no      yes      other no   no   yes     identity changed
no      yes      other no   yes  no      identity changed
no      yes      other no   yes  yes     identity changed
no      yes      other yes  no   no      verification violation
no      yes      other yes  no   yes     verification violation
no      yes      other yes  yes  no      verification violation
no      yes      other yes  yes  yes     verification violation
`

const deviceTable = `
user                   blocked compared signed  trust

*                      yes     *        *       untrusted

untrusted              no      no       no      untrusted
untrusted              no      no       yes     untrusted
untrusted              no      yes      no      untrusted
untrusted              no      yes      yes     untrusted

verification_violation no      no       no      untrusted
verification_violation no      no       yes     untrusted
verification_violation no      yes      no      untrusted
verification_violation no      yes      yes     untrusted

identity_changed       no      no       no      untrusted
identity_changed       no      no       yes     untrusted
identity_changed       no      yes      no      untrusted
identity_changed       no      yes      yes     untrusted

unsigned               no      no       no      unsigned
unsigned               no      no       yes     unsigned
unsigned               no      yes      no      verified
unsigned               no      yes      yes     verified

pinned                 no      no       no      unsigned
pinned                 no      no       yes     cross-signed
pinned                 no      yes      no      verified
pinned                 no      yes      yes     verified

verified               no      no       no      unsigned
verified               no      no       yes     verified
verified               no      yes      no      verified
verified               no      yes      yes     verified
`

// table is a reference table: how many columns are conditions, and its rows.
type table struct {
	columns int
	rows    [][]string
}

func parseTable(t testing.TB, text string) table {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	tab := table{columns: len(strings.Fields(lines[0])) - 1}
	for _, line := range lines[1:] {
		if fields := strings.Fields(line); len(fields) > 0 {
			require.Greater(t, len(fields), tab.columns, line)
			tab.rows = append(tab.rows, append(fields[:tab.columns:tab.columns], strings.Join(fields[tab.columns:], " ")))
		}
	}
	return tab
}

// look returns the one row that fits.
func (tab table) look(t testing.TB, values ...string) string {
	t.Helper()
	require.Len(t, values, tab.columns)
	found := ""
	for _, row := range tab.rows {
		fits := true
		for i, value := range values {
			fits = fits && (row[i] == "*" || row[i] == value)
		}
		if fits {
			require.Empty(t, found, "two rows fit %q", values)
			found = row[tab.columns]
		}
	}
	require.NotEmpty(t, found, "no row fits %q", values)
	return found
}
