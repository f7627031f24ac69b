package verification

import (
	"time"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
)

// The types of the framework's events. A method has others, under the same
// namespace.
const (
	TypeRequest = "m.key.verification.request"
	TypeReady   = "m.key.verification.ready"
	TypeStart   = "m.key.verification.start"
	TypeDone    = "m.key.verification.done"
	TypeCancel  = "m.key.verification.cancel"

	// TypeRoomMessage is the type of a request in a room, whose msgtype is
	// TypeRequest.
	TypeRoomMessage = "m.room.message"

	namespace = "m.key.verification."
)

// AllDevices stands for all devices of a user in [Message.Devices], as it does in
// PUT /_matrix/client/v3/sendToDevice.
const AllDevices = "*"

// MaxContent is how long the content of an event may be, in bytes: the
// specification's bound of a whole event.
const MaxContent = 65536

// maxID is how long an id may be, in bytes.
const maxID = 255

// Event is an event as it was received, decrypted where it was encrypted.
type Event struct {
	Type   string
	Sender string // the user

	// SenderDevice is the device that encrypted the event, if the event was
	// encrypted and that is known. Otherwise it is empty.
	SenderDevice string

	// RoomID and EventID are empty for a to-device event.
	RoomID, EventID string

	// SentAt is origin_server_ts of an event in a room.
	SentAt time.Time

	// Content is the JSON of the content, byte for byte.
	Content []byte

	// ClearRelation is the JSON of m.relates_to in the clear part of an
	// encrypted event of a room, byte for byte. Other events have none. It takes
	// the place of an m.relates_to that the encrypted content lacks: the
	// specification wants it in the clear part, and both sides still count it as
	// a part of the content that is committed to. A content with another
	// relation than that is dropped.
	ClearRelation []byte
}

// Message is an event to send.
type Message struct {
	Type   string
	UserID string // the recipient

	// Devices are the recipient's devices, of a to-device event; one may be
	// [AllDevices]. The same content goes to each.
	Devices []string

	// RoomID is where to send an event of a room; it is empty for a to-device
	// event. In an encrypted room it is encrypted for all devices of the
	// recipient, unverified ones too, with m.relates_to in the clear part.
	RoomID string

	// Content is canonical JSON.
	Content []byte
}

// reference says which flow an event belongs to: by the transaction id and the
// other user, or by the room and the request's event id.
type reference struct{ user, room, id string }

func (r reference) inRoom() bool { return r.room != "" }

// member returns what every content of the flow has.
func (r reference) member() canonicaljson.Member {
	if !r.inRoom() {
		return canonicaljson.Member{Name: "transaction_id", Value: canonicaljson.Text(r.id)}
	}
	return canonicaljson.Member{Name: "m.relates_to", Value: canonicaljson.Object(
		canonicaljson.Member{Name: "rel_type", Value: canonicaljson.Text("m.reference")},
		canonicaljson.Member{Name: "event_id", Value: canonicaljson.Text(r.id)},
	)}
}

// incoming is an event that was read.
type incoming struct {
	kind      kind
	eventType string
	sender    string
	device    string // that sent it, if the event says so
	eventID   string // in a room
	ref       reference
	content   canonicaljson.Value

	methods   []string  // of a request or ready
	method    string    // of a start
	to        string    // of a request in a room
	timestamp time.Time // of a request
	code      Code      // of a cancel
	reason    string
	fault     error // what is wrong inside the content
}
