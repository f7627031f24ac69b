package testvectors_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/vector"
)

// What is sealed today. Files that were sealed in an older form are never
// sealed again, but they open for ever.
const (
	sealVersion   = 1
	currentLayout = 1

	sealHeader = len("chappe") + 2
)

// sealable is a value that can be stored.
type sealable interface {
	stateful
	Seal(key keys.SealKey, context []byte) ([]byte, error)
	Close()
}

// sealedValue returns the operation for one kind of sealed value. show compares
// what an opened value tells.
func sealedValue[T sealable](kind seal.Kind, open func([]byte, keys.SealKey, []byte) (T, error), show func(c *call, v T)) vector.Operation {
	return func(c *call) {
		v := openSealed(c, kind, open)
		defer v.Close()
		show(c, v)
	}
}

// storable is what can be sealed.
type storable interface {
	Revision() uint64
	Seal(key keys.SealKey, context []byte) ([]byte, error)
}

// openSealed compares what all sealed values have in common.
func openSealed[T storable](c *call, kind seal.Kind, open func([]byte, keys.SealKey, []byte) (T, error)) T {
	key, sealed := must(keys.NewSealKey(c.In.Bytes("seal_key_hex"))), c.In.Bytes("sealed_hex")
	context, salt := c.In.Bytes("context_utf8"), c.In.Bytes("random_hex")

	state := stateOf(sealed, kind, key, context)
	c.Out.Is("version", int(sealed[sealHeader-2]))
	c.Out.Is("kind", int(sealed[sealHeader-1]))
	c.Out.Is("layout", int(state[0]))
	revision := state[1:]
	if kind != seal.ReplayGuard {
		c.Out.Is("suite", int(state[1]))
		revision = state[2:]
	}
	c.Out.Is("state_hex", state)
	check(bytes.Equal(sealed[sealHeader:sealHeader+len(salt)], salt), "not sealed with these random bytes")

	v := must(open(sealed, key, context))
	c.Out.Is("revision", v.Revision())
	check(v.Revision() == binary.BigEndian.Uint64(revision), "not the stored revision")
	if sealed[sealHeader-2] == sealVersion && state[0] == currentLayout {
		again := random(salt, func() []byte { return must(v.Seal(key, context)) })
		check(bytes.Equal(again, sealed), "sealed again, with the same random bytes, it is %x", again)
	}
	sealedRefusals(sealed, key, context, func(sealed []byte, key keys.SealKey, context []byte) error {
		_, err := open(sealed, key, context)
		return err
	})
	return v
}

func stateOf(sealed []byte, kind seal.Kind, key keys.SealKey, context []byte) []byte {
	k := key.Secret()
	return must(seal.Open(sealed, kind, &k, context))
}

// sealedRefusals demands that a value opens as it was sealed and not otherwise.
func sealedRefusals(sealed []byte, key keys.SealKey, context []byte, open func([]byte, keys.SealKey, []byte) error) {
	ok(open(sealed, key, context))
	other := key.Secret()
	other[31] ^= 1
	check(errors.Is(open(sealed, must(keys.NewSealKey(other[:])), context), olm.ErrOpen), "opens under another key")
	check(errors.Is(open(sealed, key, append(bytes.Clone(context), 0)), olm.ErrOpen), "opens under another context")
	check(errors.Is(open(append(bytes.Clone(sealed), 0), key, context), olm.ErrOpen), "opens with a byte more")
	check(errors.Is(open(sealed[:len(sealed)-1], key, context), olm.ErrOpen), "opens with a byte less")
	check(errors.Is(open(sealed, keys.SealKey{}, context), keys.ErrAbsent), "opens without a key")
	for i := range sealHeader + 3 {
		spoilt := bytes.Clone(sealed)
		spoilt[i] ^= 0x80
		err := open(spoilt, key, context)
		_, malformed := as[*olm.MalformedError](err)
		version, unknown := as[*olm.VersionError](err)
		switch {
		case i == sealHeader-2:
			check(unknown && version.Got == uint32(spoilt[i]), "another version: %v", err)
		case i < sealHeader:
			check(malformed, "another beginning: %v", err)
		default:
			check(errors.Is(err, olm.ErrOpen), "another salt: %v", err)
		}
	}
	for _, i := range []int{len(sealed) / 2, len(sealed) - 1} {
		spoilt := bytes.Clone(sealed)
		spoilt[i] ^= 1
		check(errors.Is(open(spoilt, key, context), olm.ErrOpen), "opens with byte %d changed", i)
	}
}

func showAccount(c *call, a *olm.Account) {
	c.Out.Is("identity_keys_utf8", identityText(a))
	c.Out.Is("one_time_key_count", a.OneTimeKeyCount())
	c.Out.Is("unpublished_one_time_keys_utf8", oneTimeKeysText(a))
	c.Out.Is("fallback_key_utf8", fallbackText(a))
	c.Out.Is("unpublished_fallback_key_utf8", optionalKey(a.UnpublishedFallbackKey()))
	c.Out.Is("signature_b64", must(a.Sign(c.In.Bytes("message_utf8"))).String())
	c.Out.Is("libolm_raw_hex", state(a))
}

