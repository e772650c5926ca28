package kern

// intOperand is A or B as the kernels take it: with the bits of flip changed, so that it
// is of uint8 or of int8, and for pairs of int16 less off.
type intOperand struct {
	src   []uint8
	ld    int
	along bool // elements along K follow each other
	width int  // words from one step to the next
	flip  uint8
	off   int16

	changes [8]uint64 // flip of each byte and off of each int16, for vectors

	// What is left to subtract of row or column i: its zero point plus shift.
	zero   []uint8
	signed bool // zero points are of int8
	shift  int32
	int8s  bool // a signed side of products of four bytes
	exact  bool // nothing is left
}

// operand returns how a matrix is packed. With pairs of int16, zero-extended, a bias of
// 128 and the zero point of the whole matrix are subtracted at once.
func (t intTile) operand(src []uint8, ld int, along bool, width int, zero []uint8, signed, right bool) intOperand {
	o := intOperand{src: src, ld: ld, along: along, width: width, zero: zero, signed: signed, int8s: right || t.signed}
	switch {
	case t.group == 4 && signed != o.int8s:
		o.flip = 0x80
		o.shift = 128
		if o.int8s {
			o.shift = -128
		}
	case t.group == 2 && signed:
		o.flip, o.off = 0x80, 128
	}
	if t.group == 2 && len(zero) == 1 {
		o.off += int16(o.zeroOf(0))
		o.zero = nil
	}
	for i := range 4 {
		o.changes[i], o.changes[4+i] = uint64(o.flip)*0x0101010101010101, uint64(uint16(o.off))*0x0001000100010001
	}
	o.exact = o.shift == 0
	for i := range o.zero {
		o.exact = o.exact && o.zero[i] == 0
	}
	return o
}

// zeroOf returns what is to be subtracted of row or column i.
func (o *intOperand) zeroOf(i int) int32 {
	if len(o.zero) == 0 {
		return o.shift
	}
	z := o.zero[min(i, len(o.zero)-1)]
	if o.signed {
		return int32(int8(z)) + o.shift
	}
	return int32(z) + o.shift
}

// packStrips packs strips [s0,s1) of A, of K's [k0,k1), and fills in their corrections.
func (m *MatMulInt8) packStrips(x *intPacked, first, s0, s1, batch, k0, k1 int) {
	c := &m.cut
	a := c.a
	a.src = from(a.src, batch*m.StrideA)
	size := c.width * c.words(k1-k0)
	c.packInts(x.a[(s0-first)*size:], &a, c.row, s0, s1, k0, k1)
	if c.a.exact && c.b.exact {
		return
	}
	for s := s0; s < s1; s++ {
		i0, i1 := c.row(s), c.row(s+1)
		at := i0 - c.row(first)
		sums, zeros := x.rowP[at:][:i1-i0], x.rowQ[at:][:i1-i0]
		c.sums(sums, x.a[(s-first)*size:][:size], &a, c.b.exact)
		for i := range zeros {
			zeros[i] = a.zeroOf(i0 + i)
		}
	}
}

// packPanels packs panels [q0,q1) of B likewise.
func (m *MatMulInt8) packPanels(x *intPacked, first, q0, q1, batch, k0, k1 int) {
	c := &m.cut
	b := c.b
	b.src = from(b.src, batch*m.StrideB)
	size := c.nr * c.words(k1-k0)
	c.packInts(x.b[(q0-first)*size:], &b, c.col, q0, q1, k0, k1)
	if c.a.exact && c.b.exact {
		return
	}
	for q := q0; q < q1; q++ {
		j0, j1 := c.col(q), c.col(q+1)
		at := (q - first) * c.nr
		negative, sums := x.colX[at:][:j1-j0], x.colY[at:][:j1-j0]
		c.sums(sums, x.b[(q-first)*size:][:size], &b, c.a.exact)
		for j := range sums {
			z := b.zeroOf(j0 + j)
			negative[j] = -z
			sums[j] = int32(k1-k0)*z - sums[j]
		}
	}
}

// packInts packs strips or panels [p0,p1), which begin where the function says. Rows of
// many are copied some at a time, so that elements next to each other in memory are read
// soon after each other.
func (c *intCut) packInts(dst []int32, o *intOperand, begin func(int) int, p0, p1, k0, k1 int) {
	depth, chunk := k1-k0, k1-k0
	if !o.along {
		chunk = 2 * alongRows
	}
	for k := 0; k < depth; k += chunk {
		n := min(chunk, depth-k)
		for p := p0; p < p1; p++ {
			at := begin(p)
			c.pack(dst[((p-p0)*c.words(depth)+k/c.group)*o.width:], o, at, begin(p+1)-at, k0+k, n)
		}
	}
}

// packIntsGo packs rows or columns [j0,j1) of n from at on, in words [s0,s1) of depth
// elements from k0 on. What lies behind the last is zeros.
func (t intTile) packIntsGo(dst []int32, o *intOperand, at, j0, j1, k0, depth, s0, s1 int) {
	along, across := o.ld, 1
	if o.along {
		along, across = 1, o.ld
	}
	for j := j0; j < j1; j++ {
		src := from(o.src, k0*along+(at+j)*across)
		for s := s0; s < s1; s++ {
			w := uint32(0)
			for e := range min(t.group, depth-s*t.group) {
				x := src[(s*t.group+e)*along] ^ o.flip
				if t.group == 2 {
					w |= uint32(uint16(int16(x)-o.off)) << (16 * e)
				} else {
					w |= uint32(x) << (8 * e)
				}
			}
			dst[s*o.width+j] = int32(w)
		}
	}
}

// sums adds up the elements of each row or column of a packed strip or panel; or it
// returns zeros, if sums are not needed.
func (t intTile) sums(dst, packed []int32, o *intOperand, unneeded bool) {
	clear(dst)
	if unneeded {
		return
	}
	for at := t.sumWords(dst, packed, o); at < len(packed); at += o.width {
		for j, w := range packed[at:][:len(dst)] {
			switch {
			case t.group == 2:
				dst[j] += int32(int16(w)) + w>>16
			case o.int8s:
				dst[j] += int32(int8(w)) + int32(int8(w>>8)) + int32(int8(w>>16)) + w>>24
			default:
				dst[j] += w&0xff + w>>8&0xff + w>>16&0xff + w>>24&0xff
			}
		}
	}
}
