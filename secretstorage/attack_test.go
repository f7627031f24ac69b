package secretstorage_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/internal/redactiontest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// V23: the server deletes iv and mac from a key's description. A wrong key is not
// taken for right, writes nothing, and fails at the first secret.
func TestAttack_V23_DescriptionWithoutCheck(t *testing.T) {
	d := description(t, "")
	right, err := confirmed(t).SealPrivateKey(secretstorage.MasterKey, unhex(t, seed))
	require.NoError(t, err)
	wrong, err := secretstorage.ParseRecoveryKey([]byte(mautrixKey1Text))
	require.NoError(t, err)
	for _, k := range []*secretstorage.Key{typed(t), wrong} {
		require.ErrorIs(t, keyFails(t, k, func() error { return d.Check(k) }), secretstorage.ErrCannotCheck)
		writesNothing(t, k, d)
	}
	err = keyFails(t, wrong, func() error {
		_, err := wrong.OpenSigningKey(secretstorage.MasterKey, right, seedPublic(t))
		return err
	})
	require.ErrorIs(t, err, secretstorage.ErrOpen)
	writesNothing(t, wrong, d)

	// The right key is confirmed by a secret, and can be given a check again.
	k := typed(t)
	_, err = k.OpenSigningKey(secretstorage.MasterKey, right, seedPublic(t))
	require.NoError(t, err)
	d, err = d.WithCheck(k)
	require.NoError(t, err)
	require.NoError(t, d.Check(typed(t)))
}

func writesNothing(t testing.TB, k *secretstorage.Key, d secretstorage.Description) {
	t.Helper()
	for name, write := range map[string]func() error{
		"Seal":           func() error { _, err := k.Seal("x", []byte("y")); return err },
		"SealPrivateKey": func() error { _, err := k.SealPrivateKey(secretstorage.BackupKey, unhex(t, seed)); return err },
		"Describe":       func() error { _, err := k.Describe(""); return err },
		"WithCheck":      func() error { _, err := d.WithCheck(k); return err },
	} {
		require.ErrorIs(t, keyFails(t, k, write), secretstorage.ErrUnconfirmed, name)
	}
}

// V23, seen from the other side: half a check is none.
func TestAttack_V23_HalfACheck(t *testing.T) {
	iv, mac := checkParts(t)
	for _, members := range []string{
		`,"iv":"` + base64.RawStdEncoding.EncodeToString(iv) + `"`,
		`,"mac":"` + base64.RawStdEncoding.EncodeToString(mac) + `"`,
	} {
		k := typed(t)
		requireMalformed(t, keyFails(t, k, func() error { return description(t, members).Check(k) }), "is not one string")
	}
}

// V25: the server asks for a derivation that is too dear, or too cheap.
func TestAttack_V25_IterationsAndBits(t *testing.T) {
	passphrase := func(members string) (secretstorage.PBKDF2, error) {
		return description(t, `,"passphrase":{"algorithm":"m.pbkdf2","salt":"x",`+members+`}`).Passphrase()
	}
	start := time.Now()
	for _, iterations := range []string{
		"0", "-1", "-0", "10000001", "1000000000", "2147483647", "2147483648", "4294967296", "4294967297",
		"9007199254740991", "9007199254740993", "18446744073709551617", "1e3", "1000.0", `"1000"`, "null", "[1]", "true",
	} {
		err := mustFail(t, func() error { _, err := passphrase(`"iterations":` + iterations); return err })
		requireMalformed(t, err, "iterations: not 1 to 10000000")
	}
	for _, bits := range []string{"8", "0", "128", "512", "4096", "-256", "4294967552"} {
		err := mustFail(t, func() error { _, err := passphrase(`"iterations":1,"bits":` + bits); return err })
		requireMalformed(t, err, "bits: not 256")
	}
	require.Less(t, time.Since(start), 5*time.Second, "nothing is derived")

	// One round and no check: the person types the passphrase, and no secret
	// leaves under what follows from it.
	d := description(t, `,"passphrase":{"algorithm":"m.pbkdf2","salt":"chosen by the server","iterations":1}`)
	p, err := d.Passphrase()
	require.NoError(t, err)
	k, err := p.Key([]byte(rustPassphrase))
	require.NoError(t, err)
	require.ErrorIs(t, keyFails(t, k, func() error { return d.Check(k) }), secretstorage.ErrCannotCheck)
	writesNothing(t, k, d)
}

// V27: padded and unpadded base64 are both valid, in each place.
func TestAttack_V27_Padding(t *testing.T) {
	iv, mac := checkParts(t)
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding} {
		for _, f := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding} {
			d := description(t, fmt.Sprintf(`,"iv":"%s","mac":"%s"`, e.EncodeToString(iv), f.EncodeToString(mac)))
			require.NoError(t, d.Check(typed(t)))
		}
		sealed := sealedSecret(t)
		s := parseStored(t, `{"encrypted":{"x":`+sealedText(e, sealed)+`}}`)
		got, err := s.Under("x")
		require.NoError(t, err)
		require.Equal(t, sealed, got)
		for _, o := range openers(t) {
			text := e.EncodeToString(unhex(t, o.private))
			_, err := o.open(typed(t), confirmed(t).SealAny(o.name, []byte(text)))
			require.NoError(t, err)
		}
	}
}

// V28: nothing that this package writes holds a private key in plain.
func TestAttack_V28_NothingPlain(t *testing.T) {
	k := confirmed(t)
	d, err := k.Describe("name")
	require.NoError(t, err)
	sealed, err := k.SealPrivateKey(secretstorage.MasterKey, unhex(t, seed))
	require.NoError(t, err)
	s, err := secretstorage.StoredSecret{}.With("x", sealed)
	require.NoError(t, err)
	b, err := json.Marshal([]any{d, sealed, s})
	require.NoError(t, err)
	redactiontest.CheckText(t, string(b), secrets(t)...)
	p := privateKey(t)
	failtest.Refused(t, func() error { _, err := json.Marshal([]any{d, p}); return err }, k, failtest.Secret(unhex(t, seed)))
}

