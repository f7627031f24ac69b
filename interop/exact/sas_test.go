package exact

import (
	"bytes"
	"testing"

	"github.com/chappe-e2ee/chappe/interop/conversation"
	"github.com/chappe-e2ee/chappe/interop/libolm"
	"github.com/chappe-e2ee/chappe/interop/tally"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/sas"
)

// bytesOf are inputs of many lengths, filled with something.
func bytesOf(n int) []byte { return bytes.Repeat([]byte{byte(n*37 + 5)}, n) }

// chappe and libolm agree on a secret, and make the same of it: bytes, and the
// three kinds of MAC.
func TestSAS(t *testing.T) {
	for seed := range uint64(30) {
		check(t, conversation.WithEntropy(seed, func() error {
			ours, err := sas.Generate()
			check(t, err)
			theirs, err := libolm.NewSAS()
			check(t, err)
			public, err := theirs.PublicKey()
			check(t, err)
			check(t, theirs.SetTheirKey(ours.PublicKey().String()))
			key, err := keys.ParseCurve25519(public)
			check(t, err)
			agreed, err := ours.Agree(key)
			check(t, err)
			for n := range 70 {
				info, input := bytesOf(n), bytesOf(3*n)
				size := 1 + n*n%300
				a, err := agreed.Bytes(info, size)
				check(t, err)
				b, err := theirs.Bytes(info, size)
				check(t, err)
				equal(t, "SAS bytes", string(a), string(b))
				for name, both := range map[string][2]func(input, info []byte) (string, error){
					"MAC":        {agreed.MAC, theirs.MAC},
					"legacy MAC": {agreed.LegacyMAC, theirs.LegacyMAC},
					"long MAC":   {agreed.LegacyLongMAC, theirs.LongMAC},
				} {
					a, err := both[0](input, info)
					check(t, err)
					b, err := both[1](input, info)
					check(t, err)
					equal(t, "SAS "+name, a, b)
				}
				mac, err := theirs.MAC(input, info)
				check(t, err)
				check(t, agreed.VerifyMAC(input, info, mac))
			}
			return nil
		}))
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, what, ours, theirs string) {
	t.Helper()
	if ours != theirs {
		t.Fatalf("%s: chappe %q, the other %q", what, ours, theirs)
	}
	tally.Add("chappe = libolm, "+what, "equal", 1)
}
