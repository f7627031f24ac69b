package sas

import (
	"crypto/sha256"
	"slices"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/verification"
)

// accept chooses from what the other side offers, and commits to a fresh key.
func (e *exchange) accept() (verification.Step, error) {
	content, err := canonicaljson.Parse(e.start)
	if err != nil {
		return verification.Step{}, invalid(verification.TypeStart, err.Error())
	}
	if err := e.choose(content); err != nil {
		return verification.Step{}, err
	}
	pair, err := Generate()
	if err != nil {
		return verification.Step{}, err
	}
	commitment := digest(pair.PublicKey(), content)
	e.pair, e.state = pair, accepted
	return send(TypeAccept,
		text("method", MethodName), // required by the schema, which does not describe it
		text("key_agreement_protocol", keyAgreement),
		text("hash", hashName),
		text("message_authentication_code", e.mac),
		list("short_authentication_string", e.shown()...),
		text("commitment", b64.Encode(commitment[:])),
	), nil
}

// choose takes the best of what a start offers.
func (e *exchange) choose(start canonicaljson.Value) error {
	var offered [4][]string
	for i, name := range []string{
		"key_agreement_protocols", "hashes", "message_authentication_codes", "short_authentication_string",
	} {
		var ok bool
		if offered[i], ok = texts(start.Get(name)); !ok {
			return invalid(verification.TypeStart, name+" is not a list of strings")
		}
	}
	protocols, hashes, macs, shown := offered[0], offered[1], offered[2], offered[3]
	switch {
	case !slices.Contains(protocols, keyAgreement):
		return disagree("a key agreement")
	case !slices.Contains(hashes, hashName):
		return disagree("a hash")
	}
	// Ours are in order: the first that is offered is the best of both.
	i := slices.IndexFunc(e.method.macs(), func(mac string) bool { return slices.Contains(macs, mac) })
	if i < 0 {
		return disagree("a MAC")
	}
	e.mac = e.method.macs()[i]
	e.show(slices.DeleteFunc(e.method.shown(), func(s string) bool { return !slices.Contains(shown, s) }))
	if !e.emoji && !e.decimals {
		return disagree("what to show")
	}
	return nil
}

// readAccept reads m.key.verification.accept, which must choose from what we
// offered.
func (e *exchange) readAccept(content canonicaljson.Value) error {
	protocol, ok1 := content.Get("key_agreement_protocol").Text()
	hash, ok2 := content.Get("hash").Text()
	mac, ok3 := content.Get("message_authentication_code").Text()
	shown, ok4 := texts(content.Get("short_authentication_string"))
	commitment, ok5 := content.Get("commitment").Text()
	switch {
	case !ok1 || !ok2 || !ok3 || !ok4 || !ok5:
		return invalid(TypeAccept, "a member is missing, or of another type")
	case protocol != keyAgreement:
		return disagree("a key agreement")
	case hash != hashName:
		return disagree("a hash")
	case !slices.Contains(e.method.macs(), mac):
		return disagree("a MAC")
	case len(shown) == 0:
		return disagree("what to show")
	}
	for _, s := range shown {
		if !slices.Contains(e.method.shown(), s) {
			return disagree("what to show")
		}
	}
	var sum [sha256.Size]byte
	if b64.DecodedLen(commitment) != len(sum) || b64.DecodeString(sum[:], commitment) != nil {
		return invalid(TypeAccept, "the commitment is not 32 bytes of base64")
	}
	e.mac, e.commitment = mac, commitment
	e.show(shown)
	return nil
}

func (e *exchange) show(agreed []string) {
	e.emoji, e.decimals = slices.Contains(agreed, showEmoji), slices.Contains(agreed, showDecimal)
}

// shown returns what was agreed on, in the names of the specification.
func (e *exchange) shown() (list []string) {
	if e.decimals {
		list = append(list, showDecimal)
	}
	if e.emoji {
		list = append(list, showEmoji)
	}
	return list
}

// texts returns a list of strings.
func texts(v canonicaljson.Value) (list []string, ok bool) {
	for item := range v.Items() {
		s, ok := item.Text()
		if !ok {
			return nil, false
		}
		list = append(list, s)
	}
	return list, v.IsArray()
}
