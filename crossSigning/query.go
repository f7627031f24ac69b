package crosssigning

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/parallel"
)

const queryName = "crosssigning: response to the keys query"

// Query asks for the devices and identities of users: POST
// /_matrix/client/v3/keys/query.
//
// The program keeps track of whose answers are outdated: those whom device_lists of
// /sync or /keys/changes names. It asks for a user in one query at a time, and a
// user who is named while a query is under way stays outdated, so that neither an
// older answer nor a lost one hides a change (specification, "Tracking the device
// list for a user").
type Query struct{ users []string }

// NewQuery returns a query for users.
func NewQuery(userIDs ...string) *Query {
	users := slices.Clone(userIDs)
	slices.Sort(users)
	return &Query{slices.Compact(users)}
}

// MarshalJSON returns the body of the request. It returns a [*MalformedError]
// when a user id is not valid UTF-8.
func (q *Query) MarshalJSON() ([]byte, error) {
	users := make([]canonicaljson.Member, len(q.users))
	for i, id := range q.users {
		users[i] = canonicaljson.Member{Name: id, Value: canonicaljson.Array()}
	}
	body := canonicaljson.Object(canonicaljson.Member{Name: "device_keys", Value: canonicaljson.Object(users...)})
	if body.IsZero() {
		return nil, malformed("crosssigning: keys query", "an id is not valid UTF-8")
	}
	return body.AppendTo(nil), nil
}

// Known returns the devices of a user that the program has stored, each of them
// once, also those that are gone since. It is called from one goroutine.
type Known func(userID string) []*DeviceKeys

// QueryResult is what a response says that can be taken.
type QueryResult struct {
	// Users are those whose list of devices is in the response, in the order
	// of their ids. A user who is missing is not without devices: nothing is
	// known.
	Users []*User
	// Refused are the entries that were left out, and why.
	Refused []*EntryError
	// Failures are the servers that could not be reached.
	Failures []string
}

// Check reads the response. It takes an entry when the user was asked for, ids
// inside are those outside, the device signed itself, and its keys are those
// that known has; known may be nil. A new device is refused when it has a key of
// another, be that one in the response or only known: who shows it does not hold
// the key alone. A device that was known before is never refused for that. A
// cross-signing key must be signed by the master key.
//
// A refused device is left out, also when it was known before: what the program
// has stored of it stays right. Signatures are verified on so many goroutines
// as workers says. It returns a [*MalformedError] when the response cannot be
// taken apart; whatever is wrong inside an entry is in Refused.
func (q *Query) Check(response []byte, known Known, workers int) (*QueryResult, error) {
	r, err := q.read(response)
	if err != nil {
		return nil, err
	}
	parallel.Do(len(r.users), workers, func(i int) { r.users[i].parseIdentity() })
	parallel.Do(len(r.devices), workers, func(i int) { r.devices[i].parse() })
	if known == nil {
		known = func(string) []*DeviceKeys { return nil }
	}
	next := 0
	users := make([]*User, 0, len(r.users))
	for _, u := range r.users {
		list := r.devices[next : next+u.count]
		next += u.count
		r.refused = append(r.refused, u.refused...)
		users = append(users, u.build(list, known, r.refuse))
	}
	result := &QueryResult{Users: users, Refused: r.refused, Failures: r.failures}
	slices.SortFunc(result.Users, func(a, b *User) int { return cmp.Compare(a.id, b.id) })
	return result, nil
}

// reading is a response that was taken apart.
type reading struct {
	users    []*readUser
	devices  []*readDevice // of the first user, of the second, …
	refused  []*EntryError
	failures []string
}

func (r *reading) refuse(userID, name, what string, err error) {
	r.refused = append(r.refused, &EntryError{UserID: userID, Name: name, What: what, Err: err})
}

type readUser struct {
	id      string
	keys    [UserSigning + 1][]byte // what the response says of the three keys
	user    *User
	ids     []string // of all devices in the list
	count   int      // of those that have an entry in reading.devices
	refused []*EntryError
}

type readDevice struct {
	user *readUser
	id   string
	text []byte

	keys        *DeviceKeys
	crossSigned bool
	err         error
}

