package peer

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// process is the program of the folder vodozemac, which answers one request a
// line. It lives as long as the tests do.
type process struct {
	mu      sync.Mutex
	in      *json.Encoder
	out     *bufio.Reader
	dropped []uint64 // objects that nothing here refers to any more
}

// request has the members that its operation asks for.
type request map[string]any

// answer has the members that the operation gave.
type answer struct {
	Made       uint64            `json:"made"`
	ID         string            `json:"id"`
	Received   bool              `json:"received"`
	Keys       map[string]string `json:"keys"`
	Session    [3]string         `json:"session keys"`
	Curve25519 string            `json:"curve25519"`
	Ed25519    string            `json:"ed25519"`
	Text       string            `json:"text"`
	Nonce      string            `json:"nonce"`
	Bytes      string            `json:"bytes"`
	Type       int               `json:"type"`
	Index      uint32            `json:"index"`
	At         uint32            `json:"at"`
	Verified   bool              `json:"verified"`
	Emoji      [7]int            `json:"emoji"`
	Decimals   [3]int            `json:"decimals"`
	Box        [3]string         `json:"box"`

	Error   string `json:"error"`
	Unknown bool   `json:"unknown index"`
	Panic   string `json:"panic"`
}

func (a *answer) plaintext() ([]byte, error) { return base64.RawStdEncoding.DecodeString(a.Bytes) }

func binary(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

// vodozemac starts the program, which is built first.
var vodozemac = sync.OnceValues(func() (*process, error) {
	build := exec.Command("../vodozemac/build")
	build.Stderr = os.Stderr
	path, err := build.Output()
	if err != nil {
		return nil, fmt.Errorf("vodozemac/build: %w", err)
	}
	cmd := exec.Command(filepath.Clean(strings.TrimSpace(string(path))))
	cmd.Stderr = os.Stderr
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{in: json.NewEncoder(in), out: bufio.NewReaderSize(out, 1<<16)}, nil
})

// call asks for an operation on an object, or for one that makes an object.
func call(on *object, op string, members request) (*answer, error) {
	p, err := vodozemac()
	if err != nil {
		return nil, err
	}
	if members == nil {
		members = request{}
	}
	members["op"] = op
	if on != nil {
		members["on"] = on.number
	}
	return p.ask(members)
}

// random is call for an operation that draws random bytes: they follow from 32
// bytes of crypto/rand.Reader.
func random(on *object, op string, members request) (*answer, error) {
	var seed [32]byte
	if _, err := io.ReadFull(rand.Reader, seed[:]); err != nil {
		return nil, err
	}
	if members == nil {
		members = request{}
	}
	members["entropy"] = binary(seed[:])
	return call(on, op, members)
}

func (p *process) ask(members request) (*answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.dropped) > 0 {
		members["drop"], p.dropped = p.dropped, nil
	}
	if err := p.in.Encode(members); err != nil {
		return nil, fmt.Errorf("vodozemac: %w", err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("vodozemac: %w", err)
	}
	a := new(answer)
	if err := json.Unmarshal(line, a); err != nil {
		return nil, fmt.Errorf("vodozemac: %w", err)
	}
	switch {
	case a.Panic != "":
		panic("vodozemac: " + a.Panic)
	case a.Unknown:
		return nil, errors.Join(ErrUnknownIndex, errors.New(a.Error))
	case a.Error != "":
		return nil, errors.New(a.Error)
	}
	return a, nil
}

// object is the number of an object of the program. What is no longer referred
// to is dropped there with a later request.
type object struct{ number uint64 }

func newObject(a *answer) *object {
	o := &object{a.Made}
	runtime.AddCleanup(o, func(number uint64) {
		p, err := vodozemac()
		if err != nil {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.dropped = append(p.dropped, number)
	}, a.Made)
	return o
}
