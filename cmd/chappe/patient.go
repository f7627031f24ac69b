package main

import (
	"context"
	"io"
)

// A patient reader waits for what may never come, as a pipe's next bytes, and
// gives up when the context ends. The read beneath goes on until the process ends.
type patient struct {
	ctx   context.Context
	asked chan int
	got   chan chunk
	rest  []byte
	err   error
}

type chunk struct {
	b   []byte
	err error
}

func newPatient(ctx context.Context, r io.Reader) *patient {
	p := &patient{ctx: ctx, asked: make(chan int), got: make(chan chunk, 1)}
	go func() {
		b := make([]byte, 64<<10)
		for {
			select {
			case n := <-p.asked:
				n, err := r.Read(b[:min(n, len(b))])
				p.got <- chunk{b[:n], err}
			case <-ctx.Done():
				return
			}
		}
	}()
	return p
}

func (p *patient) Read(b []byte) (int, error) {
	if len(p.rest) == 0 && p.err == nil && len(b) > 0 {
		select {
		case p.asked <- len(b):
		case <-p.ctx.Done():
			return 0, context.Cause(p.ctx)
		}
		select {
		case c := <-p.got:
			p.rest, p.err = c.b, c.err
		case <-p.ctx.Done():
			return 0, context.Cause(p.ctx)
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	if n > 0 {
		return n, nil
	}
	return 0, p.err
}
