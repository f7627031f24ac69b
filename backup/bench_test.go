package backup_test

import (
	"bytes"
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/parallel"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/pk"
)

// benchSizes are numbers of entries. The floors beside are the primitives alone,
// on as many goroutines, as far as they can be done side by side.
var benchSizes = []int{1000, 100_000}

func eachSize(b *testing.B, run func(b *testing.B, n, workers int)) {
	for _, n := range benchSizes {
		for _, workers := range slices.Compact([]int{1, runtime.GOMAXPROCS(0)}) {
			b.Run(fmt.Sprintf("%d entries/%d workers", n, workers), func(b *testing.B) { run(b, n, workers) })
		}
	}
}

func perEntry(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n)/1000, "µs/entry")
}

// checks is what each entry costs beside ciphers: JSON once, and three keys.
func checks(e backup.Entry, text, key []byte) error {
	if !json.Valid(text) {
		return errors.New("JSON")
	}
	_, err := keys.ParseCurve25519(e.SenderKey.String())
	_, err2 := keys.ParseEd25519(e.ClaimedEd25519.String())
	_, err3 := megolm.ParseExportedSession(key)
	return cmp.Or(err, err2, err3)
}

// benchKeyFile returns a key file of n entries, and one of its entries.
func benchKeyFile(b *testing.B, n int) (whole []byte, e backup.Entry) {
	e = entry(b, 1)
	e.ForwardingChain = nil
	var text bytes.Buffer
	w, err := backup.NewWeakKeyFileWriter(&text, []byte(passphrase), 1)
	require.NoError(b, err)
	for range n {
		require.NoError(b, w.WriteEntry(e))
	}
	require.NoError(b, w.Finish())
	return text.Bytes(), e
}

func BenchmarkKeyFileRead(b *testing.B) {
	files := map[int][]byte{}
	eachSize(b, func(b *testing.B, n, workers int) {
		whole, e := files[n], entry(b, 1)
		if whole == nil {
			whole, e = benchKeyFile(b, n)
			files[n] = whole
		}
		one, key := []byte(entryJSON(e)), e.Session.SecretText()
		b.Run("floor", func(b *testing.B) {
			block, err := aes.NewCipher(make([]byte, 32))
			require.NoError(b, err)
			const piece = 24 << 10 // stays in the cache, as ours does
			encoded := []byte(base64.StdEncoding.EncodeToString(stream(piece, 1)))
			out := make([]byte, piece)
			for b.Loop() {
				ctr := cipher.NewCTR(block, make([]byte, 16))
				for pass := range 2 {
					mac := hmac.New(sha256.New, make([]byte, 32))
					for done := 0; done < len(whole); done += len(encoded) {
						base64.StdEncoding.Decode(out, encoded)
						mac.Write(out)
						if pass == 1 {
							ctr.XORKeyStream(out, out)
						}
					}
				}
				var failed atomic.Int32
				parallel.Do(n, workers, func(int) {
					if checks(e, one, key) != nil {
						failed.Add(1)
					}
				})
				if failed.Load() > 0 {
					b.Fatal("floor")
				}
			}
			perEntry(b, n)
		})
		b.Run("ours", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f, err := backup.OpenKeyFile(bytes.NewReader(whole), []byte(passphrase))
				require.NoError(b, err)
				count(b, n, f.EntriesParallel(workers))
			}
			perEntry(b, n)
		})
	})
}

// count goes through the entries, of which there must be n, and drops them.
func count(b *testing.B, n int, entries iter.Seq2[backup.Entry, error]) {
	for _, err := range entries {
		if err != nil {
			b.Fatal(err)
		}
		n--
	}
	if n != 0 {
		b.Fatal(n)
	}
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

// benchRoom is how many entries the input repeats.
const benchRoom = 1000

func BenchmarkDump(b *testing.B) {
	key := backupKey(b, 1)
	text, list := dump(b, key, benchRoom)
	rooms := strings.TrimSuffix(strings.TrimPrefix(text, `{"rooms":{`), `}}`)
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
	eachSize(b, func(b *testing.B, n, workers int) {
		b.Run("floor", func(b *testing.B) {
			for b.Loop() {
				var failed atomic.Int32
				parallel.Do(n, workers, func(int) {
					_ = json.Valid(data)
					_, err := key.Decrypt(outer.SessionData)
					err2 := checks(e, plaintext, sessionKey)
					for _, k := range e.ForwardingChain {
						_, err3 := keys.ParseCurve25519(k.String())
						err2 = cmp.Or(err2, err3)
					}
					if cmp.Or(err, err2) != nil {
						failed.Add(1)
					}
				})
				if failed.Load() > 0 {
					b.Fatal("floor")
				}
			}
			perEntry(b, n)
		})
		b.Run("ours", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := &repeat{head: `{"rooms":{`, middle: rooms + ",", times: n/benchRoom - 1, tail: rooms + `}}`}
				count(b, n, backup.DecryptDump(key, r, workers))
			}
			perEntry(b, n)
		})
	})
}

func BenchmarkEncryptAll(b *testing.B) {
	key := backupKey(b, 1)
	r := recipient(b, key)
	var list []backup.Entry
	for i := range benchRoom {
		list = append(list, entry(b, i))
	}
	plaintext, err := list[0].AppendEntry(nil)
	require.NoError(b, err)
	eachSize(b, func(b *testing.B, n, workers int) {
		b.Run("floor", func(b *testing.B) {
			for b.Loop() {
				var failed atomic.Int32
				parallel.Do(n, workers, func(int) {
					if _, err := pk.Encrypt(key.PublicKey(), plaintext); err != nil {
						failed.Add(1)
					}
				})
				if failed.Load() > 0 {
					b.Fatal("floor")
				}
			}
			perEntry(b, n)
		})
		b.Run("ours", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				encrypted := 0
				for u, err := range r.EncryptAll(func(yield func(backup.Entry, bool) bool) {
					for i := 0; i < n && yield(list[i%len(list)], true); i++ {
					}
				}, workers) {
					require.NoError(b, err)
					encrypted += len(u.Entries)
				}
				require.Equal(b, n, encrypted)
			}
			perEntry(b, n)
		})
	})
}
