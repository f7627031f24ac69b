package conformance_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/testvectors/conformance"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/chappe"
)

// saver stores its objects in a form of its own, which is no pickle. With
// forgets, what it loads is an object from the beginning.
type saver struct {
	bare
	forgets bool
}

var saverKey = []byte("a key of its own")

type savedAccount struct{ conformance.Account }

func (s savedAccount) Save() ([]byte, error) {
	return s.Account.(conformance.Pickler).Pickle(saverKey)
}

type savedSession struct{ conformance.Session }

func (s savedSession) Save() ([]byte, error) {
	return s.Session.(conformance.Pickler).Pickle(saverKey)
}

type savedOutbound struct{ conformance.OutboundGroup }

func (s savedOutbound) Save() ([]byte, error) {
	return s.OutboundGroup.(conformance.Pickler).Pickle(saverKey)
}

type savedInbound struct{ conformance.InboundGroup }

func (s savedInbound) Save() ([]byte, error) {
	return s.InboundGroup.(conformance.Pickler).Pickle(saverKey)
}

func (s savedAccount) NewOutboundSession(identityKey, oneTimeKey string) (conformance.Session, error) {
	made, err := s.Account.NewOutboundSession(identityKey, oneTimeKey)
	return savedSession{made}, err
}

func (s savedAccount) NewInboundSession(identityKey, body string) (conformance.Session, []byte, error) {
	made, plaintext, err := s.Account.NewInboundSession(identityKey, body)
	return savedSession{made}, plaintext, err
}

func (s saver) NewAccount() (conformance.Account, error) {
	a, err := s.bare.NewAccount()
	return savedAccount{a}, err
}

func (s saver) NewOutboundGroup() (conformance.OutboundGroup, error) {
	o, err := s.bare.NewOutboundGroup()
	return savedOutbound{o}, err
}

func (s saver) NewInboundGroup(key string) (conformance.InboundGroup, error) {
	i, err := s.bare.NewInboundGroup(key)
	return savedInbound{i}, err
}

func (s saver) ImportInboundGroup(export string) (conformance.InboundGroup, error) {
	i, err := s.bare.ImportInboundGroup(export)
	return savedInbound{i}, err
}

func (s saver) LoadAccount(saved []byte) (conformance.Account, error) {
	if s.forgets {
		return s.NewAccount()
	}
	a, err := chappe.Implementation{}.UnpickleAccount(saved, saverKey)
	return savedAccount{a}, err
}

func (saver) LoadSession(saved []byte) (conformance.Session, error) {
	made, err := chappe.Implementation{}.UnpickleSession(saved, saverKey)
	return savedSession{made}, err
}

func (s saver) LoadOutboundGroup(saved []byte) (conformance.OutboundGroup, error) {
	if s.forgets {
		return s.NewOutboundGroup()
	}
	o, err := chappe.Implementation{}.UnpickleOutboundGroup(saved, saverKey)
	return savedOutbound{o}, err
}

func (saver) LoadInboundGroup(saved []byte) (conformance.InboundGroup, error) {
	i, err := chappe.Implementation{}.UnpickleInboundGroup(saved, saverKey)
	return savedInbound{i}, err
}

// TestSaver holds that scenarios restart from a form of one's own, and that it
// is seen when the form loses something, directly and behind lines.
func TestSaver(t *testing.T) {
	ours := bare{new(chappe.Replaying)}
	lines, forgetful := behindLines(t, saver{bare: ours}), behindLines(t, saver{ours, true})
	restarted, noticed := 0, 0
	for _, c := range conformance.Cases() {
		if !strings.HasSuffix(c.ID, "-restarted") || strings.Contains(c.ID, "-gap") {
			continue
		}
		var missing *conformance.NotRunError
		if err := c.Run(saver{bare: ours}); err != nil {
			require.ErrorAs(t, err, &missing, c.ID)
			require.Equal(t, "no verification of signatures", missing.Reason, c.ID)
			continue
		}
		restarted++
		require.NoError(t, c.Run(lines), c.ID)
		for _, i := range []conformance.Implementation{saver{ours, true}, forgetful} {
			if err := c.Run(i); err != nil {
				require.NotErrorAs(t, err, &missing, c.ID)
				noticed++
			}
		}
	}
	require.Equal(t, 33, restarted)
	require.Equal(t, 2*28, noticed, "the other five need nothing that was stored")
}
