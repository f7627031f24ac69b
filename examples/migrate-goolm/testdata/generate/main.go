// Generate makes, with goolm, what a bot on mautrix has: rows of its database,
// and two messages that come after the move. It runs where goolm is required:
//
//	cd interop && go run ../examples/migrate-goolm/testdata/generate/main.go
package main

import (
	"encoding/json"
	"os"
	"path/filepath"

	"maunium.net/go/mautrix/crypto/goolm/account"
	"maunium.net/go/mautrix/crypto/goolm/session"
	"maunium.net/go/mautrix/id"
)

const (
	dir       = "../examples/migrate-goolm/testdata"
	pickleKey = "fi.mau.examplebot"
	room      = "!news:example.org"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	bot, carol := must(account.NewAccount()), must(account.NewAccount())
	must(0, bot.GenOneTimeKeys(5))
	var claimed id.Curve25519
	for _, key := range must(bot.OneTimeKeys()) {
		claimed = key
	}
	bot.MarkKeysAsPublished()
	_, botKey := identity(bot)
	_, carolKey := identity(carol)

	// Carol begins, the bot answers, and what she says then has not come yet.
	fromCarol := must(carol.NewOutboundSession(botKey, claimed))
	_, first := must2(fromCarol.Encrypt([]byte("Are you there?")))
	fromBot := must(bot.NewInboundSessionFrom(&carolKey, string(first)))
	must(fromBot.Decrypt(string(first), id.OlmMsgTypePreKey))
	must(0, bot.RemoveOneTimeKeys(fromBot))
	kind, answer := must2(fromBot.Encrypt([]byte("Yes")))
	must(fromCarol.Decrypt(string(answer), kind))
	kind, last := must2(fromCarol.Encrypt([]byte("See you after the migration")))

	// Carol's session in the room, and the bot's own.
	carolRoom, botRoom := must(session.NewMegolmOutboundSession()), must(session.NewMegolmOutboundSession())
	inbound := must(session.NewMegolmInboundSession(must(carolRoom.SessionSharingMessage())))
	own := must(session.NewMegolmInboundSession(must(botRoom.SessionSharingMessage())))
	must(botRoom.Encrypt([]byte(`{"type":"m.room.message","room_id":"` + room + `","content":{"body":"Ready","msgtype":"m.notice"}}`)))
	text := must(carolRoom.Encrypt([]byte(`{"type":"m.room.message","room_id":"` + room + `","content":{"body":"Hello again","msgtype":"m.text"}}`)))

	key := []byte(pickleKey)
	const botID = "@bot:example.org"
	write("dump.json", map[string]any{
		"crypto_account": []any{map[string]any{"account_id": botID, "device_id": "GOBOT", "account": string(must(bot.Pickle(key)))}},
		"crypto_olm_session": []any{map[string]any{
			"account_id": botID, "session_id": fromBot.ID(), "sender_key": carolKey, "session": string(must(fromBot.Pickle(key))),
		}},
		"crypto_megolm_inbound_session": []any{
			map[string]any{"account_id": botID, "room_id": room, "session_id": inbound.ID(), "sender_key": carolKey, "session": string(must(inbound.Pickle(key)))},
			map[string]any{"account_id": botID, "room_id": room, "session_id": own.ID(), "sender_key": botKey, "session": string(must(own.Pickle(key)))},
		},
		"crypto_megolm_outbound_session": []any{map[string]any{
			"account_id": botID, "room_id": room, "session_id": botRoom.ID(), "session": string(must(botRoom.Pickle(key))),
		}},
	})
	write("olm-message.json", map[string]any{"type": kind, "body": string(last)})
	write("event.json", map[string]any{
		"type": "m.room.encrypted", "room_id": room, "sender": "@carol:example.org", "origin_server_ts": 1767225600000,
		"event_id": "$PH5RPNSsbZPcOYmYiHuQcmB7kKXG2Q4CBrFuNnJZ1vE",
		"content":  map[string]any{"algorithm": "m.megolm.v1.aes-sha2", "session_id": inbound.ID(), "ciphertext": string(text)},
	})
	must(0, os.WriteFile(filepath.Join(dir, "pickle-key.txt"), key, 0o644))
}

func identity(a *account.Account) (id.Ed25519, id.Curve25519) {
	ed25519, curve25519, err := a.IdentityKeys()
	must(0, err)
	return ed25519, curve25519
}

func must2[A, B any](a A, b B, err error) (A, B) {
	must(0, err)
	return a, b
}

func write(name string, content any) {
	must(0, os.WriteFile(filepath.Join(dir, name), append(must(json.MarshalIndent(content, "", "  ")), '\n'), 0o644))
}
