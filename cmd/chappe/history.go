package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
)

// maxEvent is the length in bytes of the longest event that is read. The
// specification allows 65536; what servers and clients add to one comes on top.
const maxEvent = 1 << 20

// maxContainers is how deeply the arrays of events are looked for.
const maxContainers = 8

// A historyEvent is one event of a room history as it was read.
type historyEvent struct {
	raw    []byte // until the next one is read; nil when it is too large
	roomID string // where the history says it around the event, as /sync does
}

// readHistory returns the events of an exported room history, in memory for one of
// them. It reads Element's JSON export and the answers of a server, which are an
// object around an array; an array of events; and one event a line.
//
// What is wrong within an event is left to who looks into it. An error ends it.
func readHistory(r io.Reader) iter.Seq2[historyEvent, error] {
	return func(yield func(historyEvent, error) bool) {
		h := &historyReader{s: &scanner{r: bufio.NewReaderSize(r, maxEvent)}, yield: yield}
		if err := h.read(); err != nil && err != errStopped {
			yield(historyEvent{}, err)
		}
	}
}

// errStopped says that the caller wants no more.
var errStopped = errors.New("stopped")

type historyReader struct {
	s     *scanner
	yield func(historyEvent, error) bool
	found bool // an array of events
}

var errNoHistory = failf(exitDamaged, "not a room history: neither events nor an array of them under messages, chunk, events or timeline")

func (h *historyReader) read() error {
	skipMark(h.s.r)
	c, err := h.s.peek()
	switch {
	case err == io.EOF:
		return errNoHistory
	case err != nil:
		return err
	case c == '[':
		err = h.events("")
	case c != '{':
		return errNoHistory
	case h.isLines():
		return h.lines()
	default:
		err = h.container("", 0)
	}
	if err != nil {
		return err
	}
	if !h.found {
		return errNoHistory
	}
	return h.s.ended()
}

// isLines says whether the first line is an event.
func (h *historyReader) isLines() bool {
	head, _ := h.s.r.Peek(maxEvent)
	line, _, _ := bytes.Cut(head, []byte("\n"))
	m, err := parseMembers(line)
	if err != nil {
		return false
	}
	return m["content"] != nil || m["encrypted"] != nil || m["type"] != nil
}

// lines reads one event a line.
func (h *historyReader) lines() error {
	for {
		line, err := h.s.r.ReadSlice('\n')
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return err
		}
		long := err == bufio.ErrBufferFull
		for err == bufio.ErrBufferFull { // the rest of a line that is too long
			_, err = h.s.r.ReadSlice('\n')
		}
		if line = bytes.Trim(line, " \r\n\t\x1e"); len(line) > 0 {
			if long {
				line = nil
			}
			if !h.yield(historyEvent{raw: line}, nil) {
				return errStopped
			}
		}
		if err != nil {
			return ignoreEOF(err)
		}
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// events reads an array of events.
func (h *historyReader) events(roomID string) error {
	h.found = true
	if err := h.s.take('['); err != nil {
		return err
	}
	for first := true; ; first = false {
		if more, err := h.s.more(']', first); err != nil || !more {
			return err
		}
		raw, err := h.s.value(maxEvent)
		if err != nil {
			return err
		}
		if !h.yield(historyEvent{raw: raw, roomID: roomID}, nil) {
			return errStopped
		}
	}
}

// container reads an object around arrays of events.
func (h *historyReader) container(roomID string, depth int) error {
	return h.object(func(name string, next byte) error {
		switch name {
		case "messages", "chunk", "events", "timeline", "events_before", "events_after":
			if next == '[' {
				return h.events(roomID)
			}
			if next == '{' && name == "timeline" && depth < maxContainers {
				return h.container(roomID, depth+1)
			}
		case "rooms":
			if next == '{' {
				return h.rooms(depth)
			}
		}
		return h.skip()
	})
}

// rooms reads the rooms of an answer to /sync: {"join":{roomID:{"timeline":…}}}.
func (h *historyReader) rooms(depth int) error {
	return h.object(func(_ string, next byte) error {
		if next != '{' || depth >= maxContainers {
			return h.skip()
		}
		return h.object(func(roomID string, next byte) error {
			if next != '{' {
				return h.skip()
			}
			return h.container(roomID, depth+1)
		})
	})
}

// object calls member for each member of the object that is next, with the first
// character of its value.
func (h *historyReader) object(member func(name string, next byte) error) error {
	if err := h.s.take('{'); err != nil {
		return err
	}
	for first := true; ; first = false {
		if more, err := h.s.more('}', first); err != nil || !more {
			return err
		}
		name, err := h.s.name()
		if err != nil {
			return err
		}
		next, err := h.s.peek()
		if err == io.EOF {
			return notJSON("it ends early")
		}
		if err != nil {
			return err
		}
		if err := member(name, next); err != nil {
			return err
		}
	}
}

func (h *historyReader) skip() error {
	_, err := h.s.value(0)
	return err
}
