package sas_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

// storm is some devices, and a server that loses, doubles, delays and changes what
// they send.
type storm struct {
	t       testing.TB
	r       *rand.Rand
	devices []*person
	flows   map[*person][]*verification.Flow
	codes   map[*verification.Flow]sas.Comparison
	queue   []delivery
	room    bool
	tampers bool
	now     time.Time
	events  int
	sent    int
	arrived int
	denied  map[string]bool // transactions in which a person said no
}

type delivery struct {
	to *person
	e  verification.Event
}

// put queues what a device sends.
func (s *storm) put(from *person, out verification.Out) {
	for _, n := range out.Notices {
		if !slices.Contains(s.flows[from], n.Flow) {
			s.flows[from] = append(s.flows[from], n.Flow)
		}
		if shown, ok := n.About.(sas.Comparison); ok {
			s.codes[n.Flow] = shown
		}
	}
	for _, m := range out.Send {
		s.sent++
		e := verification.Event{Type: m.Type, Sender: from.device.UserID(), Content: m.Content}
		if s.r.IntN(2) == 0 {
			e.SenderDevice = from.device.DeviceID()
		}
		if m.RoomID != "" {
			s.events++
			e.RoomID, e.EventID, e.SentAt = m.RoomID, "$"+string(rune('a'+s.events)), s.now
		}
		for _, to := range s.devices {
			if m.RoomID != "" || to.device.UserID() == m.UserID &&
				(slices.Contains(m.Devices, to.device.DeviceID()) || slices.Contains(m.Devices, verification.AllDevices)) {
				s.queue = append(s.queue, delivery{to, e})
			}
		}
	}
}

// arrive brings one event to a device. bad says that the server may do what it
// likes with it.
func (s *storm) arrive(bad bool) {
	if len(s.queue) == 0 {
		return
	}
	i, keep := 0, false
	if bad {
		switch s.r.IntN(12) {
		case 0:
			i = s.r.IntN(min(4, len(s.queue)))
		case 1:
			keep = true
		}
	}
	d := s.queue[i]
	if !keep {
		s.queue = slices.Delete(s.queue, i, i+1)
	}
	if bad && s.r.IntN(25) == 0 {
		return
	}
	if bad && s.tampers && s.r.IntN(8) == 0 {
		d.e.Content = bytes.Clone(d.e.Content)
		d.e.Content[s.r.IntN(len(d.e.Content))] ^= 1 << s.r.IntN(7)
	}
	s.arrived++
	out, err := d.to.v.Receive(s.now, d.e)
	if err != nil {
		require.Zero(s.t, out)
		failtest.Refused(s.t, func() error { _, err := d.to.v.Receive(s.now, d.e); return err }, failtest.Input(d.e.Content))
		return
	}
	s.put(d.to, out)
}

// act is something that a person does.
func (s *storm) act() {
	p := s.devices[s.r.IntN(len(s.devices))]
	o := s.devices[s.r.IntN(len(s.devices))]
	if len(s.flows[p]) == 0 || s.r.IntN(15) == 0 {
		k := verification.Keys{Self: p.self, Theirs: o.user}
		var f *verification.Flow
		var out verification.Out
		var err error
		if s.room {
			f, out, err = p.v.RequestInRoom(s.now, k, roomID)
		} else {
			f, out, err = p.v.Request(s.now, k)
		}
		if err == nil {
			s.flows[p] = append(s.flows[p], f)
			s.put(p, out)
		}
		return
	}
	f := s.flows[p][s.r.IntN(len(s.flows[p]))]
	var out verification.Out
	var err error
	switch op := s.r.IntN(40); {
	case op < 12:
		for _, o := range s.devices {
			if o.user.ID() == f.UserID() {
				out, err = f.Accept(s.now, verification.Keys{Self: p.self, Theirs: o.user})
			}
		}
	case op < 24:
		out, err = f.Start(s.now, sas.Method{})
	case op < 37:
		out, err = f.Confirm(s.now)
	case op == 37:
		if out, err = f.Deny(s.now); err == nil {
			s.denied[f.TransactionID()] = true
		}
	case op == 38:
		out, err = f.Cancel(s.now, verification.CodeUser)
	case op == 39:
		s.now = s.now.Add(20 * time.Second)
		out = p.v.Expire(s.now)
	}
	if err == nil {
		s.put(p, out)
	}
}

