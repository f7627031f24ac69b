package ratchetmodel

import (
	"encoding/base64"
	"math"
	"strings"
)

// Refusals, which are also how the harness names the errors of the rooms. Some
// come with numbers: see Refusal.
const (
	Malformed    = "malformed"
	Version      = "version"
	WrongType    = "message type"
	WrongKey     = "identity key"
	WrongSession = "session"
	NoOneTimeKey = "one-time key"
	NoChain      = "chain"
	Gap          = "gap"          // Numbers: next index, message's index
	Gone         = "key gone"     // Numbers: message's index
	NoIndex      = "index"        // Numbers: first known, message's index
	Exhausted    = "exhausted"    // the index 2^32-1
	BadMessage   = "mac, padding" // which of them is not told
	BadSignature = "signature"
)

// A Refusal says why a message or a key must not be taken.
type Refusal struct {
	Why     string
	Numbers [2]uint32
}

func refuse(why string, numbers ...uint32) *Refusal {
	r := &Refusal{Why: why}
	copy(r.Numbers[:], numbers)
	return r
}

// Varint encodes v in groups of seven bits, the least significant first.
func Varint(v uint64) []byte {
	var out []byte
	for ; v >= 0x80; v >>= 7 {
		out = append(out, byte(v)|0x80)
	}
	return append(out, byte(v))
}

// Int encodes a field that holds a number.
func Int(tag byte, v uint64) []byte { return join([]byte{tag}, Varint(v)) }

// Bytes encodes a field that holds bytes.
func Bytes(tag byte, b []byte) []byte { return join([]byte{tag}, Varint(uint64(len(b))), b) }

// readVarint reads a varint in its shortest form, of at most 64 bits.
func readVarint(b []byte) (v uint64, rest []byte, ok bool) {
	for i, c := range b {
		if i == 9 && c > 1 || i == 10 {
			return 0, nil, false
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, b[i+1:], i == 0 || c != 0
		}
	}
	return 0, nil, false
}

// fields reads a payload: every tag that is wanted once, in any order, and what
// is unknown skipped. Numbers of wanted tags have 32 bits.
func fields(payload []byte, wanted ...byte) (numbers map[byte]uint32, values map[byte][]byte, ok bool) {
	numbers, values = map[byte]uint32{}, map[byte][]byte{}
	byNumber := map[uint64]byte{}
	for _, tag := range wanted {
		byNumber[uint64(tag>>3)] = tag
	}
	seen := map[uint64]bool{}
	for len(payload) > 0 {
		tag, rest, ok := readVarint(payload)
		field := tag >> 3
		if !ok || tag > math.MaxUint32 || field == 0 {
			return nil, nil, false
		}
		if known, isKnown := byNumber[field]; isKnown && (tag != uint64(known) || seen[field]) {
			return nil, nil, false
		}
		seen[field] = true
		var skip uint64
		switch tag & 7 {
		case 0:
			var v uint64
			if v, rest, ok = readVarint(rest); !ok || byNumber[field] != 0 && v > math.MaxUint32 {
				return nil, nil, false
			}
			numbers[byNumber[field]] = uint32(v)
		case 1:
			skip = 8
		case 2:
			if skip, rest, ok = readVarint(rest); !ok {
				return nil, nil, false
			}
		case 5:
			skip = 4
		default:
			return nil, nil, false
		}
		if skip > uint64(len(rest)) {
			return nil, nil, false
		}
		if tag&7 == 2 {
			values[byNumber[field]] = rest[:skip]
		}
		payload = rest[skip:]
	}
	for field := range byNumber {
		if !seen[field] {
			return nil, nil, false
		}
	}
	return numbers, values, true
}

// Text is unpadded base64.
func Text(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

// ParseText reads base64 with or without padding, and nothing beside it.
func ParseText(text string) ([]byte, bool) {
	encoding := base64.RawStdEncoding
	if strings.HasSuffix(text, "=") {
		encoding = base64.StdEncoding
	}
	b, err := encoding.Strict().DecodeString(text)
	return b, err == nil && !strings.ContainsAny(text, "\r\n")
}
