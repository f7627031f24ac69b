// Cross-sign-bot lets a bot appear verified: with the recovery key of the bot's
// user it signs its own device, and prints the body of POST
// /_matrix/client/v3/keys/signatures/upload. In testdata is what a bot has: its
// own sealed account, and account data and an answer to /keys/query.
//
//	go run ./examples/cross-sign-bot
package main

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

const userID, deviceID = "@bot:example.org", "ROBOT"

//go:embed testdata
var testdata embed.FS
var files = must(fs.Sub(testdata, "testdata"))

// check ends the program, which runs once. A bot that goes on returns errors.
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "cross-sign-bot:", err)
		os.Exit(1)
	}
}

func must[T any](value T, err error) T { check(err); return value }

func main() {
	stored := map[string]json.RawMessage{} // account data, by type
	check(json.Unmarshal(must(fs.ReadFile(files, "account-data.json")), &stored))
	var defaultKey secretstorage.DefaultKey
	check(defaultKey.UnmarshalJSON(stored[secretstorage.DefaultKeyType]))
	description := must(secretstorage.ParseDescription(stored[secretstorage.DescriptionTypePrefix+defaultKey.KeyID]))
	sealed := must(must(secretstorage.ParseStoredSecret(stored[secretstorage.SelfSigningKey])).Under(defaultKey.KeyID))
	// From standard input: arguments can be seen by all. On a terminal, golang.org/x/term reads without echo.
	fmt.Fprintln(os.Stderr, "Recovery key, then Ctrl-D, which alone takes the example's:")
	typed := must(io.ReadAll(os.Stdin))
	if len(typed) == 0 {
		typed = must(fs.ReadFile(files, "recovery-key.txt")) // a bot keeps none on its disk
	}
	key := must(secretstorage.ParseRecoveryKey(typed))
	defer key.Close()
	clear(typed)
	// Some descriptions do not allow to tell; then the secret below does.
	if err := description.Check(key); err != nil && !errors.Is(err, secretstorage.ErrCannotCheck) {
		check(fmt.Errorf("this is not the account's recovery key: %w", err))
	}
	// What the server shows may lack anything; Refused says what was wrong.
	result := must(crosssigning.NewQuery(userID).Check(must(fs.ReadFile(files, "keys-query.json")), nil, 1))
	if len(result.Users) == 0 || result.Users[0].Device(deviceID) == nil || result.Users[0].Identity() == nil ||
		result.Users[0].Identity().Key(crosssigning.SelfSigning) == nil {
		check(fmt.Errorf("the device or its user's cross-signing keys are missing %v", result.Refused))
	}
	device, identity := result.Users[0].Device(deviceID), result.Users[0].Identity()
	// It opens only if it is the private key of the identity that the server shows.
	opened := must(key.OpenSigningKey(secretstorage.SelfSigningKey, sealed, identity.Key(crosssigning.SelfSigning).Key()))
	seed := must(opened.Secret())
	opened.Close()
	private := must(crosssigning.ImportPrivateKeys(identity, crosssigning.Seeds{}.With(crosssigning.SelfSigning, seed[:])))
	clear(seed[:])
	// Which device is ours the account says, not the server: no other key is signed.
	sealKey := must(keys.NewSealKey(must(fs.ReadFile(files, "seal.key")))) // kept apart from what it opens
	account := must(olm.OpenAccount(must(fs.ReadFile(files, "account.sealed")), sealKey, []byte(userID+" "+deviceID)))
	signature := must(private.SignDevice(device, account.IdentityKeys().Ed25519))
	// The answer can be 200 and no: crosssigning.SignaturesFailures reads it.
	fmt.Printf("%s\n", must(crosssigning.SignaturesUpload(signature)))
}
