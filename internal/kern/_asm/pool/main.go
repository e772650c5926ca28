// Command pool generates the loops over windows.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
)

//go:generate go run . -out ../../pool_amd64.s -stubs ../../pool_stub_amd64.go -pkg kern

type vec = reg.VecVirtual

// The loops are bound by memory: registers of AVX2 serve the machines with AVX-512 as well.
var a = isa.AVX2

// most is the largest number of registers of channels that are computed at a time.
const most = 4

// A loop computes targets out of their taps, channels of a multiple of a.W. Step takes register
// i of tap number k into the result; the first one begins it.
type loop struct {
	name, params string
	// begin emits what stands before all targets.
	begin func(l *state)
	// first and next take the sources of a tap into the accumulators, end completes them.
	first, next func(l *state)
	end         func(l *state)
	zero        bool // the first tap is none of its own: the accumulators begin with 0
}

// state is that of one strip of registers of channels being written.
type state struct {
	n        int // registers
	acc      []vec
	at       reg.GPVirtual // element of the tap
	src, dst reg.GPVirtual
	index    reg.GPVirtual
	numbers  reg.GPVirtual
	tap      reg.GPVirtual // its number
	counts   []vec         // numbers of the sources in acc
	divisor  vec
	order    vec
}

func (s *state) source(i int) Mem {
	return Mem{Base: s.src, Index: s.at, Scale: 4, Disp: 4 * a.W * i}
}

// number returns a register with the number of the tap in every lane.
func (s *state) number() vec {
	v := a.Vec()
	VPBROADCASTD(Mem{Base: s.numbers, Index: s.tap, Scale: 4}, v)
	return v
}

func load(at Mem) vec {
	v := a.Vec()
	VMOVUPS(at, v)
	return v
}

func (s *state) store() {
	for i, v := range s.acc {
		VMOVUPS(v, Mem{Base: s.dst, Disp: 4 * a.W * i})
	}
}

var loops = []loop{
	{
		name: "poolMax",
		first: func(s *state) {
			for i, v := range s.acc {
				VMOVUPS(s.source(i), v)
			}
		},
		next: func(s *state) {
			for i, v := range s.acc {
				x := load(s.source(i))
				a.Max(v, x, v)
				a.TakeNaN(x, v)
			}
		},
		end: (*state).store,
	},
	{
		name: "poolMaxIndex", params: "numbers",
		first: func(s *state) {
			number := s.number()
			for i, v := range s.acc {
				VMOVUPS(s.source(i), v)
				VMOVAPS(number, s.counts[i])
			}
		},
		next: func(s *state) {
			number := s.number()
			for i, v := range s.acc {
				x, greater, ordered := load(s.source(i)), a.Vec(), a.Vec()
				VCMPPS(Imm(6), v, x, greater) // not less or equal: also where one is NaN
				VCMPPS(Imm(7), v, v, ordered)
				VANDPS(ordered, greater, greater)
				VBLENDVPS(greater, x, v, v)
				VBLENDVPS(greater, number, s.counts[i], s.counts[i])
			}
		},
		end: func(s *state) {
			s.store()
			s.storeIndex()
		},
	},
	{
		name: "poolMean", params: "divisor",
		first: func(s *state) {
			for i, v := range s.acc {
				VMOVUPS(s.source(i), v)
			}
		},
		next: func(s *state) {
			for i, v := range s.acc {
				VADDPS(s.source(i), v, v)
			}
		},
		end: func(s *state) {
			for _, v := range s.acc {
				VDIVPS(s.divisor, v, v)
			}
			s.store()
		},
	},
	{
		name: "poolCounted", params: "numbers", zero: true,
		next: func(s *state) {
			number := s.number()
			for i, v := range s.acc {
				equal := a.Vec()
				VPMOVZXBD(Mem{Base: s.index, Index: s.at, Scale: 1, Disp: a.W * i}, equal)
				VPCMPEQD(number, equal, equal)
				VANDPS(s.source(i), equal, equal)
				VADDPS(equal, v, v)
			}
		},
		end: (*state).store,
	},
}

