package sas

import (
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/verification"
)

// state is where an exchange stands.
type state byte

const (
	started        state = iota // we sent the start
	accepted                    // they sent it, and we the accept with the commitment
	keySent                     // we sent our key, and have their commitment
	comparing                   // both keys are there: the person compares
	macHeld                     // as comparing, and their MACs are there, unread
	confirmed                   // the person said yes, and our MACs are sent
	over                        // their MACs are right too
	numberOfStates = iota
)

// input is an event of the other side, or an answer of the person.
type input byte

const (
	onAccept input = iota
	onKey
	onMAC
	onOther // an event that SAS does not know
	answerYes
	answerNo
	numberOfInputs = iota
)

// rule is what is done, and the state that follows. A failure ends the flow.
type rule struct {
	do func(*exchange, canonicaljson.Value) (verification.Step, error)
	to state
}

// table is the order of the protocol: commitment, keys, code, the person's yes,
// MACs. An event that is not in it is unexpected, an answer impossible.
var table = [numberOfStates][numberOfInputs]rule{
	started:   {onAccept: {(*exchange).takeAccept, keySent}},
	accepted:  {onKey: {(*exchange).takeKeyAsAccepter, comparing}},
	keySent:   {onKey: {(*exchange).takeKeyAsStarter, comparing}},
	comparing: {onMAC: {(*exchange).holdMAC, macHeld}, answerYes: {(*exchange).sendMAC, confirmed}, answerNo: {(*exchange).mismatch, over}},
	macHeld:   {answerYes: {(*exchange).checkAndSendMAC, over}, answerNo: {(*exchange).mismatch, over}},
	confirmed: {onMAC: {(*exchange).takeMAC, over}},
}

// exchange is one SAS verification.
type exchange struct {
	method  Method
	parties verification.Parties
	starter bool // we sent the start that counts
	start   []byte
	state   state

	mac             string // the MAC method
	emoji, decimals bool
	commitment      string // theirs, if they accepted
	pair            *KeyPair
	established     *Established
	held            *macContent // their MACs, until the person has answered
}

var inputs = map[string]input{TypeAccept: onAccept, TypeKey: onKey, TypeMAC: onMAC}

// Receive takes an event of the other side.
func (e *exchange) Receive(eventType string, content []byte) (verification.Step, error) {
	on, ok := inputs[eventType]
	if !ok {
		on = onOther
	}
	value, err := canonicaljson.Parse(content)
	if err != nil {
		return verification.Step{}, invalid(eventType, err.Error())
	}
	r := table[e.state][on]
	if r.do == nil {
		return verification.Step{}, &verification.CancelError{
			Code: verification.CodeUnexpectedMessage, Err: fmt.Errorf("sas: %.255q out of order", eventType),
		}
	}
	return e.step(r, value)
}

// Answer takes the person's answer.
func (e *exchange) Answer(yes bool) (verification.Step, error) {
	on := answerNo
	if yes {
		on = answerYes
	}
	r := table[e.state][on]
	if r.do == nil {
		return verification.Step{}, verification.ErrState
	}
	return e.step(r, canonicaljson.Value{})
}

func (e *exchange) step(r rule, content canonicaljson.Value) (verification.Step, error) {
	step, err := r.do(e, content)
	if err != nil {
		return verification.Step{}, err
	}
	e.state = r.to
	return step, nil
}

// Close wipes the private key and the shared secret.
func (e *exchange) Close() {
	if e.pair != nil {
		e.pair.Close()
	}
	if e.established != nil {
		e.established.Close()
	}
}

// takeAccept takes what the other side chose, and reveals our key.
func (e *exchange) takeAccept(content canonicaljson.Value) (verification.Step, error) {
	next := *e
	if err := next.readAccept(content); err != nil {
		return verification.Step{}, err
	}
	pair, err := Generate()
	if err != nil {
		return verification.Step{}, err
	}
	next.pair = pair
	*e = next
	return e.sendKey(), nil
}

func (e *exchange) sendKey() verification.Step {
	return send(TypeKey, text("key", e.pair.PublicKey().String()))
}

// takeKeyAsAccepter takes the starter's key, and reveals the one that we committed
// to.
func (e *exchange) takeKeyAsAccepter(content canonicaljson.Value) (verification.Step, error) {
	theirs, err := readKey(content)
	if err != nil {
		return verification.Step{}, err
	}
	step := e.sendKey()
	if step.About, err = e.compare(theirs); err != nil {
		return verification.Step{}, err
	}
	return step, nil
}

// takeKeyAsStarter takes the accepter's key if it is the one that was committed
// to.
func (e *exchange) takeKeyAsStarter(content canonicaljson.Value) (verification.Step, error) {
	theirs, err := readKey(content)
	if err != nil {
		return verification.Step{}, err
	}
	if err := VerifyCommitment(theirs, e.start, e.commitment); err != nil {
		return verification.Step{}, &verification.CancelError{Code: verification.CodeMismatchedCommit, Err: err}
	}
	about, err := e.compare(theirs)
	if err != nil {
		return verification.Step{}, err
	}
	return verification.Step{About: about}, nil
}

