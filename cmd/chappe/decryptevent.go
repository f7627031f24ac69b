package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/megolm"
)

// event writes one event as it is after decryption.
func (d *decrypter) event(ctx context.Context, h historyEvent) error {
	d.found.Events++
	e, err := parseEvent(h.raw, cmp.Or(h.roomID, d.order.room))
	if err != nil {
		m := mark{Status: statusMalformed, Reason: sentence(err), Raw: string(h.raw)}
		d.count(m, "")
		line, err := appendMark(append(d.line[:0], '{'), m)
		return d.put(line, err)
	}
	content := e.content()
	m := mark{}
	var kind string
	var plaintext []byte
	if status, ok := e.unencrypted(content); ok {
		m.Status = status
	} else {
		kind, plaintext, m = d.open(e, content)
	}
	if d.attachments != nil && (m.Status == statusDecrypted || m.Status == statusPlaintext) {
		from := plaintext
		if from == nil {
			from = e.members["content"]
		}
		if m.Attachments, err = d.attachments.save(ctx, d.found.Events, from, m.Status == statusPlaintext); err != nil {
			return err
		}
	}
	d.count(m, e.place.EventID)
	line, err := e.appendLine(d.line[:0], kind, plaintext, m)
	return d.put(line, err)
}

// open decrypts an event.
func (d *decrypter) open(e *event, content members) (kind string, plaintext []byte, m mark) {
	refuse := func(err error) (string, []byte, mark) {
		m.Status, m.Reason = statusOf(err), sentence(err)
		return "", nil, m
	}
	c, err := events.ParseMegolm(e.members["content"])
	if err != nil {
		return refuse(err)
	}
	m.SessionID = printable(c.SessionID())
	if e.place.RoomID == "" {
		return refuse(failf(exitUsage, "the event does not say its room: give --room"))
	}
	opened, err := d.keys.open(e.place, c)
	if err != nil {
		if unknown, ok := errors.AsType[*megolm.UnknownIndexError](err); ok {
			m.Index, m.FirstKnown = &unknown.Got, &unknown.FirstKnown
		}
		return refuse(err)
	}
	index := opened.Index()
	m.Status, m.Index, m.ClearRelation = statusDecrypted, &index, content["m.relates_to"]
	return opened.Type(), opened.Content(), m
}

// put writes a line.
func (d *decrypter) put(line []byte, err error) error {
	if err != nil {
		return err
	}
	d.line = line
	_, err = d.out.Write(escapeControls(line))
	return err
}

// count counts what became of an event, and reports what is bad.
func (d *decrypter) count(m mark, eventID string) {
	d.found.Status[m.Status]++
	where := fmt.Sprintf("event %d", d.found.Events)
	if eventID != "" {
		where += " (" + eventID + ")"
	}
	if !isGood(m.Status) {
		reason := m.Status
		if m.Reason != "" {
			reason += ": " + m.Reason
		}
		d.report.bad("%s: %s", where, reason)
	}
	for _, a := range m.Attachments {
		d.found.Attachments[a.Status]++
		if !a.good() {
			d.report.bad("%s: %s %s: %s", where, a.Member, a.URL, a.Status)
		}
	}
}
