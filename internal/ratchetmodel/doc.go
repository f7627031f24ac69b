// Package ratchetmodel has no code of its own: its tests hold olm and megolm
// to a second, slow and simple implementation of both ratchets.
//
// The files of package ratchetmodel are the model. It is written from the
// Matrix specification ("Olm: A Cryptographic Ratchet", "Megolm group ratchet")
// and from the documented bounds of the two rooms, not from their code, and
// imports the standard library only. It keeps every message key in a map, and
// decrypts by looking it up; what a session with bounded memory must have
// forgotten is a list beside the map.
//
// The files of package ratchetmodel_test play programs, strings of bytes that
// a fuzzer makes, on both at once. A program opens sessions, sends, delivers in
// any order, loses, repeats and forges messages, restarts through all stored
// forms and goes back to old ones. After each step, both must have said the same
// and hold the same state, to the byte. To let them run for long:
//
//	.ci/fuzz-long 1h AgainstModel
package ratchetmodel
