package conversation

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/chappe-e2ee/chappe/interop/peer"
)

// A meeting is the SAS verification of two parties.
type meeting struct {
	by     [2]peer.Verifier
	ours   [2]peer.SAS
	theirs [2]string // the key that each was given
	agreed [2]peer.Agreed
	honest bool // nobody swapped the keys
}

func (m *meeting) done() bool { return m.agreed[0] != nil && m.agreed[1] != nil }

type sasStage struct {
	*stage
	meetings []*meeting
}

// HasSAS says whether both implementations of a pair play [SAS].
func HasSAS(pair [2]peer.Implementation) bool {
	_, a := pair[0].(peer.Verifier)
	_, b := pair[1].(peer.Verifier)
	return a && b
}

// SAS plays verifications: codes, bytes and MACs of both sides.
func SAS(script Script) (Counts, error) {
	s := &sasStage{stage: newStage(script)}
	return s.play("SAS", []op{
		{"meet", 10, s.meet},
		{"agree", 20, s.agree},
		{"code", 20, s.code},
		{"bytes", 10, s.bytes},
		{"MAC", 30, s.mac},
		{"low order", 1, s.lowOrder},
		{"drop", 5, s.drop},
	})
}

func (s *sasStage) verifier() peer.Verifier { return s.other().(peer.Verifier) }

// meet makes the keys of both sides; somebody may sit between them.
func (s *sasStage) meet() error {
	if len(s.meetings) >= 6 {
		return errIdle
	}
	m := &meeting{honest: s.decide.IntN(6) > 0}
	for i := range m.by {
		m.by[i] = s.verifier()
		ours, err := m.by[i].NewSAS()
		if err != nil {
			return fmt.Errorf("%s: key pair: %w", m.by[i].Name(), err)
		}
		m.ours[i], m.theirs[1-i] = ours, ours.PublicKey()
		s.trace("SAS key", []byte(ours.PublicKey()))
	}
	if !m.honest {
		mallory, err := s.verifier().NewSAS()
		if err != nil {
			return err
		}
		m.theirs = [2]string{mallory.PublicKey(), mallory.PublicKey()}
	}
	s.meetings = append(s.meetings, m)
	s.counts["key pairs"] += 2
	return nil
}

func (s *sasStage) agree() error {
	m, ok := oneOf(s.stage, s.meetings)
	if !ok || m.done() {
		return errIdle
	}
	i := s.decide.IntN(2)
	if m.agreed[i] != nil {
		i = 1 - i
	}
	agreed, err := m.ours[i].Agree(m.theirs[i])
	if err != nil {
		return fmt.Errorf("%s: agree: %w", m.by[i].Name(), err)
	}
	m.agreed[i] = agreed
	s.counts["agreed"]++
	return nil
}

func (s *sasStage) drop() error {
	i := slices.IndexFunc(s.meetings, (*meeting).done)
	if i < 0 {
		return errIdle
	}
	s.meetings = slices.Delete(s.meetings, i, i+1)
	return nil
}

// established returns a meeting of which both sides have the secret.
func (s *sasStage) established() *meeting {
	m, ok := oneOf(s.stage, s.meetings)
	if !ok || !m.done() {
		return nil
	}
	return m
}

// text is what ids and keys are: vodozemac takes nothing else.
func (s *sasStage) text() string { return strings.ToValidUTF8(string(s.plaintext()), "é") }

// code is what the two people compare: the same, unless somebody swapped keys.
func (s *sasStage) code() error {
	m, info := s.established(), s.text()
	if m == nil {
		return errIdle
	}
	var shown [2][]byte
	for i, a := range m.agreed {
		var err error
		if shown[i], err = a.Bytes(info, 6); err != nil {
			return fmt.Errorf("%s: code: %w", m.by[i].Name(), err)
		}
		emoji, decimals, err := a.Code(info)
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		wantEmoji, wantDecimals := codeOf(shown[i])
		if err != nil || emoji != wantEmoji || decimals != wantDecimals {
			return fmt.Errorf("%s: code %v, %v of %x: %v", m.by[i].Name(), emoji, decimals, shown[i], err)
		}
	}
	if bytes.Equal(shown[0], shown[1]) != m.honest {
		return fmt.Errorf("%s and %s: codes %x and %x", m.by[0].Name(), m.by[1].Name(), shown[0], shown[1])
	}
	s.counts["codes"]++
	if !m.honest {
		s.counts["swapped keys noticed"]++
	}
	s.trace("SAS code", shown[0])
	return nil
}

