package main

import (
	"bytes"
	"errors"
	"io"
	"iter"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

// plainEntries returns the entries of a JSON array of ExportedSessionData, what a
// key file holds, without its encryption.
func plainEntries(r io.ReadSeeker) iter.Seq2[backup.Entry, error] {
	return func(yield func(backup.Entry, error) bool) {
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			yield(backup.Entry{}, err)
			return
		}
		s := newScanner(r)
		defer func() { secret.Wipe(s.raw[:cap(s.raw)]) }()
		if err := plainArray(s, yield); err != nil && err != errStopped {
			yield(backup.Entry{}, err)
		}
	}
}

// errStopped says that the caller wants no more.
var errStopped = errors.New("stopped")

func plainArray(s *scanner, yield func(backup.Entry, error) bool) error {
	skipMark(s.r)
	if err := s.take('['); err != nil {
		return err
	}
	for i := 0; ; i++ {
		if more, err := s.more(']', i == 0); err != nil || !more {
			if err == nil {
				err = ended(s)
			}
			return err
		}
		raw, err := s.value(backup.MaxEntrySize)
		if err != nil {
			return err
		}
		e, sessionID, err := plainEntry(raw)
		if err != nil {
			err = &backup.EntryError{Index: i, RoomID: e.RoomID, SessionID: sessionID, Err: err}
		}
		if !yield(e, err) {
			return errStopped
		}
	}
}

// ended expects nothing but white space.
func ended(s *scanner) error {
	_, err := s.peek()
	if err == io.EOF {
		return nil
	}
	if err == nil {
		err = notJSON("data after the end")
	}
	return err
}

// plainEntry reads one ExportedSessionData, as the key files of old clients have
// it too: sender_key and the claimed keys may be missing.
func plainEntry(raw []byte) (e backup.Entry, sessionID string, err error) {
	if raw == nil {
		return e, "", backup.ErrTooLarge
	}
	m, err := parseMembers(raw)
	if err != nil {
		return e, "", err
	}
	e.RoomID, _ = m.text("room_id")
	sessionID, _ = m.text("session_id")
	if algorithm, _ := m.text("algorithm"); algorithm != backup.MegolmAlgorithm {
		return e, sessionID, backup.ErrAlgorithm
	}
	if e.RoomID == "" || sessionID == "" {
		return e, sessionID, errors.New("room_id or session_id is missing")
	}
	if key := m["session_key"]; len(key) > 2 && key[0] == '"' {
		key = bytes.ReplaceAll(key[1:len(key)-1], []byte(`\/`), []byte("/")) // as some write it
		err = e.Session.UnmarshalText(key)
		secret.Wipe(key)
	} else {
		err = errors.New("session_key is missing")
	}
	if err == nil && e.Session.SessionID() != sessionID {
		err = backup.ErrSessionID
	}
	if err == nil {
		err = plainClaims(&e, m)
	}
	return e, sessionID, err
}

// plainClaims reads what an entry says of the session besides the key.
func plainClaims(e *backup.Entry, m members) (err error) {
	if text, ok := m.text("sender_key"); ok && text != "" {
		if e.SenderKey, err = keys.ParseCurve25519(text); err != nil {
			return err
		}
	}
	if claimed, err := canonicaljson.Parse(m["sender_claimed_keys"]); err == nil {
		if text, ok := claimed.Get("ed25519").Text(); ok && text != "" {
			if e.ClaimedEd25519, err = keys.ParseEd25519(text); err != nil {
				return err
			}
		}
	}
	if chain, err := canonicaljson.Parse(m["forwarding_curve25519_key_chain"]); err == nil {
		for item := range chain.Items() {
			text, _ := item.Text()
			key, err := keys.ParseCurve25519(text)
			if err != nil {
				return err
			}
			e.ForwardingChain = append(e.ForwardingChain, key)
		}
	}
	for _, name := range []string{"shared_history", "m.shared_history", "org.matrix.msc3061.shared_history"} {
		e.SharedHistory = e.SharedHistory || string(m[name]) == "true"
	}
	return nil
}

// A plainWriter writes the JSON array, one entry a line.
type plainWriter struct {
	w     io.Writer
	count int
}

func (w *plainWriter) write(e backup.Entry) error {
	claimed := canonicaljson.Object()
	if !e.ClaimedEd25519.IsZero() {
		claimed = canonicaljson.Object(canonicaljson.Member{Name: "ed25519", Value: canonicaljson.Text(e.ClaimedEd25519.String())})
	}
	var chain []canonicaljson.Value
	for _, key := range e.ForwardingChain {
		chain = append(chain, canonicaljson.Text(key.String()))
	}
	head := canonicaljson.Object(
		canonicaljson.Member{Name: "algorithm", Value: canonicaljson.Text(backup.MegolmAlgorithm)},
		canonicaljson.Member{Name: "forwarding_curve25519_key_chain", Value: canonicaljson.Array(chain...)},
		canonicaljson.Member{Name: "org.matrix.msc3061.shared_history", Value: canonicaljson.Bool(e.SharedHistory)},
		canonicaljson.Member{Name: "room_id", Value: canonicaljson.Text(e.RoomID)},
		canonicaljson.Member{Name: "sender_claimed_keys", Value: claimed},
		canonicaljson.Member{Name: "sender_key", Value: canonicaljson.Text(e.SenderKey.String())},
		canonicaljson.Member{Name: "session_id", Value: canonicaljson.Text(e.SessionID())},
	)
	if head.IsZero() {
		return errors.New("the room id is no text")
	}
	before := "[\n"
	if w.count > 0 {
		before = ",\n"
	}
	b := head.AppendTo(append(make([]byte, 0, 1024), before...))
	b = append(b[:len(b)-1], `,"session_key":"`...)
	text := e.Session.SecretText()
	b = append(append(b, text...), `"}`...)
	defer secret.Wipe(b)
	secret.Wipe(text)
	w.count++
	_, err := w.w.Write(b)
	return err
}

func (w *plainWriter) finish() error {
	end := "\n]\n"
	if w.count == 0 {
		end = "[]\n"
	}
	_, err := io.WriteString(w.w, end)
	return err
}
