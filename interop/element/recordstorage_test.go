package element

import (
	"encoding/json"
	"testing"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// secretStore is secret storage that Element's client library made, in account
// data.
type secretStore struct {
	MadeBy     madeBy                     `json:"made_by"`
	Recovery   string                     `json:"recovery"`
	Passphrase string                     `json:"passphrase,omitempty"`
	Data       map[string]json.RawMessage `json:"data"`
	Secrets    map[string]string          `json:"secrets"` // what is in it
	Refused    []alteration               `json:"refused"`
	// Unseen are flips that no MAC covers: the library reads another text.
	Unseen []alteration `json:"unseen"`
}

type madeBy struct {
	Package string `json:"package"`
	Version string `json:"version"`
}

// open is what the library reads.
func (s *secretStore) open(t *testing.T, data json.RawMessage, name string) (string, error) {
	t.Helper()
	var got stored
	err := theirs.call("", "useStorage", object{"data": data, "recovery": s.Recovery, "store": object{}, "read": []string{name}}, &got)
	return got.Read[name], err
}

func TestRecordedStorage(t *testing.T) {
	for file, args := range map[string]object{
		"recovery":   {},
		"passphrase": {"passphrase": passphrase, "salt": "a salt é of any text", "iterations": 10_000},
	} {
		recorded(t, "secretstorage/testdata/element/"+file+".json", func() *secretStore {
			var made stored
			check(t, theirs.call("", "newStorage", args, &made))
			s := &secretStore{
				MadeBy: madeBy{clientPackage, must(pinned())[clientPackage]}, Recovery: made.Recovery, Data: map[string]json.RawMessage{},
				Secrets: map[string]string{"org.example.secret": "any text é"},
			}
			s.Passphrase, _ = args["passphrase"].(string)
			private := must(crosssigning.GeneratePrivateKeys(hers))
			for name, usage := range usages {
				s.Secrets[name] = string(must(private.SecretText(usage)))
			}
			var key struct{ Private string }
			check(t, theirs.call("", "newBackupKey", nil, &key))
			s.Secrets[secretstorage.BackupKey] = key.Private
			check(t, theirs.call("", "useStorage", object{"data": made.Data, "recovery": s.Recovery, "store": s.Secrets, "read": []string{}}, &made))
			for name, content := range made.Data {
				s.Data[name] = encode(t, content)
			}
			id := decode[struct{ Key string }](t, s.Data[secretstorage.DefaultKeyType]).Key
			sealed := func(name, member string) []string { return []string{name, "encrypted", id, member} }
			s.Refused = []alteration{
				{What: "the first byte of a ciphertext", Path: sealed(secretstorage.MasterKey, "ciphertext"), At: 0},
				{What: "the last byte of a ciphertext", Path: sealed(secretstorage.BackupKey, "ciphertext"), At: 42},
				{What: "the first byte of a MAC", Path: sealed("org.example.secret", "mac"), At: 0},
				{What: "the last byte of a MAC", Path: sealed(secretstorage.UserSigningKey, "mac"), At: 31},
				{What: "the key's check", Path: []string{secretstorage.DescriptionTypePrefix + id, "mac"}, At: 7},
				{What: "the IV of the key's check", Path: []string{secretstorage.DescriptionTypePrefix + id, "iv"}, At: 7},
			}
			s.Unseen = []alteration{{What: "an IV", Path: sealed(secretstorage.MasterKey, "iv"), At: 15}}
			return s
		}, func(s *secretStore) {
			for name, want := range s.Secrets {
				equal(t, name, must(s.open(t, encode(t, s.Data), name)), want)
			}
			for i, a := range s.Refused {
				name := a.Path[0]
				if len(a.Path) == 2 {
					name = "org.example.secret"
				}
				_, err := s.open(t, a.apply(t, encode(t, s.Data)), name)
				s.Refused[i].Element = saidOf(err)
				holds(t, a.What+" is refused", err != nil)
			}
			for i, a := range s.Unseen {
				text, err := s.open(t, a.apply(t, encode(t, s.Data)), a.Path[0])
				s.Unseen[i].Element = saidOf(err)
				holds(t, "another text", text != s.Secrets[a.Path[0]])
			}
			counted("vectors", len(s.Secrets)+len(s.Refused)+len(s.Unseen))
		})
	}
}
