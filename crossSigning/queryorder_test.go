package crosssigning_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
)

// Each user has their own devices, whatever number of them the users before have.
func TestQueryOfManyUsers(t *testing.T) {
	t.Parallel()
	counts := []int{3, 1, 0, 2, 4, 1}
	r := newResponse()
	var users []string
	for i, n := range counts {
		user := fmt.Sprintf("@user%d:example.org", i)
		var devices []*crosssigning.DeviceKeys
		for d := range n {
			devices = append(devices, deviceKeys(t, localDevice(t, user, fmt.Sprintf("U%dD%d", i, d), byte(10*i+d+1))))
		}
		users, r = append(users, user), r.add(user, nil, devices...)
	}
	result, err := crosssigning.NewQuery(users...).Check(r.text(t), nil, 2)
	require.NoError(t, err)
	require.Empty(t, result.Refused)
	require.Len(t, result.Users, len(counts))
	for i, u := range result.Users {
		require.Equal(t, users[i], u.ID())
		want := []string{}
		for d := range counts[i] {
			want = append(want, fmt.Sprintf("U%dD%d", i, d))
		}
		require.Equal(t, want, deviceIDs(u))
	}
}

// Users and devices come in the order of their ids, in whatever order the server
// writes them.
func TestQueryOrder(t *testing.T) {
	t.Parallel()
	list := map[string]string{}
	for i, id := range [][2]string{{bob, "B"}, {bob, "C"}, {bob, "A"}, {alice, "Z"}, {alice, "X"}, {alice, "Y"}} {
		d := deviceKeys(t, localDevice(t, id[0], id[1], byte(i+1)))
		list[id[0]] += fmt.Sprintf(`,%q:%s`, id[1], marshal(t, d))
	}
	text := fmt.Appendf(nil, `{"device_keys":{%q:{%s},%q:{%s}}}`, bob, list[bob][1:], alice, list[alice][1:])
	result, err := crosssigning.NewQuery(alice, bob).Check(text, nil, 1)
	require.NoError(t, err)
	require.Len(t, result.Users, 2)
	for i, want := range [][]string{{alice, "X", "Y", "Z"}, {bob, "A", "B", "C"}} {
		u := result.Users[i]
		require.Equal(t, want, append([]string{u.ID()}, deviceIDs(u)...))
		for _, id := range want[1:] {
			require.Equal(t, id, u.Device(id).DeviceID())
		}
	}
}

// A user, and a device, that cannot be read spoil nothing behind them.
func TestQueryGoesOnBehindFaults(t *testing.T) {
	t.Parallel()
	device := string(marshal(t, deviceKeys(t, localDevice(t, bob, "DEV", 1))))
	good := `"` + bob + `":{"DEV":` + device + `}`
	for _, users := range []string{
		`"\ud800":{},` + good, `"` + alice + `":[],` + good, `"@else:x":{},` + good, `"` + bob + `":{"\ud800":{},"DEV":` + device + `}`,
		`"` + bob + `":{"A":[],"DEV":` + device + `}`, `"` + bob + `":{"A":1,"DEV":` + device + `}`,
	} {
		result, err := crosssigning.NewQuery(alice, bob).Check([]byte(`{"device_keys":{`+users+`}}`), nil, 1)
		require.NoError(t, err)
		require.Len(t, result.Refused, 1, users)
		require.Equal(t, []string{"DEV"}, deviceIDs(result.Users[len(result.Users)-1]), users)
	}
}

// Cross-signing keys of a user who was not asked for, or without devices, spoil
// no other's.
func TestQueryKeysBehindFaults(t *testing.T) {
	t.Parallel()
	b := privateKeys(t, bob, 2)
	master := string(marshal(t, identity(t, b).Key(crosssigning.Master)))
	for _, bad := range []string{`"@else:x":{}`, `"` + alice + `":{}`, `"\ud800":{}`} {
		text := `{"device_keys":{"` + bob + `":{}},"master_keys":{` + bad + `,"` + bob + `":` + master + `}}`
		result, err := crosssigning.NewQuery(alice, bob).Check([]byte(text), nil, 1)
		require.NoError(t, err)
		require.Len(t, result.Refused, 1, bad)
		require.Len(t, result.Users, 1)
		require.Equal(t, identity(t, b).Key(crosssigning.Master), result.Users[0].Identity().Key(crosssigning.Master))
	}
}
