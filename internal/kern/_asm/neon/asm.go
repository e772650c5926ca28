// Package neon writes functions of NEON, the vectors of arm64, for Go's assembler: avo,
// which writes those of amd64, knows that machine alone.
//
// A function is a list of instructions on virtual registers. Go's assembler lacks most
// of NEON's arithmetic, so vector instructions are written as words, with their names
// beside them.
//
// Source of encodings: Arm Architecture Reference Manual for A-profile, C7.2.
package neon

import (
	"fmt"
	"slices"
	"strings"
)

// Reg is a virtual vector register of four float32.
type Reg uint32

// GP is a general register: R0 to R15, R19 to R25.
type GP int

// table has the address of the file's words.
const table GP = 15

func (r GP) String() string { return fmt.Sprintf("R%d", int(r)) }

// An instruction defines and uses registers. One that changes a register does both.
type instruction struct {
	print    func(in func(Reg) int) string
	def, use []Reg
	label    string // that it sets
	jump     string // to where it may go
	last     bool   // the next instruction does not follow
	move     bool   // it copies use[0] to def[0]
}

// Func is a function being written.
type Func struct {
	Name, Doc string
	Params    []Param
	Result    string // its type, or nothing
	code      []instruction
	next      Reg
	gps       int
	words     bool // of the file are used
}

// New returns a new register. Numbers from outside may be used beside, below 1<<31.
func (f *Func) New() Reg {
	f.next++
	return f.next | 1<<31
}

// GP returns a new general register.
func (f *Func) GP() GP {
	f.gps++
	switch n := GP(f.gps - 1); {
	case n < table:
		return n
	case n < 22:
		return n + 4 // Go and the system use those between
	}
	panic("no general register is left in " + f.Name)
}

// Scope calls part, whose general registers are free again afterwards.
func (f *Func) Scope(part func()) {
	n := f.gps
	part()
	f.gps = n
}

func (f *Func) add(i instruction) { f.code = append(f.code, i) }

// Plain adds an instruction without vectors, as Go's assembler writes it.
func (f *Func) Plain(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	f.add(instruction{print: func(func(Reg) int) string { return text }})
}

// Label sets a label.
func (f *Func) Label(name string) {
	f.add(instruction{label: name, print: func(func(Reg) int) string { return "" }})
}

// Branch adds a conditional jump: its instruction with operands, without the label.
func (f *Func) Branch(instr, label string) {
	f.add(instruction{jump: label, print: func(func(Reg) int) string { return instr + " " + label }})
}

// Jump adds a jump.
func (f *Func) Jump(label string) {
	f.add(instruction{jump: label, last: true, print: func(func(Reg) int) string { return "B " + label }})
}

// Ret returns from the function.
func (f *Func) Ret() {
	f.add(instruction{last: true, print: func(func(Reg) int) string { return "RET" }})
}

// A Word is an instruction on vectors without its registers, and its name.
type Word struct {
	Code uint32
	Name string
	last string // operand
}

