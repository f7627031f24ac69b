package sas_test

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

// transcript is a verification with a device that another implementation played,
// as our side saw it. interop/element records them; made_by in the file says with
// what.
type transcript struct {
	Device   json.RawMessage             `json:"device"` // ours
	Peer     string                      `json:"peer"`   // the user to verify
	Query    json.RawMessage             `json:"query"`  // what /keys/query answered
	Pins     map[string]crosssigning.Pin `json:"pins"`
	Random   string                      `json:"random"` // what crypto/rand gave, in hexadecimal
	Steps    []transcriptStep            `json:"steps"`
	State    string                      `json:"state"`
	Verified *transcriptVerified         `json:"verified"`
	Theirs   struct {
		Emoji    []string `json:"emoji"`
		Decimals []int    `json:"decimals"`
		Done     bool     `json:"done"`
		Code     string   `json:"code"`
		ByThem   bool     `json:"by_them"`
	} `json:"theirs"`
}

// transcriptStep is a call, and what it returned.
type transcriptStep struct {
	At      int64               `json:"at"` // milliseconds
	Call    string              `json:"call"`
	Devices []string            `json:"devices"`
	RoomID  string              `json:"room_id"`
	EventID string              `json:"event_id"`
	Code    verification.Code   `json:"code"`
	Event   transcriptEvent     `json:"event"`
	Send    []transcriptMessage `json:"send"`
	Notices []transcriptNotice  `json:"notices"`
	Error   string              `json:"error"`
}

type transcriptEvent struct {
	Type          string `json:"type"`
	Sender        string `json:"sender"`
	SenderDevice  string `json:"sender_device"`
	RoomID        string `json:"room_id"`
	EventID       string `json:"event_id"`
	SentAt        int64  `json:"sent_at"`
	Content       string `json:"content"`
	ClearRelation string `json:"clear_relation"`
}

type transcriptMessage struct {
	Type    string   `json:"type"`
	UserID  string   `json:"user_id"`
	Devices []string `json:"devices"`
	RoomID  string   `json:"room_id"`
	Content string   `json:"content"`
}

type transcriptNotice struct {
	About    string            `json:"about"`
	Methods  []string          `json:"methods"`
	Emoji    []string          `json:"emoji"`
	Decimals []int             `json:"decimals"`
	Code     verification.Code `json:"code"`
	ByUs     bool              `json:"by_us"`
}

type transcriptVerified struct {
	User   string `json:"user"`
	Master string `json:"master"`
	Device string `json:"device"`
}

// replay plays a transcript.
type replay struct {
	t    *testing.T
	v    *verification.Verifier
	keys verification.Keys
	flow *verification.Flow
}

// Our side sends the same bytes again, shows what the other side showed, and ends
// as it did.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/element/*.json")
	require.NoError(t, err)
	done := map[string]int{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			var l transcript
			require.NoError(t, json.Unmarshal(text, &l))
			replayTranscript(t, l)
			if l.State == "done" {
				done[roleOf(l)]++
			}
		})
	}
	for _, role := range []string{"starts to-device", "accepts to-device", "starts in a room", "accepts in a room"} {
		require.NotZero(t, done[role], "no transcript in which our side %s", role)
	}
}

// roleOf says what our side does, and where.
func roleOf(l transcript) string {
	role, where := "accepts", "to-device"
	for _, s := range l.Steps {
		if s.Call == "start" {
			role = "starts"
		}
		for _, m := range s.Send {
			if m.RoomID != "" {
				where = "in a room"
			}
		}
	}
	return role + " " + where
}

func replayTranscript(t *testing.T, l transcript) {
	drawn, err := hex.DecodeString(l.Random)
	require.NoError(t, err)
	random := &recorded{left: drawn}
	before := rand.Reader
	rand.Reader = random
	defer func() { rand.Reader = before }()

	r := newReplay(t, l)
	for i, s := range l.Steps {
		out, err := r.call(s)
		require.Equal(t, s.Error != "", err != nil, "step %d, %s %s: %v", i, s.Call, s.Event.Type, err)
		require.Equal(t, s.Send, messages(out), "step %d, %s %s", i, s.Call, s.Event.Type)
		require.Equal(t, s.Notices, r.notices(out), "step %d, %s %s", i, s.Call, s.Event.Type)
		for _, n := range s.Notices {
			if n.About == "comparison" && len(l.Theirs.Emoji) > 0 {
				require.Equal(t, l.Theirs.Emoji, n.Emoji)
				require.Equal(t, l.Theirs.Decimals, n.Decimals)
			}
		}
	}
	require.Empty(t, random.left, "random bytes are left")
	require.Zero(t, random.missing, "random bytes are missing")
	r.requireEnd(l)
}

// recorded gives the random bytes of a transcript, and zeros when there are none
// left: crypto/rand ends the program on an error.
type recorded struct {
	left    []byte
	missing int
}

