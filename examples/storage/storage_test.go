package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

func quiet(string) {}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 2 {
		var out bytes.Buffer
		require.NoError(t, start(&out, []string{dir}))
		require.Contains(t, out.String(), fmt.Sprintf("alice stops: %d reports sent", 6*(i+1)))
	}
	require.NoError(t, start(new(bytes.Buffer), nil))
}

// world is a directory with the server, Alice, who gets killed, and Bob, who
// does not. Strangers claim Alice's keys and send her room keys.
type world struct {
	t         *testing.T
	dir       string
	net       *server
	strangers int
	sessions  map[string]bool // of strangers, that Alice must know, by sender and session id
	claimed   map[keys.Curve25519]bool
	offered   int // claims that returned a key that had been claimed before
	problems  []error
}

func newWorld(t *testing.T, dir string) *world {
	return &world{
		t: t, dir: dir, net: &server{file: filepath.Join(dir, "server.json")},
		sessions: map[string]bool{}, claimed: map[keys.Curve25519]bool{},
	}
}

var raceDetector bool // slow, and the program has one goroutine

// turns are those of Alice's turns in which she is killed.
var turns = []struct {
	name    string
	prepare func(w *world)
	reports int
}{
	{"first start", func(w *world) {
		w.bob(0)
	}, reportsPerTurn},
	{"second start", func(w *world) {
		w.bob(0)
		require.NoError(w.t, w.alice(quiet, reportsPerTurn))
		w.bob(reportsPerTurn)
		w.stranger()
		w.stranger()
	}, 2 * reportsPerTurn},
}

// alice runs Alice's program once, in this process.
func (w *world) alice(at func(string), reports int) error {
	d, err := openDevice(filepath.Join(w.dir, "alice"), "alice", at)
	if err != nil {
		return err
	}
	err = d.turn(w.net, "bob", reports)
	w.problems = append(w.problems, d.problems...)
	return err
}

func (w *world) open(name string) *device {
	w.t.Helper()
	d, err := openDevice(filepath.Join(w.dir, name), name, quiet)
	require.NoError(w.t, err)
	return d
}

func (w *world) bob(reports int) {
	w.t.Helper()
	d := w.open("bob")
	require.NoError(w.t, d.turn(w.net, "alice", reports))
	require.Empty(w.t, d.problems)
}

// stranger is a new device that claims one of Alice's keys, and sends her the
// key of a room session. Alice must end up with that session: the key was hers.
func (w *world) stranger() {
	w.t.Helper()
	if !w.net.knows("alice") {
		return // nothing was published yet, so nothing can be lost
	}
	w.strangers++
	name := "stranger " + strconv.Itoa(w.strangers)
	account, err := olm.GenerateAccount()
	require.NoError(w.t, err)
	require.NoError(w.t, w.net.upload(name, account.IdentityKeys(), nil, nil))
	alice, err := w.net.device("alice")
	require.NoError(w.t, err)
	claimed, err := w.net.claim("alice")
	require.NoError(w.t, err)
	require.NoError(w.t, alice.Identity.Ed25519.Verify(signedKey(claimed.Key), claimed.Signature))
	s, err := account.NewOutboundSession(alice.Identity.Curve25519, claimed.Key)
	require.NoError(w.t, err)
	room := megolm.NewOutboundSession()
	key, err := room.SessionKey()
	require.NoError(w.t, err)
	plaintext, err := json.Marshal(payload{
		Sender: name, SenderKey: account.IdentityKeys().Ed25519,
		Recipient: "alice", RecipientKey: alice.Identity.Ed25519,
		RoomKey: roomKey{key},
	})
	require.NoError(w.t, err)
	m, err := s.Encrypt(plaintext)
	require.NoError(w.t, err)
	body, err := json.Marshal(m)
	require.NoError(w.t, err)
	require.NoError(w.t, w.net.send(event{Txn: "1", From: name, To: "alice", Olm: body}))

	require.NotContains(w.t, string(alice.Fallback), claimed.Key.String(), "the server ran out of keys: the test does not test what it says")
	if w.claimed[claimed.Key] {
		// The one case that device.publishKeys names. The server offered the key
		// a second time, so this stranger claims another.
		w.offered++
		w.stranger()
		return
	}
	w.claimed[claimed.Key] = true
	w.sessions[name+" "+room.ID()] = true
}

