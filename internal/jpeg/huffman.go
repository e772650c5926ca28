package jpeg

import (
	"errors"
	"math/bits"
)

// fastBits is the length of the codes that a table looks up at once.
const fastBits = 10

// table holds a table of Huffman codes.
//
// Source: T.81, annexes C and F.2.2.3.
type table struct {
	// fast holds, for the next bits: in the low 5 bits, how many of them a symbol has with the
	// bits of its number, if all of these are there; then, from bit 8 on, the zeros before that
	// number, and the number from bit 16 on, which is not 0. Where the number is 0 the low bits
	// have the length of the code alone, and bits 8 to 15 the symbol; length 0 is of longer codes.
	fast [1 << fastBits]uint32
	// limit holds, for each length of codes, the first 16 bits that are behind them, and offset
	// what is added to a code to have the place of its symbol.
	limit   [17]uint32
	offset  [17]int32
	symbols [256]uint8
}

// set makes t the table of codes of which there are counts of each length. Symbols of a table of
// differences are the lengths of numbers.
func (t *table) set(counts [16]uint8, symbols []byte, differences bool) error {
	*t = table{}
	copy(t.symbols[:], symbols)
	code, k := int32(0), 0
	for l := 1; l <= 16; l++ {
		t.offset[l] = int32(k) - code
		for range counts[l-1] {
			if code >= 1<<l {
				return errors.New("jpeg with a damaged table of codes: more than there are of a length")
			}
			if differences && symbols[k] > 15 {
				return errors.New("jpeg with a damaged table of codes: a difference of more than 15 bits")
			}
			if l <= fastBits {
				t.fill(uint32(code)<<(fastBits-l), l, symbols[k])
			}
			code, k = code+1, k+1
		}
		t.limit[l] = uint32(code) << (16 - l)
		code <<= 1
	}
	return nil
}

// fill sets the entries of fast of a code of l bits, which begin at at.
func (t *table) fill(at uint32, l int, symbol uint8) {
	size := int(symbol & 15)
	rest := fastBits - l // the bits behind the code
	for i := range uint32(1) << rest {
		e := uint32(symbol)<<8 | uint32(l)
		if size > 0 && size <= rest {
			v := int32(i >> (rest - size))
			if v < 1<<(size-1) {
				v += 1 - 1<<size
			}
			e = uint32(v)<<16 | uint32(symbol>>4)<<8 | uint32(l+size)
		}
		t.fast[at+i] = e
	}
}

// long returns the symbol of a code that is longer than fastBits, at the beginning of acc, and its
// length; length 0 if there is none.
func (t *table) long(acc uint64) (symbol uint8, length uint) {
	code := uint32(acc >> 48)
	for l := uint(fastBits + 1); l <= 16; l++ {
		if code < t.limit[l] {
			return t.symbols[uint8(int32(code>>(16-l))+t.offset[l])], l
		}
	}
	return 0, 0
}

// next returns the symbol of the code at the beginning of acc, and its length; length 0 if there is
// no such code.
func (t *table) next(acc uint64) (symbol uint8, length uint) {
	e := t.fast[acc>>(64-fastBits)]
	if e == 0 {
		return t.long(acc)
	}
	v := int32(e) >> 16
	if v == 0 {
		return uint8(e >> 8), uint(e & 31)
	}
	size := bits.Len32(uint32(max(v, -v)))
	return uint8(e>>8&15)<<4 | uint8(size), uint(e&31) - uint(size)
}

// extend returns the number of size bits, 1 to 15, at the beginning of acc.
//
// Source: T.81, F.2.2.1, EXTEND.
func extend(acc uint64, size uint) int32 {
	negative := ^int32(int64(acc) >> 63)
	return int32(acc>>(64-size&63)) + negative&(1-1<<size)
}
