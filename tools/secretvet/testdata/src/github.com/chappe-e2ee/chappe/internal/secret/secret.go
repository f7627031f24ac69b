package secret

type Redacted struct{}

func Wipe(b []byte) { clear(b) }
