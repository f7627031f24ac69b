package olm_test

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/olm"
)

// change is a form of a JSON text that must be refused, for a reason.
type change struct{ old, new, why string }

var (
	firstArray = regexp.MustCompile(`\[[0-9,]{60,}\]`)
	zeroKey    = `[` + strings.Repeat("0,", 31) + `0]`
	lowOrder   = `[1,` + strings.Repeat("0,", 30) + `0]`
	otherKey   = `[9,` + strings.Repeat("7,", 30) + `7]`
)

// arrayAfter replaces the array after a text.
func arrayAfter(text, after, array string) string {
	at := strings.Index(text, after) + len(after)
	return text[:at] + firstArray.ReplaceAllLiteralString(text[at:at+strings.IndexByte(text[at:], ']')+1], array) + text[at+strings.IndexByte(text[at:], ']')+1:]
}

func refuseChanges(t *testing.T, text string, read func(string) func() error, changes []change) {
	t.Helper()
	require.NoError(t, read(text)())
	for _, c := range changes {
		changed := strings.Replace(text, c.old, c.new, 1)
		require.NotEqual(t, text, changed, "%s", c.old)
		err := failtest.RefusedAs[*olm.MalformedError](t, read(changed), failtest.Input(changed))
		require.Equal(t, c.why, err.Why, "%q for %q", c.new, c.old)
	}
}

// refuseArrays puts other keys behind names.
func refuseArrays(t *testing.T, text string, read func(string) func() error, arrays map[string]string, why string) {
	t.Helper()
	for after, array := range arrays {
		changed := arrayAfter(text, after, array)
		require.NotEqual(t, text, changed, "%s", after)
		err := failtest.RefusedAs[*olm.MalformedError](t, read(changed), failtest.Input(changed))
		require.Equal(t, why, err.Why, "%s", after)
	}
}

// What no account can be is refused.
func TestVodozemacAccountForm(t *testing.T) {
	text := vodozemacJSON(t, must(richAccount(t).ExportVodozemac(vodozemacKey)), nil)
	refuseChanges(t, text, importVodozemacAccount, []change{
		{`"Normal"`, `"Other"`, "unknown variant"}, {`{"Normal":`, `{"Expanded":`, "not an array of the right number of bytes"},
		{`"diffie_hellman_key"`, `"another_key"`, "missing member"}, {`"signing_key"`, `"another_key"`, "missing member"},
		{`"one_time_keys"`, `"other_keys"`, "missing member"}, {`"fallback_keys"`, `"other_keys"`, "missing member"},
		{`"next_key_id":8`, `"next_key_id":4294967297`, "number beyond its bound"}, {`"next_key_id":8`, `"next_key_id":-1`, "not a plain number"},
		{`"next_key_id":8`, `"next_key_id":8,"key_id":8`, "member that stands twice"}, {`"next_key_id":8,`, ``, "missing member"},
		{`"private_keys":{"1"`, `"private_keys":{"4294967296"`, "number beyond its bound"},
		{`"private_keys":{"1"`, `"private_keys":{"2"`, "key id that stands twice"}, {`"private_keys":{"1"`, `"private_keys":{"3"`, "key id that stands twice"},
		{`"private_keys":{"1"`, `"private_keys":{"01"`, "not a plain number"},
		{`"public_keys":{"6"`, `"public_keys":{"7"`, "key id that stands twice"}, {`"public_keys":{"6"`, `"public_keys":{"9"`, "public key without its private key"},
		{`"public_keys":{"6"`, `"public_keys":{"1"`, "public key that does not belong to its private key"},
		{`"fallback_key":{`, `"fallback_key":null,"other":{`, "previous fallback key without a current one"},
		{`"published":false`, `"published":0`, "neither true nor false"}, {`"fallback_keys":{"key_id":6`, `"fallback_keys":{"key_id":4294967297`, "number beyond its bound"},
		{`,"published":false`, ``, "missing member"},
	})
	refuseArrays(t, text, importVodozemacAccount, map[string]string{
		`"Normal":`: zeroKey, `"diffie_hellman_key":`: zeroKey, `"private_keys":{"1":`: zeroKey, `"fallback_key":{"key_id":5,"key":`: zeroKey,
	}, "all-zero key")
	refuseArrays(t, text, importVodozemacAccount, map[string]string{
		`"private_keys":{"1":`: `[1,2,3]`, `"public_keys":{"6":`: `[]`, `"diffie_hellman_key":`: `[true]`,
	}, "not an array of the right number of bytes")
	refuseArrays(t, text, importVodozemacAccount, map[string]string{
		`"public_keys":{"6":`: otherKey,
	}, "public key that does not belong to its private key")
}

