package conformance

// Reset implements [Resetter]. A program that has nothing for it keeps its
// objects.
func (l *Lines) Reset() error { return ignoreUnsupported(l.tell(0, "reset", nil)) }

// NewAccount implements [Implementation].
func (l *Lines) NewAccount() (Account, error) {
	r, err := l.make(0, "new-account", nil)
	return remoteAccount{r}, err
}

// NewOutboundGroup implements [Implementation].
func (l *Lines) NewOutboundGroup() (OutboundGroup, error) {
	r, err := l.make(0, "new-outbound-group", nil)
	return remoteOutbound{r}, err
}

// NewInboundGroup implements [Implementation].
func (l *Lines) NewInboundGroup(sessionKey string) (InboundGroup, error) {
	r, err := l.make(0, "new-inbound-group", values{}.with("session_key", sessionKey))
	return remoteInbound{r}, err
}

// ImportInboundGroup implements [Implementation].
func (l *Lines) ImportInboundGroup(export string) (InboundGroup, error) {
	r, err := l.make(0, "import-inbound-group", values{}.with("export", export))
	return remoteInbound{r}, err
}

func (l *Lines) unpickle(call string, pickle, key []byte) (remote, error) {
	return l.make(0, call, values{}.with("pickle", string(pickle)).with("key_hex", key))
}

// UnpickleAccount implements [Pickles].
func (l *Lines) UnpickleAccount(pickle, key []byte) (Account, error) {
	r, err := l.unpickle("unpickle-account", pickle, key)
	return remoteAccount{r}, err
}

// UnpickleSession implements [Pickles].
func (l *Lines) UnpickleSession(pickle, key []byte) (Session, error) {
	r, err := l.unpickle("unpickle-session", pickle, key)
	return remoteSession{r}, err
}

// UnpickleOutboundGroup implements [Pickles].
func (l *Lines) UnpickleOutboundGroup(pickle, key []byte) (OutboundGroup, error) {
	r, err := l.unpickle("unpickle-outbound-group", pickle, key)
	return remoteOutbound{r}, err
}

// UnpickleInboundGroup implements [Pickles].
func (l *Lines) UnpickleInboundGroup(pickle, key []byte) (InboundGroup, error) {
	r, err := l.unpickle("unpickle-inbound-group", pickle, key)
	return remoteInbound{r}, err
}

func (l *Lines) load(call string, saved []byte) (remote, error) {
	return l.make(0, call, values{}.with("saved_hex", saved))
}

// LoadAccount implements [Loads].
func (l *Lines) LoadAccount(saved []byte) (Account, error) {
	r, err := l.load("load-account", saved)
	return remoteAccount{r}, err
}

// LoadSession implements [Loads].
func (l *Lines) LoadSession(saved []byte) (Session, error) {
	r, err := l.load("load-session", saved)
	return remoteSession{r}, err
}

// LoadOutboundGroup implements [Loads].
func (l *Lines) LoadOutboundGroup(saved []byte) (OutboundGroup, error) {
	r, err := l.load("load-outbound-group", saved)
	return remoteOutbound{r}, err
}

// LoadInboundGroup implements [Loads].
func (l *Lines) LoadInboundGroup(saved []byte) (InboundGroup, error) {
	r, err := l.load("load-inbound-group", saved)
	return remoteInbound{r}, err
}

type remoteAccount struct{ remote }

func (a remoteAccount) IdentityKeys() (curve25519, ed25519 string, err error) {
	k, err := ask(a.l, a.id, "account.identity-keys", nil, func(m *members) [2]string {
		return [2]string{m.Text("curve25519"), m.Text("ed25519")}
	})
	return k[0], k[1], err
}

func (a remoteAccount) Sign(message []byte) (string, error) {
	return ask(a.l, a.id, "account.sign", values{}.with("message_hex", message), func(m *members) string {
		return m.Text("signature")
	})
}

func (a remoteAccount) GenerateOneTimeKeys(n int) error {
	return a.l.tell(a.id, "account.generate-one-time-keys", values{"count": n})
}

func (a remoteAccount) keys(call string) (map[string]string, error) {
	return ask(a.l, a.id, call, nil, func(m *members) map[string]string {
		return m.Object("keys").Texts()
	})
}

func (a remoteAccount) OneTimeKeys() (map[string]string, error) {
	return a.keys("account.one-time-keys")
}

func (a remoteAccount) GenerateFallbackKey() error {
	return a.l.tell(a.id, "account.generate-fallback-key", nil)
}

func (a remoteAccount) FallbackKey() (map[string]string, error) {
	return a.keys("account.fallback-key")
}

