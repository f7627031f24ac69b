package events

import (
	"bytes"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/keys"
)

const (
	keyRequestName    = "events: m.room_key_request"
	secretRequestName = "events: m.secret.request"

	actionRequest = "request"
	actionCancel  = "request_cancellation"
)

// request is what requests for keys and for secrets have in common.
type request struct {
	raw                 []byte
	requestID, deviceID string
	cancel              bool
}

func readRequest(what string, text []byte) (request, object, error) {
	o, err := copyObject(what, text)
	if err != nil {
		return request{}, o, err
	}
	r := request{raw: o.raw}
	action, err := o.text("action")
	if err != nil {
		return request{}, o, err
	}
	switch action {
	case actionRequest:
	case actionCancel:
		r.cancel = true
	default:
		return request{}, o, malformed(what, "unknown action")
	}
	if r.requestID, err = o.text("request_id"); err != nil {
		return request{}, o, err
	}
	if r.deviceID, err = o.text("requesting_device_id"); err != nil {
		return request{}, o, err
	}
	return r, o, nil
}

// newRequest returns the text of a request, nil when an id is not valid UTF-8.
func newRequest(action, requestID, deviceID string, more ...canonicaljson.Member) []byte {
	return canonicaljson.Object(append(more,
		textMember("action", action),
		textMember("request_id", requestID),
		textMember("requesting_device_id", deviceID),
	)...).AppendTo(nil)
}

// RequestID returns the id of the request. A cancellation has the same.
func (r request) RequestID() string { return r.requestID }

// DeviceID returns the id of the device that asks, as the event says.
func (r request) DeviceID() string { return r.deviceID }

// IsCancellation says whether the event takes an earlier request back.
func (r request) IsCancellation() bool { return r.cancel }

func (r request) marshal(what string) ([]byte, error) {
	if r.raw == nil {
		return nil, fmt.Errorf("%s: %w", what, keys.ErrAbsent)
	}
	return bytes.Clone(r.raw), nil
}

// RoomKeyRequest is the content of an m.room_key_request event, which is not
// encrypted: anyone can have written it. It is immutable.
type RoomKeyRequest struct {
	request
	algorithm, roomID, sessionID string
}

// ParseRoomKeyRequest returns the content of an event of type
// [TypeRoomKeyRequest]. What a cancellation says beyond the request id is not
// looked into. It returns a [*MalformedError]. A request for a key of another
// algorithm is taken: nobody has such a key.
func ParseRoomKeyRequest(content []byte) (*RoomKeyRequest, error) {
	r, o, err := readRequest(keyRequestName, content)
	if err != nil {
		return nil, err
	}
	k := &RoomKeyRequest{request: r}
	if r.cancel {
		return k, nil
	}
	body, err := o.object("body")
	if err != nil {
		return nil, err
	}
	if k.algorithm, err = body.text("algorithm"); err != nil {
		return nil, err
	}
	if k.roomID, err = body.text("room_id"); err != nil {
		return nil, err
	}
	if k.sessionID, err = body.text("session_id"); err != nil {
		return nil, err
	}
	return k, nil
}

// NewRoomKeyRequest returns a request of a device of ours for the key of a
// Megolm session, to be sent to the user's other devices. requestID is a new
// random text. It returns a [*MalformedError] when a text is empty or not valid
// UTF-8.
func NewRoomKeyRequest(requestID, deviceID, roomID, sessionID string) (*RoomKeyRequest, error) {
	return ParseRoomKeyRequest(newRequest(actionRequest, requestID, deviceID,
		canonicaljson.Member{Name: "body", Value: canonicaljson.Object(
			textMember("algorithm", megolmAlgorithm), textMember("room_id", roomID), textMember("session_id", sessionID))}))
}

// Cancellation returns the event that takes the request back.
func (r *RoomKeyRequest) Cancellation() (*RoomKeyRequest, error) {
	return ParseRoomKeyRequest(newRequest(actionCancel, r.requestID, r.deviceID))
}

// Algorithm returns the algorithm of the session, nothing in a cancellation.
func (r *RoomKeyRequest) Algorithm() string { return r.algorithm }

// RoomID returns the room of the session, nothing in a cancellation.
func (r *RoomKeyRequest) RoomID() string { return r.roomID }

// SessionID returns the id of the session, nothing in a cancellation.
func (r *RoomKeyRequest) SessionID() string { return r.sessionID }

// MarshalJSON returns the content with all its members.
func (r *RoomKeyRequest) MarshalJSON() ([]byte, error) { return r.marshal(keyRequestName) }

// SecretRequest is the content of an m.secret.request event, which is not
// encrypted: anyone can have written it. It is immutable.
type SecretRequest struct {
	request
	name string
}

// ParseSecretRequest returns the content of an event of type
// [TypeSecretRequest]. It returns a [*MalformedError].
func ParseSecretRequest(content []byte) (*SecretRequest, error) {
	r, o, err := readRequest(secretRequestName, content)
	if err != nil {
		return nil, err
	}
	s := &SecretRequest{request: r}
	if !r.cancel {
		if s.name, err = o.text("name"); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// NewSecretRequest returns a request of a device of ours for a secret, as
// "m.cross_signing.self_signing", to be sent to the user's other devices.
// requestID is a new random text. It returns a [*MalformedError] when a text is
// empty or not valid UTF-8.
func NewSecretRequest(requestID, deviceID, name string) (*SecretRequest, error) {
	return ParseSecretRequest(newRequest(actionRequest, requestID, deviceID, textMember("name", name)))
}

// Cancellation returns the event that takes the request back.
func (r *SecretRequest) Cancellation() (*SecretRequest, error) {
	return ParseSecretRequest(newRequest(actionCancel, r.requestID, r.deviceID))
}

// Name returns the name of the secret, nothing in a cancellation.
func (r *SecretRequest) Name() string { return r.name }

// MarshalJSON returns the content with all its members.
func (r *SecretRequest) MarshalJSON() ([]byte, error) { return r.marshal(secretRequestName) }
