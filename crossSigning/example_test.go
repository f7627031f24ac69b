package crosssigning_test

import (
	"encoding/json"
	"errors"
	"fmt"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/olm"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func newDevice(userID, deviceID string) (*olm.Account, crosssigning.LocalDevice) {
	account := must(olm.GenerateAccount())
	identity := account.IdentityKeys()
	return account, crosssigning.LocalDevice{
		UserID: userID, DeviceID: deviceID, Algorithms: []string{olm.V1.Algorithm(), "m.megolm.v1.aes-sha2"},
		Ed25519: identity.Ed25519, Curve25519: identity.Curve25519, Signer: account,
	}
}

// Alice's bot signs its own device with the key from secret storage. Bob reads
// what the server shows of her.
func Example() {
	const alice = "@alice:example.org"
	account, device := newDevice(alice, "BOT")
	defer account.Close()

	// Made once, by Alice's first program. The seeds go to secret storage, the
	// body to /keys/device_signing/upload.
	first := must(crosssigning.GeneratePrivateKeys(alice))
	identity := must(first.Identity())
	_ = must(identity.DeviceSigningUpload(nil))
	stored := must(first.SecretText(crosssigning.SelfSigning))
	first.Close()

	// The bot: the seed must belong to the key that is published.
	seed := must(crosssigning.ParseSeed(stored))
	private := must(crosssigning.ImportPrivateKeys(identity, crosssigning.Seeds{}.With(crosssigning.SelfSigning, seed)))
	signature := must(private.SignDevice(must(device.Keys()), device.Ed25519))
	private.Close()
	body := must(crosssigning.SignaturesUpload(signature)) // to /keys/signatures/upload

	// The server puts together what Bob gets from /keys/query.
	var uploaded map[string]map[string]json.RawMessage
	if err := json.Unmarshal(body, &uploaded); err != nil {
		panic(err)
	}
	response := must(json.Marshal(map[string]any{
		"device_keys":       map[string]any{alice: map[string]any{"BOT": bothSignatures(must(device.Keys()), uploaded[alice]["BOT"])}},
		"master_keys":       map[string]any{alice: identity.Key(crosssigning.Master)},
		"self_signing_keys": map[string]any{alice: identity.Key(crosssigning.SelfSigning)},
	}))

	result := must(crosssigning.NewQuery(alice).Check(response, nil, 2))
	bob := crosssigning.NewSelf(must(crosssigning.NewUser("@bob:example.org", nil)), crosssigning.Pin{}, crosssigning.Proof{})
	verdict := bob.Judge(result.Users[0], crosssigning.Pin{})
	fmt.Println("Alice:", verdict.Trust())
	fmt.Println("her bot:", verdict.DeviceTrust("BOT", crosssigning.Mark{}))
	fmt.Println("pinned:", verdict.Pin().Master == identity.MasterKey())
	// Output:
	// Alice: pinned
	// her bot: cross-signed
	// pinned: true
}

// bothSignatures does what a server does with an uploaded signature.
func bothSignatures(device *crosssigning.DeviceKeys, uploaded []byte) map[string]any {
	var a, b map[string]any
	if json.Unmarshal(must(json.Marshal(device)), &a) != nil || json.Unmarshal(uploaded, &b) != nil {
		panic("not JSON")
	}
	return merge(a, b)
}

func ExampleKeysUpload() {
	account, device := newDevice("@alice:example.org", "PHONE")
	defer account.Close()
	must(account.GenerateOneTimeKeys(50))
	must(account.GenerateFallbackKey())
	// Here the account is stored, before anyone knows its keys.

	upload := crosssigning.KeysUpload{Device: must(device.Keys())}
	upload.Keys = must(crosssigning.SignOneTimeKeys(device, crosssigning.SignedCurve25519, account.UnpublishedOneTimeKeys()))
	if fallback, ok := account.UnpublishedFallbackKey(); ok {
		upload.Keys = append(upload.Keys, must(crosssigning.SignFallbackKey(device, crosssigning.SignedCurve25519, fallback)))
	}
	var body map[string]map[string]any
	if err := json.Unmarshal(must(json.Marshal(upload)), &body); err != nil {
		panic(err)
	}
	fmt.Println(len(body["one_time_keys"]), len(body["fallback_keys"]), body["device_keys"]["device_id"])
	// Output: 50 1 PHONE
}

