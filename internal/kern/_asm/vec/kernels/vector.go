package kernels

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
	"github.com/glia-ml/glia/internal/kern/_asm/neon"
)

// A gen writes instructions for one of the instruction sets. Kernels are described once,
// in terms of its methods; each of them is the same IEEE or integer operation in all
// sets, so all kernels give the same bits.
type gen struct {
	avx512 bool
	neon   *neonGen // or nil
	u      int      // vectors worked on at a time
}

func (g *gen) isa() isa.ISA {
	if g.avx512 {
		return isa.AVX512
	}
	return isa.AVX2
}

func (g *gen) width() int {
	if g.neon != nil {
		return 4
	}
	return g.isa().W
}

// A vec is u registers. A mask is u opmask registers or u vectors of all-ones lanes.
// A val is a vec or a con.
type (
	vec  []reg.VecVirtual
	mask []reg.Register
	con  uint32
	val  interface{ isVal() }
)

func (vec) isVal() {}
func (con) isVal() {}

// f is a float constant.
func f(x float64) con { return con(math.Float32bits(float32(x))) }

// pool holds each constant eight times: AVX2 takes all, AVX-512 broadcasts one.
var pool struct {
	index map[con]int
	list  []con
}

func (c con) mem() operand.Mem {
	i, ok := pool.index[c]
	if !ok {
		if pool.index == nil {
			pool.index = map[con]int{}
		}
		i = len(pool.list)
		pool.index[c] = i
		pool.list = append(pool.list, c)
	}
	return operand.NewDataAddr(operand.NewStaticSymbol("vecConst"), 32*i)
}

// data writes the constants.
func data() {
	GLOBL("vecConst", attr.RODATA|attr.NOPTR)
	for i, c := range pool.list {
		for j := range 4 {
			DATA(32*i+8*j, operand.U64(uint64(c)<<32|uint64(c)))
		}
	}
}

// tails writes the table from which AVX2 loads masks for tails.
func tails() {
	GLOBL("vecTail", attr.RODATA|attr.NOPTR)
	for i := range 8 {
		v := ^uint64(0)
		if i >= 4 {
			v = 0
		}
		DATA(8*i, operand.U64(v))
	}
}

func (g *gen) reg() reg.VecVirtual {
	switch {
	case g.neon != nil:
		return XMM() // its number is all that NEON takes of it
	case g.avx512:
		return ZMM()
	}
	return YMM()
}

func (g *gen) vec() vec {
	v := make(vec, g.u)
	for i := range v {
		v[i] = g.reg()
	}
	return v
}

func (g *gen) mask() mask {
	m := make(mask, g.u)
	for i := range m {
		if g.avx512 {
			m[i] = K()
		} else {
			m[i] = g.reg()
		}
	}
	return m
}

type instr func(...operand.Op)

// An op2 is an operation on two vectors: on amd64, with a constant in AVX-512, in NEON.
type op2 struct {
	plain, bcst instr
	neon        neon.Word
}

// emit writes plain or, for a constant operand of AVX-512, bcst. The operand b
// goes where Intel writes it last.
func (g *gen) emit(plain, bcst instr, b val, i int, rest ...operand.Op) {
	if c, ok := b.(con); ok {
		if g.avx512 {
			plain = bcst
		}
		plain(append([]operand.Op{c.mem()}, rest...)...)
		return
	}
	plain(append([]operand.Op{b.(vec)[i]}, rest...)...)
}

func (g *gen) op2(o op2, a vec, b val) vec {
	d := g.vec()
	for i := range d {
		if g.neon != nil {
			g.neon.Op3(o.neon, n(d[i]), n(a[i]), g.neon.val(b, i))
		} else {
			g.emit(o.plain, o.bcst, b, i, a[i], d[i])
		}
	}
	return d
}

func (g *gen) add(a vec, b val) vec { return g.op2(op2{VADDPS, VADDPS_BCST, neon.FAdd}, a, b) }
func (g *gen) sub(a vec, b val) vec { return g.op2(op2{VSUBPS, VSUBPS_BCST, neon.FSub}, a, b) }
func (g *gen) mul(a vec, b val) vec { return g.op2(op2{VMULPS, VMULPS_BCST, neon.FMul}, a, b) }
func (g *gen) div(a vec, b val) vec { return g.op2(op2{VDIVPS, VDIVPS_BCST, neon.FDiv}, a, b) }

