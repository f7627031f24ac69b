package main

import (
	"github.com/chappe-e2ee/chappe/internal/dudect"
	"github.com/chappe-e2ee/chappe/olm"
)

// olmSubject hands forged messages to a session, as a peer on the network does:
// all of it is measured, from the bytes to the refusal.
func olmSubject() (subject, error) {
	session, message, err := conversation()
	if err != nil {
		return subject{}, err
	}
	return subject{"MAC comparison: olm, NewMessage and Decrypt", "first byte wrong, last byte wrong", false, dudect.Operation{
		Input: func(c dudect.Class) []byte {
			const macSize = 8
			mac := len(message) - macSize
			return append(message[:mac:mac], wrongMAC(c, message[mac:])...)
		},
		Run: func(b []byte) {
			m, err := olm.NewMessage(olm.Normal, b)
			if err == nil {
				_, err = session.Decrypt(m)
			}
			accepted = err == nil
		},
	}}, nil
}

// conversation returns Alice's session and Bob's next message to it.
func conversation() (*olm.Session, []byte, error) {
	alice, err := olm.GenerateAccount()
	if err != nil {
		return nil, nil, err
	}
	bob, err := olm.GenerateAccount()
	if err != nil {
		return nil, nil, err
	}
	if _, err := bob.GenerateOneTimeKeys(1); err != nil {
		return nil, nil, err
	}
	session, err := alice.NewOutboundSession(bob.IdentityKeys().Curve25519, bob.UnpublishedOneTimeKeys()[0].Key)
	if err != nil {
		return nil, nil, err
	}
	first, err := session.Encrypt([]byte("first"))
	if err != nil {
		return nil, nil, err
	}
	in, err := bob.NewInboundSession(alice.IdentityKeys().Curve25519, first)
	if err != nil {
		return nil, nil, err
	}
	answer, err := in.Session.Encrypt([]byte("answer"))
	if err != nil {
		return nil, nil, err
	}
	if _, err := session.Decrypt(answer); err != nil {
		return nil, nil, err
	}
	next, err := in.Session.Encrypt([]byte("next"))
	return session, next.Bytes(), err
}
