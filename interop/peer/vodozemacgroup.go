package peer

func (Vodozemac) NewOutboundGroup() (OutboundGroup, error) {
	return vodozemacOutboundOf(random(nil, "outbound.new", nil))
}

func (Vodozemac) UnpickleOutboundGroup(pickle, key []byte) (OutboundGroup, error) {
	return vodozemacOutboundOf(unpickle("outbound", pickle, key))
}

func (Vodozemac) NewInboundGroup(sessionKey string) (InboundGroup, error) {
	return vodozemacInboundOf(call(nil, "inbound.new", request{"text": sessionKey}))
}

func (Vodozemac) ImportInboundGroup(export string) (InboundGroup, error) {
	return vodozemacInboundOf(call(nil, "inbound.import", request{"text": export}))
}

func (Vodozemac) UnpickleInboundGroup(pickle, key []byte) (InboundGroup, error) {
	return vodozemacInboundOf(unpickle("inbound", pickle, key))
}

type vodozemacOutbound struct {
	vodozemacObject
	id    string
	index uint32
}

func vodozemacOutboundOf(a *answer, err error) (OutboundGroup, error) {
	if err != nil {
		return nil, err
	}
	return &vodozemacOutbound{vodozemacObject{newObject(a), "outbound"}, a.ID, a.Index}, nil
}

func (v *vodozemacOutbound) ID() (string, error) { return v.id, nil }
func (v *vodozemacOutbound) Index() uint32       { return v.index }

func (v *vodozemacOutbound) SessionKey() (string, error) {
	a, err := call(v.object, "outbound.session key", nil)
	if err != nil {
		return "", err
	}
	return a.Text, nil
}

func (v *vodozemacOutbound) Encrypt(plaintext []byte) (string, error) {
	a, err := call(v.object, "outbound.encrypt", request{"message": binary(plaintext)})
	if err != nil {
		return "", err
	}
	v.index = a.Index
	return a.Text, nil
}

type vodozemacInbound struct {
	vodozemacObject
	last *answer // id, first known index, and whether the signing key is verified
}

func vodozemacInboundOf(a *answer, err error) (InboundGroup, error) {
	if err != nil {
		return nil, err
	}
	return &vodozemacInbound{vodozemacObject{newObject(a), "inbound"}, a}, nil
}

func (v *vodozemacInbound) ID() (string, error)     { return v.last.ID, nil }
func (v *vodozemacInbound) FirstKnownIndex() uint32 { return v.last.Index }
func (v *vodozemacInbound) Verified() bool          { return v.last.Verified }

func (v *vodozemacInbound) Export(index uint32) (string, error) {
	a, err := call(v.object, "inbound.export", request{"index": index})
	if err != nil {
		return "", err
	}
	return a.Text, nil
}

func (v *vodozemacInbound) Decrypt(message string) ([]byte, uint32, error) {
	a, err := call(v.object, "inbound.decrypt", request{"body": message})
	if err != nil {
		return nil, 0, err
	}
	v.last = a
	plaintext, err := a.plaintext()
	return plaintext, a.At, err
}
