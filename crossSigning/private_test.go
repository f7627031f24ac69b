package crosssigning_test

import (
	"bytes"
	"crypto/rand"
	"encoding"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/cryptotest"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/failtest"
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
	refusedAs[*crosssigning.MalformedError](t, func() error { return errorOf(crosssigning.GeneratePrivateKeys("")) })
	unwritable, err := crosssigning.GeneratePrivateKeys("\xff")
	require.NoError(t, err)
	refusedSaying(t, "crosssigning: master key: not valid JSON", func() error { return errorOf(unwritable.Identity()) }, unwritable)

	sizes := &readSizes{}
	old := rand.Reader
	rand.Reader = sizes
	_, err = crosssigning.GeneratePrivateKeys(alice)
	rand.Reader = old
	require.NoError(t, err)
	require.Equal(t, []int{32, 32, 32}, sizes.list)

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

// readSizes is a source of bytes that remembers how many were read at a time.
type readSizes struct{ list []int }

func (r *readSizes) Read(b []byte) (int, error) {
	r.list = append(r.list, len(b))
	for i := range b {
		b[i] = byte(len(r.list))
	}
	return len(b), nil
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
		refusedWith(t, is, func() error { return errorOf(crosssigning.ParseSeed([]byte(form))) }, failtest.Secret(form))
	}
	for _, missing := range []crosssigning.Usage{0, crosssigning.Master, crosssigning.UserSigning, 4, 255} {
		require.True(t, p.PublicKey(missing).IsZero())
		refusedWith(t, crosssigning.ErrNoPrivateKey, func() error { return errorOf(p.Secret(missing)) }, p)
		refusedWith(t, crosssigning.ErrNoPrivateKey, func() error { return errorOf(p.SecretText(missing)) }, p)
		p.Forget(missing)
	}
	for _, bad := range [][]byte{{}, seed(1, 2)[:31], append(seed(1, 2), 0), append(seed(1, 2), seed(1, 2)...)} {
		seeds := crosssigning.Seeds{}.With(crosssigning.Master, bad)
		refusedWith(t, keys.ErrLength, func() error { return errorOf(crosssigning.NewPrivateKeys(alice, seeds)) }, failtest.Secret(bad))
	}
	refusedWith(t, keys.ErrAbsent, func() error {
		return errorOf(crosssigning.NewPrivateKeys(alice, crosssigning.Seeds{}.With(crosssigning.UserSigning, make([]byte, 32))))
	})
	refusedAs[*crosssigning.MalformedError](t, func() error {
		return errorOf(crosssigning.NewPrivateKeys("", crosssigning.Seeds{}))
	})
}

