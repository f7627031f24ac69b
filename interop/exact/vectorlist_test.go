package exact

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"

	"github.com/chappe-e2ee/chappe/interop/peer"
)

// vodozemacVectors are the files of testvectors/vodozemac.
var vodozemacVectors = []vector{
	{"vodozemac-account", "vodozemac-account", "An account with one-time keys published and not, and two fallback keys, the current one not published. The message is to a published one-time key.", func() ([]member, []member, error) {
		a, key := furnished()
		return accountVector(a, mustPickle(a), key)
	}},
	{"vodozemac-account-new", "vodozemac-account", "An account with one fallback key, which the message is to, and nothing else.", func() ([]member, []member, error) {
		a := newVodozemac()
		ok(a.GenerateFallbackKey())
		return accountVector(a, mustPickle(a), onlyKey(a.FallbackKey()))
	}},
	{"vodozemac-account-expanded", "vodozemac-account", "An account that vodozemac took over from libolm: of its signing key only the expanded form is known.", func() ([]member, []member, error) {
		a := fromLibolm()
		return accountVector(a, mustPickle(a), onlyKey(a.OneTimeKeys()))
	}},
	{"vodozemac-account-old", "vodozemac-account", "The older layout of an account, where the id of the next one-time key is called key_id.", func() ([]member, []member, error) {
		a, key := furnished()
		return accountVector(a, older(mustPickle(a), `"next_key_id"`, `"key_id"`), key)
	}},
	{"vodozemac-session-inactive", "vodozemac-session", "A session that has not sent since the peer's last chain, with three receiving chains and skipped messages, two of which come.", func() ([]member, []member, error) {
		inactive, _, waiting := sessions()
		return sessionVector(inactive, waiting)
	}},
	{"vodozemac-session-active", "vodozemac-session-sending", "A session that is sending, with three receiving chains and skipped messages.", func() ([]member, []member, error) {
		_, active, _ := sessions()
		return sendingVector(active)
	}},
	{"vodozemac-session-new", "vodozemac-session-sending", "A session as its maker creates it: nothing was received, and the message is a pre-key message.", func() ([]member, []member, error) {
		a, b := newVodozemac(), newVodozemac()
		ok(b.GenerateOneTimeKeys(1))
		curve, _, _ := b.IdentityKeys()
		return sendingVector(mustPickle(val(a.Outbound(curve, onlyKey(b.OneTimeKeys())))))
	}},
	{"vodozemac-session-inactive-old", "vodozemac-session", "The older layout of a session, without counts of the ratchet and without a version.", func() ([]member, []member, error) {
		inactive, _, waiting := sessions()
		return sessionVector(oldSession(inactive), waiting)
	}},
	{"vodozemac-session-active-old", "vodozemac-session-sending", "The older layout of a session that is sending, also without the parent of its ratchet key.", func() ([]member, []member, error) {
		_, active, _ := sessions()
		return sendingVector(oldSession(active))
	}},
	{"vodozemac-outbound", "vodozemac-outbound", "An outbound group session that has sent three messages.", func() ([]member, []member, error) {
		g, _ := groups()
		return outboundVector(mustPickle(g))
	}},
	{"vodozemac-outbound-expanded", "vodozemac-outbound", "An outbound group session that vodozemac took over from libolm: of its signing key only the expanded form is known.", func() ([]member, []member, error) {
		libolm := val(peer.Libolm{}.NewOutboundGroup())
		return outboundVector(mustPickle(val(peer.Vodozemac{}.UnpickleOutboundGroup(val(libolm.Pickle(key)), key))))
	}},
	{"vodozemac-outbound-old", "vodozemac-outbound", "The older layout of an outbound group session, without a version.", func() ([]member, []member, error) {
		g, _ := groups()
		return outboundVector(older(mustPickle(g), config, ""))
	}},
	{"vodozemac-inbound", "vodozemac-inbound", "An inbound group session from a session key of index 3.", func() ([]member, []member, error) {
		g, in := groups()
		return inboundVector(mustPickle(in), val(g.Encrypt([]byte("at index 3"))))
	}},
	{"vodozemac-inbound-imported", "vodozemac-inbound", "An inbound group session from an export: its signing key is not verified.", func() ([]member, []member, error) {
		g, in := groups()
		imported := val(peer.Vodozemac{}.ImportInboundGroup(val(in.Export(3))))
		return inboundVector(mustPickle(imported), val(g.Encrypt([]byte("at index 3"))))
	}},
	{"vodozemac-inbound-old", "vodozemac-inbound", "The older layout of an inbound group session, without a version.", func() ([]member, []member, error) {
		g, in := groups()
		return inboundVector(older(mustPickle(in), config, ""), val(g.Encrypt([]byte("at index 3"))))
	}},
	{"vodozemac-account-first", "vodozemac-account", "A pickle of vodozemac 0.2.0, the first version with these pickles: an account.", func() ([]member, []member, error) {
		p := kept("vodozemac-account-first")
		a := val(peer.Vodozemac{}.UnpickleAccount(p, key32))
		return accountVector(a, p, slices.Min(sortedValues(val(a.OneTimeKeys()))))
	}},
	{"vodozemac-session-first", "vodozemac-session-sending", "A pickle of vodozemac 0.2.0: a session that is sending, with skipped messages.", func() ([]member, []member, error) {
		return sendingVector(kept("vodozemac-session-first"))
	}},
	{"vodozemac-outbound-first", "vodozemac-outbound", "A pickle of vodozemac 0.2.0: an outbound group session.", func() ([]member, []member, error) {
		return outboundVector(kept("vodozemac-outbound-first"))
	}},
	{"vodozemac-inbound-first", "vodozemac-inbound", "A pickle of vodozemac 0.2.0: an inbound group session.", func() ([]member, []member, error) {
		g := val(peer.Vodozemac{}.UnpickleOutboundGroup(kept("vodozemac-outbound-first"), key32))
		return inboundVector(kept("vodozemac-inbound-first"), val(g.Encrypt([]byte("at index 1"))))
	}},
	{"dehydrated-v2", "dehydrated-v2", "A dehydrated device of version 2, with one-time keys and a fallback key. The message is to a one-time key.", func() ([]member, []member, error) {
		a := newVodozemac()
		ok(a.GenerateOneTimeKeys(3))
		ok(a.GenerateFallbackKey())
		return dehydratedV2(a, slices.Min(sortedValues(val(a.OneTimeKeys()))))
	}},
	{"dehydrated-v2-fallback", "dehydrated-v2", "A dehydrated device of version 2 with a fallback key, which the message is to, and no one-time key.", func() ([]member, []member, error) {
		a := newVodozemac()
		ok(a.GenerateFallbackKey())
		return dehydratedV2(a, onlyKey(a.FallbackKey()))
	}},
	{"dehydrated-v1", "dehydrated-v1", "A dehydrated device of version 1.", func() ([]member, []member, error) {
		a := newVodozemac()
		ok(a.GenerateOneTimeKeys(3))
		return dehydratedV1(a, slices.Min(sortedValues(val(a.OneTimeKeys()))))
	}},
}

