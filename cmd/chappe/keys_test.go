package main

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
)

const withPassphrase = "--passphrase-file=passphrase.txt"

// entriesOf returns the keys of a key file, as session id and first index.
func entriesOf(t testing.TB, name, pass string) map[string]uint32 {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	k, err := backup.OpenKeyFile(f, []byte(pass))
	require.NoError(t, err)
	found := map[string]uint32{}
	for e, err := range k.Entries() {
		require.NoError(t, err)
		found[e.RoomID+" "+e.SessionID()] = e.Session.Index()
	}
	return found
}

// writeKeys writes a key file in the working directory.
func writeKeys(t testing.TB, name string, entries ...backup.Entry) {
	t.Helper()
	w := &world{t, map[string][]byte{}}
	w.keyFile(name, entries...)
	write(t, name, string(w.files[name]))
}

func TestInspect(t *testing.T) {
	inTestdata(t)
	require.Equal(t, `keys.txt: 3 keys in 2 rooms, 100000 rounds of PBKDF2

    keys  from start  highest index  room
       2           1              2  !room:example.org
       1           1              0  !other:example.org
`, good(t, "keys", "inspect", "keys.txt", withPassphrase))
	found := as[inspection](t, good(t, "keys", "inspect", "keys.txt", withPassphrase, "--json", "--sessions"))
	require.Equal(t, []roomInspection{
		{RoomID: room, Keys: 2, FromStart: 1, HighestIndex: 2}, {RoomID: otherRoom, Keys: 1, FromStart: 1},
	}, found.Rooms)
	require.Len(t, found.Sessions, 3)
	require.Equal(t, room, found.Sessions[1].RoomID)
	require.EqualValues(t, 2, found.Sessions[1].FirstIndex)
	require.Len(t, found.Sessions[1].SessionID, 43)
	require.Contains(t, good(t, "keys", "inspect", "keys.txt", withPassphrase, "--sessions"), found.Sessions[2].SessionID)
	require.JSONEq(t, `{"file":"keys.txt","form":"key-file","rounds":100000,"keys":3,"bad":0,"copies":0,"rooms":[
		{"room_id":"!room:example.org","keys":2,"from_start":1,"highest_index":2,"shared_history":0},
		{"room_id":"!other:example.org","keys":1,"from_start":1,"highest_index":0,"shared_history":0}]}`,
		good(t, "keys", "inspect", "keys.txt", withPassphrase, "--json"))
}

