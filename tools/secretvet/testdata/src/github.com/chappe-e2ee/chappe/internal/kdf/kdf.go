package kdf

func HMAC(out *[32]byte, key, message []byte) {}

func Step(out, key *[32]byte, b byte) {}

func HKDF(out, ikm, salt []byte, info string) {}
