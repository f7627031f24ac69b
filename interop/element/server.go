package element

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

type object = map[string]any

// Who meets on the server: a device of ours, and two of the machine's user.
const (
	ours   = "@chappe:example.org"
	hers   = "@element:example.org"
	room   = "!room:example.org"
	ourID  = "CHAPPE"
	herID  = "ELEMENT"
	herID2 = "ELEMENTTWO"
)

// server is a homeserver of one process. It believes everything.
type server struct {
	t       testing.TB
	users   map[string]*account
	clients []*client
	events  int
	backups object // room to session to KeyBackupData
	answer  []byte // of /keys/query, in the place of what the server knows
}

// account is what the server has of a user.
type account struct {
	devices map[string]object
	keys    map[string]object   // cross-signing keys, by usage
	oneTime map[string][]object // of a device: {"signed_curve25519:ID": {…}}
	// fallback has the fallback keys of a device.
	fallback map[string]object
}

// client is a device that syncs.
type client struct {
	user, device string
	toDevice     []json.RawMessage
	changed      map[string]bool // users whose devices changed
	timeline     []roomEvent
}

// roomEvent is an event as it stands in a timeline.
type roomEvent struct {
	Type      string          `json:"type"`
	EventID   string          `json:"event_id"`
	RoomID    string          `json:"room_id"`
	Sender    string          `json:"sender"`
	Timestamp int64           `json:"origin_server_ts"`
	Content   json.RawMessage `json:"content"`
}

func newServer(t testing.TB) *server {
	return &server{t: t, users: map[string]*account{}, backups: object{}}
}

func (s *server) user(id string) *account {
	if s.users[id] == nil {
		s.users[id] = &account{map[string]object{}, map[string]object{}, map[string][]object{}, map[string]object{}}
	}
	return s.users[id]
}

func (s *server) join(user, device string) *client {
	c := &client{user: user, device: device, changed: map[string]bool{}}
	s.clients = append(s.clients, c)
	return c
}

// note tells all clients that a user's devices or keys changed.
func (s *server) note(user string) {
	for _, c := range s.clients {
		c.changed[user] = true
	}
}

// decode keeps numbers as they are.
func decode[T any](t testing.TB, text []byte) (v T) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v: %.200s", err, text)
	}
	return v
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	check(t, e.Encode(v))
	return bytes.TrimSpace(b.Bytes())
}

func (s *server) keysUpload(c *client, body []byte) []byte {
	in := decode[struct {
		Device   object `json:"device_keys"`
		OneTime  object `json:"one_time_keys"`
		Fallback object `json:"fallback_keys"`
	}](s.t, body)
	u := s.user(c.user)
	if in.Device != nil {
		u.devices[c.device] = in.Device
		s.note(c.user)
	}
	for _, id := range slices.Sorted(maps.Keys(in.OneTime)) {
		u.oneTime[c.device] = append(u.oneTime[c.device], object{id: in.OneTime[id]})
	}
	if len(in.Fallback) > 0 {
		u.fallback[c.device] = in.Fallback
	}
	return encode(s.t, object{"one_time_key_counts": s.counts(c)})
}

func (s *server) counts(c *client) map[string]int {
	return map[string]int{"signed_curve25519": len(s.user(c.user).oneTime[c.device])}
}

func (s *server) keysQuery(asker string, body []byte) []byte {
	if s.answer != nil {
		return s.answer
	}
	in := decode[struct {
		Devices map[string]any `json:"device_keys"`
	}](s.t, body)
	devices, master, selfSigning, userSigning := object{}, object{}, object{}, object{}
	for id := range in.Devices {
		u := s.user(id)
		devices[id] = u.devices
		for usage, to := range map[string]object{"master": master, "self_signing": selfSigning, "user_signing": userSigning} {
			if key := u.keys[usage]; key != nil && (usage != "user_signing" || id == asker) {
				to[id] = key
			}
		}
	}
	return encode(s.t, object{
		"device_keys": devices, "master_keys": master, "self_signing_keys": selfSigning,
		"user_signing_keys": userSigning, "failures": object{},
	})
}

func (s *server) keysClaim(body []byte) []byte {
	in := decode[struct {
		Keys map[string]map[string]string `json:"one_time_keys"`
	}](s.t, body)
	out := object{}
	for user, devices := range in.Keys {
		found := object{}
		for device := range devices {
			u := s.user(user)
			if list := u.oneTime[device]; len(list) > 0 {
				found[device], u.oneTime[device] = list[0], list[1:]
			} else if u.fallback[device] != nil {
				found[device] = u.fallback[device]
			}
		}
		out[user] = found
	}
	return encode(s.t, object{"one_time_keys": out, "failures": object{}})
}

func (s *server) sendToDevice(sender, eventType string, body []byte) []byte {
	in := decode[struct {
		Messages map[string]map[string]json.RawMessage `json:"messages"`
	}](s.t, body)
	for user, devices := range in.Messages {
		for device, content := range devices {
			for _, c := range s.clients {
				if c.user == user && (c.device == device || device == "*") {
					c.toDevice = append(c.toDevice, encode(s.t, object{"type": eventType, "sender": sender, "content": content}))
				}
			}
		}
	}
	return []byte("{}")
}

// signaturesUpload adds the signatures to what is published.
func (s *server) signaturesUpload(body []byte) []byte {
	for user, entries := range decode[map[string]map[string]object](s.t, body) {
		u := s.user(user)
		for id, signed := range entries {
			target := u.devices[id]
			for _, key := range u.keys {
				if _, ok := key["keys"].(object)["ed25519:"+id]; ok {
					target = key
				}
			}
			if target == nil {
				s.t.Fatalf("signature of something unknown: %s %s", user, id)
			}
			merge(target, signed)
		}
		s.note(user)
	}
	return []byte(`{"failures":{}}`)
}

func merge(target, signed object) {
	if target["signatures"] == nil {
		target["signatures"] = object{}
	}
	to := target["signatures"].(object)
	for user, list := range signed["signatures"].(object) {
		if to[user] == nil {
			to[user] = object{}
		}
		maps.Copy(to[user].(object), list.(object))
	}
}

func (s *server) deviceSigningUpload(user string, body []byte) []byte {
	in := decode[map[string]object](s.t, body)
	for _, usage := range []string{"master", "self_signing", "user_signing"} {
		if key := in[usage+"_key"]; key != nil {
			s.user(user).keys[usage] = key
		}
	}
	s.note(user)
	return []byte("{}")
}

// roomSend puts an event into the timelines of all clients.
func (s *server) roomSend(sender, room, eventType string, content []byte) string {
	s.events++
	e := roomEvent{eventType, fmt.Sprintf("$event%d", s.events), room, sender, time.Now().UnixMilli(), content}
	for _, c := range s.clients {
		c.timeline = append(c.timeline, e)
	}
	return e.EventID
}

func (s *server) backupPut(body []byte) []byte {
	count := 0
	for room, of := range decode[struct{ Rooms map[string]object }](s.t, body).Rooms {
		if s.backups[room] == nil {
			s.backups[room] = object{"sessions": object{}}
		}
		maps.Copy(s.backups[room].(object)["sessions"].(object), of["sessions"].(object))
		count += len(of["sessions"].(object))
	}
	return encode(s.t, object{"etag": "1", "count": count})
}
