package conversation

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/chappe-e2ee/chappe/interop/peer"
)

// Where the tag of the index stands in an Olm message, and in one of Megolm.
const (
	olmIndexTag    = 1 + 2 + 32
	megolmIndexTag = 1
)

// forge flips one bit of a message, of the inner message where there is one:
// what stands around it in a pre-key message is not authenticated.
func (s *stage) forge(messageType int, body string) string {
	raw, err := base64.RawStdEncoding.DecodeString(body)
	if err != nil {
		panic(err)
	}
	from := 0
	if messageType == peer.PreKey {
		const keys = 1 + 3*(2+32)
		_, n := binary.Uvarint(raw[keys+1:])
		from = keys + 1 + n
	}
	at := from + s.decide.IntN(len(raw)-from)
	if s.union.IndexByDefault && (at == from+olmIndexTag && raw[at] == 0x10 || at == from+megolmIndexTag && raw[at] == 0x08) {
		at++ // without its tag, an index of 0 is none
	}
	raw[at] ^= 1 << s.decide.IntN(8)
	return base64.RawStdEncoding.EncodeToString(raw)
}
