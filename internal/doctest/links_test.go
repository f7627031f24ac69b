package doctest

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

var (
	fence   = regexp.MustCompile("(?ms)^ *(?:```|~~~).*?^ *(?:```|~~~) *$")
	span    = regexp.MustCompile("`[^`\n]+`")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	scheme  = regexp.MustCompile(`^[a-z]+:`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+?)\s*$`)
)

// links returns the links of a document that lead nowhere in the repository.
func (w world) links(name string) []string {
	var found []string
	prose := span.ReplaceAllString(fence.ReplaceAllString(w.documents[name], ""), "")
	for _, match := range link.FindAllStringSubmatch(prose, -1) {
		if scheme.MatchString(match[1]) {
			continue
		}
		file, anchor, _ := strings.Cut(match[1], "#")
		target := name
		if file != "" {
			target = path.Join(path.Dir(name), file)
		}
		switch {
		case !w.exists(target):
			found = append(found, fmt.Sprintf("%s: %s is not there", name, match[1]))
		case anchor != "" && !slices.Contains(anchors(w.documents[target]), anchor):
			found = append(found, fmt.Sprintf("%s: %s has no such heading", name, match[1]))
		}
	}
	return found
}

// anchors returns the names that the headings of a document can be linked by.
func anchors(text string) []string {
	var names []string
	for _, match := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		names = append(names, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, match[1]))
	}
	return names
}

func TestLinks(t *testing.T) {
	t.Parallel()
	w := world{exists: func(name string) bool { return name == "a/b.md" || name == "c" }}
	links := func(text string) []string {
		w.documents = map[string]string{"a/b.md": text + "\n\n# The `one`, two\n\n```\n# no heading\n```\n"}
		return w.links("a/b.md")
	}
	for _, good := range []string{
		"[x](b.md)", "[x](../c)", "[`x`](../c)", "[x](#the-one-two)", "[x](b.md#the-one-two)", "[x](https://example.org/y#z)",
		"`m[i](x)`", "```\n[x](gone)\n```",
	} {
		require.Empty(t, links(good), good)
	}
	for _, bad := range []string{
		"[x](c)", "[x](gone.md)", "[x](#gone)", "[x](b.md#gone)", "[x](../c#one)", "[x](#no-heading)", "[x](../gone#the-one-two)",
	} {
		require.Len(t, links(bad), 1, bad)
	}
}
