// Package mautrixolm lets a program that is built on mautrix-go encrypt with
// chappe. It has one function, [Register], which a program calls from an init
// function of its package main; its README tells how, and how to go back.
//
// Register fills the function variables of maunium.net/go/mautrix/crypto/olm.
// What they return reads and writes libolm's pickles, so that a database moves
// between libolm, goolm and chappe in both directions.
//
// # Errors
//
// An error is both mautrix's and chappe's for errors.Is and errors.As:
// olm.ErrUnknownMessageIndex of mautrix and *megolm.UnknownIndexError of
// chappe are one. A call that fails returns a nil interface and leaves objects
// as they were. Empty pickle keys are refused with olm.ErrNoKeyProvided, other
// empty inputs with olm.ErrEmptyInput.
//
// # Concurrency
//
// Objects are safe for concurrent use, but for Unpickle, which must not run
// beside other calls.
package mautrixolm
