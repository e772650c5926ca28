package jpeg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	inputBytes  = 16 << 10 // that are read at a time
	windowBytes = 8 << 10  // of a scan that are held at a time
)

// input reads a file: bytes of segments, and bits of scans.
type input struct {
	src   io.Reader
	space []byte // into which is read
	raw   []byte // what was read and not taken yet
	err   error  // of reading

	// The bits of a scan, up to the next marker.
	data []byte // without the zeros that follow a byte 0xff
	at   int    // in data
	acc  uint64 // the next bits, of which n count; those below are 0, or what follows in data
	n    uint
	pad  int  // bytes of zeros that were added behind the last
	end  byte // the marker that ends the data, or 0
	code bool // a code that is none was met
}

// more reads more of the file. It reports whether there is some.
func (in *input) more() bool {
	if in.err != nil {
		return false
	}
	for range 100 {
		n, err := in.src.Read(in.space)
		if in.raw = in.space[:n]; n > 0 {
			return true
		}
		if err == io.EOF {
			err = fmt.Errorf("jpeg that ends early: %w", io.ErrUnexpectedEOF)
		}
		if in.err = err; err != nil {
			return false
		}
	}
	in.err = io.ErrNoProgress
	return false
}

// byte returns the next byte, or 0 if there is none.
func (in *input) byte() byte {
	if len(in.raw) == 0 && !in.more() {
		return 0
	}
	b := in.raw[0]
	in.raw = in.raw[1:]
	return b
}

func (in *input) uint16() int {
	hi := in.byte()
	return int(hi)<<8 | int(in.byte())
}

// bytes returns the next n bytes.
func (in *input) bytes(n int) []byte {
	if len(in.raw) >= n {
		b := in.raw[:n:n]
		in.raw = in.raw[n:]
		return b
	}
	b := make([]byte, 0, n)
	for len(b) < n && (len(in.raw) > 0 || in.more()) {
		k := min(n-len(b), len(in.raw))
		b, in.raw = append(b, in.raw[:k]...), in.raw[k:]
	}
	return b
}

// skip passes over n bytes.
func (in *input) skip(n int) {
	for n > 0 && (len(in.raw) > 0 || in.more()) {
		k := min(n, len(in.raw))
		n, in.raw = n-k, in.raw[k:]
	}
}

// marker returns the next marker, but for those of restarts: that which ended a scan, or the first
// behind bytes that belong to no segment, which decoders pass over. It is 0 if err is set.
func (in *input) marker() byte {
	if m := in.end; m != 0 {
		if in.end = 0; m < rst0 || m > rst7 {
			return m
		}
	}
	for {
		at := bytes.IndexByte(in.raw, 0xff)
		if at < 0 {
			if !in.more() {
				return 0
			}
			continue
		}
		in.raw = in.raw[at+1:]
		if m := in.behind(); m != 0 && (m < rst0 || m > rst7) || in.err != nil {
			return m
		}
	}
}

// behind returns the byte behind 0xff, of which there may be several.
func (in *input) behind() byte {
	for {
		if m := in.byte(); m != 0xff {
			return m
		}
	}
}

// ahead returns the data of a scan and the marker behind it, with the segment if it tells the height.
// All of it stays to be read. It is an error if there are more bytes than most.
func (in *input) ahead(most int) ([]byte, error) {
	var all []byte
	for from := 0; ; from = max(len(all)-1, 0) { // a marker may be in two parts
		if len(in.raw) == 0 && !in.more() {
			return nil, in.err
		}
		if len(all)+len(in.raw) > most {
			return nil, fmt.Errorf("jpeg of height 0, without a segment that tells it in %d MB", most>>20)
		}
		all, in.raw = append(all, in.raw...), nil
		for i := from; i+1 < len(all); i++ {
			if m := all[i+1]; all[i] == 0xff && m != 0 && m != 0xff && (m < rst0 || m > rst7) {
				end := i + 2
				if m == dnl {
					end += 4
				}
				for len(all) < end {
					if !in.more() {
						return nil, in.err
					}
					all, in.raw = append(all, in.raw...), nil
				}
				in.raw = all
				return all[:end], nil
			}
		}
	}
}