// kept is the pickle that stands in a file: an older vodozemac made it, and this
// one says what becomes of it.
func kept(id string) []byte {
	var v struct {
		Inputs struct {
			Pickle string `json:"pickle_b64"`
		}
	}
	ok(json.Unmarshal(val(os.ReadFile(vectors+id+".json")), &v))
	return []byte(v.Inputs.Pickle)
}

func ok(err error) {
	if err != nil {
		panic(err)
	}
}

func val[T any](v T, err error) T {
	ok(err)
	return v
}

func sortedValues(m map[string]string) []string {
	return append([]string{}, slices.Sorted(maps.Values(m))...)
}

func onlyKey(m map[string]string, err error) string {
	ok(err)
	if len(m) != 1 {
		panic(fmt.Sprint(len(m), " keys"))
	}
	return sortedValues(m)[0]
}

func newVodozemac() *peer.VodozemacAccount {
	return val(peer.Vodozemac{}.NewAccount()).(*peer.VodozemacAccount)
}

func fromLibolm() peer.Account {
	libolm := val(peer.Libolm{}.NewAccount())
	ok(libolm.GenerateOneTimeKeys(1))
	return val(peer.Vodozemac{}.UnpickleAccount(val(libolm.Pickle(key)), key))
}

// furnished returns an account with keys of all kinds, and a published one-time
// key.
func furnished() (peer.Account, string) {
	a := newVodozemac()
	ok(a.GenerateOneTimeKeys(3))
	published := slices.Min(sortedValues(val(a.OneTimeKeys())))
	ok(a.GenerateFallbackKey())
	ok(a.MarkPublished())
	ok(a.GenerateFallbackKey())
	ok(a.GenerateOneTimeKeys(2))
	return a, published
}

// sessions returns a session before and after it begins to send, and messages
// that wait for it.
func sessions() (inactive, active []byte, waiting [][2]string) {
	a, b := newVodozemac(), newVodozemac()
	ok(b.GenerateOneTimeKeys(1))
	curve, _, _ := b.IdentityKeys()
	from, _, _ := a.IdentityKeys()
	alice := val(a.Outbound(curve, onlyKey(b.OneTimeKeys())))
	_, body, err := alice.Encrypt([]byte("first"))
	ok(err)
	bob, _, err := b.Inbound(from, body)
	ok(err)
	for i := range 2 {
		kind, body, err := bob.Encrypt([]byte("answer"))
		ok(err)
		val(alice.Decrypt(kind, body))
		text := fmt.Sprintf("waiting %d", i)
		_, late, err := alice.Encrypt([]byte(text))
		ok(err)
		waiting = append(waiting, [2]string{late, text})
		_, _, err = alice.Encrypt([]byte("lost"))
		ok(err)
		kind, body, err = alice.Encrypt([]byte("heard"))
		ok(err)
		val(bob.Decrypt(kind, body))
	}
	inactive = mustPickle(bob)
	_, _, err = bob.Encrypt([]byte("answer"))
	ok(err)
	return inactive, mustPickle(bob), waiting
}

var parent = regexp.MustCompile(`,"parent_ratchet_key":\[[0-9,]*\]`)

// oldSession is a session without what vodozemac's pickles did not hold once.
func oldSession(p []byte) []byte {
	text := opened(p)
	replace := []string{config, ""}
	for n := range 8 {
		replace = append(replace, fmt.Sprintf(`,"ratchet_count":{"Known":%d}`, n), "")
	}
	if at := parent.FindString(text); at != "" {
		replace = append(replace, at, "")
	}
	return older(p, replace...)
}

// groups returns an outbound session that has sent three messages, and its
// inbound session from there.
func groups() (peer.OutboundGroup, peer.InboundGroup) {
	g := val(peer.Vodozemac{}.NewOutboundGroup())
	for range 3 {
		val(g.Encrypt([]byte("message")))
	}
	return g, val(peer.Vodozemac{}.NewInboundGroup(val(g.SessionKey())))
}