// The instructions on four float32, int32 or words.
var (
	FAdd  = Word{Code: 0x4e20d400, Name: "fadd"}
	FSub  = Word{Code: 0x4ea0d400, Name: "fsub"}
	FMul  = Word{Code: 0x6e20dc00, Name: "fmul"}
	FDiv  = Word{Code: 0x6e20fc00, Name: "fdiv"}
	FMLA  = Word{Code: 0x4e20cc00, Name: "fmla"} // d += n·m, rounded once
	FMLS  = Word{Code: 0x4ea0cc00, Name: "fmls"} // d -= n·m
	FCmEq = Word{Code: 0x4e20e400, Name: "fcmeq"}
	FCmGE = Word{Code: 0x6e20e400, Name: "fcmge"}
	FCmGT = Word{Code: 0x6ea0e400, Name: "fcmgt"}
	FSqrt = Word{Code: 0x6ea1f800, Name: "fsqrt"}
	RintN = Word{Code: 0x4e218800, Name: "frintn"} // to nearest, ties to even
	RintM = Word{Code: 0x4e219800, Name: "frintm"} // down
	RintP = Word{Code: 0x4ea18800, Name: "frintp"} // up
	RintZ = Word{Code: 0x4ea19800, Name: "frintz"} // toward zero
	SCvtF = Word{Code: 0x4e21d800, Name: "scvtf"}
	Add   = Word{Code: 0x4ea08400, Name: "add"}
	Sub   = Word{Code: 0x6ea08400, Name: "sub"}
	SMax  = Word{Code: 0x4ea06400, Name: "smax"}
	SMin  = Word{Code: 0x4ea06c00, Name: "smin"}
	And   = Word{Code: 0x4e201c00, Name: "and"}
	Orr   = Word{Code: 0x4ea01c00, Name: "orr"}
	Eor   = Word{Code: 0x6e201c00, Name: "eor"}
	BSL   = Word{Code: 0x6e601c00, Name: "bsl"} // d = d&n | ^d&m
	Not   = Word{Code: 0x6e205800, Name: "not"}
	Dup   = Word{Code: 0x4e040400, Name: "dup"} // lane 0 in all
	Dup1  = Word{Code: 0x4e0c0400, Name: "dup", last: " (lane 1)"}
	MinV  = Word{Code: 0x6eb1a800, Name: "uminv"} // the least of the lanes, unsigned, in lane 0
	MaxV  = Word{Code: 0x6eb0a800, Name: "umaxv"}
	Ext8  = Word{Code: 0x6e004000, Name: "ext", last: ", #8"} // the upper half of n, the lower half of m

	// The instructions on two float64.
	FAdd64  = Word{Code: 0x4e60d400, Name: "fadd.2d"}
	Widen   = Word{Code: 0x0e617800, Name: "fcvtl"} // of the lower two float32
	Widen2  = Word{Code: 0x4e617800, Name: "fcvtl2"}
	DupHigh = Word{Code: 0x4e180400, Name: "dup.2d", last: " (lane 1)"}
	Dup64   = Word{Code: 0x4e080400, Name: "dup.2d"}
	FMLA64  = Word{Code: 0x4e60cc00, Name: "fmla.2d"}
	FCmGT64 = Word{Code: 0x6ee0e400, Name: "fcmgt.2d"}
	Add64   = Word{Code: 0x4ee08400, Name: "add.2d"}

	// The instructions between formats. Those ending in 2 read or write upper halves.
	FCvtZS  = Word{Code: 0x4ea1b800, Name: "fcvtzs"}   // toward zero
	FCvtNS  = Word{Code: 0x4e21a800, Name: "fcvtns"}   // to nearest, ties to even
	Half    = Word{Code: 0x0e217800, Name: "fcvtl.4s"} // from float16
	Half2   = Word{Code: 0x4e217800, Name: "fcvtl2.4s"}
	ToHalf  = Word{Code: 0x0e216800, Name: "fcvtn.4h"}
	ToHalf2 = Word{Code: 0x4e216800, Name: "fcvtn2.8h"}
	Narrow  = Word{Code: 0x0e616800, Name: "fcvtn.2s"} // from float64
	Narrow2 = Word{Code: 0x4e616800, Name: "fcvtn2.4s"}
	Brain   = Word{Code: 0x2e613800, Name: "shll.4s", last: ", #16"} // from bfloat16
	Brain2  = Word{Code: 0x6e613800, Name: "shll2.4s", last: ", #16"}
	Byte    = Word{Code: 0x2f08a400, Name: "uxtl.8h"}
	Byte2   = Word{Code: 0x6f08a400, Name: "uxtl2.8h"}
	Short   = Word{Code: 0x2f10a400, Name: "uxtl.4s"}
	Short2  = Word{Code: 0x6f10a400, Name: "uxtl2.4s"}

	// The instructions that move elements of 32 bits, of 16 and of 64.
	Even    = Word{Code: 0x4e801800, Name: "uzp1.4s"}
	Odd     = Word{Code: 0x4e805800, Name: "uzp2.4s"}
	Odd16   = Word{Code: 0x4e405800, Name: "uzp2.8h"}
	Zip     = Word{Code: 0x4e803800, Name: "zip1.4s"}
	ZipUp   = Word{Code: 0x4e807800, Name: "zip2.4s"}
	Zip64   = Word{Code: 0x4ec03800, Name: "zip1.2d"}
	Zip64Up = Word{Code: 0x4ec07800, Name: "zip2.2d"}
	Swap16  = Word{Code: 0x6e600800, Name: "rev32.8h"} // of each two

	Zip8    = Word{Code: 0x4e003800, Name: "zip1.16b"}
	Zip16   = Word{Code: 0x4e403800, Name: "zip1.8h"}
	Zip16Up = Word{Code: 0x4e407800, Name: "zip2.8h"}

	// The products of integers: d += n·m, of words, and of each four int8 (FEAT_DotProd).
	MLA  = Word{Code: 0x4ea09400, Name: "mla"}
	SDot = Word{Code: 0x4e809400, Name: "sdot"}

	// SMMLA adds the products of each two rows of eight int8 of n by two of m (FEAT_I8MM).
	SMMLA = Word{Code: 0x4e80a400, Name: "smmla"}

	// The instructions on words of 32 bits whose results have 64, and others of integers.
	UMulL  = Word{Code: 0x2ea0c000, Name: "umull.2d"}
	UMulL2 = Word{Code: 0x6ea0c000, Name: "umull2.2d"}
	CmGT16 = Word{Code: 0x4e603400, Name: "cmgt.8h"}
	Bic    = Word{Code: 0x4e601c00, Name: "bic"} // n & ^m
)