// A map has no order: the keys are in that of their ids, oldest first.
func TestVodozemacAccountOrder(t *testing.T) {
	text := vodozemacJSON(t, must(richAccount(t).ExportVodozemac(vodozemacKey)), nil)
	turned := regexp.MustCompile(`"private_keys":{("1":[^]]*]),(.*"7":[^]]*])}`).ReplaceAllString(text, `"private_keys":{$2,$1}`)
	require.NotEqual(t, text, turned)
	want, err := olm.ImportVodozemacAccount(vodozemacPickle(text), vodozemacKey)
	require.NoError(t, err)
	got, err := olm.ImportVodozemacAccount(vodozemacPickle(turned), vodozemacKey)
	require.NoError(t, err)
	require.Equal(t, want.State(), got.State())
}

// Lists are bounded before they are kept.
func TestVodozemacAccountBounds(t *testing.T) {
	const shortest = `[1,` + `1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,` + `1]`
	text := vodozemacJSON(t, must(newAccount(t, 0).ExportVodozemac(vodozemacKey)), nil)
	for _, n := range []int{1, olm.MaxOneTimeKeys / 100} {
		a, err := olm.ImportVodozemacAccount(vodozemacPickle(strings.Replace(text, `"private_keys":{`, `"private_keys":{`+many(n, shortest), 1)), vodozemacKey)
		require.NoError(t, err)
		require.Equal(t, n, a.OneTimeKeyCount())
	}
	for _, list := range []string{"private_keys", "public_keys"} {
		changed := strings.Replace(text, `"`+list+`":{`, `"`+list+`":{`+many(olm.MaxOneTimeKeys+1, shortest), 1)
		err := failtest.RefusedAs[*olm.MalformedError](t, importVodozemacAccount(changed), failtest.Input(changed))
		require.Equal(t, "list longer than its limit", err.Why)
	}
	a, err := olm.ImportVodozemacAccount(vodozemacPickle(strings.Replace(text, `"next_key_id":1`, `"next_key_id":4294967296`, 1)), vodozemacKey)
	require.NoError(t, err)
	_, err = a.GenerateOneTimeKeys(1)
	require.ErrorIs(t, err, olm.ErrKeyCount)
}

func many(n int, item string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(`"%d":%s`, i, item)
	}
	return strings.Join(items, ",")
}

