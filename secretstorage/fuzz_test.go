package secretstorage_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/chappe-e2ee/chappe/secretstorage"
)

// A text that parses is, white space aside, the one that is written.
func FuzzParseRecoveryKey(f *testing.F) {
	for _, text := range []string{
		knownRecoveryKey, mautrixKey1Text, mautrixKey2Text, rustKeyText, "", strings.Repeat("1", 48), strings.Repeat("z", 48),
		strings.ReplaceAll(knownRecoveryKey, " ", "\u00a0\n"), knownRecoveryKey[:58] + "e", knownRecoveryKey + "\xc2",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		k, err := secretstorage.ParseRecoveryKey(text)
		if !bytes.Equal(before, text) {
			t.Fatal("the input changed")
		}
		if err != nil {
			if k != nil {
				t.Fatal("error and value")
			}
			return
		}
		if k.Confirmed() {
			t.Fatal("confirmed by nothing")
		}
		again, err := k.RecoveryKey()
		if err != nil || strings.Join(strings.Fields(string(text)), "") != strings.ReplaceAll(string(again), " ", "") {
			t.Fatalf("%q is written %q, %v", text, again, err)
		}
	})
}

func FuzzDescription(f *testing.F) {
	for _, text := range []string{
		mautrixKey1, mautrixKey2, rustKey, rustPassphraseKey, vectorDescription, vectorPassphraseDescription,
		`{"algorithm":"m.secret_storage.v1.aes-hmac-sha2"}`, `{"algorithm":"x","\ud800":1e9}`, `{}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := secretstorage.ParseDescription(text)
		if err != nil {
			if !d.IsZero() {
				t.Fatal("error and value")
			}
			return
		}
		sameJSON(t, text, d)
		d.Name()
		if p, err := d.Passphrase(); err == nil {
			if p.Iterations < secretstorage.MinIterations || p.Iterations > secretstorage.MaxIterations || p.Salt == "" || len(p.Salt) > secretstorage.MaxSaltSize {
				t.Fatalf("out of bounds: %+v", p)
			}
		}
		k := typed(t)
		checkErr := d.Check(k)
		if (checkErr == nil) != k.Confirmed() {
			t.Fatal("confirmed without a check")
		}
		checked, err := d.WithCheck(confirmed(t))
		if checkErr != nil && !errors.Is(checkErr, secretstorage.ErrCannotCheck) {
			if err == nil || err.Error() != checkErr.Error() || !checked.IsZero() {
				t.Fatalf("not the error of the check: %v, %v", err, checkErr)
			}
			return
		}
		if err != nil || checked.Check(typed(t)) != nil {
			t.Fatalf("cannot be given a check: %v", err)
		}
		if checked.Name() != d.Name() {
			t.Fatal("another name")
		}
	})
}

func FuzzStoredSecret(f *testing.F) {
	for _, text := range []string{
		mautrixMaster, vectorMaster, `{"encrypted":{"x":` + vectorSecret + `,"y":{}}}`, `{"encrypted":{"x":` + vectorBackup + `},"passthrough":true}`,
		`{}`, `{"encrypted":{}}`, `{"encrypted":{"a":1,"a":2}}`, `{"encrypted":{"\u0061":{"iv":""}}}`,
	} {
		f.Add([]byte(text))
	}
	sealed := sealedSecret(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := secretstorage.ParseStoredSecret(text)
		if err != nil {
			return
		}
		ids := s.KeyIDs()
		if len(ids) > 0 {
			sameJSON(t, text, s)
		}
		k := typed(t)
		for _, id := range ids {
			entry, err := s.Under(id)
			var malformed *secretstorage.MalformedError
			if err != nil {
				if !entry.IsZero() || !errors.As(err, &malformed) {
					t.Fatalf("error and value, or %v", err)
				}
				continue
			}
			var again secretstorage.Sealed
			b, err := json.Marshal(entry)
			if err != nil || json.Unmarshal(b, &again) != nil || again.IV != entry.IV || again.MAC != entry.MAC || !bytes.Equal(again.Ciphertext, entry.Ciphertext) {
				t.Fatalf("%s reads as another secret, %v", b, err)
			}
			k.Open("org.example.secret", entry)
			k.OpenBackupKey(entry, curvePublic(t))
		}
		if slices.Contains(ids, "new") {
			return
		}
		more, err := s.With("new", sealed)
		if err != nil || !slices.Equal(more.KeyIDs(), append(ids, "new")) {
			t.Fatalf("%v, %v", more.KeyIDs(), err)
		}
		back := more.Without("new")
		if len(ids) > 0 && marshal(t, back) != marshal(t, s) {
			t.Fatalf("%s became %s", marshal(t, s), marshal(t, back))
		}
	})
}

// sameJSON: what is written says what was read, and reads as itself.
func sameJSON[T interface{ MarshalJSON() ([]byte, error) }](t *testing.T, text []byte, v T) {
	t.Helper()
	b := []byte(marshal(t, v))
	var x, y any
	if json.Unmarshal(text, &x) != nil || json.Unmarshal(b, &y) != nil {
		return // a number that encoding/json finds too great
	}
	before, _ := json.Marshal(x)
	after, _ := json.Marshal(y)
	if !bytes.Equal(before, after) {
		t.Fatalf("%s is written %s", text, b)
	}
}
