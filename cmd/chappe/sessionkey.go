package main

import (
	"crypto/sha256"

	"github.com/chappe-e2ee/chappe/backup"
)

// A sessionKey names a session in its room, in few bytes.
type sessionKey [16]byte

func keyOf(e backup.Entry) sessionKey {
	h := sha256.New()
	h.Write([]byte(e.SessionID()))
	h.Write([]byte(e.RoomID))
	return sessionKey(h.Sum(nil)[:16])
}