// Shl returns the shift to the left by n, Sar that to the right of signed numbers, Shr that
// of words. ShrAdd adds what it shifts to d; ShrInto replaces the bits of d but the upper n.
func Shl(n uint8) Word { return Word{0x4f005400 | uint32(32+n)<<16, "shl", fmt.Sprintf(", #%d", n)} }
func Sar(n uint8) Word { return Word{0x4f000400 | uint32(64-n)<<16, "sshr", fmt.Sprintf(", #%d", n)} }
func Shr(n uint8) Word { return Word{0x6f000400 | uint32(64-n)<<16, "ushr", fmt.Sprintf(", #%d", n)} }
func ShrAdd(n uint8) Word {
	return Word{0x6f001400 | uint32(64-n)<<16, "usra", fmt.Sprintf(", #%d", n)}
}
func ShrInto(n uint8) Word {
	return Word{0x6f004400 | uint32(64-n)<<16, "sri", fmt.Sprintf(", #%d", n)}
}

// Fraction returns the conversion of words, taken for multiples of 2^-n, to float32.
func Fraction(n uint8) Word {
	return Word{0x6f00e400 | uint32(64-n)<<16, "ucvtf", fmt.Sprintf(", #%d", n)}
}

// Op3 adds d = n op m.
func (f *Func) Op3(w Word, d, n, m Reg) { f.op(w, d, []Reg{n, m}, false) }

// Op2 adds d = op n.
func (f *Func) Op2(w Word, d, n Reg) { f.op(w, d, []Reg{n}, false) }

// Change adds an instruction that reads d too.
func (f *Func) Change(w Word, d, n, m Reg) { f.op(w, d, []Reg{n, m}, true) }

// Change2 adds an instruction of one operand that reads d too.
func (f *Func) Change2(w Word, d, n Reg) { f.op(w, d, []Reg{n}, true) }

func (f *Func) op(w Word, d Reg, src []Reg, reads bool) {
	use := slices.Clone(src)
	if reads {
		use = append(use, d)
	}
	f.add(instruction{def: []Reg{d}, use: use, print: func(in func(Reg) int) string {
		code, text := w.Code|uint32(in(d)), fmt.Sprintf("%s v%d", w.Name, in(d))
		for i, r := range src {
			code |= uint32(in(r)) << []int{5, 16}[i]
			text += fmt.Sprintf(", v%d", in(r))
		}
		return fmt.Sprintf("WORD $0x%08x // %s%s", code, text, w.last)
	}})
}

// Move adds d = n, which costs nothing if n is not used later.
func (f *Func) Move(d, n Reg) {
	f.add(instruction{def: []Reg{d}, use: []Reg{n}, move: true, print: func(in func(Reg) int) string {
		if in(d) == in(n) {
			return ""
		}
		return fmt.Sprintf("VMOV V%d.B16, V%d.B16", in(n), in(d))
	}})
}

// Zero sets d to zeros.
func (f *Func) Zero(d Reg) {
	f.add(instruction{def: []Reg{d}, print: func(in func(Reg) int) string {
		return fmt.Sprintf("VEOR V%d.B16, V%d.B16, V%d.B16", in(d), in(d), in(d))
	}})
}

// LoadWord adds a load of a word that a [File] has, into every lane.
func (f *Func) LoadWord(d Reg, at int) {
	f.words = true
	f.Load(d, table, at, false)
}

// Load adds a load of a vector, or of one element and zeros.
func (f *Func) Load(d Reg, base GP, offset int, one bool) { f.LoadBytes(d, base, offset, bytes(one)) }

// LoadBytes adds a load of 16 bytes, or of 8 or 4 and zeros.
func (f *Func) LoadBytes(d Reg, base GP, offset, n int) {
	f.add(instruction{def: []Reg{d}, print: func(in func(Reg) int) string {
		return fmt.Sprintf("%s %d(%v), F%d", width(n), offset, base, in(d))
	}})
}