func showSession(c *call, s *olm.Session) {
	c.Out.Is("session_id_b64", s.ID())
	c.Out.Is("received_message", s.HasReceivedMessage())
	n, known := s.RatchetCount()
	c.Out.Is("ratchet_count_known", known)
	c.Out.Is("ratchet_count", n)
	c.Out.Is("describe_utf8", s.Describe())
	lost := 0
	if _, err := s.ExportLibolm(nil); err != nil {
		lossy, _ := as[*olm.LossyPickleError](err)
		check(lossy != nil && lossy.SkippedKeys == 0, "%v", err)
		lost = lossy.Orphans
	}
	c.Out.Is("lost_skipped_keys", lost)
	c.Out.Is("libolm_raw_hex", state(s))

	// What was skipped can still be read, and the sender chain goes on.
	var plaintexts [][]byte
	for _, b := range c.In.List("waiting_messages_b64") {
		plaintexts = append(plaintexts, must(s.Decrypt(must(olm.NewMessage(olm.Normal, b)))))
	}
	c.Out.Is("waiting_plaintexts_utf8", plaintexts)
	m := encrypt(s, c.In.Bytes("plaintext_utf8"), c.In.Bytes("message_random_hex"))
	c.Out.Is("message_type", int(m.Type()))
	c.Out.Is("message_b64", m.Body())
}

func showOutbound(c *call, s *megolm.OutboundSession) {
	c.Out.Is("session_id_b64", s.ID())
	c.Out.Is("index", s.Index())
	c.Out.Is("session_key_b64", string(must(s.SessionKey()).SecretText()))
	c.Out.Is("libolm_raw_hex", state(s))
	c.Out.Is("message_b64", must(s.Encrypt(c.In.Bytes("plaintext_utf8"))).String())
}

func showInbound(c *call, s *megolm.InboundSession) {
	c.Out.Is("session_id_b64", s.ID())
	c.Out.Is("first_known_index", s.FirstKnownIndex())
	c.Out.Is("verified", s.SigningKeyVerified())
	c.Out.Is("export_b64", string(must(s.Export()).SecretText()))
	c.Out.Is("libolm_raw_hex", state(s))
	d := must(s.Decrypt(must(megolm.ParseMessage(c.In.Text("message_b64")))))
	c.Out.Is("message_index", d.Index)
	c.Out.Is("plaintext_utf8", d.Plaintext)
}

// sealedGuard is the operation for a replay guard. It has no private key, and no
// raw libolm pickle.
func sealedGuard(c *call) {
	g := openSealed(c, seal.ReplayGuard, events.OpenReplayGuard)
	c.Out.Is("session_id_b64", g.SessionID())
	c.Out.Is("index_count", g.Len())

	export := must(megolm.ParseExportedSession([]byte(c.In.Text("export_b64"))))
	session := events.RoomSession{
		Session: must(megolm.ImportInboundSession(export)), Guard: g, RoomID: c.In.Text("room_id_utf8"),
	}
	// What was opened opens again as the same event, and as no other.
	messages, ids, timestamps := c.In.List("messages_b64"), c.In.List("event_ids_utf8"), c.In.Numbers("timestamps")
	check(len(messages) == g.Len() && len(ids) == g.Len() && len(timestamps) == g.Len(), "not as many messages")
	var indexes []uint32
	for i, m := range messages {
		event := events.RoomEvent{RoomID: session.RoomID, EventID: string(ids[i]), Timestamp: int64(timestamps[i])}
		indexes = append(indexes, must(openRoomEvent(session, event, m)).Index())
		later, renamed := event, event
		later.Timestamp++
		renamed.EventID += "x"
		for _, event := range []events.RoomEvent{later, renamed} {
			_, err := openRoomEvent(session, event, m)
			replay, _ := as[*events.ReplayError](err)
			check(replay != nil && replay.Index == indexes[i], "as another event: %v", err)
		}
	}
	c.Out.Is("indexes", indexes)

	event := events.RoomEvent{
		RoomID: session.RoomID, EventID: c.In.Text("new_event_id_utf8"), Timestamp: int64(c.In.Number("new_timestamp")),
	}
	must(openRoomEvent(session, event, c.In.Bytes("new_message_b64")))
	key := keys.GenerateSealKey()
	c.Out.Is("state_after_hex", stateOf(must(g.Seal(key, nil)), seal.ReplayGuard, key, nil))
}

func openRoomEvent(s events.RoomSession, event events.RoomEvent, message []byte) (events.Decrypted, error) {
	content := fmt.Sprintf(`{"algorithm":"m.megolm.v1.aes-sha2","session_id":%q,"ciphertext":%q}`,
		s.Guard.SessionID(), b64.Encode(message))
	return s.Open(event, must(events.ParseMegolm([]byte(content))))
}
