package verification

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
)

const eventName = "verification: event"

// parse reads an event. An error says that it belongs to no flow. What is wrong
// with it otherwise is in the fault of the result.
func parse(e Event) (*incoming, error) {
	in := &incoming{eventType: e.Type, sender: e.Sender, device: e.SenderDevice, eventID: e.EventID}
	kind, ok := kindOf(e.Type, e.RoomID != "")
	if !ok {
		return nil, ignored("not of a verification")
	}
	in.kind = kind
	for _, id := range []string{e.Type, e.Sender, e.SenderDevice, e.RoomID, e.EventID} {
		if len(id) > maxID || !utf8.ValidString(id) {
			return nil, malformed(eventName, "an id is too long or not valid UTF-8")
		}
	}
	if e.Sender == "" {
		return nil, malformed(eventName, "no sender")
	}
	if len(e.Content) > MaxContent {
		return nil, malformed(eventName, "the content is too long")
	}
	content, err := canonicaljson.Parse(e.Content)
	if err != nil {
		return nil, malformed(eventName, err.Error())
	}
	if !content.IsObject() {
		return nil, malformed(eventName, "the content is not an object")
	}
	in.content = content
	if err := in.refer(e); err != nil {
		return nil, err
	}
	in.fault = in.read(e)
	return in, nil
}

// kindOf says what an event is for the framework.
func kindOf(eventType string, inRoom bool) (kind, bool) {
	switch eventType {
	case TypeRoomMessage:
		return onRequest, inRoom
	case TypeRequest:
		return onRequest, !inRoom
	case TypeReady:
		return onReady, true
	case TypeStart:
		return onStart, true
	case TypeDone:
		return onDone, true
	case TypeCancel:
		return onCancel, true
	}
	return onMethod, strings.HasPrefix(eventType, namespace)
}

// refer finds the flow's reference, and completes the content with the relation
// of the clear part.
func (in *incoming) refer(e Event) error {
	switch {
	case e.RoomID == "":
		id, ok := shortText(in.content.Get("transaction_id"))
		if !ok {
			return malformed(eventName, "no transaction_id")
		}
		in.ref = reference{user: e.Sender, id: id}
		return nil
	case e.EventID == "":
		return malformed(eventName, "no event id")
	case in.kind == onRequest:
		if msgtype, _ := in.content.Get("msgtype").Text(); msgtype != TypeRequest {
			return ignored("not of a verification")
		}
		in.ref = reference{room: e.RoomID, id: e.EventID}
		return nil
	}
	relation := in.content.Get("m.relates_to")
	if e.ClearRelation != nil {
		if len(e.ClearRelation) > MaxContent {
			return malformed(eventName, "the relation is too long")
		}
		clear, err := canonicaljson.Parse(e.ClearRelation)
		if err != nil {
			return malformed(eventName, err.Error())
		}
		if relation.IsZero() {
			relation = clear
			in.content = in.content.With("m.relates_to", clear)
		} else if relation.Get("event_id") != clear.Get("event_id") {
			return malformed(eventName, "the clear part has another relation")
		}
	}
	id, ok := shortText(relation.Get("event_id"))
	if kind, _ := relation.Get("rel_type").Text(); !ok || kind != "m.reference" {
		return malformed(eventName, "no relation to a request")
	}
	in.ref = reference{room: e.RoomID, id: id}
	return nil
}

// read reads what the framework needs of the content.
func (in *incoming) read(e Event) error {
	switch in.kind {
	case onRequest, onReady, onStart:
		device, ok := shortText(in.content.Get("from_device"))
		switch {
		case !ok:
			return malformed(in.eventType, "no from_device")
		case in.device != "" && in.device != device:
			return malformed(in.eventType, "from_device is not the device that sent it")
		}
		in.device = device
	}
	var ok bool
	switch in.kind {
	case onRequest:
		if in.methods, ok = texts(in.content.Get("methods")); !ok {
			return malformed(in.eventType, "no list of methods")
		}
		return in.readRequest(e)
	case onReady:
		if in.methods, ok = texts(in.content.Get("methods")); !ok {
			return malformed(in.eventType, "no list of methods")
		}
	case onStart:
		if in.method, ok = shortText(in.content.Get("method")); !ok {
			return malformed(in.eventType, "no method")
		}
	case onCancel: // whatever is missing, it is a cancel
		code, _ := shortText(in.content.Get("code"))
		in.code = Code(code)
		in.reason, _ = shortText(in.content.Get("reason"))
	}
	return nil
}

func (in *incoming) readRequest(e Event) error {
	if e.RoomID == "" {
		ms, ok := in.content.Get("timestamp").Int()
		if !ok {
			return malformed(in.eventType, "no timestamp")
		}
		in.timestamp = time.UnixMilli(ms)
		return nil
	}
	in.timestamp = e.SentAt
	var ok bool
	if in.to, ok = shortText(in.content.Get("to")); !ok {
		return malformed(in.eventType, "no recipient")
	}
	return nil
}

// shortText returns what a string says that can be an id. It is a copy: ids are
// kept for long, and the content that they stand in may be large.
func shortText(v canonicaljson.Value) (string, bool) {
	s, ok := v.Text()
	if !ok || s == "" || len(s) > maxID {
		return "", false
	}
	return strings.Clone(s), true
}

// texts returns a list of strings.
func texts(v canonicaljson.Value) (list []string, ok bool) {
	for item := range v.Items() {
		s, ok := item.Text()
		if !ok {
			return nil, false
		}
		list = append(list, s)
	}
	return list, v.IsArray()
}
