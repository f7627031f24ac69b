//go:build linux && !race && !386

package memscan

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
)

// What moves from and to other libraries, and leaves as text.
var pickleScenarios = map[string]func(o *order) func(){
	"olm.ImportLibolmAccount":               moving(olm.ImportLibolmAccount),
	"olm.ImportVodozemacAccount":            moving(olm.ImportVodozemacAccount),
	"olm.ImportLibolmSession":               moving(olm.ImportLibolmSession),
	"olm.ImportVodozemacSession":            moving(olm.ImportVodozemacSession),
	"megolm.ImportLibolmOutboundSession":    moving(megolm.ImportLibolmOutboundSession),
	"megolm.ImportVodozemacOutboundSession": moving(megolm.ImportVodozemacOutboundSession),
	"megolm.ImportLibolmInboundSession":     moving(megolm.ImportLibolmInboundSession),
	"megolm.ImportVodozemacInboundSession":  moving(megolm.ImportVodozemacInboundSession),
	"megolm.SessionKey": func(o *order) func() {
		session := megolm.NewOutboundSession()
		key := call(session.SessionKey)
		through(key.SecretText, func(text []byte) { key = call1(megolm.ParseSessionKey, text) }, key.Close)
		inbound := call1(megolm.NewInboundSession, key)
		export := call1(inbound.ExportAt, 0)
		through(export.SecretText, func(text []byte) { export = call1(megolm.ParseExportedSession, text) }, export.Close)
		imported := call1(megolm.ImportInboundSession, export)
		return func() {
			imported.Close()
			export.Close()
			inbound.Close()
			key.Close()
			session.Close()
		}
	},
}

// through has a text read, and ends what it was of.
func through(write func() []byte, read func(text []byte), end func()) {
	text := call(func() ([]byte, error) { return write(), nil })
	read(text)
	clear(text)
	end()
}

type movable interface {
	ExportLibolm(pickleKey []byte) ([]byte, error)
	ExportVodozemac(pickleKey []byte) ([]byte, error)
	Close()
}

// moving imports a pickle and exports it in both forms.
func moving[T movable](load func(pickle, pickleKey []byte) (T, error)) func(o *order) func() {
	return func(o *order) func() {
		var v T
		o.secret("pickle key", func(b []byte) {
			v = call2(load, o.Public["pickle"], b)
			call1(v.ExportLibolm, b)
			call1(v.ExportVodozemac, b)
		})
		return v.Close
	}
}

// pickled is a value of which another library has a pickle.
type pickled struct {
	room, kind string
	value      movable
	seed       []byte // of its Ed25519 key, which vodozemac's pickle has and libolm's has expanded
	held       [][]byte
}

func pickleTrials() (all []trial) {
	pickleKey := random(32)
	for _, p := range []pickled{pickledAccount(), pickledSession(), pickledOutbound(), pickledInbound()} {
		for library, export := range map[string]func([]byte) ([]byte, error){"Libolm": p.value.ExportLibolm, "Vodozemac": p.value.ExportVodozemac} {
			tr := trial{
				name:    p.room + ".Import" + library + p.kind,
				secrets: map[string][]byte{"pickle key": pickleKey}, public: map[string][]byte{"pickle": must(export(pickleKey))},
			}
			if p.seed != nil {
				tr.addExpanded(p.seed)
				tr.add(used, "Ed25519 seed in JSON", must(json.Marshal(numbers(p.seed))))
			}
			if p.seed != nil && library == "Vodozemac" {
				tr.add(held, "Ed25519 seed", p.seed)
			}
			for i, key := range p.held {
				tr.add(held, fmt.Sprint("secret ", i), key)
				tr.add(used, fmt.Sprint("secret ", i, " in JSON"), must(json.Marshal(numbers(key))))
			}
			tr.add(used, "pickle key", pickleKey)
			tr.addCipher(expand(pickleKey, nil, "Pickle", 80))
			all = append(all, tr)
		}
	}
	return append(all, texts())
}

// numbers is what vodozemac's pickles have for bytes.
func numbers(b []byte) []int {
	list := make([]int, len(b))
	for i := range b {
		list[i] = int(b[i])
	}
	return list
}

func pickledAccount() pickled {
	b := random(64 + 7*32)
	p := pickled{room: "olm", kind: "Account", seed: b[:32], held: slices.Collect(slices.Chunk(b[32:], 32))}
	drawing(b, func() {
		a := must(olm.GenerateAccount())
		must(a.GenerateOneTimeKeys(5))
		must(a.GenerateFallbackKey())
		must(a.GenerateFallbackKey())
		p.value = a
	})
	return p
}

// pickledSession has what a session can have: two receiver chains, keys of
// messages that have not come, and a sender chain.
func pickledSession() pickled {
	c := converse()
	for _, i := range taken {
		must(c.session.Decrypt(c.messages[i]))
	}
	ratchet := random(32)
	drawing(ratchet, func() { must(c.session.Encrypt([]byte("second answer"))) })
	_, roots, chains := c.roots()
	okm := expand(agree(ratchet, c.alice[128:]), roots[2], "OLM_RATCHET", 64)
	chain, messages := steps(chains[2], 6)
	return pickled{room: "olm", kind: "Session", value: c.session, held: [][]byte{
		okm[:32], ratchet, mac(okm[32:], 2), mac(chains[0], 2), chain[6], messages[2], messages[4],
	}}
}

func pickledOutbound() pickled {
	b := random(160)
	p := pickled{room: "megolm", kind: "OutboundSession", seed: b[128:], held: slices.Collect(slices.Chunk(b[:128], 32))}
	drawing(b, func() { p.value = megolm.NewOutboundSession() })
	return p
}

func pickledInbound() pickled {
	b := random(160)
	p := pickled{room: "megolm", kind: "InboundSession", held: slices.Collect(slices.Chunk(b[:128], 32))}
	drawing(b, func() { p.value = must(megolm.NewInboundSession(must(megolm.NewOutboundSession().SessionKey()))) })
	return p
}

func texts() trial {
	tr := trial{name: "megolm.SessionKey", random: random(160)}
	for i, name := range []string{"R0", "R1", "R2", "R3"} {
		tr.add(both, name, tr.random[32*i:]) // SHA-512 has it while the key is signed and verified
	}
	// The version and the index stand before the ratchet.
	text := base64.RawStdEncoding.EncodeToString(append([]byte{2, 0, 0, 0, 0}, tr.random[:128]...))
	tr.add(used, "in base64", []byte(text[8:]))
	tr.add(used, "in base64, at its end", []byte(text[len(text)-20:]))
	return tr
}
