package conformance

// objectServices make accounts, sessions and group sessions, and their calls.
var objectServices = map[string]service{
	"reset": func(s *server, _ uint64, _ *members) values {
		clear(s.objects)
		return nil
	},
	"new-account": maker(func(i Implementation, _ *members) (Account, error) { return i.NewAccount() }),
	"new-outbound-group": maker(func(i Implementation, _ *members) (OutboundGroup, error) {
		return i.NewOutboundGroup()
	}),
	"new-inbound-group": maker(func(i Implementation, in *members) (InboundGroup, error) {
		return i.NewInboundGroup(text(in, "session_key"))
	}),
	"import-inbound-group": maker(func(i Implementation, in *members) (InboundGroup, error) {
		return i.ImportInboundGroup(text(in, "export"))
	}),

	"unpickle-account":        unpickler(Pickles.UnpickleAccount),
	"unpickle-session":        unpickler(Pickles.UnpickleSession),
	"unpickle-outbound-group": unpickler(Pickles.UnpickleOutboundGroup),
	"unpickle-inbound-group":  unpickler(Pickles.UnpickleInboundGroup),
	"load-account":            loader(Loads.LoadAccount),
	"load-session":            loader(Loads.LoadSession),
	"load-outbound-group":     loader(Loads.LoadOutboundGroup),
	"load-inbound-group":      loader(Loads.LoadInboundGroup),
	"save": of(func(s Saver, _ *members) values {
		b, err := s.Save()
		return one("saved_hex", b, err)
	}),
	"account.pickle":        of(pickleIt),
	"session.pickle":        of(pickleIt),
	"outbound-group.pickle": of(pickleIt),
	"inbound-group.pickle":  of(pickleIt),

	"account.identity-keys": of(func(a Account, _ *members) values {
		curve, ed, err := a.IdentityKeys()
		refuse(err)
		return values{"curve25519": curve, "ed25519": ed}
	}),
	"account.sign": of(func(a Account, in *members) values {
		signature, err := a.Sign(in.Bytes("message_hex"))
		return one("signature", signature, err)
	}),
	"account.generate-one-time-keys": of(func(a Account, in *members) values {
		return none(a.GenerateOneTimeKeys(int(in.Number("count"))))
	}),
	"account.one-time-keys": of(func(a Account, _ *members) values {
		k, err := a.OneTimeKeys()
		return one("keys", orEmpty(k), err)
	}),
	"account.generate-fallback-key": of(func(a Account, _ *members) values { return none(a.GenerateFallbackKey()) }),
	"account.fallback-key": of(func(a Account, _ *members) values {
		k, err := a.FallbackKey()
		return one("keys", orEmpty(k), err)
	}),
	"account.forget-fallback-key": of(func(a Account, _ *members) values { return none(a.ForgetFallbackKey()) }),
	"account.mark-published":      of(func(a Account, _ *members) values { return none(a.MarkPublished()) }),
	"account.new-outbound-session": func(s *server, id uint64, in *members) values {
		session, err := object[Account](s, id).NewOutboundSession(text(in, "identity_key"), text(in, "one_time_key"))
		return s.keep(session, err)
	},
	"account.new-inbound-session": func(s *server, id uint64, in *members) values {
		session, plaintext, err := object[Account](s, id).NewInboundSession(text(in, "identity_key"), text(in, "body"))
		return s.keep(session, err).with("plaintext_hex", plaintext)
	},
	"account.create-inbound-session": func(s *server, id uint64, in *members) values {
		session, err := object[TwoSteps](s, id).CreateInboundSession(text(in, "identity_key"), text(in, "body"))
		return s.keep(session, err)
	},
	"account.remove-one-time-key": func(s *server, id uint64, in *members) values {
		return none(object[TwoSteps](s, id).RemoveOneTimeKey(object[Session](s, uint64(in.Number("session")))))
	},

	"session.id": of(func(s Session, _ *members) values {
		id, err := s.ID()
		return one("id", id, err)
	}),
	"session.has-received": of(func(s Session, _ *members) values {
		received, err := s.HasReceived()
		return one("received", received, err)
	}),
	"session.describe": of(func(d Describer, _ *members) values {
		description, err := d.Describe()
		return one("text", description, err)
	}),
	"session.matches": of(func(s Session, in *members) values {
		matches, err := s.Matches(text(in, "identity_key"), text(in, "body"))
		return one("matches", matches, err)
	}),
	"session.encrypt": of(func(s Session, in *members) values {
		kind, body, err := s.Encrypt(in.Bytes("plaintext_hex"))
		return one("body", body, err).with("message_type", kind)
	}),
	"session.decrypt": of(func(s Session, in *members) values {
		plaintext, err := s.Decrypt(int(in.Number("message_type")), text(in, "body"))
		return one("plaintext_hex", plaintext, err)
	}),

	"outbound-group.id": of(func(o OutboundGroup, _ *members) values {
		id, err := o.ID()
		return one("id", id, err)
	}),
	"outbound-group.index": of(func(o OutboundGroup, _ *members) values {
		index, err := o.Index()
		return one("index", index, err)
	}),
	"outbound-group.session-key": of(func(o OutboundGroup, _ *members) values {
		key, err := o.SessionKey()
		return one("session_key", key, err)
	}),
	"outbound-group.encrypt": of(func(o OutboundGroup, in *members) values {
		m, err := o.Encrypt(in.Bytes("plaintext_hex"))
		return one("message", m, err)
	}),

	"inbound-group.id": of(func(i InboundGroup, _ *members) values {
		id, err := i.ID()
		return one("id", id, err)
	}),
	"inbound-group.first-known-index": of(func(i InboundGroup, _ *members) values {
		index, err := i.FirstKnownIndex()
		return one("index", index, err)
	}),
	"inbound-group.verified": of(func(i InboundGroup, _ *members) values {
		verified, err := i.Verified()
		return one("verified", verified, err)
	}),
	"inbound-group.export": of(func(i InboundGroup, in *members) values {
		export, err := i.Export(in.Number("index"))
		return one("export", export, err)
	}),
	"inbound-group.decrypt": of(func(i InboundGroup, in *members) values {
		plaintext, index, err := i.Decrypt(text(in, "message"))
		return one("plaintext_hex", plaintext, err).with("index", index)
	}),
}

func unpickler[O any](f func(p Pickles, pickle, key []byte) (O, error)) service {
	return maker(func(p Pickles, in *members) (O, error) {
		return f(p, []byte(text(in, "pickle")), in.Bytes("key_hex"))
	})
}

func loader[O any](f func(l Loads, saved []byte) (O, error)) service {
	return maker(func(l Loads, in *members) (O, error) { return f(l, in.Bytes("saved_hex")) })
}

func pickleIt(p Pickler, in *members) values {
	b, err := p.Pickle(in.Bytes("key_hex"))
	return one("pickle", string(b), err)
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
