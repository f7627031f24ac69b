package conformance_test

import (
	"errors"
	"slices"
	"strings"

	"github.com/chappe-e2ee/chappe/megolm"
	"github.com/chappe-e2ee/chappe/olm"
	"github.com/chappe-e2ee/chappe/testvectors/conformance"
)

// A fault is an implementation gone wrong, with the vector and the scenario that
// notice it, or "" where there is none.
type fault struct {
	vector, scenario string
	hooks
}

// faults go wrong in one thing each.
var faults = map[string]fault{
	"a wrong MAC is accepted": {"", "scenario/olm-forged", hooks{
		decrypt: func(s conformance.Session, kind int, body string) ([]byte, error) {
			plaintext, err := s.Decrypt(kind, body)
			if errors.Is(err, olm.ErrDecrypt) {
				return []byte("anything"), nil
			}
			return plaintext, err
		}}},
	"a refused message changes the session": {"libolm/olm-decrypt/malformed-1-as-type-1", "scenario/olm-out-of-order", hooks{
		decrypt: func(s conformance.Session, kind int, body string) ([]byte, error) {
			plaintext, err := s.Decrypt(kind, body)
			if err != nil {
				_, _, _ = s.Encrypt([]byte("x"))
			}
			return plaintext, err
		}}},
	"a message decrypts twice": {"libolm/session/loopback-replay", "scenario/olm-out-of-order", hooks{
		decrypt: func(s conformance.Session, kind int, body string) ([]byte, error) {
			plaintext, err := s.Decrypt(kind, body)
			if _, gone := errors.AsType[*olm.MessageKeyGoneError](err); gone {
				return []byte("read before"), nil
			}
			return plaintext, err
		}}},
	"any gap is accepted": {"", "scenario/olm-gap", hooks{
		decrypt: func(s conformance.Session, kind int, body string) ([]byte, error) {
			plaintext, err := s.Decrypt(kind, body)
			if _, gap := errors.AsType[*olm.MessageGapError](err); gap {
				return []byte("far away"), nil
			}
			return plaintext, err
		}}},
	"a long plaintext loses a byte": {"", "scenario/olm-long-plaintext", hooks{
		decrypt: func(s conformance.Session, kind int, body string) ([]byte, error) {
			plaintext, err := s.Decrypt(kind, body)
			return plaintext[:min(len(plaintext), 65535)], err
		}}},
	"base64 that is none is read": {"libolm/base64/base64-decode-1", "scenario/olm-bad-base64", hooks{
		decrypt: func(s conformance.Session, kind int, body string) ([]byte, error) {
			return s.Decrypt(kind, strings.ReplaceAll(body, "!", "A"))
		},
		decode: func(i conformance.Base64, text string) ([]byte, error) {
			b, err := i.DecodeBase64(text)
			if err != nil {
				b, err = i.DecodeBase64(text[:len(text)-1] + "A")
			}
			return b, err
		}}},
	"a message is encrypted twice with one key": {"libolm/session/loopback", "scenario/olm-first-messages", hooks{
		encrypt: onceMore()}},
	"a session has another id at each end": {"libolm/olm-decrypt/session-pickle-empty-key", "scenario/olm-first-messages", hooks{
		sessionID: func() func(string) string {
			n := 0
			return func(id string) string { n++; return strings.Repeat("A", n%2) + id }
		}()}},
	"every message matches": {"libolm/session/fallback-key", "scenario/olm-first-messages", hooks{
		matches: func(conformance.Session, string, string) (bool, error) { return true, nil }}},
	"the sender is not looked at": {"libolm/session/fallback-key", "scenario/olm-first-messages", hooks{
		matches: func(s conformance.Session, _, body string) (bool, error) { return s.Matches("", body) }}},
	"a claimed sender is not compared": {"libolm/session/loopback", "scenario/account-forged-first", hooks{
		inbound: func(a conformance.Account, _, body string) (conformance.Session, []byte, error) {
			m, err := olm.ParseMessage(olm.PreKey, body)
			if err != nil {
				return nil, nil, err
			}
			sender, _ := m.SessionKeys()
			return a.NewInboundSession(sender.IdentityKey.String(), body)
		}}},
	"a one-time key serves twice": {"libolm/session/loopback", "scenario/account-one-time-keys", hooks{
		inbound: func(a conformance.Account, identityKey, body string) (conformance.Session, []byte, error) {
			s, err := a.(conformance.TwoSteps).CreateInboundSession(identityKey, body)
			if err != nil {
				return nil, nil, err
			}
			plaintext, err := s.Decrypt(conformance.PreKey, body)
			return s, plaintext, err
		}}},
	"a forged first message uses up the key": {"", "scenario/account-forged-first", hooks{
		inbound: func(a conformance.Account, identityKey, body string) (conformance.Session, []byte, error) {
			s, err := a.(conformance.TwoSteps).CreateInboundSession(identityKey, body)
			if err == nil {
				err = a.(conformance.TwoSteps).RemoveOneTimeKey(s)
			}
			if err != nil {
				return nil, nil, err
			}
			plaintext, err := s.Decrypt(conformance.PreKey, body)
			return s, plaintext, err
		}}},
	"published keys stay listed": {"", "scenario/account-one-time-keys", hooks{
		markPublished: func(conformance.Account) error { return nil }}},
	"half of the one-time keys are listed": {"libolm/pickles/account-pickle-v4-42-otks", "scenario/account-one-time-keys", hooks{
		oneTimeKeys: func(a conformance.Account) (map[string]string, error) {
			byID, err := a.OneTimeKeys()
			for id := range byID {
				if len(byID) > 1 {
					delete(byID, id)
				}
				break
			}
			return byID, err
		}}},
	"a fallback key is never forgotten": {"libolm/session/fallback-key-forgotten", "scenario/account-fallback-key", hooks{
		forgetFallback: func(conformance.Account) error { return nil }}},
	"keys of low order are accepted": {"libolm/pickles/session-create-outbound-bad-key-length", "scenario/account-low-order-keys", hooks{
		outbound: func(a conformance.Account, identityKey, oneTimeKey string) (conformance.Session, error) {
			s, err := a.NewOutboundSession(identityKey, oneTimeKey)
			if err != nil {
				own, _, _ := a.IdentityKeys()
				return a.NewOutboundSession(own, own)
			}
			return s, err
		},
		checkKey: func(i conformance.PublicKeys, key string) error { return nil }}},
	"a group message has another index": {"libolm/group-session/android-corrupt-base64", "scenario/megolm-in-order", hooks{
		hear: func(i conformance.InboundGroup, text string) ([]byte, uint32, error) {
			plaintext, index, err := i.Decrypt(text)
			return plaintext, index + 1, err
		}}},
	"every index is known": {"libolm/group-session/import-later-index-export-earlier", "scenario/megolm-late-joiner", hooks{
		hear: func(i conformance.InboundGroup, text string) ([]byte, uint32, error) {
			plaintext, index, err := i.Decrypt(text)
			if _, unknown := errors.AsType[*megolm.UnknownIndexError](err); unknown {
				return nil, 0, nil
			}
			return plaintext, index, err
		}}},
	"a group message is not verified": {"libolm/group-session/signature-invalid", "scenario/megolm-forged", hooks{
		hear: func(i conformance.InboundGroup, text string) ([]byte, uint32, error) {
			plaintext, index, err := i.Decrypt(text)
			if errors.Is(err, megolm.ErrSignature) {
				return []byte("forged"), 0, nil
			}
			return plaintext, index, err
		}}},
	"an export goes back to the first index": {"libolm/group-session/import-later-index-export-earlier", "scenario/megolm-export", hooks{
		export: func(i conformance.InboundGroup, index uint32) (string, error) {
			first, err := i.FirstKnownIndex()
			if err != nil {
				return "", err
			}
			return i.Export(max(index, first))
		}}},
	"the first known index is off by one": {"libolm/group-session/android-emoji", "scenario/megolm-in-order", hooks{
		firstKnown: func(index uint32) uint32 { return index + 1 }}},
	"every session counts as verified": {"libolm/group-session/export-import", "scenario/megolm-export", hooks{
		verified: func(bool) bool { return true }}},
	"no session counts as verified": {"libolm/group-session/android-corrupt-base64", "scenario/megolm-in-order", hooks{
		verified: func(bool) bool { return false }}},
	"the index of a sender stands still": {"libolm/group-session/send-receive", "scenario/megolm-in-order", hooks{
		index: func(uint32) uint32 { return 0 }}},
	"a group session has another id": {"libolm/group-session/send-receive", "scenario/megolm-in-order", hooks{
		groupID: func(id string) string { return id[1:] + "A" }}},
	"a session key is not verified": {"libolm/group-session/session-key-bad-signature", "scenario/megolm-bad-session-key", hooks{
		newInbound: func(i conformance.Implementation, key string) (conformance.InboundGroup, error) {
			s, err := i.NewInboundGroup(key)
			if i.Classes(err) != nil && i.Classes(err)[0] == "signature" {
				o, err := i.NewOutboundGroup()
				if err != nil {
					return nil, err
				}
				key, err := o.SessionKey()
				if err != nil {
					return nil, err
				}
				return i.NewInboundGroup(key)
			}
			return s, err
		}}},
	"every signature verifies": {"libolm/crypto/ed25519-1", "scenario/account-signature", hooks{
		verify: func(conformance.Signatures, string, []byte, string) error { return nil }}},
	"the MAC of a box is not looked at": {"libolm/pk/pk-decrypt-bad-mac", "", hooks{
		pkDecrypt: func(i conformance.PK, private []byte, ciphertext, mac, ephemeral string) ([]byte, error) {
			plaintext, err := i.PKDecrypt(private, ciphertext, mac, ephemeral)
			if err != nil {
				return []byte("forged"), nil
			}
			return plaintext, err
		}}},
	"one MAC of SAS for all": {"libolm/sas/python-cross-language-mac", "", hooks{
		sasMAC: func(i conformance.SAS, _ string, private []byte, theirs string, input, info []byte) (string, error) {
			return i.SASMAC(conformance.MACv2, private, theirs, input, info)
		}}},
	"errors have another class": {"libolm/group-session/import-later-index-export-earlier", "scenario/megolm-late-joiner", hooks{
		classes: func(classes []string) []string {
			if slices.Contains(classes, "unknown-index") {
				return []string{"signature"}
			}
			return classes
		}}},
	"errors have other numbers": {"libolm/group-session/import-later-index-export-earlier", "scenario/megolm-late-joiner", hooks{
		numbers: func(numbers map[string]uint32) {
			if n, there := numbers["requested_index"]; there {
				numbers["requested_index"] = n + 1
			}
		}}},
}

// onceMore encrypts in a copy of the session that nobody keeps.
func onceMore() func(s conformance.Session, plaintext []byte) (int, string, error) {
	return func(s conformance.Session, plaintext []byte) (int, string, error) {
		copied, err := copySession(s)
		if err != nil {
			return 0, "", err
		}
		return copied.Encrypt(plaintext)
	}
}

func copySession(s conformance.Session) (conformance.Session, error) {
	key := []byte("key")
	pickle, err := s.(conformance.Pickler).Pickle(key)
	if err != nil {
		return nil, err
	}
	return new(faulty).UnpickleSession(pickle, key)
}