// LoadNext adds a load of a vector, or of one element, that moves base behind it.
func (f *Func) LoadNext(d Reg, base GP, one bool) { f.LoadNextBytes(d, base, bytes(one)) }

// LoadNextBytes is LoadNext of 16, 8 or 4 bytes.
func (f *Func) LoadNextBytes(d Reg, base GP, n int) {
	f.add(instruction{def: []Reg{d}, print: func(in func(Reg) int) string {
		return fmt.Sprintf("%s.P %d(%v), F%d", width(n), n, base, in(d))
	}})
}

// LoadLane replaces a lane of d by an element, and moves base behind it.
func (f *Func) LoadLane(d Reg, base GP, lane int) {
	f.add(instruction{def: []Reg{d}, use: []Reg{d}, print: func(in func(Reg) int) string {
		return fmt.Sprintf("VLD1.P 4(%v), V%d.S[%d]", base, in(d), lane)
	}})
}

// StoreLane writes a lane of r, and moves base behind it.
func (f *Func) StoreLane(r Reg, base GP, lane int) {
	f.add(instruction{use: []Reg{r}, print: func(in func(Reg) int) string {
		return fmt.Sprintf("VST1.P V%d.S[%d], 4(%v)", in(r), lane, base)
	}})
}

// Lane0 copies lane 0 of r, a word, to a general register.
func (f *Func) Lane0(r Reg, to GP) {
	f.add(instruction{use: []Reg{r}, print: func(in func(Reg) int) string {
		return fmt.Sprintf("VMOV V%d.S[0], %v", in(r), to)
	}})
}

// Store64 writes the first float64 of r.
func (f *Func) Store64(r Reg, base GP) {
	f.add(instruction{use: []Reg{r}, print: func(in func(Reg) int) string {
		return fmt.Sprintf("FMOVD F%d, (%v)", in(r), base)
	}})
}

// FMLALane adds d += n·m[lane], rounded once.
func (f *Func) FMLALane(d, n, m Reg, lane int) {
	f.add(instruction{def: []Reg{d}, use: []Reg{n, m, d}, print: func(in func(Reg) int) string {
		code := 0x4f801000 | uint32(lane&1)<<21 | uint32(lane>>1)<<11 | uint32(in(m))<<16 | uint32(in(n))<<5 | uint32(in(d))
		return fmt.Sprintf("WORD $0x%08x // fmla v%d, v%d, v%d[%d]", code, in(d), in(n), in(m), lane)
	}})
}

// FMLALane64 adds d += n·m[lane] of float64, rounded once.
func (f *Func) FMLALane64(d, n, m Reg, lane int) {
	f.add(instruction{def: []Reg{d}, use: []Reg{n, m, d}, print: func(in func(Reg) int) string {
		code := 0x4fc01000 | uint32(lane)<<11 | uint32(in(m))<<16 | uint32(in(n))<<5 | uint32(in(d))
		return fmt.Sprintf("WORD $0x%08x // fmla.2d v%d, v%d, v%d[%d]", code, in(d), in(n), in(m), lane)
	}})
}

// SDotLane adds d += the products of each four int8 of n by the four of word lane of m.
func (f *Func) SDotLane(d, n, m Reg, lane int) {
	f.add(instruction{def: []Reg{d}, use: []Reg{n, m, d}, print: func(in func(Reg) int) string {
		code := 0x4f80e000 | uint32(lane&1)<<21 | uint32(lane>>1)<<11 | uint32(in(m))<<16 | uint32(in(n))<<5 | uint32(in(d))
		return fmt.Sprintf("WORD $0x%08x // sdot v%d, v%d, v%d[%d]", code, in(d), in(n), in(m), lane)
	}})
}

// Transpose returns the columns of four rows of four words.
func (f *Func) Transpose(rows [4]Reg) (cols [4]Reg) {
	for i, w := range []Word{Zip, ZipUp} {
		low, high := f.New(), f.New()
		f.Op3(w, low, rows[0], rows[1])
		f.Op3(w, high, rows[2], rows[3])
		for j, w := range []Word{Zip64, Zip64Up} {
			cols[2*i+j] = f.New()
			f.Op3(w, cols[2*i+j], low, high)
		}
	}
	return cols
}

