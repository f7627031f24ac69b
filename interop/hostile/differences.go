package hostile

import (
	"path"
	"slices"
	"strings"
)

// A Difference is a reviewed one: chappe and the peers do not agree about some
// forms of some classes, and this is why. Subject, Class and Peer are patterns
// of path.Match.
type Difference struct {
	Subject string
	Class   string
	Peer    string
	Ours    string // accepts or refuses
	Theirs  string // accepts, refuses, or otherOutput
	Reason  string
}

const (
	accepts     = "accepts"
	refuses     = "refuses"
	otherOutput = "other output"
)

func (d Difference) covers(f finding) bool {
	return match(d.Subject, f.subject) && match(d.Class, f.class) && slices.Contains(d.peers(), f.peer) &&
		d.Ours == f.ours && d.Theirs == f.theirs
}

func (d Difference) peers() []string { return strings.Split(d.Peer, ", ") }

func match(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	must(err)
	return ok
}

// Differences is the reviewed list. A difference that none of these covers
// fails the tests, and so does one that no longer occurs with one of its peers.
var Differences = []Difference{
	// Messages. The Olm text is silent on most of this.
	{"*message*", "field ? twice", "goolm, libolm, vodozemac", refuses, accepts, "duplicate fields are refused; the peers take the last"},
	{"*message*", "field ? with a longer varint", "goolm, libolm, vodozemac", refuses, accepts, "only minimal varints are taken"},
	{"*message*", "field ? with a varint of 12 bytes", "libolm", refuses, accepts, "varints end after ten bytes at most; libolm goes on"},
	{"*message*", "field number 0", "goolm, libolm", refuses, accepts, "field number 0 does not exist in the encoding"},
	{"*message*", "unknown field of type [15]*", "goolm, libolm", accepts, refuses, "unknown fields of all four lengths are skipped; the peers know types 0 and 2"},
	{"*message*", "unknown group*", "libolm", refuses, accepts, "groups are refused; libolm stops reading there"},
	{"pre-key message*", "unknown group*", "vodozemac", refuses, accepts, "groups are refused"},
	{"*message", "unknown field of type [0125]*", "vodozemac", accepts, refuses, "the MAC covers the bytes as they were received"},
	{"*message", "tag of two bytes", "vodozemac", accepts, refuses, "the MAC covers the bytes as they were received"},
	{"*message", "fields in reverse order", "vodozemac", accepts, refuses, "the MAC covers the bytes as they were received"},
	{"*message", "bit of *index's tag", "vodozemac", refuses, accepts, "an index must be there"},
	{"*message*", "trailing bytes", "goolm, libolm", refuses, accepts, "trailing bytes must be fields; in a pre-key message they are outside every MAC"},
	{"*message", "index plus 2^32", "libolm", refuses, accepts, "an index has 32 bits; libolm takes the low ones"},
	{"*message", "empty ciphertext", "libolm", refuses, accepts, "a ciphertext has one block at least"},
	{"*message", "padding*", "libolm", refuses, accepts, "padding is PKCS#7 in full; libolm reads the last byte"},
	{"pre-key message*", "bit of version", "libolm", refuses, accepts, "the outer version must be 3"},
	{"pre-key message to its session", "bit of * key*", "goolm, libolm, vodozemac", refuses, accepts, "a message to a session must name that session; the peers read the inner message alone"},
	{"pre-key message to its session", "without field *", "goolm, libolm", refuses, accepts, "a message to a session must name that session; the peers read the inner message alone"},
	{"pre-key message to its session", "base key of low order", "goolm, libolm, vodozemac", refuses, accepts, "a message to a session must name that session; the peers read the inner message alone"},
	{"pre-key message", "bit of base key", "goolm, libolm", refuses, accepts, "keys are canonical: the highest bit, which X25519 ignores, must be zero"},
	{"pre-key message", "bit of * key", "vodozemac", refuses, accepts, "keys are canonical: the highest bit, which X25519 ignores, must be zero"},

	// Base64.
	{"*as text", "padded base64", "goolm, libolm", accepts, refuses, "padding is taken: the specification allows it"},
	{"session key as text", "padded base64", "vodozemac", accepts, refuses, "padding is taken: the specification allows it"},
	{"*as text", "base64 with trailing bits", "goolm, libolm", refuses, accepts, "one text for each value: unused bits must be zero"},
	{"*as text", "base64 with *line break", "goolm", refuses, accepts, "line breaks are no base64; goolm leaves them out"},
	{"*as text", "base64 with CR LF at its end", "goolm, libolm", refuses, accepts, "line breaks are no base64"},
	{"*as text", "base64 with one symbol more", "libolm", refuses, accepts, "a length that no bytes have, or more bytes than the message"},
	{"export as text", "base64 with a foreign symbol", "libolm", refuses, accepts, "only the alphabet's symbols are taken; an export has no signature that would show it"},
	{"export as text", "URL base64", "libolm", refuses, accepts, "only the alphabet's symbols are taken; an export has no signature that would show it"},
	{"export", "trailing bytes", "vodozemac", refuses, accepts, "an export has 165 bytes"},

	// Keys.
	{"export", "bit of public key", "libolm", refuses, accepts, "an Ed25519 key must be a point, canonical and not of low order"},
	{"*group pickle*", "bit of public key", "goolm, libolm, vodozemac", refuses, accepts, "an Ed25519 key must be a point, canonical and not of low order, and belong to the private key where there is one"},
	{"outbound group pickle", "bit of private key", "goolm, libolm, vodozemac", refuses, accepts, "the private key must belong to the public key beside it"},
	{"outbound group pickle", "bit of private key", "goolm, libolm", accepts, otherOutput, "bits that clamping sets are set"},
	{"account pickle*", "bit of *25519 *", "goolm, libolm, vodozemac", refuses, accepts, "private and public identity keys must belong together"},
	{"account pickle*", "bit of Ed25519 private", "goolm, libolm", accepts, otherOutput, "bits that clamping sets are set"},
	{"account pickle*", "bit of *key public", "goolm, libolm, vodozemac", refuses, accepts, "a Curve25519 key must be canonical: the highest bit is zero"},
	{"session pickle*", "bit of * public", "goolm, libolm, vodozemac", refuses, accepts, "a Curve25519 key must be canonical: the highest bit is zero"},
	{"session pickle*", "bit of *key", "goolm, libolm, vodozemac", refuses, accepts, "a Curve25519 key must be canonical: the highest bit is zero"},

	// Pickles.
	{"*pickle*", "trailing bytes", "goolm, vodozemac", refuses, accepts, "a pickle ends where its fields do"},
	{"account pickle of version 3*", "bit of version", "goolm", refuses, accepts, "a pickle ends where its fields do: one of version 2 has no fallback keys"},
	{"account pickle of version 3, one fallback key", "bit of previous fallback key published", "goolm, libolm", accepts, otherOutput, "an all-zero key stands for one that is absent"},
	{"*pickle*", "bit of * count", "goolm, vodozemac", refuses, accepts, "a pickle ends where its fields do: a lower count leaves bytes over"},
	{"*pickle*", "bit of * published", "goolm, libolm, vodozemac", refuses, accepts, "a truth value is 0 or 1"},
	{"*pickle*", "bit of verified", "goolm, libolm, vodozemac", refuses, accepts, "a truth value is 0 or 1"},
	{"*pickle*", "bit of received", "goolm, libolm, vodozemac", refuses, accepts, "a truth value is 0 or 1"},
	{"session pickle*", "bit of * count", "libolm", refuses, accepts, "a list is as long as it says, and not longer than its limit; libolm stops where the data ends"},
	{"session pickle*", "truncated in skipped public", "libolm", refuses, accepts, "a list is as long as it says; libolm stops where the data ends"},
	{"session pickle*", "bit of * index", "goolm, libolm, vodozemac", refuses, accepts, "a skipped key stands before its chain's next index"},
	{"session pickle*", "bit of * public", "goolm, libolm", accepts, otherOutput, "skipped keys of no chain are dropped"},
	{"account pickle*", "bit of * id", "goolm, libolm", accepts, otherOutput, "key ids that stand twice, or above the last one, are mended"},
	{"account pickle*", "bit of fallback key count", "vodozemac", refuses, accepts, "an account has two fallback keys at most"},
	{"inbound group pickle*", "bit of first index", "goolm, libolm, vodozemac", refuses, accepts, "the latest ratchet is not before the first"},

	// The public-key box, whose MAC does not cover the ciphertext.
	{"pk box", "bit of *block*", "libolm", refuses, accepts, "padding is PKCS#7 in full; libolm reads the last byte"},
	{"pk box", "trailing bytes", "libolm", refuses, accepts, "padding is PKCS#7 in full; libolm reads the last byte"},
	{"pk box", "truncated in *", "libolm", refuses, accepts, "a ciphertext is whole blocks"},
	{"pk box", "bit of ephemeral key", "libolm, vodozemac", refuses, accepts, "keys are canonical: the highest bit, which X25519 ignores, must be zero"},
	{"pk box as text", "*padded base64", "libolm", accepts, refuses, "padding is taken: the specification allows it"},
	{"pk box as text", "*trailing bits", "libolm", refuses, accepts, "one text for each value: unused bits must be zero"},
	{"pk box as text", "ciphertext: base64 with a *", "libolm", refuses, accepts, "only the alphabet's symbols are taken"},
	{"pk box as text", "*URL base64", "libolm", refuses, accepts, "only the alphabet's symbols are taken"},
	{"pk box as text", "ciphertext: empty text", "libolm", refuses, accepts, "a ciphertext has one block at least"},
	{"pk key pickle", "bit of * key", "libolm, vodozemac", refuses, accepts, "private and public key must belong together"},

	// vodozemac's pickles.
	{"vodozemac*", "white space*", "vodozemac", refuses, accepts, "the JSON is compact, as vodozemac writes it"},
	{"vodozemac*", "line break at its end", "vodozemac", refuses, accepts, "the JSON is compact, as vodozemac writes it"},
	{"vodozemac*", "bit of *", "vodozemac", refuses, accepts, "a digit became a space, a key or a name one that is refused, or private and public part do not belong together"},
	{"vodozemac*", "escape in a name", "vodozemac", refuses, accepts, "names are plain: no writer escapes them"},
	{"vodozemac account pickle", "text of bytes", "vodozemac", refuses, accepts, "bytes are arrays of numbers"},
	{"vodozemac*", "all-zero key", "vodozemac", refuses, accepts, "an all-zero key stands for one that is absent"},
	{"vodozemac*", "index of 2^32", "vodozemac", refuses, accepts, "an index has 32 bits"},
	{"vodozemac*", "without a ratchet count", "vodozemac", accepts, otherOutput, "the counts of chains follow from the session's"},
	{"vodozemac*", "bit of Known", "vodozemac", accepts, otherOutput, "the counts of chains follow from the session's"},
	{"vodozemac*", "bit of name *", "vodozemac", accepts, otherOutput, "a count or a parent ratchet key is missing, and follows from the chains"},
	{"vodozemac*", "bit of *ratchet_key", "vodozemac", accepts, otherOutput, "the parent ratchet key is that of the newest chain"},
}
