package olm

import (
	"math"
	"slices"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/internal/secret"
)

// libolm's versions and bounds (libolm 3.2.13, account.cpp, session.cpp,
// ratchet.hh).
const (
	accountPickleVersion = 4
	sessionPickleVersion = 1
	// sessionPickleLogging is version 1 of a build of libolm that logged, with
	// a chain index at the end.
	sessionPickleLogging = 0x80000001

	libolmOneTimeKeys = 100
	libolmSkippedKeys = 40

	accountPickleName = "olm: libolm account pickle"
	sessionPickleName = "olm: libolm session pickle"
)

// ImportLibolmAccount reads a pickle of libolm's OlmAccount, versions 2, 3 and 4,
// in libolm's base64 form. The pickle key has any length. goolm's and
// vodozemac's pickles of this form are read too.
//
// Key ids that stand twice, as goolm makes them, are mended: all private keys
// are kept, and of two keys with one id those that are not published yet get new
// ids. Of fallback slots of version 3, those that are not marked as used, and
// those that are all zero, are empty.
//
// It returns a [*MalformedError], a [*VersionError], [ErrLegacyPickle] for
// version 1, or [ErrPickleKey].
func ImportLibolmAccount(pickle, pickleKey []byte) (*Account, error) {
	return secret.Call(func() (*Account, error) { return doImportLibolmAccount(pickle, pickleKey) })
}

func doImportLibolmAccount(pickle, pickleKey []byte) (*Account, error) {
	plaintext, err := libolm.Decrypt(accountPickleName, pickle, pickleKey)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(plaintext)
	in := layout.NewReader(accountPickleName, plaintext)
	version := in.Uint32()
	switch {
	case in.Stopped():
		return nil, in.End()
	case version == 1:
		return nil, ErrLegacyPickle
	case version < 2 || version > accountPickleVersion:
		return nil, &VersionError{What: accountPickleName, Got: version}
	}
	a := &Account{accountState: new(accountState)}
	a.readLibolm(in, version)
	if err := in.End(); err != nil {
		a.wipe()
		return nil, err
	}
	return a, nil
}

func (a *Account) readLibolm(in *layout.Reader, version uint32) {
	var expanded [curve.ExpandedSize]byte
	defer secret.Wipe(expanded[:])
	var public [keySize]byte
	in.Bytes(public[:])
	in.Bytes(expanded[:])
	a.identity.Curve25519 = readCurve25519(in)
	in.Key(&a.private)
	a.oneTime = make([]oneTimeKey, in.Count(MaxOneTimeKeys, storedKeyLen))
	for i := range a.oneTime { // libolm's lists begin with the newest
		a.oneTime[len(a.oneTime)-1-i].read(in)
	}
	switch version {
	case 3:
		a.readFallbackSlots(in)
	case 4:
		a.readFallback(in)
	}
	a.lastID = in.Uint32()
	if in.Failed() {
		return
	}
	a.readExpanded(in, &expanded, &public)
	if curve.PublicFromPrivate(&a.private) != a.identity.Curve25519.Array() {
		in.Invalid(curve.ErrKeyMismatch.Error())
	}
	a.mendIDs()
}

// readFallbackSlots reads the two fallback slots of version 3, whose published
// flag says whether the slot is in use; a previous key needs a current one.
// libolm takes such keys for published.
func (a *Account) readFallbackSlots(in *layout.Reader) {
	slots := in.Next(2 * storedKeyLen)
	a.fallback = make([]oneTimeKey, 0, 2)
	for i := range 2 {
		if in.Stopped() {
			return
		}
		slot := slots[i*storedKeyLen : (i+1)*storedKeyLen]
		if used := slot[4] != 0; !used || secret.IsZero(slot[5:][:2*keySize]) {
			return
		}
		a.fallback = a.fallback[:i+1]
		a.fallback[i].parse(in, slot)
	}
}

// idsDiffer says whether no id stands twice and none is above the last one, as in
// every account that did not go through goolm.
func (a *Account) idsDiffer() bool {
	ids := make([]uint32, 0, len(a.oneTime)+len(a.fallback))
	for _, list := range [][]oneTimeKey{a.oneTime, a.fallback} {
		for i := range list {
			ids = append(ids, list[i].id)
		}
	}
	n := len(ids)
	slices.Sort(ids)
	return n == 0 || len(slices.Compact(ids)) == n && ids[n-1] <= a.lastID
}