// TestInputs holds what every command that reads a key file does with one that is
// not as it should be.
func TestInputs(t *testing.T) {
	inTestdata(t)
	text := read(t, "keys.txt")
	write(t, "wrong.txt", "another passphrase\n")
	write(t, "empty.txt", "")
	write(t, "blank.txt", "\n")
	write(t, "cut.txt", text[:len(text)/2])
	write(t, "tampered.txt", text[:500]+flipped(text[500])+text[501:])
	write(t, "picture.txt", "\x89PNG")
	give := func(with []string, name, pass string) []string {
		args := append([]string{}, with...)
		for i := range args {
			args[i] = strings.Replace(args[i], "KEYS", name, 1)
		}
		return append(args, "--passphrase-file="+pass)
	}
	inspect := []string{"keys", "inspect", "KEYS"}
	refused(t, exitKey, "tampered.txt: wrong passphrase, or the key file is damaged", give(inspect, "tampered.txt", "passphrase.txt")...)
	refused(t, exitDamaged, "empty.txt is empty", give(inspect, "empty.txt", "passphrase.txt")...)
	refused(t, exitDamaged, "blank.txt: neither a key file nor a JSON array", give(inspect, "blank.txt", "passphrase.txt")...)
	refused(t, exitDamaged, "picture.txt: neither a key file nor a JSON array", give(inspect, "picture.txt", "passphrase.txt")...)
	refused(t, exitFailed, "nothing.txt: no such file or directory", give(inspect, "nothing.txt", "passphrase.txt")...)
	refused(t, exitFailed, "media is a directory", give(inspect, "media", "passphrase.txt")...)
	refused(t, exitFailed, "nothing.txt: no such file or directory", give(inspect, "keys.txt", "nothing.txt")...)
	refused(t, exitUsage, "blank.txt: the first line is empty", give(inspect, "keys.txt", "blank.txt")...)
	for _, with := range [][]string{
		inspect,
		{"keys", "filter", "KEYS", "--room", room, "-o", "new.txt"},
		{"keys", "convert", "KEYS", "-o", "new.txt", "--new-passphrase-file=passphrase.txt"},
		{"keys", "convert", "KEYS", "-o", "new.json", "--to=json", "--write-plaintext-keys"},
		{"keys", "merge", "KEYS", "laptop.txt", "-o", "new.txt"},
		{"keys", "merge", "laptop.txt", "KEYS", "-o", "new.txt", withPassphrase},
		{"decrypt", "export.json", "--keys", "KEYS", "-o", "new.ndjson"},
		{"decrypt", "export.json", "--keys", "KEYS", "-o", "new.ndjson", "--attachments=media", "--save-attachments=new"},
	} {
		refused(t, exitKey, "keys.txt: wrong passphrase, or the key file is damaged", give(with, "keys.txt", "wrong.txt")...)
		r := chappe(t, give(with, "cut.txt", "passphrase.txt")...)
		require.Equal(t, exitDamaged, r.code, r.stderr)
		require.Regexp(t, `^chappe: cut\.txt: .*\n$`, r.stderr)
		require.Empty(t, r.stdout)
	}
	require.NotContains(t, names(t), "new.txt")
	require.NotContains(t, strings.Join(names(t), " "), ".tmp")
}