func (r *recorded) Read(b []byte) (int, error) {
	clear(b)
	n := copy(b, r.left)
	r.left = r.left[n:]
	r.missing += len(b) - n
	return len(b), nil
}

func newReplay(t *testing.T, l transcript) *replay {
	device, err := crosssigning.ParseDeviceKeys(l.Device)
	require.NoError(t, err)
	v, err := verification.New(device, sas.Method{})
	require.NoError(t, err)
	result, err := crosssigning.NewQuery(device.UserID(), l.Peer).Check(l.Query, nil, 1)
	require.NoError(t, err)
	require.Empty(t, result.Refused)
	r := &replay{t: t, v: v}
	for _, u := range result.Users {
		if u.ID() == l.Peer {
			r.keys.Theirs = u
		}
		if u.ID() == device.UserID() {
			r.keys.Self = crosssigning.NewSelf(u, l.Pins[u.ID()], crosssigning.Proof{Device: device})
		}
	}
	return r
}

func (r *replay) call(s transcriptStep) (out verification.Out, err error) {
	now := time.UnixMilli(s.At)
	switch s.Call {
	case "request":
		r.flow, out, err = r.v.Request(now, r.keys, s.Devices...)
	case "requestInRoom":
		r.flow, out, err = r.v.RequestInRoom(now, r.keys, s.RoomID)
	case "sent":
		err = r.flow.Sent(s.EventID)
	case "receive":
		out, err = r.v.Receive(now, s.Event.event())
	case "accept":
		out, err = r.flow.Accept(now, r.keys)
	case "start":
		out, err = r.flow.Start(now, sas.Method{})
	case "confirm":
		out, err = r.flow.Confirm(now)
	case "deny":
		out, err = r.flow.Deny(now)
	case "cancel":
		out, err = r.flow.Cancel(now, s.Code)
	case "expire":
		out = r.v.Expire(now)
	default:
		r.t.Fatalf("unknown call %q", s.Call)
	}
	return out, err
}

func (e transcriptEvent) event() verification.Event {
	v := verification.Event{
		Type: e.Type, Sender: e.Sender, SenderDevice: e.SenderDevice,
		RoomID: e.RoomID, EventID: e.EventID, Content: []byte(e.Content),
	}
	if e.SentAt != 0 {
		v.SentAt = time.UnixMilli(e.SentAt)
	}
	if e.ClearRelation != "" {
		v.ClearRelation = []byte(e.ClearRelation)
	}
	return v
}

func messages(out verification.Out) (list []transcriptMessage) {
	for _, m := range out.Send {
		list = append(list, transcriptMessage{m.Type, m.UserID, m.Devices, m.RoomID, string(m.Content)})
	}
	return list
}

func (r *replay) notices(out verification.Out) (list []transcriptNotice) {
	for _, n := range out.Notices {
		r.flow = n.Flow
		var seen transcriptNotice
		switch a := n.About.(type) {
		case verification.Incoming:
			seen = transcriptNotice{About: "incoming", Methods: a.Methods}
		case verification.Prepared:
			seen = transcriptNotice{About: "prepared", Methods: a.Methods}
		case verification.Finished:
			seen = transcriptNotice{About: "finished"}
		case verification.Ended:
			seen = transcriptNotice{About: "ended", Code: a.Code, ByUs: a.ByUs}
		case sas.Comparison:
			seen.About = "comparison"
			emoji, ok := a.Emoji()
			require.True(r.t, ok)
			for _, e := range emoji {
				seen.Emoji = append(seen.Emoji, e.Symbol+" "+e.English)
			}
			decimals, ok := a.Decimals()
			require.True(r.t, ok)
			seen.Decimals = decimals[:]
		}
		list = append(list, seen)
	}
	return list
}

// requireEnd compares the end of both sides.
func (r *replay) requireEnd(l transcript) {
	require.Equal(r.t, l.State, r.flow.State().String())
	if l.Verified == nil {
		refusedWith(r.t, verification.ErrState, r.flow.Verified)
		require.False(r.t, l.Theirs.Done)
		ended, ok := r.flow.Cancellation()
		require.True(r.t, ok)
		if l.Theirs.Code != "" {
			require.EqualValues(r.t, l.Theirs.Code, ended.Code)
			require.NotEqual(r.t, l.Theirs.ByThem, ended.ByUs)
		}
		return
	}
	got, err := r.flow.Verified()
	require.NoError(r.t, err)
	require.True(r.t, l.Theirs.Done)
	require.NotEmpty(r.t, l.Theirs.Emoji)
	require.Equal(r.t, l.Verified.User, got.User.ID())
	require.Equal(r.t, l.Verified.Device, got.Device.DeviceID())
	require.Equal(r.t, l.Verified.Master, got.Identity.MasterKey().String())
}