// mendIDs makes the last id the highest there is, and gives new ids to keys that
// are not published and share theirs with another key, as long as there are ids:
// an account that has used up 2^32 keeps what it has.
func (a *Account) mendIDs() {
	if a.idsDiffer() {
		return
	}
	count := make(map[uint32]int)
	all := make([]*oneTimeKey, 0, len(a.oneTime)+len(a.fallback))
	for _, list := range [][]oneTimeKey{a.oneTime, a.fallback} {
		for i := range list {
			all = append(all, &list[i])
			count[list[i].id]++
			a.lastID = max(a.lastID, list[i].id)
		}
	}
	for _, k := range all {
		if !k.published && count[k.id] > 1 && a.lastID < math.MaxUint32 {
			count[k.id]--
			a.lastID++
			k.id = a.lastID
		}
	}
}

// ExportLibolm returns the account as libolm 3.2.13 pickles it (version 4), byte
// for byte. The form is for moving to libolm or goolm: its encryption is
// deterministic. For storage, use [Account.Seal]. libolm keeps 100 one-time
// keys: with more, it returns a [*LossyPickleError]. It returns [ErrClosed].
func (a *Account) ExportLibolm(pickleKey []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return a.doExportLibolm(pickleKey) })
}

func (a *Account) doExportLibolm(pickleKey []byte) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return nil, ErrClosed
	}
	return a.exportWhole(pickleKey)
}

func (a *Account) exportWhole(pickleKey []byte) ([]byte, error) {
	if lost := len(a.oneTime) - libolmOneTimeKeys; lost > 0 {
		return nil, &LossyPickleError{OneTimeKeys: lost}
	}
	return a.exportLibolm(pickleKey)
}

// ExportLibolmLossy is [Account.ExportLibolm] for any account: of more than 100
// one-time keys, the newest 100 are written.
func (a *Account) ExportLibolmLossy(pickleKey []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return a.doExportLibolmLossy(pickleKey) })
}

func (a *Account) doExportLibolmLossy(pickleKey []byte) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return nil, ErrClosed
	}
	return a.exportLibolm(pickleKey)
}

func (a *Account) exportLibolm(pickleKey []byte) ([]byte, error) {
	oneTime := a.oneTime[max(len(a.oneTime)-libolmOneTimeKeys, 0):]
	size := 4 + 3*keySize + curve.ExpandedSize + 4 + 1 + storedKeyLen*(len(oneTime)+len(a.fallback)) + 4
	w := libolm.NewWriter(size)
	w.Uint32(accountPickleVersion)
	w.Bytes(a.identity.Ed25519.Bytes())
	w.Bytes(a.signing.Expanded()[:])
	writeCurve25519(w, a.identity.Curve25519)
	w.Bytes(a.private[:])
	w.Uint32(uint32(len(oneTime)))
	for i := len(oneTime) - 1; i >= 0; i-- {
		oneTime[i].write(w)
	}
	w.Byte(byte(len(a.fallback)))
	for i := range a.fallback {
		a.fallback[i].write(w)
	}
	w.Uint32(a.lastID)
	return libolm.EncryptWritten(w, pickleKey), nil
}

// ImportLibolmSession reads a pickle of libolm's OlmSession, versions 1 and
// 0x80000001, in libolm's base64 form. The pickle key has any length. goolm's
// pickles of this form are read too.
//
// libolm keeps skipped message keys whose chain it dropped, and cannot use them;
// they are not kept here, and [Session.ExportLibolm] reports them. It returns a
// [*MalformedError], a [*VersionError] or [ErrPickleKey].
func ImportLibolmSession(pickle, pickleKey []byte) (*Session, error) {
	return secret.Call(func() (*Session, error) { return doImportLibolmSession(pickle, pickleKey) })
}

func doImportLibolmSession(pickle, pickleKey []byte) (*Session, error) {
	plaintext, err := libolm.Decrypt(sessionPickleName, pickle, pickleKey)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(plaintext)
	in := layout.NewReader(sessionPickleName, plaintext)
	version := in.Uint32()
	if !in.Stopped() && version != sessionPickleVersion && version != sessionPickleLogging {
		return nil, &VersionError{What: sessionPickleName, Got: version}
	}
	s := newSession(SessionKeys{})
	s.readLibolm(in)
	if version == sessionPickleLogging {
		in.Uint32() // a chain index, for the log
	}
	s.checkChains(in)
	if err := in.End(); err != nil {
		s.wipe()
		return nil, err
	}
	return s, nil
}

