package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// scenario is a conversation that every implementation must get through alike.
type scenario struct {
	id, description string
	play            func(r *runner)
}

// scenarioCases returns two cases for each scenario: as it stands, and with all
// parties restarted from their pickles after every call.
func scenarioCases() []Case {
	var list []Case
	for _, s := range slices.Concat(olmScenarios, accountScenarios, megolmScenarios) {
		list = append(list,
			Case{"scenario/" + s.id, s.description, s.play},
			Case{"scenario/" + s.id + "-restarted", s.description + " Restarts after every call.", func(r *runner) {
				r.objects = restarting{r.i}
				s.play(r)
			}})
	}
	return list
}

// say returns the plaintext of message number n of a party.
func say(party string, n int) []byte { return fmt.Appendf(nil, "message %d of %s", n, party) }

// sends returns n messages of a party.
func sends(s Session, party string, n int) []message {
	var list []message
	for i := range n {
		list = append(list, encrypt(s, say(party, i)))
	}
	return list
}

// established returns both ends of a session that each have received something,
// so that both send normal messages.
func (r *runner) established() (alice, bob Session) {
	a, b, alice := r.conversation()
	bob, got := accept(a, b, encrypt(alice, []byte("first")))
	check(string(got) == "first", "decrypts to %q", got)
	decryptsTo(alice, encrypt(bob, []byte("answer")), []byte("answer"))
	decryptsTo(bob, encrypt(alice, []byte("second")), []byte("second"))
	return alice, bob
}

// refuses demands that a session refuses a message without effect.
func (r *runner) refuses(s Session, m message, class string) error {
	return r.unchanged(s, class, func() error {
		_, err := decrypt(s, m)
		return err
	})
}

// flip returns a base64 text with one bit of a byte changed, counted from the
// end if at is negative.
func flip(text string, at int) string {
	b := must(decode64(text))
	if at < 0 {
		at += len(b)
	}
	check(at >= 0 && at < len(b), "a text of %d bytes", len(b))
	b[at] ^= 1
	return encode64(b)
}

// cut returns a base64 text without its last n bytes.
func cut(text string, n int) string {
	b := must(decode64(text))
	return encode64(b[:max(len(b)-n, 0)])
}

// spoil returns a base64 text with a symbol from a place on replaced by one that
// is none. It is not a "/", of which a lax decoder makes the same bits.
func spoil(text string, from int) string {
	at := from + strings.IndexFunc(text[from:], func(r rune) bool { return r != '/' })
	return text[:at] + "!" + text[at+1:]
}