// Row E9 and P35: a seed that was changed on its way is not used.
func TestImportPrivateKeys(t *testing.T) {
	t.Parallel()
	published := identity(t, privateKeys(t, alice, 1))
	all := crosssigning.Seeds{}.With(crosssigning.Master, seed(1, 1)).With(crosssigning.SelfSigning, seed(1, 2)).With(crosssigning.UserSigning, seed(1, 3))
	p, err := crosssigning.ImportPrivateKeys(published, all)
	require.NoError(t, err)
	require.Equal(t, published.MasterKey(), p.PublicKey(crosssigning.Master))
	refused := func(is error, published *crosssigning.Identity, seeds crosssigning.Seeds, secrets ...[]byte) {
		t.Helper()
		about := []any{published}
		for _, secret := range secrets {
			about = append(about, failtest.Secret(secret))
		}
		refusedWith(t, is, func() error { return errorOf(crosssigning.ImportPrivateKeys(published, seeds)) }, about...)
	}
	for _, bad := range map[string]crosssigning.Seeds{
		"master":       crosssigning.Seeds{}.With(crosssigning.Master, seed(2, 1)),
		"self-signing": crosssigning.Seeds{}.With(crosssigning.SelfSigning, seed(2, 1)),
		"user-signing": crosssigning.Seeds{}.With(crosssigning.UserSigning, seed(2, 1)),
		"swapped":      crosssigning.Seeds{}.With(crosssigning.Master, seed(1, 1)).With(crosssigning.SelfSigning, seed(1, 3)).With(crosssigning.UserSigning, seed(1, 2)),
	} {
		refused(crosssigning.ErrKeyMismatch, published, bad, seed(2, 1), seed(1, 1), seed(1, 2), seed(1, 3))
	}
	for bit := range 8 * crosssigning.SeedSize {
		changed := seed(1, 2)
		changed[bit/8] ^= 1 << (bit % 8)
		refused(crosssigning.ErrKeyMismatch, published, crosssigning.Seeds{}.With(crosssigning.SelfSigning, changed), changed)
	}
	alone, err := crosssigning.NewIdentity(published.Key(crosssigning.Master), nil, nil)
	require.NoError(t, err)
	refused(crosssigning.ErrKeyMismatch, alone, all, seed(1, 1), seed(1, 2), seed(1, 3)) // a seed whose public key is not published
	refused(keys.ErrLength, published, crosssigning.Seeds{}.With(crosssigning.Master, seed(1, 1)[:9]), seed(1, 1)[:9])
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
		crosssigning.Master:      func(p *crosssigning.PrivateKeys) error { return errorOf(p.SignBackup(auth, backupKey(t, auth))) },
		crosssigning.SelfSigning: func(p *crosssigning.PrivateKeys) error { return errorOf(p.SignDevice(device, local.Ed25519)) },
		crosssigning.UserSigning: func(p *crosssigning.PrivateKeys) error {
			return errorOf(p.SignUser(other, other.Identity().MasterKey()))
		},
		0: func(p *crosssigning.PrivateKeys) error { return errorOf(p.Identity()) }, // with all of them
	}
	refused := func(is error, p *crosssigning.PrivateKeys, call func(p *crosssigning.PrivateKeys) error) {
		t.Helper()
		refusedWith(t, is, func() error { return call(p) }, p, auth, device, other)
	}
	for _, missing := range usages {
		p := privateKeys(t, alice, 1)
		p.Forget(missing)
		require.True(t, p.PublicKey(missing).IsZero())
		for usage, call := range calls {
			if usage == missing || usage == 0 {
				refused(crosssigning.ErrNoPrivateKey, p, call)
			} else {
				require.NoError(t, call(p))
			}
		}
		p.Close()
		p.Close()
		for _, call := range calls {
			refused(crosssigning.ErrClosed, p, call)
		}
		refused(crosssigning.ErrClosed, p, func(p *crosssigning.PrivateKeys) error { return errorOf(p.Secret(crosssigning.Master)) })
	}
	for _, usage := range []crosssigning.Usage{crosssigning.Master, 0} {
		refused(crosssigning.ErrClosed, new(crosssigning.PrivateKeys), calls[usage])
	}
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
	i, public := identity(t, p), curveKey(t, seed(1, 1))
	parse := func(o object) crosssigning.Object {
		parsed, err := crosssigning.ParseObject(marshal(t, o))
		require.NoError(t, err)
		return parsed
	}
	refuse := func(o object) {
		t.Helper()
		parsed := parse(o)
		refusedAs[*crosssigning.MalformedError](t, func() error { return errorOf(p.SignBackup(parsed, public)) }, p, parsed)
		refusedAs[*crosssigning.MalformedError](t, func() error { return i.VerifyBackup(parsed) }, i, parsed)
	}
	refuse(foreign)
	foreign["public_key"] = public.String()
	refuse(foreign)
	for _, name := range []string{"user_id", "device_id", "usage", "keys", "key"} {
		refuse(object{"public_key": public.String(), name: nil})
	}

	// And no other public key than the one that the program knows.
	for _, test := range map[string]struct {
		o   object
		why string // that it is no auth_data, if it is none
	}{
		"missing": {object{}, "public_key is not a string"}, "number": {object{"public_key": 1}, "public_key is not a string"},
		"text":  {object{"public_key": "whatever the server said"}, "Curve25519"},
		"short": {object{"public_key": "AAAA"}, "Curve25519"}, "another": {object{"public_key": curveKey(t, seed(2, 2)).String()}, ""},
	} {
		parsed := parse(test.o)
		for _, key := range []keys.Curve25519{public, {}} {
			refusedWith(t, crosssigning.ErrKeyMismatch, func() error { return errorOf(p.SignBackup(parsed, key)) }, p, parsed)
		}
		if test.why != "" {
			refusedSaying(t, test.why, func() error { return i.VerifyBackup(parsed) }, i, parsed)
		}
	}
	refusedWith(t, crosssigning.ErrKeyMismatch, func() error { return errorOf(p.SignBackup(crosssigning.Object{}, public)) }, p)
}

