package attachment_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/attachment"
)

// Where the caller's limit and the counter's end are one, the limit is what was
// passed.
func TestLimitAtTheCountersEnd(t *testing.T) {
	key, iv := pattern(32), binary.BigEndian.AppendUint64(pattern(8), ^uint64(0)-1) // two blocks
	ciphertext := pattern(33)
	for maxSize, is := range map[int64]bool{31: true, 32: true, 33: false} {
		_, err := readFails(t, verified, ciphertext, parse(t, describe(key, iv, ciphertext)), maxSize)
		if is {
			require.ErrorIs(t, err, attachment.ErrTooLarge, maxSize)
		} else {
			requireMalformed(t, err, "iv: the counter passes its end within the file")
		}
	}
}

// What is kept of members that mean nothing here stands in an array that had room
// for it from the start: no copy of it is left behind.
func TestKeptMembersFit(t *testing.T) {
	text := describe(pattern(32), pattern(16), nil)
	more := map[string]string{"a": `"first"`, "long name": `{"x":[1,2,3]}`, "b": `"third, which is longer"`}
	size := 0
	for name, value := range more {
		text = strings.Replace(text, "{", `{"`+name+`":`+value+",", 1)
		size += 4 + 6*len(name) + len(value)
	}
	require.Equal(t, size, cap(parse(t, text).Kept()[0]))
}
