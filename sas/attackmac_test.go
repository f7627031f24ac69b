package sas_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

// flip returns a MAC with one bit changed.
func flip(t testing.TB, mac string, bit int) string {
	t.Helper()
	var b [32]byte
	require.NoError(t, b64.DecodeString(b[:], mac))
	b[bit/8] ^= 1 << (bit % 8)
	return b64.Encode(b[:])
}

// V01, D19, D20, D22: every MAC field, wrong by one bit.
func TestAttack_V01_EveryMACField(t *testing.T) {
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		proven, err := p.finish(p.mac(p.both()), macFirst)
		require.NoError(t, err)
		require.Equal(t, verification.ProvenKeys{Device: true, Master: true}, proven)
	})
	for _, field := range []string{"keys", "device", "master"} {
		for _, bit := range []int{0, 7, 100, 255} {
			ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
				content := p.mac(p.both())
				macs := content["mac"].(object)
				switch field {
				case "keys":
					content["keys"] = flip(t, content["keys"].(string), bit)
				case "device":
					macs[theirDevice] = flip(t, macs[theirDevice].(string), bit)
				case "master":
					macs[p.theirMaster()] = flip(t, macs[p.theirMaster()].(string), bit)
				}
				require.ErrorIs(t, p.refusesMAC(verification.CodeKeyMismatch, content, macFirst), sas.ErrMAC)
			})
		}
	}
	// A MAC that is none, or of the other field, or of another key.
	for _, wrong := range []string{"", "AAAA", "no base64!", strings.Repeat("A", 43)} {
		for _, field := range []string{"keys", theirDevice} {
			ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
				content := p.mac(p.both())
				if field == "keys" {
					content["keys"] = wrong
				} else {
					content["mac"].(object)[field] = wrong
				}
				p.refusesMAC(verification.CodeKeyMismatch, content, macFirst)
			})
		}
	}
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		content := p.mac(map[string]string{theirDevice: p.parties.Theirs.Master.String(), p.theirMaster(): p.parties.Theirs.Device.String()})
		p.refusesMAC(verification.CodeKeyMismatch, content, macFirst)
	})
}

// V03: our own master key is none of theirs.
func TestAttack_V03_OwnMasterKeyIsNotTheirs(t *testing.T) {
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		ours := p.parties.Ours.Master.String()
		p.refusesMAC(verification.CodeKeyMismatch, p.mac(map[string]string{"ed25519:" + ours: ours}), macFirst)
	})
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		ours := p.parties.Ours.Master.String()
		proven, err := p.finish(p.mac(map[string]string{"ed25519:" + ours: ours, theirDevice: p.parties.Theirs.Device.String()}), macFirst)
		require.NoError(t, err)
		require.Equal(t, verification.ProvenKeys{Device: true}, proven)
	})
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		theirs := p.parties.Theirs.Master.String()
		proven, err := p.finish(p.mac(map[string]string{"ed25519:" + theirs: theirs}), macFirst)
		require.NoError(t, err)
		require.Equal(t, verification.ProvenKeys{Master: true}, proven)
	})
	// Our device's id, with their key for it, is no device of theirs.
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		p.refusesMAC(verification.CodeKeyMismatch, p.mac(map[string]string{"ed25519:ADEVICE": p.parties.Ours.Device.String()}), macFirst)
	})
}

// V02: a key is what is verified, not its id. With the attacker's master key for a
// device id, a MAC under that id proves a device key at most, never a master key.
func TestAttack_V02_KeyIDIsNotAKey(t *testing.T) {
	attacker := "0KTOwPi1C6HpNuxWFUVKqX37J4ZPXxdgivLLsQVI8bM"
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		p.refusesMAC(verification.CodeKeyMismatch, p.mac(map[string]string{"ed25519:" + attacker: attacker}), macFirst)
	})
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		p.refusesMAC(verification.CodeKeyMismatch, p.mac(map[string]string{p.theirMaster(): attacker}), macFirst)
	})
}

// V10, D22: no MACs, MACs of unknown keys only, and a list of other keys.
func TestAttack_V10_UnknownAndMissingKeys(t *testing.T) {
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		p.refusesMAC(verification.CodeKeyMismatch, p.mac(nil), macFirst) // with the right MAC of an empty list
	})
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		p.refusesMAC(verification.CodeKeyMismatch, p.mac(map[string]string{"ed25519:OTHER": "x", "curve25519:BDEVICE": "y"}), macFirst)
	})
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		shown := map[string]string{"ed25519:OTHER": "x", theirDevice: p.parties.Theirs.Device.String()}
		content := p.mac(shown)
		content["mac"].(object)["ed25519:OTHER"] = "not even a MAC"
		proven, err := p.finish(content, macFirst)
		require.NoError(t, err)
		require.Equal(t, verification.ProvenKeys{Device: true}, proven)
	})
	// A key was added, or taken away.
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		content := p.mac(p.both())
		delete(content["mac"].(object), p.theirMaster())
		require.ErrorIs(t, p.refusesMAC(verification.CodeKeyMismatch, content, macFirst), sas.ErrMAC)
	})
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		content := p.mac(map[string]string{theirDevice: p.parties.Theirs.Device.String()})
		content["mac"].(object)["ed25519:OTHER"] = strings.Repeat("A", 43)
		p.refusesMAC(verification.CodeKeyMismatch, content, macFirst)
	})
	// A list that is not sorted has another MAC.
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		content := p.mac(p.both())
		info, err := p.info().KeyListBytes()
		ids := []string{theirDevice, p.theirMaster()}
		if ids[0] < ids[1] {
			ids[0], ids[1] = ids[1], ids[0]
		}
		content["keys"] = p.sign(strings.Join(ids, ","), info, err)
		p.refusesMAC(verification.CodeKeyMismatch, content, macFirst)
	})
	// Two ids that were made one in the list that was signed hide a key.
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		shown := p.both()
		shown["ed25519:~"] = "x" // the last of the list
		content := p.mac(shown)
		macs := content["mac"].(object)
		ids := slices.Sorted(maps.Keys(shown))
		delete(macs, ids[1])
		delete(macs, ids[2])
		macs[ids[1]+","+ids[2]] = strings.Repeat("A", 43)
		p.refusesMAC(verification.CodeInvalidMessage, content, macFirst)
	})
	// The other side has no master key that we know, and the id of none.
	p := newPeer(t, sas.Method{}, true)
	p.parties.Theirs.Master = keys.Ed25519{}
	var err error
	p.exchange, _, err = sas.Method{}.New(p.parties, verification.Start{Ours: true, Content: p.start})
	require.NoError(t, err)
	content := p.keys().mac(map[string]string{theirDevice: p.parties.Theirs.Device.String()})
	content["mac"].(object)["ed25519:"] = strings.Repeat("A", 43)
	info, err := p.info().KeyListBytes()
	content["keys"] = p.sign("ed25519:,"+theirDevice, info, err)
	proven, err := p.finish(content, false)
	require.NoError(t, err)
	require.Equal(t, verification.ProvenKeys{Device: true}, proven)

	// A key id twice is no JSON of Matrix.
	ways(t, sas.Method{}, func(t *testing.T, p *peer, macFirst bool) {
		text := string(marshal(t, p.mac(p.both())))
		text = strings.Replace(text, `"mac":{`, `"mac":{"`+theirDevice+`":"x",`, 1)
		refuses(t, verification.CodeInvalidMessage, p.exchange, func() (verification.Step, error) {
			return p.exchange.Receive(sas.TypeMAC, []byte(text))
		})
	})
}