// What no session can be is refused.
func TestVodozemacSessionForm(t *testing.T) {
	files := recorded(t, "vodozemac-session")
	active, inactive := files["vodozemac/vodozemac-session-active.json"], files["vodozemac/vodozemac-session-inactive.json"]
	both := []change{
		{`"identity_key"`, `"other_key"`, "missing member"}, {`"session_keys"`, `"other_keys"`, "missing member"},
		{`"sending_ratchet"`, `"other"`, "missing member"}, {`"receiving_chains"`, `"other"`, "missing member"},
		{`{"inner":[{`, `{"other":[{`, "missing member"}, {`"hkdf_ratchet"`, `"other"`, "missing member"},
		{`"skipped_message_keys"`, `"other"`, "missing member"}, {`{"Known":`, `{"Other":`, "unknown variant"},
		{`{"Known":`, `{"Unknown":`, "unknown count with a value"}, {`"version":"V1"`, `"version":"V3"`, "unknown variant"},
		{`"index":`, `"index":4294967296`, "number beyond its bound"},
	}
	refuseChanges(t, active, importVodozemacSession, append(both,
		change{`"type":"active"`, `"type":"inactive"`, "sending ratchet with members of another type"},
		change{`"type":"active"`, `"type":"active","root_key":{"key":` + otherKey + `},"ratchet_key":` + otherKey, "sending ratchet with members of another type"},
		change{`"type":"active"`, `"type":"other"`, "unknown variant"}, change{`"type":"active"`, `"kind":"active"`, "missing member"},
		change{`"symmetric_key_ratchet"`, `"other"`, "sending ratchet with members of another type"},
		change{`"active_ratchet"`, `"other"`, "sending ratchet with members of another type"},
		change{`"active_ratchet":{"root_key"`, `"active_ratchet":{"other"`, "missing member"},
	))
	refuseChanges(t, inactive, importVodozemacSession, append(both,
		change{`"type":"inactive"`, `"type":"active"`, "sending ratchet with members of another type"},
		change{`"root_key":{"key"`, `"root_key":{"other"`, "missing member"}, change{`"root_key"`, `"other"`, "sending ratchet with members of another type"},
		change{`},"ratchet_key"`, `},"other"`, "sending ratchet with members of another type"},
	))
	refuseArrays(t, inactive, importVodozemacSession, map[string]string{`},"ratchet_key":`: otherKey}, "no chain of the newest ratchet key")
	refuseArrays(t, inactive, importVodozemacSession, map[string]string{
		`},"ratchet_key":`: lowOrder, `"identity_key":`: lowOrder, `"base_key":`: zeroKey, `"one_time_key":`: lowOrder, `"inner":[{"ratchet_key":`: lowOrder,
	}, "invalid Curve25519 public key")
	refuseArrays(t, active, importVodozemacSession, map[string]string{
		`"active_ratchet":{"root_key":`: zeroKey, `"symmetric_key_ratchet":{"key":`: zeroKey, `"skipped_message_keys":{"inner":[{"key":`: zeroKey,
		`"hkdf_ratchet":{"key":`: zeroKey,
	}, "all-zero key")

	// One chain twice, a skipped key twice, one that comes later, and none at all.
	chains := active[strings.Index(active, `"inner":[`)+len(`"inner":[`) : strings.Index(active, `]},"config"`)]
	first := chains[:strings.Index(chains, `,{"ratchet_key"`)]
	second := chains[len(first):]
	skipped := second[strings.Index(second, `"inner":[`)+len(`"inner":[`) : strings.Index(second, `]},"ratchet_count"`)]
	at := strings.LastIndex(skipped, `"index":`)
	refuseChanges(t, active, importVodozemacSession, []change{
		{chains, first + "," + first, "one ratchet key twice"}, {skipped, skipped + "," + skipped, "skipped key that cannot be used"},
		{skipped, skipped[:at] + `"index":77}`, "skipped key that cannot be used"},
		{chains, chains + strings.Repeat(","+first, 3), "list longer than its limit"},
		{skipped, skipped + strings.Repeat(","+skipped, 40), "list longer than its limit"},
	})
	refuseChanges(t, inactive, importVodozemacSession, []change{
		{inactive[strings.Index(inactive, `"receiving_chains"`):], `"receiving_chains":{"inner":[]}}`, "no chain of the newest ratchet key"},
	})
	for _, text := range []string{active, inactive} {
		err := failtest.RefusedAs[*olm.VersionError](t, importVodozemacSession(strings.Replace(text, `"V1"`, `"V2"`, 1)))
		require.Equal(t, uint32(2), err.Got)
	}
}

// Counts that a session cannot have had are taken, and written as unknown where
// they would end below zero.
func TestVodozemacCounts(t *testing.T) {
	text := recorded(t, "vodozemac-session")["vodozemac/vodozemac-session-active.json"]
	for _, n := range []uint64{0, 1, 3, 5, math.MaxUint64} {
		changed := regexp.MustCompile(`"ratchet_count":{"Known":[0-9]+},"active`).ReplaceAllString(text, fmt.Sprintf(`"ratchet_count":{"Known":%d},"active`, n))
		s, err := olm.ImportVodozemacSession(vodozemacPickle(changed), vodozemacKey)
		require.NoError(t, err)
		count, known := s.RatchetCount()
		require.True(t, known)
		require.Equal(t, n, count)
		got := vodozemacJSON(t, must(s.ExportVodozemac(vodozemacKey)), nil)
		var want []string
		for _, back := range []uint64{0, 5, 3, 1} {
			if back > n {
				want = append(want, `"ratchet_count":{"Unknown":null}`)
			} else {
				want = append(want, fmt.Sprintf(`"ratchet_count":{"Known":%d}`, n-back))
			}
		}
		require.Equal(t, want, regexp.MustCompile(`"ratchet_count":{[^}]*}`).FindAllString(got, -1))
	}
}
