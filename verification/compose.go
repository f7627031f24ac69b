package verification

import (
	"time"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
)

const composeName = "verification: event to send"

func member(name, value string) canonicaljson.Member {
	return canonicaljson.Member{Name: name, Value: canonicaljson.Text(value)}
}

func listMember(name string, values []string) canonicaljson.Member {
	items := make([]canonicaljson.Value, len(values))
	for i, s := range values {
		items[i] = canonicaljson.Text(s)
	}
	return canonicaljson.Member{Name: name, Value: canonicaljson.Array(items...)}
}

// compose returns an object with more members. It returns a *MalformedError when
// base is not an object, has one of the members already, or a text is not valid
// UTF-8.
func compose(base []byte, more ...canonicaljson.Member) (canonicaljson.Value, error) {
	content := canonicaljson.Object()
	if base != nil {
		var err error
		if content, err = canonicaljson.Parse(base); err != nil {
			return content, malformed(composeName, err.Error())
		}
	}
	members := more
	for name, value := range content.Members() {
		members = append(members, canonicaljson.Member{Name: name, Value: value})
	}
	object := canonicaljson.Object(members...)
	if !content.IsObject() || object.IsZero() {
		return object, malformed(composeName, "not an object that members can be added to")
	}
	return object, nil
}

// message returns an event of the flow to send to the other device.
func (f *Flow) message(eventType string, content canonicaljson.Value) Message {
	return newMessage(f.ref, f.user, []string{f.device}, eventType, content)
}

func newMessage(ref reference, userID string, devices []string, eventType string, content canonicaljson.Value) Message {
	m := Message{Type: eventType, UserID: userID, Content: content.AppendTo(nil)}
	if ref.inRoom() {
		m.RoomID = ref.room
	} else {
		m.Devices = devices
	}
	return m
}

func cancelMessage(ref reference, userID string, devices []string, code Code) Message {
	content := canonicaljson.Object(ref.member(), member("code", string(code)), member("reason", code.Reason()))
	return newMessage(ref, userID, devices, TypeCancel, content)
}

// requestContent returns the content of a request. That of a room has no
// reference: it is one.
func (v *Verifier) requestContent(now time.Time, ref reference, to string) (canonicaljson.Value, error) {
	members := []canonicaljson.Member{
		member("from_device", v.device.DeviceID()),
		listMember("methods", v.names()),
	}
	if ref.inRoom() {
		members = append(members, member("msgtype", TypeRequest), member("to", to), member("body",
			v.device.UserID()+" asks to verify keys with you. Your client does not support this: use another one, or compare the keys themselves."))
	} else {
		members = append(members, ref.member(), canonicaljson.Member{Name: "timestamp", Value: canonicaljson.Int(now.UnixMilli())})
	}
	return compose(nil, members...)
}
