//go:build goolm

// Command example is the whole of what a program on mautrix changes to use
// chappe. It prints the driver that mautrix has when main starts:
//
//	go run -tags goolm ./example
package main

import (
	"fmt"

	_ "maunium.net/go/mautrix/crypto" // as any program on mautrix does, by its crypto helper
	"maunium.net/go/mautrix/crypto/olm"

	mautrixolm "github.com/chappe-e2ee/chappe/adapters/mautrix"
)

func init() { mautrixolm.Register() }

func main() { fmt.Println(olm.Driver) }
