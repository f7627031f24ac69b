package sas_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/sas"
)

func info(t testing.TB) sas.Info {
	return sas.Info{
		Starter:       sas.Starter{UserID: "@alice:example.org", DeviceID: "ADEVICE", Key: key(t, alicePublic)},
		Accepter:      sas.Accepter{UserID: "@bob:example.com:8448", DeviceID: "BDEVICE", Key: key(t, bobPublic)},
		TransactionID: "$txn",
	}
}

var macInfo = sas.MACInfo{
	Sender:        sas.Sender{UserID: "@alice:example.org", DeviceID: "ADEVICE"},
	Receiver:      sas.Receiver{UserID: "@bob:example.com", DeviceID: "BDEVICE"},
	TransactionID: "$txn",
}

func TestInfo(t *testing.T) {
	b, err := info(t).Bytes()
	require.NoError(t, err)
	require.Equal(t, "MATRIX_KEY_VERIFICATION_SAS|@alice:example.org|ADEVICE|"+alicePublic+
		"|@bob:example.com:8448|BDEVICE|"+bobPublic+"|$txn", string(b))
}

func TestMACInfo(t *testing.T) {
	b, err := macInfo.KeyBytes("ed25519:ADEVICE")
	require.NoError(t, err)
	require.Equal(t, "MATRIX_KEY_VERIFICATION_MAC@alice:example.orgADEVICE@bob:example.comBDEVICE$txned25519:ADEVICE", string(b))
	b, err = macInfo.KeyListBytes()
	require.NoError(t, err)
	require.Equal(t, "MATRIX_KEY_VERIFICATION_MAC@alice:example.orgADEVICE@bob:example.comBDEVICE$txnKEY_IDS", string(b))
}

// Two devices of one user verify each other.
func TestOneUserTwoDevices(t *testing.T) {
	i := info(t)
	i.Accepter.UserID = i.Starter.UserID
	_, err := i.Bytes()
	require.NoError(t, err)
	m := macInfo
	m.Receiver.UserID = m.Sender.UserID
	_, err = m.KeyListBytes()
	require.NoError(t, err)
}

// Each field counts.
func TestInfoBindsEachField(t *testing.T) {
	seen := map[string]bool{}
	note := func(i sas.Info) {
		t.Helper()
		b, err := i.Bytes()
		require.NoError(t, err)
		require.False(t, seen[string(b)])
		seen[string(b)] = true
	}
	note(info(t))
	other, err := sas.Generate()
	require.NoError(t, err)
	for _, change := range []func(i *sas.Info){
		func(i *sas.Info) { i.Starter.UserID = "@carol:example.org" },
		func(i *sas.Info) { i.Starter.DeviceID = "CDEVICE" },
		func(i *sas.Info) { i.Starter.Key = other.PublicKey() },
		func(i *sas.Info) { i.Accepter.UserID = "@carol:example.org" },
		func(i *sas.Info) { i.Accepter.DeviceID = "CDEVICE" },
		func(i *sas.Info) { i.Accepter.Key = other.PublicKey() },
		func(i *sas.Info) { i.TransactionID = "$other" },
		func(i *sas.Info) { i.Starter, i.Accepter = sas.Starter(i.Accepter), sas.Accepter(i.Starter) },
	} {
		i := info(t)
		change(&i)
		note(i)
	}
}

func TestInfoRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(i *sas.Info)
		want   error
		why    string
	}{
		"no starter":           {func(i *sas.Info) { i.Starter.UserID = "" }, nil, "user id"},
		"no accepter":          {func(i *sas.Info) { i.Accepter.UserID = "" }, nil, "user id"},
		"user without @":       {func(i *sas.Info) { i.Starter.UserID = "alice:example.org" }, nil, "user id"},
		"user without server":  {func(i *sas.Info) { i.Starter.UserID = "@alice" }, nil, "user id"},
		"user, empty server":   {func(i *sas.Info) { i.Accepter.UserID = "@alice:" }, nil, "user id"},
		"@ behind the colon":   {func(i *sas.Info) { i.Accepter.UserID = "a:@b" }, nil, "user id"},
		"user and device":      {func(i *sas.Info) { i.Starter.UserID, i.Starter.DeviceID = i.Starter.DeviceID, i.Starter.UserID }, nil, "user id"},
		"no starter's device":  {func(i *sas.Info) { i.Starter.DeviceID = "" }, nil, "device id"},
		"no accepter's device": {func(i *sas.Info) { i.Accepter.DeviceID = "" }, nil, "device id"},
		"no transaction":       {func(i *sas.Info) { i.TransactionID = "" }, nil, "transaction id"},
		"no starter's key":     {func(i *sas.Info) { i.Starter.Key = keys.Curve25519{} }, keys.ErrAbsent, ""},
		"no accepter's key":    {func(i *sas.Info) { i.Accepter.Key = keys.Curve25519{} }, keys.ErrAbsent, ""},
		"no keys":              {func(i *sas.Info) { i.Starter.Key, i.Accepter.Key = keys.Curve25519{}, keys.Curve25519{} }, keys.ErrAbsent, ""},
		"one key for both":     {func(i *sas.Info) { i.Accepter.Key = i.Starter.Key }, sas.ErrReflected, ""},
		"one device for both":  {func(i *sas.Info) { i.Accepter.UserID, i.Accepter.DeviceID = i.Starter.UserID, i.Starter.DeviceID }, sas.ErrSameDevice, ""},
		"nothing":              {func(i *sas.Info) { *i = sas.Info{} }, nil, "user id"},
	} {
		i := info(t)
		c.change(&i)
		err := refused(t, i.Bytes)
		if c.want != nil {
			require.ErrorIs(t, err, c.want, name)
		} else {
			requireMalformed(t, err, c.why)
		}
	}
}

func TestMACInfoRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(i *sas.MACInfo)
		want   error
		why    string
	}{
		"no sender":            {func(i *sas.MACInfo) { i.Sender.UserID = "" }, nil, "user id"},
		"no receiver":          {func(i *sas.MACInfo) { i.Receiver.UserID = "" }, nil, "user id"},
		"no sender's device":   {func(i *sas.MACInfo) { i.Sender.DeviceID = "" }, nil, "device id"},
		"no receiver's device": {func(i *sas.MACInfo) { i.Receiver.DeviceID = "" }, nil, "device id"},
		"no transaction":       {func(i *sas.MACInfo) { i.TransactionID = "" }, nil, "transaction id"},
		"one device for both":  {func(i *sas.MACInfo) { i.Receiver = sas.Receiver(i.Sender) }, sas.ErrSameDevice, ""},
	} {
		i := macInfo
		c.change(&i)
		for range 2 {
			err := refused(t, i.KeyListBytes)
			if c.want != nil {
				require.ErrorIs(t, err, c.want, name)
			} else {
				requireMalformed(t, err, c.why)
			}
			require.Equal(t, err, refused(t, func() ([]byte, error) { return i.KeyBytes("ed25519:ADEVICE") }))
		}
	}
}

// A key that is called as the list is would lend its MAC to the list.
func TestKeyIDCannotPassForTheList(t *testing.T) {
	for _, id := range []string{"KEY_IDS", "", ":", "ed25519", "ed25519:", ":ADEVICE"} {
		requireMalformed(t, refused(t, func() ([]byte, error) { return macInfo.KeyBytes(id) }), "key id")
	}
}

// The MAC of one direction is not that of the other: what one side sent cannot
// be sent back to it.
func TestMACsOfBothDirectionsDiffer(t *testing.T) {
	alice, bob := both(t)
	mine, err := macInfo.KeyListBytes()
	require.NoError(t, err)
	back := macInfo
	back.Sender, back.Receiver = sas.Sender(macInfo.Receiver), sas.Receiver(macInfo.Sender)
	theirs, err := back.KeyListBytes()
	require.NoError(t, err)
	mac, err := alice.MAC([]byte("ed25519:ADEVICE"), mine)
	require.NoError(t, err)
	require.NoError(t, bob.VerifyMAC([]byte("ed25519:ADEVICE"), mine, mac))
	failtest.RefusedWith(t, sas.ErrMAC, func() error { return alice.VerifyMAC([]byte("ed25519:ADEVICE"), theirs, mac) }, subject{alice})
}

func FuzzInfo(f *testing.F) {
	f.Add("@alice:example.org", "ADEVICE", "@bob:example.com", "BDEVICE", "$txn", "ed25519:ADEVICE")
	f.Add("@a:b", "|", "@a:b", "||", "|", "a:b")
	f.Add("", "", "", "", "", "")
	f.Add("@a:b", "D", "@a:b", "D", "t", "KEY_IDS")
	a, b := key(f, alicePublic), key(f, bobPublic)
	f.Fuzz(func(t *testing.T, user1, device1, user2, device2, transaction, keyID string) {
		text, err := sas.Info{
			Starter:       sas.Starter{UserID: user1, DeviceID: device1, Key: a},
			Accepter:      sas.Accepter{UserID: user2, DeviceID: device2, Key: b},
			TransactionID: transaction,
		}.Bytes()
		i := sas.MACInfo{
			Sender:        sas.Sender{UserID: user1, DeviceID: device1},
			Receiver:      sas.Receiver{UserID: user2, DeviceID: device2},
			TransactionID: transaction,
		}
		list, listErr := i.KeyListBytes()
		require.Equal(t, err == nil, listErr == nil)
		one, oneErr := i.KeyBytes(keyID)
		if err != nil {
			refused(t, func() ([]byte, error) { return i.KeyBytes(keyID) })
			return
		}
		require.Equal(t, "MATRIX_KEY_VERIFICATION_SAS|"+strings.Join([]string{user1, device1, alicePublic, user2, device2, bobPublic, transaction}, "|"), string(text))
		prefix := "MATRIX_KEY_VERIFICATION_MAC" + user1 + device1 + user2 + device2 + transaction
		require.Equal(t, prefix+"KEY_IDS", string(list))
		if oneErr == nil {
			require.Equal(t, prefix+keyID, string(one))
			require.NotEqual(t, list, one)
		}
	})
}
