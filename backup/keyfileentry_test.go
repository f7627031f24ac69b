package backup_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
)

func TestBadEntriesSpoilThemselves(t *testing.T) {
	good := entryJSON(entry(t, 1))
	replace := func(old, new string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, new, 1)
	}
	secret := string(entry(t, 1).Session.SecretText())
	id := entry(t, 1).SessionID()
	room := func(why string) error { return &backup.MalformedError{What: "backup: room key", Why: why} }
	bad := map[string]struct {
		text string
		err  error
	}{
		"number":            {"1", room("not a JSON object")},
		"null":              {"null", room("not a JSON object")},
		"string":            {`"x"`, room("not a JSON object")},
		"array":             {"[]", room("not a JSON object")},
		"empty":             {"{}", room("room_id is missing")},
		"mixed brackets":    {`{"a":[}]`, room("not a JSON object")},
		"not JSON":          {`{"a" 1}`, room("not a JSON object")},
		"bad word":          {"nul", room("not a JSON object")},
		"algorithm":         {replace("m.megolm.v1.aes-sha2", "m.megolm.v2"), backup.ErrAlgorithm},
		"no algorithm":      {replace(`"algorithm"`, `"Algorithm"`), backup.ErrAlgorithm},
		"algorithm type":    {replace(`"m.megolm.v1.aes-sha2"`, `7`), room("algorithm is not a string")},
		"no room":           {replace(`"room_id"`, `"room"`), room("room_id is missing")},
		"room type":         {replace(`"!room0:example.org"`, `[]`), room("room_id is not a string")},
		"empty room":        {replace(`"!room0:example.org"`, `""`), room("room_id is missing")},
		"session id":        {replace(id, entry(t, 2).SessionID()), backup.ErrSessionID},
		"no session id":     {replace(`"session_id"`, `"x"`), backup.ErrSessionID},
		"session id type":   {replace(`"session_id":"`+id+`"`, `"session_id":1`), room("session_id is not a string")},
		"no session key":    {replace(`"session_key"`, `"x"`), room("session_key is not a string of base64")},
		"session key type":  {replace(`"`+secret+`"`, `{}`), room("session_key is not a string of base64")},
		"session key short": {replace(secret, secret[:219]), &backup.MalformedError{What: "megolm: exported session", Why: "not 165 bytes long"}},
		"key escape":        {replace(secret, `\n`+secret), room("session_key is not a string of base64")},
		"sender key":        {replace(entry(t, 1).SenderKey.String(), "AAAA"), room("sender_key is not a Curve25519 key")},
		"sender key type":   {replace(`"`+entry(t, 1).SenderKey.String()+`"`, "1"), room("sender_key is not a string")},
		"claimed type":      {replace(`{"ed25519":"`+entry(t, 1).ClaimedEd25519.String()+`"}`, `[1]`), room("sender_claimed_keys is not an object")},
		"claimed key":       {replace(entry(t, 1).ClaimedEd25519.String(), "AAAA"), room("sender_claimed_keys holds what is not an Ed25519 key")},
		"chain type":        {replace(`"forwarding_curve25519_key_chain":[]`, `"forwarding_curve25519_key_chain":{}`), room("forwarding_curve25519_key_chain is not an array")},
		"chain item":        {replace(`"forwarding_curve25519_key_chain":[]`, `"forwarding_curve25519_key_chain":[1]`), room("forwarding_curve25519_key_chain holds what is not a Curve25519 key")},
		"twice":             {replace(`"room_id"`, `"room_id":"!x","room_id"`), room("a name stands twice in an object")},
		"twice, escaped":    {replace(`"room_id"`, `"room\u005fid":"!x","room_id"`), room("a name stands twice in an object")},
		"not UTF-8":         {replace(`"room_id"`, `"x":"`+"\xff"+`","room_id"`), room("not valid JSON")},
		"lone surrogate":    {replace(`!room0:example.org`, `\ud800`), room("room_id is not a string")},
		"too long":          {replace(`"room_id"`, `"x":"`+strings.Repeat("a", backup.MaxEntrySize)+`","room_id"`), backup.ErrTooLarge},
		"deep":              {strings.Repeat("[", 30000) + strings.Repeat("]", 30000), room("not a JSON object")},
		"too deep":          {strings.Repeat("[", 100000) + strings.Repeat("]", 100000), backup.ErrTooLarge},
	}
	for name, b := range bad {
		content := "[ " + good + " , " + b.text + "," + good + "]"
		got, spoilt, last := collect(open(t, file(t, content)))
		requirePlain(t, content, got, spoilt, last)
		require.NoError(t, last, name)
		require.Len(t, got, 2, name)
		require.Len(t, spoilt, 1, name)
		require.Equal(t, 1, spoilt[0].Index)
		require.Equal(t, b.err, spoilt[0].Err, name)
		text := file(t, "["+b.text+"]")
		require.Equal(t, b.err, entryFails(t, open(t, text).Entries, failtest.Input(text)).Err, name)
	}
	// What is known of an entry is told.
	text := file(t, "["+bad["session id"].text+"]")
	require.Equal(t, &backup.EntryError{RoomID: entry(t, 1).RoomID, SessionID: entry(t, 2).SessionID(), Err: backup.ErrSessionID},
		entryFails(t, open(t, text).Entries, failtest.Input(text)))
}

