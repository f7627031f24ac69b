package sas_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chappe-e2ee/chappe/internal/failtest"
	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/sas"
)

// libolm 3.2.13, tests/test_sas.cpp, line 14; the 64 bytes are what libolm gives
// for the same keys and info.
func TestBytesAsLibolm(t *testing.T) {
	a := pair(t, alicePrivate)
	b := pair(t, bobPrivate)
	require.Equal(t, alicePublic, a.PublicKey().String())
	require.Equal(t, bobPublic, b.PublicKey().String())

	alice, bob := both(t)
	for _, e := range []*sas.Established{alice, bob} {
		out, err := e.Bytes([]byte("SAS"), 6)
		require.NoError(t, err)
		require.Equal(t, "3987a872e7b9", hex.EncodeToString(out))
		out, err = e.Bytes([]byte("SAS"), 64)
		require.NoError(t, err)
		require.Equal(t, "3987a872e7b96dc523e157ac7eff4e949d45632fd4940cca137d32d26040f1f9ec2e6ef7161e36e10d076553f3f5fec708036f620c3ad10523e61edaa73740e1", hex.EncodeToString(out))
		code, err := e.Code([]byte("SAS"))
		require.NoError(t, err)
		require.Equal(t, "3987a872e7b9", hex.EncodeToString(code[:]))
	}
	require.Equal(t, alicePublic, alice.OurKey().String())
	require.Equal(t, bobPublic, alice.TheirKey().String())
	require.Equal(t, alice.OurKey(), bob.TheirKey())
	require.Equal(t, alice.TheirKey(), bob.OurKey())
}

func TestBytesOfEveryLength(t *testing.T) {
	alice, _ := both(t)
	for _, info := range [][]byte{nil, []byte("SAS"), bytes.Repeat([]byte{0xff, 0}, 2000)} {
		want, err := hkdf.Key(sha256.New, unhex(t, sharedSecret), nil, string(info), sas.MaxBytes)
		require.NoError(t, err)
		for _, n := range []int{1, 5, 6, 31, 32, 33, 256, 8159, sas.MaxBytes} {
			got, err := alice.Bytes(info, n)
			require.NoError(t, err)
			require.Equal(t, want[:n], got)
		}
	}
	for _, n := range []int{math.MinInt, -1, 0, sas.MaxBytes + 1, math.MaxInt} {
		refusedWith(t, sas.ErrLength, func() ([]byte, error) { return alice.Bytes(nil, n) }, subject{alice})
	}
	require.Equal(t, 8160, sas.MaxBytes)
}

func TestGenerateDrawsEachTime(t *testing.T) {
	a, err := sas.Generate()
	require.NoError(t, err)
	b, err := sas.Generate()
	require.NoError(t, err)
	require.NotEqual(t, a.PublicKey(), b.PublicKey())
	ea, err := a.Agree(b.PublicKey())
	require.NoError(t, err)
	eb, err := b.Agree(a.PublicKey())
	require.NoError(t, err)
	ca, err := ea.Code([]byte("x"))
	require.NoError(t, err)
	cb, err := eb.Code([]byte("x"))
	require.NoError(t, err)
	require.Equal(t, ca, cb)
}

func TestAgreeUsesThePairUp(t *testing.T) {
	k := pair(t, alicePrivate)
	_, err := k.Agree(key(t, bobPublic))
	require.NoError(t, err)
	require.NotContains(t, k.State(), alicePrivate)
	for _, theirs := range []keys.Curve25519{key(t, bobPublic), k.PublicKey(), {}} {
		agreeRefuses(t, sas.ErrUsed, k, theirs)
	}
	require.Equal(t, alicePublic, k.PublicKey().String())
	k.Close()
	agreeRefuses(t, sas.ErrUsed, k, key(t, bobPublic))
}

func agreeRefuses(t *testing.T, target error, k *sas.KeyPair, theirs keys.Curve25519) {
	t.Helper()
	refusedWith(t, target, func() (*sas.Established, error) { return k.Agree(theirs) }, subject{k})
}

func TestAgreeRefuses(t *testing.T) {
	k := pair(t, alicePrivate)
	agreeRefuses(t, keys.ErrAbsent, k, keys.Curve25519{})
	agreeRefuses(t, sas.ErrReflected, k, key(t, alicePublic))
	_, err := k.Agree(key(t, bobPublic)) // and it is still good
	require.NoError(t, err)
}

// Keys of low order never reach Agree: no constructor makes them.
func TestLowOrderKeysCannotBeMade(t *testing.T) {
	for _, text := range []string{
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuAA",
		"X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEVc",
		"7P///////////////////////////////////////38",
		"7f///////////////////////////////////////38",
	} {
		refusedWith(t, keys.ErrInvalidKey, func() (keys.Curve25519, error) { return keys.ParseCurve25519(text) }, failtest.Input(text))
	}
}

func TestClosedKeyPair(t *testing.T) {
	closed := pair(t, alicePrivate)
	closed.Close()
	closed.Close()
	require.NotContains(t, closed.State(), alicePrivate)
	require.Equal(t, alicePublic, closed.PublicKey().String())
	zero := new(sas.KeyPair)
	zero.Close()
	for _, k := range []*sas.KeyPair{closed, zero, new(sas.KeyPair)} {
		agreeRefuses(t, sas.ErrClosed, k, key(t, bobPublic))
	}
}

func TestClosedEstablished(t *testing.T) {
	closed, _ := both(t)
	require.Contains(t, closed.State(), sharedSecret)
	closed.Close()
	closed.Close()
	require.NotContains(t, closed.State(), sharedSecret)
	require.Equal(t, alicePublic, closed.OurKey().String())
	require.Equal(t, bobPublic, closed.TheirKey().String())
	zero := new(sas.Established)
	zero.Close()
	for _, e := range []*sas.Established{closed, zero, new(sas.Established)} {
		refusedWith(t, sas.ErrClosed, func() ([]byte, error) { return e.Bytes(nil, 6) }, subject{e})
		refusedWith(t, sas.ErrClosed, func() (sas.Code, error) { return e.Code(nil) }, subject{e})
		for _, method := range methods {
			refusedWith(t, sas.ErrClosed, func() (string, error) { return method.mac(e, nil, nil) }, subject{e})
			failtest.RefusedWith(t, sas.ErrClosed, func() error { return method.verify(e, nil, nil, alicePublic) }, subject{e})
		}
	}
}

func TestAgreeIsSafeForConcurrentUse(t *testing.T) {
	k := pair(t, alicePrivate)
	bob := key(t, bobPublic)
	var wg sync.WaitGroup
	var established atomic.Int32
	for range 16 {
		wg.Go(func() {
			switch _, err := k.Agree(bob); {
			case err == nil:
				established.Add(1)
			case !errors.Is(err, sas.ErrUsed):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, established.Load())
}

func TestEstablishedIsSafeForConcurrentUse(t *testing.T) {
	e, _ := both(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				e.Code(nil)
				e.MAC(nil, nil)
				e.VerifyLegacyMAC(nil, nil, alicePublic)
			}
		})
	}
	wg.Go(e.Close)
	wg.Wait()
}
