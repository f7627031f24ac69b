package libolm

// #include <olm/olm.h>
import "C"

import "runtime"

// OutboundGroup is an OlmOutboundGroupSession.
type OutboundGroup struct{ c *C.OlmOutboundGroupSession }

func blankOutbound() *OutboundGroup {
	g := new(OutboundGroup)
	g.c = C.olm_outbound_group_session(allocate(g, C.olm_outbound_group_session_size()))
	return g
}

func (g *OutboundGroup) check(result C.size_t) error {
	defer runtime.KeepAlive(g)
	if result == failed {
		return failure(C.olm_outbound_group_session_last_error_code(g.c))
	}
	return nil
}

// NewOutboundGroup is olm_init_outbound_group_session.
func NewOutboundGroup() (*OutboundGroup, error) {
	g := blankOutbound()
	r := random(C.olm_init_outbound_group_session_random_length(g.c))
	return g, g.check(C.olm_init_outbound_group_session(g.c, bytePointer(r), length(r)))
}

// UnpickleOutboundGroup is olm_unpickle_outbound_group_session.
func UnpickleOutboundGroup(pickle, key []byte) (*OutboundGroup, error) {
	g, p := blankOutbound(), scratch(pickle)
	return g, g.check(C.olm_unpickle_outbound_group_session(g.c, pointer(key), length(key), pointer(p), length(p)))
}

// Pickle is olm_pickle_outbound_group_session.
func (g *OutboundGroup) Pickle(key []byte) ([]byte, error) {
	out := buffer(C.olm_pickle_outbound_group_session_length(g.c))
	err := g.check(C.olm_pickle_outbound_group_session(g.c, pointer(key), length(key), pointer(out), length(out)))
	return out, err
}

// ID is olm_outbound_group_session_id.
func (g *OutboundGroup) ID() (string, error) {
	out := buffer(C.olm_outbound_group_session_id_length(g.c))
	err := g.check(C.olm_outbound_group_session_id(g.c, bytePointer(out), length(out)))
	return string(out), err
}

// Index is olm_outbound_group_session_message_index.
func (g *OutboundGroup) Index() uint32 {
	defer runtime.KeepAlive(g)
	return uint32(C.olm_outbound_group_session_message_index(g.c))
}

// SessionKey is olm_outbound_group_session_key.
func (g *OutboundGroup) SessionKey() (string, error) {
	out := buffer(C.olm_outbound_group_session_key_length(g.c))
	err := g.check(C.olm_outbound_group_session_key(g.c, bytePointer(out), length(out)))
	return string(out), err
}

// Encrypt is olm_group_encrypt.
func (g *OutboundGroup) Encrypt(plaintext []byte) (string, error) {
	out := buffer(C.olm_group_encrypt_message_length(g.c, length(plaintext)))
	err := g.check(C.olm_group_encrypt(g.c, bytePointer(plaintext), length(plaintext), bytePointer(out), length(out)))
	return string(out), err
}

// InboundGroup is an OlmInboundGroupSession.
type InboundGroup struct{ c *C.OlmInboundGroupSession }

func blankInbound() *InboundGroup {
	g := new(InboundGroup)
	g.c = C.olm_inbound_group_session(allocate(g, C.olm_inbound_group_session_size()))
	return g
}

func (g *InboundGroup) check(result C.size_t) error {
	defer runtime.KeepAlive(g)
	if result == failed {
		return failure(C.olm_inbound_group_session_last_error_code(g.c))
	}
	return nil
}

// NewInboundGroup is olm_init_inbound_group_session.
func NewInboundGroup(sessionKey []byte) (*InboundGroup, error) {
	g, k := blankInbound(), scratch(sessionKey)
	return g, g.check(C.olm_init_inbound_group_session(g.c, bytePointer(k), length(k)))
}

// ImportInboundGroup is olm_import_inbound_group_session.
func ImportInboundGroup(export []byte) (*InboundGroup, error) {
	g, k := blankInbound(), scratch(export)
	return g, g.check(C.olm_import_inbound_group_session(g.c, bytePointer(k), length(k)))
}

// UnpickleInboundGroup is olm_unpickle_inbound_group_session.
func UnpickleInboundGroup(pickle, key []byte) (*InboundGroup, error) {
	g, p := blankInbound(), scratch(pickle)
	return g, g.check(C.olm_unpickle_inbound_group_session(g.c, pointer(key), length(key), pointer(p), length(p)))
}

// Pickle is olm_pickle_inbound_group_session.
func (g *InboundGroup) Pickle(key []byte) ([]byte, error) {
	out := buffer(C.olm_pickle_inbound_group_session_length(g.c))
	err := g.check(C.olm_pickle_inbound_group_session(g.c, pointer(key), length(key), pointer(out), length(out)))
	return out, err
}

// ID is olm_inbound_group_session_id.
func (g *InboundGroup) ID() (string, error) {
	out := buffer(C.olm_inbound_group_session_id_length(g.c))
	err := g.check(C.olm_inbound_group_session_id(g.c, bytePointer(out), length(out)))
	return string(out), err
}

// FirstKnownIndex is olm_inbound_group_session_first_known_index.
func (g *InboundGroup) FirstKnownIndex() uint32 {
	defer runtime.KeepAlive(g)
	return uint32(C.olm_inbound_group_session_first_known_index(g.c))
}

// IsVerified is olm_inbound_group_session_is_verified.
func (g *InboundGroup) IsVerified() bool {
	defer runtime.KeepAlive(g)
	return C.olm_inbound_group_session_is_verified(g.c) != 0
}

// Export is olm_export_inbound_group_session.
func (g *InboundGroup) Export(index uint32) ([]byte, error) {
	out := buffer(C.olm_export_inbound_group_session_length(g.c))
	err := g.check(C.olm_export_inbound_group_session(g.c, bytePointer(out), length(out), C.uint32_t(index)))
	return out, err
}

// Decrypt is olm_group_decrypt.
func (g *InboundGroup) Decrypt(message string) ([]byte, uint32, error) {
	m := scratch(message)
	n := C.olm_group_decrypt_max_plaintext_length(g.c, bytePointer(m), length(m))
	if err := g.check(n); err != nil {
		return nil, 0, err
	}
	var index C.uint32_t
	m, out := scratch(message), buffer(n)
	n = C.olm_group_decrypt(g.c, bytePointer(m), length(m), bytePointer(out), length(out), &index)
	if err := g.check(n); err != nil {
		return nil, 0, err
	}
	return out[:n], uint32(index), nil
}
