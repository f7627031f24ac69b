package hostile

import "path"

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
	return match(d.Subject, f.subject) && match(d.Class, f.class) && match(d.Peer, f.peer) &&
		d.Ours == f.ours && d.Theirs == f.theirs
}

func match(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	must(err)
	return ok
}

// Differences is the reviewed list. A difference that none of these covers
// fails the tests, and so does one that no longer occurs.
var Differences = []Difference{
	// Messages. The Olm text is silent on most of this.
	{"*message*", "field ? twice", "*", refuses, accepts, "duplicate fields are refused; the peers take the last"},
	{"*message*", "field ? with a longer varint", "*", refuses, accepts, "only minimal varints are taken"},
	{"*message*", "field ? with a varint of 12 bytes", "libolm", refuses, accepts, "varints end after ten bytes at most; libolm goes on"},
	{"*message*", "field number 0", "*", refuses, accepts, "field number 0 does not exist in the encoding"},
	{"*message*", "unknown field of type [15]*", "*", accepts, refuses, "unknown fields of all four lengths are skipped; the peers know types 0 and 2"},
	{"*message*", "unknown group*", "libolm", refuses, accepts, "groups are refused; libolm stops reading there"},
	{"*message*", "trailing bytes", "*", refuses, accepts, "trailing bytes must be fields; in a pre-key message they are outside every MAC"},
	{"*message", "index plus 2^32", "libolm", refuses, accepts, "an index has 32 bits; libolm takes the low ones"},
	{"*message", "empty ciphertext", "libolm", refuses, accepts, "a ciphertext has one block at least"},
	{"*message", "padding*", "libolm", refuses, accepts, "padding is PKCS#7 in full; libolm reads the last byte"},
	{"pre-key message*", "bit of version", "libolm", refuses, accepts, "the outer version must be 3"},
	{"pre-key message to its session", "bit of * key*", "*", refuses, accepts, "a message to a session must name that session; the peers read the inner message alone"},
	{"pre-key message to its session", "without field *", "*", refuses, accepts, "a message to a session must name that session; the peers read the inner message alone"},
	{"pre-key message to its session", "base key of low order", "*", refuses, accepts, "a message to a session must name that session; the peers read the inner message alone"},
	{"pre-key message", "bit of base key", "*", refuses, accepts, "keys are canonical: the highest bit, which X25519 ignores, must be zero"},

	// Base64.
	{"*as text", "padded base64", "*", accepts, refuses, "padding is taken: the specification allows it"},
	{"*as text", "base64 with trailing bits", "*", refuses, accepts, "one text for each value: unused bits must be zero"},
	{"*as text", "base64 with *line break", "goolm", refuses, accepts, "line breaks are no base64; goolm leaves them out"},
	{"*as text", "base64 with CR LF at its end", "*", refuses, accepts, "line breaks are no base64"},
	{"*as text", "base64 with one symbol more", "libolm", refuses, accepts, "a length that no bytes have, or more bytes than the message"},
	{"export as text", "base64 with a foreign symbol", "libolm", refuses, accepts, "only the alphabet's symbols are taken; an export has no signature that would show it"},
	{"export as text", "URL base64", "libolm", refuses, accepts, "only the alphabet's symbols are taken; an export has no signature that would show it"},

	// Keys.
	{"export", "bit of public key", "libolm", refuses, accepts, "an Ed25519 key must be a point, canonical and not of low order"},
	{"*group pickle", "bit of public key", "*", refuses, accepts, "an Ed25519 key must be a point, canonical and not of low order, and belong to the private key where there is one"},
	{"outbound group pickle", "bit of private key", "*", refuses, accepts, "the private key must belong to the public key beside it"},
	{"outbound group pickle", "bit of private key", "*", accepts, otherOutput, "bits that clamping sets are set"},
	{"account pickle", "bit of *25519 *", "*", refuses, accepts, "private and public identity keys must belong together"},
	{"account pickle", "bit of Ed25519 private", "*", accepts, otherOutput, "bits that clamping sets are set"},
	{"account pickle", "bit of *key public", "*", refuses, accepts, "a Curve25519 key must be canonical: the highest bit is zero"},
	{"session pickle", "bit of * public", "*", refuses, accepts, "a Curve25519 key must be canonical: the highest bit is zero"},
	{"session pickle", "bit of *key", "*", refuses, accepts, "a Curve25519 key must be canonical: the highest bit is zero"},

	// Pickles.
	{"*pickle", "trailing bytes", "goolm", refuses, accepts, "a pickle ends where its fields do"},
	{"*pickle", "bit of * count", "goolm", refuses, accepts, "a pickle ends where its fields do: a lower count leaves bytes over"},
	{"*pickle", "bit of * published", "*", refuses, accepts, "a truth value is 0 or 1"},
	{"*pickle", "bit of verified", "*", refuses, accepts, "a truth value is 0 or 1"},
	{"*pickle", "bit of received", "*", refuses, accepts, "a truth value is 0 or 1"},
	{"session pickle", "bit of * count", "libolm", refuses, accepts, "a list is as long as it says, and not longer than its limit; libolm stops where the data ends"},
	{"session pickle", "truncated in skipped public", "libolm", refuses, accepts, "a list is as long as it says; libolm stops where the data ends"},
	{"session pickle", "bit of * index", "*", refuses, accepts, "a skipped key stands before its chain's next index"},
	{"session pickle", "bit of * public", "*", accepts, otherOutput, "skipped keys of no chain are dropped"},
	{"account pickle", "bit of * id", "*", accepts, otherOutput, "key ids that stand twice, or above the last one, are mended"},
	{"inbound group pickle", "bit of first index", "*", refuses, accepts, "the latest ratchet is not before the first"},
}