func TestFilter(t *testing.T) {
	inTestdata(t)
	all := entriesOf(t, "keys.txt", passphrase)
	require.Equal(t, "one.txt: wrote 1 of 3 keys\n", good(t, "keys", "filter", "keys.txt", withPassphrase, "--room", otherRoom, "-o", "one.txt"))
	one := entriesOf(t, "one.txt", passphrase)
	require.Len(t, one, 1)
	for id := range all {
		room, session, _ := strings.Cut(id, " ")
		if room == otherRoom {
			require.Contains(t, one, id)
			continue
		}
		good(t, "keys", "filter", "keys.txt", withPassphrase, "--room", otherRoom, "--session", session, "-o", "two.txt", "--force")
		require.Len(t, entriesOf(t, "two.txt", passphrase), 2)
	}
	require.Equal(t, "none.txt: wrote 0 of 3 keys\n", good(t, "keys", "filter", "keys.txt", withPassphrase, "--room", "!no:where", "-o", "none.txt"))
	require.Empty(t, entriesOf(t, "none.txt", passphrase))
	require.JSONEq(t, `{"output":"new.txt","form":"key-file","read":3,"written":1,"bad":0}`,
		good(t, "keys", "filter", "keys.txt", withPassphrase, "--room", otherRoom, "-o", "new.txt", "--json", "--new-passphrase-file=pickle-key.txt"))
	require.Equal(t, one, entriesOf(t, "new.txt", pickleKey))
	if runtime.GOOS != "windows" {
		info, err := os.Stat("new.txt")
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
}

// TestOutputExists holds that nothing is overwritten unasked, and nothing but a
// regular file ever.
func TestOutputExists(t *testing.T) {
	inTestdata(t)
	write(t, "there.txt", "mine")
	require.NoError(t, os.Symlink("there.txt", "link.txt"))
	filter := []string{"keys", "filter", "keys.txt", withPassphrase, "--room", room, "-o"}
	refused(t, exitUsage, "there.txt exists; --force overwrites it", append(filter, "there.txt")...)
	refused(t, exitUsage, "media exists and is not a regular file", append(filter, "media", "--force")...)
	refused(t, exitUsage, "link.txt exists and is not a regular file", append(filter, "link.txt", "--force")...)
	refused(t, exitUsage, "the name of the output is empty", append(filter, "")...)
	refused(t, exitFailed, "no/where.txt: no such file or directory", append(filter, "no/where.txt")...)
	refused(t, exitUsage, "there.txt exists; --force overwrites it", "decrypt", "export.json", "--keys=keys.txt", withPassphrase, "-o", "there.txt")
	refused(t, exitUsage, "there.txt exists; --force overwrites it", "recovery-key", "new", "-o", "there.txt")
	refused(t, exitUsage, "media exists; --save-attachments is a new folder", "decrypt", "export.json", "--keys=keys.txt", withPassphrase, "-o", "new",
		"--attachments=media", "--save-attachments=media")
	good(t, append(filter, "there.txt", "--force")...)
	require.Len(t, entriesOf(t, "there.txt", passphrase), 2)
	good(t, append(filter, "keys.txt", "--force")...) // over its own input
	require.Len(t, entriesOf(t, "keys.txt", passphrase), 2)
	out, err := createOutput("late.txt", false)
	require.NoError(t, err)
	write(t, "late.txt", "somebody else's")
	require.ErrorContains(t, out.commit(), "late.txt exists")
	require.Equal(t, "somebody else's", read(t, "late.txt"))
	require.NotContains(t, strings.Join(names(t), " "), ".tmp")
}

func TestMerge(t *testing.T) {
	inTestdata(t)
	phone, laptop := entriesOf(t, "keys.txt", passphrase), entriesOf(t, "laptop.txt", passphrase)
	best := map[string]uint32{}
	for id, index := range laptop {
		best[id] = index
	}
	for id, index := range phone {
		if old, ok := best[id]; !ok || index < old {
			best[id] = index
		}
	}
	require.Equal(t, "all.txt: wrote 4 keys of the 6 in 2 files\n2 stood more than once: the best of each was kept\n",
		good(t, "keys", "merge", "keys.txt", "laptop.txt", withPassphrase, "-o", "all.txt"))
	require.Equal(t, best, entriesOf(t, "all.txt", passphrase))
	require.JSONEq(t, `{"output":"all.txt","form":"key-file","read":6,"written":4,"bad":0,"inputs":2,"copies":2,"better":1,"unconnected":0}`,
		good(t, "keys", "merge", "laptop.txt", "keys.txt", withPassphrase, "-o", "all.txt", "--force", "--json"))
	require.Equal(t, best, entriesOf(t, "all.txt", passphrase))

	good(t, "keys", "convert", "laptop.txt", withPassphrase, "--new-passphrase-file=pickle-key.txt", "-o", "other.txt")
	good(t, "keys", "merge", "keys.txt", "other.txt", withPassphrase, "--passphrase-file=pickle-key.txt", "--new-passphrase-file=passphrase.txt", "-o", "all.txt", "--force")
	require.Equal(t, best, entriesOf(t, "all.txt", passphrase))
	refused(t, exitKey, "other.txt: wrong passphrase, or the key file is damaged", "keys", "merge", "keys.txt", "other.txt", withPassphrase, "-o", "new.txt")
}

// TestMergeContradiction holds that of two keys which claim to be of one session
// neither is lost.
func TestMergeContradiction(t *testing.T) {
	inTestdata(t)
	fixRandom(t, 2)
	s, other := newSender(t), newSender(t)
	forged := s.entry(room, 0)
	text, wrong := forged.Session.SecretText(), other.entry(room, 0).Session.SecretText()
	copy(text[:100], wrong[:100]) // another ratchet under the same public key
	require.NoError(t, forged.Session.UnmarshalText(text))
	require.Equal(t, s.out.ID(), forged.SessionID())
	writeKeys(t, "a.txt", s.entry(room, 0))
	writeKeys(t, "b.txt", forged, s.entry(otherRoom, 5))
	r := chappe(t, "keys", "merge", "a.txt", "b.txt", withPassphrase, "-o", "all.txt", "--json")
	require.Equal(t, exitPartial, r.code)
	require.Equal(t, "chappe: b.txt: session "+s.out.ID()+" contradicts another key of this session; both are kept\nchappe: done, but 1 of the entries were bad\n", r.stderr)
	require.Equal(t, 1, as[merging](t, r.stdout).Unconnected)
	found := as[inspection](t, good(t, "keys", "inspect", "all.txt", withPassphrase, "--json"))
	require.Equal(t, 3, found.Keys)
	require.Equal(t, 1, found.Copies)
}

func TestConvert(t *testing.T) {
	inTestdata(t)
	all := entriesOf(t, "keys.txt", passphrase)
	good(t, "keys", "convert", "keys.txt", withPassphrase, "--new-passphrase-file=pickle-key.txt", "--rounds=123456", "-o", "new.txt")
	require.Equal(t, all, entriesOf(t, "new.txt", pickleKey))
	require.Equal(t, 123456, as[inspection](t, good(t, "keys", "inspect", "new.txt", "--passphrase-file=pickle-key.txt", "--json")).Rounds)

	refused(t, exitUsage, "the keys would be readable by whoever sees them: add --write-plaintext-keys if that is meant",
		"keys", "convert", "keys.txt", withPassphrase, "--to=json", "-o", "plain.json")
	refused(t, exitUsage, "--write-plaintext-keys is for --to json", "keys", "convert", "keys.txt", withPassphrase, "--write-plaintext-keys", "-o", "x.txt")
	require.Equal(t, "plain.json: wrote 3 of 3 keys\n", good(t, "keys", "convert", "keys.txt", withPassphrase, "--to=json", "--write-plaintext-keys", "-o", "plain.json"))
	require.Equal(t, read(t, "plain.json"), good(t, "keys", "convert", "keys.txt", withPassphrase, "--to=json", "--write-plaintext-keys", "-o", "-"))
	good(t, "keys", "convert", "plain.json", "--new-passphrase-file=passphrase.txt", "-o", "back.txt")
	require.Equal(t, all, entriesOf(t, "back.txt", passphrase))
	require.Equal(t, 3, as[inspection](t, good(t, "keys", "inspect", "plain.json", "--json")).Keys)
	if runtime.GOOS != "windows" {
		info, err := os.Stat("plain.json")
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	good(t, "keys", "merge", "plain.json", "keys.txt", withPassphrase, "-o", "merged.txt") // which reads it twice
	require.Equal(t, all, entriesOf(t, "merged.txt", passphrase))
	good(t, "keys", "filter", "keys.txt", withPassphrase, "--room=none", "-o", "none.txt")
	good(t, "keys", "convert", "none.txt", withPassphrase, "--to=json", "--write-plaintext-keys", "-o", "none.json")
	require.Equal(t, "[]\n", read(t, "none.json"))
}

// TestConvertKeepsWhatItDoesNotKnow holds that plain JSON loses nothing, and says
// so where an entry cannot be written.
func TestConvertKeepsWhatItDoesNotKnow(t *testing.T) {
	inTestdata(t)
	good(t, "keys", "convert", "keys.txt", withPassphrase, "--to=json", "--write-plaintext-keys", "-o", "plain.json")
	const unknown = `"org.example":{"b":1.50,"a":[1e3]}`
	text := strings.Replace(read(t, "plain.json"), `{"algorithm"`, `{`+unknown+`,"algorithm"`, 1)
	write(t, "some.json", text)
	good(t, "keys", "convert", "some.json", "--new-passphrase-file=passphrase.txt", "-o", "some.txt")
	good(t, "keys", "convert", "some.txt", withPassphrase, "--to=json", "--write-plaintext-keys", "-o", "again.json")
	require.Contains(t, read(t, "again.json"), unknown)
	good(t, "keys", "convert", "again.json", "--to=json", "--write-plaintext-keys", "-o", "twice.json")
	require.Equal(t, read(t, "again.json"), read(t, "twice.json"))

	write(t, "none.json", strings.Replace(text, `"sender_key"`, `"x"`, 1))
	r := chappe(t, "keys", "convert", "none.json", "--to=json", "--write-plaintext-keys", "-o", "two.json", "--json")
	require.Equal(t, exitPartial, r.code, r.stderr)
	require.Equal(t, writing{Output: "two.json", Form: "json", Read: 3, Written: 2, Bad: 1}, as[writing](t, r.stdout))
	require.Contains(t, r.stderr, "chappe: none.json: cannot be written: entry 1 (session ")
	require.Equal(t, 2, as[inspection](t, good(t, "keys", "inspect", "two.json", "--json")).Keys)
}

// TestBadEntries holds that a bad entry never loses its neighbours.
func TestBadEntries(t *testing.T) {
	inTestdata(t)
	good(t, "keys", "convert", "keys.txt", withPassphrase, "--to=json", "--write-plaintext-keys", "-o", "plain.json")
	text := read(t, "plain.json")
	lines := strings.SplitAfter(text, "\n")
	bad := []string{
		`{"algorithm":"m.megolm.v9","room_id":"!room:example.org","session_id":"x"},`, `42,`, `{"a":1,"a":2},`, `[[]],`, `"]",`, `{},`,
		strings.Replace(strings.Trim(lines[1], ",\n"), `"session_key":"A`, `"session_key":"B`, 1) + ",", // another version
		strings.Replace(strings.Trim(lines[1], ",\n"), `"session_id":"`, `"session_id":"A`, 1) + ",",
		`{"algorithm":"` + strings.Repeat("x", 70000) + `"},`,
		`{"room_id":"!twice:example.org",` + strings.TrimPrefix(strings.Trim(lines[1], ",\n"), "{") + ",",
	}
	write(t, "some.json", "\xef\xbb\xbf"+lines[0]+lines[1]+strings.Join(bad, "\n")+strings.ReplaceAll(lines[2], "/", `\/`)+lines[3]+lines[4])
	r := chappe(t, "keys", "convert", "some.json", "--new-passphrase-file=passphrase.txt", "-o", "good.txt", "--json")
	require.Equal(t, exitPartial, r.code, r.stderr)
	require.Equal(t, writing{Output: "good.txt", Form: "key-file", Read: 3, Written: 3, Bad: len(bad)}, as[writing](t, r.stdout))
	require.Equal(t, entriesOf(t, "keys.txt", passphrase), entriesOf(t, "good.txt", passphrase))
	require.Equal(t, len(bad)+1, strings.Count(r.stderr, "\n"))
	require.Contains(t, r.stderr, "chappe: some.json: entry 2 (session x, room !room:example.org): unknown algorithm\n")
	require.True(t, strings.HasSuffix(r.stderr, "chappe: done, but 10 of the entries were bad\n"))

	write(t, "many.json", "["+strings.Repeat("7,", 100)+strings.Trim(lines[1], ",\n")+"]")
	r = chappe(t, "keys", "inspect", "many.json", "--json")
	require.Equal(t, exitPartial, r.code)
	require.Equal(t, maxReported+2, strings.Count(r.stderr, "\n"))
	require.Contains(t, r.stderr, "chappe: … and 80 more\n")
	found := as[inspection](t, r.stdout)
	require.Equal(t, 1, found.Keys)
	require.Equal(t, 100, found.Bad)

	for _, broken := range []string{text[:len(text)-3], text + "x", "[}", "[1 2]", `["`, "[1,"} {
		write(t, "broken.json", broken)
		r := chappe(t, "keys", "convert", "broken.json", "--new-passphrase-file=passphrase.txt", "-o", "new.txt")
		require.Equal(t, exitDamaged, r.code, "%q: %s", broken, r.stderr)
		require.Contains(t, r.stderr, "chappe: broken.json: array of room keys: ")
		require.NotContains(t, names(t), "new.txt")
	}
}
