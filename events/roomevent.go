package events

const roomEventName = "events: room event"

// RoomEvent is where a room event stands, as the server says.
type RoomEvent struct {
	RoomID    string
	EventID   string
	Sender    string
	Timestamp int64 // origin_server_ts, in milliseconds
}

// ParseRoomEvent returns what [RoomSession.Open] takes, out of a room event of type
// [TypeEncrypted] as the server has it (specification, "Room event format"). roomID
// is the room that the event was found in: an answer to /sync says it around its
// events, and not in them. It may be empty where the event has a room_id.
//
// It returns [ErrType] for an event of another type, a [*MalformedError] when a
// member is missing or not of its form, or when room_id is not roomID, or what
// [ParseMegolm] returns for the content: an event that was redacted has none.
func ParseRoomEvent(event []byte, roomID string) (RoomEvent, *MegolmEncrypted, error) {
	o, err := readObject(roomEventName, event)
	if err != nil {
		return RoomEvent{}, nil, err
	}
	if err := expectText(o, "type", TypeEncrypted, ErrType); err != nil {
		return RoomEvent{}, nil, err
	}
	e := RoomEvent{RoomID: roomID}
	if roomID == "" {
		e.RoomID, err = o.text("room_id")
	} else if o.get("room_id") != nil {
		err = expectText(o, "room_id", roomID, malformed(roomEventName, "room_id is not that of the room"))
	}
	if err != nil {
		return RoomEvent{}, nil, err
	}
	if e.EventID, err = o.text("event_id"); err != nil {
		return RoomEvent{}, nil, err
	}
	if e.Sender, err = o.text("sender"); err != nil {
		return RoomEvent{}, nil, err
	}
	timestamp, err := o.value("origin_server_ts")
	if err != nil {
		return RoomEvent{}, nil, err
	}
	var ok bool
	if e.Timestamp, ok = timestamp.Int(); !ok {
		return RoomEvent{}, nil, malformed(roomEventName, "origin_server_ts is not an integer")
	}
	content, err := ParseMegolm(o.get("content"))
	if err != nil {
		return RoomEvent{}, nil, err
	}
	return e, content, nil
}
