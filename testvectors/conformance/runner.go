package conformance

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/testvectors/conformance/vector"
)

// Operations read like their description in testvectors/README.md with these.
type (
	call    = vector.Call
	members = vector.Members
)

var (
	check = vector.Check
	fail  = vector.Fail
	ok    = vector.OK
)

func must[T any](v T, err error) T { return vector.Must(v, err) }

// runner runs cases on one implementation. What a call makes of it ends by a
// panic that do catches, see [vector.Fail].
type runner struct {
	i       Implementation
	objects Implementation // makes the objects of conversations: i, or one that restarts them
	memo    map[string]any // results that take long and depend on inputs alone
}

func newRunner(i Implementation) *runner { return &runner{i, i, make(map[string]any)} }

// do calls f and returns what it failed with.
func (r *runner) do(f func(*runner)) error {
	return outcome(vector.Catch(func() { f(r) }))
}

// outcome makes a NotRunError of what is not supported.
func outcome(err error) error {
	var missing *NotRunError
	switch {
	case errors.As(err, &missing):
		return missing
	case errors.Is(err, errors.ErrUnsupported):
		return &NotRunError{err.Error()}
	}
	return err
}

// need returns v as a capability, which the name is for.
func need[C any](v any, name string) C {
	c, there := v.(C)
	if !there {
		fail("%w", &NotRunError{"no " + name})
	}
	return c
}

// refused demands that err is a refusal of a class.
func (r *runner) refused(class string, err error) {
	check(slices.Contains(Classes, class), "unknown error class %q", class)
	check(err != nil, "accepted, and should be refused as %s", class)
	got := r.i.Classes(err)
	check(slices.Contains(got, class), "should be refused as %s, and is of %q: %w", class, got, err)
}

// number demands that a number of an error, if it has it, is want.
func (r *runner) number(err error, name string, want uint32) {
	if n, there := r.i.(Numbers); there {
		got, there := n.ErrorNumbers(err)[name]
		check(!there || got == want, "%s is %d, should be %d: %w", name, got, want, err)
	}
}

// unknownIndex demands that a session that begins at first was asked for an
// earlier index.
func (r *runner) unknownIndex(err error, first, requested uint32) {
	r.refused("unknown-index", err)
	r.number(err, "first_known_index", first)
	r.number(err, "requested_index", requested)
}

// random calls f, which must take exactly these random bytes.
func (r *runner) random(random []byte, f func()) {
	source := need[Randomness](r.i, "given randomness")
	ok(source.BeginRandom(random))
	err := vector.Catch(f)
	end := source.EndRandom()
	if err != nil {
		fail("%w", err)
	}
	ok(end)
}

// stateKey is the pickle key under which states are compared and raw pickles
// imported. Any will do.
var stateKey = []byte("a pickle key")

// state returns the raw pickle of an object.
func state(object any) []byte {
	return unpickle(string(pickleOf(object, stateKey)), stateKey)
}

func pickleOf(object any, key []byte) []byte {
	return must(need[Pickler](object, "pickles").Pickle(key))
}

func pickle(raw, key []byte) []byte { return libolm.Encrypt(raw, key) }

func unpickle(text string, key []byte) []byte {
	return must(libolm.Decrypt("pickle", []byte(text), key))
}

// saved returns an object's pickle, or what it is saved as, or nothing when it
// has neither.
func saved(object any) []byte {
	b, err := pickleIn(object, stateKey)
	if errors.Is(err, errors.ErrUnsupported) {
		b, err = saveIn(object)
	}
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return must(b, err)
}

// unchanged demands that f is refused, and that the object is afterwards as it
// was, as far as what it is saved as shows.
func (r *runner) unchanged(object any, class string, f func() error) error {
	before := saved(object)
	err := f()
	r.refused(class, err)
	check(bytes.Equal(before, saved(object)), "the refused call changed something: %w", err)
	return err
}

// Import a raw pickle, and demand that it is written alike.

func (r *runner) pickles() Pickles { return need[Pickles](r.i, "pickles") }

func (r *runner) importAccount(raw []byte) Account {
	a := must(r.pickles().UnpickleAccount(pickle(raw, stateKey), stateKey))
	check(bytes.Equal(state(a), raw), "the account is written otherwise")
	return a
}

func (r *runner) importSession(raw []byte) Session {
	s := must(r.pickles().UnpickleSession(pickle(raw, stateKey), stateKey))
	check(bytes.Equal(state(s), raw), "the session is written otherwise")
	return s
}

// keyList returns keys in libolm's order, newest first.
func keyList(byID map[string]string) []string {
	return slices.SortedFunc(maps.Keys(byID), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), bytes.Compare(must(decode64(b)), must(decode64(a))))
	})
}

// keysText is libolm's text for one-time and fallback keys.
func keysText(byID map[string]string) string {
	var items []string
	for _, id := range keyList(byID) {
		items = append(items, fmt.Sprintf(`"%s":"%s"`, id, byID[id]))
	}
	return `{"curve25519":{` + strings.Join(items, ",") + `}}`
}

// newest returns the newest key and the number in its id.
func newest(byID map[string]string) (key string, number uint32) {
	check(len(byID) > 0, "no key")
	id := keyList(byID)[0]
	return byID[id], idNumber(id)
}

// idNumber returns the low 32 bits of a key's id.
func idNumber(id string) (n uint32) {
	for _, b := range must(decode64(id)) {
		n = n<<8 | uint32(b)
	}
	return n
}

func identityText(a Account) string {
	curve, ed, err := a.IdentityKeys()
	ok(err)
	return `{"curve25519":"` + curve + `","ed25519":"` + ed + `"}`
}

func identityKey(a Account) string {
	curve, _, err := a.IdentityKeys()
	ok(err)
	return curve
}

func encode64(b []byte) string { return b64.Encode(b) }

func decode64(text string) ([]byte, error) {
	n := b64.DecodedLen(text)
	if n < 0 {
		return nil, b64.ErrBase64
	}
	b := make([]byte, n)
	return b, b64.DecodeString(b, text)
}
