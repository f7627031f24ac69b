package testvectors_test

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/events"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// sealedFiles make the files of sealed/. Each gets its own stream of random
// bytes from its id. A file whose form is not written any more stays, and its
// entry here goes.
var sealedFiles = []recipe{
	{"olm-account", "sealed-olm-account", "An account that was made from a seed, with one-time keys published and not, and two fallback keys, the current one not published.", func(id string) []member {
		return sealedInputs(id, accountToSeal(must(olm.GenerateAccount())), "@alice:example.org DEVICE",
			member{"message_utf8", "signed by the account"})
	}},
	{"olm-account-expanded", "sealed-olm-account", "The same kind of account, brought over from libolm: of its signing key only the expanded form is known, from which no seed can be had.", func(id string) []member {
		a := must(olm.ImportLibolmAccount(must(must(olm.GenerateAccount()).ExportLibolm(nil)), nil))
		return sealedInputs(id, accountToSeal(a), "", member{"message_utf8", "signed by the account"})
	}},
	{"olm-account-new", "sealed-olm-account", "An account as it is made: no one-time key, no fallback key. The context is not ASCII; its length counts bytes.", func(id string) []member {
		return sealedInputs(id, must(olm.GenerateAccount()), "Gerät ✂", member{"message_utf8", ""})
	}},
	{"olm-session", "sealed-olm-session", "A session with a sender chain, five receiver chains and skipped keys on several of them. Two older chains were dropped, with three skipped keys.", sessionToSeal},
	{"olm-session-new", "sealed-olm-session", "A session as its maker creates it: a sender chain, no receiver chain, nothing received.", func(id string) []member {
		_, _, s := newConversation()
		return sealedInputs(id, s, "new", sessionInputs(nil, nil)...)
	}},
	{"olm-session-imported", "sealed-olm-session", "The receiver's session, without a sender chain, brought over from libolm: how often its ratchet turned is not known.", func(id string) []member {
		a, b, sa := newConversation()
		sb := must(b.NewInboundSession(curve25519Of(a), must(sa.Encrypt(nil)))).Session
		sb = must(olm.ImportLibolmSession(must(sb.ExportLibolm(nil)), nil))
		return sealedInputs(id, sb, "imported", sessionInputs(nil, bytesOf(id+" ratchet key", 32))...)
	}},
	{"megolm-outbound", "sealed-megolm-outbound", "An outbound session that was made from a seed and has sent three messages.", func(id string) []member {
		s := megolm.NewOutboundSession()
		sendSome(s, 3)
		return sealedInputs(id, s, "!room:example.org", member{"plaintext_utf8", "the fourth message"})
	}},
	{"megolm-outbound-expanded", "sealed-megolm-outbound", "An outbound session that was brought over from libolm: of its signing key only the expanded form is known.", func(id string) []member {
		s := megolm.NewOutboundSession()
		sendSome(s, 1)
		s = must(megolm.ImportLibolmOutboundSession(must(s.ExportLibolm(nil)), nil))
		return sealedInputs(id, s, "!room:example.org", member{"plaintext_utf8", "the second message"})
	}},
	{"megolm-inbound", "sealed-megolm-inbound", "An inbound session that begins at index 1 and has decrypted a message of index 3: it holds two ratchets.", func(id string) []member {
		out := megolm.NewOutboundSession()
		sendSome(out, 1)
		s := must(megolm.NewInboundSession(must(out.SessionKey())))
		second := sendSome(out, 1)
		sendSome(out, 1)
		must(s.Decrypt(sendSome(out, 1)))
		return sealedInputs(id, s, "!room:example.org", member{"message_b64", second.String()})
	}},
	{"megolm-inbound-imported", "sealed-megolm-inbound", "An inbound session from an export: it has one ratchet, and its signing key is not verified.", func(id string) []member {
		out := megolm.NewOutboundSession()
		s := must(megolm.NewInboundSession(must(out.SessionKey())))
		s = must(megolm.ImportInboundSession(must(s.Export())))
		return sealedInputs(id, s, "!room:example.org", member{"message_b64", sendSome(out, 1).String()})
	}},
	{"replay-guard", "sealed-replay-guard", "A guard that has opened the messages 0, 1 and 3 of its session, as events with ids of several lengths.", guardToSeal},
}

