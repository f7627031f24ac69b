package crosssigning_test

import (
	"encoding/binary"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/parallel"
	"github.com/chappe-e2ee/chappe/keys"
)

const benchDevices = 10_000

// primitive is what one signature costs at least.
type primitive struct {
	text, curve, signature []byte
	message                []byte
}

// benchResponse returns a response of 10,000 devices of 1,000 users, and the
// primitives in it: a public key and a signature for each device.
var benchResponse = sync.OnceValues(func() ([]string, struct {
	response   []byte
	primitives []primitive
}) {
	var out struct {
		response   []byte
		primitives []primitive
	}
	var users []string
	out.response = []byte(`{"device_keys":{`)
	for n := range benchDevices {
		userID := fmt.Sprintf("@user%04d:example.org", n/10)
		if n%10 == 0 {
			if n > 0 {
				out.response = append(out.response, `},`...)
			}
			users = append(users, userID)
			out.response = fmt.Appendf(out.response, "%q:{", userID)
		} else {
			out.response = append(out.response, ',')
		}
		one := seed(1, 1)
		binary.BigEndian.PutUint32(one, uint32(n))
		two := seed(2, 2)
		binary.BigEndian.PutUint32(two, uint32(n))
		s := newSigner(one)
		d := crosssigning.LocalDevice{
			UserID: userID, DeviceID: fmt.Sprintf("DEVICE%05d", n), Algorithms: []string{olmV1, megolmV1},
			Ed25519: s.public(), Curve25519: curveKey(nil, two), Signer: s,
		}
		k, err := d.Keys()
		if err != nil {
			panic(err)
		}
		o := k.Object()
		text, err := o.MarshalJSON()
		if err != nil {
			panic(err)
		}
		var signature keys.Signature
		if signature, err = s.Sign(o.AppendSigned(nil)); err != nil {
			panic(err)
		}
		out.response = fmt.Appendf(out.response, `%q:{"unsigned":{"device_display_name":"A device of someone"},`, d.DeviceID)
		out.response = append(out.response, text[1:]...)
		out.primitives = append(out.primitives, primitive{
			text: []byte(d.Ed25519.String()), curve: []byte(d.Curve25519.String()),
			signature: []byte(signature.String()), message: o.AppendSigned(nil),
		})
	}
	out.response = append(out.response, `}}}`...)
	return users, out
})

// BenchmarkVerify10000Devices reads a whole response to /keys/query. Beside it
// stand its primitives: parsing and checking both public keys, and one strict
// Ed25519 verification of a ready message, for each device.
func BenchmarkVerify10000Devices(b *testing.B) {
	users, made := benchResponse()
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("query/workers=%d", workers), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(made.response)))
			for b.Loop() {
				result, err := crosssigning.NewQuery(users...).Check(made.response, nil, workers)
				require.NoError(b, err)
				require.Empty(b, result.Refused)
				require.Len(b, result.Users, len(users))
			}
		})
		b.Run(fmt.Sprintf("primitives/workers=%d", workers), func(b *testing.B) {
			for b.Loop() {
				parallel.Do(len(made.primitives), workers, func(i int) {
					p := &made.primitives[i]
					var ed keys.Ed25519
					var curve keys.Curve25519
					var signature keys.Signature
					if ed.UnmarshalText(p.text) != nil || curve.UnmarshalText(p.curve) != nil ||
						signature.UnmarshalText(p.signature) != nil || ed.Verify(p.message, signature) != nil {
						panic("crosssigning: internal error: benchmark")
					}
				})
			}
		})
	}
}

func BenchmarkJudge(b *testing.B) {
	s := newScene(b)
	u := newUser(b, bob, s.signed, signDevice(b, s.bobs, deviceKeys(b, localDevice(b, bob, "DEV", 3))))
	b.Run("user", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if s.self[true].Judge(u, crosssigning.Pin{}).Trust() != crosssigning.UserVerified {
				b.Fatal("not verified")
			}
		}
	})
	verdict := s.self[true].Judge(u, crosssigning.Pin{})
	b.Run("device", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if verdict.DeviceTrust("DEV", crosssigning.Mark{}) != crosssigning.DeviceVerified {
				b.Fatal("not verified")
			}
		}
	})
}

func BenchmarkSignOneTimeKeys50(b *testing.B) {
	d := localDevice(b, alice, "DEV", 1)
	list := make([]struct {
		ID  keys.ID
		Key keys.Curve25519
	}, 50)
	for i := range list {
		list[i].ID, list[i].Key = keys.NewID(uint32(i)), curveKey(b, seed(byte(i), 3))
	}
	b.ReportAllocs()
	for b.Loop() {
		signed, err := crosssigning.SignOneTimeKeys(d, crosssigning.SignedCurve25519, list)
		require.NoError(b, err)
		_, err = crosssigning.KeysUpload{Keys: signed}.MarshalJSON()
		require.NoError(b, err)
	}
}