// P35: the MAC does not cover the IV. Each bit of it can be flipped, the MAC
// passes, and the public key finds it.
func TestAttack_P35_FlippedIV(t *testing.T) {
	for _, o := range openers(t) {
		good, err := confirmed(t).SealPrivateKey(o.name, unhex(t, o.private))
		require.NoError(t, err)
		k := typed(t)
		flips(good.IV[:], func(iv []byte) {
			bad := good
			bad.IV = [16]byte(iv)
			err := keyFails(t, k, func() error {
				p, err := o.open(k, bad)
				require.Nil(t, p)
				return err
			})
			requireMismatch(t, o.name, err)
		})
		for _, bit := range []func(*secretstorage.Sealed){
			func(s *secretstorage.Sealed) { s.Ciphertext = append([]byte{s.Ciphertext[0] ^ 1}, s.Ciphertext[1:]...) },
			func(s *secretstorage.Sealed) { s.MAC[31] ^= 0x80 },
		} {
			bad := good
			bit(&bad)
			err := keyFails(t, k, func() error { _, err := o.open(k, bad); return err })
			require.ErrorIs(t, err, secretstorage.ErrOpen)
		}
	}

	// Where there is no public key, the flip passes: as documented.
	sealed := sealedSecret(t)
	sealed.IV[15] ^= 1
	garbled, err := confirmed(t).Open("org.example.secret", sealed)
	require.NoError(t, err)
	require.NotEqual(t, "It's a secret to everybody", string(garbled))
	// So the names of private keys are not for Open.
	for _, o := range openers(t) {
		k := confirmed(t)
		err := keyFails(t, k, func() error { _, err := k.Open(o.name, sealed); return err })
		require.ErrorIs(t, err, secretstorage.ErrName)
	}
}

// P35: an old seed or another user's, well sealed, is not the published one.
func TestAttack_P35_OtherKey(t *testing.T) {
	for _, o := range openers(t) {
		private := unhex(t, o.private)
		private[9] ^= 1
		other, err := confirmed(t).SealPrivateKey(o.name, private)
		require.NoError(t, err)
		k := typed(t)
		err = keyFails(t, k, func() error { _, err := o.open(k, other); return err }, failtest.Secret(private))
		requireMismatch(t, o.name, err)
	}
	other, err := confirmed(t).SealPrivateKey(secretstorage.MasterKey, unhex(t, seed))
	require.NoError(t, err)
	k := typed(t)
	var none keys.Ed25519
	err = keyFails(t, k, func() error { _, err := k.OpenSigningKey(secretstorage.MasterKey, other, none); return err })
	require.ErrorIs(t, err, keys.ErrAbsent)
}

// The self-check is no secret: it cannot be moved to where one stands.
func TestAttack_P35_SelfCheckAsSecret(t *testing.T) {
	k := confirmed(t)
	zeros := k.SealAny("", make([]byte, 32))
	err := keyFails(t, k, func() error { _, err := k.Open("", zeros); return err })
	require.ErrorIs(t, err, secretstorage.ErrName)
	err = keyFails(t, k, func() error { _, err := k.Open("x", zeros); return err })
	require.ErrorIs(t, err, secretstorage.ErrOpen)
}

// P41: one text for one value, but for right padding.
func TestAttack_P41_Base64(t *testing.T) {
	good := marshal(t, secretstorage.Sealed{Ciphertext: []byte{0}})
	require.Equal(t, `{"iv":"AAAAAAAAAAAAAAAAAAAAAA","ciphertext":"AA","mac":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`, good)
	var sealed secretstorage.Sealed
	require.NoError(t, sealed.UnmarshalJSON([]byte(strings.Replace(good, `"AA"`, `"AA=="`, 1))))
	for _, text := range []string{
		`AA\n==`, `AA==\n`, `AA\r\n`, `A\nA`, ` AA`, `AA `, `A A`, `A\tA`, `AB`, `AB==`, `A=A=`, `AA=`, `AA===`, `=AA=`, `==`, `A`, `-A`, `_A`, `AA==AA==`, `\u0000A`,
	} {
		requireMalformed(t, textFails(t, &sealed, strings.Replace(good, `"AA"`, `"`+text+`"`, 1)), "ciphertext: not valid base64")
		var s secretstorage.StoredSecret
		require.NoError(t, s.UnmarshalJSON([]byte(`{"encrypted":{"x":`+strings.Replace(good, `"AA"`, `"`+text+`"`, 1)+`}}`)))
		err := mustFail(t, func() error { _, err := s.Under("x"); return err })
		requireMalformed(t, err, "ciphertext: not valid base64")
	}
	for _, member := range []string{`"iv":"`, `"mac":"`} {
		for _, junk := range []string{`\n`, `\r`, ` `, `_`, `=`} {
			requireMalformed(t, textFails(t, &sealed, strings.Replace(good, member+"A", member+junk, 1)), "not valid base64")
		}
	}
}

// G09: what a length in the input costs is bounded by the input.
func TestAttack_G09_Allocation(t *testing.T) {
	deep := strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000)
	d := description(t, `,"x":`+deep+`,"iv":`+deep+`,"mac":`+deep)
	k := typed(t)
	requireMalformed(t, keyFails(t, k, func() error { return d.Check(k) }), "iv is not one string")
	requireMalformed(t, textFails(t, &d, strings.Repeat(`{"x":`, 100000)), "not valid JSON")
}
