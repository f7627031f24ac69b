package backup

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"
	"io"

	"github.com/chappe-e2ee/chappe/internal/secret"
)

// Bounds on the rounds of PBKDF2. They stand in the file, and are used before
// anything is authenticated.
const (
	MinRounds = 1          // of a file that is read
	MaxRounds = 10_000_000 // some seconds

	// MinNewRounds is what the specification asks of a file that is written,
	// and DefaultRounds what Element takes.
	MinNewRounds  = 100_000
	DefaultRounds = 500_000
)

// The binary of a key file: version, salt, IV, rounds (big-endian), ciphertext,
// MAC over all of these.
const (
	keyFileVersion = 1

	saltSize   = 16
	ivSize     = aes.BlockSize
	headerSize = 1 + saltSize + ivSize + 4
	macSize    = sha256.Size
	keySize    = 32

	pieceSize = 16 << 10
)

// header is what stands before the ciphertext.
type header [headerSize]byte

func (h *header) salt() []byte   { return h[1 : 1+saltSize] }
func (h *header) iv() []byte     { return h[1+saltSize : 1+saltSize+ivSize] }
func (h *header) rounds() uint32 { return binary.BigEndian.Uint32(h[headerSize-4:]) }

// check says whether the file is worth a derivation.
func (h *header) check() error {
	if h[0] != keyFileVersion {
		return &VersionError{What: keyFileName, Got: uint32(h[0])}
	}
	if n := h.rounds(); n < MinRounds || n > MaxRounds {
		return malformed(keyFileName, "rounds: not 1 to 10000000")
	}
	return nil
}

// counterLeft returns how many bytes can be encrypted before the low half of the
// counter passes 2^64: some implementations carry there, others wrap.
func (h *header) counterLeft() int64 {
	const most = 1<<63 - 1
	blocks := -binary.BigEndian.Uint64(h.iv()[ivSize/2:]) // 0 stands for 2^64
	if blocks == 0 || blocks > most/aes.BlockSize {
		return most
	}
	return int64(blocks * aes.BlockSize)
}

// fileKeys is what follows from a passphrase: the AES key, then the HMAC key.
type fileKeys [2 * keySize]byte

func deriveKeys(h *header, passphrase []byte) (*fileKeys, error) {
	return secret.Call(func() (*fileKeys, error) { return doDeriveKeys(h, passphrase) })
}

func doDeriveKeys(h *header, passphrase []byte) (*fileKeys, error) {
	b, err := pbkdf2.Key(sha512.New, string(passphrase), h.salt(), int(h.rounds()), len(fileKeys{}))
	if err != nil { // only where the Go runtime forbids it
		return nil, fmt.Errorf("backup: %w", err)
	}
	defer secret.Wipe(b)
	k := fileKeys(b)
	return &k, nil
}

func (k *fileKeys) stream(h *header) (s cipher.Stream) {
	secret.Do(func() { s = k.newStream(h) })
	return s
}

func (k *fileKeys) newStream(h *header) cipher.Stream {
	block, err := aes.NewCipher(k[:keySize])
	if err != nil { // impossible with a key of this size
		panic("backup: internal error: " + err.Error())
	}
	return cipher.NewCTR(block, h.iv())
}

func (k *fileKeys) mac() (h hash.Hash) {
	secret.Do(func() { h = hmac.New(sha256.New, k[keySize:]) })
	return h
}

// envelope takes the binary of a key file apart, in pieces.
type envelope struct {
	r    io.Reader
	buf  []byte
	from int // where the bytes begin that were read and not returned
	n    int // where they end
	mac  [macSize]byte
}

func newEnvelope(r io.Reader) *envelope {
	return &envelope{r: r, buf: make([]byte, pieceSize+macSize)}
}

func (e *envelope) readHeader(h *header) error { return tooShort(readFull(e.r, h[:])) }

// next returns a piece of the ciphertext, which the caller may write to until
// the next call. After the last, it returns io.EOF, and mac is the MAC.
func (e *envelope) next() ([]byte, error) {
	e.n = copy(e.buf, e.buf[e.from:e.n])
	e.from = 0
	for e.n <= macSize {
		n, err := e.r.Read(e.buf[e.n:])
		e.n += n
		if err == io.EOF && e.n == macSize {
			copy(e.mac[:], e.buf)
			return nil, io.EOF
		}
		if err != nil {
			return nil, tooShort(err)
		}
	}
	e.from = e.n - macSize
	return e.buf[:e.from], nil
}

func tooShort(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return malformed(keyFileName, "too short")
	}
	return err
}

func readFull(r io.Reader, p []byte) error {
	_, err := io.ReadFull(r, p)
	return err
}

// verify is the first pass, after the header.
func (e *envelope) verify(h *header, keys *fileKeys) error {
	mac := keys.mac()
	mac.Write(h[:])
	size := int64(0)
	for {
		piece, err := e.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		secret.Do(func() { mac.Write(piece) })
		size += int64(len(piece))
	}
	right := false
	secret.Do(func() { right = hmac.Equal(mac.Sum(nil), e.mac[:]) })
	if !right {
		return ErrPassphrase
	}
	if size > h.counterLeft() {
		return malformed(keyFileName, "IV: the counter passes its end within the file")
	}
	return nil
}

// plaintext is the second pass: an io.Reader that ends with [ErrChanged] instead
// of io.EOF when the MAC is another one than before.
type plaintext struct {
	e      *envelope
	stream cipher.Stream
	mac    hash.Hash
	want   [macSize]byte // of the first pass
	piece  []byte
	err    error
}

func newPlaintext(r io.Reader, verified *header, want [macSize]byte, keys *fileKeys) (*plaintext, error) {
	p := &plaintext{e: newEnvelope(r), stream: keys.stream(verified), mac: keys.mac(), want: want}
	var h header
	if err := p.e.readHeader(&h); err != nil {
		return nil, changed(err)
	}
	if h != *verified {
		return nil, ErrChanged
	}
	p.mac.Write(h[:])
	return p, nil
}

// changed returns what an error means in a file that was read once.
func changed(err error) error {
	if _, ok := err.(*MalformedError); ok {
		return ErrChanged
	}
	return err
}

// Read implements io.Reader.
func (p *plaintext) Read(b []byte) (int, error) {
	if len(p.piece) == 0 && p.err == nil {
		p.piece, p.err = p.e.next()
		secret.Do(p.take)
	}
	if p.err != nil {
		return 0, p.err
	}
	n := copy(b, p.piece)
	p.piece = p.piece[n:]
	return n, nil
}

// take decrypts the piece that was read, or judges the end.
func (p *plaintext) take() {
	switch {
	case p.err == io.EOF:
		if !hmac.Equal(p.mac.Sum(nil), p.want[:]) || !hmac.Equal(p.e.mac[:], p.want[:]) {
			p.err = ErrChanged
		}
	case p.err != nil:
		p.err = changed(p.err)
	default:
		p.mac.Write(p.piece)
		p.stream.XORKeyStream(p.piece, p.piece)
	}
}

// drain reads to the end and returns how it ended.
func (p *plaintext) drain() error {
	for p.err == nil {
		p.piece = nil
		p.Read(nil)
	}
	return p.err
}

func (p *plaintext) wipe() { secret.Wipe(p.e.buf) }
