package hostile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/chappe-e2ee/chappe/interop/peer"
	"github.com/chappe-e2ee/chappe/interop/pickle"
)

var vodozemacKey = bytes.Repeat([]byte("v"), 32)

// vodozemacPickles are pickles that vodozemac made, offered by their JSON:
// encrypted again, with the right MAC. Only chappe and vodozemac read them.
func vodozemacPickles() []*subject {
	account, active, inactive, outbound, inbound := vodozemacState()
	return []*subject{
		vodozemacSubject("vodozemac account pickle", account, func(by peer.Implementation, p []byte) (string, error) {
			return withoutIDs(reopened(by.UnpickleAccount(p, vodozemacKey)))
		}),
		vodozemacSubject("vodozemac active session pickle", active, func(by peer.Implementation, p []byte) (string, error) {
			return reopened(by.UnpickleSession(p, vodozemacKey))
		}),
		vodozemacSubject("vodozemac inactive session pickle", inactive, func(by peer.Implementation, p []byte) (string, error) {
			return reopened(by.UnpickleSession(p, vodozemacKey))
		}),
		vodozemacSubject("vodozemac outbound group pickle", outbound, func(by peer.Implementation, p []byte) (string, error) {
			return reopened(by.UnpickleOutboundGroup(p, vodozemacKey))
		}),
		vodozemacSubject("vodozemac inbound group pickle", inbound, func(by peer.Implementation, p []byte) (string, error) {
			return reopened(by.UnpickleInboundGroup(p, vodozemacKey))
		}),
	}
}

func vodozemacSubject(name string, text []byte, offer func(peer.Implementation, []byte) (string, error)) *subject {
	return &subject{
		name: name, raw: text, layout: members(text), crafted: craftJSON(string(text)),
		offer: func(by peer.Implementation, raw []byte) (string, error) {
			if by == peer.Implementation(peer.Chappe{}) {
				by = peer.ChappeToVodozemac{}
			}
			return offer(by, pickle.Seal(raw, vodozemacKey))
		},
		skip: func(by peer.Implementation, _ mutation) bool { return by != peer.Implementation(peer.Vodozemac{}) },
	}
}

func reopened(o interface{ Pickle([]byte) ([]byte, error) }, err error) (string, error) {
	if err != nil {
		return "", err
	}
	p, err := o.Pickle(vodozemacKey)
	if err != nil {
		return "", err
	}
	text, err := pickle.Open(p, vodozemacKey)
	return string(text), err
}

// withoutIDs is an account's JSON without the ids that its keys have.
func withoutIDs(text string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	type fallback struct {
		Key       []int `json:"key"`
		Published bool  `json:"published"`
	}
	var a struct {
		Signing json.RawMessage `json:"signing_key"`
		Curve   []int           `json:"diffie_hellman_key"`
		OneTime struct {
			Public  map[string][]int `json:"public_keys"`
			Private map[string][]int `json:"private_keys"`
		} `json:"one_time_keys"`
		Fallback struct {
			Current  *fallback `json:"fallback_key"`
			Previous *fallback `json:"previous_fallback_key"`
		} `json:"fallback_keys"`
	}
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return "", err
	}
	var keys []string
	for id, private := range a.OneTime.Private {
		keys = append(keys, fmt.Sprint(private, a.OneTime.Public[id]))
	}
	slices.Sort(keys)
	return fmt.Sprint(string(a.Signing), a.Curve, keys, a.Fallback.Current, a.Fallback.Previous), nil
}

// vodozemacState is a conversation of vodozemac with itself, and what is left of
// it.
func vodozemacState() (account, active, inactive, outbound, inbound []byte) {
	by := peer.Vodozemac{}
	alice, err := by.NewAccount()
	must(err)
	bob, err := by.NewAccount()
	must(err)
	must(bob.GenerateOneTimeKeys(2))
	oneTime, err := bob.OneTimeKeys()
	must(err)
	must(bob.GenerateFallbackKey())
	must(bob.MarkPublished())
	must(bob.GenerateFallbackKey())
	must(bob.GenerateOneTimeKeys(2))
	bobCurve, _, err := bob.IdentityKeys()
	must(err)
	aliceCurve, _, err := alice.IdentityKeys()
	must(err)
	ours, err := alice.Outbound(bobCurve, oneTime[slices.Min(sortedKeys(oneTime))])
	must(err)
	send := func(from peer.Session) (int, string) {
		kind, body, err := from.Encrypt([]byte("message"))
		must(err)
		return kind, body
	}
	_, body := send(ours)
	theirs, _, err := bob.Inbound(aliceCurve, body)
	must(err)
	for range 2 {
		kind, body := send(theirs)
		must3(ours.Decrypt(kind, body))
		send(ours) // lost
		kind, body = send(ours)
		must3(theirs.Decrypt(kind, body))
	}
	text := func(o interface{ Pickle([]byte) ([]byte, error) }) []byte {
		return must2(pickle.Open(must2(o.Pickle(vodozemacKey)), vodozemacKey))
	}
	inactive = text(theirs)
	send(theirs)
	active = text(theirs)

	out, err := by.NewOutboundGroup()
	must(err)
	_, err = out.Encrypt([]byte("message"))
	must(err)
	key, err := out.SessionKey()
	must(err)
	in, err := by.NewInboundGroup(key)
	must(err)
	return text(bob), active, inactive, text(out), text(in)
}

