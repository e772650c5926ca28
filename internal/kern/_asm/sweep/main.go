// Command sweep generates the optimizer sweeps.
package main

import (
	"fmt"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
)

//go:generate go run main.go -out ../../sweep_amd64.s -stubs ../../sweep_stub_amd64.go -pkg kern

type vec = reg.VecVirtual

// A sweep updates rows slots (all but grad) from grad, with scalars c.
type sweep struct {
	name    string
	slots   []string
	scalars []string
	unroll  int
	// step gets the values of the slots and the scalars by name, and replaces those
	// of the slots. It uses no fused operation.
	step func(a isa.ISA, x, c map[string]vec)
}

var sweeps = []sweep{
	{"sgd", []string{"w"}, []string{"lr"}, 4, func(a isa.ISA, x, c map[string]vec) {
		VMULPS(c["lr"], x["grad"], x["grad"])
		VSUBPS(x["grad"], x["w"], x["w"])
	}},
	{"momentumStep", []string{"w", "m"}, []string{"lr", "momentum"}, 2, func(a isa.ISA, x, c map[string]vec) {
		VMULPS(c["lr"], x["grad"], x["grad"])
		VMULPS(c["momentum"], x["m"], x["m"])
		VSUBPS(x["grad"], x["m"], x["m"])
		VADDPS(x["m"], x["w"], x["w"])
	}},
	{"nesterovStep", []string{"w", "m"}, []string{"lr", "momentum"}, 2, func(a isa.ISA, x, c map[string]vec) {
		t := a.Vec()
		VMULPS(c["lr"], x["grad"], x["grad"])
		VMULPS(c["momentum"], x["m"], x["m"])
		VSUBPS(x["grad"], x["m"], x["m"])
		VMULPS(c["momentum"], x["m"], t)
		VSUBPS(x["grad"], t, t)
		VADDPS(t, x["w"], x["w"])
	}},
	{"adam", []string{"w", "m", "v"}, adamScalars, 1, func(a isa.ISA, x, c map[string]vec) {
		adam(a, x, c)
		adamStep(a, x, c, x["v"])
	}},
	{"amsgrad", []string{"w", "m", "v", "vhat"}, adamScalars, 1, func(a isa.ISA, x, c map[string]vec) {
		adam(a, x, c)
		VMAXPS(x["v"], x["vhat"], x["vhat"])
		adamStep(a, x, c, x["vhat"])
	}},
	{"rmsprop", []string{"w", "v"}, []string{"lr", "rho", "oneMinusRho", "eps"}, 1, rmsprop},
	{"rmspropMomentum", []string{"w", "v", "m"}, rmspropScalars, 1, rmsprop},
	{"rmspropCentered", []string{"w", "v", "a"}, []string{"lr", "rho", "oneMinusRho", "eps"}, 1, rmsprop},
	{"rmspropCenteredMomentum", []string{"w", "v", "a", "m"}, rmspropScalars, 1, rmsprop},
}

var (
	adamScalars    = []string{"alpha", "oneMinusBeta1", "oneMinusBeta2", "eps", "decay"}
	rmspropScalars = []string{"lr", "rho", "oneMinusRho", "eps", "momentum"}
)

// adam updates the two moments.
func adam(a isa.ISA, x, c map[string]vec) {
	t := a.Vec()
	VSUBPS(x["m"], x["grad"], t)
	VMULPS(c["oneMinusBeta1"], t, t)
	VADDPS(t, x["m"], x["m"])
	VMULPS(x["grad"], x["grad"], x["grad"])
	VSUBPS(x["v"], x["grad"], x["grad"])
	VMULPS(c["oneMinusBeta2"], x["grad"], x["grad"])
	VADDPS(x["grad"], x["v"], x["v"])
}

