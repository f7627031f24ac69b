package crosssigning

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/curve"
)

// Facts, in the order of the columns of the truth tables.

func TrustInUser(refused, hasIdentity bool, pin byte, wasVerified, ownVerified, signedByOurs bool) UserTrust {
	return userFacts{refused, hasIdentity, pinState(pin), wasVerified, ownVerified, signedByOurs}.trust()
}

func TrustInOurselves(refused, hasIdentity bool, pin byte, wasVerified, holdsMaster, signedByDevice bool) UserTrust {
	return ownFacts{refused, hasIdentity, pinState(pin), wasVerified, holdsMaster, signedByDevice}.trust()
}

func TrustInDevice(user UserTrust, blocked, compared, crossSigned bool) DeviceTrust {
	return deviceFacts{user, blocked, compared, crossSigned}.trust()
}

// SigningKey returns a private key as it lies in memory.
func (p *PrivateKeys) SigningKey(usage Usage) *curve.SigningKey { return p.keys[usage] }

// State returns the private keys as they lie in memory, in plain.
func (p *PrivateKeys) State() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := fmt.Appendf(nil, "%s %t %s %v", p.userID, p.live, p.own.State(), p.public)
	for _, k := range p.keys {
		if k != nil {
			b = append(b, k.Expanded()[:]...)
		}
	}
	return b
}

// Secrets returns the private keys in both forms.
func (p *PrivateKeys) Secrets() (list [][]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range p.keys {
		if k != nil {
			list = append(list, k.Expanded()[:])
			if seed := k.Seed(); seed != nil {
				list = append(list, seed[:])
			}
		}
	}
	return list
}

// State returns a user in plain.
func (u *User) State() []byte {
	b := fmt.Appendf(u.identity.State(), "%s %v", u.id, u.crossSigned)
	for _, d := range u.devices {
		b = append(b, d.State()...)
	}
	return b
}

// State returns an identity in plain.
func (i *Identity) State() []byte {
	i = i.orNone()
	b := fmt.Appendf(nil, "%+v", i.clash)
	for _, k := range []*PublicKey{i.master, i.selfSigning, i.userSigning} {
		b = append(b, k.Object().State()...)
	}
	return b
}

// State returns a device in plain.
func (d *DeviceKeys) State() []byte {
	return fmt.Appendf(d.Object().State(), "%s %s %s %s", d.UserID(), d.DeviceID(), d.Ed25519(), d.Curve25519())
}

// State returns an object in plain.
func (o Object) State() []byte { return o.value.AppendTo(nil) }
