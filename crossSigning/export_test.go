package crosssigning

import "github.com/chappe-e2ee/chappe/internal/curve"

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