// Store adds a store of a vector, or of its first element.
func (f *Func) Store(r Reg, base GP, offset int, one bool) { f.StoreBytes(r, base, offset, bytes(one)) }

// StoreBytes adds a store of the first 16, 8 or 4 bytes.
func (f *Func) StoreBytes(r Reg, base GP, offset, n int) {
	f.add(instruction{use: []Reg{r}, print: func(in func(Reg) int) string {
		return fmt.Sprintf("%s F%d, %d(%v)", width(n), in(r), offset, base)
	}})
}

// Splat returns a register with a general one in every lane: its lower word, or, as a lane
// of 64 bits, all of it.
func (f *Func) Splat(from GP, lane string) Reg {
	d := f.New()
	f.add(instruction{def: []Reg{d}, print: func(in func(Reg) int) string {
		return fmt.Sprintf("VDUP %v, V%d.%s", from, in(d), lane)
	}})
	return d
}

// bytes returns those of one element, or of a vector.
func bytes(one bool) int {
	if one {
		return 4
	}
	return 16
}

func width(bytes int) string {
	return map[int]string{4: "FMOVS", 8: "FMOVD", 16: "FMOVQ"}[bytes]
}

// text returns the function, or false if it takes more registers than there are.
func (f *Func) text() (string, bool) {
	in, ok := f.color()
	if !ok {
		return "", false
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n// %s\n", f.head())
	fmt.Fprintf(&b, "TEXT ·%s(SB), NOSPLIT, $0-%d\n", f.Name, f.argsSize())
	if f.words {
		fmt.Fprintf(&b, "\tMOVD $%s(SB), %v\n", constants, table)
	}
	for _, i := range f.code {
		if i.label != "" {
			fmt.Fprintf(&b, "\n%s:\n", i.label)
		} else if t := i.print(func(r Reg) int { return in[r] }); t != "" {
			b.WriteString("\t" + t + "\n")
		}
	}
	return b.String(), true
}

// color gives every virtual register one of the 32.
func (f *Func) color() (map[Reg]int, bool) {
	live := f.liveAfter()
	apart := map[Reg]map[Reg]bool{}
	meet := func(a, b Reg) {
		for _, p := range [][2]Reg{{a, b}, {b, a}} {
			if apart[p[0]] == nil {
				apart[p[0]] = map[Reg]bool{}
			}
			apart[p[0]][p[1]] = true
		}
	}
	for i, c := range f.code {
		for _, d := range c.def {
			for r := range live[i] {
				if r != d && !(c.move && r == c.use[0]) {
					meet(d, r)
				}
			}
		}
	}
	in := map[Reg]int{}
	place := func(r Reg, wish []Reg) bool {
		if _, ok := in[r]; ok {
			return true
		}
		var taken [32]bool
		for other := range apart[r] {
			if n, ok := in[other]; ok {
				taken[n] = true
			}
		}
		for _, w := range wish {
			if n, ok := in[w]; ok && !taken[n] {
				in[r] = n
				return true
			}
		}
		for n := range taken {
			if !taken[n] {
				in[r] = n
				return true
			}
		}
		return false
	}
	for _, c := range f.code {
		for _, d := range c.def {
			if !place(d, c.use) {
				return nil, false
			}
		}
	}
	return in, true
}

// liveAfter returns the registers that are used after each instruction.
func (f *Func) liveAfter() []map[Reg]bool {
	labels := map[string]int{}
	for i, c := range f.code {
		if c.label != "" {
			labels[c.label] = i
		}
	}
	after, before := make([]map[Reg]bool, len(f.code)), make([]map[Reg]bool, len(f.code)+1)
	for i := range before {
		before[i] = map[Reg]bool{}
	}
	for changed := true; changed; {
		changed = false
		for i := len(f.code) - 1; i >= 0; i-- {
			c := f.code[i]
			after[i] = map[Reg]bool{}
			if !c.last {
				for r := range before[i+1] {
					after[i][r] = true
				}
			}
			if c.jump != "" {
				to, ok := labels[c.jump]
				if !ok {
					panic(f.Name + ": no label " + c.jump)
				}
				for r := range before[to] {
					after[i][r] = true
				}
			}
			n := len(before[i])
			for r := range after[i] {
				if !slices.Contains(c.def, r) {
					before[i][r] = true
				}
			}
			for _, r := range c.use {
				before[i][r] = true
			}
			changed = changed || len(before[i]) != n
		}
	}
	if len(before[0]) > 0 {
		panic(f.Name + ": a register is read before it is set")
	}
	return after
}