// guardToSeal opens three messages of a session.
func guardToSeal(id string) []member {
	const room = "!room:example.org"
	out := megolm.NewOutboundSession()
	in := must(megolm.NewInboundSession(must(out.SessionKey())))
	export := must(in.Export()).SecretText()
	var messages [][]byte
	for i := range 5 {
		text := fmt.Appendf(nil, `{"type":"m.room.message","content":{"body":"message %d"},"room_id":%q}`, i, room)
		messages = append(messages, must(out.Encrypt(text)).Bytes())
	}
	opened := [][]byte{messages[0], messages[1], messages[3]}
	ids := [][]byte{[]byte("$h29iv0s8:example.org"), []byte("$acR1l0raoZnm60CBwAVgqbZqoO_mYU81xysh1u7XcJk"), []byte("$é")}
	timestamps := []uint32{1432735824, 0, 1<<32 - 1}
	session := events.RoomSession{Session: in, Guard: events.NewReplayGuard(in), RoomID: room}
	for i, m := range opened {
		must(openRoomEvent(session, events.RoomEvent{RoomID: room, EventID: string(ids[i]), Timestamp: int64(timestamps[i])}, m))
	}
	return sealedInputs(id, session.Guard, room+" "+in.ID(),
		member{"export_b64", string(export)}, member{"room_id_utf8", room}, member{"messages_b64", opened},
		member{"event_ids_utf8", ids}, member{"timestamps", timestamps}, member{"new_message_b64", messages[2]},
		member{"new_event_id_utf8", "$new:example.org"}, member{"new_timestamp", uint32(1432735825)})
}

// sealedInputs seals v and returns the inputs of its vector.
func sealedInputs(id string, v storable, context string, more ...member) []member {
	key, salt := bytesOf(id+" seal key", keys.SealKeySize), bytesOf(id+" seal random", 32+12)
	sealed := random(salt, func() []byte { return must(v.Seal(must(keys.NewSealKey(key)), []byte(context))) })
	return append([]member{
		{"seal_key_hex", key}, {"context_utf8", context}, {"random_hex", salt}, {"sealed_hex", sealed},
	}, more...)
}

// accountToSeal gives an account keys of all kinds.
func accountToSeal(a *olm.Account) *olm.Account {
	must(a.GenerateOneTimeKeys(3))
	must(a.GenerateFallbackKey())
	ok(a.MarkAllPublished())
	must(a.GenerateFallbackKey())
	must(a.GenerateOneTimeKeys(2))
	list := a.UnpublishedOneTimeKeys()
	ok(a.MarkPublished(list[0].ID))
	return a
}

func sessionInputs(waiting [][]byte, random []byte) []member {
	return []member{
		{"waiting_messages_b64", waiting}, {"plaintext_utf8", "the next message"}, {"message_random_hex", random},
	}
}

// sessionToSeal leads a conversation in which each of Alice's seven chains has
// messages that do not come, and seals Bob's session.
func sessionToSeal(id string) []member {
	a, b, sa := newConversation()
	var sb *olm.Session
	var waiting []olm.Message
	for i := range 7 {
		for k := range 1 + i%3 {
			waiting = append(waiting, must(sa.Encrypt(fmt.Appendf(nil, "waiting %d.%d", i, k))))
		}
		m := must(sa.Encrypt([]byte("sent")))
		if sb == nil {
			sb = must(b.NewInboundSession(curve25519Of(a), m)).Session
		} else {
			decryptsTo(sb, m, []byte("sent"))
		}
		decryptsTo(sa, must(sb.Encrypt([]byte("answer"))), []byte("answer"))
	}
	// The first chain held one message, the second two: both chains are gone.
	var last [][]byte
	for _, m := range waiting[1+2:] {
		last = append(last, m.Bytes())
	}
	return sealedInputs(id, sb, "@bob:example.org DEVICE "+sb.ID(), sessionInputs(last, nil)...)
}

// sendSome encrypts n messages and returns the last.
func sendSome(s *megolm.OutboundSession, n int) (m megolm.Message) {
	for i := range n {
		m = must(s.Encrypt(fmt.Appendf(nil, "message %d of %d", i+1, n)))
	}
	return m
}