// check looks at all that left the programs, and at what they hold now.
func (w *world) check(reports int) {
	w.t.Helper()
	state, err := w.net.read()
	require.NoError(w.t, err)

	// No message key was used for two messages. (The same bytes may have been
	// sent twice.)
	used := map[string]string{}
	for _, e := range append(state.Events, state.Repeats...) {
		place, body := "", e.Megolm
		if e.Olm != nil {
			var m olm.Message
			require.NoError(w.t, json.Unmarshal(e.Olm, &m))
			place, body = fmt.Sprint("Olm ", m.RatchetKey(), " ", m.ChainIndex()), m.Body()
		} else {
			m, err := megolm.ParseMessage(e.Megolm)
			require.NoError(w.t, err)
			place = fmt.Sprint("Megolm ", e.Session, " ", m.Index())
		}
		if before, ok := used[place]; ok {
			require.Equal(w.t, before, body, "two messages at %s", place)
		}
		used[place] = body
	}

	// Bob has read all of Alice's reports, each once, and she has read his.
	alice, bob := w.open("alice"), w.open("bob")
	require.Equal(w.t, reports, alice.Reports)
	require.Equal(w.t, readable(w.t, state, bob, "alice"), reports)
	require.Equal(w.t, readable(w.t, state, alice, "bob"), bob.Reports)
	require.Empty(w.t, alice.Outbox)

	// Every published key that somebody claimed has opened a session, but for
	// second claims.
	require.Len(w.t, w.problems, w.offered)
	for session := range w.sessions {
		require.Contains(w.t, alice.Inbound, session)
	}
	require.Equal(w.t, alice.Account.value.IdentityKeys(), state.Devices["alice"].Identity)
	require.Empty(w.t, alice.Account.value.UnpublishedOneTimeKeys())
	fallback, ok := alice.Account.value.FallbackKey()
	require.True(w.t, ok)
	require.Contains(w.t, string(state.Devices["alice"].Fallback), fallback.Key.String())

	// And the reports that she sent, she can read herself.
	require.Equal(w.t, readable(w.t, state, alice, "alice"), reports)
}

// readable returns how many different reports of a sender a device can read. The
// reports must be numbered from 1 without gap or repeat.
func readable(t *testing.T, state *serverState, d *device, from string) int {
	t.Helper()
	n := 0
	for _, e := range state.Events {
		if e.From != from || e.Megolm == "" {
			continue
		}
		k := d.Inbound[from+" "+e.Session]
		require.NotNil(t, k, "%s has no key for report %d of %s", d.name, n+1, from)
		m, err := megolm.ParseMessage(e.Megolm)
		require.NoError(t, err)
		decrypted, err := k.value.Decrypt(m)
		require.NoError(t, err)
		var report struct{ Report int }
		require.NoError(t, json.Unmarshal(decrypted.Plaintext, &report))
		n++
		require.Equal(t, n, report.Report)
		if d.name != from {
			require.Contains(t, d.Received, fmt.Sprint(from, " ", e.Session, " ", decrypted.Index))
		}
	}
	return n
}

