package kern

import (
	"math"
	"math/bits"
	"unsafe"
)

// Random numbers come from Philox4x32-10, a function of a key and a counter. A
// stream is named by (key, stream); its element i depends on nothing else, so any
// part of it can be made by any thread, in any order. Word i of the stream is word
// i%4 of the block with counter {i/4, stream}, low half first.
//
// Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel Random Numbers: As Easy as
// 1, 2, 3", section 3.3.

// Philox writes the words offset, offset+1, ... of a stream to dst.
func Philox(dst []uint32, key, stream, offset uint64) {
	s := source{key: key, stream: stream, emit: emitWords}
	s.fill(unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(dst))), len(dst)), offset)
}

// Uniform writes numbers uniform in [0, 1), multiples of 2^-24: element i is the
// upper 24 bits of word i.
func Uniform(dst []float32, key, stream, offset uint64) {
	s := source{key: key, stream: stream, emit: emitUniform}
	s.fill(dst, offset)
}

// DropoutMask writes 0 where the element of [Uniform] is less than rate, and
// 1/(1-rate) elsewhere. Rate is in [0, 1).
func DropoutMask(mask []float32, key, stream, offset uint64, rate float32) {
	s := source{key: key, stream: stream, emit: emitMask, rate: rate, scale: 1 / (1 - rate)}
	s.fill(mask, offset)
}

// Dropout sets dst[i] to 0 where [DropoutMask] is 0 and to the product of x[i] and
// the mask elsewhere. Given dy for x it is its own gradient. Dst may be x.
func Dropout(dst, x []float32, key, stream, offset uint64, rate float32) {
	scale := 1 / (1 - rate)
	head := min(len(dst), int(-offset%4))
	tail := head + (len(dst)-head)/groupWords*groupWords
	dropoutPart(dst[:head], x, key, stream, offset, rate)
	if tail > head {
		philoxDropout(dst[head:tail], x[head:tail], key, stream, (offset+uint64(head))/4, rate, scale)
	}
	dropoutPart(dst[tail:], x[tail:], key, stream, offset+uint64(tail), rate)
}

// dropoutPart is Dropout of less than a group.
func dropoutPart(dst, x []float32, key, stream, offset uint64, rate float32) {
	var buf [groupWords]float32
	mask := buf[:len(dst)]
	DropoutMask(mask, key, stream, offset, rate)
	for i, m := range mask {
		if m == 0 {
			dst[i] = 0
		} else {
			dst[i] = x[i] * m
		}
	}
}

// Normal writes numbers of the standard normal distribution. Elements 2i and 2i+1
// are r·cos(t) and r·sin(t), where, u being words 2i and 2i+1 of the stream,
//
//	r = √(-2 ln((u0 + 1/2)·2^-32)),  t = 2π·(u1 + 1/2)·2^-32
//
// in float64, rounded to float32. The functions are those below, not those of
// package math, which may differ between machines.
//
// Source: Box, Muller 1958, "A Note on the Generation of Random Normal Deviates".
func Normal(dst []float32, key, stream, offset uint64) {
	var u [groupWords]uint32
	var pairs [groupWords]float32
	for len(dst) > 0 {
		skip := int(offset % 2)
		n := min(len(dst), groupWords-skip)
		words := u[:(skip+n+1)&^1]
		Philox(words, key, stream, offset-uint64(skip))
		for i := 0; i < len(words); i += 2 {
			r := math.Sqrt(-2 * logWord(words[i]))
			cos, sin := cosSinWord(words[i+1])
			pairs[i], pairs[i+1] = float32(r*cos), float32(r*sin)
		}
		copy(dst, pairs[skip:][:n])
		dst = dst[n:]
		offset += uint64(n)
	}
}

// logWord returns ln((w + 1/2)·2^-32), with a relative error below 2^-48: for
// w + 1/2 = 2^e·(1+f) with 1+f between √½ and √2 it is
//
//	(e-32)·ln 2 + 2·(s + s³/3 + s⁵/5 + ... + s¹⁹/19),  s = f/(2+f)
//
// Products are rounded before they are added, on every machine.
func logWord(w uint32) float64 {
	const one, rootHalf = 0x3ff0000000000000, 0x3fe6a09e667f3bcd // bits of 1 and √½
	b := math.Float64bits(float64(w)+0.5) + (one - rootHalf)
	e := float64(int64(b>>52) - 1023 - 32)
	f := math.Float64frombits(b&(1<<52-1)+rootHalf) - 1
	s := f / (2 + f)
	z := s * s
	p := 1.0 / 19
	p = float64(p*z) + 1.0/17
	p = float64(p*z) + 1.0/15
	p = float64(p*z) + 1.0/13
	p = float64(p*z) + 1.0/11
	p = float64(p*z) + 1.0/9
	p = float64(p*z) + 1.0/7
	p = float64(p*z) + 1.0/5
	p = float64(p*z) + 1.0/3
	p = float64(p*z) + 1
	return float64(e*math.Ln2) + float64(2*s*p)
}

