package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/keys"
)

// A vectorCall is one vector while it runs. Its first error stays.
type vectorCall struct {
	In  map[string]any `json:"inputs"`
	Out map[string]any `json:"expected"`
	err error
}

// runVector runs a vector through the module's public interface: known says
// whether its operation is one of those that can.
func runVector(v vector) (known bool, err error) {
	operation, known := vectorOperations[v.Operation]
	if !known || !v.Applies {
		return false, nil
	}
	c := &vectorCall{}
	d := json.NewDecoder(bytes.NewReader(v.text))
	d.UseNumber()
	if err := d.Decode(c); err != nil {
		return true, err
	}
	operation(c)
	return true, c.err
}

func (c *vectorCall) fail(format string, a ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, a...)
	}
}

// bytes returns an input, or an expected value, by the form that its name ends in.
func (c *vectorCall) bytes(name string) []byte {
	text := c.text(name)
	switch {
	case strings.HasSuffix(name, "_hex"):
		b, err := hex.DecodeString(text)
		if err != nil {
			c.fail("%s: %w", name, err)
		}
		return b
	case strings.HasSuffix(name, "_b64"):
		b := make([]byte, b64.DecodedLen(text))
		if err := b64.DecodeString(b, text); err != nil {
			c.fail("%s: %w", name, err)
		}
		return b
	}
	return []byte(text)
}

func (c *vectorCall) text(name string) string {
	text, ok := c.In[name].(string)
	if !ok {
		text, ok = c.Out[name].(string)
	}
	if !ok {
		c.fail("%s is missing", name)
	}
	return text
}

// is compares a result with what is expected, both as text.
func (c *vectorCall) is(name string, got any) {
	want, ok := c.Out[name]
	if !ok {
		c.fail("%s is missing", name)
	}
	if b, ok := got.([]byte); ok {
		got = string(b)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		c.fail("%s is %v, should be %v", name, got, want)
	}
}

// succeeds demands that a call of the operation did not fail.
func (c *vectorCall) succeeds(err error) bool {
	if err != nil {
		c.fail("unexpected error: %w", err)
	}
	return c.err == nil
}

// refused demands that the call failed that the vector is about.
func (c *vectorCall) refused(err error) {
	if err == nil {
		c.fail("accepted, should be refused")
	}
}

// vectorOperations are the operations that need nothing but the public interface.
// Those about what lies beneath run in the module's own tests.
var vectorOperations = map[string]func(*vectorCall){
	"curve25519-public-key": func(c *vectorCall) {
		_, err := keys.NewCurve25519(c.bytes("public_key_hex"))
		c.is("accepted", err == nil)
	},
	"ed25519-public-key": func(c *vectorCall) {
		_, err := keys.NewEd25519(c.bytes("public_key_hex"))
		c.is("accepted", err == nil)
	},
	"ed25519-verify":                  func(c *vectorCall) { c.is("strict", c.verifies() == nil) },
	"ed25519-verify-tampered":         verifyTampered,
	"group-decrypt":                   func(c *vectorCall) { c.groupDecrypts(c.inbound("session_key_b64"), "") },
	"group-late-joiner":               lateJoiner,
	"group-import-later":              importLater,
	"group-init-wrong-format":         initWrongFormat,
	"group-import-wrong-format":       importWrongFormat,
	"group-session-key-bad-signature": badSessionKey,
	"group-message-bad-signature":     badMessage,
	"session-decrypt-malformed":       malformedMessage,
	"session-pickle":                  pickledSession,
	"account-pickle-upgrade":          pickledAccount,
	"account-pickle-wrong-key":        wrongPickleKey,
	"account-pickle-legacy":           legacyPickle,
	"pk-decrypt":                      func(c *vectorCall) { c.pkDecrypts(c.text("mac_b64")) },
	"pk-decrypt-bad-mac":              badPKMAC,
	"pk-private-key":                  pkPublic,
	"pk-sign":                         pkSign,
	"sealed-olm-account":              sealedAccount,
	"sealed-olm-session":              sealedSession,
	"sealed-megolm-outbound":          sealedOutbound,
	"sealed-megolm-inbound":           sealedInbound,
}

// verifies verifies a signature, whose parts may be refused before.
func (c *vectorCall) verifies() error {
	key, err := keys.NewEd25519(c.bytes("public_key_hex"))
	if err != nil {
		return err
	}
	signature, err := keys.NewSignature(c.bytes("signature_hex"))
	if err != nil {
		return err
	}
	return key.Verify(c.bytes("message_utf8"), signature)
}
