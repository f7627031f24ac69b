package peer

// Vodozemac is vodozemac, through the program in the folder vodozemac. Under a
// key of 32 bytes its pickles are vodozemac's own, else libolm's, which it reads
// and does not write.
type Vodozemac struct{}

func (Vodozemac) Name() string { return "vodozemac" }

func (Vodozemac) Traits() Traits {
	return Traits{ForgetsOrphans: true, OwnPickles: true, TwoIDSpaces: true, EarlyRatchet: true, IndexByDefault: true, VerifiesByKeyOnly: true, MergesVerified: true}
}

func (Vodozemac) NewAccount() (Account, error) {
	return vodozemacAccountOf(random(nil, "account.new", nil))
}

func unpickle(kind string, pickle, key []byte) (*answer, error) {
	return call(nil, kind+".unpickle", request{"pickle": string(pickle), "key": binary(key)})
}

func (Vodozemac) UnpickleAccount(pickle, key []byte) (Account, error) {
	return vodozemacAccountOf(unpickle("account", pickle, key))
}

func (Vodozemac) UnpickleSession(pickle, key []byte) (Session, error) {
	return vodozemacSessionOf(unpickle("session", pickle, key))
}

// vodozemacObject is what all objects have.
type vodozemacObject struct {
	*object
	kind string
}

func (o vodozemacObject) Pickle(key []byte) ([]byte, error) {
	if len(key) != 32 {
		return nil, ErrPickleForm
	}
	a, err := call(o.object, o.kind+".pickle", request{"key": binary(key)})
	if err != nil {
		return nil, err
	}
	return []byte(a.Text), nil
}

// VodozemacAccount is an account, with what libolm has not.
type VodozemacAccount struct {
	vodozemacObject
	curve, ed string
}

func vodozemacAccountOf(a *answer, err error) (*VodozemacAccount, error) {
	if err != nil {
		return nil, err
	}
	return &VodozemacAccount{vodozemacObject{newObject(a), "account"}, a.Curve25519, a.Ed25519}, nil
}

func (v *VodozemacAccount) IdentityKeys() (string, string, error) { return v.curve, v.ed, nil }

func (v *VodozemacAccount) Sign(message []byte) (string, error) {
	a, err := call(v.object, "account.sign", request{"message": binary(message)})
	if err != nil {
		return "", err
	}
	return a.Text, nil
}

func (v *VodozemacAccount) GenerateOneTimeKeys(n int) error {
	_, err := random(v.object, "account.generate one-time keys", request{"count": n})
	return err
}

func (v *VodozemacAccount) keys(op string) (map[string]string, error) {
	a, err := call(v.object, op, nil)
	if err != nil {
		return nil, err
	}
	return a.Keys, nil
}

func (v *VodozemacAccount) OneTimeKeys() (map[string]string, error) {
	return v.keys("account.one-time keys")
}
func (v *VodozemacAccount) FallbackKey() (map[string]string, error) {
	return v.keys("account.fallback key")
}

func (v *VodozemacAccount) GenerateFallbackKey() error {
	_, err := random(v.object, "account.generate fallback key", nil)
	return err
}

func (v *VodozemacAccount) ForgetFallbackKey() error {
	_, err := call(v.object, "account.forget fallback key", nil)
	return err
}

func (v *VodozemacAccount) MarkPublished() error {
	_, err := call(v.object, "account.publish", nil)
	return err
}

func (v *VodozemacAccount) Outbound(identityKey, oneTimeKey string) (Session, error) {
	return vodozemacSessionOf(random(v.object, "account.outbound", request{"identity": identityKey, "one-time key": oneTimeKey}))
}

func (v *VodozemacAccount) Inbound(identityKey, body string) (Session, []byte, error) {
	a, err := random(v.object, "account.inbound", request{"identity": identityKey, "body": body})
	s, err := vodozemacSessionOf(a, err)
	if err != nil {
		return nil, nil, err
	}
	plaintext, err := a.plaintext()
	return s, plaintext, err
}

// Dehydrate returns ciphertext and nonce of a dehydrated device of version 2.
func (v *VodozemacAccount) Dehydrate(key []byte) (pickle, nonce string, err error) {
	a, err := random(v.object, "account.dehydrate", request{"key": binary(key)})
	if err != nil {
		return "", "", err
	}
	return a.Text, a.Nonce, nil
}

// DehydrateV1 returns the pickle of a dehydrated device of version 1.
func (v *VodozemacAccount) DehydrateV1(key []byte, device string) (string, error) {
	a, err := call(v.object, "account.dehydrate v1", request{"key": binary(key), "device": device})
	if err != nil {
		return "", err
	}
	return a.Text, nil
}

// Rehydrate reads a dehydrated device of version 2.
func (Vodozemac) Rehydrate(pickle, nonce string, key []byte) (Account, error) {
	return vodozemacAccountOf(call(nil, "account.rehydrate", request{"pickle": pickle, "nonce": nonce, "key": binary(key)}))
}

// RehydrateV1 reads a dehydrated device of version 1.
func (Vodozemac) RehydrateV1(pickle string, key []byte, device string) (Account, error) {
	return vodozemacAccountOf(call(nil, "account.rehydrate v1", request{"pickle": pickle, "device": device, "key": binary(key)}))
}

type vodozemacSession struct {
	vodozemacObject
	last *answer // id, session keys, and whether it received
}

func vodozemacSessionOf(a *answer, err error) (*vodozemacSession, error) {
	if err != nil {
		return nil, err
	}
	return &vodozemacSession{vodozemacObject{newObject(a), "session"}, a}, nil
}

func (v *vodozemacSession) ID() (string, error) { return v.last.ID, nil }
func (v *vodozemacSession) HasReceived() bool   { return v.last.Received }
func (v *vodozemacSession) Describe() string    { return "" } // it has none

// Matches compares the keys of the session and of the message, as a caller of
// vodozemac does.
func (v *vodozemacSession) Matches(identityKey, body string) (bool, error) {
	a, err := call(nil, "session.keys of", request{"body": body})
	if err != nil {
		return false, err
	}
	return a.Session == v.last.Session && a.Session[0] == identityKey, nil
}

func (v *vodozemacSession) Encrypt(plaintext []byte) (int, string, error) {
	a, err := random(v.object, "session.encrypt", request{"message": binary(plaintext)})
	if err != nil {
		return 0, "", err
	}
	return a.Type, a.Text, nil
}

func (v *vodozemacSession) Decrypt(messageType int, body string) ([]byte, error) {
	a, err := random(v.object, "session.decrypt", request{"type": messageType, "body": body})
	if err != nil {
		return nil, err
	}
	v.last = a
	return a.plaintext()
}
