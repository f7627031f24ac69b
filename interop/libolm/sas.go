package libolm

// #include <olm/olm.h>
// #include <olm/sas.h>
import "C"

import "runtime"

// SAS is an OlmSAS.
type SAS struct{ c *C.OlmSAS }

func (s *SAS) check(result C.size_t) error {
	defer runtime.KeepAlive(s)
	if result == failed {
		return failure(C.olm_sas_last_error_code(s.c))
	}
	return nil
}

// NewSAS is olm_create_sas.
func NewSAS() (*SAS, error) {
	s := new(SAS)
	s.c = C.olm_sas(allocate(s, C.olm_sas_size()))
	r := random(C.olm_create_sas_random_length(s.c))
	return s, s.check(C.olm_create_sas(s.c, pointer(r), length(r)))
}

// PublicKey is olm_sas_get_pubkey.
func (s *SAS) PublicKey() (string, error) {
	out := buffer(C.olm_sas_pubkey_length(s.c))
	err := s.check(C.olm_sas_get_pubkey(s.c, pointer(out), length(out)))
	return string(out), err
}

// SetTheirKey is olm_sas_set_their_key.
func (s *SAS) SetTheirKey(key string) error {
	k := scratch(key)
	return s.check(C.olm_sas_set_their_key(s.c, pointer(k), length(k)))
}

// Bytes is olm_sas_generate_bytes.
func (s *SAS) Bytes(info []byte, n int) ([]byte, error) {
	out := buffer(n)
	err := s.check(C.olm_sas_generate_bytes(s.c, pointer(info), length(info), pointer(out), length(out)))
	return out, err
}

// MAC is olm_sas_calculate_mac_fixed_base64.
func (s *SAS) MAC(input, info []byte) (string, error) {
	out := buffer(C.olm_sas_mac_length(s.c))
	err := s.check(C.olm_sas_calculate_mac_fixed_base64(s.c, pointer(input), length(input),
		pointer(info), length(info), pointer(out), length(out)))
	return string(out), err
}

// LegacyMAC is olm_sas_calculate_mac.
func (s *SAS) LegacyMAC(input, info []byte) (string, error) {
	out := buffer(C.olm_sas_mac_length(s.c))
	err := s.check(C.olm_sas_calculate_mac(s.c, pointer(input), length(input),
		pointer(info), length(info), pointer(out), length(out)))
	return string(out), err
}

// LongMAC is olm_sas_calculate_mac_long_kdf.
func (s *SAS) LongMAC(input, info []byte) (string, error) {
	out := buffer(C.olm_sas_mac_length(s.c))
	err := s.check(C.olm_sas_calculate_mac_long_kdf(s.c, pointer(input), length(input),
		pointer(info), length(info), pointer(out), length(out)))
	return string(out), err
}
