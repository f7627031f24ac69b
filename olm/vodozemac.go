package olm

import (
	"cmp"
	"math"
	"slices"

	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/internal/vodozemac"
	"github.com/chappe-e2ee/chappe/keys"
)

const (
	vodozemacAccountName = "olm: vodozemac account pickle"

	// A key is counted with its id, and an id that is not used yet is one more.
	maxKeyID     = math.MaxUint32
	maxNextKeyID = maxKeyID + 1

	// The JSON of the shortest one-time key: its id, and 32 bytes of one digit.
	shortestKeyLen = len(`"0":[]`) + 2*keySize - 1
)

// ImportVodozemacAccount reads an encrypted pickle of vodozemac's Account, the
// present form and those since 0.2.0, in base64. The pickle key has 32 bytes.
//
// vodozemac numbers one-time and fallback keys apart from each other, so that an
// id can stand twice. All private keys are kept; of two keys with one id, the one
// that is not published yet gets a new id.
//
// It returns a [*MalformedError], or [ErrPickleKey], also when the key has
// another length.
func ImportVodozemacAccount(pickle, pickleKey []byte) (*Account, error) {
	return secret.Call(func() (*Account, error) { return doImportVodozemacAccount(pickle, pickleKey) })
}

func doImportVodozemacAccount(pickle, pickleKey []byte) (*Account, error) {
	a := &Account{accountState: new(accountState)}
	if err := vodozemac.Import(vodozemacAccountName, pickle, pickleKey, a.readVodozemac); err != nil {
		a.wipe()
		return nil, err
	}
	return a, nil
}

func (a *Account) readVodozemac(r *vodozemac.Reader) {
	r.Object(
		vodozemac.Member{Name: "signing_key", Read: func() { a.signing = r.SigningKey() }},
		vodozemac.Member{Name: "diffie_hellman_key", Read: func() { r.Key(&a.private) }},
		vodozemac.Member{Name: "one_time_keys", Read: func() { a.readVodozemacOneTime(r) }},
		vodozemac.Member{Name: "fallback_keys", Read: func() { a.readVodozemacFallback(r) }},
	)
	if !r.Failed() {
		a.setIdentity(r.Fail)
		a.mendIDs()
	}
}

// setIdentity sets the public identity keys from the private ones.
func (a *Account) setIdentity(fail func(why string)) {
	a.identity.Ed25519 = keys.Ed25519(a.signing.VerificationKey())
	var err error
	if a.identity.Curve25519, err = publicKey(&a.private); err != nil {
		fail("private key without a valid public key")
	}
}

// readVodozemacOneTime reads the private keys by id, and the public keys of those
// that are not published, by the same ids.
func (a *Account) readVodozemacOneTime(r *vodozemac.Reader) {
	unpublished := make(map[uint32][keySize]byte)
	r.Object(
		vodozemac.Member{Name: "next_key_id", Alias: "key_id", Read: func() { a.readNextID(r) }},
		vodozemac.Member{Name: "public_keys", Read: func() {
			r.Map(MaxOneTimeKeys, maxKeyID, func(id uint64) {
				var public [keySize]byte
				r.Bytes(public[:])
				if _, twice := unpublished[uint32(id)]; twice {
					r.Fail("key id that stands twice")
				}
				unpublished[uint32(id)] = public
			})
		}},
		vodozemac.Member{Name: "private_keys", Read: func() {
			// The list never grows: no private key is left behind in a shorter one.
			a.oneTime = make([]oneTimeKey, 0, min(MaxOneTimeKeys, r.Len()/shortestKeyLen+1))
			r.Map(MaxOneTimeKeys, maxKeyID, func(id uint64) {
				a.oneTime = append(a.oneTime, oneTimeKey{id: uint32(id), published: true})
				r.Key(&a.oneTime[len(a.oneTime)-1].private)
			})
			if r.Failed() {
				return
			}
			if err := setPublic(a.oneTime); err != nil {
				r.Fail("private key without a valid public key")
			}
		}},
	)
	if r.Failed() {
		return
	}
	a.sortOneTime()
	for i := range a.oneTime {
		k := &a.oneTime[i]
		if i > 0 && k.id == a.oneTime[i-1].id {
			r.Fail("key id that stands twice")
		}
		public, found := unpublished[k.id]
		if found && public != k.public.Array() {
			r.Fail("public key that does not belong to its private key")
		}
		k.published = !found
		delete(unpublished, k.id)
	}
	if len(unpublished) > 0 {
		r.Fail("public key without its private key")
	}
}

// sortOneTime sorts the one-time keys by id. It sorts their places: functions
// that sort values leave copies of private keys behind.
func (a *Account) sortOneTime() {
	places := make([]int, len(a.oneTime))
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(i, j int) int { return cmp.Compare(a.oneTime[i].id, a.oneTime[j].id) })
	sorted := make([]oneTimeKey, 0, len(places))
	for _, i := range places {
		sorted = append(sorted, a.oneTime[i:i+1]...)
	}
	wipeKeys(a.oneTime)
	a.oneTime = sorted
}

