package attachment

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// MaxFileJSONSize is the length in bytes of the longest JSON text of a [File]
// that is read: that of the longest event.
const MaxFileJSONSize = 64 << 10

// What a file's members must say.
const (
	version   = "v2"
	keyType   = "oct"
	algorithm = "A256CTR"
	operation = "decrypt" // of the key, among others
)

// ParseFile reads a File in the form that stands in events. The names are taken
// to the letter and must stand once; members that mean nothing here are kept.
// text holds a secret; wiping it is the caller's. It returns a [*VersionError] or
// a [*MalformedError].
func ParseFile(text []byte) (File, error) {
	return secret.Call(func() (File, error) { return doParseFile(text) })
}

func doParseFile(text []byte) (File, error) {
	b := &box{held: new(held)}
	if err := b.parse(text); err != nil {
		b.wipe()
		return File{}, err
	}
	b.live = true
	return File{box: b}, nil
}

// UnmarshalJSON sets f as [ParseFile] does. When it fails, f is as before.
func (f *File) UnmarshalJSON(text []byte) error {
	parsed, err := ParseFile(text)
	if err != nil {
		return err
	}
	*f = parsed
	return nil
}

func (b *box) parse(text []byte) error {
	file, err := readObject(fileName, text, MaxFileJSONSize, "v", "url", "key", "iv", "hashes")
	if err != nil {
		return err
	}
	b.inFile = file.others
	if err := checkVersion(file); err != nil {
		return err
	}
	if b.url, err = file.text("url"); err != nil {
		return err
	}
	if err := checkURL(b.url); err != nil {
		return err
	}
	hashes, err := file.object("hashes", "sha256")
	if err != nil {
		return err
	}
	b.inHashes = hashes.others
	if err := hashes.bytes("sha256", b.hash[:]); err != nil {
		return err
	}
	if err := file.bytes("iv", b.iv[:]); err != nil {
		return err
	}
	key, err := file.object("key", "kty", "alg", "k", "key_ops", "ext")
	if err != nil {
		return err
	}
	b.inKey = key.others
	return readKey(&b.key, key)
}

// checkVersion comes first: what another version must look like is not known.
func checkVersion(file *object) error {
	if file.members["v"] == nil {
		return &VersionError{What: fileName, Got: 0}
	}
	v, err := file.text("v")
	if err != nil || v == version {
		return err
	}
	digits, _ := strings.CutPrefix(v, "v")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || "v"+strconv.FormatUint(n, 10) != v {
		return malformed(fileName, "v: not a version")
	}
	return &VersionError{What: fileName, Got: uint32(n)}
}

// SecretJSON returns the form that stands in events. It holds the key: it
// belongs into a content that will be encrypted, and nowhere else. Wiping it is
// the caller's. It returns [keys.ErrAbsent] or [ErrClosed].
//
// A File's MarshalJSON refuses, so that a content which holds one cannot be
// logged or sent in the clear by mistake; a struct that is marshalled has a
// json.RawMessage in the File's place.
//
// "ext" and "key_ops" are written as the specification wants them, whatever was
// read.
func (f File) SecretJSON() (json.RawMessage, error) {
	return secret.Call(func() (json.RawMessage, error) { return f.doSecretJSON() })
}

func (f File) doSecretJSON() (json.RawMessage, error) {
	b, err := f.open()
	if err != nil {
		return nil, err
	}
	defer b.mu.Unlock()
	const (
		beforeHash = `{"hashes":{"sha256":"`
		beforeIV   = `},"iv":"`
		beforeKey  = `","key":{"alg":"` + algorithm + `","ext":true,"k":"`
		afterKey   = `","key_ops":["encrypt","decrypt"],"kty":"` + keyType + `"`
		beforeURL  = `},"url":"`
		afterURL   = `","v":"` + version + `"`
	)
	n := len(beforeHash+beforeIV+beforeKey+afterKey+beforeURL+afterURL+`"}`) +
		b64.EncodedLen(HashSize) + b64.EncodedLen(ivSize) + b64.EncodedLen(KeySize) +
		len(b.url) + len(b.inHashes) + len(b.inKey) + len(b.inFile)
	out := append(make([]byte, 0, n), beforeHash...) // never grows, which would leave a copy
	out = append(b64.AppendEncode(out, b.hash[:]), '"')
	out = append(append(out, b.inHashes...), beforeIV...)
	out = append(b64.AppendEncode(out, b.iv[:]), beforeKey...)
	out = append(appendURLSafe(out, &b.key), afterKey...)
	out = append(append(out, b.inKey...), beforeURL...)
	out = append(append(out, b.url...), afterURL...) // a checked url needs no escapes
	return append(append(out, b.inFile...), '}'), nil
}

// readKey reads the members of a JSON Web Key (RFC 7517).
func readKey(dst *[KeySize]byte, key *object) error {
	for _, m := range []struct{ name, want string }{{"kty", keyType}, {"alg", algorithm}} {
		got, err := key.text(m.name)
		if err != nil {
			return err
		}
		if got != m.want {
			return malformed(key.what, m.name+": not "+m.want)
		}
	}
	if err := checkOperations(key); err != nil {
		return err
	}
	if key.members["ext"] != nil {
		if ext, _ := key.value("ext").Bool(); !ext {
			return malformed(key.what, "ext: not true")
		}
	}
	if err := decodeURLSafe(dst, key.members["k"]); err != nil {
		secret.Wipe(dst[:])
		return malformed(key.what, "k: "+err.Error())
	}
	return nil
}

// checkOperations asks for what a key is used for here. The specification wants
// "encrypt" too, and all peers write both; most do not look.
func checkOperations(key *object) error {
	if key.members["key_ops"] == nil {
		return nil
	}
	list := key.value("key_ops")
	if !list.IsArray() {
		return malformed(key.what, "key_ops: not an array")
	}
	found := false
	for item := range list.Items() {
		text, ok := item.Text()
		if !ok {
			return malformed(key.what, "key_ops: not strings")
		}
		found = found || text == operation
	}
	if !found {
		return malformed(key.what, "key_ops: not for decrypting")
	}
	return nil
}
