package pk // want `the exception for pk.absent is not needed` `the exception for pk.innocent is not needed`

import "github.com/chappe-e2ee/chappe/internal/secret"

type key struct{ b [32]byte } // want key:"stateful"

func (k *key) wipe() { secret.Wipe(k.b[:]) }

func excepted(a, b *key) { *a = *b }

func (k *key) method(b *key) { *k = *b }

func innocent(a, b *key) *key { return a }
