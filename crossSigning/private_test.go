package crosssigning_test

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/cryptotest"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/keys"
)

var usages = []crosssigning.Usage{crosssigning.Master, crosssigning.SelfSigning, crosssigning.UserSigning}

func TestGeneratePrivateKeys(t *testing.T) {
	a, err := crosssigning.GeneratePrivateKeys(alice)
	require.NoError(t, err)
	b, err := crosssigning.GeneratePrivateKeys(alice)
	require.NoError(t, err)
	seen := map[keys.Ed25519]bool{}
	for _, usage := range usages {
		seen[a.PublicKey(usage)], seen[b.PublicKey(usage)] = true, true
	}
	require.Len(t, seen, 6)
	_, err = crosssigning.GeneratePrivateKeys("")
	var malformed *crosssigning.MalformedError
	require.ErrorAs(t, err, &malformed)

	cryptotest.SetGlobalRandom(t, 7)
	c, err := crosssigning.GeneratePrivateKeys(alice)
	require.NoError(t, err)
	cryptotest.SetGlobalRandom(t, 7)
	d, err := crosssigning.GeneratePrivateKeys(alice)
	require.NoError(t, err)
	for _, usage := range usages {
		require.Equal(t, c.PublicKey(usage), d.PublicKey(usage))
	}
}

// Row E8: from seeds, to seeds, and the text that stands in secret storage.
func TestSeeds(t *testing.T) {
	t.Parallel()
	in := seed(1, 2)
	p, err := crosssigning.NewPrivateKeys(alice, crosssigning.Seeds{}.With(crosssigning.SelfSigning, in))
	require.NoError(t, err)
	clear(in)
	require.Equal(t, alice, p.UserID())
	require.Equal(t, newSigner(seed(1, 2)).public(), p.PublicKey(crosssigning.SelfSigning))
	out, err := p.Secret(crosssigning.SelfSigning)
	require.NoError(t, err)
	require.Equal(t, seed(1, 2), out[:])
	clear(out[:])
	text, err := p.SecretText(crosssigning.SelfSigning)
	require.NoError(t, err)
	require.Equal(t, base64.RawStdEncoding.EncodeToString(seed(1, 2)), string(text))
	for _, form := range []string{string(text), string(text) + "="} {
		parsed, err := crosssigning.ParseSeed([]byte(form))
		require.NoError(t, err)
		require.Equal(t, seed(1, 2), parsed)
	}
	for form, is := range map[string]error{
		"": keys.ErrLength, "AAAA": keys.ErrLength, strings.Repeat("A", 44): keys.ErrLength, strings.Repeat("A", 41): keys.ErrBase64,
		strings.Repeat("A", 42) + "B": keys.ErrBase64, strings.Repeat("_", 43): keys.ErrBase64, strings.Repeat("A", 42) + "\n": keys.ErrBase64,
	} {
		_, err := crosssigning.ParseSeed([]byte(form))
		require.ErrorIs(t, err, is, "%q", form)
	}
	for _, missing := range []crosssigning.Usage{0, crosssigning.Master, crosssigning.UserSigning, 4, 255} {
		require.True(t, p.PublicKey(missing).IsZero())
		_, err := p.Secret(missing)
		require.ErrorIs(t, err, crosssigning.ErrNoPrivateKey)
		_, err = p.SecretText(missing)
		require.ErrorIs(t, err, crosssigning.ErrNoPrivateKey)
		p.Forget(missing)
	}
	for _, bad := range [][]byte{{}, make([]byte, 31), make([]byte, 33), make([]byte, 64)} {
		_, err := crosssigning.NewPrivateKeys(alice, crosssigning.Seeds{}.With(crosssigning.Master, bad))
		require.ErrorIs(t, err, keys.ErrLength)
	}
	_, err = crosssigning.NewPrivateKeys(alice, crosssigning.Seeds{}.With(crosssigning.UserSigning, make([]byte, 32)))
	require.ErrorIs(t, err, keys.ErrAbsent)
	_, err = crosssigning.NewPrivateKeys("", crosssigning.Seeds{})
	var malformed *crosssigning.MalformedError
	require.ErrorAs(t, err, &malformed)
}

