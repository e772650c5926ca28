// Command reduce generates the reductions over rows and columns.
package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
)

//go:generate go run . -out ../../reduce_amd64.s -stubs ../../reduce_stub_amd64.go -pkg kern

type vec = reg.VecVirtual

const lanes = 64

// A reduction takes the elements of a row into lanes and joins those; the order is
// that described in kern/reduce.go.
type reduction struct {
	name    string
	args    string   // "x, y *float32", with y of the same shape; then row scalars
	scalars []string // one float32 per row
	fill    uint32   // bits of the identity
	nan     bool     // watch for NaN in x
	one     bool     // y is one row, the same for every row of x
	into    bool     // step changes y
	// step takes x and y into the accumulator. Elements outside of a row are fill.
	step func(a isa.ISA, acc, x, y vec, s []vec)
	join join
}

var reductions = []reduction{
	{name: "sumRows", step: func(a isa.ISA, acc, x, _ vec, _ []vec) { a.Add(x, acc, acc) }, join: sum},
	{name: "sumSqRows", step: func(a isa.ISA, acc, x, _ vec, _ []vec) {
		a.Mul(x, x, x)
		a.Add(x, acc, acc)
	}, join: sum},
	{name: "dotRows", args: "y", step: func(a isa.ISA, acc, x, y vec, _ []vec) {
		a.Mul(y, x, x)
		a.Add(x, acc, acc)
	}, join: sum},
	{name: "mulSqRows", args: "y", one: true, step: func(a isa.ISA, acc, x, y vec, _ []vec) {
		a.Mul(y, x, x)
		a.Mul(x, x, x)
		a.Add(x, acc, acc)
	}, join: sum},
	{name: "sumSqBoth", args: "y", one: true, into: true, step: func(a isa.ISA, acc, x, y vec, _ []vec) {
		a.Mul(x, x, x)
		a.Add(x, acc, acc)
		a.Add(x, y, y)
	}, join: sum},
	{
		name: "prodRows", fill: math.Float32bits(1),
		step: func(a isa.ISA, acc, x, _ vec, _ []vec) { a.Mul(x, acc, acc) }, join: product,
	},
	{
		name: "maxRows", fill: 0xff800000, nan: true,
		step: func(a isa.ISA, acc, x, _ vec, _ []vec) { a.Max(x, acc, acc) }, join: greatest,
	},
	{
		name: "minRows", fill: 0x7f800000, nan: true,
		step: func(a isa.ISA, acc, x, _ vec, _ []vec) { a.Min(x, acc, acc) }, join: least,
	},
	{name: "entropyRows", args: "y", scalars: []string{"m", "s"}, step: entropy, join: sum},
}

// entropy adds x·(s - (y - m)) where x is not zero.
func entropy(a isa.ISA, acc, x, y vec, s []vec) {
	a.Sub(s[0], y, y)
	a.Sub(y, s[1], y)
	a.MulNonZero(y, x)
	a.Add(x, acc, acc)
}

// A join is an operation d = y ∘ x on parts of vectors.
type join struct {
	amd64 func(ops ...Op)
	neon  func(a isa.ISA, x, y, d vec)
}

var (
	sum      = join{VADDPS, isa.ISA.Add}
	product  = join{VMULPS, isa.ISA.Mul}
	greatest = join{VMAXPS, isa.ISA.Max}
	least    = join{VMINPS, isa.ISA.Min}
)

func main() {
	iota := isa.Iota()
	nan := isa.Word("nan", 0x7fc00000)
	fills := map[uint32]Mem{}
	for _, r := range reductions {
		if _, ok := fills[r.fill]; !ok && r.fill != 0 {
			fills[r.fill] = isa.Word(fmt.Sprintf("fill%08x", r.fill), r.fill)
		}
	}
	for _, a := range isa.All {
		for _, r := range reductions {
			(&rows{ISA: a, reduction: r, iota: iota, fillAt: fills[r.fill], nanAt: nan}).emit()
		}
		sum64(a, iota)
		for _, c := range folds {
			columns(a, iota, c.name, fills[c.fill], func(acc, x vec) { c.step(a, acc, x) })
		}
		index(a, iota, "indexEqual", 0)
		index(a, iota, "indexNaN", 3)
	}
	writeNEON()
	isa.Write()
}

