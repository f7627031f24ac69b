//go:build race

package attachment_test

const raceEnabled = true