func TestContentRefused(t *testing.T) {
	good := entryJSON(entry(t, 1))
	for _, content := range []string{
		"", " ", "{}", `""`, "null", "[", "[1", "[" + good, "[" + good + ",", "[" + good + ",]", "[,]", "[,1]", "[1 2]", "[1,,2]",
		"[]x", "[][]", "[}", `["`, `["\`, `[{"`, good,
	} {
		text := file(t, content)
		got, spoilt, last := iterationFails(t, open(t, text).Entries, failtest.Input(text))
		requirePlain(t, content, got, spoilt, last)
		require.ErrorAs(t, last, new(*backup.MalformedError), content)
	}
	for _, content := range []string{"[]", " [ ] ", "\t[\r\n]\n"} {
		got, spoilt, last := collect(open(t, file(t, content)))
		require.NoError(t, last)
		require.Empty(t, got)
		require.Empty(t, spoilt)
	}
}

func TestTolerance(t *testing.T) {
	e := entry(t, 1)
	good := entryJSON(e)
	text := string(e.Session.SecretText())
	escaped := strings.NewReplacer("/", `\/`, "+", `\u002B`).Replace(text)
	for name, other := range map[string]string{
		"escapes":          strings.Replace(good, text, escaped, 1),
		"escaped room":     strings.Replace(good, "!room0", `\u0021room0`, 1),
		"padded escape":    strings.Replace(good, text, text+"=", 1),
		"no sender key":    strings.Replace(good, `"sender_key"`, `"x"`, 1),
		"empty sender key": strings.Replace(good, e.SenderKey.String(), ``, 1),
		"null chain":       strings.Replace(good, `_chain":[]`, `_chain":null`, 1),
		"no claimed keys":  strings.Replace(good, `"sender_claimed_keys"`, `"x"`, 1),
		"empty claimed":    strings.Replace(good, `{"ed25519":"`+e.ClaimedEd25519.String()+`"}`, `{}`, 1),
		"spaces":           strings.NewReplacer(":", " :\n", ",", ",\t").Replace(strings.ReplaceAll(good, "!room0:example.org", "!room0")),
	} {
		got, spoilt, last := collect(open(t, file(t, "["+other+"]")))
		requirePlain(t, "["+other+"]", got, spoilt, last)
		require.NoError(t, last, name)
		if name == "padded escape" {
			require.Len(t, spoilt, 1, name) // 220 characters need no padding
			continue
		}
		require.Empty(t, spoilt, name)
		require.Len(t, got, 1, name)
		require.Equal(t, e.SessionID(), got[0].SessionID())
		require.Equal(t, text, string(got[0].Session.SecretText()))
		if strings.Contains(name, "sender key") {
			require.True(t, got[0].SenderKey.IsZero())
			w, err := backup.NewWeakKeyFileWriter(io.Discard, []byte(passphrase), 1)
			require.NoError(t, err)
			require.ErrorIs(t, mustFail(t, func() error { return w.WriteEntry(got[0]) }), keys.ErrAbsent)
		}
	}
}

func TestSharedHistoryNames(t *testing.T) {
	good := entryJSON(entry(t, 1))
	for members, want := range map[string]bool{
		``:                        false,
		`"shared_history":true`:   true,
		`"shared_history":false`:  false,
		`"m.shared_history":true`: true,
		`"org.matrix.msc3061.shared_history":true`:       true,
		`"shared_history":false,"m.shared_history":true`: false,
		`"shared_history":true,"m.shared_history":false`: false,
		`"shared_history":true,"m.shared_history":true`:  true,
		`"shared_history":"true"`:                        false,
		`"shared_history":1`:                             false,
		`"Shared_history":true`:                          false,
		`"shared_history":null,"m.shared_history":true`:  true,
	} {
		text := good
		if members != "" {
			text = strings.Replace(good, "{", "{"+members+",", 1)
		}
		got, spoilt, last := collect(open(t, file(t, "["+text+"]")))
		require.NoError(t, last)
		require.Empty(t, spoilt)
		require.Equal(t, want, got[0].SharedHistory, members)
		if !strings.Contains(members, "S") {
			require.Equal(t, 1, strings.Count(rewrite(t, got[0]), "shared_history"))
		}
	}
}

func rewrite(t testing.TB, e backup.Entry) string {
	var text bytes.Buffer
	w, err := backup.NewWeakKeyFileWriter(&text, []byte(passphrase), 1)
	require.NoError(t, err)
	require.NoError(t, w.WriteEntry(e))
	require.NoError(t, w.Finish())
	return mustContent(t, open(t, text.String()))
}

func TestUnknownMembersAreKept(t *testing.T) {
	const unknown = `"org.example":{"b":1.50,"a":[1e3,"\ud83d\ude00"]},"zä\"":null`
	text := strings.Replace(entryJSON(entry(t, 1)), `{"algorithm"`, `{`+unknown+`,"algorithm"`, 1)
	text = strings.Replace(text, `{"ed25519"`, `{"x":"y","ed25519"`, 1)
	got, spoilt, last := collect(open(t, file(t, "["+text+"]")))
	require.NoError(t, last)
	require.Empty(t, spoilt)
	content := rewrite(t, got[0])
	require.Contains(t, content, unknown)
	require.Contains(t, content, `,"x":"y"}`)
	got[0].ClaimedEd25519 = keys.Ed25519{}
	require.Contains(t, rewrite(t, got[0]), `"sender_claimed_keys":{"x":"y"}`)
}