// check compares both ends of each flow. It returns how many are done.
func (s *storm) check() (done int) {
	for _, p := range s.devices {
		for _, f := range s.flows[p] {
			if f.State() != verification.Done {
				continue
			}
			done++
			v, err := f.Verified()
			require.NoError(s.t, err)
			require.False(s.t, s.denied[f.TransactionID()])
			for _, o := range s.devices {
				if o.device.UserID() != f.UserID() || o.device.DeviceID() != f.DeviceID() {
					continue
				}
				require.Same(s.t, o.device, v.Device)
				for _, g := range s.flows[o] {
					if g.TransactionID() != f.TransactionID() || g.RoomID() != f.RoomID() || g.DeviceID() != p.device.DeviceID() {
						continue
					}
					require.Equal(s.t, s.codes[f], s.codes[g])
					why, _ := g.Cancellation()
					require.False(s.t, why.ByUs && (why.Code == verification.CodeKeyMismatch ||
						why.Code == verification.CodeMismatchedSAS || why.Code == verification.CodeMismatchedCommit), why)
				}
			}
		}
	}
	if !s.tampers {
		byDevices := map[[3]string]sas.Comparison{}
		for _, p := range s.devices {
			for _, f := range s.flows[p] {
				shown, ok := s.codes[f]
				if !ok {
					continue
				}
				a, b := p.device.UserID()+p.device.DeviceID(), f.UserID()+f.DeviceID()
				key := [3]string{f.TransactionID(), min(a, b), max(a, b)}
				if other, ok := byDevices[key]; ok {
					require.Equal(s.t, other, shown)
				}
				byDevices[key] = shown
			}
		}
	}
	return done
}

// V07, V09, V30: two or three devices, with a server and persons that do what they
// like. Each event leads to a few messages at most, and all becomes quiet; who has
// verified a device was shown the code that it shows, and neither end found a
// mismatch.
func TestAttack_V30_Storm(t *testing.T) {
	first := newPerson(t, sas.Method{}, bobID, "BDEVICE", 2)
	second := newPerson(t, sas.Method{}, bobID, "BSECOND", 3)
	both := newUser(t, bobID, privateKeys(t, bobID, 2), first.device, second.device)
	done := 0
	for run := range 300 {
		s := &storm{
			t: t, r: rand.New(rand.NewPCG(uint64(run), 1)), room: run%2 == 0, tampers: run%4 < 2, now: noon,
			flows: map[*person][]*verification.Flow{}, codes: map[*verification.Flow]sas.Comparison{}, denied: map[string]bool{},
		}
		s.devices = []*person{
			newPerson(t, sas.Method{}, aliceID, "ADEVICE", 1), newPerson(t, sas.Method{}, bobID, "BDEVICE", 2),
		}
		if run%3 == 0 {
			second := newPerson(t, sas.Method{}, bobID, "BSECOND", 3)
			s.devices[1].user, second.user, second.self = both, both, first.self
			s.devices = append(s.devices, second)
		}
		actions := 0
		for range 250 {
			if s.r.IntN(3) == 0 {
				s.act()
				actions++
			} else {
				s.arrive(true)
			}
			done += s.check()
		}
		require.LessOrEqual(t, s.sent, 4*(actions+s.arrived))
		for n := 0; len(s.queue) > 0; n++ {
			require.Less(t, n, 500, "run %d", run)
			s.arrive(false)
		}
		s.now = s.now.Add(verification.FlowTime)
		for _, p := range s.devices {
			s.put(p, p.v.Expire(s.now))
			_, open := p.v.Next()
			require.False(t, open)
		}
		for n := 0; len(s.queue) > 0; n++ {
			require.Less(t, n, 500, "run %d", run)
			s.arrive(false)
		}
		s.check()
	}
	require.NotZero(t, done)
}
