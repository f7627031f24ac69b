package crosssigning_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
)

// elementQuery is what a homeserver answered about devices and users of
// matrix-sdk-crypto-wasm, and what a new machine of it makes of the answer, also
// with a bit flipped: interop/element makes testdata/element/query.json, and holds
// it against that program. made_by in the file says which version.
type elementQuery struct {
	Asker     string            `json:"asker"`
	User      string            `json:"user"`
	Query     json.RawMessage   `json:"query"`
	Claim     json.RawMessage   `json:"claim"`
	Seeds     map[string]string `json:"seeds"` // of the asker
	AskerView elementView       `json:"asker_view"`
	UserView  elementView       `json:"user_view"`
	Altered   []struct {
		What string      `json:"what"`
		Path []string    `json:"path"` // to a text in base64
		At   int         `json:"at"`   // byte of it, of which the lowest bit is flipped
		View elementView `json:"view"`
	} `json:"altered"`
}

// elementView is what a machine thinks of a user.
type elementView struct {
	Master      string            `json:"master"`
	SelfSigning string            `json:"self_signing"`
	Devices     map[string]string `json:"devices"` // by id: the Ed25519 key, and whether the owner signed it
}

func elementVectors(t *testing.T) (v elementQuery) {
	t.Helper()
	text, err := os.ReadFile("testdata/element/query.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &v))
	return v
}

func flipInDocument(t *testing.T, document []byte, path []string, at int) []byte {
	t.Helper()
	var root map[string]any
	require.NoError(t, json.Unmarshal(document, &root))
	in, last := root, len(path)-1
	for _, name := range path[:last] {
		in = in[name].(map[string]any)
	}
	raw, err := base64.RawStdEncoding.DecodeString(in[path[last]].(string))
	require.NoError(t, err)
	raw[at] ^= 1
	in[path[last]] = base64.RawStdEncoding.EncodeToString(raw)
	out, err := json.Marshal(root)
	require.NoError(t, err)
	return out
}

// checked returns the users of an answer, and how many entries were refused.
func (v elementQuery) checked(t *testing.T, answer []byte) (asker, user *crosssigning.User, refused int) {
	t.Helper()
	result, err := crosssigning.NewQuery(v.Asker, v.User).Check(answer, nil, 1)
	require.NoError(t, err)
	require.Len(t, result.Users, 2)
	return result.Users[0], result.Users[1], len(result.Refused)
}

func elementViewOf(u *crosssigning.User) elementView {
	view := elementView{Devices: map[string]string{}}
	if i := u.Identity(); i != nil {
		view.Master = i.MasterKey().String()
		if k := i.Key(crosssigning.SelfSigning); k != nil {
			view.SelfSigning = k.Key().String()
		}
	}
	for _, d := range u.Devices() {
		view.Devices[d.DeviceID()] = d.Ed25519().String()
		if u.CrossSigned(d.DeviceID()) {
			view.Devices[d.DeviceID()] += " cross-signed"
		}
	}
	return view
}

// self is the asker with its private keys.
func (v elementQuery) self(t *testing.T, asker *crosssigning.User) *crosssigning.Self {
	t.Helper()
	var seeds crosssigning.Seeds
	for name, usage := range map[string]crosssigning.Usage{
		"master": crosssigning.Master, "self_signing": crosssigning.SelfSigning, "user_signing": crosssigning.UserSigning,
	} {
		seed, err := crosssigning.ParseSeed([]byte(v.Seeds[name]))
		require.NoError(t, err)
		seeds = seeds.With(usage, seed)
	}
	private, err := crosssigning.ImportPrivateKeys(asker.Identity(), seeds)
	require.NoError(t, err)
	return crosssigning.NewSelf(asker, crosssigning.Pin{Master: asker.Identity().MasterKey()}, crosssigning.Proof{Private: private})
}

func TestElementQuery(t *testing.T) {
	v := elementVectors(t)
	asker, user, refused := v.checked(t, v.Query)
	require.Zero(t, refused)
	require.Empty(t, cmp.Diff(v.AskerView, elementViewOf(asker)))
	require.Empty(t, cmp.Diff(v.UserView, elementViewOf(user)))
	require.Equal(t, crosssigning.UserVerified, v.self(t, asker).Judge(user, crosssigning.Pin{}).Trust())

	require.NotEmpty(t, v.Altered)
	for _, a := range v.Altered {
		asker, user, refused := v.checked(t, flipInDocument(t, v.Query, a.Path, a.At))
		got := elementViewOf(user)
		if a.View.Master == "" {
			// A wrong self-signing key: that program takes nothing of the identity, we
			// keep the master key alone.
			require.Equal(t, v.UserView.Master, got.Master, a.What)
			got.Master = ""
		}
		require.Empty(t, cmp.Diff(a.View, got), a.What)
		// The asker's signature says nothing of the user's own keys and devices.
		byAsker := slices.Contains(a.Path, v.Asker)
		require.Equal(t, byAsker, cmp.Equal(v.UserView, a.View), a.What)
		verdict := v.self(t, asker).Judge(user, crosssigning.Pin{})
		require.Equal(t, !byAsker, verdict.Trust() == crosssigning.UserVerified, a.What)
		for id, view := range a.View.Devices {
			trusted := !byAsker && strings.HasSuffix(view, " cross-signed")
			require.Equal(t, trusted, verdict.DeviceTrust(id, crosssigning.Mark{}) == crosssigning.DeviceVerified, a.What)
		}
		if !byAsker && len(a.View.Devices) < len(v.UserView.Devices) {
			require.NotZero(t, refused, a.What)
		}
	}
}

// One-time keys are taken if the device signed them, and not with another bit in
// key or signature.
func TestElementClaim(t *testing.T) {
	v := elementVectors(t)
	_, user, _ := v.checked(t, v.Query)
	c := crosssigning.NewClaim(crosssigning.SignedCurve25519, user.Devices()...)
	result, err := c.Check(v.Claim, 1)
	require.NoError(t, err)
	require.Empty(t, result.Refused)
	require.Len(t, result.Keys, len(v.UserView.Devices))

	for _, key := range result.Keys {
		of := []string{"one_time_keys", v.User, key.Device.DeviceID(), crosssigning.SignedCurve25519 + ":" + key.ID}
		signature := []string{"signatures", v.User, "ed25519:" + key.Device.DeviceID()}
		for _, path := range [][]string{append(slices.Clone(of), "key"), append(slices.Clone(of), signature...)} {
			result, err := c.Check(flipInDocument(t, v.Claim, path, 5), 1)
			require.NoError(t, err)
			require.Len(t, result.Refused, 1, strings.Join(path, " "))
			require.Len(t, result.Keys, len(v.UserView.Devices)-1)
		}
	}
}
