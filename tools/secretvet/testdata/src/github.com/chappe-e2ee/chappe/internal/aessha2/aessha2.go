package aessha2

import "github.com/chappe-e2ee/chappe/internal/secret"

type Cipher struct{ okm [80]byte }

func (c *Cipher) Wipe() { secret.Wipe(c.okm[:]) }

func (c *Cipher) MAC(message []byte) (mac [8]byte) { return mac }