// max is a > b ? a : b, min is a < b ? a : b: b if either is NaN. NEON's own give NaN.
func (g *gen) max(a vec, b val) vec {
	if g.neon != nil {
		return g.neon.choose(g, a, b, false)
	}
	return g.op2(op2{plain: VMAXPS, bcst: VMAXPS_BCST}, a, b)
}

func (g *gen) min(a vec, b val) vec {
	if g.neon != nil {
		return g.neon.choose(g, a, b, true)
	}
	return g.op2(op2{plain: VMINPS, bcst: VMINPS_BCST}, a, b)
}

func (g *gen) iadd(a vec, b val) vec { return g.op2(op2{VPADDD, VPADDD_BCST, neon.Add}, a, b) }
func (g *gen) isub(a vec, b val) vec { return g.op2(op2{VPSUBD, VPSUBD_BCST, neon.Sub}, a, b) }
func (g *gen) imax(a vec, b val) vec { return g.op2(op2{VPMAXSD, VPMAXSD_BCST, neon.SMax}, a, b) }
func (g *gen) imin(a vec, b val) vec { return g.op2(op2{VPMINSD, VPMINSD_BCST, neon.SMin}, a, b) }

// The operations on bits have other names in AVX2.
func (g *gen) and(a vec, b val) vec { return g.bits(VPANDD, VPANDD_BCST, VPAND, neon.And, a, b) }
func (g *gen) or(a vec, b val) vec  { return g.bits(VPORD, VPORD_BCST, VPOR, neon.Orr, a, b) }
func (g *gen) xor(a vec, b val) vec { return g.bits(VPXORD, VPXORD_BCST, VPXOR, neon.Eor, a, b) }

func (g *gen) bits(plain, bcst instr, avx2 func(b, a, d operand.Op), w neon.Word, a vec, b val) vec {
	if !g.avx512 {
		plain = func(o ...operand.Op) { avx2(o[0], o[1], o[2]) }
	}
	return g.op2(op2{plain, bcst, w}, a, b)
}

func (g *gen) op1(in instr, w neon.Word, a vec, imm ...operand.Op) vec {
	d := g.vec()
	for i := range d {
		if g.neon != nil {
			g.neon.Op2(w, n(d[i]), n(a[i]))
		} else {
			in(append(append([]operand.Op{}, imm...), a[i], d[i])...)
		}
	}
	return d
}

func (g *gen) sqrt(a vec) vec         { return g.op1(VSQRTPS, neon.FSqrt, a) }
func (g *gen) shl(a vec, n uint8) vec { return g.op1(VPSLLD, neon.Shl(n), a, operand.U8(n)) }
func (g *gen) sar(a vec, n uint8) vec { return g.op1(VPSRAD, neon.Sar(n), a, operand.U8(n)) }
func (g *gen) toFloat(a vec) vec      { return g.op1(VCVTDQ2PS, neon.SCvtF, a) }

func (g *gen) mov(a vec) vec {
	if g.neon != nil {
		return g.neon.copy(g, a)
	}
	return g.op1(VMOVAPS, neon.Word{}, a)
}

// round rounds to integers: mode 0 to nearest even, 1 down, 2 up, 3 towards zero.
func (g *gen) round(a vec, mode uint8) vec {
	w := []neon.Word{neon.RintN, neon.RintM, neon.RintP, neon.RintZ}[mode]
	if g.avx512 {
		return g.op1(VRNDSCALEPS, w, a, operand.U8(mode|8))
	}
	return g.op1(func(o ...operand.Op) { VROUNDPS(o[0], o[1], o[2]) }, w, a, operand.U8(mode|8))
}

// con loads a constant into registers of its own.
func (g *gen) con(c con) vec {
	d := g.vec()
	for i := range d {
		if g.neon != nil {
			g.neon.constant(n(d[i]), c)
		} else if g.avx512 {
			VBROADCASTSS(c.mem(), d[i])
		} else {
			VMOVUPS(c.mem(), d[i])
		}
	}
	return d
}

