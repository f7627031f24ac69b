package backup

import (
	"fmt"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/internal/canonicaljson"
	"github.com/chappe-e2ee/chappe/internal/secret"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

// Algorithm is the algorithm of the backups that are read and written.
const Algorithm = "m.megolm_backup.v1.curve25519-aes-sha2"

const (
	authDataName = "backup: auth_data"
	versionName  = "backup: version"
)

// AuthData says how the keys of a backup are encrypted, and carries signatures
// that say whose it is. It is immutable, and keeps the members that it does not
// know. The zero value is absent.
//
// By itself it is the server's word: see [AuthData.Judge].
type AuthData struct {
	object crosssigning.Object
	public keys.Curve25519
}

// NewAuthData returns the auth_data of a backup that is encrypted to public, the
// public key of a backup decryption key. It is not signed. It returns
// [keys.ErrAbsent].
func NewAuthData(public keys.Curve25519) (AuthData, error) {
	if public.IsZero() {
		return AuthData{}, fmt.Errorf("backup: public key: %w", keys.ErrAbsent)
	}
	return ParseAuthData([]byte(`{"public_key":"` + public.String() + `"}`))
}

// ParseAuthData returns the auth_data of a JSON text. It returns a
// [*MalformedError].
func ParseAuthData(text []byte) (AuthData, error) {
	object, err := crosssigning.ParseObject(text)
	if err != nil {
		return AuthData{}, malformed(authDataName, "not a signed object of canonical JSON")
	}
	v, err := canonicaljson.Parse(text)
	if err != nil { // ParseObject has parsed it
		return AuthData{}, malformed(authDataName, err.Error())
	}
	public, ok := v.Get("public_key").Text()
	if !ok {
		return AuthData{}, malformed(authDataName, "public_key is not a string")
	}
	k, err := keys.ParseCurve25519(public)
	if err != nil {
		return AuthData{}, malformed(authDataName, "public_key is not a Curve25519 key")
	}
	return AuthData{object: object, public: k}, nil
}

// IsZero says whether a is absent.
func (a AuthData) IsZero() bool { return a.public.IsZero() }

// PublicKey returns the key to which the backup is encrypted.
func (a AuthData) PublicKey() keys.Curve25519 { return a.public }

// Object returns the signed object.
func (a AuthData) Object() crosssigning.Object { return a.object }

// MarshalJSON returns the auth_data in canonical form, with its signatures. It
// returns [keys.ErrAbsent] for the zero value.
func (a AuthData) MarshalJSON() ([]byte, error) { return a.object.MarshalJSON() }

// UnmarshalJSON sets a as [ParseAuthData] does. When it fails, a is as before.
func (a *AuthData) UnmarshalJSON(text []byte) error {
	parsed, err := ParseAuthData(text)
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

// Sign adds the signature of the user's master key. public is the public key of the
// backup decryption key that the program knows, not what the server says it is.
// It returns what PrivateKeys.SignBackup of package crosssigning does.
func (a AuthData) Sign(private *crosssigning.PrivateKeys, public keys.Curve25519) (AuthData, error) {
	object, err := private.SignBackup(a.object, public)
	if err != nil {
		return AuthData{}, err
	}
	return AuthData{object: object, public: a.public}, nil
}

// SignDevice adds the signature of a device of the user. signer has the private
// key that d shows. It returns [keys.ErrAbsent], a [*MalformedError] when a could
// also be read as another signed object, crosssigning.ErrSignature when signer
// has another key, or what signer returns.
func (a AuthData) SignDevice(d *crosssigning.DeviceKeys, signer crosssigning.Signer) (AuthData, error) {
	if a.IsZero() {
		return AuthData{}, fmt.Errorf("backup: auth_data: %w", keys.ErrAbsent)
	}
	text, err := a.object.MarshalJSON()
	if err != nil {
		return AuthData{}, err
	}
	v, err := canonicaljson.Parse(text)
	if err != nil {
		return AuthData{}, malformed(authDataName, err.Error())
	}
	for _, name := range []string{"user_id", "device_id", "usage", "keys", "key"} {
		if !v.Get(name).IsZero() {
			return AuthData{}, malformed(authDataName, "has a member of a signed key")
		}
	}
	object, err := a.object.Sign(d.UserID(), crosssigning.DeviceKeyID(d.DeviceID()), signer)
	if err != nil {
		return AuthData{}, err
	}
	if err := d.VerifyBackup(object); err != nil {
		return AuthData{}, err
	}
	return AuthData{object: object, public: a.public}, nil
}

// VersionBody returns the body of POST /_matrix/client/v3/room_keys/version,
// which creates the backup. It returns [keys.ErrAbsent].
func (a AuthData) VersionBody() ([]byte, error) {
	text, err := a.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return []byte(`{"algorithm":"` + Algorithm + `","auth_data":` + string(text) + `}`), nil
}

// Version is a backup as the server shows it. All of it is the server's word.
type Version struct {
	ID       string // what later requests name it by
	ETag     string // changes with every change of the keys
	Count    int64  // of the keys
	AuthData AuthData
}

// ParseVersion reads the answer to GET /_matrix/client/v3/room_keys/version. It
// returns a [*MalformedError], or [ErrAlgorithm] for a backup of another
// algorithm.
func ParseVersion(text []byte) (Version, error) {
	m, err := parseMembers(versionName, text)
	if err != nil {
		return Version{}, err
	}
	algorithm, err := m.text(versionName, "algorithm")
	if err != nil {
		return Version{}, err
	}
	if algorithm != Algorithm {
		return Version{}, ErrAlgorithm
	}
	var v Version
	if v.ID, err = m.text(versionName, "version"); err != nil || v.ID == "" {
		return Version{}, malformed(versionName, "version is not a string, or empty")
	}
	if v.ETag, err = m.text(versionName, "etag"); err != nil {
		return Version{}, err
	}
	if v.Count, err = m.count(versionName); err != nil {
		return Version{}, err
	}
	if v.AuthData, err = ParseAuthData(m.get("auth_data")); err != nil {
		return Version{}, err
	}
	return v, nil
}

// CheckKey returns nil when key is the private key of the backup, else
// [ErrWrongKey]. Ask it before a restore: with another key, no session decrypts.
func (a AuthData) CheckKey(key *pk.DecryptionKey) error {
	if a.IsZero() || key.PublicKey() != a.public {
		return ErrWrongKey
	}
	return nil
}

// ParseRecoveryKey returns the backup decryption key that a person typed, in the
// form of a recovery key. Where the account has secret storage, what people call
// their recovery key is another one, which opens this key there: see package
// secretstorage. It returns what secretstorage.ParseRecoveryKey does.
func ParseRecoveryKey(text []byte) (*pk.DecryptionKey, error) {
	return secret.Call(func() (*pk.DecryptionKey, error) { return doParseRecoveryKey(text) })
}

func doParseRecoveryKey(text []byte) (*pk.DecryptionKey, error) {
	k, err := secretstorage.ParseRecoveryKey(text)
	if err != nil {
		return nil, err
	}
	defer k.Close()
	b, err := k.Secret()
	defer secret.Wipe(b[:])
	if err != nil {
		return nil, err
	}
	return pk.NewDecryptionKey(b[:])
}

// RecoveryKey returns the text form of a backup decryption key, for the person.
// Wiping it is the caller's. It returns pk.ErrClosed.
func RecoveryKey(key *pk.DecryptionKey) ([]byte, error) {
	return secret.Call(func() ([]byte, error) { return doRecoveryKey(key) })
}

func doRecoveryKey(key *pk.DecryptionKey) ([]byte, error) {
	b, err := key.Secret()
	defer secret.Wipe(b[:])
	if err != nil {
		return nil, err
	}
	k, err := secretstorage.NewKey(b[:])
	if err != nil {
		return nil, err
	}
	defer k.Close()
	return k.RecoveryKey()
}
