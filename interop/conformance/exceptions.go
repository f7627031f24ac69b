package conformance

import "github.com/chappe-e2ee/chappe/testvectors/conformance"

// LibolmExceptions are the cases that libolm fails, each with what it says and
// why. The vectors among them say so themselves, in their member "differs".
var LibolmExceptions = []conformance.Exception{
	except("libolm/megolm/megolm-overflow-by-one", "accepted, and should be refused as unknown-index", wraps),
	except("libolm/megolm/megolm-wraparound", "accepted, and should be refused as unknown-index", wraps),
	except("libolm/megolm/megolm-overflow", "UNKNOWN_MESSAGE_INDEX", "the latest ratchet went past the wrap: "+wraps),
	except("libolm/olm-decrypt/malformed-2*", "should be refused as base64, and is of [\"malformed\"]", lax),
	except("libolm/olm-decrypt/malformed-[34]", "should be refused as base64, and is of [\"malformed\"]", lax),
	except("libolm/olm-decrypt/malformed-[34]-as-type-1", "should be refused as base64, and is of [\"version\"]", lax),
	except("libolm/pickles/session-create-outbound-bad-key-length", "should be refused as key, and is of [\"base64\"]", oneCode),
	except("libolm/sas/sas-their-key-not-set", "accepted, and should be refused as key", anyKey),
	except("keys/verify-all-zero", "expected.strict: is true", anyKey),
	except("keys/verify-key-identity*", "expected.strict: is true", anyKey),
	except("keys/verify-key-order-8-k-multiple-of-8", "expected.strict: is true", anyKey),
	except("keys/verify-r-identity", "expected.strict: is true", anyKey),
	except("keys/verify-s-plus-l", "expected.strict: is true", "S is not compared with the order of the group"),
	except("scenario/olm-bad-base64*", "should be refused as base64, and is of [\"mac\"", lax),
	except("scenario/account-forged-version*", "accepted, and should be refused as version", "the version of a pre-key message is not looked at"),
	except("scenario/account-low-order-keys*", "accepted, and should be refused as key", anyKey),
	except("scenario/account-bad-keys*", "should be refused as key, and is of [\"base64\"]", oneCode),
	except("scenario/account-bad-base64*", "accepted, and should be refused as base64", lax),
	except("scenario/megolm-bad-base64*", "should be refused as base64, and is of [\"signature\"]", lax),
}

const (
	wraps   = "the Megolm index wraps from 2^32 - 1 to 0"
	lax     = "every byte is taken for a symbol of base64"
	oneCode = "INVALID_BASE64 is also what a key of another length is"
	anyKey  = "absent keys and keys of low order are taken"
)

// GoolmExceptions are the cases that goolm fails, each with what it says and
// why.
var GoolmExceptions = []conformance.Exception{
	except("libolm/group-session/pickle-*-junk", "accepted, and should be refused as pickle-trailing", trailing),
	except("libolm/pickles/account-pickle-junk", "accepted, and should be refused as pickle-trailing", trailing),
	except("libolm/pickles/session-pickle-junk", "accepted, and should be refused as pickle-trailing", trailing),
	except("libolm/group-session/send-receive", "expected.session_id_b64", "an outbound session takes its random bytes in another order"),
	except("libolm/megolm/megolm-overflow-by-one", "accepted, and should be refused as unknown-index", wraps),
	except("libolm/megolm/megolm-wraparound", "accepted, and should be refused as unknown-index", wraps),
	except("libolm/megolm/megolm-overflow", "earlier than our earliest known session key", "the latest ratchet went past the wrap: "+wraps),
	except("libolm/olm-decrypt/malformed-2-as-type-1", "input too small", "the length is looked at before the version"),
	except("libolm/olm-decrypt/session-pickle-empty-key", "no key provided", noEmptyKey),
	except("libolm/pickles/account-pickle-v3", "no key provided", noEmptyKey),
	except("libolm/pickles/account-pickle-v4-42-otks", "expected.one_time_keys_utf8", fromZero),
	except("libolm/session/fallback-key", "expected.fallback_key_1_utf8", fromZero),
	except("libolm/session/*loopback", "expected.bob_one_time_keys_utf8", fromZero),
	except("libolm/session/more-messages", "expected.messages[0].message_b64", "the fields of a pre-key message stand in another order"),
	except("libolm/probes/libolm-limits", "expected.skipped.describe_utf8", "skipped message keys are kept oldest first"),
	except("scenario/olm-bad-base64*", "accepted, and should be refused as base64", lineBreaks),
	except("scenario/megolm-bad-base64*", "accepted, and should be refused as base64", lineBreaks),
	except("scenario/*-empty-plaintext*", "empty input", "an empty plaintext is not encrypted"),
	except("scenario/megolm-bad-session-key*", "should be refused as session-key, and is of [\"signature\"]", "the signature is looked at before the version"),
}

const (
	trailing   = "bytes after the end of a pickle are not seen"
	noEmptyKey = "an empty pickle key is not taken"
	fromZero   = "one-time keys are numbered from 0"
	lineBreaks = "line breaks in base64 are left out"
)

// VodozemacExceptions are the cases that vodozemac fails, each with what it says
// and why.
var VodozemacExceptions = []conformance.Exception{
	except("libolm/group-session/export-import", "not verified by a message", byKeyOnly),
	except("libolm/group-session/import-later-index-export-earlier", "not verified by a message", byKeyOnly),
	except("libolm/group-session/init-from-export-format", "not verified by a message", byKeyOnly),
	except("libolm/pickles/account-pickle-v3", "expected 4, got 3", newestOnly),
	except("libolm/pickles/session-pickle-v2", "expected 1, got 2147483649", newestOnly),
	except("scenario/megolm-export*", "not verified by a message", byKeyOnly),
}

const (
	byKeyOnly  = "an imported session is not verified by a message"
	newestOnly = "of libolm's pickles the newest versions are read"
)

func except(cases, says, reason string) conformance.Exception {
	return conformance.Exception{Cases: cases, Says: says, Reason: reason}
}