const (
	libolmSenderLen   = 2*keySize + chainLen
	libolmReceiverLen = keySize + chainLen
	libolmSkippedLen  = 2*keySize + 4
)

func (s *Session) readLibolm(in *layout.Reader) {
	s.received = in.Bool()
	s.keys.read(in)
	in.Key(&s.root)
	if in.Count(1, libolmSenderLen) == 1 {
		s.sender = new(senderChain)
		s.sender.read(in)
	}
	n := in.Count(MaxReceiverChains, libolmReceiverLen)
	s.receivers = make([]*receiverChain, 0, n)
	for range n {
		r := &receiverChain{ratchetKey: readCurve25519(in)}
		r.chain.read(in)
		s.receivers = append(s.receivers, r)
	}
	n = in.Count(libolmSkippedKeys, libolmSkippedLen)
	s.serial = uint64(n)
	for i := range n {
		ratchetKey := readCurve25519(in)
		var k skippedKey
		in.Key(&k.key)
		k.index = in.Uint32()
		k.serial = uint64(n - 1 - i) // the newest comes first
		if r := s.receiver(ratchetKey); r != nil {
			if r.skipped == nil { // as many as can follow: no key is left behind in a shorter list
				r.skipped = make([]skippedKey, 0, n-i)
			}
			r.skipped = append(r.skipped, k)
		} else {
			s.orphans++
		}
		secret.Wipe(k.key[:])
	}
	for _, r := range s.receivers {
		slices.Reverse(r.skipped)
	}
}

// ExportLibolm returns the session as libolm 3.2.13 pickles it (version 1), byte
// for byte. The form is for moving to libolm or goolm: its encryption is
// deterministic. For storage, use [Session.Seal]. It returns a
// [*LossyPickleError] when libolm's form cannot hold all of the session, and
// [ErrClosed].
func (s *Session) ExportLibolm(pickleKey []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return s.doExportLibolm(pickleKey) })
}

func (s *Session) doExportLibolm(pickleKey []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessionState == nil {
		return nil, ErrClosed
	}
	skipped := s.skippedNewestFirst()
	lost := max(len(skipped)-libolmSkippedKeys, 0)
	if lost > 0 || s.orphans > 0 {
		return nil, &LossyPickleError{SkippedKeys: lost, Orphans: int(s.orphans)}
	}
	return s.exportLibolm(skipped, pickleKey)
}

// ExportLibolmLossy is [Session.ExportLibolm] for any session: of more than 40
// skipped message keys, the 40 that were set aside last are written, and those
// of dropped chains, which libolm would keep and cannot use, are missing.
func (s *Session) ExportLibolmLossy(pickleKey []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return s.doExportLibolmLossy(pickleKey) })
}

func (s *Session) doExportLibolmLossy(pickleKey []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessionState == nil {
		return nil, ErrClosed
	}
	skipped := s.skippedNewestFirst()
	return s.exportLibolm(skipped[:min(len(skipped), libolmSkippedKeys)], pickleKey)
}

func (s *Session) exportLibolm(skipped []chainKey, pickleKey []byte) ([]byte, error) {
	senders := 0
	if s.sender != nil {
		senders = 1
	}
	size := 4 + 1 + 3*keySize + keySize + 4 + senders*libolmSenderLen +
		4 + len(s.receivers)*libolmReceiverLen + 4 + len(skipped)*libolmSkippedLen
	w := libolm.NewWriter(size)
	w.Uint32(sessionPickleVersion)
	w.Bool(s.received)
	s.keys.write(w)
	w.Bytes(s.root[:])
	w.Uint32(uint32(senders))
	if s.sender != nil {
		s.sender.write(w)
	}
	w.Uint32(uint32(len(s.receivers)))
	for _, r := range s.receivers {
		writeCurve25519(w, r.ratchetKey)
		r.chain.write(w)
	}
	w.Uint32(uint32(len(skipped)))
	for _, k := range skipped {
		writeCurve25519(w, k.ratchetKey)
		w.Bytes(k.key[:])
		w.Uint32(k.index)
	}
	return libolm.EncryptWritten(w, pickleKey), nil
}
