package verification_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/chappe-e2ee/chappe/verification"
)

// fake is a method whose events say what its exchange does.
type fake struct {
	name string
	log  *[]string
}

const (
	fakeName = "org.example.fake"
	fakeType = "m.key.verification.fake"
)

var errFake = errors.New("fake: went wrong")

func newFake() fake { return fake{fakeName, new([]string)} }

func (m fake) Name() string  { return m.name }
func (m fake) Start() []byte { return []byte(`{"fake":true}`) }

func (m fake) New(p verification.Parties, s verification.Start) (verification.Exchange, verification.Step, error) {
	*m.log = append(*m.log, fmt.Sprintf("new %t %s", s.Ours, s.Content))
	if bytes.Contains(s.Content, []byte(`"refuse"`)) {
		return nil, verification.Step{}, &verification.CancelError{Code: verification.CodeUnknownMethod, Err: errFake}
	}
	e := &fakeExchange{m: m, parties: p}
	if s.Ours {
		return e, verification.Step{}, nil
	}
	return e, verification.Step{Send: []verification.MethodEvent{{Type: fakeType, Content: []byte(`{"do":"accept"}`)}}}, nil
}

type fakeExchange struct {
	m       fake
	parties verification.Parties
	count   int
	closed  bool
}

type fakeAbout struct{ Text string }

func (fakeAbout) AboutVerification() {}

func (e *fakeExchange) Receive(eventType string, content []byte) (verification.Step, error) {
	var c struct{ Do string }
	if eventType != fakeType || json.Unmarshal(content, &c) != nil {
		return verification.Step{}, &verification.CancelError{Code: verification.CodeUnexpectedMessage}
	}
	e.count++
	switch c.Do {
	case "prove":
		return verification.Step{Proven: verification.ProvenKeys{Device: true, Master: true}}, nil
	case "device":
		return verification.Step{Proven: verification.ProvenKeys{Device: true}}, nil
	case "master":
		return verification.Step{Proven: verification.ProvenKeys{Master: true}}, nil
	case "ask":
		return verification.Step{About: fakeAbout{"same?"}}, nil
	case "mismatch":
		return verification.Step{}, &verification.CancelError{Code: verification.CodeKeyMismatch, Err: errFake}
	case "error":
		return verification.Step{}, errFake
	case "bad":
		return verification.Step{Send: []verification.MethodEvent{{Type: fakeType, Content: []byte(`[]`)}}}, nil
	case "clash":
		return verification.Step{Send: []verification.MethodEvent{{Type: fakeType, Content: []byte(`{"transaction_id":"x","m.relates_to":1}`)}}}, nil
	}
	return verification.Step{Send: []verification.MethodEvent{{Type: fakeType, Content: []byte(`{}`)}}}, nil
}

func (e *fakeExchange) Answer(yes bool) (verification.Step, error) {
	if e.count == 0 {
		return verification.Step{}, verification.ErrState
	}
	if !yes {
		return verification.Step{}, &verification.CancelError{Code: verification.CodeMismatchedSAS}
	}
	return verification.Step{}, nil
}

func (e *fakeExchange) Close() {
	e.closed = true
	*e.m.log = append(*e.m.log, "close")
}
