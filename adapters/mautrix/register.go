package mautrixolm

import mautrix "maunium.net/go/mautrix/crypto/olm"

// Register makes mautrix use chappe, in place of what was registered before. It
// must run after the initialization of maunium.net/go/mautrix/crypto, which
// registers goolm or libolm: call it from an init function of package main, or
// at the start of main. It must not run beside anything that uses mautrix's
// crypto package. Objects that were made before stay what they are, and do not
// mix with chappe's.
func Register() {
	mautrix.Driver = "chappe"
	mautrix.GetVersion = func() (major, minor, patch uint8) { return 3, 2, 13 } // the libolm whose formats these are
	// The pickle key of encoding/gob and encoding/json, which objects refuse.
	mautrix.SetPickleKeyImpl = func([]byte) {}
	registerAccount()
	registerSession()
	registerInbound()
	registerOutbound()
	registerSigning()
}

func registerAccount() {
	mautrix.InitNewAccount = newAccount
	mautrix.InitBlankAccount = func() mautrix.Account { return new(account) }
	mautrix.InitNewAccountFromPickled = func(pickled, key []byte) (mautrix.Account, error) {
		a := new(account)
		return unless[mautrix.Account](a, a.Unpickle(pickled, key))
	}
}

func registerSession() {
	mautrix.InitNewBlankSession = func() mautrix.Session { return new(session) }
	mautrix.InitSessionFromPickled = func(pickled, key []byte) (mautrix.Session, error) {
		s := new(session)
		return unless[mautrix.Session](s, s.Unpickle(pickled, key))
	}
}

func registerInbound() {
	mautrix.InitNewInboundGroupSession = newInbound
	mautrix.InitInboundGroupSessionImport = importInbound
	mautrix.InitBlankInboundGroupSession = func() mautrix.InboundGroupSession { return new(inbound) }
	mautrix.InitInboundGroupSessionFromPickled = func(pickled, key []byte) (mautrix.InboundGroupSession, error) {
		s := new(inbound)
		return unless[mautrix.InboundGroupSession](s, s.Unpickle(pickled, key))
	}
}

func registerOutbound() {
	mautrix.InitNewOutboundGroupSession = newOutbound
	mautrix.InitNewBlankOutboundGroupSession = func() mautrix.OutboundGroupSession { return new(outbound) }
	mautrix.InitNewOutboundGroupSessionFromPickled = func(pickled, key []byte) (mautrix.OutboundGroupSession, error) {
		s := new(outbound)
		return unless[mautrix.OutboundGroupSession](s, s.Unpickle(pickled, key))
	}
}

func registerSigning() {
	mautrix.InitNewPKSigning = newSigning
	mautrix.InitNewPKSigningFromSeed = signingFromSeed
}

// unless returns v, or a nil interface when there is an error.
func unless[T any](v T, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return v, nil
}

// unpickle reads a pickle with one of chappe's functions.
func unpickle[T any](read func(pickle, key []byte) (*T, error), pickled, key []byte) (*T, error) {
	switch {
	case len(key) == 0:
		return nil, mautrix.ErrNoKeyProvided
	case len(pickled) == 0:
		return nil, mautrix.ErrEmptyInput
	}
	v, err := read(pickled, key)
	return v, ofPickle.convert(err)
}
