package olm_test

import (
	"runtime/debug"
	"slices"
	"testing"
)

// stride is how far exhaustive loops go at each step: by one, or, where that
// takes long and shows nothing more, by a number that meets all bit positions.
func stride() int {
	if testing.Short() || raceDetector() {
		return 23
	}
	return 1
}

func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
