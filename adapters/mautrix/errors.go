package mautrixolm

import (
	"errors"
	"fmt"

	mautrix "maunium.net/go/mautrix/crypto/olm"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// errBlank says that a blank object was used before Unpickle filled it.
var errBlank = errors.New("mautrixolm: blank object, Unpickle was not called or failed")

// input says what was read when a call failed: one error of chappe's stands for
// several of mautrix's.
type input struct {
	malformed error
	version   error
}

var (
	ofPickle  = input{mautrix.ErrLibolmCorruptedPickle, mautrix.ErrUnknownOlmPickleVersion}
	ofMessage = input{mautrix.ErrBadMessageFormat, mautrix.ErrWrongProtocolVersion}
	ofKey     = input{mautrix.ErrLibolmBadSessionKey, mautrix.ErrLibolmBadSessionKey}
)

// sentinels pairs errors of chappe's with mautrix's.
var sentinels = []struct{ chappe, mautrix error }{
	{olm.ErrPickleKey, mautrix.ErrLibolmBadAccountKey}, // also megolm's: they are one value
	{olm.ErrLegacyPickle, mautrix.ErrLibolmBadLegacyAccountPickle},
	{olm.ErrDecrypt, mautrix.ErrBadMAC},
	{megolm.ErrDecrypt, mautrix.ErrBadMAC},
	{megolm.ErrSignature, mautrix.ErrBadSignature},
	{olm.ErrIdentityKey, mautrix.ErrBadMessageKeyID},
	{olm.ErrWrongSession, mautrix.ErrBadMessageKeyID},
	{olm.ErrMessageType, mautrix.ErrBadMessageFormat},
	{olm.ErrUnknownChain, mautrix.ErrProtocolViolation},
	{olm.ErrIndexExhausted, mautrix.ErrMsgIndexTooHigh},
	{megolm.ErrIndexExhausted, mautrix.ErrMsgIndexTooHigh},
	{keys.ErrBase64, mautrix.ErrLibolmInvalidBase64},
	{keys.ErrLength, mautrix.ErrBadInput},
	{keys.ErrInvalidKey, mautrix.ErrBadInput},
	{keys.ErrAbsent, mautrix.ErrBadInput},
	{olm.ErrKeyCount, mautrix.ErrBadInput},
	{olm.ErrTooLong, mautrix.ErrBadInput},
	{megolm.ErrTooLong, mautrix.ErrBadInput},
}

// convert returns err so that errors.Is finds mautrix's error in it too. An
// error that mautrix has no name for stays as it is.
func (in input) convert(err error) error {
	if err == nil {
		return nil
	}
	if named := in.name(err); named != nil {
		return fmt.Errorf("%w: %w", named, err)
	}
	return err
}

func (in input) name(err error) error {
	for _, pair := range sentinels {
		if errors.Is(err, pair.chappe) {
			return pair.mautrix
		}
	}
	switch e := err; {
	case is[*megolm.UnknownIndexError](e):
		return mautrix.ErrUnknownMessageIndex
	case is[*olm.UnknownOneTimeKeyError](e):
		return mautrix.ErrBadMessageKeyID
	case is[*olm.MessageGapError](e):
		return mautrix.ErrMsgIndexTooHigh
	case is[*olm.MessageKeyGoneError](e):
		return mautrix.ErrMessageKeyNotFound
	case is[*olm.VersionError](e):
		return in.version
	}
	if e, ok := errors.AsType[*olm.MalformedError](err); ok {
		if e.Why == keys.ErrBase64.Error() {
			return mautrix.ErrLibolmInvalidBase64
		}
		return in.malformed
	}
	return nil
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
