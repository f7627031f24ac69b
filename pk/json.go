package pk

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/chappe-e2ee/chappe/internal/b64"
)

// MarshalJSON returns the form that stands in the session_data of a key backup
// and in encrypted_body: {"ciphertext":"…","mac":"…","ephemeral":"…"}. It
// returns [keys.ErrAbsent] when the ephemeral key is absent and a
// [*MalformedError] when the ciphertext is not of whole blocks.
func (m Message) MarshalJSON() ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	const form = `{"ciphertext":"","mac":"","ephemeral":""}`
	ephemeral := m.Ephemeral.Array()
	n := len(form) + b64.EncodedLen(len(m.Ciphertext)) + b64.EncodedLen(len(m.MAC)) + b64.EncodedLen(len(ephemeral))
	b := append(make([]byte, 0, n), `{"ciphertext":"`...)
	b = b64.AppendEncode(b, m.Ciphertext)
	b = append(b, `","mac":"`...)
	b = b64.AppendEncode(b, m.MAC[:])
	b = append(b, `","ephemeral":"`...)
	b = b64.AppendEncode(b, ephemeral[:])
	return append(b, `"}`...), nil
}

// UnmarshalJSON reads that form, and returns what [ParseMessage] does. The names
// are taken to the letter and must stand once; other members are ignored.
// (encoding/json alone would take "MAC" for "mac", and the last of two.) When it
// fails, m is as before.
func (m *Message) UnmarshalJSON(b []byte) error {
	malformed := func(why string) error { return &MalformedError{What: messageName, Why: why} }
	d := json.NewDecoder(bytes.NewReader(b))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return malformed("not a JSON object")
	}
	parts := map[string]string{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return malformed("not valid JSON")
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return malformed("not valid JSON")
		}
		switch name, _ := token.(string); name {
		case "ciphertext", "mac", "ephemeral":
			var text string
			if _, twice := parts[name]; twice || value[0] != '"' || json.Unmarshal(value, &text) != nil {
				return malformed(name + " is not one string")
			}
			parts[name] = text
		}
	}
	if _, err := d.Token(); err != nil {
		return malformed("not valid JSON")
	}
	if _, err := d.Token(); err != io.EOF {
		return malformed("data after the JSON object")
	}
	if len(parts) != 3 {
		return malformed("ciphertext, mac or ephemeral is missing")
	}
	parsed, err := ParseMessage(parts["ciphertext"], parts["mac"], parts["ephemeral"])
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}
