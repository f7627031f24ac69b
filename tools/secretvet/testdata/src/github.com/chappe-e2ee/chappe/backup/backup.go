package backup // want `the exception for backup.absent is not needed` `the exception for backup.innocent is not needed`

import "github.com/chappe-e2ee/chappe/internal/secret"

type key struct{ b [32]byte }

func (k *key) wipe() { secret.Wipe(k.b[:]) }

func excepted(a, b *key) bool { return a.b == b.b }

func (k *key) method(b *key) bool { return k.b == b.b }

func innocent(a, b []byte) bool { return len(a) == len(b) }
