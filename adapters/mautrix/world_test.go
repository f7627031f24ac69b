//go:build goolm

package mautrixolm_test

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.mau.fi/util/dbutil"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
	"maunium.net/go/mautrix/mockserver"
	_ "modernc.org/sqlite"
)

const (
	room  = id.RoomID("!room:example.org")
	alice = id.UserID("@alice:example.org")
	bob   = id.UserID("@bob:example.org")
)

// world is a homeserver with one encrypted room.
type world struct {
	t      testing.TB
	server *mockserver.MockServer
	events int
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, server: mockserver.Create(t)}
	w.server.Router.HandleFunc("GET /_matrix/client/v3/user/{user}/account_data/{type}",
		func(out http.ResponseWriter, r *http.Request) {
			kind := event.Type{Type: r.PathValue("type"), Class: event.AccountDataEventType}
			out.Write(w.server.AccountData[id.UserID(r.PathValue("user"))][kind])
		})
	return w
}

// device is a mautrix client whose state is in a database, and the driver that
// is registered while it works.
type device struct {
	t       testing.TB
	world   *world
	driver  driver
	client  *mautrix.Client
	file    string
	db      *sql.DB
	store   *crypto.SQLCryptoStore
	machine *crypto.OlmMachine
}

// login makes a device and uploads its keys.
func (w *world) login(user id.UserID, name id.DeviceID, use driver) *device {
	client, err := mautrix.NewClient(w.server.Server.URL, "", "")
	require.NoError(w.t, err)
	_, err = client.Login(w.t.Context(), &mautrix.ReqLogin{
		Type:             mautrix.AuthTypePassword,
		Identifier:       mautrix.UserIdentifier{Type: mautrix.IdentifierTypeUser, User: user.String()},
		DeviceID:         name,
		StoreCredentials: true,
	})
	require.NoError(w.t, err)
	d := &device{t: w.t, world: w, client: client, file: filepath.Join(w.t.TempDir(), "crypto.db")}
	d.open(use)
	w.t.Cleanup(func() { d.db.Close() })
	d.do(func() { require.NoError(w.t, d.machine.ShareKeys(w.t.Context(), 0)) })
	return d
}

// open opens the device's database with a driver.
func (d *device) open(use driver) {
	d.driver = use
	var err error
	d.db, err = sql.Open("sqlite", d.file+"?_pragma=synchronous(0)&_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_time_format=sqlite")
	require.NoError(d.t, err)
	wrapped, err := dbutil.NewWithDB(d.db, "sqlite")
	require.NoError(d.t, err)
	d.store = crypto.NewSQLCryptoStore(wrapped, nil, "account", d.client.DeviceID, pickleKey)
	require.NoError(d.t, d.store.DB.Upgrade(d.t.Context()))
	log := zerolog.Nop()
	d.machine = crypto.NewOlmMachine(d.client, &log, d.store, stateOfRoom{})
	d.do(func() { require.NoError(d.t, d.machine.Load(d.t.Context())) })
}

// restart closes the database and opens it with another driver, or the same.
func (d *device) restart(use driver) {
	require.NoError(d.t, d.db.Close())
	d.open(use)
}

// do runs f with the device's driver, and requires that it stayed.
func (d *device) do(f func()) {
	d.driver.with(f)
	require.Equal(d.t, d.driver.name, olm.Driver)
}

// send encrypts a text for the room, after sharing the key with users.
func (d *device) send(text string, users ...id.UserID) *event.Event {
	var content *event.EncryptedEventContent
	d.do(func() {
		require.NoError(d.t, d.machine.ShareGroupSession(d.t.Context(), room, users))
		var err error
		content, err = d.machine.EncryptMegolmEvent(d.t.Context(), room, event.EventMessage,
			&event.MessageEventContent{MsgType: event.MsgText, Body: text})
		require.NoError(d.t, err)
	})
	d.world.events++
	sent := &event.Event{
		Type: event.EventEncrypted, RoomID: room, Sender: d.client.UserID,
		ID: id.EventID("$" + strconv.Itoa(d.world.events)), Timestamp: int64(d.world.events),
	}
	raw, err := json.Marshal(content)
	require.NoError(d.t, err)
	require.NoError(d.t, json.Unmarshal(raw, &sent.Content))
	require.NoError(d.t, sent.Content.ParseRaw(sent.Type))
	return sent
}

// sync handles what waits for the device, and returns how much there was.
func (d *device) sync() int {
	inbox := d.world.server.DeviceInbox[d.client.UserID]
	waiting := inbox[d.client.DeviceID]
	delete(inbox, d.client.DeviceID)
	d.do(func() {
		for i := range waiting {
			d.machine.HandleToDeviceEvent(d.t.Context(), &waiting[i])
			d.client.Syncer.(*mautrix.DefaultSyncer).Dispatch(d.t.Context(), &waiting[i])
		}
	})
	return len(waiting)
}

// read decrypts an event of the room.
func (d *device) read(e *event.Event) (text string, err error) {
	d.do(func() {
		var read *event.Event
		if read, err = d.machine.DecryptMegolmEvent(d.t.Context(), e); err == nil {
			text = read.Content.AsMessage().Body
		}
	})
	return text, err
}

// requireReads requires that the device decrypts an event to a text.
func (d *device) requireReads(want string, e *event.Event) {
	d.t.Helper()
	d.sync()
	text, err := d.read(e)
	require.NoError(d.t, err)
	require.Equal(d.t, want, text)
}

// newRoomKey makes the device share a new session before it sends again.
func (d *device) newRoomKey() {
	d.do(func() { require.NoError(d.t, d.store.RemoveOutboundGroupSession(d.t.Context(), room)) })
}