func ExampleClaim() {
	account, bobs := newDevice("@bob:example.org", "BOB")
	defer account.Close()
	must(account.GenerateOneTimeKeys(1))

	// Bob's device, as it is known from /keys/query.
	claim := crosssigning.NewClaim(crosssigning.SignedCurve25519, must(bobs.Keys()))
	fmt.Println(string(must(json.Marshal(claim))))

	// Someone answers with a key that the device did not sign.
	mallory, theirs := newDevice("@bob:example.org", "BOB")
	defer mallory.Close()
	must(mallory.GenerateOneTimeKeys(1))
	signed := must(crosssigning.SignOneTimeKeys(theirs, crosssigning.SignedCurve25519, mallory.UnpublishedOneTimeKeys()))
	var body map[string]any
	if err := json.Unmarshal(must(json.Marshal(crosssigning.KeysUpload{Keys: signed})), &body); err != nil {
		panic(err)
	}
	result := must(claim.Check(must(json.Marshal(map[string]any{
		"one_time_keys": map[string]any{"@bob:example.org": map[string]any{"BOB": body["one_time_keys"]}},
	})), 1))
	fmt.Println(len(result.Keys), errors.Is(result.Refused[0], crosssigning.ErrSignature))
	// Output:
	// {"one_time_keys":{"@bob:example.org":{"BOB":"signed_curve25519"}}}
	// 0 true
}

func ExampleObject() {
	device, local := newDevice("@alice:example.org", "PHONE")
	defer device.Close()
	object := must(crosssigning.ParseObject([]byte(`{"b": 2, "unsigned": {"age": 5}, "a": "\u00e9"}`)))
	fmt.Println(string(object.AppendSigned(nil)))

	signed := must(object.Sign("@alice:example.org", crosssigning.DeviceKeyID("PHONE"), device))
	fmt.Println(signed.Verify("@alice:example.org", crosssigning.DeviceKeyID("PHONE"), local.Ed25519))

	_, err := crosssigning.ParseObject([]byte(`{"a": 1, "a": 2}`))
	fmt.Println(err)
	// Output:
	// {"a":"é","b":2}
	// <nil>
	// crosssigning: signed object: a name stands twice in an object
}

func ExampleSelf_Judge() {
	const alice, bob = "@alice:example.org", "@bob:example.org"
	ours, bobs := must(crosssigning.GeneratePrivateKeys(alice)), must(crosssigning.GeneratePrivateKeys(bob))
	self := crosssigning.NewSelf(must(crosssigning.NewUser(alice, must(ours.Identity()))), crosssigning.Pin{}, crosssigning.Proof{Private: ours})
	fmt.Println("ourselves:", self.Own().Trust())

	verdict := self.Judge(must(crosssigning.NewUser(bob, must(bobs.Identity()))), crosssigning.Pin{})
	fmt.Println("seen first:", verdict.Trust())
	pin := verdict.Pin() // stored

	// Later the server shows another identity.
	others := must(crosssigning.GeneratePrivateKeys(bob))
	verdict = self.Judge(must(crosssigning.NewUser(bob, must(others.Identity()))), pin)
	fmt.Println("another:", verdict.Trust(), verdict.Trust().AtLeast(crosssigning.UserUnsigned))

	// A person was asked, and agrees.
	verdict = self.Judge(must(crosssigning.NewUser(bob, must(others.Identity()))), verdict.Acknowledged())
	fmt.Println("agreed:", verdict.Trust())
	// Output:
	// ourselves: verified
	// seen first: pinned
	// another: identity changed false
	// agreed: pinned
}
