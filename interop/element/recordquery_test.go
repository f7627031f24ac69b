package element

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
)

// keyQuery is what /keys/query and /keys/claim answered about a user with two
// devices of the peer, of which one is cross-signed, and one of ours.
type keyQuery struct {
	MadeBy versions          `json:"made_by"`
	Asker  string            `json:"asker"`
	User   string            `json:"user"`
	Query  json.RawMessage   `json:"query"`
	Claim  json.RawMessage   `json:"claim"` // one key of each device of the user
	Seeds  map[string]string `json:"seeds"` // of the asker's cross-signing keys
	// What a new machine of the asker sees.
	AskerView opinion           `json:"asker_view"`
	UserView  opinion           `json:"user_view"`
	Altered   []keyQueryAltered `json:"altered"`
}

// opinion is what a machine thinks of a user.
type opinion struct {
	Master      string            `json:"master"`
	SelfSigning string            `json:"self_signing"`
	Devices     map[string]string `json:"devices"` // by id: the Ed25519 key, and whether the owner signed it
}

// keyQueryAltered is the query with one bit flipped, as a new machine sees it.
type keyQueryAltered struct {
	alteration
	View opinion `json:"view"`
}

// opinion is what a machine thinks of a user and some devices.
func (m *machine) opinion(user string, devices ...string) opinion {
	v := opinion{Devices: map[string]string{}}
	if i := m.seeUser(user); i != nil {
		v.Master, v.SelfSigning = i.Master, i.SelfSigning
	}
	for _, id := range devices {
		if d := m.see(user, id); d != nil {
			v.Devices[id] = d.Ed25519
			if d.CrossSigned {
				v.Devices[id] += " cross-signed"
			}
		}
	}
	return v
}

// answered is a new machine of the asker that got an answer to its query.
func answered(t *testing.T, q *keyQuery, answer json.RawMessage) *machine {
	s := newServer(t)
	s.answer = answer
	machines++
	m := &machine{client: s.join(q.Asker, "NEW"), t: t, p: theirs, s: s, name: fmt.Sprint("machine", machines)}
	m.call("new", object{"user": q.Asker, "device": "NEW"}, &m.keys)
	m.track(q.Asker, q.User)
	return m
}

func TestRecordedQuery(t *testing.T) {
	devices := []string{herID, herID2, "THIRD"}
	recorded(t, "crossSigning/testdata/element/query.json", func() *keyQuery {
		w := newWorld(t)
		w.identities()
		third := newMachine(w.server, hers, "THIRD") // which nobody signed
		third.track(hers)
		asker := newMachine(w.server, "@asker:example.org", "ASKER")
		asker.bootstrap()
		asker.track(asker.user, hers)
		var r *request
		asker.call("verifyUser", object{"user": hers}, &r)
		asker.send(r)
		q := &keyQuery{MadeBy: theirs.versions, Asker: asker.user, User: hers}
		asker.call("exportCrossSigning", nil, &q.Seeds)
		q.Query = w.keysQuery(asker.user, encode(t, object{"device_keys": object{asker.user: []string{}, hers: []string{}}}))
		claim := object{}
		for _, id := range devices {
			claim[id] = "signed_curve25519"
		}
		q.Claim = w.keysClaim(encode(t, object{"one_time_keys": object{hers: claim}}))

		add := func(what string, path ...string) {
			q.Altered = append(q.Altered, keyQueryAltered{alteration: alteration{What: what, Path: path, At: 10}})
		}
		query := decode[struct {
			Devices map[string]map[string]struct {
				Keys       map[string]string
				Signatures map[string]map[string]string
			} `json:"device_keys"`
			Master map[string]struct {
				Keys       map[string]string
				Signatures map[string]map[string]string
			} `json:"master_keys"`
			SelfSigning map[string]struct {
				Keys       map[string]string
				Signatures map[string]map[string]string
			} `json:"self_signing_keys"`
		}](t, q.Query)
		for key := range query.Devices[hers][herID2].Signatures[hers] {
			what := "the owner's signature of a device"
			if key == "ed25519:"+herID2 {
				what = "a device's own signature"
			}
			add(what, "device_keys", hers, herID2, "signatures", hers, key)
		}
		for _, key := range []string{"ed25519:", "curve25519:"} {
			add("a device's key", "device_keys", hers, herID2, "keys", key+herID2)
		}
		for key := range query.SelfSigning[hers].Signatures[hers] {
			add("the signature of the self-signing key", "self_signing_keys", hers, "signatures", hers, key)
		}
		for key := range query.Master[hers].Signatures[asker.user] {
			add("the asker's signature of the user", "master_keys", hers, "signatures", asker.user, key)
		}
		slices.SortFunc(q.Altered, func(a, b keyQueryAltered) int { return slices.Compare(a.Path, b.Path) })
		return q
	}, func(q *keyQuery) {
		m := answered(t, q, q.Query)
		q.UserView = m.opinion(q.User, devices...)
		q.AskerView = m.opinion(q.Asker, "ASKER")
		equal(t, "devices", len(q.UserView.Devices), 3)
		for i, a := range q.Altered {
			m := answered(t, q, a.apply(t, q.Query))
			q.Altered[i].View = m.opinion(q.User, devices...)
			q.Altered[i].Element = "same"
			if q.Altered[i].View.String() != q.UserView.String() {
				q.Altered[i].Element = "other"
			}
		}
		counted("vectors", 1+len(q.Altered))
	})
}

func (v opinion) String() string {
	text := v.Master + " " + v.SelfSigning
	for _, id := range slices.Sorted(maps.Keys(v.Devices)) {
		text += " " + id + " " + v.Devices[id]
	}
	return text
}
