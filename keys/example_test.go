package keys_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/keys"
)

// A struct that describes JSON holds keys, not strings: what is read was
// checked.
func Example() {
	var device struct {
		Identity    keys.Curve25519             `json:"identity"`
		Fingerprint keys.Ed25519                `json:"fingerprint"`
		OneTimeKeys map[keys.ID]keys.Curve25519 `json:"one_time_keys"`
	}
	err := json.Unmarshal([]byte(`{
		"identity":      "3i6dF5tK4UMB+RSgHR1g6Hi9hSKpp0z8alUrYyn9dUw",
		"fingerprint":   "OfRjBf2SJfVkaURpFX6Iltf3Kozh2qcL636eF2VoQ54=",
		"one_time_keys": {"AAAAAQ": "3i6dF5tK4UMB+RSgHR1g6Hi9hSKpp0z8alUrYyn9dUw"}
	}`), &device)
	fmt.Println(err, device.Fingerprint)
	for id, key := range device.OneTimeKeys {
		fmt.Println(id.Number(), key == device.Identity)
	}
	// Output:
	// <nil> OfRjBf2SJfVkaURpFX6Iltf3Kozh2qcL636eF2VoQ54
	// 1 true
}

func ExampleParseCurve25519() {
	// A point of low order, with which every agreement gives zero.
	_, err := keys.ParseCurve25519("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	fmt.Println(errors.Is(err, keys.ErrInvalidKey))

	_, err = keys.ParseCurve25519("AQAA")
	fmt.Println(errors.Is(err, keys.ErrLength))
	// Output:
	// true
	// true
}

func ExampleEd25519_Verify() {
	key, err := keys.ParseEd25519("OfRjBf2SJfVkaURpFX6Iltf3Kozh2qcL636eF2VoQ54")
	if err != nil {
		panic(err)
	}
	signature, err := keys.ParseSignature("URZFQ7RHGnWA1bzNw1rHjquMiWlQKInpGRBtzVfMMZZB8QEFMvGYuFI7WpSOLjO14n0k+II4Il9WFHZwGAeWBg")
	if err != nil {
		panic(err)
	}
	fmt.Println(key.Verify([]byte("Hello, World"), signature))
	fmt.Println(errors.Is(key.Verify([]byte("nello, World"), signature), keys.ErrSignature))
	// Output:
	// <nil>
	// true
}

func ExampleNewID() {
	fmt.Println(keys.NewID(1), keys.NewID(42))
	// Output: AAAAAQ AAAAKg
}

func ExampleGenerateSealKey() {
	key := keys.GenerateSealKey()
	defer key.Close()
	b := key.Secret() // 32 bytes, to be kept in the system's key store
	again, err := keys.NewSealKey(b[:])
	clear(b[:])
	fmt.Println(key, err, again.Secret() == key.Secret())
	// Output: [redacted] <nil> true
}
