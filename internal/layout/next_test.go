package layout_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/layout"
)

// Next is Bytes without a copy: in the writer's own array, and in the reader's
// own input, with no room behind what was asked for.
func TestNext(t *testing.T) {
	buf := make([]byte, 0, 6)
	w := layout.NewWriter(buf)
	w.Byte('a')
	copy(w.Next(3), "bcd")
	require.Empty(t, w.Next(0))
	copy(w.Next(2), "ef")
	require.Equal(t, "abcdef", string(w.Result()))
	require.Same(t, &buf[:1][0], &w.Result()[0], "the writer moved to another array")
	require.PanicsWithValue(t, "layout: internal error: longer than planned", func() { w.Next(1) })

	input := []byte("abcdef")
	r := layout.NewReader("test: state", input)
	require.Equal(t, byte('a'), r.Byte())
	next := r.Next(3)
	require.Equal(t, "bcd", string(next))
	require.Same(t, &input[1], &next[0])
	require.Equal(t, 3, cap(next))
	require.Equal(t, "ef", string(r.Next(2)))
	require.Empty(t, r.Next(0))
	require.NoError(t, r.End())
}

func TestNextOfTooLittle(t *testing.T) {
	for n := range 5 {
		r := reader(strings.Repeat("\x01", n))
		require.Nil(t, r.Next(5))
		requireWhy(t, r, "truncated")
		require.Nil(t, r.Next(1), "after failure")
	}
}
