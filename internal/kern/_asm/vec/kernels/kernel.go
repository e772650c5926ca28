package kernels

import (
	"strings"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
	"github.com/glia-ml/glia/internal/kern/_asm/neon"
)

// Write emits every kernel for all instruction sets, and their constants.
func Write() {
	arm := &neon.File{}
	for _, k := range append(kernels, mathKernels...) {
		for _, avx512 := range []bool{true, false} {
			k.write(&gen{avx512: avx512})
		}
		k.writeNEON(arm)
	}
	data()
	tails()
}

// A kernel computes dst from slices in and scalars, one vec at a time.
type kernel struct {
	name    string
	in      []string
	scalars []string
	unroll  int
	body    func(g *gen, x, s []vec) vec
}

// write emits k: a loop over unroll vectors, one over single vectors, and a masked
// rest. Lanes outside the mask are read as zero and not written.
func (k kernel) write(g *gen) {
	g.isa().Func(isa.Kernel{Name: "v" + k.name, Sig: k.sig(), Doc: "is [" + k.name + "]."})

	n := Load(Param("dst").Len(), GP64())
	dst := Load(Param("dst").Base(), GP64())
	var src []reg.Register
	for _, p := range k.in {
		src = append(src, Load(Param(p).Base(), GP64()))
	}
	var scalars []reg.VecVirtual
	for _, p := range k.scalars {
		x := Load(Param(p), XMM())
		v := g.reg()
		VBROADCASTSS(x, v)
		scalars = append(scalars, v)
	}
	i := GP64()
	XORQ(i, i)

	loop := func(name string, u int) {
		g.u = u
		step := u * g.width()
		last := GP64() // the last i from which step elements remain
		LEAQ(operand.Mem{Base: n, Disp: -step}, last)
		CMPQ(i, last)
		JGT(operand.LabelRef(name + "_end"))
		Label(name)
		store(g, dst, i, k.compute(g, func(j int) vec { return load(g, src[j], i) }, scalars))
		ADDQ(operand.I32(step), i)
		CMPQ(i, last)
		JLE(operand.LabelRef(name))
		Label(name + "_end")
	}
	if k.unroll > 1 {
		loop("unrolled", k.unroll)
	}
	loop("single", 1)

	g.u = 1
	SUBQ(i, n)
	JZ(operand.LabelRef("done"))
	m := g.tail(n)
	y := k.compute(g, func(j int) vec {
		d := g.reg()
		at := operand.Mem{Base: src[j], Index: i, Scale: 4}
		if g.avx512 {
			VMOVUPS_Z(at, m, d)
		} else {
			VMASKMOVPS(at, m, d)
		}
		return vec{d}
	}, scalars)
	at := operand.Mem{Base: dst, Index: i, Scale: 4}
	if g.avx512 {
		VMOVUPS(y[0], m, at)
	} else {
		VMASKMOVPS(y[0], m, at)
	}
	Label("done")
	VZEROUPPER()
	RET()
}

// sig returns the signature of k.
func (k kernel) sig() string {
	sig := "func(" + strings.Join(append([]string{"dst"}, k.in...), ", ") + " []float32"
	if len(k.scalars) > 0 {
		sig += ", " + strings.Join(k.scalars, ", ") + " float32"
	}
	return sig + ")"
}

func (k kernel) compute(g *gen, load func(int) vec, scalars []reg.VecVirtual) vec {
	var x, s []vec
	for j := range k.in {
		x = append(x, load(j))
	}
	for _, r := range scalars {
		s = append(s, g.rep(r))
	}
	return k.body(g, x, s)
}

// tail returns a mask of the first n lanes, 0 < n < width.
func (g *gen) tail(n reg.Register) reg.Register {
	if g.avx512 {
		MOVQ(n, reg.RCX)
		bit := GP32()
		MOVL(operand.U32(1), bit)
		SHLL(reg.CL, bit)
		DECL(bit)
		m := K()
		KMOVW(bit, m)
		return m
	}
	table := GP64()
	LEAQ(operand.NewDataAddr(operand.NewStaticSymbol("vecTail"), 32), table)
	NEGQ(n)
	m := YMM()
	VMOVUPS(operand.Mem{Base: table, Index: n, Scale: 4}, m)
	return m
}

func load(g *gen, src, i reg.Register) vec {
	v := g.vec()
	for j := range v {
		VMOVUPS(operand.Mem{Base: src, Index: i, Scale: 4, Disp: 4 * g.width() * j}, v[j])
	}
	return v
}

func store(g *gen, dst, i reg.Register, v vec) {
	for j := range v {
		VMOVUPS(v[j], operand.Mem{Base: dst, Index: i, Scale: 4, Disp: 4 * g.width() * j})
	}
}