// read takes a response apart, without a look into its entries.
func (q *Query) read(response []byte) (*reading, error) {
	parts, failures, err := splitResponse(queryName, response,
		"device_keys", "master_keys", "self_signing_keys", "user_signing_keys")
	if err != nil {
		return nil, err
	}
	r := &reading{failures: failures}
	byID := map[string]*readUser{}
	for _, m := range parts[0] {
		if err := q.asked(m); err != nil {
			r.refuse(m.Name, "", "list of devices", err)
			continue
		}
		devices, err := canonicaljson.Split(m.Value)
		if err != nil {
			r.refuse(m.Name, "", "list of devices", malformed(queryName, err.Error()))
			continue
		}
		u := &readUser{id: m.Name, user: &User{id: m.Name}}
		for _, d := range devices {
			u.ids = append(u.ids, d.Name)
			if d.Err != nil {
				r.refuse(u.id, d.Name, "device", malformed(queryName, d.Err.Error()))
				continue
			}
			r.devices = append(r.devices, &readDevice{user: u, id: d.Name, text: d.Value})
			u.count++
		}
		r.users = append(r.users, u)
		byID[u.id] = u
	}
	for usage := Master; usage <= UserSigning; usage++ {
		for _, m := range parts[usage] {
			err := q.asked(m)
			u := byID[m.Name]
			if err == nil && u == nil {
				err = malformed(queryName, "a user without a list of devices")
			}
			if err != nil {
				r.refuse(m.Name, "", usage.what()[len("crosssigning: "):], err)
				continue
			}
			u.keys[usage] = m.Value
		}
	}
	return r, nil
}

// asked returns nil when an entry belongs to a user that was asked for.
func (q *Query) asked(m canonicaljson.RawMember) error {
	if m.Err != nil {
		return malformed(queryName, m.Err.Error())
	}
	if _, ok := slices.BinarySearch(q.users, m.Name); !ok {
		return ErrNotAsked
	}
	return nil
}

func (u *readUser) parseIdentity() {
	u.user.identity = parseIdentity(u.id, u.keys[Master], u.keys[SelfSigning], u.keys[UserSigning],
		func(usage Usage, err error) {
			u.refused = append(u.refused, &EntryError{UserID: u.id, What: usage.what()[len("crosssigning: "):], Err: err})
		})
}

// parse checks all of a device that the device and its user's identity decide.
func (d *readDevice) parse() {
	if d.keys, d.err = ParseDeviceKeys(d.text); d.err != nil {
		return
	}
	if d.err = expectID("user_id", d.user.id, d.keys.userID); d.err != nil {
		return
	}
	if d.err = expectID("device_id", d.id, d.keys.deviceID); d.err != nil {
		return
	}
	i := d.user.user.identity
	d.crossSigned = i != nil && i.VerifyDevice(d.keys) == nil
}

// build puts a user together.
func (u *readUser) build(list []*readDevice, known Known, refuse func(userID, name, what string, err error)) *User {
	u.user.checkIDs(u.ids)
	if clash := u.user.clash(); clash != nil {
		refuse(u.id, clash.DeviceID, "user", clash)
	}
	stored := map[string]*DeviceKeys{}
	for _, d := range known(u.id) {
		if d != nil && d.userID == u.id {
			stored[d.deviceID] = d
		}
	}
	var devices []*DeviceKeys
	var crossSigned []bool
	for _, d := range list {
		before := stored[d.id]
		if d.err == nil && before != nil && !before.SameKeys(d.keys) {
			d.err = &ChangedKeyError{UserID: u.id, DeviceID: d.id}
		}
		if d.err != nil {
			refuse(u.id, d.id, "device", d.err)
			continue
		}
		devices = append(devices, d.keys)
		crossSigned = append(crossSigned, d.crossSigned)
	}
	for i, err := range sharedKeys(devices, stored) {
		if err != nil {
			refuse(u.id, devices[i].deviceID, "device", err)
			continue
		}
		u.user.add(devices[i], crossSigned[i])
	}
	u.user.sort()
	return u.user
}

// splitResponse takes apart a response, and the maps in it that have the given
// names. The first of these must be there. null stands for nothing, as servers
// write it for an empty map.
func splitResponse(what string, response []byte, names ...string) (parts [][]canonicaljson.RawMember, failures []string, err error) {
	members, err := canonicaljson.Split(response)
	if err != nil {
		return nil, nil, malformed(what, err.Error())
	}
	parts = make([][]canonicaljson.RawMember, len(names))
	for _, m := range members {
		i := slices.Index(names, m.Name)
		if i < 0 && m.Name != "failures" {
			continue
		}
		if m.Err != nil {
			return nil, nil, malformed(what, m.Err.Error())
		}
		if string(m.Value) == "null" {
			continue
		}
		list, err := canonicaljson.Split(m.Value)
		if err != nil {
			return nil, nil, malformed(what, fmt.Sprintf("%s: %v", m.Name, err))
		}
		if i >= 0 {
			parts[i] = list // never nil, also where the map is empty
			continue
		}
		for _, server := range list {
			failures = append(failures, server.Name)
		}
	}
	if parts[0] == nil {
		return nil, nil, malformed(what, names[0]+" is missing")
	}
	return parts, failures, nil
}