// rows is the state of one reduction being written.
type rows struct {
	isa.ISA
	reduction
	iota, fillAt, nanAt Mem
	x, y                reg.GPVirtual
	fillV               vec
	seen                reg.Register // where a NaN was seen
	s                   []vec
}

func (r reduction) sig() string {
	switch {
	case r.scalars != nil:
		return "func(dst, x, y, m, s *float32, rows, cols int)"
	case r.args != "":
		return "func(dst, x, y *float32, rows, cols int)"
	}
	return "func(dst, x *float32, rows, cols, ld int)"
}

func (g *rows) emit() {
	two := g.args != ""
	g.Func(isa.Kernel{Name: g.name, Sig: g.sig(), Doc: "is " + g.name + "."})
	dst, n, cols := gp("dst"), gp("rows"), gp("cols")
	g.x = gp("x")
	var scalars []reg.GPVirtual
	for _, s := range g.scalars {
		scalars = append(scalars, gp(s))
	}
	ld := cols
	if two {
		g.y = gp("y")
	} else {
		ld = gp("ld")
	}
	g.fillV = g.Vec()
	if g.fill == 0 {
		isa.Zero(g.fillV)
	} else {
		VMOVUPS(g.fillAt, g.fillV)
	}
	TESTQ(n, n)
	JLE(LabelRef("done"))
	rest := GP64()
	MOVQ(cols, rest)
	ANDQ(Imm(lanes-1), rest)
	if g.scalars != nil {
		g.s = []vec{g.Vec(), g.Vec()}
	}

	begin := func(label string) {
		Label(label)
		for i, s := range scalars {
			VBROADCASTSS(Mem{Base: s}, g.s[i])
			ADDQ(Imm(4), s)
		}
		if g.nan {
			g.seen = g.clearSeen()
		}
	}
	end := func(label string, v vec) {
		g.joinHalves(v)
		if g.nan {
			g.putNaN(label, v)
		}
		VMOVSS(v.AsX(), Mem{Base: dst})
		ADDQ(Imm(4), dst)
		LEAQ(Mem{Base: g.x, Index: ld, Scale: 4}, g.x)
		if two && !g.one {
			LEAQ(Mem{Base: g.y, Index: ld, Scale: 4}, g.y)
		}
		DECQ(n)
		JNZ(LabelRef(label))
	}

	// Rows of up to 16 elements: the first quarter of the lanes.
	CMPQ(cols, Imm(lanes/4))
	JG(LabelRef("long"))
	count := g.Count(rest)
	quarter := make([]vec, lanes/4/g.W)
	masks := make([]reg.Register, len(quarter))
	for i := range masks {
		masks[i] = g.Mask(count, g.iota, i)
	}
	begin("short")
	for i := range quarter {
		quarter[i] = g.accumulator()
		g.take(quarter[i], masks[i], i, 0, nil)
	}
	if len(quarter) == 2 {
		g.join.amd64(quarter[1], quarter[0], quarter[0])
	}
	end("short", quarter[0])
	JMP(LabelRef("done"))

	Label("long")
	count = g.Count(rest)
	acc := make([]vec, lanes/g.W)
	begin("row")
	for i := range acc {
		acc[i] = g.accumulator()
	}
	left, at := GP64(), GP64()
	MOVQ(cols, left)
	XORQ(at, at)
	SUBQ(Imm(lanes), left)
	JL(LabelRef("rest"))
	Label("block")
	for i := range acc {
		g.take(acc[i], nil, i, 0, at)
	}
	ADDQ(Imm(lanes), at)
	SUBQ(Imm(lanes), left)
	JGE(LabelRef("block"))
	Label("rest")
	for i := range acc {
		CMPQ(rest, U8(uint8(i*g.W)))
		JLE(LabelRef("join"))
		g.take(acc[i], g.Mask(count, g.iota, i), i, 0, at)
	}
	Label("join")
	// b = (l0 ∘ l1) ∘ (l2 ∘ l3), by registers of 16 lanes or their halves.
	p := len(acc) / 4
	for i := range p {
		g.join.amd64(acc[p+i], acc[i], acc[i])
		g.join.amd64(acc[3*p+i], acc[2*p+i], acc[2*p+i])
		g.join.amd64(acc[2*p+i], acc[i], acc[i])
	}
	if p == 2 {
		g.join.amd64(acc[1], acc[0], acc[0])
	}
	end("row", acc[0])
	Label("done")
	isa.Leave()
}

