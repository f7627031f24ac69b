package olm

import (
	"encoding/binary"

	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/seal"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

func (a *Account) stateLen() int {
	n := stateHeaderLen + 1 + 3*keySize + 4 + 1 + 4 + 1 + 1 + storedKeyLen*(len(a.oneTime)+len(a.fallback))
	if a.signing.Seed() != nil {
		return n + keySize
	}
	return n + curve.ExpandedSize
}

func (a *Account) writeState(w *layout.Writer) {
	writeStateHeader(w, a.revision)
	if seed := a.signing.Seed(); seed != nil {
		w.Byte(formSeed)
		w.Bytes(seed[:])
	} else {
		w.Byte(formExpanded)
		w.Bytes(a.signing.Expanded()[:])
	}
	w.Bytes(a.identity.Ed25519.Bytes())
	writeCurve25519(w, a.identity.Curve25519)
	w.Bytes(a.private[:])
	w.Uint32(a.lastID)
	w.Byte(algorithmCurve25519)
	w.Uint32(uint32(len(a.oneTime)))
	for i := range a.oneTime {
		a.oneTime[i].write(w)
	}
	w.Byte(algorithmCurve25519)
	w.Byte(byte(len(a.fallback)))
	for i := range a.fallback {
		a.fallback[i].write(w)
	}
}

// write writes a one-time or fallback key, in libolm's form, which ours took
// over. It does so in one piece: an account has many.
func (k *oneTimeKey) write(w *layout.Writer) {
	b := w.Next(storedKeyLen)
	binary.BigEndian.PutUint32(b, k.id)
	b[4] = 0
	if k.published {
		b[4] = 1
	}
	public := k.public.Array()
	copy(b[5:], public[:])
	copy(b[5+keySize:], k.private[:])
}

func (k *oneTimeKey) read(in *layout.Reader) {
	if b := in.Next(storedKeyLen); b != nil {
		k.parse(in, b)
	}
}

// parse reads a stored key; what is wrong with it, in notes.
func (k *oneTimeKey) parse(in *layout.Reader, b []byte) {
	k.id = binary.BigEndian.Uint32(b)
	k.published = b[4] == 1
	if b[4] > 1 {
		in.Invalid("truth value other than 0 and 1")
	}
	public, err := keys.NewCurve25519(b[5 : 5+keySize])
	if err != nil {
		in.Invalid("invalid Curve25519 public key")
	}
	k.public = public
	copy(k.private[:], b[5+keySize:])
	if secret.IsZero(k.private[:]) {
		in.Invalid("all-zero key")
	}
}

func (a *Account) readState(in *layout.Reader) {
	a.revision = readStateHeader(in)
	var expanded [curve.ExpandedSize]byte
	defer secret.Wipe(expanded[:])
	form := in.Byte()
	switch form {
	case formSeed:
		in.Bytes(expanded[:keySize])
	case formExpanded:
		in.Bytes(expanded[:])
	default:
		in.Fail("unknown form of signing key")
	}
	var public [keySize]byte
	in.Bytes(public[:])
	a.identity.Curve25519 = readCurve25519(in)
	in.Key(&a.private)
	a.lastID = in.Uint32()
	checkAlgorithm(in)
	a.oneTime = make([]oneTimeKey, in.Count(MaxOneTimeKeys, storedKeyLen))
	for i := range a.oneTime {
		a.oneTime[i].read(in)
	}
	checkAlgorithm(in)
	a.readFallback(in)
	if in.Failed() {
		return
	}
	if form == formExpanded {
		a.readExpanded(in, &expanded, &public)
		return
	}
	a.signing = curve.SigningKeyFromSeed((*[keySize]byte)(expanded[:]))
	if a.signing.PublicKey() != public {
		in.Invalid(curve.ErrKeyMismatch.Error())
	}
	a.identity.Ed25519 = keys.Ed25519(a.signing.VerificationKey())
}

func checkAlgorithm(in *layout.Reader) {
	if in.Byte() != algorithmCurve25519 {
		in.Fail("unknown algorithm of one-time keys")
	}
}

// readFallback reads the number of fallback keys and the keys.
func (a *Account) readFallback(in *layout.Reader) {
	n := in.Byte()
	if n > 2 {
		in.Fail("more than two fallback keys")
		return
	}
	a.fallback = make([]oneTimeKey, n, 2)
	for i := range a.fallback {
		a.fallback[i].read(in)
	}
}

// readExpanded sets the signing key to an expanded one, and the public key to the
// one that was read, which must be what the expanded one gives.
func (a *Account) readExpanded(in *layout.Reader, expanded *[curve.ExpandedSize]byte, public *[keySize]byte) {
	signing, err := curve.SigningKeyFromExpanded(expanded, public)
	if err != nil {
		in.Invalid(err.Error())
		return
	}
	a.signing = signing
	a.identity.Ed25519 = keys.Ed25519(signing.VerificationKey())
}

// Seal returns the account encrypted under key, for storage. It opens again
// under the same context only, for instance the user and device id; context may
// be empty. It returns [keys.ErrAbsent] when key is absent, or [ErrClosed].
func (a *Account) Seal(key keys.SealKey, context []byte) ([]byte, error) {
	return a.AppendSeal(nil, key, context)
}

// AppendSeal is [Account.Seal], appending to dst.
func (a *Account) AppendSeal(dst []byte, key keys.SealKey, context []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return a.doAppendSeal(dst, key, context) })
}

func (a *Account) doAppendSeal(dst []byte, key keys.SealKey, context []byte) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return dst, ErrClosed
	}
	k := key.Secret()
	defer secret.Wipe(k[:])
	return seal.Append(dst, seal.OlmAccount, &k, context, a.stateLen(), a.writeState)
}

// OpenAccount opens an account that [Account.Seal] made. It returns a
// [*MalformedError], a [*VersionError], [ErrOpen] or [keys.ErrAbsent].
func OpenAccount(sealed []byte, key keys.SealKey, context []byte) (*Account, error) {
	return secret.Call(func() (*Account, error) { return doOpenAccount(sealed, key, context) })
}

func doOpenAccount(sealed []byte, key keys.SealKey, context []byte) (*Account, error) {
	k := key.Secret()
	defer secret.Wipe(k[:])
	state, err := seal.Open(sealed, seal.OlmAccount, &k, context)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(state)
	a := &Account{accountState: new(accountState)}
	in := layout.NewReader(sealedAccountName, state)
	a.readState(in)
	if err := in.End(); err != nil {
		a.wipe()
		return nil, err
	}
	return a, nil
}
