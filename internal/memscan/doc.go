// Package memscan holds a test of Linux alone: it looks through the memory of a
// process for secrets that the process has used and wiped.
//
//	go test ./internal/memscan -run TestMemoryScan -v
//
// prints what it found, as a table: before and after Close, in the plain build
// or, under GOEXPERIMENT=runtimesecret, in one that uses runtime/secret.
package memscan