// TestCrash kills Alice's program between every two steps, and in the middle of
// every commit, starts it again, and lets everybody go on.
//
// What the program wrote outlives it here, since the system does not die with
// it. So this does not show that data is flushed to disk where it must be; that
// is for the reader of writeFile.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, turn := range turns {
		t.Run(turn.name, func(t *testing.T) {
			t.Parallel()
			origin := newWorld(t, t.TempDir())
			turn.prepare(origin)

			// Which points there are.
			counting := origin.copy(t)
			var points []string
			require.NoError(t, counting.alice(func(p string) { points = append(points, p) }, turn.reports))
			require.Greater(t, len(points), 40)
			published := -1 // the first point at which the keys are marked on disk

			for i, point := range points {
				if point == "keys uploaded" {
					published = i + 4 // of writing the state: half, written, flushed, renamed
				}
				if (testing.Short() || raceDetector) && i%5 != 0 {
					continue
				}
				inWindow := i < published && i >= published-4
				t.Run(fmt.Sprintf("%03d %s", i, point), func(t *testing.T) {
					t.Parallel()
					w := origin.copy(t)
					w.kill(i, point, turn.reports)

					w.stranger() // claims a key while Alice is dead
					require.NoError(t, w.alice(quiet, turn.reports))
					w.stranger()
					w.bob(reportsPerTurn + 1)
					require.NoError(t, w.alice(quiet, turn.reports+1))
					w.bob(0)
					w.check(turn.reports + 1)
					if w.offered > 0 {
						require.True(t, inWindow, "a key was offered twice, after a crash at %q", point)
					}
				})
			}
		})
	}
}

func (w *world) copy(t *testing.T) *world {
	c := newWorld(t, t.TempDir())
	require.NoError(t, os.CopyFS(c.dir, os.DirFS(w.dir)))
	c.strangers = w.strangers
	for s := range w.sessions {
		c.sessions[s] = true
	}
	for k := range w.claimed {
		c.claimed[k] = true
	}
	return c
}

const (
	childVariable = "CHAPPE_STORAGE_TEST" // directory, crash point and reports
	killed        = 86                    // exit status
)

var errKilled = errors.New("killed")

// kill runs Alice's program until a point, where it ends abruptly.
func (w *world) kill(i int, point string, reports int) {
	w.t.Helper()
	if runtime.GOARCH == "wasm" {
		w.killInside(i, point, reports)
		return
	}
	exe, err := os.Executable()
	require.NoError(w.t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %s", childVariable, i, reports, w.dir))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		// No programs can be started here, for instance under an emulator.
		w.killInside(i, point, reports)
		return
	}
	require.NotNil(w.t, exit, "the program was not killed: %s", out)
	require.Equal(w.t, killed, exit.ExitCode(), "%s", out)
	require.Equal(w.t, point, string(out))
}

// killInside is kill where no process can be started: the program is left where
// it is, and its memory is forgotten.
func (w *world) killInside(i int, point string, reports int) {
	w.t.Helper()
	reached := ""
	defer func() {
		if r := recover(); r != nil && r != any(errKilled) {
			panic(r)
		}
		require.Equal(w.t, point, reached)
	}()
	n := 0
	require.NoError(w.t, w.alice(func(p string) {
		if n == i {
			reached = p
			panic(errKilled)
		}
		n++
	}, reports))
}

// TestMain is also the program that gets killed.
func TestMain(m *testing.M) {
	child := os.Getenv(childVariable)
	if child == "" {
		os.Exit(m.Run())
	}
	var point, reports int
	fields := strings.SplitN(child, " ", 3)
	if _, err := fmt.Sscan(fields[0], &point); err != nil {
		panic(err)
	}
	if _, err := fmt.Sscan(fields[1], &reports); err != nil {
		panic(err)
	}
	w := newWorld(nil, fields[2])
	n := 0
	err := w.alice(func(p string) {
		if n == point {
			fmt.Print(p)
			os.Exit(killed)
		}
		n++
	}, reports)
	fmt.Println("not killed:", err)
	os.Exit(1)
}

// TestCrashInside is a part of TestCrash without processes, so that this way is
// tested where the other one works too.
func TestCrashInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir())
	w.bob(0)
	w.killInside(16, "keys uploaded", reportsPerTurn)
	w.stranger()
	require.NoError(t, w.alice(quiet, reportsPerTurn))
	w.bob(reportsPerTurn)
	require.NoError(t, w.alice(quiet, reportsPerTurn))
	w.check(reportsPerTurn)
}

