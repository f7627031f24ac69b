package element

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

// How the events of a verification travel.
const (
	ownNew    = "to-device, own user, we are new"   // she has the private keys of the identity
	ownOld    = "to-device, own user, they are new" // we have them
	otherUser = "to-device, other user"
	clearRoom = "in a room"
	cipher    = "in an encrypted room"
)

var transports = []string{ownNew, ownOld, otherUser, clearRoom, cipher}

// meeting is a verification between a device of ours and a machine.
type meeting struct {
	*recorder
	w         *world
	us        *party
	them      *machine
	transport string
	devices   []string // of theirs that we ask
	flowID    string
	group     *megolm.OutboundSession
	// change is called with each event on its way, if it is not nil.
	change func(fromUs bool, eventType string, content object)
}

func newMeeting(t *testing.T, transport, name string) *meeting {
	t.Helper()
	return newMeetingOf(t, transport, name, ourID)
}

// newMeetingOf is newMeeting for a device of ours with an id.
func newMeetingOf(t *testing.T, transport, name, ourID string) *meeting {
	t.Helper()
	s := newServer(t)
	w := &world{server: s}
	m := &meeting{w: w, transport: transport}
	switch transport {
	case ownNew:
		m.them = newMachine(s, hers, herID)
		m.them.bootstrap()
		m.us = newParty(s, hers, ourID)
	case ownOld:
		m.us = newParty(s, ours, ourID)
		m.us.bootstrap()
		m.them = newMachine(s, ours, herID)
	default:
		m.us, m.them = newParty(s, ours, ourID), newMachine(s, hers, herID)
		m.us.bootstrap()
		m.them.bootstrap()
	}
	m.us.ask(m.us.user, m.them.user)
	m.them.track(m.us.user, m.them.user)
	m.devices = []string{m.them.device}
	m.recorder = newRecorder(m.us, m.them.user, transport+", "+name)
	if transport == cipher {
		m.group = megolm.NewOutboundSession()
		m.us.whisper(m.us.users[hers].Device(herID), must(events.NewRoomKey(m.group, room, false)))
		m.them.pump()
		m.them.share(room, "Joined", "allDevices", ours)
		m.us.receive()
		m.them.encrypted = true
	}
	return m
}

func (m *meeting) inRoom() bool { return m.transport == clearRoom || m.transport == cipher }

func (m *meeting) keys() verification.Keys {
	return verification.Keys{Self: m.us.self(), Theirs: m.us.users[m.them.user]}
}

// altered passes an event through change.
func (m *meeting) altered(fromUs bool, eventType string, content []byte) []byte {
	if m.change == nil {
		return content
	}
	o := decode[object](m.t, content)
	m.change(fromUs, eventType, o)
	return encode(m.t, o)
}

// send sends what our side wants sent.
func (m *meeting) send(list []verification.Message) {
	m.t.Helper()
	for _, e := range list {
		content := m.altered(true, e.Type, e.Content)
		if e.RoomID == "" {
			to := object{}
			for _, device := range e.Devices {
				to[device] = json.RawMessage(content)
			}
			m.w.sendToDevice(m.us.user, e.Type, encode(m.t, object{"messages": object{e.UserID: to}}))
			continue
		}
		eventType := e.Type
		if m.group != nil {
			sealed := must(events.SealMegolm(m.group, m.us.keys, e.RoomID, e.Type, content))
			eventType, content = events.TypeEncrypted, must(sealed.MarshalJSON())
		}
		id := m.w.roomSend(m.us.user, e.RoomID, eventType, content)
		if e.Type == verification.TypeRoomMessage {
			m.flowID = id
			m.do(step{Call: "sent", EventID: id}, func(time.Time) (verification.Out, error) {
				return verification.Out{}, m.flow.Sent(id)
			})
		}
	}
}

// act makes a call of ours that must succeed, and sends what follows.
func (m *meeting) act(s step, call func(now time.Time) (verification.Out, error)) {
	m.t.Helper()
	list := m.do(s, call)
	if last := m.log.Steps[len(m.log.Steps)-1]; last.Error != "" {
		m.t.Fatalf("%s: %s", s.Call, last.Error)
	}
	m.send(list)
}