// readNextID reads the id that the next key gets.
func (a *Account) readNextID(r *vodozemac.Reader) {
	if next := r.Uint(maxNextKeyID); next > 0 {
		a.lastID = max(a.lastID, uint32(next-1))
	}
}

// readVodozemac reads a private key, and sets the public one.
func (k *oneTimeKey) readVodozemac(r *vodozemac.Reader) {
	if r.Key(&k.private); r.Failed() {
		return
	}
	var err error
	if k.public, err = publicKey(&k.private); err != nil {
		r.Fail("private key without a valid public key")
	}
}

func (a *Account) readVodozemacFallback(r *vodozemac.Reader) {
	var slots [2]oneTimeKey
	var used [2]bool
	defer func() { wipeKeys(slots[:]) }()
	slot := func(i int) func() {
		return func() {
			if r.Null() {
				return
			}
			k := &slots[i]
			used[i] = true
			r.Object(
				vodozemac.Member{Name: "key_id", Read: func() { k.id = uint32(r.Uint(maxKeyID)) }},
				vodozemac.Member{Name: "key", Read: func() { k.readVodozemac(r) }},
				vodozemac.Member{Name: "published", Read: func() { k.published = r.Bool() }},
			)
		}
	}
	r.Object(
		vodozemac.Member{Name: "key_id", Read: func() { a.readNextID(r) }},
		vodozemac.Member{Name: "fallback_key", Optional: true, Read: slot(0)},
		vodozemac.Member{Name: "previous_fallback_key", Optional: true, Read: slot(1)},
	)
	if used[1] && !used[0] {
		r.Fail("previous fallback key without a current one")
	}
	a.fallback = make([]oneTimeKey, 0, 2)
	for i := range slots {
		if used[i] && !r.Failed() {
			a.fallback = append(a.fallback, slots[i])
		}
	}
}

// ExportVodozemac returns the account as vodozemac 0.11.1 pickles it, encrypted
// under 32 bytes of pickle key. The form is for moving to vodozemac: its
// encryption is deterministic. For storage, use [Account.Seal]. Nothing is lost,
// but ids: published one-time keys get new ones where they do not grow from key
// to key. It returns [ErrPickleKey] when the key has another length, or
// [ErrClosed].
func (a *Account) ExportVodozemac(pickleKey []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return a.doExportVodozemac(pickleKey) })
}

func (a *Account) doExportVodozemac(pickleKey []byte) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accountState == nil {
		return nil, ErrClosed
	}
	return vodozemac.Export(vodozemacAccountName, pickleKey, a.writeVodozemac)
}

func (a *Account) writeVodozemac(w *vodozemac.Writer) {
	w.Raw(`{"signing_key":`)
	w.SigningKey(a.signing)
	w.Raw(`,"diffie_hellman_key":`)
	w.Bytes(a.private[:])
	first, next := a.vodozemacIDs()
	w.Raw(`,"one_time_keys":{"next_key_id":`)
	w.Uint(next)
	list := func(name string, unpublishedOnly bool, value func(*oneTimeKey)) {
		w.Raw(name)
		separator := `"`
		for i := range a.oneTime {
			if unpublishedOnly && a.oneTime[i].published {
				continue
			}
			w.Raw(separator)
			separator = `,"`
			w.Uint(first(i))
			w.Raw(`":`)
			value(&a.oneTime[i])
		}
		w.Raw("}")
	}
	list(`,"public_keys":{`, true, func(k *oneTimeKey) { w.Bytes(k.public.Bytes()) })
	list(`,"private_keys":{`, false, func(k *oneTimeKey) { w.Bytes(k.private[:]) })
	w.Raw(`},"fallback_keys":{"key_id":`)
	if len(a.fallback) > 0 {
		w.Uint(uint64(a.fallback[0].id) + 1)
	} else {
		w.Raw("0")
	}
	for i, name := range []string{`,"fallback_key":`, `,"previous_fallback_key":`} {
		w.Raw(name)
		if i >= len(a.fallback) {
			w.Raw("null")
			continue
		}
		k := &a.fallback[i]
		w.Raw(`{"key_id":`)
		w.Uint(uint64(k.id))
		w.Raw(`,"key":`)
		w.Bytes(k.private[:])
		w.Raw(`,"published":`)
		w.Bool(k.published)
		w.Raw("}")
	}
	w.Raw("}}")
}

// vodozemacIDs returns the ids of the one-time keys, and the id of the next one.
// vodozemac keeps the keys by id, and takes the lowest for the oldest: where ids
// do not grow, all keys get new ones.
func (a *Account) vodozemacIDs() (id func(i int) uint64, next uint64) {
	next = uint64(a.lastID) + 1
	for i := 1; i < len(a.oneTime); i++ {
		if a.oneTime[i].id <= a.oneTime[i-1].id {
			first := next
			return func(i int) uint64 { return first + uint64(i) }, first + uint64(len(a.oneTime))
		}
	}
	return func(i int) uint64 { return uint64(a.oneTime[i].id) }, next
}
