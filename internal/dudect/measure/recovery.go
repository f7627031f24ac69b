package main

import (
	"github.com/chappe-e2ee/chappe/internal/dudect"
	"github.com/chappe-e2ee/chappe/secretstorage"
)

func recoverySubjects() []subject {
	const classes = "zeros but one bit, random"
	return []subject{
		{"recovery key: secretstorage.ParseRecoveryKey", classes, false, dudect.Operation{
			Input: recoveryKey, Run: func(b []byte) { _, err := secretstorage.ParseRecoveryKey(b); accepted = err == nil },
		}},
		{"recovery key: control, symbols searched for, a growing number", classes, true, dudect.Operation{
			Input: recoveryKey, Run: func(b []byte) { _, accepted = searchedKey(b) },
		}},
	}
}

// recoveryKey returns the text of a key.
func recoveryKey(c dudect.Class) []byte {
	b := zerosOrRandom(c, secretstorage.KeySize)
	b[0] |= 1
	key, err := secretstorage.NewKey(b)
	if err != nil {
		return nil
	}
	text, err := key.RecoveryKey()
	if err != nil {
		return nil
	}
	return text
}
