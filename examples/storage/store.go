package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// store is a directory with two files: the seal key, written once, and the
// state, which is replaced as a whole. That is the simplest thing that is right:
// whatever belongs together is on disk together, or not at all. A program with
// thousands of sessions keeps the same values in a database, and makes of each
// commit one transaction.
//
// One process at a time may use the directory: two would use the same message
// keys. A real program takes a lock. Nor may the directory be restored from a
// backup and used again: an old state repeats message keys.
type store struct {
	dir     string
	key     keys.SealKey
	written []byte // what the state file holds
	commits int
	at      func(step string) // told what was just done; the test dies here
}

const (
	keyFile   = "seal.key"
	stateFile = "state.json"
)

// openStore opens the store in a directory, and makes it at the first start. It
// returns the state, nil at the first start.
func openStore(dir string, at func(step string)) (*store, []byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	s := &store{dir: dir, at: at}
	state, err := os.ReadFile(filepath.Join(dir, stateFile))
	first := errors.Is(err, fs.ErrNotExist)
	if err != nil && !first {
		return nil, nil, err
	}
	b, err := os.ReadFile(filepath.Join(dir, keyFile))
	switch {
	case err == nil:
		defer clear(b)
		if s.key, err = keys.NewSealKey(b); err != nil {
			return nil, nil, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, nil, err
	case !first:
		// A new key would not open the state, and would hide that.
		return nil, nil, errors.New("there is a state, but its seal key is gone")
	default:
		// The key is on disk before anything that needs it.
		s.key = keys.GenerateSealKey()
		b := s.key.Secret()
		defer clear(b[:])
		if err := writeFile(dir, keyFile, b[:], at); err != nil {
			return nil, nil, err
		}
	}
	s.written = state
	return s, state, nil
}

// commit makes a state the one that the next start finds. Sealing is randomized,
// but a value that did not change keeps its sealed form (see kept): when nothing
// changed, the bytes are the same, and there is nothing to write.
func (s *store) commit(state any) error {
	b, err := json.Marshal(state)
	if err != nil {
		return err
	}
	if bytes.Equal(b, s.written) {
		return nil
	}
	if err := writeFile(s.dir, stateFile, b, s.at); err != nil {
		return err
	}
	s.written = b
	s.commits++
	return nil
}

// writeFile replaces a file as a whole: whoever reads it, at any time and after
// any crash, finds the old content or the new one.
func writeFile(dir, name string, content []byte, at func(step string)) error {
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	// In two halves only so that the test can die between them.
	half := len(content) / 2
	_, err = f.Write(content[:half])
	at(name + ": half written")
	if err == nil {
		_, err = f.Write(content[half:])
	}
	at(name + ": written")
	// The content has to be on disk before the name points to it.
	err = errors.Join(err, f.Sync(), f.Close())
	at(name + ": flushed to disk")
	if err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	at(name + ": renamed")
	// And the name has to be on disk before anybody relies on it.
	if err := syncDir(dir); err != nil {
		return err
	}
	at(name + ": committed")
	return nil
}

// syncDir flushes a directory to disk, where the system has that.
func syncDir(dir string) error {
	switch runtime.GOOS {
	case "windows", "plan9", "js", "wasip1":
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// A value is an account or a session, of either kind.
type value interface {
	Revision() uint64
	Seal(key keys.SealKey, context []byte) ([]byte, error)
	Close()
}

var (
	_ value = (*olm.Account)(nil)
	_ value = (*olm.Session)(nil)
	_ value = (*megolm.OutboundSession)(nil)
	_ value = (*megolm.InboundSession)(nil)
)

// kept is a value with its place in the store: the sealed form that was made
// last, and the revision that it shows.
type kept[V value] struct {
	value    V
	key      keys.SealKey
	context  string // what the value is; it opens under the same context only
	sealed   []byte
	revision uint64
}

// keep returns a place for a new value.
func keep[V value](v V, key keys.SealKey, context string) *kept[V] {
	return &kept[V]{value: v, key: key, context: context}
}

// MarshalJSON returns the sealed form, and seals only a value that changed.
func (k *kept[V]) MarshalJSON() ([]byte, error) {
	if revision := k.value.Revision(); k.sealed == nil || k.revision != revision {
		sealed, err := k.value.Seal(k.key, []byte(k.context))
		if err != nil {
			return nil, err
		}
		k.sealed, k.revision = sealed, revision
	}
	return json.Marshal(k.sealed)
}

// UnmarshalJSON takes the sealed form; unseal makes the value of it.
func (k *kept[V]) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &k.sealed) }

func (k *kept[V]) unseal(open func([]byte, keys.SealKey, []byte) (V, error), key keys.SealKey, context string) error {
	if k == nil {
		return fmt.Errorf("%s: not in the state", context)
	}
	v, err := open(k.sealed, key, []byte(context))
	if err != nil {
		return fmt.Errorf("%s: %w", context, err)
	}
	k.value, k.key, k.context, k.revision = v, key, context, v.Revision()
	return nil
}
