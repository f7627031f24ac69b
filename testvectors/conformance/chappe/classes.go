package chappe

import (
	"errors"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/testvectors/conformance"
)

// classes say that an error of this module belongs to a class.
var classes = map[string]func(error) bool{
	"base64":               isBase64,
	"key":                  isKey,
	"malformed":            isMalformed,
	"version":              isVersion,
	"mac":                  isMAC,
	"message-key-gone":     isMessageKeyGone,
	"message-gap":          isMessageGap,
	"signature":            isSignature,
	"unknown-index":        isUnknownIndex,
	"unknown-one-time-key": isUnknownOneTimeKey,
	"session-key":          isSessionKey,
	"pickle-key":           isPickleKey,
	"pickle-legacy":        isPickleLegacy,
	"pickle-trailing":      isPickleTrailing,
}

// Classes implements [conformance.Implementation]: it returns one class, or
// none.
func (Implementation) Classes(err error) []string {
	var found []string
	for _, class := range conformance.Classes {
		if classes[class](err) {
			found = append(found, class)
		}
	}
	return found
}

// ErrorNumbers implements [conformance.Numbers].
func (Implementation) ErrorNumbers(err error) map[string]uint32 {
	if e, ok := errors.AsType[*megolm.UnknownIndexError](err); ok {
		return map[string]uint32{"first_known_index": e.FirstKnown, "requested_index": e.Got}
	}
	if e, ok := errors.AsType[*olm.MessageKeyGoneError](err); ok {
		return map[string]uint32{"index": e.Index}
	}
	if e, ok := errors.AsType[*olm.MessageGapError](err); ok {
		return map[string]uint32{"gap": e.Got - e.Next}
	}
	return nil
}

// what returns what was malformed, or had the wrong version, and why.
func what(err error) (what, why string) {
	if e, ok := errors.AsType[*olm.MalformedError](err); ok {
		return e.What, e.Why
	}
	if e, ok := errors.AsType[*olm.VersionError](err); ok {
		return e.What, "version"
	}
	return "", ""
}

func isBase64(err error) bool {
	_, why := what(err)
	return errors.Is(err, keys.ErrBase64) || why == b64.ErrBase64.Error()
}

func isKey(err error) bool {
	return errors.Is(err, keys.ErrLength) || errors.Is(err, keys.ErrInvalidKey) || errors.Is(err, keys.ErrAbsent)
}

// isMalformed is what is wrong with the form of a message.
func isMalformed(err error) bool {
	_, malformed := errors.AsType[*olm.MalformedError](err)
	what, _ := what(err)
	return malformed && strings.HasSuffix(what, "message") && !isBase64(err)
}

func isVersion(err error) bool {
	_, version := errors.AsType[*olm.VersionError](err)
	what, _ := what(err)
	return version && strings.HasSuffix(what, "message")
}

func isMAC(err error) bool {
	return errors.Is(err, olm.ErrDecrypt) || errors.Is(err, megolm.ErrDecrypt) || errors.Is(err, pk.ErrDecrypt)
}

func isMessageKeyGone(err error) bool {
	_, ok := errors.AsType[*olm.MessageKeyGoneError](err)
	return ok
}

func isMessageGap(err error) bool {
	_, ok := errors.AsType[*olm.MessageGapError](err)
	return ok
}

func isSignature(err error) bool {
	return errors.Is(err, keys.ErrSignature) || errors.Is(err, megolm.ErrSignature)
}

func isUnknownIndex(err error) bool {
	_, ok := errors.AsType[*megolm.UnknownIndexError](err)
	return ok
}

func isUnknownOneTimeKey(err error) bool {
	_, ok := errors.AsType[*olm.UnknownOneTimeKeyError](err)
	return ok
}

// isSessionKey is a Megolm session key or export of another length or version.
func isSessionKey(err error) bool {
	what, why := what(err)
	if what != "megolm: session key" && what != "megolm: exported session" {
		return false
	}
	return why == "version" || strings.HasSuffix(why, "bytes long")
}

func isPickleKey(err error) bool { return errors.Is(err, olm.ErrPickleKey) }

func isPickleLegacy(err error) bool { return errors.Is(err, olm.ErrLegacyPickle) }

func isPickleTrailing(err error) bool {
	what, why := what(err)
	return strings.Contains(what, "pickle") && why == "trailing data"
}
