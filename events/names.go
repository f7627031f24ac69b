package events

import (
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// Types of events, as they stand in an event's type.
const (
	TypeEncrypted        = "m.room.encrypted"
	TypeRoomKey          = "m.room_key"
	TypeForwardedRoomKey = "m.forwarded_room_key"
	TypeRoomKeyRequest   = "m.room_key_request"
	TypeWithheld         = "m.room_key.withheld"
	TypeDummy            = "m.dummy"
	TypeSecretRequest    = "m.secret.request"
	TypeSecretSend       = "m.secret.send"

	// TypeLegacyWithheld is the name that m.room_key.withheld had before it was
	// specified. Some clients send both.
	TypeLegacyWithheld = "org.matrix.room_key.withheld"
)

// The algorithms that this package takes, and no others.
var (
	olmAlgorithm    = olm.V1.Algorithm()
	megolmAlgorithm = megolm.V1.Algorithm()
)
