package jpeg

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/glia-ml/glia/internal/kern"
)

// scan holds the header of a scan: the components that it has, and which of their coefficients.
type scan struct {
	components []scanned
	// from and to number the coefficients, of which those bits come that are worth 1<<low, and more
	// if first is set.
	from, to int
	low      uint
	first    bool
}

// scanned is a component in a scan, with its tables.
type scanned struct {
	*Component
	dc, ac *table
}

// scanHeader reads the header of a scan.
func (f *File) scanHeader(b []byte) error {
	if f.Components == nil {
		return errors.New("jpeg with pixels before its frame")
	}
	f.scans++
	most := mostScans
	if f.Progressive {
		most = mostProgressiveScans
	}
	if f.scans > most {
		return fmt.Errorf("jpeg of more than %d scans", most)
	}
	if len(b) < 1 || len(b) != 4+2*int(b[0]) || b[0] < 1 || int(b[0]) > len(f.Components) {
		return errors.New("jpeg with a damaged header of a scan")
	}
	n := int(b[0])
	s := scan{to: 63, first: true}
	if f.Progressive {
		high, low := b[3+2*n]>>4, b[3+2*n]&15
		s = scan{from: int(b[1+2*n]), to: int(b[2+2*n]), low: uint(low), first: high == 0}
		if s.to > 63 || s.from > s.to || s.from == 0 && s.to > 0 || s.from > 0 && n > 1 || low > 13 || high > 0 && high != low+1 {
			return fmt.Errorf("jpeg with a scan of coefficients %d to %d, bits %d to %d, of %d components", s.from, s.to, high, low, n)
		}
	}
	blocks := 0
	for i := range n {
		id, tables := b[1+2*i], b[2+2*i]
		c := f.component(id)
		if c == nil {
			return fmt.Errorf("jpeg with a scan of component %d, which its frame lacks", id)
		}
		for _, other := range s.components {
			if other.Component == c {
				return fmt.Errorf("jpeg with a scan of component %d twice", id)
			}
		}
		with := scanned{c, nil, nil}
		if d, a := tables>>4, tables&15; d < 4 && a < 4 {
			with.dc, with.ac = f.dc[d], f.ac[a]
		}
		if with.dc == nil && s.from == 0 && s.first || with.ac == nil && s.to > 0 {
			return errors.New("jpeg with a scan without its table of codes")
		}
		if c.quant == nil {
			c.quant = f.quant[c.quantID]
		}
		if c.quant == nil {
			return errors.New("jpeg with a scan without its table of quantization")
		}
		s.components, blocks = append(s.components, with), blocks+c.h*c.v
	}
	if n > 1 && blocks > 10 {
		return fmt.Errorf("jpeg with a unit of %d blocks: want at most 10", blocks)
	}
	f.next = s
	return nil
}

// component returns that of an identifier, or nil.
func (f *File) component(id byte) *Component {
	for i := range f.Components {
		if f.Components[i].ID == id {
			return &f.Components[i]
		}
	}
	return nil
}

// scan reads the data of the next scan, and passes over what is behind it.
func (f *File) scan() error {
	s := &f.next
	across, down := ceil(f.Width, 8*f.across), ceil(f.Height, 8*f.down) // units
	one := len(s.components) == 1
	if one {
		c := s.components[0]
		across, down = ceil(c.Width, 8), ceil(c.Height, 8)
	}
	d := &decoding{input: &f.in, scan: s}
	d.begin()
	d.restart()
	left, restarts := f.restart, 0
	for y := range down {
		for x := range across {
			if f.restart > 0 && left == 0 {
				if err := d.restarted(restarts); err != nil {
					return err
				}
				d.restart()
				left, restarts = f.restart, restarts+1
			}
			left--
			if one {
				d.block(&s.components[0], x, y, f.Progressive)
			} else {
				for i := range s.components {
					c := &s.components[i]
					for by := c.v * y; by < c.v*(y+1); by++ {
						for bx := c.h * x; bx < c.h*(x+1); bx++ {
							d.block(c, bx, by, f.Progressive)
						}
					}
				}
			}
			if d.pad > 0 || d.code {
				if err := d.check(); err != nil {
					return err
				}
			}
		}
	}
	for _, c := range s.components {
		c.scanned = true
	}
	f.in.finish()
	return nil
}

// decoding is the state in which a scan is read.
type decoding struct {
	*input
	*scan
	coefficients [64]int16 // of a block, in the order of rows
	ended        int       // blocks that have no more coefficients of the scan
}

// restart begins anew with differences.
func (d *decoding) restart() {
	d.ended = 0
	for _, c := range d.components {
		c.last = 0
	}
}

// block reads block x of row y of a component.
func (d *decoding) block(c *scanned, x, y int, progressive bool) {
	switch {
	case !progressive:
		pix := c.Pix[8*(y*c.Stride+x):]
		if d.coded(c) == 0 {
			flat(pix, c.Stride, int32(int16(d.coefficients[0]*int16(c.quant[0]))))
			d.coefficients[0] = 0
			return
		}
		kern.InverseDCT(pix, c.Stride, &d.coefficients, c.quant)
		d.coefficients = [64]int16{}
	case d.from == 0:
		d.lowest(c, &c.coefficients[y*c.columns+x])
	case d.first:
		d.firstBits(c, &c.coefficients[y*c.columns+x])
	default:
		d.furtherBits(c, &c.coefficients[y*c.columns+x])
	}
}