func (a remoteAccount) ForgetFallbackKey() error {
	return a.l.tell(a.id, "account.forget-fallback-key", nil)
}

func (a remoteAccount) MarkPublished() error { return a.l.tell(a.id, "account.mark-published", nil) }

func (a remoteAccount) NewOutboundSession(identityKey, oneTimeKey string) (Session, error) {
	r, err := a.l.make(a.id, "account.new-outbound-session",
		values{}.with("identity_key", identityKey).with("one_time_key", oneTimeKey))
	return remoteSession{r}, err
}

func (a remoteAccount) NewInboundSession(identityKey, body string) (Session, []byte, error) {
	type both struct {
		id        uint64
		plaintext []byte
	}
	b, err := ask(a.l, a.id, "account.new-inbound-session", values{}.with("identity_key", identityKey).with("body", body),
		func(m *members) both { return both{uint64(m.Number("object")), m.Bytes("plaintext_hex")} })
	return remoteSession{remote{a.l, b.id}}, b.plaintext, err
}

func (a remoteAccount) CreateInboundSession(identityKey, body string) (Session, error) {
	r, err := a.l.make(a.id, "account.create-inbound-session", values{}.with("identity_key", identityKey).with("body", body))
	return remoteSession{r}, err
}

func (a remoteAccount) RemoveOneTimeKey(used Session) error {
	s, err := remoteOf(used)
	if err != nil {
		return err
	}
	return a.l.tell(a.id, "account.remove-one-time-key", values{"session": s.id})
}

func (a remoteAccount) Pickle(key []byte) ([]byte, error) { return a.pickle("account.pickle", key) }

type remoteSession struct{ remote }

func (s remoteSession) ID() (string, error) { return s.text("session.id", "id") }

func (s remoteSession) HasReceived() (bool, error) {
	return s.boolean("session.has-received", "received", nil)
}

func (s remoteSession) Describe() (string, error) { return s.text("session.describe", "text") }

func (s remoteSession) Matches(identityKey, body string) (bool, error) {
	return s.boolean("session.matches", "matches", values{}.with("identity_key", identityKey).with("body", body))
}

func (s remoteSession) Encrypt(plaintext []byte) (int, string, error) {
	m, err := ask(s.l, s.id, "session.encrypt", values{}.with("plaintext_hex", plaintext), func(m *members) message {
		return message{int(m.Number("message_type")), m.Text("body")}
	})
	return m.kind, m.body, err
}

func (s remoteSession) Decrypt(messageType int, body string) ([]byte, error) {
	return ask(s.l, s.id, "session.decrypt", values{"message_type": messageType}.with("body", body), func(m *members) []byte {
		return m.Bytes("plaintext_hex")
	})
}

func (s remoteSession) Pickle(key []byte) ([]byte, error) { return s.pickle("session.pickle", key) }

type remoteOutbound struct{ remote }

func (o remoteOutbound) ID() (string, error)    { return o.text("outbound-group.id", "id") }
func (o remoteOutbound) Index() (uint32, error) { return o.number("outbound-group.index", "index") }

func (o remoteOutbound) SessionKey() (string, error) {
	return o.text("outbound-group.session-key", "session_key")
}

func (o remoteOutbound) Encrypt(plaintext []byte) (string, error) {
	return ask(o.l, o.id, "outbound-group.encrypt", values{}.with("plaintext_hex", plaintext), func(m *members) string {
		return m.Text("message")
	})
}

func (o remoteOutbound) Pickle(key []byte) ([]byte, error) {
	return o.pickle("outbound-group.pickle", key)
}

type remoteInbound struct{ remote }

func (i remoteInbound) ID() (string, error) { return i.text("inbound-group.id", "id") }

func (i remoteInbound) FirstKnownIndex() (uint32, error) {
	return i.number("inbound-group.first-known-index", "index")
}

func (i remoteInbound) Verified() (bool, error) {
	return i.boolean("inbound-group.verified", "verified", nil)
}

func (i remoteInbound) Export(index uint32) (string, error) {
	return ask(i.l, i.id, "inbound-group.export", values{"index": index}, func(m *members) string { return m.Text("export") })
}

func (i remoteInbound) Decrypt(text string) ([]byte, uint32, error) {
	type both struct {
		plaintext []byte
		index     uint32
	}
	b, err := ask(i.l, i.id, "inbound-group.decrypt", values{}.with("message", text), func(m *members) both {
		return both{m.Bytes("plaintext_hex"), m.Number("index")}
	})
	return b.plaintext, b.index, err
}

func (i remoteInbound) Pickle(key []byte) ([]byte, error) {
	return i.pickle("inbound-group.pickle", key)
}
