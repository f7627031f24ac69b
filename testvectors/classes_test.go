package testvectors_test

import (
	"bytes"
	"errors"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/pk"
)

// classes are the error classes of README.md, with what says that an error of
// this module belongs to one. Exactly one must say so.
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

func as[T error](err error) (T, bool) {
	var e T
	return e, errors.As(err, &e)
}

// what returns what was malformed, or had the wrong version, and why.
func what(err error) (what, why string) {
	if e, ok := as[*olm.MalformedError](err); ok {
		return e.What, e.Why
	}
	if e, ok := as[*olm.VersionError](err); ok {
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
	_, malformed := as[*olm.MalformedError](err)
	what, _ := what(err)
	return malformed && strings.HasSuffix(what, "message") && !isBase64(err)
}

func isVersion(err error) bool {
	_, version := as[*olm.VersionError](err)
	what, _ := what(err)
	return version && strings.HasSuffix(what, "message")
}

func isMAC(err error) bool {
	return errors.Is(err, olm.ErrDecrypt) || errors.Is(err, megolm.ErrDecrypt) || errors.Is(err, pk.ErrDecrypt)
}

func isMessageKeyGone(err error) bool {
	_, ok := as[*olm.MessageKeyGoneError](err)
	return ok
}

func isMessageGap(err error) bool {
	_, ok := as[*olm.MessageGapError](err)
	return ok
}

func isSignature(err error) bool {
	return errors.Is(err, keys.ErrSignature) || errors.Is(err, megolm.ErrSignature)
}

func isUnknownIndex(err error) bool {
	_, ok := as[*megolm.UnknownIndexError](err)
	return ok
}

func isUnknownOneTimeKey(err error) bool {
	_, ok := as[*olm.UnknownOneTimeKeyError](err)
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

// refused demands that err is of one class and of no other.
func refused(class string, err error) {
	_, known := classes[class]
	check(known, "unknown error class %q", class)
	check(err != nil, "accepted, and should be refused as %s", class)
	for name, is := range classes {
		check(is(err) == (name == class), "should be refused as %s, class %s says otherwise: %w", class, name, err)
	}
}

// stateful is a value whose whole state can be seen.
type stateful interface {
	ExportLibolm(pickleKey []byte) ([]byte, error)
	Revision() uint64
}

// state returns the raw pickle of a value.
func state(s stateful) []byte {
	p, err := s.ExportLibolm(nil)
	if _, lossy := as[*olm.LossyPickleError](err); lossy {
		p, err = s.(interface{ ExportLibolmLossy([]byte) ([]byte, error) }).ExportLibolmLossy(nil)
	}
	ok(err)
	return unpickle(string(p), nil)
}

// unchanged demands that a call is refused, and that s is afterwards as it was.
func unchanged(s stateful, class string, f func() error) {
	before, revision := state(s), s.Revision()
	refused(class, f())
	check(bytes.Equal(before, state(s)) && revision == s.Revision(), "the refused call changed something")
}