func TestSignRefusesOthers(t *testing.T) {
	t.Parallel()
	a, b := privateKeys(t, alice, 1), privateKeys(t, bob, 2)
	ia, ib := identity(t, a), identity(t, b)
	bobs, own := localDevice(t, bob, "DEV", 3), localDevice(t, alice, "DEV", 4)
	bobsKeys, ownKeys := deviceKeys(t, bobs), deviceKeys(t, own)
	refusedAs[*crosssigning.IDError](t, func() error { return errorOf(a.SignDevice(bobsKeys, bobs.Ed25519)) }, a, bobsKeys)
	for _, key := range []keys.Ed25519{{}, bobs.Ed25519} {
		refusedWith(t, crosssigning.ErrKeyMismatch, func() error { return errorOf(a.SignDevice(ownKeys, key)) }, a, ownKeys)
		for _, u := range []*crosssigning.User{newUser(t, bob, ib), newUser(t, bob, nil)} {
			refusedWith(t, crosssigning.ErrKeyMismatch, func() error { return errorOf(a.SignUser(u, key)) }, a, u)
		}
		refusedWith(t, crosssigning.ErrKeyMismatch, func() error { return errorOf(own.SignMaster(ia, key)) }, own, ia)
	}
	ourselves := newUser(t, alice, ia)
	refusedAs[*crosssigning.MalformedError](t, func() error { return errorOf(a.SignUser(ourselves, ia.MasterKey())) }, a, ourselves)
	refusedAs[*crosssigning.IDError](t, func() error { return errorOf(own.SignMaster(ib, ib.MasterKey())) }, own, ib)
	sign := func() error { return errorOf(own.SignMaster(ia, ia.MasterKey())) }
	own.Signer = newSigner(seed(8, 8))
	refusedWith(t, crosssigning.ErrKeyMismatch, sign, ia, failtest.Secret(seed(8, 8)))
	fault := errors.New("fault")
	own.Signer = &signer{err: fault}
	refusedWith(t, fault, sign, ia)
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
	writes := func(call func() ([]byte, error)) {
		t.Helper()
		refused(t, func() error {
			b, err := call()
			out.Write(b)
			return err
		}, p)
	}
	for _, value := range []any{p, seeds, holder} {
		writes(func() ([]byte, error) { return json.Marshal(value) })
		writes(func() ([]byte, error) { return xml.Marshal(value) })
		writes(func() ([]byte, error) {
			var buf bytes.Buffer
			err := gob.NewEncoder(&buf).Encode(value)
			return buf.Bytes(), err
		})
	}
	for _, value := range []encoding.TextMarshaler{p, seeds} {
		writes(value.MarshalText)
	}
	for _, value := range []encoding.BinaryMarshaler{p, seeds} {
		writes(value.MarshalBinary)
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
	refusedWith(t, crosssigning.ErrClosed, func() error { return errorOf(p.SignDevice(device, local.Ed25519)) }, p, device)
}
