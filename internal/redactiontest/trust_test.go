package redactiontest_test

import (
	"crypto/ecdh"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

const (
	alice = "@alice:example.org"
	bob   = "@bob:example.org"
	room  = "!room:example.org"
)

// make32 returns 32 different bytes.
func make32(seed byte) []byte {
	b := make([]byte, 32)
	for i := range b {
		b[i] = seed + byte(i)*167
	}
	return b
}

func localDevice(userID string, account *olm.Account) crosssigning.LocalDevice {
	identity := account.IdentityKeys()
	return crosssigning.LocalDevice{
		UserID: userID, DeviceID: "DEVICE", Algorithms: []string{olm.V1.Algorithm()},
		Ed25519: identity.Ed25519, Curve25519: identity.Curve25519, Signer: account,
	}
}

func crossSigningSamples() []sample {
	account := must(olm.GenerateAccount())
	local := localDevice(alice, account)
	device := must(local.Keys())
	master, selfSigning, userSigning := make32(13), make32(17), make32(19)
	secrets := [][]byte{master, selfSigning, userSigning}
	seeds := crosssigning.Seeds{}.With(crosssigning.Master, master).With(crosssigning.SelfSigning, selfSigning).
		With(crosssigning.UserSigning, userSigning)
	private := must(crosssigning.NewPrivateKeys(alice, seeds))
	identity := must(private.Identity())
	signature := must(private.SignDevice(device, device.Ed25519()))
	user := must(crosssigning.NewUser(alice, identity, device))
	proof := crosssigning.Proof{Private: private, Device: device}
	self := crosssigning.NewSelf(user, crosssigning.Pin{}, proof)
	must(account.GenerateOneTimeKeys(1))
	signed := must(crosssigning.SignOneTimeKeys(local, crosssigning.SignedCurve25519, account.UnpublishedOneTimeKeys()))
	return append(public(
		&crosssigning.ChangedKeyError{}, crosssigning.NewClaim(crosssigning.SignedCurve25519, device), &crosssigning.ClaimResult{},
		crosssigning.ClaimedKey{Device: device}, &crosssigning.ClashError{}, device, crosssigning.DeviceVerified, &crosssigning.EntryError{},
		&crosssigning.IDError{}, identity, crosssigning.DeviceKeyID("DEVICE"), signature, crosssigning.KeysUpload{Device: device, Keys: signed},
		crosssigning.Known(func(string) []*crosssigning.DeviceKeys { return nil }), crosssigning.Mark{}, device.Object(), self.Own().Pin(),
		identity.Key(crosssigning.Master), crosssigning.NewQuery(alice), &crosssigning.QueryResult{Users: []*crosssigning.User{user}},
		&crosssigning.RefusedError{}, &crosssigning.SharedKeyError{}, signed[0], crosssigning.Master, user, crosssigning.UserVerified,
		self, self.Own(),
	),
		holds(seeds, secrets...), holds(private, secrets...), holds(proof, secrets...),
		holds(local, accountSecrets(account)...),
	)
}

// accountSecrets returns the private identity keys as they stand in a pickle.
func accountSecrets(account *olm.Account) [][]byte {
	b := must(libolm.Decrypt("", must(account.ExportLibolm(nil)), nil))
	return [][]byte{b[36:100], b[132:164]}
}

func storageSamples() []sample {
	secret, stored := make32(23), make32(29)
	key := must(secretstorage.NewKey(secret))
	description := must(key.Describe("name"))
	if err := description.Check(key); err != nil {
		panic(err)
	}
	sealed := must(key.SealPrivateKey(secretstorage.BackupKey, stored))
	public25519 := must(keys.NewCurve25519(must(ecdh.X25519().NewPrivateKey(stored)).PublicKey().Bytes()))
	private := must(key.OpenBackupKey(sealed, public25519))
	return append(public(
		secretstorage.DefaultKey{KeyID: "x"}, description, &secretstorage.MismatchError{}, secretstorage.PBKDF2{Salt: "x", Iterations: 1}, sealed,
		must(secretstorage.StoredSecret{}.With(secretstorage.GenerateKeyID(), sealed)),
	),
		holds(key, secret, must(key.RecoveryKey())[:20]), holds(private, stored))
}
