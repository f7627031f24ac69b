package megolm_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/megolm"
)

// parallel runs calls at once and fails when they do not end.
func parallel(t *testing.T, calls ...func(i int)) {
	t.Helper()
	var wg sync.WaitGroup
	for _, call := range calls {
		for i := range 4 {
			wg.Go(func() {
				for j := range 25 {
					call(100*i + j)
				}
			})
		}
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("deadlock")
	}
}

// TestParallelEncrypt: one index, and with it one key and IV, for each message.
func TestParallelEncrypt(t *testing.T) {
	out := megolm.NewOutboundSession()
	in := receiver(t, out)
	var mu sync.Mutex
	seen := map[uint32]bool{}
	note := func(m megolm.Message, err error) {
		if err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if seen[m.Index()] {
			t.Errorf("index %d was used twice", m.Index())
		}
		seen[m.Index()] = true
		if _, err := in.Decrypt(m); err != nil {
			t.Error(err)
		}
	}
	parallel(t,
		func(int) { note(out.Encrypt([]byte("x"))) },
		func(int) {
			b, err := out.AppendEncrypt(nil, []byte("x"))
			if err != nil {
				t.Error(err)
			}
			note(megolm.ParseMessage(string(b)))
		},
		func(int) {
			k, err := out.SessionKey()
			if err != nil || k.Index() > out.Index() {
				t.Errorf("%v, %d", err, k.Index())
			}
			out.Seal(sealKey(t), nil)
			out.ExportLibolm(nil)
			out.Revision()
			_ = out.ID()
		})
	require.Len(t, seen, 200)
	require.Equal(t, uint32(200), out.Index())
	require.Equal(t, uint64(200), out.Revision())
}

func TestParallelInbound(t *testing.T) {
	p := newPeer(92)
	a, b := inbound(t, p), imported(t, p.at(40))
	messages := make([]megolm.Message, 25)
	for i := range messages {
		messages[i] = message(t, p.at(uint32(40+i)).encrypt([]byte{byte(i)}))
	}
	try := func(_ any, err error) {
		if err != nil {
			t.Error(err)
		}
	}
	parallel(t,
		func(i int) {
			for _, s := range []*megolm.InboundSession{a, b} {
				d, err := s.Decrypt(messages[i%100])
				if err != nil || d.Plaintext[0] != byte(i%100) {
					t.Errorf("%v, %x", err, d.Plaintext)
				}
			}
		},
		func(int) { try(a.Compare(b)); try(a.Compare(a)) },
		func(int) { try(b.Compare(a)); try(b.Merge(b)) },
		func(i int) {
			if i%2 == 0 {
				try(a.Merge(b))
			} else {
				try(b.Merge(a))
			}
		},
		func(i int) {
			try(a.Seal(sealKey(t), nil))
			try(b.ExportAt(64))
			try(a.ExportLibolm(nil))
			a.Revision()
			b.FirstKnownIndex()
			a.SigningKeyVerified()
			_ = b.ID()
			_ = b.SigningKey()
		})
	require.Zero(t, b.FirstKnownIndex(), "merged with one that begins at 0")
}

func TestParallelClose(t *testing.T) {
	p := newPeer(93)
	out, in, other := outbound(t, p), inbound(t, p), inbound(t, p.at(1))
	m := message(t, p.at(3).encrypt(nil))
	outRatchet, inRatchet := out.RatchetParts(), in.RatchetParts()
	closed := func(err error) {
		if err != nil && err != megolm.ErrClosed {
			t.Error(err)
		}
	}
	parallel(t,
		func(int) { _, err := out.Encrypt(nil); closed(err) },
		func(int) { _, err := out.SessionKey(); closed(err) },
		func(int) { _, err := in.Decrypt(m); closed(err) },
		func(int) { _, err := in.Merge(other); closed(err) },
		func(int) { _, err := other.Merge(in); closed(err) },
		func(int) { closed(in.AdvanceTo(2)) },
		func(i int) {
			if i%100 == 20 {
				out.Close()
				in.Close()
			}
		})
	require.Equal(t, make([]byte, 128), inRatchet, "something was written after Close")
	require.Equal(t, make([]byte, 128), outRatchet, "something was written after Close")
	require.Nil(t, in.State())
	require.Nil(t, out.State())
}