// storeIndex writes the low bytes of the counts.
func (s *state) storeIndex() {
	if s.n == 4 {
		low, high := a.Vec(), a.Vec()
		VPACKSSDW(s.counts[1], s.counts[0], low)
		VPACKSSDW(s.counts[3], s.counts[2], high)
		VPACKUSWB(high, low, low)
		VPERMD(low, s.order, low)
		VMOVDQU(low, Mem{Base: s.index})
		return
	}
	for i, v := range s.counts {
		words, high := a.Vec(), XMM()
		VPACKSSDW(v, v, words)
		VPACKUSWB(words, words, words)
		VEXTRACTI128(Imm(1), words, high)
		VPUNPCKLDQ(high, words.AsX(), high)
		VMOVQ(high, Mem{Base: s.index, Disp: a.W * i})
	}
}

func main() {
	order := GLOBL("order", 24) // RODATA|NOPTR
	for i, lane := range []uint32{0, 4, 1, 5, 2, 6, 3, 7} {
		DATA(4*i, U32(lane))
	}
	for _, l := range loops {
		l.emit(order)
	}
	isa.Write()
}

func gp(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// emit writes a loop: over targets, over strips of registers of channels, over taps.
func (l loop) emit(order Mem) {
	indexed := l.params == "numbers"
	sig := "func(dst, src *float32, "
	if indexed {
		sig += "index *uint8, "
	}
	sig += "from *int, "
	if indexed {
		sig += "numbers *int32, "
	}
	sig += "taps, targets, dstStep, step, channels int"
	if l.params == "divisor" {
		sig += ", divisor float32"
	}
	a.Text(l.name, sig+")", "is "+l.name+" for channels a multiple of 8, steps in elements.")
	s := &state{src: gp("src"), dst: gp("dst")}
	from := gp("from")
	if indexed {
		s.index, s.numbers = gp("index"), gp("numbers")
	}
	if l.name == "poolMaxIndex" {
		s.order = load(order)
	}
	if l.params == "divisor" {
		s.divisor = a.Broadcast("divisor")
	}
	targets, c := gp("targets"), GP64()
	back := GP64() // from the end of a target's channels to the next target
	s.at, s.tap = GP64(), GP64()

	Label("target")
	Load(Param("channels"), c)
	for _, n := range []int{most, 1} {
		strip, done, tap, end := "strip4", "strip1_begin", "tap4", "end4"
		if n == 1 {
			strip, done, tap, end = "strip1", "next", "tap1", "end1"
			Label("strip1_begin")
		}
		Label(strip)
		SUBQ(I32(n*a.W), c)
		JL(LabelRef(done + "_" + strip))
		s.n = n
		s.acc, s.counts = nil, nil
		for range n {
			s.acc = append(s.acc, a.Vec())
			if l.name == "poolMaxIndex" {
				s.counts = append(s.counts, a.Vec())
			}
		}
		XORQ(s.tap, s.tap)
		if l.zero {
			for _, v := range s.acc {
				isa.Zero(v)
			}
		} else {
			MOVQ(Mem{Base: from}, s.at)
			l.first(s)
			INCQ(s.tap)
			left := GP64()
			Load(Param("taps"), left)
			CMPQ(s.tap, left)
			JGE(LabelRef(end))
		}
		Label(tap)
		MOVQ(Mem{Base: from, Index: s.tap, Scale: 8}, s.at)
		l.next(s)
		INCQ(s.tap)
		left := GP64()
		Load(Param("taps"), left)
		CMPQ(s.tap, left)
		JL(LabelRef(tap))
		Label(end)
		l.end(s)
		ADDQ(I32(4*n*a.W), s.src)
		ADDQ(I32(4*n*a.W), s.dst)
		if indexed {
			ADDQ(I32(n*a.W), s.index)
		}
		JMP(LabelRef(strip))
		Label(done + "_" + strip)
		ADDQ(I32(n*a.W), c)
	}
	// The pointers stand behind the channels.
	move := func(p reg.GPVirtual, step string, size uint64) {
		channels := GP64()
		Load(Param("channels"), channels)
		Load(Param(step), back)
		SUBQ(channels, back)
		if size == 4 {
			SHLQ(Imm(2), back)
		}
		ADDQ(back, p)
	}
	move(s.src, "step", 4)
	move(s.dst, "dstStep", 4)
	switch l.name {
	case "poolMaxIndex":
		move(s.index, "dstStep", 1)
	case "poolCounted":
		move(s.index, "step", 1)
	}
	DECQ(targets)
	JNZ(LabelRef("target"))
	isa.Leave()
}
