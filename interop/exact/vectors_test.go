package exact

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/chappe-e2ee/chappe/interop/conversation"
	"github.com/chappe-e2ee/chappe/interop/peer"
	"github.com/chappe-e2ee/chappe/interop/pickle"
	"github.com/chappe-e2ee/chappe/interop/tally"
)

// vectors is where the known answers are that vodozemac gives.
const vectors = "../../testvectors/vodozemac/"

// TestVectors has vodozemac give its known answers anew: all that stands in the
// files is its own, and follows from the id. With INTEROP_UPDATE=1 it writes
// the files that are missing. A file that is there is never written again.
func TestVectors(t *testing.T) {
	for _, v := range vodozemacVectors {
		hash := fnv.New64()
		hash.Write([]byte(v.id))
		var made []byte
		err := conversation.WithEntropy(hash.Sum64(), func() (err error) {
			made, err = v.file()
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", v.id, err)
			continue
		}
		there, err := os.ReadFile(vectors + v.id + ".json")
		switch {
		case errors.Is(err, fs.ErrNotExist) && os.Getenv("INTEROP_UPDATE") != "":
			check(t, os.WriteFile(vectors+v.id+".json", made, 0o644))
		case err != nil:
			t.Error(err)
		case !bytes.Equal(there, made):
			t.Errorf("%s: vodozemac gives another file:\n%s", v.id, made)
		}
		tally.Add("vectors", "vodozemac", 1)
	}
}

type vector struct {
	id, operation, description string
	make                       func() (inputs, expected []member, err error)
}

type member struct {
	name  string
	value any
}

// file is the vector in the form of the others.
func (v vector) file() ([]byte, error) {
	inputs, expected, err := v.make()
	if err != nil {
		return nil, err
	}
	raw := object([]member{
		{"id", v.id}, {"area", "vodozemac"}, {"operation", v.operation}, {"description", v.description},
		{"source", "vodozemac 0.11.1 (recorded)"}, {"kind", "generated"}, {"applies", true}, {"result", "valid"},
		{"inputs", json.RawMessage(object(inputs))}, {"expected", json.RawMessage(object(expected))},
	})
	var out bytes.Buffer
	err = json.Indent(&out, raw, "", "  ")
	out.WriteByte('\n')
	return out.Bytes(), err
}

func object(list []member) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i, m := range list {
		b.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(&b, "%q:", m.name)
		if err := e.Encode(m.value); err != nil {
			panic(err)
		}
	}
	b.WriteByte('}')
	return b.Bytes()
}

// pickleMembers are the inputs of a vector with a pickle.
func pickleMembers(p []byte) []member {
	return []member{{"pickle_key_hex", hex.EncodeToString(key32)}, {"pickle_b64", string(p)}}
}

// opened is the JSON of a pickle.
func opened(p []byte) string {
	text, err := pickle.Open(p, key32)
	if err != nil {
		panic(err)
	}
	return string(text)
}

type picklable interface{ Pickle([]byte) ([]byte, error) }

func mustPickle(o picklable) []byte {
	p, err := o.Pickle(key32)
	if err != nil {
		panic(err)
	}
	return p
}

// older is a pickle from which parts of the JSON are gone, or have older names.
func older(p []byte, replace ...string) []byte {
	return pickle.Seal([]byte(strings.NewReplacer(replace...).Replace(opened(p))), key32)
}

const config = `,"config":{"version":"V1"}`

// toAccount is a pre-key message to a key of an account, from a sender that is
// made for it.
func toAccount(a peer.Account, key string) (inputs, expected []member, err error) {
	curve, ed, err1 := a.IdentityKeys()
	signature, err2 := a.Sign([]byte("signed by the account"))
	sender, err3 := peer.Vodozemac{}.NewAccount()
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, nil, err
	}
	from, _, _ := sender.IdentityKeys()
	s, err := sender.Outbound(curve, key)
	if err != nil {
		return nil, nil, err
	}
	_, body, err := s.Encrypt([]byte("to the account"))
	return []member{{"message_utf8", "signed by the account"}, {"sender_key_b64", from}, {"pre_key_message_b64", body}},
		[]member{
			{"identity_keys_utf8", fmt.Sprintf(`{"curve25519":%q,"ed25519":%q}`, curve, ed)},
			{"signature_b64", signature}, {"plaintext_utf8", "to the account"},
		}, err
}

