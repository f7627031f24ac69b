package backup_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

func TestSecretsDoNotPrint(t *testing.T) {
	text := strings.Replace(entryJSON(entry(t, 1)), "{", `{"x":"kept secret",`, 1)
	f := open(t, file(t, "["+text+"]"))
	list, _, _ := collect(f)
	e := list[0]
	s, err := e.Import()
	require.NoError(t, err)
	w, err := backup.NewWeakKeyFileWriter(io.Discard, []byte(passphrase), 1)
	require.NoError(t, err)
	key := string(e.Session.SecretText())
	numbers := strings.Trim(fmt.Sprint([]byte("kept")), "[]")
	type hidden struct{ v any }
	for _, v := range []any{f, e, &e, s, w, []backup.Entry{e}, map[string]backup.Entry{"x": e}} {
		for _, verb := range "vsdqxX" {
			for _, flag := range []string{"", "+", "#"} {
				out := fmt.Sprintf("%"+flag+string(verb), v) + fmt.Sprintf("%"+flag+string(verb), hidden{v}) + fmt.Sprintf("%"+flag+string(verb), &hidden{v})
				require.NotContains(t, out, key[8:40])
				require.NotContains(t, out, "kept secret")
				require.NotContains(t, out, numbers)
				require.NotContains(t, out, passphrase)
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		require.NotContains(t, log.String(), key[8:40])
		require.NotContains(t, log.String(), "kept secret")
		_, err := json.Marshal(v)
		require.ErrorIs(t, err, secret.ErrMarshal)
	}
	require.ErrorIs(t, gob.NewEncoder(io.Discard).Encode(f), secret.ErrMarshal)
	require.Error(t, gob.NewEncoder(io.Discard).Encode(e))
}
