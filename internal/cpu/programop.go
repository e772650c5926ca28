package cpu

import (
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/tensor"
)

// op is the operation of an instruction of a lowered program: run computes n elements, or
// rows, from at on.
type op interface {
	run(f frame, c *instr, at, n int)
}

// instr is an instruction with its places.
type instr struct {
	op        op
	row       bool // it computes one number for each row
	dst, args []place
}

// mapFloats is an elementwise function on float32.
type mapFloats struct{ tile }

func (o mapFloats) run(f frame, c *instr, at, n int) {
	dst, x := f.f32(c.dst[0], at, n), f.f32(c.args[0], at, n)
	switch o.arity {
	case 1:
		o.one(dst, x)
	case 2:
		o.two(dst, x, f.f32(c.args[1], at, n))
	case 3:
		o.three(dst, x, f.f32(c.args[1], at, n), f.f32(c.args[2], at, n))
	}
}

// mapTuple is an elementwise function of several results on float32.
type mapTuple struct {
	f func(dst, x tuple)
}

func (o mapTuple) run(f frame, c *instr, at, n int) {
	var dst, x tuple
	for i, p := range c.dst {
		dst[i] = f.f32(p, at, n)
	}
	for i, p := range c.args {
		x[i] = f.f32(p, at, n)
	}
	o.f(dst, x)
}

// mapBits is an elementwise function on the bits of halves.
type mapBits struct {
	kern.HalfFunc
	bf16 bool // not float16
}

func (o mapBits) run(f frame, c *instr, at, n int) {
	var b []uint16
	if o.Op.Binary() {
		b = f.bits(c.args[1], at, n)
	}
	dst, a := f.bits(c.dst[0], at, n), f.bits(c.args[0], at, n)
	if o.bf16 {
		o.BF16(dst, a, b)
	} else {
		o.F16(dst, a, b)
	}
}

// expand repeats the number of each row along it.
type expand struct {
	cols       int
	half, bf16 bool
}

func (o expand) run(f frame, c *instr, at, n int) {
	rows := f.f32(c.args[0], at/o.cols, n/o.cols)
	if o.half {
		dst := f.bits(c.dst[0], at, n)
		for i, v := range rows {
			fillHalf(dst[i*o.cols:][:o.cols], v, o.bf16)
		}
		return
	}
	dst := f.f32(c.dst[0], at, n)
	for i, v := range rows {
		kern.Fill(dst[i*o.cols:][:o.cols], v)
	}
}

// setAll sets all elements to a number.
type setAll struct {
	v          float32
	half, bf16 bool
}

func (o setAll) run(f frame, c *instr, at, n int) {
	if o.half {
		fillHalf(f.bits(c.dst[0], at, n), o.v, o.bf16)
	} else {
		kern.Fill(f.f32(c.dst[0], at, n), o.v)
	}
}

// convert changes the form of a value of a half type.
type convert struct {
	from, to form
	bf16     bool
}

func round(dt tensor.DType) op  { return convert{raw, exact, dt == tensor.BFloat16} }
func narrow(dt tensor.DType) op { return convert{exact, bits, dt == tensor.BFloat16} }
func widen(dt tensor.DType) op  { return convert{bits, exact, dt == tensor.BFloat16} }

func (o convert) run(f frame, c *instr, at, n int) {
	switch dst, x := c.dst[0], c.args[0]; {
	case o.from == bits:
		widenFrom(o.bf16, f.f32(dst, at, n), f.bits(x, at, n))
	case o.to == bits:
		narrowTo(o.bf16, f.bits(dst, at, n), f.f32(x, at, n))
	default:
		roundTo(o.bf16, f.f32(dst, at, n), f.f32(x, at, n))
	}
}

// givesBits reports whether the results of an instruction are the bits of halves.
func givesBits(o op) bool {
	switch o := o.(type) {
	case mapBits:
		return true
	case expand:
		return o.half
	case convert:
		return o.to == bits
	}
	return false
}

// worksInPlace reports whether the results of an instruction may lie where arguments do.
func worksInPlace(o op) bool {
	switch o := o.(type) {
	case mapFloats, chained, mapTuple, mapBits, foldBits:
		return true
	case foldRows:
		return o.fold != momentsOf
	case convert:
		return o.from != bits && o.to != bits
	}
	return false
}
