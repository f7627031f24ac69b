package crosssigning_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
)

// An entry that cannot be read, and a device that is nil, spoil nothing behind
// them.
func TestClaimGoesOnBehindFaults(t *testing.T) {
	t.Parallel()
	d := localDevice(t, bob, "DEV", 1)
	c := crosssigning.NewClaim(crosssigning.SignedCurve25519, nil, deviceKeys(t, d))
	good := `"` + bob + `":` + string(marshal(t, object{"DEV": signedKey(t, d, 1, false)}))
	for _, bad := range []string{`"\ud800":{}`, `"@a:x":{"DEV":}`, `"@a:x":[]`, `"@a:x":{"\ud800":1}`, `"@a:x":{"DEV":{}}`} {
		result, err := c.Check([]byte(`{"one_time_keys":{`+bad+`,`+good+`}}`), 1)
		require.NoError(t, err)
		require.Len(t, result.Refused, 1, bad)
		require.Len(t, result.Keys, 1, bad)
		require.Empty(t, result.Missing, bad)
	}
}

// Keys, and what is missing, come in the order of user and device ids.
func TestClaimOrder(t *testing.T) {
	t.Parallel()
	var devices []*crosssigning.DeviceKeys
	entries := map[string][]string{}
	for i, id := range [][2]string{{bob, "A"}, {alice, "C"}, {bob, "C"}, {alice, "A"}, {bob, "B"}, {alice, "B"}} {
		d := localDevice(t, id[0], id[1], byte(i+1))
		devices = append(devices, deviceKeys(t, d))
		entries[id[0]] = append(entries[id[0]], `"`+id[1]+`":`+string(marshal(t, signedKey(t, d, byte(i+1), false))))
	}
	text := fmt.Sprintf(`{"one_time_keys":{%q:{%s},%q:{%s}}}`, bob, strings.Join(entries[bob], ","), alice, strings.Join(entries[alice], ","))
	result, err := crosssigning.NewClaim(crosssigning.SignedCurve25519, devices...).Check([]byte(text), 1)
	require.NoError(t, err)
	var got []string
	for _, k := range result.Keys {
		got = append(got, k.Device.UserID()+k.Device.DeviceID())
	}
	require.Equal(t, []string{alice + "A", alice + "B", alice + "C", bob + "A", bob + "B", bob + "C"}, got)
	for range 20 { // the devices come from a map
		result, err := crosssigning.NewClaim(crosssigning.SignedCurve25519, devices...).Check([]byte(`{"one_time_keys":{}}`), 1)
		require.NoError(t, err)
		var got []string
		for _, d := range result.Missing {
			got = append(got, d.UserID()+d.DeviceID())
		}
		require.Equal(t, []string{alice + "A", alice + "B", alice + "C", bob + "A", bob + "B", bob + "C"}, got)
	}
}

// An error quotes an id of others up to 255 bytes, the length of any user id.
func TestErrorQuotesIDs(t *testing.T) {
	t.Parallel()
	for n, cut := range map[int]bool{254: false, 255: false, 256: true, 10000: true} {
		err := &crosssigning.EntryError{UserID: strings.Repeat("a", n), Name: "DEV", What: "key", Err: crosssigning.ErrSignature}
		require.Equal(t, cut, strings.Contains(err.Error(), "…"), "%d", n)
		require.Equal(t, min(n, 255), strings.Count(err.Error(), "a")-strings.Count((&crosssigning.EntryError{Name: "DEV", What: "key", Err: crosssigning.ErrSignature}).Error(), "a"))
	}
}
