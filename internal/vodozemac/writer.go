package vodozemac

import (
	"strconv"

	"github.com/chappe-e2ee/chappe/internal/curve"
)

// Writer writes the JSON of a pickle, as [Export] says.
type Writer struct {
	size int // of what was planned
	b    []byte
}

// Raw writes JSON as it stands.
func (w *Writer) Raw(text string) {
	w.size += len(text)
	if w.b != nil {
		w.b = append(w.b, text...)
	}
}

// Uint writes a number.
func (w *Writer) Uint(v uint64) { w.Raw(strconv.FormatUint(v, 10)) }

// Bool writes true or false.
func (w *Writer) Bool(v bool) { w.Raw(strconv.FormatBool(v)) }

// Bytes writes an array of numbers. Time and memory access depend on the length
// of its text, and on nothing else in it.
func (w *Writer) Bytes(b []byte) {
	w.size += 1 + maxDigits*len(b) + maxDigits
	if w.b == nil {
		return
	}
	w.b = append(w.b, '[')
	for _, v := range b {
		hundreds, tens, ones := v/100, v/10%10, v%10
		// The three digits and a comma, moved to begin at the first that counts.
		word := uint32('0'+hundreds) | uint32('0'+tens)<<8 | uint32('0'+ones)<<16 | ','<<24
		digits := 1 + (uint32(v)+246)>>8 + (uint32(v)+156)>>8
		word >>= 8 * (3 - digits)
		w.b = append(w.b, byte(word), byte(word>>8), byte(word>>16), byte(word>>24))
		w.b = w.b[:len(w.b)-3+int(digits)]
	}
	w.b[len(w.b)-1] = ']'
}

// SigningKey writes an Ed25519 private key, its seed where that is known.
func (w *Writer) SigningKey(k *curve.SigningKey) {
	if seed := k.Seed(); seed != nil {
		w.Raw(`{"Normal":`)
		w.Bytes(seed[:])
	} else {
		w.Raw(`{"Expanded":`)
		w.Bytes(k.Expanded()[:])
	}
	w.Raw("}")
}

// Config writes the version of a session, the last member.
func (w *Writer) Config() { w.Raw(`,"config":{"version":"V1"}}`) }
