package olm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/chappe-e2ee/chappe/internal/b64"
	"github.com/chappe-e2ee/chappe/keys"
)

// MarshalJSON returns the form that stands in the ciphertext of
// m.room.encrypted: {"type":0,"body":"…"}. It returns [keys.ErrAbsent] for the
// zero value.
func (m Message) MarshalJSON() ([]byte, error) {
	if m.IsZero() {
		return nil, fmt.Errorf("%s: %w", messageName, keys.ErrAbsent)
	}
	b := make([]byte, 0, len(`{"type":0,"body":""}`)+b64.EncodedLen(len(m.raw)))
	b = append(b, `{"type":`...)
	b = strconv.AppendInt(b, int64(m.typ), 10)
	b = append(b, `,"body":"`...)
	b = b64.AppendEncode(b, m.raw)
	return append(b, `"}`...), nil
}

// UnmarshalJSON reads that form, and returns what [ParseMessage] does. The names
// are taken to the letter and must stand once; type must be the number 0 or 1;
// other members are ignored. (encoding/json alone would take "Type" for "type",
// and the last of two.) When it fails, m is as before.
func (m *Message) UnmarshalJSON(b []byte) error {
	malformed := func(why string) error { return &MalformedError{What: messageName, Why: why} }
	d := json.NewDecoder(bytes.NewReader(b))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return malformed("not a JSON object")
	}
	var typ json.Number
	var body string
	var hasType, hasBody bool
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return malformed("not valid JSON")
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return malformed("not valid JSON")
		}
		switch name {
		case "type":
			if hasType || value[0] == '"' || json.Unmarshal(value, &typ) != nil {
				return malformed("type is not one number")
			}
			hasType = true
		case "body":
			if hasBody || value[0] != '"' || json.Unmarshal(value, &body) != nil {
				return malformed("body is not one string")
			}
			hasBody = true
		}
	}
	if _, err := d.Token(); err != nil {
		return malformed("not valid JSON")
	}
	if _, err := d.Token(); err != io.EOF {
		return malformed("data after the JSON object")
	}
	if !hasType || !hasBody {
		return malformed("type or body is missing")
	}
	var t MessageType
	switch typ {
	case "0":
		t = PreKey
	case "1":
		t = Normal
	default:
		return fmt.Errorf("%s: type is neither 0 nor 1: %w", messageName, ErrMessageType)
	}
	parsed, err := ParseMessage(t, body)
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}
