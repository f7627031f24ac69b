package pk

import (
	"github.com/chappe-e2ee/chappe/internal/curve"
	"github.com/chappe-e2ee/chappe/internal/layout"
	"github.com/chappe-e2ee/chappe/internal/libolm"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
)

const (
	pickleVersion = 1
	pickleLen     = 4 + keys.PublicKeySize + PrivateKeySize
	pickleName    = "pk: libolm decryption key pickle"
)

// ImportLibolmDecryptionKey reads a pickle of libolm's OlmPkDecryption (version
// 1), in libolm's base64 form. The pickle key has any length. It returns a
// [*MalformedError], also when the public key in the pickle is not the private
// key's, a [*VersionError] or [ErrPickleKey], and fails otherwise as
// [GenerateDecryptionKey] does.
func ImportLibolmDecryptionKey(pickle, pickleKey []byte) (*DecryptionKey, error) {
	return secret.Call(func() (*DecryptionKey, error) { return doImportLibolmDecryptionKey(pickle, pickleKey) })
}

func doImportLibolmDecryptionKey(pickle, pickleKey []byte) (*DecryptionKey, error) {
	plaintext, err := libolm.Decrypt(pickleName, pickle, pickleKey)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(plaintext)
	in := layout.NewReader(pickleName, plaintext)
	if v := in.Uint32(); !in.Failed() && v != pickleVersion {
		return nil, &VersionError{What: pickleName, Got: v}
	}
	var public [keys.PublicKeySize]byte
	private := new([PrivateKeySize]byte)
	in.Bytes(public[:])
	in.Key(private)
	if err := in.End(); err != nil {
		secret.Wipe(private[:])
		return nil, err
	}
	k, err := newDecryptionKey(private)
	if err != nil {
		return nil, err
	}
	if k.public.Array() != public {
		secret.Wipe(private[:])
		return nil, &MalformedError{What: pickleName, Why: curve.ErrKeyMismatch.Error()}
	}
	return k, nil
}

// ExportLibolm returns the key as libolm 3.2.13 pickles it, byte for byte. The
// form is for moving to libolm: its encryption is deterministic. For storage,
// keep [DecryptionKey.Secret] under a cipher of your own. It returns
// [ErrClosed].
func (k *DecryptionKey) ExportLibolm(pickleKey []byte) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return k.doExportLibolm(pickleKey) })
}

func (k *DecryptionKey) doExportLibolm(pickleKey []byte) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.live {
		return nil, ErrClosed
	}
	w := libolm.NewWriter(pickleLen)
	w.Uint32(pickleVersion)
	w.Bytes(k.public.Bytes())
	w.Bytes(k.held.private[:])
	return libolm.EncryptWritten(w, pickleKey), nil
}