// take gives an event to our side, and sends what follows.
func (m *meeting) take(e received) {
	m.t.Helper()
	echo := e.RoomID != "" && e.Sender == m.us.user
	content := []byte(e.Content)
	if !echo {
		content = m.altered(false, e.Type, content)
	}
	e.Content = string(content)
	event := verification.Event{
		Type: e.Type, Sender: e.Sender, SenderDevice: e.SenderDevice, RoomID: e.RoomID, EventID: e.EventID, Content: content,
	}
	if e.SentAt != 0 {
		event.SentAt = time.UnixMilli(e.SentAt)
	}
	if e.ClearRelation != "" {
		event.ClearRelation = []byte(e.ClearRelation)
	}
	m.send(m.do(step{Call: "receive", Event: &e}, func(now time.Time) (verification.Out, error) { return m.v.Receive(now, event) }))
	if last := m.log.Steps[len(m.log.Steps)-1]; last.Error != "" && !echo && !m.flow.State().Ended() {
		m.t.Fatalf("we dropped %s: %s", e.Type, last.Error)
	}
}

// settle delivers events until there are none.
func (m *meeting) settle() {
	m.t.Helper()
	for range 50 {
		m.them.pump()
		for _, e := range m.them.events() {
			m.theyTake(e)
		}
		m.them.flush()
		m.view() // and have it kept
		quiet := true
		for _, a := range m.us.receive() {
			quiet = false
			m.take(received{Type: a.Type, Sender: a.Sender, Content: string(a.Content)})
		}
		for _, e := range m.us.events() {
			quiet = false
			m.weTake(e)
		}
		if quiet && len(m.them.toDevice) == 0 && len(m.them.timeline) == 0 {
			return
		}
	}
	m.t.Fatal("the two never stop")
}

// weTake gives a room event to our side.
func (m *meeting) weTake(e roomEvent) {
	m.t.Helper()
	in := received{Type: e.Type, Sender: e.Sender, RoomID: e.RoomID, EventID: e.EventID, SentAt: e.Timestamp, Content: string(e.Content)}
	if e.Type == events.TypeEncrypted {
		if e.Sender == m.us.user {
			return // we keep no session of our own
		}
		d := must(m.us.hear(e))
		in.Type, in.Content, in.SenderDevice = d.Type(), string(d.Content()), m.them.device
		clear := decode[map[string]json.RawMessage](m.t, e.Content)["m.relates_to"]
		in.ClearRelation = string(clear)
	}
	m.take(in)
}

// theyTake gives a room event to the machine.
func (m *meeting) theyTake(e roomEvent) {
	m.t.Helper()
	text := string(encode(m.t, e))
	if e.Type == events.TypeEncrypted {
		if e.Sender == m.them.user {
			return
		}
		text = must(m.them.hear(e)).Event
	}
	m.them.call("receiveInRoom", object{"room": e.RoomID, "event": text}, nil)
}

// view is what the machine shows of the verification.
type view struct {
	Phase  string
	Cancel *ending
	SAS    *struct {
		Done, Confirmed bool
		Cancel          *ending
		Symbols         [][2]string
		Decimals        []int
	}
}

type ending struct {
	Code string
	ByUs bool `json:"by_us"`
}

func (m *meeting) view() view {
	m.t.Helper()
	var v *view
	m.call("verification", nil, &v)
	if v == nil {
		return view{}
	}
	return *v
}

// call makes a call about the verification.
func (m *meeting) call(name string, args object, result any) {
	m.t.Helper()
	all := object{"user": m.us.user, "flow": m.flowID}
	for k, v := range args {
		all[k] = v
	}
	m.them.call(name, all, result)
}

// they makes a call whose result the machine wants sent.
func (m *meeting) they(name string, args object) {
	m.t.Helper()
	var r *request
	m.call(name, args, &r)
	if r == nil {
		m.t.Fatalf("%s: the machine sends nothing", name)
	}
	m.them.send(r)
	m.settle()
}

// ask begins the verification, and the other side accepts.
func (m *meeting) ask(we bool) {
	m.t.Helper()
	m.asked(we)
	if we {
		m.they("accept", nil)
	} else {
		m.accept()
	}
	equal(m.t, "our state", m.flow.State(), verification.Ready)
	equal(m.t, "their phase", m.view().Phase, "Ready")
}

