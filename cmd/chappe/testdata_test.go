package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/attachment"
	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

var update = flag.Bool("update", false, "write testdata again")

const (
	passphrase = "correct horse battery staple"
	room       = "!room:example.org"
	otherRoom  = "!other:example.org"
	pickleKey  = "pickle key"
)

// fixRandom makes crypto/rand the same bytes every time, for the rest of the test.
func fixRandom(t testing.TB, seed byte) {
	before := rand.Reader
	t.Cleanup(func() { rand.Reader = before })
	block, err := aes.NewCipher(bytes.Repeat([]byte{seed}, 32))
	require.NoError(t, err)
	rand.Reader = cipher.StreamReader{S: cipher.NewCTR(block, make([]byte, 16)), R: zeros{}}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// A sender is the outbound session of a test, with its first key.
type sender struct {
	t   testing.TB
	out *megolm.OutboundSession
	in  *megolm.InboundSession
}

func newSender(t testing.TB) *sender {
	t.Helper()
	out := megolm.NewOutboundSession()
	key, err := out.SessionKey()
	require.NoError(t, err)
	in, err := megolm.NewInboundSession(key)
	require.NoError(t, err)
	return &sender{t, out, in}
}

// entry returns the key of the session from an index on.
func (s *sender) entry(roomID string, index uint32) backup.Entry {
	s.t.Helper()
	export, err := s.in.ExportAt(index)
	require.NoError(s.t, err)
	public, err := pk.NewDecryptionKey(bytes.Repeat([]byte{7}, 32))
	require.NoError(s.t, err)
	signing, err := pk.NewSigningKey(bytes.Repeat([]byte{8}, 32))
	require.NoError(s.t, err)
	return backup.Entry{RoomID: roomID, Session: export, SenderKey: public.PublicKey(), ClaimedEd25519: signing.PublicKey()}
}

// content returns an encrypted content.
func (s *sender) content(roomID, kind string, content any) map[string]any {
	s.t.Helper()
	payload, err := json.Marshal(map[string]any{"type": kind, "content": content, "room_id": roomID})
	require.NoError(s.t, err)
	m, err := s.out.Encrypt(payload)
	require.NoError(s.t, err)
	return map[string]any{
		"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": m.String(), "session_id": s.out.ID(),
		"sender_key": "ctQWuupxEgXfmHaAs1dzhRSwpFTSDxXLZD6e6RsGbC8", "device_id": "PHONE",
	}
}

func message(text string) map[string]any { return map[string]any{"msgtype": "m.text", "body": text} }

// A world is all test data, by the name of the file.
type world struct {
	t     testing.TB
	files map[string][]byte
}

func (w *world) keyFile(name string, entries ...backup.Entry) {
	var b bytes.Buffer
	f, err := backup.NewKeyFileWriter(&b, []byte(passphrase), backup.MinNewRounds)
	require.NoError(w.t, err)
	for _, e := range entries {
		require.NoError(w.t, f.WriteEntry(e))
	}
	require.NoError(w.t, f.Finish())
	w.files[name] = b.Bytes()
}

func (w *world) json(name string, v any) {
	text, err := json.MarshalIndent(v, "", "  ")
	require.NoError(w.t, err)
	w.files[name] = append(text, '\n')
}

// attachment encrypts a file, puts the ciphertext under the media id, and returns
// the EncryptedFile.
func (w *world) attachment(media, content string) json.RawMessage {
	r := attachment.NewEncryptReader(strings.NewReader(content), attachment.MaxSize)
	ciphertext, err := io.ReadAll(r)
	require.NoError(w.t, err)
	f, err := r.Finish("mxc://example.org/" + media)
	require.NoError(w.t, err)
	text, err := f.SecretJSON()
	require.NoError(w.t, err)
	w.files["media/"+media] = ciphertext
	return text
}

// makeWorld makes all test data, the same bytes every time.
func makeWorld(t testing.TB) map[string][]byte {
	fixRandom(t, 1)
	w := &world{t, map[string][]byte{"passphrase.txt": []byte(passphrase + "\n"), "pickle-key.txt": []byte(pickleKey)}}
	a, b, c, d := newSender(t), newSender(t), newSender(t), newSender(t)
	w.history(a, b, c, d)
	w.keyFile("keys.txt", a.entry(room, 0), b.entry(room, 2), d.entry(otherRoom, 0))
	w.keyFile("laptop.txt", a.entry(room, 3), b.entry(room, 1), newSender(t).entry(otherRoom, 0))
	w.backup(a.entry(room, 0), b.entry(room, 2), d.entry(otherRoom, 0))
	w.pickles()
	return w.files
}

func (w *world) history(a, b, c, d *sender) {
	var list []any
	n := 0
	add := func(kind string, content any) {
		n++
		list = append(list, map[string]any{
			"type": kind, "content": content, "room_id": room, "sender": "@alice:example.org",
			"event_id": fmt.Sprintf("$event%02d", n), "origin_server_ts": 1700000000000 + int64(n)*1000,
		})
	}
	encrypted := func(content any) { add("m.room.encrypted", content) }
	hello := a.content(room, "m.room.message", message("Bonjour !"))
	encrypted(hello)
	encrypted(a.content(room, "m.room.message", map[string]any{
		"msgtype": "m.image", "body": "../../tower.png", "file": w.attachment("TOWER", "a picture of a tower"),
		"info": map[string]any{"thumbnail_file": w.attachment("SMALL", "a small picture")},
	}))
	add("m.room.topic", map[string]any{"topic": "Telegraphs"})
	b.content(room, "m.room.message", message("lost")) // index 0
	encrypted(b.content(room, "m.room.message", message("before the key begins")))
	encrypted(b.content(room, "m.room.message", message("after the key begins")))
	encrypted(c.content(room, "m.room.message", message("no key")))
	encrypted(hello) // a replay
	add("m.room.encrypted", map[string]any{})
	add("m.room.message", map[string]any{"msgtype": "m.bad.encrypted", "body": "** Unable to decrypt **"})
	short := a.content(room, "m.room.message", message("cut off"))
	short["ciphertext"] = "AwgA"
	encrypted(short)
	forged := a.content(room, "m.room.message", message("forged"))
	text := forged["ciphertext"].(string)
	forged["ciphertext"] = text[:20] + flipped(text[20]) + text[21:]
	encrypted(forged)
	encrypted(d.content(room, "m.room.message", message("key of another room")))
	add("m.room.encrypted", map[string]any{"algorithm": "m.olm.v1.curve25519-aes-sha2", "ciphertext": map[string]any{}})
	list = append(list, 42)
	missing := w.attachment("MISSING", "nobody downloaded this")
	delete(w.files, "media/MISSING")
	encrypted(a.content(room, "m.room.message", map[string]any{"msgtype": "m.file", "body": "report.pdf", "file": missing}))
	damaged := w.attachment("DAMAGED", "this was damaged")
	w.files["media/DAMAGED"][0] ^= 1
	encrypted(a.content(room, "m.room.message", map[string]any{"msgtype": "m.file", "body": "notes.txt", "file": damaged}))
	w.json("export.json", map[string]any{
		"room_name": "Telegraphs", "room_creator": "@alice:example.org", "topic": "", "export_date": "1 January 2025",
		"exported_by": "@bob:example.org", "messages": list,
	})
}

func flipped(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

// backup makes a backup as a server has it, and what belongs to it.
func (w *world) backup(entries ...backup.Entry) {
	key, err := pk.NewDecryptionKey(bytes.Repeat([]byte{42}, 32))
	require.NoError(w.t, err)
	recovery, err := backup.RecoveryKey(key)
	require.NoError(w.t, err)
	w.files["recovery-key.txt"] = append(recovery, '\n')
	auth, err := backup.NewAuthData(key.PublicKey())
	require.NoError(w.t, err)
	w.json("version.json", map[string]any{"algorithm": backup.Algorithm, "auth_data": auth, "count": len(entries), "etag": "1", "version": "1"})
	recipient, err := auth.Judge(backup.Evidence{PrivateKey: key}).Recipient()
	require.NoError(w.t, err)
	rooms := map[string]map[string]map[string]json.RawMessage{}
	for _, e := range entries {
		if rooms[e.RoomID] == nil {
			rooms[e.RoomID] = map[string]map[string]json.RawMessage{"sessions": {}}
		}
		rooms[e.RoomID]["sessions"][e.SessionID()], err = recipient.Encrypt(e, false)
		require.NoError(w.t, err)
	}
	w.json("dump.json", map[string]any{"rooms": rooms})
	w.secretStorage(key)
}

func (w *world) secretStorage(key *pk.DecryptionKey) {
	storage, err := secretstorage.NewKey(bytes.Repeat([]byte{43}, 32))
	require.NoError(w.t, err)
	text, err := storage.RecoveryKey()
	require.NoError(w.t, err)
	w.files["storage-key.txt"] = append(text, '\n')
	description, err := storage.Describe("")
	require.NoError(w.t, err)
	w.json("description.json", description)
	private, err := key.Secret()
	require.NoError(w.t, err)
	sealed, err := storage.SealPrivateKey(secretstorage.BackupKey, private[:])
	require.NoError(w.t, err)
	stored, err := secretstorage.StoredSecret{}.With("KEYID", sealed)
	require.NoError(w.t, err)
	w.json("secret.json", stored)
}

// pickles makes one pickle of each kind.
func (w *world) pickles() {
	alice, err := olm.GenerateAccount()
	require.NoError(w.t, err)
	bob, err := olm.GenerateAccount()
	require.NoError(w.t, err)
	_, err = bob.GenerateOneTimeKeys(2)
	require.NoError(w.t, err)
	_, err = bob.GenerateFallbackKey()
	require.NoError(w.t, err)
	session, err := alice.NewOutboundSession(bob.IdentityKeys().Curve25519, bob.UnpublishedOneTimeKeys()[0].Key)
	require.NoError(w.t, err)
	group := newSender(w.t)
	key, err := pk.NewDecryptionKey(bytes.Repeat([]byte{44}, 32))
	require.NoError(w.t, err)
	for name, export := range map[string]func([]byte) ([]byte, error){
		"account": bob.ExportLibolm, "session": session.ExportLibolm, "inbound": group.in.ExportLibolm,
		"outbound": group.out.ExportLibolm, "decryption-key": key.ExportLibolm,
	} {
		pickle, err := export([]byte(pickleKey))
		require.NoError(w.t, err)
		w.files[name+".pickle"] = append(pickle, '\n')
	}
}

// TestTestdata holds the files in testdata to what makes them. With -update, it
// writes them.
func TestTestdata(t *testing.T) {
	made := makeWorld(t)
	for name, want := range made {
		path := filepath.Join("testdata", filepath.FromSlash(name))
		if *update {
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, want, 0o644))
		}
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), name)
	}
	require.NoError(t, filepath.WalkDir("testdata", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel("testdata", path)
		require.NoError(t, err)
		if !strings.HasPrefix(filepath.ToSlash(name), "fuzz/") {
			require.Contains(t, made, filepath.ToSlash(name), "nothing makes it")
		}
		return nil
	}))
}
