package backup_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/backup"
	"github.com/chappe-e2ee/chappe/internal/failtest"
)

// Of a large file, most pieces are read a faster way: it must take and refuse
// the same.
func TestLargeArmour(t *testing.T) {
	content := "[" + strings.Repeat(entryJSON(entry(t, 1))+",", 99) + entryJSON(entry(t, 1)) + "]"
	body := base64.StdEncoding.EncodeToString(binaryFile(t, content, make([]byte, 16), 1))
	for _, lineEnd := range []string{"\n", "\r\n", "\r", " \n"} {
		for _, width := range []int{64, 128, 1 << 30} {
			text := begin + "\n" + widths(body, width, lineEnd) + "\n" + end
			got, _, last := collect(open(t, text))
			require.NoError(t, last)
			require.Len(t, got, 100)
			for _, size := range []int{1, 1000} {
				f, err := backup.OpenKeyFile(pieces{strings.NewReader(text), size}, []byte(passphrase))
				require.NoError(t, err, size)
				_, err = f.Content()
				require.NoError(t, err, size)
			}
		}
	}
	for size := range 64 { // a piece ends at every place of header and footer; no padding
		f, err := backup.OpenKeyFile(pieces{strings.NewReader(file(t, "[] ")), size + 1}, []byte(passphrase))
		require.NoError(t, err, size)
		require.Equal(t, "[] ", mustContent(t, f))
	}

	// Padding where a piece of the decoder's ends is padding inside all the same.
	const at = 6 * 8192
	text := begin + "\n" + body[:at-1] + "=" + body[at:] + "\n" + end
	require.ErrorContains(t, fileFails(t, text, passphrase), "padding")
	middle := len(body) / 2
	for _, bad := range []string{"\x00", "\v", "_", "-", "=", "==\n", "!", "\n-", "\n" + end, "\xff", "A"} {
		text := begin + "\n" + widths(body[:middle]+bad+body[middle:], 128, "\n") + "\n" + end
		fileFails(t, text, passphrase)
	}
}

// widths returns a body in lines of some width.
func widths(body string, width int, lineEnd string) string {
	var b strings.Builder
	for len(body) > width {
		b.WriteString(body[:width] + lineEnd)
		body = body[width:]
	}
	return b.String() + body
}

func TestEveryArmour(t *testing.T) {
	for _, n := range []int{0, 1, 2} { // every padding
		content := "[" + entryJSON(entry(t, 1)) + "]" + strings.Repeat(" ", n)
		b := binaryFile(t, content, make([]byte, 16), 1)
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding} {
			body := encoding.EncodeToString(b)
			for _, lineEnd := range []string{"\n", "\r\n", "\r", " \n", "\n\t", "\n\n"} {
				for _, width := range []int{1, 3, 64, 76, 128, 1 << 20} {
					lines := widths(body, width, lineEnd)
					for _, around := range [][2]string{{"", ""}, {"", "\n"}, {"\n\r\n \t", "\r\n\n "}, {"\xef\xbb\xbf", "\n"}} {
						text := around[0] + begin + lineEnd + lines + lineEnd + end + around[1]
						if lineEnd == " \n" || lineEnd == "\n\t" {
							text = around[0] + begin + " \n" + lines + "\n" + end + around[1]
						}
						got, spoilt, last := collect(open(t, text))
						require.NoError(t, last)
						require.Empty(t, spoilt)
						require.Len(t, got, 1)
					}
				}
			}
		}
	}
}

func TestArmourRefused(t *testing.T) {
	good := file(t, "[]")
	body := strings.TrimSuffix(strings.TrimPrefix(good, begin+"\n"), "\n"+end+"\n")
	require.Equal(t, 1, strings.Count(body, "="))
	const noHeader, noFooter = "does not begin with " + begin, "does not end with " + end
	for name, c := range map[string]struct{ why, text string }{
		"empty":               {noHeader, ""},
		"blank":               {noHeader, " \n"},
		"no header":           {noHeader, body + "\n" + end},
		"other header":        {noHeader, strings.Replace(good, "MEGOLM", "MEGOLN", 1)},
		"text before":         {noHeader, "x" + good},
		"text in header line": {noHeader, strings.Replace(good, begin, begin+" x", 1)},
		"one line":            {noHeader, begin + body + end},
		"header only":         {"ends early", begin},
		"header, line end":    {"ends early", begin + "\n"},
		"footer on body line": {noFooter, begin + "\n" + body + end + "\n"},
		"footer cut":          {noFooter, strings.TrimSuffix(good, "-\n")},
		"text after":          {"data after the end", good + "x"},
		"two files":           {"data after the end", good + good},
		"no body":             {"too short", begin + "\n" + end},
		"bad symbol":          {"not valid base64", begin + "\n" + strings.Replace(body, "A", "_", 1) + "\n" + end},
		"NUL":                 {"wrong padding", begin + "\n" + body[:20] + "\x00" + body[20:] + "\n" + end},
		"padding too long":    {"data after the padding", begin + "\n" + strings.TrimRight(body, "=") + "===\n" + end},
		"two for one":         {"wrong padding", begin + "\n" + strings.TrimRight(body, "=") + "==\n" + end},
		"five for one":        {"data after the padding", begin + "\n" + strings.TrimRight(body, "=") + "=====\n" + end},
		"padding moved":       {"data after the padding", begin + "\n" + body[:40] + "=" + strings.TrimRight(body[40:], "=") + "\n" + end},
		"padding inside":      {"data after the padding", begin + "\n" + body[:40] + "==" + body[40:] + "\n" + end},
		"second mark":         {noHeader, "\xef\xbb\xbf\xef\xbb\xbf" + good},
		"half a mark":         {noHeader, "\xef\xbb" + good},
		"one symbol too much": {"", begin + "\n" + strings.TrimRight(body, "=") + "AAA\n" + end},
		"footer, no padding":  {noFooter, begin + "\n" + strings.TrimRight(body, "=") + end},
		"footer, own padding": {noFooter, begin + "\n" + strings.TrimRight(body, "=") + "\n=" + end},
		"footer, no symbol":   {noFooter, begin + "\n" + strings.TrimRight(body, "=") + "\n!" + end},
		"other mark":          {noHeader, "\xef\xbbx" + good},
		"other dash":          {noHeader, strings.Replace(good, begin, begin[:len(begin)-1]+"x", 1)},
		"dash missing":        {noHeader, strings.Replace(good, begin, begin[:len(begin)-1], 1)},
	} {
		want := error(&backup.MalformedError{What: "backup: key file", Why: c.why})
		if c.why == "" {
			want = backup.ErrPassphrase
		}
		require.Equal(t, want, fileFails(t, c.text, passphrase), name)
		require.Equal(t, want, mustFail(t, func() error {
			return errOf(backup.ReadKeyFile(strings.NewReader(c.text), []byte(passphrase), 1<<20))
		}, failtest.Input(c.text), buffers), name)
	}
}
