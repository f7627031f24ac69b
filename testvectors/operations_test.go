package testvectors_test

import (
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/vector"
)

// operations are the procedures that are about this module alone, and those that
// judge the files of keys/ with other arithmetic. All others, and the verdicts of
// this module on keys/, are in package conformance.
var operations = map[string]vector.Operation{
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
