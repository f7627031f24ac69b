//go:build linux && !race && !386

package memscan

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

// masked is a secret that a process looks for without holding it: with each
// byte another one, by which it differs from a random mask.
type masked struct {
	Bytes, Mask []byte
}

func newMasked(secret, random []byte) masked {
	m := masked{make([]byte, len(secret)), random[:len(secret)]}
	for i := range secret {
		m.Bytes[i] = secret[i] ^ m.Mask[i]
	}
	return m
}

// unmask writes the secret to dst, and nowhere else.
func (m masked) unmask(dst []byte) int {
	n := min(len(dst), len(m.Bytes))
	for i := range n {
		dst[i] = m.Bytes[i] ^ m.Mask[i]
	}
	return n
}

// at says whether b begins with the marker.
func (m masked) at(b []byte) bool {
	for i := range m.Bytes {
		if b[i]^m.Mask[i] != m.Bytes[i] {
			return false
		}
	}
	return true
}

const (
	markerSize = 16      // bytes that are looked for
	chunkSize  = 1 << 20 // bytes that are read at a time
)

// scan returns how often each marker stands in the memory that this process can
// write. The buffer that it reads into is memory of its own, left out.
func scan(markers []masked) ([]int, error) {
	buf, err := syscall.Mmap(-1, 0, chunkSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	defer syscall.Munmap(buf)
	own := uintptr(unsafe.Pointer(&buf[0]))
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return nil, err
	}
	mem, err := os.Open("/proc/self/mem")
	if err != nil {
		return nil, err
	}
	defer mem.Close()
	var begins [256][]int // by the first byte
	for i, m := range markers {
		c := m.Bytes[0] ^ m.Mask[0]
		begins[c] = append(begins[c], i)
	}
	found := make([]int, len(markers))
	for lines := bufio.NewScanner(strings.NewReader(string(maps))); lines.Scan(); {
		var from, to uintptr
		var mode string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &mode); err != nil {
			return nil, err
		}
		if !strings.HasPrefix(mode, "rw") {
			continue
		}
		// Two mappings side by side may be shown as one: the buffer is left out of it.
		for _, part := range [][2]uintptr{{from, min(to, own)}, {max(from, own+chunkSize), to}} {
			if part[0] < part[1] {
				scanPart(mem, part[0], part[1], buf, markers, &begins, found)
			}
		}
	}
	return found, nil
}

var zeros [4096]byte

// scanPart adds what it finds between two addresses. Memory that cannot be read
// is not there.
func scanPart(mem *os.File, from, to uintptr, buf []byte, markers []masked, begins *[256][]int, found []int) {
	for at := from; at < to; {
		n, _ := mem.ReadAt(buf[:min(uintptr(len(buf)), to-at)], int64(at))
		if n < markerSize {
			at += uintptr(os.Getpagesize())
			continue
		}
		for i := 0; i <= n-markerSize; i++ {
			if i%len(zeros) == 0 && bytes.HasPrefix(buf[i:n], zeros[:]) {
				i += len(zeros) - markerSize // most of what is mapped was never used
				continue
			}
			for _, m := range begins[buf[i]] {
				if markers[m].at(buf[i:]) {
					found[m]++
				}
			}
		}
		if at += uintptr(n); at < to {
			at -= markerSize - 1 // a marker may stand across the border
		}
	}
}
