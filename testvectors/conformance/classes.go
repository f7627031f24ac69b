package conformance

// Classes are the error classes that testvectors/README.md describes.
var Classes = []string{
	"base64", "key", "malformed", "version", "mac", "message-key-gone", "message-gap", "signature",
	"unknown-index", "unknown-one-time-key", "session-key", "pickle-key", "pickle-legacy", "pickle-trailing",
}
