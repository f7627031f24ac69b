package testvectors_test

import (
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// operations are the procedures that README.md describes. Those of vectors that
// do not apply have none here.
var operations = map[string]operation{
	"base64-encode":         base64Encode,
	"base64-decode":         base64Decode,
	"base64-decode-invalid": base64DecodeInvalid,
	"x25519":                x25519,
	"ed25519":               ed25519KeyPair,
	"aes-256-cbc":           aes256CBC,
	"sha256":                sha256Digest,
	"hmac-sha256":           hmacSHA256,
	"hkdf-sha256":           hkdfSHA256,
	"sha256-base64":         sha256Base64,

	"message-decode":        messageDecode,
	"message-encode":        messageEncode,
	"message-encode-header": messageEncodeHeader,

	"megolm-advance":    megolmAdvance,
	"megolm-advance-to": megolmAdvanceTo,
	"megolm-wrap":       megolmWrap,
	"megolm-wrap-via":   megolmWrapVia,

	"group-send-receive":              groupSendReceive,
	"group-decrypt":                   groupDecrypt,
	"group-late-joiner":               groupLateJoiner,
	"group-export-import":             groupExportImport,
	"group-import-later":              groupImportLater,
	"group-init-wrong-format":         groupInitWrongFormat,
	"group-import-wrong-format":       groupImportWrongFormat,
	"group-session-key-bad-signature": groupSessionKeyBadSignature,
	"group-message-bad-signature":     groupMessageBadSignature,
	"group-corrupt-base64":            groupCorruptBase64,

	"outbound-pickle-trailing":  pickleTrailing("outbound"),
	"inbound-pickle-trailing":   pickleTrailing("inbound"),
	"session-pickle-trailing":   pickleTrailing("session"),
	"account-pickle-trailing":   pickleTrailing("account"),
	"pk-pickle-trailing":        pickleTrailing("pk"),
	"session-pickle":            sessionPickle,
	"session-pickle-fields":     sessionPickleFields,
	"account-pickle":            accountPickle,
	"account-pickle-wrong-key":  accountPickleWrongKey,
	"account-pickle-legacy":     accountPickleLegacy,
	"account-pickle-upgrade":    accountPickleUpgrade,
	"session-outbound-bad-key":  sessionOutboundBadKey,
	"session-decrypt-malformed": sessionDecryptMalformed,

	"account-sign":                 accountSign,
	"olm-loopback":                 olmLoopback,
	"olm-conversation":             olmConversation,
	"olm-fallback-key":             olmFallbackKey,
	"session-replay":               sessionReplay,
	"inbound-unknown-one-time-key": inboundUnknownOneTimeKey,
	"limits":                       limits,

	"pk-encrypt":              pkEncrypt,
	"pk-decrypt":              pkDecrypt,
	"pk-decrypt-bad-mac":      pkDecryptBadMAC,
	"pk-pickle":               pkPickle,
	"pk-private-key":          pkPrivateKey,
	"pk-sign":                 pkSign,
	"ed25519-verify-tampered": ed25519VerifyTampered,

	"sas-bytes":        sasBytes,
	"sas-mac":          sasMAC,
	"sas-mac-one-side": sasMACOneSide,
	"sas-absent-key":   sasAbsentKey,

	"sealed-olm-account":     sealedValue(seal.OlmAccount, olm.OpenAccount, showAccount),
	"sealed-olm-session":     sealedValue(seal.OlmSession, olm.OpenSession, showSession),
	"sealed-megolm-outbound": sealedValue(seal.MegolmOutbound, megolm.OpenOutboundSession, showOutbound),
	"sealed-megolm-inbound":  sealedValue(seal.MegolmInbound, megolm.OpenInboundSession, showInbound),
	"sealed-replay-guard":    sealedGuard,

	"vodozemac-account":         vodozemacPickle(olm.ImportVodozemacAccount, vodozemacAccount),
	"vodozemac-session":         vodozemacPickle(olm.ImportVodozemacSession, vodozemacSession),
	"vodozemac-session-sending": vodozemacPickle(olm.ImportVodozemacSession, vodozemacSessionSending),
	"vodozemac-outbound":        vodozemacPickle(megolm.ImportVodozemacOutboundSession, vodozemacOutbound),
	"vodozemac-inbound":         vodozemacPickle(megolm.ImportVodozemacInboundSession, vodozemacInbound),
	"dehydrated-v1":             dehydratedV1,
	"dehydrated-v2":             dehydratedV2,

	"curve25519-public-key": curve25519PublicKey,
	"ed25519-public-key":    ed25519PublicKey,
	"ed25519-verify":        ed25519Verify,
}
