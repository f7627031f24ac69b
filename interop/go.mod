module github.com/chappe-e2ee/chappe/interop

go 1.26.0

// The Go implementations draw all randomness from crypto/rand.Reader, so that
// a run follows from its seed.
godebug cryptocustomrand=1

require (
	github.com/chappe-e2ee/chappe v0.0.0-00010101000000-000000000000
	maunium.net/go/mautrix v0.30.0
)

require (
	filippo.io/edwards25519 v1.2.0 // indirect
	github.com/tidwall/gjson v1.19.0 // indirect
	github.com/tidwall/match v1.1.1 // indirect
	github.com/tidwall/pretty v1.2.1 // indirect
	github.com/tidwall/sjson v1.2.5 // indirect
	go.mau.fi/util v0.10.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/chappe-e2ee/chappe => ../
