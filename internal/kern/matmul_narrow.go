package kern

import "unsafe"

// Narrow is the formats of 16-bit floats, whose bits are in a uint16.
type Narrow uint8

const (
	NotNarrow Narrow = iota
	BF16             // bfloat16
	F16              // float16
)

// narrowing holds the settings in which a product of 16-bit floats differs from one of
// float32.
//
// Where there is VDPBF16PS the kernel takes pairs of bfloat16, of elements 2i and
// 2i+1 along K, as one element of 32 bits. Elsewhere packing widens the operands to
// float32. Products of bfloat16 are exact in float32, and the chains are the same:
// of each pair the second product is added first, because VDPBF16PS does so. It also
// takes subnormals for zeros, of operands and of sums, and so do the other vector
// kernels then; the portable kernel keeps them.
type narrowing struct {
	pairs bool
	unit  int  // elements along K that change places or are paired
	lines bool // A is packed row by row
	// A is packed as it is stored transposed, elements of a column of A one after the other.
	columns bool
	// Rows are few: B is read where it is, except a rest of columns that is too narrow for that.
	inPlace bool
	// rounds is set if the kernel itself rounds final results, accumulates if there are
	// float32 results, because it does not or because K is in parts.
	rounds, accumulates, inParts bool
}

// steps returns how often the kernel multiplies for depth elements of K. A zero completes
// the last pair of an odd number.
func (n narrowing) steps(depth int) int {
	switch {
	case n.pairs:
		return ceil(depth, 2)
	case n.unit == 2:
		return ceil(depth, 2) * 2
	}
	return depth
}

// partOf is part, in whole units.
func (n narrowing) partOf(depth, parts, i int) int {
	if n.unit < 2 {
		return part(depth, parts, i)
	}
	return min(depth, part(ceil(depth, n.unit), parts, i)*n.unit)
}

// planNarrow decides which operands of 16 bits are packed: all that have to be widened or
// paired. Rows of A are pairs already, and the operand that few rows are multiplied with
// is widened or paired as it is loaded.
func (m *Product[T]) planNarrow() {
	c := &m.cut
	c.pairs, c.unit = c.isa == avx512BF16, 1
	if m.Narrow == BF16 {
		c.unit = 2
	}
	c.rounds = c.pairs && m.K > 0
	lines := !m.TransA || m.LDA == 1 || m.N >= 32*m.M // it is fast or pays to gather
	c.inPlace = !m.TransB && m.M <= c.few && m.K > 0 && (c.isa != avx2 || lines && m.N >= 4*c.lanes)
	c.packB = !c.inPlace
	c.packA = !c.pairs || m.TransA || clash(m.LDA*2) && m.M > c.mr && m.N > c.nr
	c.lines = c.packA && m.K > 0 && c.isa != portable && lines && (c.inPlace || !m.TransA && !c.pairs)
	c.columns = m.TransA && !c.lines && c.isa == avx2
}

// columnLen returns the elements from one column of A to the next if it is packed column
// by column: an odd number of cache lines, so that columns share no sets of the cache.
func (c *cut[T]) columnLen(rows int) int { return (ceil(rows, 16) | 1) * 16 }

// packColumns packs k's [from,to) of rows [i0,i1) of A from k0 on, as they are stored.
func (m *Product[T]) packColumns(dst []T, batch, i0, i1, k0, from, to int) {
	c := &m.cut
	ld := c.columnLen(i1 - i0)
	packNarrowRows(c.tile, m.Narrow, dst[c.steps(from)*ld:], ld, m.operandA(batch, k0+from, i0).narrow, m.LDA, i1-i0, to-from)
}

// lineLen is the elements from one row of A to the next if it is packed row by row.
func (c *cut[T]) lineLen(steps int) int {
	n := ceil(steps, c.lanes) * c.lanes
	if clash(4 * n) {
		n += c.lanes
	}
	return n
}

