package element

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

// transcript is a verification as our side saw it, which can be played again
// without the peer: sas/testdata/element has some, and sas/transcript_test.go
// plays them.
type transcript struct {
	MadeBy   versions                    `json:"made_by"`
	Name     string                      `json:"name"`
	Device   json.RawMessage             `json:"device"` // ours
	Peer     string                      `json:"peer"`   // the user to verify
	Query    json.RawMessage             `json:"query"`  // what /keys/query answered
	Pins     map[string]crosssigning.Pin `json:"pins"`
	Random   string                      `json:"random"` // what crypto/rand gave, in hexadecimal
	Steps    []*step                     `json:"steps"`
	Theirs   theirEnd                    `json:"theirs"`
	State    string                      `json:"state"`              // of our flow, in the end
	Verified *verified                   `json:"verified,omitempty"` // what our flow verified
}

// step is a call of package verification, and what it returned.
type step struct {
	At      int64     `json:"at"` // milliseconds
	Call    string    `json:"call"`
	Devices []string  `json:"devices,omitempty"`
	RoomID  string    `json:"room_id,omitempty"`
	EventID string    `json:"event_id,omitempty"`
	Code    string    `json:"code,omitempty"`
	Event   *received `json:"event,omitempty"`
	Send    []sent    `json:"send,omitempty"`
	Notices []notice  `json:"notices,omitempty"`
	Error   string    `json:"error,omitempty"`
}

type received struct {
	Type          string `json:"type"`
	Sender        string `json:"sender"`
	SenderDevice  string `json:"sender_device,omitempty"`
	RoomID        string `json:"room_id,omitempty"`
	EventID       string `json:"event_id,omitempty"`
	SentAt        int64  `json:"sent_at,omitempty"`
	Content       string `json:"content"`
	ClearRelation string `json:"clear_relation,omitempty"`
}

type sent struct {
	Type    string   `json:"type"`
	UserID  string   `json:"user_id"`
	Devices []string `json:"devices,omitempty"`
	RoomID  string   `json:"room_id,omitempty"`
	Content string   `json:"content"`
}

type notice struct {
	About    string   `json:"about"`
	Methods  []string `json:"methods,omitempty"`
	Emoji    []string `json:"emoji,omitempty"`
	Decimals []int    `json:"decimals,omitempty"`
	Code     string   `json:"code,omitempty"`
	ByUs     bool     `json:"by_us,omitempty"`
}

type verified struct {
	User   string `json:"user"`
	Master string `json:"master,omitempty"`
	Device string `json:"device,omitempty"`
}

// theirEnd is what the peer showed, and how it ended there.
type theirEnd struct {
	Emoji    []string `json:"emoji,omitempty"`
	Decimals []int    `json:"decimals,omitempty"`
	Done     bool     `json:"done"`
	Code     string   `json:"code,omitempty"`
	ByThem   bool     `json:"by_them,omitempty"`
}

// recorder plays our side of a verification and keeps what happens.
type recorder struct {
	t      testing.TB
	v      *verification.Verifier
	flow   *verification.Flow
	shown  *sas.Comparison
	ended  *verification.Ended
	log    transcript
	random bytes.Buffer
}

func newRecorder(p *party, peer, name string) *recorder {
	p.ask(p.user, peer)
	return &recorder{t: p.t, v: must(verification.New(p.keys, sas.Method{})), log: transcript{
		MadeBy: theirs.versions, Name: name, Device: must(p.keys.MarshalJSON()), Peer: peer, Query: p.query, Pins: p.pins,
	}}
}

// do makes a call and keeps it. An error is kept too: the call changed nothing.
func (r *recorder) do(s step, call func(now time.Time) (verification.Out, error)) []verification.Message {
	r.t.Helper()
	if s.At == 0 {
		s.At = time.Now().UnixMilli()
	}
	before := rand.Reader
	rand.Reader = io.TeeReader(before, &r.random)
	out, err := call(time.UnixMilli(s.At))
	rand.Reader = before
	if err != nil {
		s.Error = err.Error()
	}
	for _, m := range out.Send {
		s.Send = append(s.Send, sent{m.Type, m.UserID, m.Devices, m.RoomID, string(m.Content)})
	}
	for _, n := range out.Notices {
		r.flow = n.Flow
		s.Notices = append(s.Notices, r.note(n.About))
	}
	r.log.Steps = append(r.log.Steps, &s)
	return out.Send
}

func (r *recorder) note(about verification.About) notice {
	switch a := about.(type) {
	case verification.Incoming:
		return notice{About: "incoming", Methods: a.Methods}
	case verification.Prepared:
		return notice{About: "prepared", Methods: a.Methods}
	case verification.Finished:
		return notice{About: "finished"}
	case verification.Ended:
		r.ended = &a
		return notice{About: "ended", Code: string(a.Code), ByUs: a.ByUs}
	case sas.Comparison:
		r.shown = &a
		n := notice{About: "comparison", Emoji: emoji(a)}
		if d, ok := a.Decimals(); ok {
			n.Decimals = d[:]
		}
		return n
	}
	r.t.Fatalf("notice of an unknown type: %T", about)
	return notice{}
}

func emoji(c sas.Comparison) (list []string) {
	if shown, ok := c.Emoji(); ok {
		for _, e := range shown {
			list = append(list, e.Symbol+" "+e.English)
		}
	}
	return list
}

// end completes the transcript.
func (r *recorder) end(theirs theirEnd) *transcript {
	r.log.Random = hex.EncodeToString(r.random.Bytes())
	r.log.Theirs, r.log.State = theirs, r.flow.State().String()
	if v, err := r.flow.Verified(); err == nil {
		r.log.Verified = &verified{User: v.User.ID()}
		if v.Identity != nil {
			r.log.Verified.Master = v.Identity.MasterKey().String()
		}
		if v.Device != nil {
			r.log.Verified.Device = v.Device.DeviceID()
		}
	}
	return &r.log
}

// text returns the file: a step is a line.
func (l *transcript) text(t testing.TB) []byte {
	steps := l.Steps
	l.Steps = nil
	head := encode(t, l)
	l.Steps = steps
	var b bytes.Buffer
	for i, s := range steps {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n\t\t%s", encode(t, s))
	}
	out := decode[map[string]json.RawMessage](t, head)
	var file bytes.Buffer
	for i, name := range []string{"made_by", "name", "device", "peer", "query", "pins", "random", "steps", "theirs", "state", "verified"} {
		value, ok := out[name]
		if !ok {
			continue
		}
		if name == "steps" {
			value = append(append([]byte("["), b.Bytes()...), "\n\t]"...)
		}
		if i > 0 {
			file.WriteByte(',')
		}
		fmt.Fprintf(&file, "\n\t%q: %s", name, value)
	}
	return []byte("{" + file.String() + "\n}\n")
}
