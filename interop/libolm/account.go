package libolm

// #include <olm/olm.h>
import "C"

import "runtime"

// Account is an OlmAccount.
type Account struct{ c *C.OlmAccount }

func blankAccount() *Account {
	a := new(Account)
	a.c = C.olm_account(allocate(a, C.olm_account_size()))
	return a
}

func (a *Account) check(result C.size_t) error {
	defer runtime.KeepAlive(a)
	if result == failed {
		return failure(C.olm_account_last_error_code(a.c))
	}
	return nil
}

// NewAccount is olm_create_account.
func NewAccount() (*Account, error) {
	a := blankAccount()
	r := random(C.olm_create_account_random_length(a.c))
	return a, a.check(C.olm_create_account(a.c, pointer(r), length(r)))
}

// UnpickleAccount is olm_unpickle_account.
func UnpickleAccount(pickle, key []byte) (*Account, error) {
	a, p := blankAccount(), scratch(pickle)
	return a, a.check(C.olm_unpickle_account(a.c, pointer(key), length(key), pointer(p), length(p)))
}

// Pickle is olm_pickle_account.
func (a *Account) Pickle(key []byte) ([]byte, error) {
	out := buffer(C.olm_pickle_account_length(a.c))
	err := a.check(C.olm_pickle_account(a.c, pointer(key), length(key), pointer(out), length(out)))
	return out, err
}

// IdentityKeys is olm_account_identity_keys, JSON.
func (a *Account) IdentityKeys() ([]byte, error) {
	out := buffer(C.olm_account_identity_keys_length(a.c))
	err := a.check(C.olm_account_identity_keys(a.c, pointer(out), length(out)))
	return out, err
}

// Sign is olm_account_sign, base64.
func (a *Account) Sign(message []byte) (string, error) {
	out := buffer(C.olm_account_signature_length(a.c))
	err := a.check(C.olm_account_sign(a.c, pointer(message), length(message), pointer(out), length(out)))
	return string(out), err
}

// OneTimeKeys is olm_account_one_time_keys, JSON.
func (a *Account) OneTimeKeys() ([]byte, error) {
	out := buffer(C.olm_account_one_time_keys_length(a.c))
	err := a.check(C.olm_account_one_time_keys(a.c, pointer(out), length(out)))
	return out, err
}

// GenerateOneTimeKeys is olm_account_generate_one_time_keys.
func (a *Account) GenerateOneTimeKeys(n int) error {
	r := random(C.olm_account_generate_one_time_keys_random_length(a.c, C.size_t(n)))
	return a.check(C.olm_account_generate_one_time_keys(a.c, C.size_t(n), pointer(r), length(r)))
}

// GenerateFallbackKey is olm_account_generate_fallback_key.
func (a *Account) GenerateFallbackKey() error {
	r := random(C.olm_account_generate_fallback_key_random_length(a.c))
	return a.check(C.olm_account_generate_fallback_key(a.c, pointer(r), length(r)))
}

// UnpublishedFallbackKey is olm_account_unpublished_fallback_key, JSON.
func (a *Account) UnpublishedFallbackKey() ([]byte, error) {
	out := buffer(C.olm_account_unpublished_fallback_key_length(a.c))
	err := a.check(C.olm_account_unpublished_fallback_key(a.c, pointer(out), length(out)))
	return out, err
}

// ForgetOldFallbackKey is olm_account_forget_old_fallback_key.
func (a *Account) ForgetOldFallbackKey() {
	C.olm_account_forget_old_fallback_key(a.c)
	runtime.KeepAlive(a)
}

// MarkKeysAsPublished is olm_account_mark_keys_as_published.
func (a *Account) MarkKeysAsPublished() error {
	return a.check(C.olm_account_mark_keys_as_published(a.c))
}

// RemoveOneTimeKeys is olm_remove_one_time_keys.
func (a *Account) RemoveOneTimeKeys(s *Session) error {
	defer runtime.KeepAlive(s)
	return a.check(C.olm_remove_one_time_keys(a.c, s.c))
}