// packLines packs depth elements of each of rows [i0,i1) of A, from k0 on.
func (m *Product[T]) packLines(dst []T, batch, i0, i1, k0, depth int) {
	n := m.cut.lineLen(m.cut.steps(depth))
	src := m.operandA(batch, k0, i0)
	switch {
	case m.TransA && m.LDA > 1:
		for i := range i1 - i0 {
			m.gather(wide(dst[i*n:][:n]), src.narrow[i:], depth)
		}
	case m.cut.pairs: // the half of a pair behind an odd number is not read
		for i := range i1 - i0 {
			copy(bits16(wide(dst[i*n:][:n])), src.narrow[i*m.LDA:][:depth])
		}
	default:
		packNarrowLines(m.cut.tile, m.Narrow, dst, n, src.narrow, m.LDA, depth, i1-i0)
	}
}

// gather packs a row of A that is stored as a column.
func (m *Product[T]) gather(line []float32, src []uint16, depth int) {
	clear(line[max(0, m.cut.steps(depth)-2):])
	if m.cut.pairs {
		pairs := bits16(line)
		for k := range depth {
			pairs[k] = src[k*m.LDA]
		}
		return
	}
	for k := range depth {
		line[m.Narrow.place(k)] = m.Narrow.widen(src[k*m.LDA])
	}
}

// bits16 is the memory of s.
func bits16(s []float32) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(s))), 2*len(s))
}

// packNarrowLinesGo copies k rows of n elements along K, as float32 in the order in
// which they are multiplied.
func packNarrowLinesGo[T Float](f Narrow, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	for i := range k {
		line, row := wide(dst[i*ldDst:]), src[i*ldSrc:][:n]
		if f == BF16 {
			swapPairs(line, row)
		} else {
			f16ToF32Go(line[:n], row)
		}
	}
}

// swapPairs widens bfloat16s, of which 2i and 2i+1 change places.
func swapPairs(dst []float32, src []uint16) {
	for len(src) >= 2 {
		dst[0], dst[1] = bf16ToFloat(src[1]), bf16ToFloat(src[0])
		dst, src = dst[2:], src[2:]
	}
	if len(src) > 0 {
		dst[0], dst[1] = 0, bf16ToFloat(src[0])
	}
}

// wide is s, whose elements are float32 in a narrow product.
func wide[T Float](s []T) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}

// round rounds a finished block, float32s ld apart, to its place in C16.
func (m *Product[T]) round(at int, c []T, ld, rows, cols int) {
	if m.Narrow == BF16 {
		f32ToBF16Rows(m.C16[at:], m.LDC, wide(c), ld, rows, cols)
	} else {
		f32ToF16Rows(m.C16[at:], m.LDC, wide(c), ld, rows, cols)
	}
}

// widen returns the value of a 16-bit float.
func (f Narrow) widen(h uint16) float32 {
	if f == BF16 {
		return bf16ToFloat(h)
	}
	return halfToFloat(h)
}

// place returns where element k along K is packed.
func (f Narrow) place(k int) int {
	if f == BF16 {
		return k ^ 1
	}
	return k
}

// packNarrowRowsGo is packRowsGo that widens.
func packNarrowRowsGo[T Float](f Narrow, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	for i := range k {
		to := dst[f.place(i)*ldDst:][:n]
		for j, h := range src[i*ldSrc:][:n] {
			to[j] = T(f.widen(h))
		}
	}
	fillPair(f, dst, ldDst, n, k)
}

// packNarrowColsGo is packColsGo that widens.
func packNarrowColsGo[T Float](f Narrow, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	for j := range n {
		for i, h := range src[j*ldSrc:][:k] {
			dst[f.place(i)*ldDst+j] = T(f.widen(h))
		}
	}
	fillPair(f, dst, ldDst, n, k)
}

// fillPair writes zeros for element k if k, an odd number, is the number of elements.
func fillPair[T Float](f Narrow, dst []T, ldDst, n, k int) {
	if f == BF16 && k%2 != 0 {
		clear(dst[(k-1)*ldDst:][:n])
	}
}