// Row E9 and P35: a seed that was changed on its way is not used.
func TestImportPrivateKeys(t *testing.T) {
	t.Parallel()
	published := identity(t, privateKeys(t, alice, 1))
	all := crosssigning.Seeds{}.With(crosssigning.Master, seed(1, 1)).With(crosssigning.SelfSigning, seed(1, 2)).With(crosssigning.UserSigning, seed(1, 3))
	p, err := crosssigning.ImportPrivateKeys(published, all)
	require.NoError(t, err)
	require.Equal(t, published.MasterKey(), p.PublicKey(crosssigning.Master))
	for name, bad := range map[string]crosssigning.Seeds{
		"master":       crosssigning.Seeds{}.With(crosssigning.Master, seed(2, 1)),
		"self-signing": crosssigning.Seeds{}.With(crosssigning.SelfSigning, seed(2, 1)),
		"user-signing": crosssigning.Seeds{}.With(crosssigning.UserSigning, seed(2, 1)),
		"swapped":      crosssigning.Seeds{}.With(crosssigning.Master, seed(1, 1)).With(crosssigning.SelfSigning, seed(1, 3)).With(crosssigning.UserSigning, seed(1, 2)),
	} {
		_, err := crosssigning.ImportPrivateKeys(published, bad)
		require.ErrorIs(t, err, crosssigning.ErrKeyMismatch, name)
	}
	for bit := range 8 * crosssigning.SeedSize {
		changed := seed(1, 2)
		changed[bit/8] ^= 1 << (bit % 8)
		_, err := crosssigning.ImportPrivateKeys(published, crosssigning.Seeds{}.With(crosssigning.SelfSigning, changed))
		require.ErrorIs(t, err, crosssigning.ErrKeyMismatch, "bit %d", bit)
	}
	alone, err := crosssigning.NewIdentity(published.Key(crosssigning.Master), nil, nil)
	require.NoError(t, err)
	_, err = crosssigning.ImportPrivateKeys(alone, all)
	require.ErrorIs(t, err, crosssigning.ErrKeyMismatch, "a seed whose public key is not published")
	_, err = crosssigning.ImportPrivateKeys(published, crosssigning.Seeds{}.With(crosssigning.Master, []byte{1}))
	require.ErrorIs(t, err, keys.ErrLength)
}

func TestSigningNeedsTheRightKey(t *testing.T) {
	t.Parallel()
	full := privateKeys(t, alice, 1)
	local := localDevice(t, alice, "DEV", 1)
	device := deviceKeys(t, local)
	other := newUser(t, bob, identity(t, privateKeys(t, bob, 2)))
	auth, err := crosssigning.ParseObject([]byte(`{"public_key":"hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo","signatures":{"@x:y":{"ed25519:Z":"1"}}}`))
	require.NoError(t, err)

	signed, err := full.SignBackup(auth, backupKey(t, auth))
	require.NoError(t, err)
	require.NoError(t, identity(t, full).VerifyObject(signed))
	require.True(t, signed.HasSignature("@x:y", crosssigning.DeviceKeyID("Z")))

	calls := map[crosssigning.Usage]func(p *crosssigning.PrivateKeys) error{
		crosssigning.Master:      func(p *crosssigning.PrivateKeys) error { _, err := p.SignBackup(auth, backupKey(t, auth)); return err },
		crosssigning.SelfSigning: func(p *crosssigning.PrivateKeys) error { _, err := p.SignDevice(device, local.Ed25519); return err },
		crosssigning.UserSigning: func(p *crosssigning.PrivateKeys) error {
			_, err := p.SignUser(other, other.Identity().MasterKey())
			return err
		},
	}
	for _, missing := range usages {
		p := privateKeys(t, alice, 1)
		p.Forget(missing)
		require.True(t, p.PublicKey(missing).IsZero())
		_, err := p.Identity()
		require.ErrorIs(t, err, crosssigning.ErrNoPrivateKey)
		for usage, call := range calls {
			if usage == missing {
				require.ErrorIs(t, call(p), crosssigning.ErrNoPrivateKey)
			} else {
				require.NoError(t, call(p))
			}
		}
		p.Close()
		p.Close()
		for _, call := range calls {
			require.ErrorIs(t, call(p), crosssigning.ErrClosed)
		}
		_, err = p.Identity()
		require.ErrorIs(t, err, crosssigning.ErrClosed)
		_, err = p.Secret(crosssigning.Master)
		require.ErrorIs(t, err, crosssigning.ErrClosed)
	}
	var zero crosssigning.PrivateKeys
	_, err = zero.SignBackup(auth, backupKey(t, auth))
	require.ErrorIs(t, err, crosssigning.ErrClosed)
	_, err = zero.Identity()
	require.ErrorIs(t, err, crosssigning.ErrClosed)
}