// asked is the first half of ask.
func (m *meeting) asked(we bool) {
	m.t.Helper()
	switch {
	case we && m.inRoom():
		m.act(step{Call: "requestInRoom", RoomID: room}, func(now time.Time) (out verification.Out, err error) {
			m.flow, out, err = m.v.RequestInRoom(now, m.keys(), room)
			return out, err
		})
	case we:
		m.act(step{Call: "request", Devices: m.devices}, func(now time.Time) (out verification.Out, err error) {
			m.flow, out, err = m.v.Request(now, m.keys(), m.devices...)
			m.flowID = m.flow.TransactionID()
			return out, err
		})
	case m.inRoom():
		var content string
		m.them.call("requestInRoomContent", object{"user": ours}, &content)
		id := m.them.tell(room, verification.TypeRoomMessage, json.RawMessage(content))
		m.them.call("requestInRoom", object{"user": ours, "room": room, "event": id}, &m.flowID)
	default:
		var r struct {
			Flow    string
			Request *request
		}
		m.them.call("requestVerification", object{"user": m.us.user, "device": m.us.device}, &r)
		m.flowID = r.Flow
		m.them.send(r.Request)
	}
	m.settle()
	if we {
		equal(m.t, "their phase", m.view().Phase, "Requested")
	} else {
		equal(m.t, "our state", m.flow.State(), verification.Asked)
		equal(m.t, "flow id", m.flow.TransactionID(), m.flowID)
	}
}

func (m *meeting) accept() {
	m.t.Helper()
	m.act(step{Call: "accept"}, func(now time.Time) (verification.Out, error) { return m.flow.Accept(now, m.keys()) })
	m.settle()
}

// start brings both to the comparison.
func (m *meeting) start(we bool) {
	m.t.Helper()
	if we {
		m.act(step{Call: "start"}, func(now time.Time) (verification.Out, error) { return m.flow.Start(now, sas.Method{}) })
		m.settle()
		m.they("acceptSas", nil)
	} else {
		m.they("startSas", nil)
	}
}

// compare checks that both show the same.
func (m *meeting) compare() {
	m.t.Helper()
	if m.shown == nil {
		m.t.Fatalf("we show nothing, in state %v: %+v", m.flow.State(), m.ended)
	}
	end := m.theirs()
	equal(m.t, "emoji", strings.Join(emoji(*m.shown), ", "), strings.Join(end.Emoji, ", "))
	equal(m.t, "how many emoji", len(end.Emoji), 7)
	decimals, _ := m.shown.Decimals()
	equal(m.t, "decimals", fmt.Sprint(decimals), fmt.Sprint(end.Decimals))
}

// theirs returns how it ended for them, and what they showed.
func (m *meeting) theirs() theirEnd {
	m.t.Helper()
	v := m.view()
	end := theirEnd{Done: v.Phase == "Done"}
	cancel := v.Cancel
	if v.SAS != nil {
		for _, s := range v.SAS.Symbols {
			end.Emoji = append(end.Emoji, s[0]+" "+s[1])
		}
		end.Decimals = v.SAS.Decimals
		if cancel == nil {
			cancel = v.SAS.Cancel
		}
	}
	if cancel != nil {
		end.Code, end.ByThem = cancel.Code, cancel.ByUs
	}
	return end
}

func (m *meeting) confirm(we bool) {
	m.t.Helper()
	if we {
		m.act(step{Call: "confirm"}, func(now time.Time) (verification.Out, error) { return m.flow.Confirm(now) })
	} else {
		var list []*request
		m.call("confirm", nil, &list)
		for _, r := range list {
			m.them.send(r)
		}
	}
	m.settle()
}

// finish keeps the transcript. shown is what they showed before the end.
func (m *meeting) finish(shown theirEnd) {
	m.t.Helper()
	end := m.theirs()
	if len(end.Emoji) == 0 {
		end.Emoji, end.Decimals = shown.Emoji, shown.Decimals
	}
	l := m.end(end)
	if os.Getenv("INTEROP_RECORD") == "" {
		return
	}
	name := strings.NewReplacer(", ", ".", " ", "-", "'", "").Replace(l.Name) + ".json"
	check(m.t, os.WriteFile(filepath.Join("../../sas/testdata/element", name), l.text(m.t), 0o644))
}
