// Package crosssigning is about who stands behind a key: signed JSON, the key
// objects of devices, a user's three cross-signing keys, what they sign, and
// how far a user or a device can be trusted.
//
// A device publishes its keys with [LocalDevice.Keys], [SignOneTimeKeys] and
// [KeysUpload]. What others published is asked for with a [Query] and a
// [Claim], whose Check methods read the server's response and let through only
// what is signed as it must be. Who a key belongs to, [Self.Judge] says: a
// [UserTrust] for a user, a [DeviceTrust] for each device. A program that signs
// its own device takes its [PrivateKeys] from secret storage with
// [ImportPrivateKeys], calls [PrivateKeys.SignDevice] and sends what
// [SignaturesUpload] returns.
//
// Values that were read, as [DeviceKeys], [PublicKey] and [Identity], exist only
// when their signatures were checked; they are immutable. They keep the JSON
// that was signed, with members that this package does not know, in canonical
// form, and what they tell was read from these same bytes.
//
// # Key management
//
// The server delivers all keys. Nothing in a response is believed because the
// server says so: a device's keys never change once they are known, a one-time
// key is signed by a device that was known before, and a user whose master key
// changed is no longer trusted until a person agrees. For this, the program
// stores a [Pin] for each user, and the devices that it knows.
//
// [PrivateKeys] has no stored form. The seeds belong into secret storage;
// [PrivateKeys.Secret] and [PrivateKeys.SecretText] let them out.
//
// A signature cannot be taken back: a server can show a master key that a user
// has replaced, with the signatures that it once had. [Pin] notices a change in
// either direction, of other users and of ourselves. No signature and no private
// key is a reason to take over another master key: only a person's word is, by
// [Verdict.Acknowledged].
//
// What is signed was built here or is checked first: it cannot be read as two
// kinds of signed object. So is what is read as auth_data of a backup, with
// [Identity.VerifyBackup] and [DeviceKeys.VerifyBackup].
//
// # Interoperability
//
// Matrix specification, appendices, "Signing JSON"; client-server API, "Key
// algorithms", "Device keys", "Cross-signing", "Key and signature security".
// JSON is read strictly: see the specification's "Canonical JSON"; names are
// taken to the letter, and no name stands twice. A cross-signing key has exactly
// one usage, its id equals its value, and no user has one key in two roles. The
// names of key algorithms are arguments; only Curve25519 one-time keys exist.
package crosssigning