// adamStep decays w and moves it by m·alpha / (√v + eps).
func adamStep(a isa.ISA, x, c map[string]vec, v vec) {
	num, den := x["grad"], a.Vec()
	VSQRTPS(v, den)
	VADDPS(c["eps"], den, den)
	VMULPS(c["alpha"], x["m"], num)
	VDIVPS(den, num, num)
	VMULPS(c["decay"], x["w"], den)
	VSUBPS(den, x["w"], x["w"])
	VSUBPS(num, x["w"], x["w"])
}

// rmsprop is centered if there is a slot a, with momentum if there is a slot m.
func rmsprop(a isa.ISA, x, c map[string]vec) {
	t, den := a.Vec(), a.Vec()
	VMULPS(x["grad"], x["grad"], t)
	VMULPS(c["oneMinusRho"], t, t)
	VMULPS(c["rho"], x["v"], x["v"])
	VADDPS(t, x["v"], x["v"])
	VMOVAPS(x["v"], den)
	if avg, ok := x["a"]; ok {
		VMULPS(c["oneMinusRho"], x["grad"], t)
		VMULPS(c["rho"], avg, avg)
		VADDPS(t, avg, avg)
		VMULPS(avg, avg, t)
		VSUBPS(t, den, den)
	}
	VADDPS(c["eps"], den, den)
	VSQRTPS(den, den)
	VMULPS(c["lr"], x["grad"], x["grad"])
	VDIVPS(den, x["grad"], x["grad"])
	if m, ok := x["m"]; ok {
		VMULPS(c["momentum"], m, m)
		VADDPS(x["grad"], m, m)
		VSUBPS(m, x["w"], x["w"])
	} else {
		VSUBPS(x["grad"], x["w"], x["w"])
	}
}

func main() {
	ConstraintExpr("!purego")
	iota := isa.Iota()
	for _, a := range isa.All {
		for _, s := range sweeps {
			s.emit(a, iota)
		}
	}
	Generate()
}

func (s sweep) emit(a isa.ISA, iota Mem) {
	all := append(append([]string{}, s.slots...), "grad")
	a.Func(s.name, fmt.Sprintf("func(%s *float32, n int, %s float32)", strings.Join(all, ", "), strings.Join(s.scalars, ", ")),
		"is "+s.name+".")
	n, i := Load(Param("n"), GP64()), GP64()
	base := map[string]reg.Register{}
	for _, slot := range all {
		base[slot] = Load(Param(slot), GP64())
	}
	c := map[string]vec{}
	for _, name := range s.scalars {
		c[name] = a.Broadcast(name)
	}
	at := func(slot string, u int) Mem {
		return Mem{Base: base[slot], Index: i, Scale: 4}.Offset(4 * a.W * u)
	}
	XORQ(i, i)
	unrolls := []int{s.unroll, 1}
	if s.unroll == 1 {
		unrolls = unrolls[:1]
	}
	for _, unroll := range unrolls {
		loop, end := fmt.Sprintf("by%d", unroll), fmt.Sprintf("end%d", unroll)
		SUBQ(I32(unroll*a.W), n)
		JL(LabelRef(end))
		Label(loop)
		for u := range unroll {
			x := map[string]vec{}
			for _, slot := range all {
				x[slot] = a.Vec()
				VMOVUPS(at(slot, u), x[slot])
			}
			s.step(a, x, c)
			for _, slot := range s.slots {
				VMOVUPS(x[slot], at(slot, u))
			}
		}
		ADDQ(I32(unroll*a.W), i)
		SUBQ(I32(unroll*a.W), n)
		JGE(LabelRef(loop))
		Label(end)
		ADDQ(I32(unroll*a.W), n)
	}
	JZ(LabelRef("done"))
	mask := a.Mask(a.Count(n.(reg.GPVirtual)), iota, 0)
	x := map[string]vec{}
	for _, slot := range all {
		x[slot] = a.LoadMasked(at(slot, 0), mask)
	}
	s.step(a, x, c)
	for _, slot := range s.slots {
		a.StoreMasked(x[slot], mask, at(slot, 0))
	}
	Label("done")
	isa.Leave()
}