// accountVector is the vector of an account's pickle.
func accountVector(a peer.Account, p []byte, key string) (inputs, expected []member, err error) {
	inputs, expected, err = toAccount(a, key)
	if err != nil {
		return nil, nil, err
	}
	var state struct {
		OneTime struct {
			Private map[string]any `json:"private_keys"`
		} `json:"one_time_keys"`
	}
	if err := json.Unmarshal([]byte(opened(p)), &state); err != nil {
		return nil, nil, err
	}
	unpublished, err := a.OneTimeKeys()
	if err != nil {
		return nil, nil, err
	}
	fallback, err := a.FallbackKey()
	return append(pickleMembers(p), inputs...), append([]member{
		{"json_utf8", opened(p)}, {"one_time_key_count", len(state.OneTime.Private)},
		{"unpublished_one_time_keys_b64", sortedValues(unpublished)},
		{"unpublished_fallback_keys_b64", sortedValues(fallback)},
	}, expected...), err
}

// sessionVector is the vector of a session that decrypts messages.
func sessionVector(p []byte, messages [][2]string) (inputs, expected []member, err error) {
	s, err := peer.Vodozemac{}.UnpickleSession(p, key32)
	if err != nil {
		return nil, nil, err
	}
	again := mustPickle(s)
	id, _ := s.ID()
	var bodies, plaintexts []string
	for _, m := range messages {
		plaintext, err := s.Decrypt(peer.Normal, m[0])
		if err != nil {
			return nil, nil, err
		}
		bodies, plaintexts = append(bodies, m[0]), append(plaintexts, string(plaintext))
	}
	return append(pickleMembers(p), member{"messages_b64", bodies}), []member{
		{"json_utf8", opened(p)}, {"session_id_b64", id}, {"received_message", s.HasReceived()},
		{"pickle_again_b64", string(again)}, {"plaintexts_utf8", plaintexts}, {"pickle_after_b64", string(mustPickle(s))},
	}, nil
}

// sendingVector is the vector of a session that goes on with its chain.
func sendingVector(p []byte) (inputs, expected []member, err error) {
	s, err := peer.Vodozemac{}.UnpickleSession(p, key32)
	if err != nil {
		return nil, nil, err
	}
	again, received := mustPickle(s), s.HasReceived()
	id, _ := s.ID()
	kind, body, err := s.Encrypt([]byte("the next message"))
	return append(pickleMembers(p), member{"plaintext_utf8", "the next message"}), []member{
		{"json_utf8", opened(p)}, {"session_id_b64", id}, {"received_message", received},
		{"pickle_again_b64", string(again)}, {"message_type", kind}, {"message_b64", body},
		{"pickle_after_b64", string(mustPickle(s))},
	}, err
}

func outboundVector(p []byte) (inputs, expected []member, err error) {
	g, err := peer.Vodozemac{}.UnpickleOutboundGroup(p, key32)
	if err != nil {
		return nil, nil, err
	}
	again, index := mustPickle(g), g.Index()
	id, _ := g.ID()
	key, err1 := g.SessionKey()
	body, err2 := g.Encrypt([]byte("the next message"))
	return append(pickleMembers(p), member{"plaintext_utf8", "the next message"}), []member{
		{"json_utf8", opened(p)}, {"session_id_b64", id}, {"index", index}, {"session_key_b64", key},
		{"pickle_again_b64", string(again)}, {"message_b64", body}, {"pickle_after_b64", string(mustPickle(g))},
	}, errors.Join(err1, err2)
}

func inboundVector(p []byte, message string) (inputs, expected []member, err error) {
	g, err := peer.Vodozemac{}.UnpickleInboundGroup(p, key32)
	if err != nil {
		return nil, nil, err
	}
	again, verified := mustPickle(g), g.Verified()
	id, _ := g.ID()
	export, err1 := g.Export(g.FirstKnownIndex())
	plaintext, index, err2 := g.Decrypt(message)
	return append(pickleMembers(p), member{"message_b64", message}), []member{
		{"json_utf8", opened(p)}, {"session_id_b64", id}, {"first_known_index", g.FirstKnownIndex()}, {"verified", verified},
		{"export_b64", export}, {"pickle_again_b64", string(again)}, {"message_index", index}, {"plaintext_utf8", string(plaintext)},
	}, errors.Join(err1, err2)
}

// dehydratedV2 and dehydratedV1 are vectors of a device that sleeps.
func dehydratedV2(a *peer.VodozemacAccount, key string) (inputs, expected []member, err error) {
	inputs, expected, err = toAccount(a, key)
	if err != nil {
		return nil, nil, err
	}
	p, nonce, err := a.Dehydrate(key32)
	return append([]member{
		{"key_hex", hex.EncodeToString(key32)}, {"device_pickle_b64", p}, {"nonce_b64", nonce},
	}, inputs...), expected, err
}

func dehydratedV1(a *peer.VodozemacAccount, key string) (inputs, expected []member, err error) {
	inputs, expected, err = toAccount(a, key)
	if err != nil {
		return nil, nil, err
	}
	p, err := a.DehydrateV1(key32, device)
	return append([]member{
		{"key_hex", hex.EncodeToString(key32)}, {"device_pickle_b64", p}, {"device_id_utf8", device},
	}, inputs...), expected, err
}
