//go:build race

package testvectors_test

const raceDetector = true