// codeOf is the specification's way from six bytes to seven emoji and three
// numbers: groups of 6 and of 13 bits, the highest first.
func codeOf(b []byte) (emoji [7]int, decimals [3]int) {
	n := uint64(0)
	for _, one := range b {
		n = n<<8 | uint64(one)
	}
	for i := range emoji {
		emoji[i] = int(n >> (42 - 6*i) & 0x3f)
	}
	for i := range decimals {
		decimals[i] = int(n>>(35-13*i)&0x1fff) + 1000
	}
	return emoji, decimals
}

func (s *sasStage) bytes() error {
	m, info, n := s.established(), s.text(), 1+s.decide.IntN(200)
	if s.decide.IntN(20) == 0 {
		n = 255 * 32 // all that HKDF gives
	}
	if m == nil {
		return errIdle
	}
	a, err1 := m.agreed[0].Bytes(info, n)
	b, err2 := m.agreed[1].Bytes(info, n)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	// A single byte may be the same by chance.
	if same := bytes.Equal(a, b); len(a) != n || len(b) != n || same != m.honest && (m.honest || n > 6) {
		return fmt.Errorf("%s and %s: %d bytes: %x and %x", m.by[0].Name(), m.by[1].Name(), n, a, b)
	}
	s.counts["bytes"]++
	s.trace("SAS bytes", a)
	return nil
}

// mac makes a MAC on one side, which the other makes too, and takes; of an
// altered one, or one of something else, neither holds.
func (s *sasStage) mac() error {
	m, info, input := s.established(), s.text(), s.text()
	method := []string{peer.MAC, peer.MAC, peer.LegacyMAC, peer.LongMAC}[s.decide.IntN(4)]
	from := s.decide.IntN(2)
	flip, bit := s.decide.IntN(32), s.decide.IntN(8)
	if m == nil {
		return errIdle
	}
	ours, err := m.agreed[from].MAC(method, input, info)
	if errors.Is(err, errors.ErrUnsupported) {
		return errIdle
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w", m.by[from].Name(), method, err)
	}
	to := 1 - from
	again, err := m.agreed[to].MAC(method, input, info)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
	case err != nil || (again == ours) != m.honest:
		return fmt.Errorf("%s and %s: %s %q and %q: %v", m.by[from].Name(), m.by[to].Name(), method, ours, again, err)
	default:
		s.counts["MACs"]++
	}
	s.trace("SAS "+method, []byte(ours))
	err = m.agreed[to].Verify(method, input, info, ours)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if (err == nil) != m.honest {
		return fmt.Errorf("%s: %s of %s: %v", m.by[to].Name(), method, m.by[from].Name(), err)
	}
	raw, err := base64.RawStdEncoding.DecodeString(ours)
	if err != nil {
		return err
	}
	altered := bytes.Clone(raw)
	altered[flip] ^= 1 << bit
	for what, wrong := range map[string]error{
		"an altered":            m.agreed[to].Verify(method, input, info, base64.RawStdEncoding.EncodeToString(altered)),
		"a shortened":           m.agreed[to].Verify(method, input, info, base64.RawStdEncoding.EncodeToString(raw[:flip])),
		"another key's":         m.agreed[to].Verify(method, input+"x", info, ours),
		"another transaction's": m.agreed[to].Verify(method, input, info+"x", ours),
	} {
		if wrong == nil {
			return fmt.Errorf("%s: takes %s %s", m.by[to].Name(), what, method)
		}
		s.counts["MACs refused"]++
	}
	return nil
}

// lowOrder gives a side a key that makes every secret the same.
func (s *sasStage) lowOrder() error {
	by := s.verifier()
	ours, err := by.NewSAS()
	if err != nil {
		return err
	}
	_, err = ours.Agree(base64.RawStdEncoding.EncodeToString(make([]byte, 32)))
	if (err == nil) != by.Traits().AnyKey {
		return fmt.Errorf("%s: a key of low order: %v", by.Name(), err)
	}
	s.counts["keys of low order"]++
	return nil
}
