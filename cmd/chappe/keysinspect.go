package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/chappe-e2ee/chappe/backup"
)

// An inspection is what keys inspect says of a file, in JSON under these names.
type inspection struct {
	File     string           `json:"file"`
	Form     string           `json:"form"`             // "key-file" or "json"
	Rounds   int              `json:"rounds,omitempty"` // of PBKDF2, for key files
	Keys     int              `json:"keys"`
	Bad      int              `json:"bad"`
	Copies   int              `json:"copies"` // keys of a session that another key before was of
	Rooms    []roomInspection `json:"rooms"`
	Sessions []sessionLine    `json:"sessions,omitempty"` // with --sessions
}

type roomInspection struct {
	RoomID       string `json:"room_id"`
	Keys         int    `json:"keys"`
	FromStart    int    `json:"from_start"`    // keys whose first index is 0
	HighestIndex uint32 `json:"highest_index"` // the highest first index
	Shared       int    `json:"shared_history"`
}

type sessionLine struct {
	RoomID        string `json:"room_id"`
	SessionID     string `json:"session_id"`
	FirstIndex    uint32 `json:"first_index"`
	SenderKey     string `json:"sender_key"`
	Forwarded     int    `json:"forwarded"` // how many devices forwarded it
	SharedHistory bool   `json:"shared_history"`
}

func (t *tool) inspectCommand() *cobra.Command {
	var passphrase string
	var sessions bool
	c := &cobra.Command{
		Use:   "inspect KEYS",
		Short: "Say which rooms and sessions a key file holds",
		Long: `Say which rooms a file of room keys holds, how many keys of each, how many of
them begin at the first message of their session, and the highest first index.

Nothing in a key file is authenticated but by its passphrase: rooms and senders
are what its writer said.

Memory: 60 bytes a session, and with --sessions some 500.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: fileArgs("txt", "json"),
		RunE: func(c *cobra.Command, args []string) error {
			k, err := t.openKeys(c.Context(), args[0], func() ([]byte, error) {
				return t.secret(c.Context(), passphraseOf(args[0], passphrase))
			})
			if err != nil {
				return err
			}
			defer k.close()
			return t.inspect(c.Context(), k, sessions)
		},
	}
	c.Flags().StringVar(&passphrase, "passphrase-file", "", "file whose first line is the passphrase")
	c.Flags().BoolVar(&sessions, "sessions", false, "list every session, too")
	hintFiles(c, "passphrase-file")
	return c
}

func (t *tool) inspect(ctx context.Context, k *keySource, sessions bool) error {
	r := &report{t: t}
	found := inspection{File: k.name, Form: k.form(), Rounds: k.rounds(), Rooms: []roomInspection{}}
	rooms := map[string]*roomInspection{}
	seen := map[sessionKey]struct{}{}
	for e, err := range k.entries(r) {
		if err != nil {
			return err
		}
		found.Keys++
		key := keyOf(e)
		if _, before := seen[key]; before {
			found.Copies++
		}
		seen[key] = struct{}{}
		room := rooms[e.RoomID]
		if room == nil {
			room = &roomInspection{RoomID: e.RoomID}
			rooms[e.RoomID] = room
		}
		room.add(e)
		if sessions {
			found.Sessions = append(found.Sessions, lineOf(e))
		}
		e.Close()
	}
	r.end()
	if err := cancelled(ctx); err != nil {
		return err
	}
	found.Bad = r.count
	for _, room := range rooms {
		found.Rooms = append(found.Rooms, *room)
	}
	slices.SortFunc(found.Rooms, func(a, b roomInspection) int {
		return cmp.Or(cmp.Compare(b.Keys, a.Keys), cmp.Compare(a.RoomID, b.RoomID))
	})
	if err := t.showInspection(found); err != nil {
		return err
	}
	return partial(found.Bad, "of the entries were bad")
}

func (r *roomInspection) add(e backup.Entry) {
	r.Keys++
	if e.Session.Index() == 0 {
		r.FromStart++
	}
	r.HighestIndex = max(r.HighestIndex, e.Session.Index())
	if e.SharedHistory {
		r.Shared++
	}
}

func lineOf(e backup.Entry) sessionLine {
	return sessionLine{
		RoomID: e.RoomID, SessionID: e.SessionID(), FirstIndex: e.Session.Index(), SenderKey: e.SenderKey.String(),
		Forwarded: len(e.ForwardingChain), SharedHistory: e.SharedHistory,
	}
}

func (t *tool) showInspection(i inspection) error {
	if t.json {
		return t.printJSON(i)
	}
	protection := ""
	if i.Form == "key-file" {
		protection = fmt.Sprintf(", %d rounds of PBKDF2", i.Rounds)
		if i.Rounds < backup.MinNewRounds {
			protection += " (few: the passphrase is badly protected)"
		}
	}
	if err := t.print("%s: %s in %s%s", printable(i.File), plural(i.Keys, "key"), plural(len(i.Rooms), "room"), protection); err != nil {
		return err
	}
	if i.Copies > 0 {
		if err := t.print("%s of sessions that stand more than once", plural(i.Copies, "key")); err != nil {
			return err
		}
	}
	if len(i.Rooms) > 0 {
		if err := t.print("\n%8s  %10s  %13s  room", "keys", "from start", "highest index"); err != nil {
			return err
		}
	}
	for _, room := range i.Rooms {
		if err := t.print("%8d  %10d  %13d  %s", room.Keys, room.FromStart, room.HighestIndex, printable(room.RoomID)); err != nil {
			return err
		}
	}
	if len(i.Sessions) > 0 {
		if err := t.print("\n%11s  %-43s  room", "first index", "session"); err != nil {
			return err
		}
	}
	for _, s := range i.Sessions {
		if err := t.print("%11d  %-43s  %s", s.FirstIndex, s.SessionID, printable(s.RoomID)); err != nil {
			return err
		}
	}
	return nil
}