func sortedKeys(m map[string]string) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// members is the layout of a JSON text: every byte belongs to the name that it
// is part of, or to the value of the member that it stands in.
func members(text []byte) (all []region) {
	add := func(name string, size int) {
		if n := len(all); n > 0 && all[n-1].name == name {
			all[n-1].size += size
			return
		}
		all = append(all, region{name, size})
	}
	var stack []string
	current := "whole"
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{':
			stack = append(stack, current)
		case '}':
			current, stack = stack[len(stack)-1], stack[:len(stack)-1]
		case '"':
			n := bytes.IndexByte(text[i+1:], '"') + 2
			if i+n < len(text) && text[i+n] == ':' {
				if name := string(text[i+1 : i+n-1]); strings.Trim(name, "0123456789") != "" {
					current = name
				}
				add("name "+current, n)
			} else {
				add("text of "+current, n)
			}
			i += n - 1
			continue
		}
		add(current, 1)
	}
	return all
}

// craftJSON makes forms of one JSON text that mean the same, or nearly so.
func craftJSON(text string) (all []mutation) {
	add := func(class, changed string) {
		if changed != text {
			all = append(all, mutation{class: class, raw: []byte(changed)})
		}
	}
	add("white space", strings.Replace(text, `:`, `: `, 1))
	add("white space between bytes", strings.Replace(text, `,`, `, `, 1))
	add("line break at its end", text+"\n")
	add("unknown member", strings.Replace(text, `{`, `{"new":{"a":[1,"}]"]},`, 1))
	add("unknown member that is not JSON", strings.Replace(text, `{`, `{"new":[1 2],`, 1))
	add("escape in a name", strings.Replace(text, `key"`, `\u006bey"`, 1))
	end := strings.LastIndex(text, `,"`)
	add("last member first", `{`+text[end+1:len(text)-1]+`,`+text[1:end]+`}`)
	for _, config := range []string{`,"config":{"version":"V1"}`} {
		add("without config", strings.Replace(text, config, ``, 1))
		add("config V2", strings.Replace(text, config, `,"config":{"version":"V2"}`, 1))
		add("config V3", strings.Replace(text, config, `,"config":{"version":"V3"}`, 1))
		add("config null", strings.Replace(text, config, `,"config":null`, 1))
		add("config twice", strings.Replace(text, config, config+config, 1))
	}
	for _, count := range []string{`"ratchet_count":{"Known":4},`, `,"ratchet_count":{"Known":4}`, `,"ratchet_count":{"Known":5}`} {
		add("without a ratchet count", strings.Replace(text, count, ``, 1))
	}
	add("old name of the next id", strings.Replace(text, `"next_key_id"`, `"key_id"`, 1))
	add("two names of the next id", strings.Replace(text, `"next_key_id"`, `"key_id":1,"next_key_id"`, 1))
	add("byte 256", strings.Replace(text, `[`, `[256,`, 1))
	for class, first := range map[string]string{
		"byte with a sign": "-1", "byte with a point": "1.0", "byte with an exponent": "1e0", "byte with a leading zero": "01", "byte that is a text": `"1"`,
	} {
		add(class, replaceFirstByte(text, first))
	}
	add("one byte more", strings.Replace(text, `[`, `[7,`, 1))
	add("text of bytes", strings.Replace(text, text[strings.Index(text, `[`):strings.Index(text, `]`)+1], `"abcdefghijklmnopqrstuvwxyzabcdef"`, 1))
	add("all-zero key", strings.Replace(text, text[strings.Index(text, `[`):strings.Index(text, `]`)+1], `[`+strings.Repeat("0,", 31)+`0]`, 1))
	add("index of 2^32", strings.Replace(text, `"index":`, `"index":4294967296`, 1))
	add("array in the place of an object", `[`+text+`]`)
	return all
}

func replaceFirstByte(text, with string) string {
	at := strings.Index(text, "[") + 1
	end := at + strings.IndexByte(text[at:], ',')
	return text[:at] + with + text[end:]
}
