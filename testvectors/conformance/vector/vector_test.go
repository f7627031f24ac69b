package vector_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/testvectors/conformance/vector"
)

// TestRun holds that a vector passes only when each member was looked at, and
// when result and error are those of the operation.
func TestRun(t *testing.T) {
	refuses := func(c *vector.Call) { c.ErrorClass() }
	takes := func(c *vector.Call) {
		c.In.Bytes("a_hex")
		c.Out.Is("b_utf8", []byte("b"))
	}
	for name, test := range map[string]struct {
		op   vector.Operation
		v    vector.Vector
		good bool
	}{
		"good":                  {takes, vector.Vector{Result: "valid"}, true},
		"a refusal":             {func(c *vector.Call) { takes(c); refuses(c) }, vector.Vector{Result: "invalid", Error: "mac"}, true},
		"input not taken":       {func(c *vector.Call) { c.Out.Is("b_utf8", "b") }, vector.Vector{Result: "valid"}, false},
		"nothing compared":      {func(c *vector.Call) { c.In.Bytes("a_hex") }, vector.Vector{Result: "valid"}, false},
		"another value":         {func(c *vector.Call) { takes(c); c.Out.Is("b_utf8", "c") }, vector.Vector{Result: "valid"}, false},
		"no such member":        {func(c *vector.Call) { takes(c); c.In.Text("c_utf8") }, vector.Vector{Result: "valid"}, false},
		"another type":          {func(c *vector.Call) { takes(c); c.In.Number("a_hex") }, vector.Vector{Result: "valid"}, false},
		"class not asked for":   {takes, vector.Vector{Result: "invalid", Error: "mac"}, false},
		"class of a valid one":  {func(c *vector.Call) { takes(c); refuses(c) }, vector.Vector{Result: "valid"}, false},
		"unknown result":        {takes, vector.Vector{Result: "acceptable"}, false},
		"failing":               {func(*vector.Call) { vector.Fail("no") }, vector.Vector{Result: "valid"}, false},
		"ignoring what is none": {func(c *vector.Call) { takes(c); c.Out.Ignore("c_utf8") }, vector.Vector{Result: "valid"}, false},
	} {
		test.v.Inputs, test.v.Expected = map[string]any{"a_hex": "00"}, map[string]any{"b_utf8": "b"}
		err := vector.Run(&test.v, test.op)
		require.Equal(t, test.good, err == nil, "%s: %v", name, err)
		_, defect := errors.AsType[*vector.Defect](err)
		require.False(t, defect, name)
	}
}

// TestCatch holds that a panic is a defect with its stack, and a failure is not.
func TestCatch(t *testing.T) {
	var d *vector.Defect
	require.ErrorAs(t, vector.Catch(func() { panic("broken") }), &d)
	require.Contains(t, d.Stack, "TestCatch")
	cause := errors.New("cause")
	err := vector.Catch(func() { vector.OK(cause) })
	require.ErrorIs(t, err, cause)
	require.NotErrorAs(t, err, &d)
	require.NoError(t, vector.Catch(func() {}))
}
