package olm_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/olm"
)

// together runs f on n goroutines and waits.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// A message key is used once, however many goroutines encrypt, and what they
// send decrypts on as many.
func TestConcurrentSession(t *testing.T) {
	t.Parallel()
	const workers, each = 16, 40
	c := newConversation(t)
	c.say(c.alice, c.bob, "ping") // Bob's next message makes a chain, once
	type id struct {
		key   keys.Curve25519
		index uint32
	}
	var mu sync.Mutex
	byIndex := make(map[id]olm.Message)
	key := sealKey(t)
	together(workers, func(int) {
		for i := range each {
			var m olm.Message
			var err error
			if i%2 == 0 {
				m, err = c.bob.Encrypt([]byte("text"))
			} else {
				var body []byte
				var typ olm.MessageType
				body, typ, err = c.bob.AppendEncrypt(nil, []byte("text"))
				assert.NoError(t, err)
				m, err = olm.ParseMessage(typ, string(body))
			}
			assert.NoError(t, err)
			mu.Lock()
			byIndex[id{m.RatchetKey(), m.ChainIndex()}] = m
			mu.Unlock()
			c.bob.Describe()
			c.bob.Revision()
			_, err = c.bob.Seal(key, nil)
			assert.NoError(t, err)
		}
	})
	require.Len(t, byIndex, workers*each, "each index once")

	inOrder := make(chan olm.Message, len(byIndex))
	ratchetKey := olm.SenderRatchetKey(c.bob)
	for index := range uint32(workers * each) {
		m, ok := byIndex[id{ratchetKey, index}]
		require.True(t, ok)
		inOrder <- m
	}
	close(inOrder)
	together(workers, func(int) {
		for m := range inOrder {
			plaintext, err := c.alice.Decrypt(m)
			assert.NoError(t, err)
			assert.Equal(t, "text", string(plaintext))
			_, err = c.alice.ExportLibolm(pickleKey)
			assert.NoError(t, err)
		}
	})
}

// A pre-key message makes one session, however many goroutines try it, and
// closing an account under them is an error, not a crash.
func TestConcurrentAccount(t *testing.T) {
	t.Parallel()
	alice, bob := newAccount(t, 0), newAccount(t, 0)
	m := encrypt(t, newOutbound(t, alice, bob), "hello")
	var mu sync.Mutex
	made := 0
	together(16, func(int) {
		_, err := bob.NewInboundSession(alice.IdentityKeys().Curve25519, m)
		var unknown *olm.UnknownOneTimeKeyError
		assert.True(t, err == nil || errors.As(err, &unknown), "%v", err)
		if err == nil {
			mu.Lock()
			made++
			mu.Unlock()
		}
	})
	require.Equal(t, 1, made)

	together(8, func(int) {
		for range 20 {
			_, err := bob.GenerateOneTimeKeys(1)
			assert.NoError(t, err)
			_, err = bob.GenerateFallbackKey()
			assert.NoError(t, err)
			assert.NoError(t, bob.MarkPublished(bob.UnpublishedOneTimeKeys()[0].ID))
			_, err = bob.Sign([]byte("text"))
			assert.NoError(t, err)
			_, err = alice.NewOutboundSession(bob.IdentityKeys().Curve25519, alice.IdentityKeys().Curve25519)
			assert.NoError(t, err)
		}
	})
	require.Equal(t, 160, bob.OneTimeKeyCount())
	together(8, func(i int) {
		if i == 0 {
			bob.Close()
		}
		for range 20 {
			_, err := bob.GenerateOneTimeKeys(1)
			assert.True(t, err == nil || errors.Is(err, olm.ErrClosed))
			_, err = bob.Sign(nil)
			assert.True(t, err == nil || errors.Is(err, olm.ErrClosed))
		}
	})
}
