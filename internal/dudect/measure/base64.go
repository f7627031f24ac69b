package main

import (
	"github.com/chappe-e2ee/chappe/internal/ct64"
	"github.com/chappe-e2ee/chappe/internal/dudect"
)

// secretSize is about that of an exported Megolm session, in bytes.
const secretSize = 168

func base64Subjects() []subject {
	const classes = "zeros, random"
	secret := func(c dudect.Class) []byte { return zerosOrRandom(c, secretSize) }
	text := func(c dudect.Class) []byte { return ct64.AppendEncode(nil, secret(c)) }
	encoded, decoded := make([]byte, 0, ct64.EncodedLen(secretSize)), make([]byte, secretSize)
	return []subject{
		{"base64 decode: internal/ct64", classes, false, dudect.Operation{
			Input: text, Run: func(b []byte) { accepted = ct64.Decode(decoded, b) == nil },
		}},
		{"base64 decode: control, a branch on each symbol", classes, true, dudect.Operation{
			Input: text, Run: func(b []byte) { accepted = branchyDecode(decoded, b) },
		}},
		{"base64 encode: internal/ct64", classes, false, dudect.Operation{
			Input: secret, Run: func(b []byte) { encoded = ct64.AppendEncode(encoded[:0], b) },
		}},
		{"base64 encode: control, a branch on each symbol", classes, true, dudect.Operation{
			Input: secret, Run: func(b []byte) { encoded = branchyEncode(encoded[:0], b) },
		}},
	}
}