// TestOfferedTwice holds the price that device.publishKeys names: a key that is
// claimed between upload and commit is offered again.
func TestOfferedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir())
	w.bob(0)
	w.killInside(16, "keys uploaded", reportsPerTurn)
	w.stranger()
	require.NoError(t, w.alice(quiet, reportsPerTurn))
	require.Empty(t, w.problems)
	w.stranger()
	require.Equal(t, 1, w.offered)
	require.NoError(t, w.alice(quiet, reportsPerTurn))
	require.Len(t, w.problems, 1)
	var unknown *olm.UnknownOneTimeKeyError
	require.ErrorAs(t, w.problems[0], &unknown)
	w.bob(reportsPerTurn)
	require.NoError(t, w.alice(quiet, reportsPerTurn))
	w.check(reportsPerTurn)
}

// TestCommit holds that only what changed is sealed and written.
func TestCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir())
	w.bob(0)
	require.NoError(t, w.alice(quiet, reportsPerTurn))
	d := w.open("alice")
	require.NoError(t, d.commit())
	require.Zero(t, d.store.commits, "nothing changed")

	account, room := bytes.Clone(d.Account.sealed), bytes.Clone(d.Room.sealed)
	require.NoError(t, d.report(w.net, "bob"))
	require.Equal(t, 2, d.store.commits, "with the message, and without it")
	require.Equal(t, account, d.Account.sealed)
	require.NotEqual(t, room, d.Room.sealed)
}

// TestCommitFails holds that nothing leaves after a commit that failed, and that
// the next start goes on.
func TestCommitFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir())
	w.bob(0)
	require.NoError(t, w.alice(quiet, reportsPerTurn))
	before, err := w.net.read()
	require.NoError(t, err)

	d := w.open("alice")
	obstacle := filepath.Join(w.dir, "alice", stateFile+".new")
	require.NoError(t, os.Mkdir(obstacle, 0o700))
	require.ErrorContains(t, d.report(w.net, "bob"), "start again")
	require.NoError(t, os.Remove(obstacle))
	require.ErrorContains(t, d.report(w.net, "bob"), "start again")
	require.ErrorContains(t, d.flush(w.net), "start again")
	require.ErrorContains(t, d.receive(w.net), "start again")
	after, err := w.net.read()
	require.NoError(t, err)
	require.Equal(t, before, after)

	require.NoError(t, w.alice(quiet, 2*reportsPerTurn))
	w.bob(reportsPerTurn)
	require.NoError(t, w.alice(quiet, 2*reportsPerTurn))
	w.check(2 * reportsPerTurn)
}

// TestSealKey holds what happens to the file that everything depends on.
func TestSealKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir())
	w.bob(0)
	dir := filepath.Join(w.dir, "bob")
	path := filepath.Join(dir, keyFile)
	if runtime.GOOS != "windows" && runtime.GOARCH != "wasm" {
		for _, name := range []string{keyFile, stateFile} {
			info, err := os.Stat(filepath.Join(dir, name))
			require.NoError(t, err)
			require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), name)
		}
	}
	key, err := os.ReadFile(path)
	require.NoError(t, err)

	_, err = openDevice(dir, "alice", quiet)
	require.ErrorIs(t, err, olm.ErrOpen, "another device's name")

	other := bytes.Clone(key)
	other[0] ^= 1
	require.NoError(t, os.WriteFile(path, other, 0o600))
	_, err = openDevice(dir, "bob", quiet)
	require.ErrorIs(t, err, olm.ErrOpen, "another key")

	require.NoError(t, os.WriteFile(path, key[1:], 0o600))
	_, err = openDevice(dir, "bob", quiet)
	require.ErrorIs(t, err, keys.ErrLength, "half a key")

	require.NoError(t, os.Remove(path))
	_, err = openDevice(dir, "bob", quiet)
	require.ErrorContains(t, err, "seal key is gone")
	require.NoFileExists(t, path, "no new key in its place")

	require.NoError(t, os.WriteFile(path, key, 0o600))
	w.bob(0)
	require.NoError(t, os.WriteFile(filepath.Join(dir, stateFile), []byte("{}"), 0o600))
	_, err = openDevice(dir, "bob", quiet)
	require.ErrorContains(t, err, "not in the state")
}
