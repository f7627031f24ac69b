//go:build linux && !purego

package sas_test

import (
	"crypto/fips140"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

// Where the Go runtime forbids X25519, no key pair is made and none used, and no
// exchange goes on.
func TestForbiddenX25519(t *testing.T) {
	failtest.UnderFIPS(t, func() {
		var k *sas.KeyPair
		var p *peer
		var accept []byte
		var with verification.Parties
		fips140.WithoutEnforcement(func() {
			k, p, with = pair(t, alicePrivate), newPeer(t, sas.Method{}, true), parties(t)
			accept = marshal(t, p.accept())
		})
		refused(t, sas.Generate)
		refused(t, func() (*sas.Established, error) { return k.Agree(key(t, bobPublic)) }, subject{k})
		refused(t, func() (verification.Step, error) { return p.exchange.Receive(sas.TypeAccept, accept) }, exchangeSubject{p.exchange})
		refused(t, func() (verification.Exchange, error) {
			e, step, err := sas.Method{}.New(with, verification.Start{Content: []byte(fullStart)})
			require.Zero(t, step)
			return e, err
		}, failtest.Input(fullStart))
	})
}
