package backup_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/pk"
)

const benchEntries = 2000

// checks is what each entry costs beside ciphers: JSON once, and three keys.
func checks(b *testing.B, e backup.Entry, text, key []byte) {
	if !json.Valid(text) {
		b.Fatal("JSON")
	}
	_, err := keys.ParseCurve25519(e.SenderKey.String())
	require.NoError(b, err)
	_, err = keys.ParseEd25519(e.ClaimedEd25519.String())
	require.NoError(b, err)
	_, err = megolm.ParseExportedSession(key)
	require.NoError(b, err)
}

func BenchmarkKeyFileRead(b *testing.B) {
	e := entry(b, 1)
	one := entryJSON(e)
	content := "[" + strings.Repeat(one+",", benchEntries-1) + one + "]"
	whole := file(b, content)
	body := mustBody(b, whole)
	key := e.Session.SecretText()
	b.Run("floor", func(b *testing.B) {
		block, err := aes.NewCipher(make([]byte, 32))
		require.NoError(b, err)
		encoded := []byte(base64.StdEncoding.EncodeToString(body))
		out := make([]byte, len(encoded))
		for b.Loop() {
			for range 2 {
				base64.StdEncoding.Decode(out, encoded)
				mac := hmac.New(sha256.New, make([]byte, 32))
				mac.Write(out)
				mac.Sum(nil)
			}
			cipher.NewCTR(block, make([]byte, 16)).XORKeyStream(out, out)
			for range benchEntries {
				checks(b, e, []byte(one), key)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/benchEntries, "µs/entry")
	})
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			list, _, last := collect(open(b, whole))
			if last != nil || len(list) != benchEntries {
				b.Fatal(last)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/benchEntries, "µs/entry")
	})
}

func BenchmarkKeyFileWrite(b *testing.B) {
	e := entry(b, 1)
	w, err := backup.NewWeakKeyFileWriter(io.Discard, []byte(passphrase), 1)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if err := w.WriteEntry(e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDump(b *testing.B) {
	key := backupKey(b, 1)
	text, list := dump(b, key, benchEntries)
	e := list[0]
	data, err := recipient(b, key).Encrypt(e, false)
	require.NoError(b, err)
	var outer struct {
		SessionData pk.Message `json:"session_data"`
	}
	require.NoError(b, json.Unmarshal(data, &outer))
	plaintext, err := key.Decrypt(outer.SessionData)
	require.NoError(b, err)
	sessionKey := e.Session.SecretText()
	report := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/benchEntries, "µs/entry")
	}
	b.Run("floor/one core", func(b *testing.B) {
		for b.Loop() {
			for range benchEntries {
				_ = json.Valid(data)
				if _, err := key.Decrypt(outer.SessionData); err != nil {
					b.Fatal(err)
				}
				checks(b, e, plaintext, sessionKey)
				for _, k := range e.ForwardingChain {
					if _, err := keys.ParseCurve25519(k.String()); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
		report(b)
	})
	for name, workers := range map[string]int{"1 worker": 1, "all cores": runtime.GOMAXPROCS(0)} {
		b.Run("ours/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for _, err := range backup.DecryptDump(key, bytes.NewReader([]byte(text)), workers) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != benchEntries {
					b.Fatal(n)
				}
			}
			report(b)
		})
	}
}