func gp(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

func (g *rows) accumulator() vec {
	v := g.Vec()
	if g.fill == 0 {
		isa.Zero(v)
	} else {
		VMOVAPS(g.fillV, v)
	}
	return v
}

// take takes vector i of the row, at an offset in elements, into acc.
func (g *rows) take(acc vec, mask reg.Register, i, disp int, at reg.Register) {
	place := func(base reg.Register) Mem {
		m := Mem{Base: base, Disp: 4 * (disp + i*g.W)}
		if at != nil {
			m.Index, m.Scale = at, 4
		}
		return m
	}
	load := func(base reg.Register) vec {
		m := place(base)
		switch {
		case mask == nil:
			v := g.Vec()
			VMOVUPS(m, v)
			return v
		case g.fill == 0:
			return g.LoadMasked(m, mask)
		}
		return g.LoadOr(m, mask, g.fillV)
	}
	x := load(g.x)
	var y vec
	if g.args != "" {
		y = load(g.y)
	}
	if g.nan {
		g.watch(x)
	}
	g.step(g.ISA, acc, x, y, g.s)
	switch {
	case g.into && mask == nil:
		VMOVUPS(y, place(g.y))
	case g.into:
		g.StoreMasked(y, mask, place(g.y))
	}
}

// joinHalves reduces a register of which the 16 lanes, or the sums of their halves,
// are left to its first lane.
func (g *rows) joinHalves(v vec) {
	t := YMM()
	if g.Wide() {
		VEXTRACTF64X4(Imm(1), v, t)
		g.join.amd64(t, v.AsY(), v.AsY())
	}
	VEXTRACTF128(Imm(1), v.AsY(), t.AsX())
	g.join.amd64(t.AsX(), v.AsX(), v.AsX())
	VPERMILPS(Imm(0x0e), v.AsX(), t.AsX())
	g.join.amd64(t.AsX(), v.AsX(), v.AsX())
	VPERMILPS(Imm(0x01), v.AsX(), t.AsX())
	g.join.amd64(t.AsX(), v.AsX(), v.AsX())
}

func (g *rows) clearSeen() reg.Register {
	if g.Wide() {
		k := g.seen
		if k == nil {
			k = K()
		}
		KXORW(k, k, k)
		return k
	}
	v, ok := g.seen.(vec)
	if !ok {
		v = YMM()
	}
	isa.Zero(v)
	return v
}

func (g *rows) watch(x vec) {
	if g.Wide() {
		k := K()
		VCMPPS(Imm(3), x, x, k)
		KORW(k, g.seen, g.seen)
		return
	}
	t := YMM()
	VCMPPS(Imm(3), x, x, t)
	VORPS(t, g.seen, g.seen)
}

func (g *rows) putNaN(label string, v vec) {
	if g.Wide() {
		KORTESTW(g.seen, g.seen)
	} else {
		VPTEST(g.seen, g.seen)
	}
	JZ(LabelRef(label + "_number"))
	VMOVUPS(g.nanAt, v.AsX())
	Label(label + "_number")
}

// sum64 adds rows in float64, in 32 lanes.
func sum64(a isa.ISA, iota Mem) {
	a.Func(isa.Kernel{Name: "sum64Rows", Sig: "func(dst *float64, x *float32, rows, cols, ld int)", Doc: "is sum64Rows."})
	dst, x, n, cols, ld := gp("dst"), gp("x"), gp("rows"), gp("cols"), gp("ld")
	w := a.W / 2
	rest, left, at := GP64(), GP64(), GP64()
	TESTQ(n, n)
	JLE(LabelRef("done"))
	MOVQ(cols, rest)
	ANDQ(Imm(31), rest)
	count := a.Half()
	VMOVD(rest.As32(), count.AsX())
	VPBROADCASTD(count.AsX(), count)
	acc := make([]vec, 32/w)
	Label("row")
	for i := range acc {
		acc[i] = a.Vec()
		isa.Zero(acc[i])
	}
	MOVQ(cols, left)
	XORQ(at, at)
	SUBQ(Imm(32), left)
	JL(LabelRef("rest"))
	Label("block")
	for i := range acc {
		v := a.Vec()
		VCVTPS2PD(Mem{Base: x, Index: at, Scale: 4, Disp: 4 * i * w}, v)
		VADDPD(v, acc[i], acc[i])
	}
	ADDQ(Imm(32), at)
	SUBQ(Imm(32), left)
	JGE(LabelRef("block"))
	Label("rest")
	for i := range acc {
		CMPQ(rest, U8(uint8(i*w)))
		JLE(LabelRef("join"))
		v, h := a.Vec(), a.Half()
		m := Mem{Base: x, Index: at, Scale: 4, Disp: 4 * i * w}
		if a.Wide() {
			k := K()
			VPCMPGTD(iota.Offset(4*i*w), count, k)
			VMOVUPS_Z(m, k, h)
		} else {
			mask := XMM()
			VPCMPGTD(iota.Offset(4*i*w), count, mask)
			VMASKMOVPS(m, mask, h)
		}
		VCVTPS2PD(h, v)
		VADDPD(v, acc[i], acc[i])
	}
	Label("join")
	p := len(acc) / 4
	for i := range p {
		VADDPD(acc[p+i], acc[i], acc[i])
		VADDPD(acc[3*p+i], acc[2*p+i], acc[2*p+i])
		VADDPD(acc[2*p+i], acc[i], acc[i])
	}
	v, t := acc[0], YMM()
	if a.Wide() {
		VEXTRACTF64X4(Imm(1), v, t)
		VADDPD(t, v.AsY(), v.AsY())
	} else {
		VADDPD(acc[1], v, v)
	}
	VEXTRACTF128(Imm(1), v.AsY(), t.AsX())
	VADDPD(t.AsX(), v.AsX(), v.AsX())
	VPERMILPD(Imm(1), v.AsX(), t.AsX())
	VADDPD(t.AsX(), v.AsX(), v.AsX())
	VMOVSD(v.AsX(), Mem{Base: dst})
	ADDQ(Imm(8), dst)
	LEAQ(Mem{Base: x, Index: ld, Scale: 4}, x)
	DECQ(n)
	JNZ(LabelRef("row"))
	Label("done")
	isa.Leave()
}

// A fold reduces columns.
type fold struct {
	name string
	fill uint32
	step func(a isa.ISA, acc, x vec)
}

// The greatest and the least keep a NaN that acc has, or take one that x has, and acc if
// both are equal.
var folds = []fold{
	{"sumCols", 0, func(a isa.ISA, acc, x vec) { a.Add(x, acc, acc) }},
	{"maxCols", 0xff800000, func(a isa.ISA, acc, x vec) {
		a.Max(acc, x, acc)
		a.TakeNaN(x, acc)
	}},
	{"minCols", 0x7f800000, func(a isa.ISA, acc, x vec) {
		a.Min(acc, x, acc)
		a.TakeNaN(x, acc)
	}},
}

// columns goes down strips of eight registers of columns, then of up to four under a
// mask.
func columns(a isa.ISA, iota Mem, name string, fill Mem, step func(acc, x vec)) {
	a.Func(isa.Kernel{Name: name, Sig: "func(dst, x *float32, rows, cols, ld int)", Doc: "is " + name + "."})
	dst, x, rows, cols, ld := gp("dst"), gp("x"), gp("rows"), gp("cols"), gp("ld")
	SHLQ(Imm(2), ld)
	p, r := GP64(), GP64()

	strip := func(label string, masks []reg.Register, n int) {
		acc := make([]vec, n)
		for i := range acc {
			acc[i] = a.Vec()
			if fill.Symbol.Name == "" {
				isa.Zero(acc[i])
			} else {
				VMOVUPS(fill, acc[i])
			}
		}
		MOVQ(x, p)
		MOVQ(rows, r)
		TESTQ(r, r)
		JLE(LabelRef(label + "_store"))
		Label(label + "_row")
		for i := range acc {
			at := Mem{Base: p, Disp: 4 * a.W * i}
			if masks != nil {
				step(acc[i], a.LoadMasked(at, masks[i]))
			} else {
				v := a.Vec()
				VMOVUPS(at, v)
				step(acc[i], v)
			}
		}
		ADDQ(ld, p)
		DECQ(r)
		JNZ(LabelRef(label + "_row"))
		Label(label + "_store")
		for i := range acc {
			at := Mem{Base: dst, Disp: 4 * a.W * i}
			if masks != nil {
				a.StoreMasked(acc[i], masks[i], at)
			} else {
				VMOVUPS(acc[i], at)
			}
		}
		ADDQ(I32(4*a.W*n), x)
		ADDQ(I32(4*a.W*n), dst)
	}

	Label("wide")
	CMPQ(cols, I32(8*a.W))
	JL(LabelRef("narrow"))
	strip("wide", nil, 8)
	SUBQ(I32(8*a.W), cols)
	JMP(LabelRef("wide"))

	Label("narrow")
	TESTQ(cols, cols)
	JLE(LabelRef("done"))
	count := a.Count(cols)
	masks := make([]reg.Register, 4)
	for i := range masks {
		masks[i] = a.Mask(count, iota, i)
	}
	strip("narrow", masks, 4)
	SUBQ(I32(4*a.W), cols)
	JMP(LabelRef("narrow"))
	Label("done")
	isa.Leave()
}

const indexSig, indexDoc = "func(x *float32, n int, v float32) int", "is indexOf for such a v."

// index finds the first element of x that compares with v, by a predicate; with
// itself if that asks for NaN.
func index(a isa.ISA, iota Mem, name string, predicate uint8) {
	a.Func(isa.Kernel{Name: name, Sig: indexSig, Doc: indexDoc, Loop: "indexOfGo(x, v)"})
	x, n := gp("x"), gp("n")
	v := a.Broadcast("v")
	i, found := GP64(), GP32()
	XORQ(i, i)
	compare := func(e vec) reg.Register {
		var m reg.Register = K()
		if !a.Wide() {
			m = YMM()
		}
		if predicate == 3 {
			VCMPPS(Imm(3), e, e, m)
		} else {
			VCMPPS(U8(predicate), v, e, m)
		}
		return m
	}
	bits := func(m reg.Register) {
		if a.Wide() {
			KMOVW(m, found)
		} else {
			VMOVMSKPS(m, found)
		}
	}
	at := Mem{Base: x, Index: i, Scale: 4}
	Label("loop")
	SUBQ(Imm(uint64(a.W)), n)
	JL(LabelRef("rest"))
	e := a.Vec()
	VMOVUPS(at, e)
	bits(compare(e))
	TESTL(found, found)
	JNZ(LabelRef("found"))
	ADDQ(Imm(uint64(a.W)), i)
	JMP(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(uint64(a.W)), n)
	mask := a.Mask(a.Count(n), iota, 0)
	m := compare(a.LoadMasked(at, mask))
	if a.Wide() {
		KANDW(mask, m, m)
	} else {
		VANDPS(mask, m, m)
	}
	bits(m)
	TESTL(found, found)
	JNZ(LabelRef("found"))
	ADDQ(n, i)
	Store(i, ReturnIndex(0))
	isa.Leave()
	Label("found")
	BSFL(found, found)
	ADDQ(found.As64(), i)
	Store(i, ReturnIndex(0))
	isa.Leave()
}