func TestAttack_G06_ForgetAndCloseWipe(t *testing.T) {
	t.Parallel()
	p := privateKeys(t, alice, 1)
	var held []*curve.SigningKey
	for _, usage := range usages {
		held = append(held, p.SigningKey(usage))
		require.NotZero(t, *p.SigningKey(usage).Expanded())
	}
	p.Forget(crosssigning.Master)
	require.Zero(t, *held[0].Expanded())
	require.NotZero(t, *held[1].Expanded())
	p.Close()
	for _, k := range held {
		require.Zero(t, *k.Expanded())
		require.Nil(t, k.Seed())
	}
}

// The master key signs backups, and nothing that could be taken for a key.
func TestSignBackupSignsNoKeys(t *testing.T) {
	t.Parallel()
	p := privateKeys(t, alice, 1)
	foreign := decode(t, identity(t, privateKeys(t, alice, 2)).Key(crosssigning.SelfSigning))
	var malformed *crosssigning.MalformedError
	refuse := func(o object) {
		t.Helper()
		parsed, err := crosssigning.ParseObject(marshal(t, o))
		require.NoError(t, err)
		_, err = p.SignBackup(parsed, curveKey(t, seed(1, 1)))
		require.ErrorAs(t, err, &malformed)
		require.ErrorAs(t, identity(t, p).VerifyBackup(parsed), &malformed)
	}
	refuse(foreign)
	public := curveKey(t, seed(1, 1))
	foreign["public_key"] = public.String()
	refuse(foreign)
	for _, name := range []string{"user_id", "device_id", "usage", "keys", "key"} {
		refuse(object{"public_key": public.String(), name: nil})
	}

	// And no other public key than the one that the program knows.
	for name, o := range map[string]object{
		"missing": {}, "number": {"public_key": 1}, "text": {"public_key": "whatever the server said"}, "short": {"public_key": "AAAA"},
		"another": {"public_key": curveKey(t, seed(2, 2)).String()},
	} {
		parsed, err := crosssigning.ParseObject(marshal(t, o))
		require.NoError(t, err)
		_, err = p.SignBackup(parsed, public)
		require.ErrorIs(t, err, crosssigning.ErrKeyMismatch, name)
		_, err = p.SignBackup(parsed, keys.Curve25519{})
		require.ErrorIs(t, err, crosssigning.ErrKeyMismatch, name)
	}
	_, err := p.SignBackup(crosssigning.Object{}, public)
	require.ErrorIs(t, err, crosssigning.ErrKeyMismatch)
}

func TestSignRefusesOthers(t *testing.T) {
	t.Parallel()
	a, b := privateKeys(t, alice, 1), privateKeys(t, bob, 2)
	bobs := localDevice(t, bob, "DEV", 3)
	var wrong *crosssigning.IDError
	_, err := a.SignDevice(deviceKeys(t, bobs), bobs.Ed25519)
	require.ErrorAs(t, err, &wrong)
	own := localDevice(t, alice, "DEV", 4)
	for _, key := range []keys.Ed25519{{}, bobs.Ed25519} {
		_, err = a.SignDevice(deviceKeys(t, own), key)
		require.ErrorIs(t, err, crosssigning.ErrKeyMismatch)
		_, err = a.SignUser(newUser(t, bob, identity(t, b)), key)
		require.ErrorIs(t, err, crosssigning.ErrKeyMismatch)
		_, err = a.SignUser(newUser(t, bob, nil), key)
		require.ErrorIs(t, err, crosssigning.ErrKeyMismatch)
		_, err = own.SignMaster(identity(t, a), key)
		require.ErrorIs(t, err, crosssigning.ErrKeyMismatch)
	}
	var malformed *crosssigning.MalformedError
	_, err = a.SignUser(newUser(t, alice, identity(t, a)), identity(t, a).MasterKey())
	require.ErrorAs(t, err, &malformed)
	_, err = own.SignMaster(identity(t, b), identity(t, b).MasterKey())
	require.ErrorAs(t, err, &wrong)
	own.Signer = newSigner(seed(8, 8))
	_, err = own.SignMaster(identity(t, a), identity(t, a).MasterKey())
	require.ErrorIs(t, err, crosssigning.ErrKeyMismatch)
}

