package backup_test

import (
	"bytes"
	"fmt"
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
	bad := map[string]struct {
		text string
		err  error
	}{
		"number":            {"1", nil},
		"null":              {"null", nil},
		"string":            {`"x"`, nil},
		"array":             {"[]", nil},
		"empty":             {"{}", nil},
		"mixed brackets":    {`{"a":[}]`, nil},
		"not JSON":          {`{"a" 1}`, nil},
		"bad word":          {"nul", nil},
		"algorithm":         {replace("m.megolm.v1.aes-sha2", "m.megolm.v2"), backup.ErrAlgorithm},
		"no algorithm":      {replace(`"algorithm"`, `"Algorithm"`), backup.ErrAlgorithm},
		"algorithm type":    {replace(`"m.megolm.v1.aes-sha2"`, `7`), nil},
		"no room":           {replace(`"room_id"`, `"room"`), nil},
		"room type":         {replace(`"!room0:example.org"`, `[]`), nil},
		"empty room":        {replace(`"!room0:example.org"`, `""`), nil},
		"session id":        {replace(id, entry(t, 2).SessionID()), backup.ErrSessionID},
		"no session id":     {replace(`"session_id"`, `"x"`), backup.ErrSessionID},
		"session id type":   {replace(`"session_id":"`+id+`"`, `"session_id":1`), nil},
		"no session key":    {replace(`"session_key"`, `"x"`), nil},
		"session key type":  {replace(`"`+secret+`"`, `{}`), nil},
		"session key short": {replace(secret, secret[:219]), nil},
		"key escape":        {replace(secret, `\n`+secret), nil},
		"sender key":        {replace(entry(t, 1).SenderKey.String(), "AAAA"), nil},
		"sender key type":   {replace(`"`+entry(t, 1).SenderKey.String()+`"`, "1"), nil},
		"claimed type":      {replace(`{"ed25519":"`+entry(t, 1).ClaimedEd25519.String()+`"}`, `[1]`), nil},
		"claimed key":       {replace(entry(t, 1).ClaimedEd25519.String(), "AAAA"), nil},
		"chain type":        {replace(`"forwarding_curve25519_key_chain":[]`, `"forwarding_curve25519_key_chain":{}`), nil},
		"chain item":        {replace(`"forwarding_curve25519_key_chain":[]`, `"forwarding_curve25519_key_chain":[1]`), nil},
		"twice":             {replace(`"room_id"`, `"room_id":"!x","room_id"`), nil},
		"twice, escaped":    {replace(`"room_id"`, `"room\u005fid":"!x","room_id"`), nil},
		"not UTF-8":         {replace(`"room_id"`, `"x":"`+"\xff"+`","room_id"`), nil},
		"lone surrogate":    {replace(`!room0:example.org`, `\ud800`), nil},
		"too long":          {replace(`"room_id"`, `"x":"`+strings.Repeat("a", backup.MaxEntrySize)+`","room_id"`), backup.ErrTooLarge},
		"deep":              {strings.Repeat("[", 30000) + strings.Repeat("]", 30000), nil},
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
		for e, err := range open(t, file(t, "["+b.text+"]")).Entries() {
			require.Error(t, err, name)
			require.Equal(t, backup.Entry{}, e, name)
		}
		if strings.Contains(name, "no session key") || strings.Contains(name, "session key type") {
			require.ErrorContains(t, spoilt[0], "session_key")
		}
		if b.err != nil {
			require.ErrorIs(t, spoilt[0], b.err, name)
		}
		failtest.NoSecret(t, fmt.Sprintf("%v|%+v", spoilt[0], spoilt[0]), []byte(secret))
	}
}

func TestContentRefused(t *testing.T) {
	good := entryJSON(entry(t, 1))
	for _, content := range []string{
		"", " ", "{}", `""`, "null", "[", "[1", "[" + good, "[" + good + ",", "[" + good + ",]", "[,]", "[,1]", "[1 2]", "[1,,2]",
		"[]x", "[][]", "[}", `["`, `["\`, `[{"`, good,
	} {
		got, spoilt, last := collect(open(t, file(t, content)))
		requirePlain(t, content, got, spoilt, last)
		var malformed *backup.MalformedError
		require.ErrorAs(t, last, &malformed, content)
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
			require.ErrorIs(t, w.WriteEntry(got[0]), keys.ErrAbsent)
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