// The fused operations overwrite a, or leave it and return other registers.

// mulAdd is a = a*b + c.
func (g *gen) mulAdd(a, b vec, c val) vec {
	if g.neon != nil {
		return g.neon.mulAdd(g, a, b, c)
	}
	for i := range a {
		g.emit(VFMADD213PS, VFMADD213PS_BCST, c, i, b[i], a[i])
	}
	return a
}

// addMul is a = a + b*c.
func (g *gen) addMul(a, b vec, c val) vec {
	for i := range a {
		if g.neon != nil {
			g.neon.Change(neon.FMLA, n(a[i]), n(b[i]), g.neon.val(c, i))
			continue
		}
		g.emit(VFMADD231PS, VFMADD231PS_BCST, c, i, b[i], a[i])
	}
	return a
}

// subMul is a = a - b*c.
func (g *gen) subMul(a, b vec, c val) vec {
	for i := range a {
		if g.neon != nil {
			g.neon.Change(neon.FMLS, n(a[i]), n(b[i]), g.neon.val(c, i))
			continue
		}
		g.emit(VFNMADD231PS, VFNMADD231PS_BCST, c, i, b[i], a[i])
	}
	return a
}

// horner is the polynomial of x with the given coefficients, highest first.
func (g *gen) horner(x vec, c []float64) vec {
	p := g.con(f(c[0]))
	for _, c := range c[1:] {
		p = g.mulAdd(p, x, f(c))
	}
	return p
}

// Predicates of cmp. Those named n.. hold for NaN too.
const (
	eq    = 0
	lt    = 1
	le    = 2
	unord = 3
	neq   = 4
	nlt   = 5
	ge    = 13
	gt    = 14
)

func (g *gen) cmp(a vec, pred uint8, b val) mask {
	m := g.mask()
	for i := range m {
		if g.neon != nil {
			g.neon.cmp(g, n(m[i]), n(a[i]), pred, g.neon.val(b, i))
			continue
		}
		in := func(in instr) instr {
			return func(o ...operand.Op) { in(append([]operand.Op{operand.U8(pred)}, o...)...) }
		}
		g.emit(in(VCMPPS), in(VCMPPS_BCST), b, i, a[i], m[i])
	}
	return m
}

// pick is m ? a : b.
func (g *gen) pick(m mask, a val, b vec) vec {
	d := g.vec()
	for i := range d {
		if g.neon != nil {
			g.neon.Move(n(d[i]), n(m[i]))
			g.neon.Change(neon.BSL, n(d[i]), g.neon.val(a, i), n(b[i]))
		} else if g.avx512 {
			g.emit(VBLENDMPS, VBLENDMPS_BCST, a, i, b[i], m[i], d[i])
		} else {
			g.emit(func(o ...operand.Op) { VBLENDVPS(m[i], o[0], o[1], o[2]) }, nil, a, i, b[i], d[i])
		}
	}
	return d
}

// keep is m ? a : 0.
func (g *gen) keep(m mask, a val) vec {
	d := g.vec()
	for i := range d {
		c, isCon := a.(con)
		switch {
		case g.neon != nil:
			g.neon.Op3(neon.And, n(d[i]), n(m[i]), g.neon.val(a, i))
		case g.avx512 && isCon:
			VBROADCASTSS_Z(c.mem(), m[i], d[i])
		case g.avx512:
			VMOVAPS_Z(a.(vec)[i], m[i], d[i])
		case isCon:
			VANDPS(c.mem(), m[i], d[i])
		default:
			VANDPS(a.(vec)[i], m[i], d[i])
		}
	}
	return d
}

// copySign is a with the sign of b.
func (g *gen) copySign(a, b vec) vec {
	if !g.avx512 {
		return g.or(g.and(a, ^signBit), g.and(b, signBit)) // of NEON, too
	}
	d := g.con(signBit)
	for i := range d {
		VPTERNLOGD(operand.U8(0xca), a[i], b[i], d[i]) // d ? b : a
	}
	return d
}

// rep is one register u times.
func (g *gen) rep(r reg.VecVirtual) vec {
	v := make(vec, g.u)
	for i := range v {
		v[i] = r
	}
	return v
}
