//go:build goolm

package mautrixolm_test

import (
	"context"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// stateOfRoom is the state of the room, as a client has it from its server.
type stateOfRoom struct{}

func (stateOfRoom) IsEncrypted(context.Context, id.RoomID) (bool, error) { return true, nil }

func (stateOfRoom) GetEncryptionEvent(context.Context, id.RoomID) (*event.EncryptionEventContent, error) {
	return &event.EncryptionEventContent{Algorithm: id.AlgorithmMegolmV1, RotationPeriodMessages: 1000}, nil
}

func (stateOfRoom) GetHistoryVisibility(context.Context, id.RoomID) (*event.HistoryVisibilityEventContent, error) {
	return &event.HistoryVisibilityEventContent{HistoryVisibility: event.HistoryVisibilityShared}, nil
}

func (stateOfRoom) FindSharedRooms(context.Context, id.UserID) ([]id.RoomID, error) {
	return []id.RoomID{room}, nil
}
