// Package doctest has no code of its own: its tests hold the documents to the
// code. Every relative link leads somewhere; every test, fuzz target, script, row
// and Go name that a document gives exists; a pattern after -run matches tests;
// each document of the dossier has its summary in French; and the labels of key
// derivation in docs/mechanisms.md are those of the code.
//
// Every rule is also run on made-up documents that break it.
package doctest
