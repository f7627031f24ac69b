package main

// A ban is an import that rooms do not have, but for some that have a reason.
type ban struct {
	why    string
	except map[string]string // by folder
}

var imports = map[string]ban{
	"encoding/base64": {"it looks symbols up in tables: internal/ct64 for secrets, internal/b64 for public text", map[string]string{
		"internal/b64": "public text only",
	}},
	"encoding/hex": {"it looks digits up in a table", map[string]string{
		"secretstorage": "salts, which are public",
		"verification":  "transaction ids, which are public",
	}},
	"encoding/base32":  {why: "it looks symbols up in tables"},
	"encoding/ascii85": {why: "it divides and branches"},
	"math/rand":        {why: "randomness is crypto/rand"},
	"math/rand/v2":     {why: "randomness is crypto/rand"},
	"unsafe":           {why: "memory safety is the compiler's"},
}

const structure = "the structure of JSON text is not secret; inside of strings it looks for the end only"

// mayCompare lists the functions that may compare bytes of what is secret, with
// the reason.
var mayCompare = map[string]string{
	"backup.(*extent).scan": structure,
	"backup.blank":          structure,
	"backup.lineEnd":        structure,
	"events.quote":          "secrets are base64, of which every byte takes the same path",
	"megolm.decodeShared":   "the version of a session key is not secret",
}

const (
	trial = "a trial works on a copy, which is wiped, and replaces the state once all checks passed"
	own   = "the new value has a secret of its own, which it wipes"
	moved = "a list is made long enough before, and what it leaves behind is wiped"
)

// mayCopy lists the functions that may copy values that hold a secret, with the
// reason.
var mayCopy = map[string]string{
	"attachment.File.material": "no pass over a file holds the lock; every caller wipes its copy",

	"megolm.(*InboundSession).doAdvanceTo":   trial,
	"megolm.(*InboundSession).compare":       trial,
	"megolm.(*InboundSession).doMerge":       trial,
	"megolm.(*InboundSession).snapshot":      "no two locks are held at once; the caller wipes it",
	"megolm.(*inboundState).at":              trial,
	"megolm.(*inboundState).latestRatchet":   trial,
	"megolm.doNewInboundSession":             own,
	"megolm.doImportInboundSession":          own,
	"megolm.(*OutboundSession).doSessionKey": own,

	"olm.(*receiverChain).ahead":           trial,
	"olm.(*receiverChain).replace":         trial,
	"olm.(*receiverChain).remove":          moved,
	"olm.(*Account).doGenerateOneTimeKeys": moved,
	"olm.(*Account).doGenerateFallbackKey": moved,
	"olm.(*Account).consume":               moved,
	"olm.(*Account).readVodozemacOneTime":  moved,
	"olm.(*Account).sortOneTime":           moved,
	"olm.(*Session).readVodozemacReceiver": moved,
	"olm.(*Session).readLibolm":            moved,
	"olm.(*Account).readVodozemacFallback": moved,
	"olm.newKey":                           "its callers keep the key, or wipe it",
}
