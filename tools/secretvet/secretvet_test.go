package main

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"
)

// The packages of testdata say in comments what is reported; nothing else may be.
const (
	megolm = module + "/megolm"
	olm    = module + "/olm"
	sas    = module + "/sas" // clean
	tool   = module + "/internal/benchtable"
	part   = module + "/cmd/chappe/parts"
)

// exceptionsIn returns exceptions in a package: two that it needs, one for a
// function that does nothing, one for a function that is not there. The last one
// is of another package.
func exceptionsIn(folder string) map[string]string {
	const why = "because"
	return map[string]string{
		folder + ".excepted": why, folder + ".(*key).method": why,
		folder + ".innocent": why, folder + ".absent": why,
		folder + "s.other": why,
	}
}

func TestCompare(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), compareAnalyzer(nil), megolm, sas, tool, part)
	analysistest.Run(t, analysistest.TestData(), compareAnalyzer(exceptionsIn("backup")), module+"/backup")
}

func TestCopy(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), copyAnalyzer(nil), olm, sas, tool, part)
	analysistest.Run(t, analysistest.TestData(), copyAnalyzer(exceptionsIn("pk")), module+"/pk")
}

func TestImports(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), importAnalyzer,
		module+"/keys", module+"/internal/b64", module+"/internal/hextest", sas, tool, part)
}
