package sas

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/verification"
)

// MethodName is the name of the method in a verification.
const MethodName = "m.sas.v1"

// The types of the method's events.
const (
	TypeAccept = "m.key.verification.accept"
	TypeKey    = "m.key.verification.key"
	TypeMAC    = "m.key.verification.mac"
)

// What the sides agree on, in the names of the specification.
const (
	keyAgreement = "curve25519-hkdf-sha256"
	hashName     = "sha256"
	macV2        = "hkdf-hmac-sha256.v2"
	macLegacy    = "hkdf-hmac-sha256"
	showEmoji    = "emoji"
	showDecimal  = "decimal"
)

// Method is SAS as a method of package verification. The zero value is ready: it
// shows emoji and decimals, and knows the MAC method hkdf-hmac-sha256.v2 only,
// which every implementation must.
type Method struct {
	// NoEmoji says that emoji cannot be shown here.
	NoEmoji bool

	// Legacy says that the deprecated MAC method hkdf-hmac-sha256 will do for
	// devices that know no better one. Of its MACs, 48 bits count. It is never
	// chosen when the other side offers hkdf-hmac-sha256.v2. When the other side
	// chooses, nothing shows whether it knew better.
	Legacy bool
}

// Name returns [MethodName].
func (Method) Name() string { return MethodName }

// Start returns what is offered in m.key.verification.start.
func (m Method) Start() []byte {
	return canonicaljson.Object(
		list("key_agreement_protocols", keyAgreement),
		list("hashes", hashName),
		list("message_authentication_codes", m.macs()...),
		list("short_authentication_string", m.shown()...),
	).AppendTo(nil)
}

// macs returns the MAC methods, the best first.
func (m Method) macs() []string {
	if m.Legacy {
		return []string{macV2, macLegacy}
	}
	return []string{macV2}
}

func (m Method) shown() []string {
	if m.NoEmoji {
		return []string{showDecimal}
	}
	return []string{showDecimal, showEmoji}
}

// New returns the exchange that a start begins. When the other side sent it, the
// exchange chooses from what it offers, and takes 32 bytes from crypto/rand.
func (m Method) New(p verification.Parties, s verification.Start) (verification.Exchange, verification.Step, error) {
	e := &exchange{method: m, parties: p, starter: s.Ours, start: s.Content}
	if s.Ours { // the state is started, the first
		return e, verification.Step{}, nil
	}
	step, err := e.accept()
	if err != nil {
		return nil, verification.Step{}, err
	}
	return e, step, nil
}

// Comparison asks the person whether the other device shows the same. The answer
// is Flow.Confirm or Flow.Deny. It shows what both sides agreed on, and nothing
// else.
type Comparison struct {
	held            **Code // fmt follows one pointer of a caller's struct
	emoji, decimals bool
}

// AboutVerification marks the type as something that a verification.Notice says.
func (Comparison) AboutVerification() {}

// Emoji returns the seven emoji to compare, and whether both sides can show
// emoji. They are shown with their names.
func (c Comparison) Emoji() (shown [7]Emoji, ok bool) {
	if !c.emoji {
		return shown, false
	}
	return (*c.held).Emoji(), true
}

// Decimals returns the three numbers to compare, and whether both sides can show
// numbers.
func (c Comparison) Decimals() (shown [3]int, ok bool) {
	if !c.decimals {
		return shown, false
	}
	return (*c.held).Decimals(), true
}

// String returns a placeholder: a code is for the eyes of one person.
func (Comparison) String() string { return "[code to compare]" }

// GoString returns what String does.
func (c Comparison) GoString() string { return c.String() }

// Format writes what String returns, under every verb.
func (c Comparison) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.String()) }

func list(name string, values ...string) canonicaljson.Member {
	items := make([]canonicaljson.Value, len(values))
	for i, s := range values {
		items[i] = canonicaljson.Text(s)
	}
	return canonicaljson.Member{Name: name, Value: canonicaljson.Array(items...)}
}

func text(name, value string) canonicaljson.Member {
	return canonicaljson.Member{Name: name, Value: canonicaljson.Text(value)}
}