// secretForms are the forms in which a seed could leak.
func secretForms(seed []byte) []string {
	return []string{
		string(seed), hex.EncodeToString(seed), strings.ToUpper(hex.EncodeToString(seed)), base64.RawStdEncoding.EncodeToString(seed),
		base64.RawURLEncoding.EncodeToString(seed), strings.Trim(fmt.Sprint(seed), "[]"), strings.Trim(fmt.Sprintf("%#v", seed), "[]byte{}"),
	}
}

func TestAttack_G05_NothingPrintsPrivateKeys(t *testing.T) {
	t.Parallel()
	p := privateKeys(t, alice, 1)
	seeds := crosssigning.Seeds{}.With(crosssigning.Master, seed(1, 1)).With(crosssigning.SelfSigning, seed(1, 2)).With(crosssigning.UserSigning, seed(1, 3))
	holder := struct{ P *crosssigning.PrivateKeys }{p}
	hidden := struct{ p *crosssigning.PrivateKeys }{p}
	var out strings.Builder
	logger := slog.New(slog.NewTextHandler(&out, nil))
	logger.Info("x", "p", p, "s", seeds, "holder", holder)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "p", p, "s", seeds, "holder", holder)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb+verb+verb, p, seeds, &seeds, holder, hidden)
	}
	for _, value := range []any{p, seeds, holder} {
		b, err := json.Marshal(value)
		require.Error(t, err)
		out.Write(b)
		b, err = xml.Marshal(value)
		require.Error(t, err)
		out.Write(b)
		var buf bytes.Buffer
		require.Error(t, gob.NewEncoder(&buf).Encode(value))
		out.Write(buf.Bytes())
	}
	for _, value := range []encoding.TextMarshaler{p, seeds} {
		_, err := value.MarshalText()
		require.Error(t, err)
	}
	for _, value := range []encoding.BinaryMarshaler{p, seeds} {
		_, err := value.MarshalBinary()
		require.Error(t, err)
	}
	for number := range byte(3) {
		for _, form := range secretForms(seed(1, number+1)) {
			require.NotContains(t, out.String(), form)
		}
	}
}

// fmt calls no methods of what stands in an unexported field.
func TestAttack_G05_SeedsInOtherStructs(t *testing.T) {
	t.Parallel()
	secret := make([]byte, crosssigning.SeedSize)
	for i := range secret {
		secret[i] = byte(0xe5 - 5*i)
	}
	seeds := crosssigning.Seeds{}.With(crosssigning.Master, secret).With(crosssigning.UserSigning, secret)
	type holder struct{ seeds crosssigning.Seeds }
	type far struct{ p *crosssigning.Seeds }
	h := holder{seeds}
	for _, verb := range []string{
		"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%e", "%t", "%p", "%10v", "%-10.3v", "%z",
	} {
		for _, value := range []any{seeds, &seeds, h, &h, far{&seeds}, []holder{h}, map[string]holder{"k": h}, struct{ v any }{seeds}, struct{ v any }{&seeds}} {
			text := strings.ToLower(fmt.Sprintf(verb, value))
			for i := range len(secret) - 3 {
				w := secret[i : i+4]
				for _, form := range []string{string(w), hex.EncodeToString(w), fmt.Sprintf("% x", w), strings.Trim(fmt.Sprint(w), "[]"), strings.TrimPrefix(strings.Trim(fmt.Sprintf("%#v", w), "}"), "[]byte{")} {
					require.NotContains(t, text, form, verb)
				}
			}
		}
	}
}

func TestPrivateKeysAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	p := privateKeys(t, alice, 1)
	local := localDevice(t, alice, "DEV", 1)
	device := deviceKeys(t, local)
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			for range 10 {
				if signature, err := p.SignDevice(device, local.Ed25519); err == nil {
					require.NotZero(t, signature)
				}
				p.Identity()
				p.SecretText(crosssigning.SelfSigning)
				if n == 7 {
					p.Forget(crosssigning.Master)
					p.Close()
				}
			}
		})
	}
	group.Wait()
	_, err := p.SignDevice(device, local.Ed25519)
	require.ErrorIs(t, err, crosssigning.ErrClosed)
}
