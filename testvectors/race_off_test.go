//go:build !race

package testvectors_test

const raceDetector = false