// compare agrees on the secret, and returns the code to compare.
func (e *exchange) compare(theirs keys.Curve25519) (verification.About, error) {
	info := e.info(theirs)
	_, err := info.Bytes() // refuses what must not be bound, before the key pair is used up
	if err == nil {
		e.established, err = e.pair.Agree(theirs)
	}
	if err != nil {
		return nil, &verification.CancelError{Code: verification.CodeKeyMismatch, Err: err}
	}
	code, err := e.established.CodeFor(info)
	if err != nil {
		return nil, &verification.CancelError{Code: verification.CodeKeyMismatch, Err: err}
	}
	held := &code
	return Comparison{held: &held, emoji: e.emoji, decimals: e.decimals}, nil
}

// info returns what the code is bound to.
func (e *exchange) info(theirs keys.Curve25519) Info {
	p := e.parties
	if e.starter {
		return Info{
			Starter:       Starter{p.Ours.UserID, p.Ours.DeviceID, e.pair.PublicKey()},
			Accepter:      Accepter{p.Theirs.UserID, p.Theirs.DeviceID, theirs},
			TransactionID: p.TransactionID,
		}
	}
	return Info{
		Starter:       Starter{p.Theirs.UserID, p.Theirs.DeviceID, theirs},
		Accepter:      Accepter{p.Ours.UserID, p.Ours.DeviceID, e.pair.PublicKey()},
		TransactionID: p.TransactionID,
	}
}

// mismatch ends the flow: the person says that the codes differ.
func (e *exchange) mismatch(canonicaljson.Value) (verification.Step, error) {
	return verification.Step{}, &verification.CancelError{Code: verification.CodeMismatchedSAS}
}

// holdMAC keeps the other side's MACs. They are looked at once the person has said
// yes.
func (e *exchange) holdMAC(content canonicaljson.Value) (verification.Step, error) {
	held, err := readMAC(content)
	if err != nil {
		return verification.Step{}, err
	}
	e.held = held
	return verification.Step{}, nil
}

// sendMAC sends our MACs after the person's yes.
func (e *exchange) sendMAC(canonicaljson.Value) (verification.Step, error) {
	content, err := e.makeMAC()
	if err != nil {
		return verification.Step{}, &verification.CancelError{Code: verification.CodeKeyMismatch, Err: err}
	}
	return send(TypeMAC, content...), nil
}

// takeMAC checks the other side's MACs after the person's yes.
func (e *exchange) takeMAC(content canonicaljson.Value) (verification.Step, error) {
	c, err := readMAC(content)
	if err != nil {
		return verification.Step{}, err
	}
	return e.prove(c)
}

// checkAndSendMAC checks the MACs that came before the person's yes, and sends
// ours.
func (e *exchange) checkAndSendMAC(canonicaljson.Value) (verification.Step, error) {
	proof, err := e.prove(e.held)
	if err != nil {
		return verification.Step{}, err
	}
	step, err := e.sendMAC(canonicaljson.Value{})
	if err != nil {
		return verification.Step{}, err
	}
	step.Proven = proof.Proven
	return step, nil
}

// prove checks the other side's MACs.
func (e *exchange) prove(c *macContent) (verification.Step, error) {
	proven, err := e.checkMAC(c)
	if err != nil {
		return verification.Step{}, &verification.CancelError{Code: verification.CodeKeyMismatch, Err: err}
	}
	return verification.Step{Proven: proven}, nil
}

// readKey reads m.key.verification.key.
func readKey(content canonicaljson.Value) (keys.Curve25519, error) {
	s, ok := content.Get("key").Text()
	if !ok {
		return keys.Curve25519{}, invalid(TypeKey, "no key")
	}
	key, err := keys.ParseCurve25519(s)
	if err != nil {
		return keys.Curve25519{}, invalid(TypeKey, err.Error())
	}
	return key, nil
}

func send(eventType string, members ...canonicaljson.Member) verification.Step {
	return verification.Step{Send: []verification.MethodEvent{
		{Type: eventType, Content: canonicaljson.Object(members...).AppendTo(nil)},
	}}
}

// invalid returns the error that an event is not of the form that it must have.
func invalid(eventType, why string) error {
	return &verification.CancelError{
		Code: verification.CodeInvalidMessage, Err: &MalformedError{What: "sas: " + eventType, Why: why},
	}
}

// disagree returns the error that the sides cannot agree on what to use.
func disagree(what string) error {
	return &verification.CancelError{
		Code: verification.CodeUnknownMethod, Err: errors.New("sas: no agreement on " + what),
	}
}
