package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/megolm"
)

// A merging is what keys merge says in JSON.
type merging struct {
	writing
	Inputs      int `json:"inputs"`
	Copies      int `json:"copies"`      // keys of a session that another key was of
	Better      int `json:"better"`      // copies that were better than the one before
	Unconnected int `json:"unconnected"` // copies that contradict each other; all were kept
}

func (t *tool) mergeCommand() *cobra.Command {
	var out keyOutput
	var passphrases []string
	c := &cobra.Command{
		Use:   "merge KEYS KEYS... -o OUTPUT",
		Short: "Join several key files, keeping the best key of each session",
		Long: `Join several files of room keys. Of a session that stands in more than one, the
key is kept that reads the most messages. Keys that claim to be of one session
and contradict each other are all kept, and reported.

--passphrase-file is given once for all inputs, or once for each in their order.
The new file has the passphrase of the first input that has one, unless
--new-passphrase-file says otherwise.

Memory: some 600 bytes a session, for the inputs are read twice, and only the
ratchet of the best key is held meanwhile.`,
		Example: `  chappe keys merge phone.txt laptop.txt -o all.txt`,
		Args:    cobra.MinimumNArgs(2), ValidArgsFunction: fileArgs("txt", "json"),
		RunE: func(c *cobra.Command, args []string) error {
			if n := len(passphrases); n > 1 && n != len(args) {
				return failf(exitUsage, "give --passphrase-file once, or once for each of the %d inputs", len(args))
			}
			return t.merge(c.Context(), args, passphrases, &out)
		},
	}
	c.Flags().StringArrayVar(&passphrases, "passphrase-file", nil, "file whose first line is the passphrase of the inputs, or of the next one")
	out.flags(c, "new-passphrase-file", "file whose first line is the passphrase of the new file")
	hintFiles(c, "passphrase-file")
	return c
}

func (t *tool) merge(ctx context.Context, paths, passphrases []string, out *keyOutput) error {
	if err := out.check(); err != nil {
		return err
	}
	sources, secret, err := t.openAll(ctx, paths, passphrases)
	defer func() {
		for _, k := range sources {
			k.close()
		}
	}()
	if err != nil {
		return err
	}
	if out.passphrase != "" || secret == nil {
		if secret, err = t.newPassphrase(ctx, out, "--new-passphrase-file"); err != nil {
			return err
		}
	}
	r := &report{t: t}
	m := &merger{t: t, best: map[sessionKey]*candidate{}, extra: map[position]bool{}, report: r}
	for i, k := range sources {
		if err := m.read(i, k); err != nil {
			return err
		}
	}
	if err := cancelled(ctx); err != nil {
		return err
	}
	w, err := out.create(secret)
	if err != nil {
		return err
	}
	defer w.abandon()
	for i, k := range sources {
		if err := m.write(i, k, w); err != nil {
			return err
		}
	}
	r.end()
	if err := cancelled(ctx); err != nil {
		return err
	}
	if err := w.commit(); err != nil {
		return err
	}
	m.found.writing = writing{Output: out.path, Form: "key-file", Read: m.found.Read, Written: w.count, Bad: r.count}
	m.found.Inputs = len(paths)
	return t.merged(m.found)
}

// openAll opens the inputs, and returns the first passphrase beside them.
func (t *tool) openAll(ctx context.Context, paths, passphrases []string) (sources []*keySource, first []byte, err error) {
	var shared []byte // the one that --passphrase-file gives for all
	for i, path := range paths {
		k, err := t.openKeys(ctx, path, func() ([]byte, error) {
			if shared != nil {
				return shared, nil
			}
			source := passphraseOf(path, "")
			if len(passphrases) > 0 {
				source.file = passphrases[min(i, len(passphrases)-1)]
			}
			secret, err := t.secret(ctx, source)
			if err == nil && len(passphrases) == 1 {
				shared = secret
			}
			if first == nil {
				first = secret
			}
			return secret, err
		})
		if err != nil {
			return sources, nil, err
		}
		sources = append(sources, k)
	}
	return sources, first, nil
}

// A position is where an entry stands in the inputs.
type position struct{ source, entry int32 }

// A candidate is the best key of a session so far.
type candidate struct {
	at      position
	session *megolm.InboundSession
}

// A merger finds the best key of each session in a first pass over the inputs,
// and writes them in a second.
type merger struct {
	t      *tool
	best   map[sessionKey]*candidate
	extra  map[position]bool // keys that are written besides the best
	report *report
	found  merging
}

func (m *merger) read(source int, k *keySource) error {
	at := position{source: int32(source)}
	for e, err := range k.entries(m.report) {
		if err != nil {
			return err
		}
		m.found.Read++
		if err := m.add(at, k.name, e); err != nil {
			return err
		}
		e.Close()
		at.entry++
	}
	return nil
}

func (m *merger) add(at position, name string, e backup.Entry) error {
	if e.SenderKey.IsZero() {
		m.report.bad("%s: session %s: cannot be written: it has no sender_key", name, e.SessionID())
		return nil
	}
	restored, err := e.Import()
	if err != nil {
		return err
	}
	session, key := restored.Session(), keyOf(e)
	held := m.best[key]
	if held == nil {
		m.best[key] = &candidate{at, session}
		return nil
	}
	m.found.Copies++
	order, err := held.session.Merge(session)
	if err != nil {
		return err
	}
	switch order {
	case megolm.Worse:
		m.found.Better++
		held.at = at
	case megolm.Unconnected:
		m.found.Unconnected++
		m.extra[at] = true
		m.report.bad("%s: session %s contradicts another key of this session; both are kept", name, e.SessionID())
	}
	session.Close()
	return nil
}

// write writes the keys of one input that were the best.
func (m *merger) write(source int, k *keySource, w *keyWriter) error {
	at := position{source: int32(source)}
	for e, err := range k.entries(nil) { // bad ones were reported before
		if err != nil {
			return err
		}
		held := m.best[keyOf(e)]
		if held != nil && held.at == at || m.extra[at] {
			if err := w.write(e, k.name, m.report); err != nil {
				return err
			}
		}
		e.Close()
		at.entry++
	}
	return nil
}

func (t *tool) merged(m merging) error {
	if t.json {
		if err := t.printJSON(m); err != nil {
			return err
		}
		return partial(m.Bad, "of the entries were bad")
	}
	err := t.print("%s: wrote %d keys of the %d in %d files", printable(m.Output), m.Written, m.Read, m.Inputs)
	if err == nil && m.Copies > 0 {
		err = t.print("%d stood more than once: the best of each was kept", m.Copies)
	}
	if err != nil {
		return err
	}
	return partial(m.Bad, "of the entries were bad")
}