// begin makes bits ready to be read behind the header of a scan, or a restart.
func (in *input) begin() {
	in.data, in.at = in.data[:0], 0
	in.acc, in.n, in.pad, in.end, in.code = 0, 0, 0, 0, false
}

// refill has 32 bits or more in acc, adding zeros at the end.
func (in *input) refill() {
	if in.at+8 > len(in.data) && in.end == 0 {
		in.load()
	}
	if in.at+8 <= len(in.data) {
		in.acc |= binary.BigEndian.Uint64(in.data[in.at:]) >> (in.n & 63)
		in.at += int(63-in.n) >> 3
		in.n |= 56
		return
	}
	for in.n <= 56 {
		if in.at < len(in.data) {
			in.acc |= uint64(in.data[in.at]) << (56 - in.n)
			in.at++
		} else {
			in.pad++
		}
		in.n += 8
	}
}

// load has more data, up to the marker that ends it.
func (in *input) load() {
	in.data = append(in.data[:0], in.data[in.at:]...)
	in.at = 0
	for in.end == 0 && len(in.data) < cap(in.data) {
		if len(in.raw) == 0 && !in.more() {
			in.end = eoi // err says that it is not there
			return
		}
		part := in.raw[:min(len(in.raw), cap(in.data)-len(in.data))]
		at := bytes.IndexByte(part, 0xff)
		if at < 0 {
			in.data, in.raw = append(in.data, part...), in.raw[len(part):]
			continue
		}
		in.data, in.raw = append(in.data, part[:at]...), in.raw[at+1:]
		if m := in.behind(); in.err != nil {
			in.end = eoi
		} else if m == 0 {
			in.data = append(in.data, 0xff)
		} else {
			in.end = m
		}
	}
}

// check returns an error if bits were read that are not there, or a code that is none.
func (in *input) check() error {
	switch {
	case 8*in.pad > int(in.n) && in.err != nil:
		return in.err
	case 8*in.pad > int(in.n):
		return errors.New("jpeg with pixels that end early")
	case in.code:
		return errors.New("jpeg with a damaged block of coefficients")
	}
	return nil
}

// finish passes over the data that is left, up to the marker behind it.
func (in *input) finish() {
	for in.end == 0 {
		in.at = len(in.data)
		in.load()
	}
}

// restarted reads the marker of restart number k.
func (in *input) restarted(k int) error {
	in.finish()
	if in.err != nil {
		return in.err
	}
	if want := byte(rst0 + k%8); in.end != want {
		return fmt.Errorf("jpeg with marker %#x at a restart: want %#x", in.end, want)
	}
	in.begin()
	return nil
}

// bit returns the next bit.
func (in *input) bit() bool { return in.bits(1) != 0 }

// bits returns the next n bits, 1 to 16.
func (in *input) bits(n uint) int32 {
	if in.n < n {
		in.refill()
	}
	v := int32(in.acc >> (64 - n))
	in.acc <<= n
	in.n -= n
	return v
}

// number returns the number of size bits that follows, and 0 if size is.
func (in *input) number(size uint8) int32 {
	if size == 0 {
		return 0
	}
	if in.n < 32 {
		in.refill()
	}
	v := extend(in.acc, uint(size))
	in.acc <<= size
	in.n -= uint(size)
	return v
}

// symbol returns the symbol of the next code.
func (in *input) symbol(t *table) uint8 {
	if in.n < 32 {
		in.refill()
	}
	symbol, l := t.next(in.acc)
	if l == 0 {
		in.code = true
		return 0
	}
	in.acc <<= l
	in.n -= l
	return symbol
}
