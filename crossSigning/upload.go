package crosssigning

import "github.com/chappe-e2ee/chappe/internal/canonicaljson"

const uploadName = "crosssigning: signatures upload"

// KeySignature is a new signature of a published key, for [SignaturesUpload].
type KeySignature struct {
	userID, name string // whose key, and the device id or the public key
	object       Object
}

// Object returns the key's object with the new signature and no other.
func (s KeySignature) Object() Object { return s.object }

// SignaturesUpload returns the body of POST
// /_matrix/client/v3/keys/signatures/upload. Several signatures of one key are
// put together. The server answers 200 also when it refuses one: read
// [SignaturesFailures]. It returns a [*MalformedError] when a signature is
// absent, or two are of different objects under one name.
func SignaturesUpload(list ...KeySignature) ([]byte, error) {
	users := map[string]map[string]Object{}
	for _, s := range list {
		if s.object.IsZero() {
			return nil, malformed(uploadName, "a signature is absent")
		}
		if users[s.userID] == nil {
			users[s.userID] = map[string]Object{}
		}
		object, err := s.join(users[s.userID][s.name])
		if err != nil {
			return nil, err
		}
		users[s.userID][s.name] = object
	}
	var body []canonicaljson.Member
	for userID, byName := range users {
		var user []canonicaljson.Member
		for name, object := range byName {
			user = append(user, canonicaljson.Member{Name: name, Value: object.value})
		}
		body = append(body, canonicaljson.Member{Name: userID, Value: canonicaljson.Object(user...)})
	}
	return canonicaljson.Object(body...).AppendTo(nil), nil
}

// join returns the object with its signature and those of known, which may be
// absent.
func (s KeySignature) join(known Object) (Object, error) {
	if known.IsZero() {
		return s.object, nil
	}
	if known.bare() != s.object.bare() {
		return Object{}, malformed(uploadName, "different objects under one name")
	}
	for entity, byID := range s.object.value.Get(signaturesMember).Members() {
		for id, signature := range byID.Members() {
			var err error
			if known, err = known.withSignature(entity, KeyID{id}, signature); err != nil {
				return Object{}, err
			}
		}
	}
	return known, nil
}

// SignaturesFailures reads the server's response to the upload, and returns a
// failure for each signature that it did not take. It returns a
// [*MalformedError].
func SignaturesFailures(response []byte) ([]*EntryError, error) {
	const what = "crosssigning: response to the signatures upload"
	o, err := parseObject(what, response)
	if err != nil {
		return nil, err
	}
	failures := o.value.Get("failures")
	if !failures.IsZero() && !failures.IsObject() {
		return nil, malformed(what, "failures is not an object")
	}
	var list []*EntryError
	for userID, byKey := range failures.Members() {
		for name, failure := range byKey.Members() {
			code, _ := failure.Get("errcode").Text()
			message, _ := failure.Get("error").Text()
			list = append(list, &EntryError{UserID: userID, Name: name, What: "signature", Err: &RefusedError{code, message}})
		}
	}
	return list, nil
}

// RefusedError is the server's answer for a signature that it refuses.
type RefusedError struct{ Code, Message string }

func (e *RefusedError) Error() string {
	return "crosssigning: refused by the server: " + quote(e.Code) + " " + quote(e.Message)
}
