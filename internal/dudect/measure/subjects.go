package main

import (
	"crypto/rand"
	"slices"

	"github.com/chappe-e2ee/chappe/internal/dudect"
)

// A subject is an operation of the library, or a control.
type subject struct {
	name    string
	classes string // what tells the inputs apart
	control bool
	op      dudect.Operation
}

// subjects returns all subjects, each kind followed by its control.
func subjects() ([]subject, error) {
	keys, err := newKeys()
	if err != nil {
		return nil, err
	}
	session, err := olmSubject()
	if err != nil {
		return nil, err
	}
	return slices.Concat(
		base64Subjects(),
		keys.macSubjects(), []subject{session},
		keys.paddingSubjects(),
		recoverySubjects(),
	), nil
}

// accepted takes verdicts, so that no work is left out for want of a use.
var accepted bool

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// zerosOrRandom returns n bytes: zeros in the first class.
func zerosOrRandom(c dudect.Class, n int) []byte {
	b := random(n)
	if c == 0 {
		clear(b)
	}
	return b
}