// flat sets a block that has the coefficient at 0 alone.
func flat(pix []uint8, stride int, v int32) {
	const ones = 0x0101010101010101
	row := uint64(min(max((v+4)>>3+128, 0), 255)) * ones
	for y := range 8 {
		binary.LittleEndian.PutUint64(pix[y*stride:], row)
	}
}

// coded reads all coefficients of a block, which are 0 before. It returns the place of the last one
// in the order of codes.
//
// Source: T.81, F.2.2.
func (d *decoding) coded(c *scanned) (last int) {
	in, block := d.input, &d.coefficients
	size := in.symbol(c.dc)
	c.last += in.number(size)
	block[0] = int16(c.last)
	ac, data := c.ac, in.data
	acc, n, at := in.acc, in.n, in.at
	for k := 1; k < 64; k++ {
		if n < 32 { // the longest code with its number
			if at+8 <= len(data) {
				acc |= binary.BigEndian.Uint64(data[at:]) >> (n & 63)
				at += int(63-n) >> 3
				n |= 56
			} else {
				in.acc, in.n, in.at = acc, n, at
				in.refill()
				acc, n, at, data = in.acc, in.n, in.at, in.data
			}
		}
		e := ac.fast[acc>>(64-fastBits)]
		l := uint(e & 31)
		if v := int16(e >> 16); v != 0 {
			acc, n = acc<<(l&63), n-l
			k += int(e >> 8 & 15)
			if k > 63 {
				in.code = true
				break
			}
			block[zigzag[k&127]&63] = v
			last = k
			continue
		}
		symbol := uint8(e >> 8)
		if l == 0 {
			if symbol, l = ac.long(acc); l == 0 {
				in.code = true
				break
			}
		}
		acc, n = acc<<(l&63), n-l
		size, zeros := uint(symbol&15), int(symbol>>4)
		if size == 0 {
			if zeros < 15 {
				break // the rest is 0
			}
			k += 15
			continue
		}
		k += zeros
		if k > 63 {
			in.code = true
			break
		}
		block[zigzag[k&127]&63] = int16(extend(acc, size))
		acc, n = acc<<(size&63), n-size
		last = k
	}
	in.acc, in.n, in.at = acc, n, at
	return last
}

// lowest reads bits of the coefficient at 0 of a block.
//
// Source: T.81, G.1.2.1.
func (d *decoding) lowest(c *scanned, block *[64]int16) {
	if !d.first {
		if d.bit() {
			block[0] |= 1 << d.low
		}
		return
	}
	c.last += d.number(d.symbol(c.dc))
	block[0] = int16(c.last << d.low)
}

// firstBits reads the first bits of other coefficients.
//
// Source: T.81, G.1.2.2.
func (d *decoding) firstBits(c *scanned, block *[64]int16) {
	if d.ended > 0 {
		d.ended--
		return
	}
	for k := d.from; k <= d.to; k++ {
		symbol := d.symbol(c.ac)
		zeros, size := int(symbol>>4), symbol&15
		if size == 0 {
			if zeros < 15 {
				d.ended = d.blocks(uint(zeros)) - 1
				return
			}
			k += 15
			continue
		}
		if k += zeros; k > 63 {
			d.code = true
			return
		}
		block[zigzag[k&127]&63] = int16(d.number(size) << d.low)
	}
}

// blocks returns a number of blocks, from 1<<size on, of which size bits follow.
func (d *decoding) blocks(size uint) int {
	if size == 0 {
		return 1
	}
	return 1<<size + int(d.bits(size))
}

// furtherBits reads one more bit of other coefficients.
//
// Source: T.81, G.1.2.3.
func (d *decoding) furtherBits(c *scanned, block *[64]int16) {
	one := int16(1) << d.low
	refined := func(v *int16) {
		if d.bit() && *v&one == 0 {
			if *v > 0 {
				*v += one
			} else {
				*v -= one
			}
		}
	}
	k := d.from
	for ; d.ended == 0 && k <= d.to; k++ {
		symbol := d.symbol(c.ac)
		zeros, size, v := int(symbol>>4), symbol&15, int16(0)
		switch {
		case size > 1:
			d.code = true
			return
		case size == 1 && d.bit():
			v = one
		case size == 1:
			v = -one
		case zeros < 15:
			d.ended = d.blocks(uint(zeros))
		}
		if d.ended > 0 {
			break
		}
		for ; k <= d.to; k++ { // those that are not 0 have a bit; as many that are 0 are passed over
			if at := &block[zigzag[k&127]&63]; *at != 0 {
				refined(at)
			} else if zeros == 0 {
				break
			} else {
				zeros--
			}
		}
		if v == 0 {
			continue
		}
		if k > d.to {
			d.code = true
			return
		}
		block[zigzag[k&127]&63] = v
	}
	if d.ended > 0 {
		for ; k <= d.to; k++ {
			if at := &block[zigzag[k&127]&63]; *at != 0 {
				refined(at)
			}
		}
		d.ended--
	}
}

// transform makes samples of the coefficients of a progressive file.
func (c *Component) transform() {
	for y := range c.rows {
		for x := range c.columns {
			kern.InverseDCT(c.Pix[8*(y*c.Stride+x):], c.Stride, &c.coefficients[y*c.columns+x], c.quant)
		}
	}
	c.coefficients = nil
}