// cosSinWord returns the cosine and sine of 2π·(w + 1/2)·2^-32, with an error below
// 2^-44: the Taylor series about the nearest multiple of π/2, turned by that.
func cosSinWord(w uint32) (cos, sin float64) {
	quarter := (w + 1<<29) >> 30
	t := (float64(int32(w-quarter<<30)) + 0.5) * (2 * math.Pi / (1 << 32))
	z := t * t
	c := 1.0 / 20922789888000 // 1/16!
	c = float64(c*z) - 1.0/87178291200
	c = float64(c*z) + 1.0/479001600
	c = float64(c*z) - 1.0/3628800
	c = float64(c*z) + 1.0/40320
	c = float64(c*z) - 1.0/720
	c = float64(c*z) + 1.0/24
	c = float64(c*z) - 1.0/2
	c = float64(c*z) + 1
	s := -1.0 / 1307674368000 // 1/15!
	s = float64(s*z) + 1.0/6227020800
	s = float64(s*z) - 1.0/39916800
	s = float64(s*z) + 1.0/362880
	s = float64(s*z) - 1.0/5040
	s = float64(s*z) + 1.0/120
	s = float64(s*z) - 1.0/6
	s = float64(s*z) + 1
	s *= t
	cs := [2]uint64{math.Float64bits(c), math.Float64bits(s)}
	// Quarters 1 and 2 have a negative cosine, 2 and 3 a negative sine.
	q := uint64(quarter)
	return math.Float64frombits(cs[q&1] ^ (q+1)>>1<<63), math.Float64frombits(cs[q&1^1] ^ q>>1<<63)
}

// The kernels make whole groups of 16 blocks.
const groupWords = 64

// A source is a stream and the distribution that its words are turned into.
type source struct {
	key, stream uint64
	emit        emit
	rate, scale float32 // for emitMask
}

type emit int

const (
	emitWords emit = iota
	emitUniform
	emitMask
)

// fill writes elements offset and on to dst.
func (s *source) fill(dst []float32, offset uint64) {
	var buf [groupWords]float32
	if skip := int(offset % 4); skip > 0 && len(dst) > 0 {
		s.groups(buf[:], offset/4)
		n := copy(dst, buf[skip:])
		dst = dst[n:]
		offset += uint64(n)
		if offset%4 != 0 { // dst ended inside the group
			return
		}
	}
	if n := len(dst) / groupWords * groupWords; n > 0 {
		s.groups(dst[:n], offset/4)
		dst = dst[n:]
		offset += uint64(n)
	}
	if len(dst) > 0 {
		s.groups(buf[:], offset/4)
		copy(dst, buf[:])
	}
}

// groups writes whole groups, the first of which begins with a given block.
func (s *source) groups(dst []float32, block uint64) {
	switch s.emit {
	case emitWords:
		words := unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(dst))), len(dst))
		philoxWords(words, s.key, s.stream, block)
	case emitUniform:
		philoxUniform(dst, s.key, s.stream, block)
	case emitMask:
		philoxMask(dst, s.key, s.stream, block, s.rate, s.scale)
	}
}

func philoxWordsGo(dst []uint32, key, stream, block uint64) {
	for ; len(dst) >= 4; dst = dst[4:] {
		b := philoxBlock(key, [2]uint64{block, stream})
		copy(dst, b[:])
		block++
	}
}

func philoxUniformGo(dst []float32, key, stream, block uint64) {
	for ; len(dst) >= 4; dst = dst[4:] {
		b := philoxBlock(key, [2]uint64{block, stream})
		for i, w := range b {
			dst[i] = float32(w>>8) * 0x1p-24
		}
		block++
	}
}

func philoxMaskGo(dst []float32, key, stream, block uint64, rate, scale float32) {
	philoxUniformGo(dst, key, stream, block)
	for i, u := range dst {
		if u < rate {
			dst[i] = 0
		} else {
			dst[i] = scale
		}
	}
}

func philoxDropoutGo(dst, x []float32, key, stream, block uint64, rate, scale float32) {
	for ; len(dst) >= 4; dst, x = dst[4:], x[4:] {
		b := philoxBlock(key, [2]uint64{block, stream})
		for i, w := range b {
			if float32(w>>8)*0x1p-24 < rate {
				dst[i] = 0
			} else {
				dst[i] = x[i] * scale
			}
		}
		block++
	}
}

// philoxBlock is Philox4x32-10 of one counter, {low, high}.
func philoxBlock(key uint64, counter [2]uint64) [4]uint32 {
	c0, c1 := uint32(counter[0]), uint32(counter[0]>>32)
	c2, c3 := uint32(counter[1]), uint32(counter[1]>>32)
	k0, k1 := uint32(key), uint32(key>>32)
	for range 10 {
		hi0, lo0 := bits.Mul32(0xD2511F53, c0)
		hi1, lo1 := bits.Mul32(0xCD9E8D57, c2)
		c0, c1, c2, c3 = hi1^c1^k0, lo1, hi0^c3^k1, lo0
		k0 += 0x9E3779B9
		k1 += 0xBB67AE85
	}
	return [4]uint32{c0, c1, c2, c3}
}
