package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/chappe-e2ee/chappe/events"
)

// A decryptOrder is what the command line of decrypt says.
type decryptOrder struct {
	history, keys, passphrase string
	output                    string
	force                     bool
	room                      string
	attachments, save         string
}

func (t *tool) decryptCommand() *cobra.Command {
	var o decryptOrder
	c := &cobra.Command{
		Use:   "decrypt HISTORY --keys KEYS -o OUTPUT",
		Short: "Decrypt an exported room history",
		Long: `Decrypt the events of a room history with a file of room keys. HISTORY is
Element's JSON export ({"messages":[…]}), an answer of a server to /messages,
/context or /sync, a JSON array of events, or one event a line.

The output has one event a line, in the order of the input. An event that was
decrypted has the type and content that were encrypted. Each has one member more,
"chappe", whose "status" is

  decrypted         decrypted, with all checks that need no state
  plaintext         was not encrypted, or Element had decrypted it
  redacted          its content was removed
  not-exported      Element could not decrypt it, and left the ciphertext out
  missing-key       the key file has no key of its session
  unknown-index     the key begins at a later message ("first_known_index")
  wrong-room        key or plaintext are of another room
  replay            the message came before, as another event
  wrong-signature   not by the session's maker, or changed on the way
  does-not-decrypt  damaged, or the key is wrong
  unknown-algorithm not encrypted for rooms
  malformed         not an event: "reason" says why, "raw" is what stood there

Keys from a file say nothing about who sent a message: senders are whom the
server says.

--attachments is a folder with encrypted files as they were downloaded, under the
last part of their mxc:// address, or under their own name; --save-attachments is
a new folder for what is in them. A file whose hash is wrong is not written.

Memory: 10 MB, 1.5 KB for each session that the history names and the key file
has, and 100 to 130 bytes an event. The history is read twice, the key file once.`,
		Example: `  chappe decrypt export.json --keys keys.txt -o plain.ndjson`,
		Args:    cobra.ExactArgs(1), ValidArgsFunction: fileArgs("json", "ndjson", "jsonl"),
		RunE: func(c *cobra.Command, args []string) error {
			o.history = args[0]
			return t.decrypt(c.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.keys, "keys", "", "file of room keys: a key file, or plain JSON")
	f.StringVar(&o.passphrase, "passphrase-file", "", "file whose first line is the passphrase of the key file")
	f.StringVarP(&o.output, "output", "o", "", `file to write the events to; "-" is standard output`)
	f.BoolVar(&o.force, "force", false, "overwrite the output if it exists")
	f.StringVar(&o.room, "room", "", "id of the room, for events that do not say it")
	f.StringVar(&o.attachments, "attachments", "", "folder with encrypted files")
	f.StringVar(&o.save, "save-attachments", "", "new folder for the decrypted files")
	must(c.MarkFlagRequired("keys"))
	must(c.MarkFlagRequired("output"))
	c.MarkFlagsRequiredTogether("attachments", "save-attachments")
	hintFiles(c, "keys", "txt", "json")
	hintFiles(c, "passphrase-file")
	hintFiles(c, "output", "ndjson")
	must(c.MarkFlagDirname("attachments"))
	must(c.MarkFlagDirname("save-attachments"))
	return c
}

// A decryption is what decrypt says in JSON.
type decryption struct {
	Output      string         `json:"output"`
	Events      int            `json:"events"`
	Status      map[string]int `json:"status"`      // events by their status
	Attachments map[string]int `json:"attachments"` // by theirs
	Sessions    int            `json:"sessions"`    // that the history names
	Keys        int            `json:"keys"`        // of these, in the key file
	Bad         int            `json:"bad"`         // events and attachments that are not as they should be
}

// A decrypter decrypts one history.
type decrypter struct {
	t           *tool
	order       decryptOrder
	keys        roomKeys
	attachments *attachments // nil when none are wanted
	out         io.Writer
	report      *report
	found       decryption
	line        []byte
}

func (t *tool) decrypt(ctx context.Context, o decryptOrder) error {
	if o.output != "-" {
		if err := checkOutput(o.output, o.force); err != nil {
			return err
		}
	}
	history, size, err := inputFile(o.history)
	if err != nil {
		return err
	}
	defer history.Close()
	d := &decrypter{t: t, order: o, report: &report{t: t}, found: decryption{
		Output: o.output, Status: map[string]int{}, Attachments: map[string]int{},
	}}
	if o.attachments != "" {
		if d.attachments, err = t.openAttachments(ctx, o.attachments, o.save); err != nil {
			return err
		}
		defer d.attachments.abandon()
	}
	if err := d.wanted(ctx, history, size); err != nil {
		return err
	}
	if err := d.readKeys(ctx); err != nil {
		return err
	}
	return d.write(ctx, history, size)
}

// pass goes over the events of the history.
func (d *decrypter) pass(ctx context.Context, what string, f *os.File, size int64, each func(historyEvent) error) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	p := d.t.progress(what+" "+d.order.history, size)
	defer p.finish()
	for e, err := range readHistory(&watched{ctx: ctx, file: f, p: p}) {
		if err == nil {
			err = each(e)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", d.order.history, err)
		}
	}
	return cancelled(ctx)
}

// wanted finds which sessions the history names.
func (d *decrypter) wanted(ctx context.Context, f *os.File, size int64) error {
	d.keys = roomKeys{}
	return d.pass(ctx, "Reading", f, size, func(h historyEvent) error {
		if e, err := parseEvent(h.raw, h.roomID); err == nil && e.kind == events.TypeEncrypted {
			if c, err := events.ParseMegolm(e.members["content"]); err == nil {
				d.keys[c.SessionID()] = &heldKeys{}
			}
		}
		return nil
	})
}

func (d *decrypter) readKeys(ctx context.Context) error {
	k, err := d.t.openKeys(ctx, d.order.keys, func() ([]byte, error) {
		return d.t.secret(ctx, passphraseOf(d.order.keys, d.order.passphrase))
	})
	if err != nil {
		return err
	}
	defer k.close()
	for e, err := range k.entries(d.report) {
		if err != nil {
			return err
		}
		if err := d.keys.add(e); err != nil {
			return err
		}
		e.Close()
	}
	d.found.Sessions, d.found.Keys = len(d.keys), d.keys.found()
	return cancelled(ctx)
}

// write decrypts the events and writes them.
func (d *decrypter) write(ctx context.Context, f *os.File, size int64) error {
	d.out = d.t.stdout
	var out *output
	if d.order.output != "-" {
		var err error
		if out, err = createOutput(d.order.output, d.order.force); err != nil {
			return err
		}
		defer out.abandon()
		d.out = out
	}
	if err := d.pass(ctx, "Decrypting", f, size, func(h historyEvent) error { return d.event(ctx, h) }); err != nil {
		return err
	}
	d.report.end()
	if d.attachments != nil {
		if err := d.attachments.commit(); err != nil {
			return err
		}
	}
	if out != nil {
		if err := out.commit(); err != nil {
			return err
		}
	}
	d.found.Bad = d.report.count
	if err := d.summary(); err != nil {
		return err
	}
	return partial(d.found.Bad, "of the events, attachments or keys were bad")
}

// summary says what was done: beside the events, on standard error.
func (d *decrypter) summary() error {
	to := d.t.stdout
	if d.order.output == "-" {
		to = d.t.stderr
	}
	t := *d.t
	t.stdout = to
	if t.json {
		return t.printJSON(d.found)
	}
	err := t.print("%s: %s; the key file has %d of %s", printable(d.found.Output), plural(d.found.Events, "event"), d.found.Keys, plural(d.found.Sessions, "session"))
	for _, status := range slices.Sorted(maps.Keys(d.found.Status)) {
		if err == nil {
			err = t.print("%8d  %s", d.found.Status[status], status)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(d.found.Attachments)) {
		if err == nil {
			err = t.print("%8d  attachments %s", d.found.Attachments[status], status)
		}
	}
	return err
}
