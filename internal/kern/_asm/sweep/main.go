// Command sweep generates the optimizer sweeps.
package main

import (
	"fmt"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
	"github.com/glia-ml/glia/internal/kern/_asm/neon"
	"github.com/glia-ml/glia/internal/kern/_asm/sweep/power"
)

//go:generate go run . -out ../../sweep_amd64.s -stubs ../../sweep_stub_amd64.go -pkg kern

type vec = reg.VecVirtual

// A sweep updates rows slots (all but grad) from grad, with scalars c.
type sweep struct {
	name    string
	slots   []string
	scalars []string
	unroll  int
	// step gets the values of the slots and the scalars by name, and replaces those
	// of the slots. It uses no fused operation, except for powers.
	step func(a isa.ISA, x, c map[string]vec)
	loop string // the call of the portable loop
	more string // a parameter that only that takes
	keep int    // slots at the end that are only read
	late bool   // in AVX2, step loads the scalars itself
}

var sweeps = []sweep{
	{name: "sgd", loop: "SGDLoop(w, grad, lr, decay)", slots: names("w"), scalars: names("lr decay"), unroll: 4, step: func(a isa.ISA, x, c map[string]vec) {
		a.Mul(c["lr"], x["grad"], x["grad"])
		decay(a, x, c, "w")
		a.Sub(x["grad"], x["w"], x["w"])
	}},
	{name: "momentumStep", loop: "MomentumLoop(w, m, grad, lr, momentum, decay, false)", slots: names("w m"), scalars: names("lr momentum decay"), unroll: 2, step: func(a isa.ISA, x, c map[string]vec) {
		a.Mul(c["lr"], x["grad"], x["grad"])
		a.Mul(c["momentum"], x["m"], x["m"])
		a.Sub(x["grad"], x["m"], x["m"])
		decay(a, x, c, "w")
		a.Add(x["m"], x["w"], x["w"])
	}},
	{name: "nesterovStep", loop: "MomentumLoop(w, m, grad, lr, momentum, decay, true)", slots: names("w m"), scalars: names("lr momentum decay"), unroll: 2, step: func(a isa.ISA, x, c map[string]vec) {
		t := a.Vec()
		a.Mul(c["lr"], x["grad"], x["grad"])
		a.Mul(c["momentum"], x["m"], x["m"])
		a.Sub(x["grad"], x["m"], x["m"])
		a.Mul(c["momentum"], x["m"], t)
		a.Sub(x["grad"], t, t)
		decay(a, x, c, "w")
		a.Add(t, x["w"], x["w"])
	}},
	{name: "adam", loop: "AdamLoop(w, m, v, grad, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)", slots: names("w m v"), scalars: names(adamScalars), unroll: 1, step: func(a isa.ISA, x, c map[string]vec) {
		square := a.Vec()
		adam(a, x, c, square)
		adamStep(a, x, c, x["v"])
	}},
	{name: "amsgrad", loop: "AMSGradLoop(w, m, v, vhat, grad, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)", slots: names("w m v vhat"), scalars: names(adamScalars), unroll: 1, step: func(a isa.ISA, x, c map[string]vec) {
		adam(a, x, c, x["grad"])
		a.Max(x["v"], x["vhat"], x["vhat"])
		adamStep(a, x, c, x["vhat"])
	}},
	{name: "rmsprop", loop: "RMSpropLoop(w, v, nil, nil, grad, lr, rho, oneMinusRho, eps, 0, decay)", slots: names("w v"), scalars: names("lr rho oneMinusRho eps decay"), unroll: 1, step: rmsprop},
	{name: "rmspropMomentum", loop: "RMSpropLoop(w, v, nil, m, grad, lr, rho, oneMinusRho, eps, momentum, decay)", slots: names("w v m"), scalars: names("lr rho oneMinusRho eps momentum decay"), unroll: 1, step: rmsprop},
	{name: "rmspropCentered", loop: "RMSpropLoop(w, v, a, nil, grad, lr, rho, oneMinusRho, eps, 0, decay)", slots: names("w v a"), scalars: names("lr rho oneMinusRho eps decay"), unroll: 1, step: rmsprop},
	{name: "rmspropCenteredMomentum", loop: "RMSpropLoop(w, v, a, m, grad, lr, rho, oneMinusRho, eps, momentum, decay)", slots: names("w v a m"), scalars: names("lr rho oneMinusRho eps momentum decay"), unroll: 1, step: rmsprop},
	{name: "adamax", loop: "AdamaxLoop(w, m, u, grad, alpha, oneMinusBeta1, beta2, eps, decay)", slots: names("w m u"), scalars: names("alpha oneMinusBeta1 beta2 eps decay"), unroll: 1, step: adamax},
	{name: "nadam", loop: "NadamLoop(w, m, v, grad, ofM, ofG, unbias, oneMinusBeta1, oneMinusBeta2, eps, decay)", slots: names("w m v"), scalars: names("ofM ofG unbias oneMinusBeta1 oneMinusBeta2 eps decay"), unroll: 1, step: nadam},
	{name: "adagrad", loop: "AdagradLoop(w, acc, grad, lr, eps, decay)", slots: names("w acc"), scalars: names("lr eps decay"), unroll: 2, step: adagrad},
	{name: "adadelta", loop: "AdadeltaLoop(w, v, d, grad, lr, rho, oneMinusRho, eps, decay)", slots: names("w v d"), scalars: names("lr rho oneMinusRho eps decay"), unroll: 1, step: adadelta},
	{name: "lion", loop: "LionLoop(w, m, grad, lr, beta1, oneMinusBeta1, beta2, oneMinusBeta2, decay)", slots: names("w m"), scalars: names("lr beta1 oneMinusBeta1 beta2 oneMinusBeta2 decay"), unroll: 1, step: lion},
	{name: "ftrl", loop: "FtrlLoop(w, acc, z, grad, inv, l1, l2, shrink, decay, 0.5)", slots: names("w acc z"), scalars: names("inv l1 minusL1 l2 shrink decay"), unroll: 1, step: ftrl},
	{name: "ftrlPower", loop: "FtrlLoop(w, acc, z, grad, inv, l1, l2, shrink, decay, power)", more: "power float64", slots: names("w acc z"), scalars: names("inv l1 minusL1 l2 shrink decay head tail scale atZero"), unroll: 1, late: true, step: ftrlPower},
	{name: "scheduleFree", loop: "ScheduleFreeLoop(y, z, v, grad, lr, unbias, part, rest, beta1, oneMinusBeta1, oneMinusBeta2, eps, decay)", slots: names("y z v"), scalars: names("lr unbias part rest beta1 oneMinusBeta1 oneMinusBeta2 eps decay"), unroll: 1, step: scheduleFree},
	{name: "lambMoments", loop: "LambMomentsLoop(m, v, x, grad, unbiasM, unbiasV, oneMinusBeta1, oneMinusBeta2, eps)", slots: names("m v x"), scalars: names("unbiasM unbiasV oneMinusBeta1 oneMinusBeta2 eps"), unroll: 1, step: func(a isa.ISA, x, c map[string]vec) {
		adam(a, x, c, x["grad"])
		lamb(a, x["m"], x["v"], x["x"], c)
	}},
	{name: "lambStep", loop: "LambStepLoop(w, grad, v, rate, unbiasM, unbiasV, eps, decay)", slots: names("w v"), keep: 1, scalars: names("rate unbiasM unbiasV eps decay"), unroll: 1, step: func(a isa.ISA, x, c map[string]vec) {
		lamb(a, x["grad"], x["v"], x["grad"], c) // grad is m
		a.Mul(c["rate"], x["grad"], x["grad"])
		decay(a, x, c, "w")
		a.Sub(x["grad"], x["w"], x["w"])
	}},
	{name: "factorStep", loop: "FactorStepLoop(w, v, by, c, grad, rate, part, decay)", slots: names("w v by c"), keep: 2, scalars: names("rate part decay"), unroll: 2, step: func(a isa.ISA, x, c map[string]vec) {
		a.Mul(x["by"], x["grad"], x["grad"])
		a.Mul(c["rate"], x["grad"], x["grad"])
		decay(a, x, c, "w")
		a.Sub(x["grad"], x["w"], x["w"])
		a.Mul(c["part"], x["c"], x["v"])
	}},
	{name: "average", loop: "AverageLoop(avg, grad, keep, rest)", slots: names("avg"), scalars: names("keep rest"), unroll: 4, step: func(a isa.ISA, x, c map[string]vec) {
		a.Mul(c["keep"], x["avg"], x["avg"])
		a.Mul(c["rest"], x["grad"], x["grad"])
		a.Add(x["grad"], x["avg"], x["avg"])
	}},
}

const adamScalars = "alpha oneMinusBeta1 oneMinusBeta2 eps decay"

func names(list string) []string { return strings.Fields(list) }

// decay takes a part of a slot away.
func decay(a isa.ISA, x, c map[string]vec, slot string) {
	t := a.Vec()
	a.Mul(c["decay"], x[slot], t)
	a.Sub(t, x[slot], x[slot])
}

// toward moves a slot towards x by a part.
func toward(a isa.ISA, x, part, slot vec) {
	t := a.Vec()
	a.Sub(slot, x, t)
	a.Mul(part, t, t)
	a.Add(t, slot, slot)
}

// adam updates the two moments; square may be the gradient's register, if that is not
// needed after.
func adam(a isa.ISA, x, c map[string]vec, square vec) {
	toward(a, x["grad"], c["oneMinusBeta1"], x["m"])
	a.Mul(x["grad"], x["grad"], square)
	a.Sub(x["v"], square, square)
	a.Mul(c["oneMinusBeta2"], square, square)
	a.Add(square, x["v"], x["v"])
}

// rootPlus is √(v·scale) + eps.
func rootPlus(a isa.ISA, v, scale, eps vec) vec {
	t := a.Vec()
	a.Mul(scale, v, t)
	a.Sqrt(t, t)
	a.Add(eps, t, t)
	return t
}

// adamStep decays w and moves it by m·alpha / (√v + eps).
func adamStep(a isa.ISA, x, c map[string]vec, v vec) {
	num, den := x["grad"], a.Vec()
	a.Sqrt(v, den)
	a.Add(c["eps"], den, den)
	a.Mul(c["alpha"], x["m"], num)
	a.Div(den, num, num)
	decay(a, x, c, "w")
	a.Sub(num, x["w"], x["w"])
}

// rmsprop is centered if there is a slot a, with momentum if there is a slot m.
func rmsprop(a isa.ISA, x, c map[string]vec) {
	t, den := a.Vec(), a.Vec()
	meanSquare(a, x["grad"], x["v"], t, c)
	a.Copy(x["v"], den)
	if avg, ok := x["a"]; ok {
		a.Mul(c["oneMinusRho"], x["grad"], t)
		a.Mul(c["rho"], avg, avg)
		a.Add(t, avg, avg)
		a.Mul(avg, avg, t)
		a.Sub(t, den, den)
	}
	a.Add(c["eps"], den, den)
	a.Sqrt(den, den)
	a.Mul(c["lr"], x["grad"], x["grad"])
	a.Div(den, x["grad"], x["grad"])
	decay(a, x, c, "w")
	if m, ok := x["m"]; ok {
		a.Mul(c["momentum"], m, m)
		a.Add(x["grad"], m, m)
		a.Sub(m, x["w"], x["w"])
	} else {
		a.Sub(x["grad"], x["w"], x["w"])
	}
}

// meanSquare updates the moving mean of x²; t is overwritten.
func meanSquare(a isa.ISA, x, mean, t vec, c map[string]vec) {
	a.Mul(x, x, t)
	a.Mul(c["oneMinusRho"], t, t)
	a.Mul(c["rho"], mean, mean)
	a.Add(t, mean, mean)
}

func adamax(a isa.ISA, x, c map[string]vec) {
	toward(a, x["grad"], c["oneMinusBeta1"], x["m"])
	size := a.Vec()
	a.Clear(size)
	a.Sub(x["grad"], size, size)
	a.Max(x["grad"], size, size)
	a.Mul(c["beta2"], x["u"], x["u"])
	a.Max(size, x["u"], x["u"])
	a.Add(c["eps"], x["u"], size)
	a.Mul(c["alpha"], x["m"], x["grad"])
	a.Div(size, x["grad"], x["grad"])
	decay(a, x, c, "w")
	a.Sub(x["grad"], x["w"], x["w"])
}

func nadam(a isa.ISA, x, c map[string]vec) {
	adam(a, x, c, a.Vec())
	num := a.Vec()
	a.Mul(c["ofM"], x["m"], num)
	a.Mul(c["ofG"], x["grad"], x["grad"])
	a.Add(x["grad"], num, num)
	a.Div(rootPlus(a, x["v"], c["unbias"], c["eps"]), num, num)
	decay(a, x, c, "w")
	a.Sub(num, x["w"], x["w"])
}

func adagrad(a isa.ISA, x, c map[string]vec) {
	t := a.Vec()
	a.Mul(x["grad"], x["grad"], t)
	a.Add(t, x["acc"], x["acc"])
	a.Add(c["eps"], x["acc"], t)
	a.Sqrt(t, t)
	a.Mul(c["lr"], x["grad"], x["grad"])
	a.Div(t, x["grad"], x["grad"])
	decay(a, x, c, "w")
	a.Sub(x["grad"], x["w"], x["w"])
}

func adadelta(a isa.ISA, x, c map[string]vec) {
	t := a.Vec()
	meanSquare(a, x["grad"], x["v"], t, c)
	a.Add(c["eps"], x["d"], t)
	a.Sqrt(t, t)
	a.Mul(t, x["grad"], x["grad"])
	a.Add(c["eps"], x["v"], t)
	a.Sqrt(t, t)
	a.Div(t, x["grad"], x["grad"])
	meanSquare(a, x["grad"], x["d"], t, c)
	a.Mul(c["lr"], x["grad"], x["grad"])
	decay(a, x, c, "w")
	a.Sub(x["grad"], x["w"], x["w"])
}

// lion finds the sign by making every number but 0 greater than 1 and clipping it. NaN
// stays.
func lion(a isa.ISA, x, c map[string]vec) {
	sign, t := a.Vec(), a.Vec()
	a.Mul(c["beta1"], x["m"], sign)
	a.Mul(c["oneMinusBeta1"], x["grad"], t)
	a.Add(t, sign, sign)
	a.Set(huge, t)
	a.Mul(t, sign, sign)
	a.Mul(t, sign, sign)
	a.Set(one, t)
	a.Min(sign, t, sign)
	a.Set(minusOne, t)
	a.Max(sign, t, sign)
	a.Mul(c["lr"], sign, sign)
	decay(a, x, c, "w")
	a.Sub(sign, x["w"], x["w"])
	a.Mul(c["beta2"], x["m"], x["m"])
	a.Mul(c["oneMinusBeta2"], x["grad"], x["grad"])
	a.Add(x["grad"], x["m"], x["m"])
}

var huge, one, minusOne Mem // for lion: 2^100, 1 and -1

func ftrl(a isa.ISA, x, c map[string]vec) {
	ftrlStep(a, x, func(name string) vec { return c[name] }, func(x, y vec) (vec, vec) {
		a.Sqrt(x, x)
		root := a.Vec()
		a.Sqrt(y, root)
		return x, root
	})
}

func ftrlPower(a isa.ISA, x, c map[string]vec) {
	scalar := func(name string) vec { return c[name] }
	if a == isa.AVX2 {
		scalar = a.Broadcast // there are too many for registers
	}
	ftrlStep(a, x, scalar, func(x, y vec) (vec, vec) { return power.Pair(a, x, y, scalar) })
}

// ftrlStep takes a step with a function that raises two vectors to the power.
func ftrlStep(a isa.ISA, x map[string]vec, c func(string) vec, powers func(x, y vec) (vec, vec)) {
	t, sum := a.Vec(), x["acc"]
	a.Mul(c("decay"), x["w"], t)
	a.Sub(t, x["w"], x["w"])
	a.Mul(x["grad"], x["grad"], t)
	x["acc"] = t
	a.Add(sum, t, t)
	before, after := powers(sum, t)
	a.Sub(before, after, before)
	a.Mul(c("inv"), before, before)
	a.Mul(x["w"], before, before)
	a.Mul(c("shrink"), x["w"], x["w"])
	a.Add(x["w"], x["grad"], x["grad"])
	a.Sub(before, x["grad"], x["grad"])
	a.Add(x["grad"], x["z"], x["z"])
	a.Max(c("minusL1"), x["z"], x["w"])
	a.Min(c("l1"), x["w"], x["w"])
	a.Sub(x["z"], x["w"], x["w"])
	a.Mul(c("inv"), after, after)
	a.Add(c("l2"), after, after)
	a.Div(after, x["w"], x["w"])
}

func scheduleFree(a isa.ISA, x, c map[string]vec) {
	t := a.Vec()
	a.Mul(x["grad"], x["grad"], t)
	a.Sub(x["v"], t, t)
	a.Mul(c["oneMinusBeta2"], t, t)
	a.Add(t, x["v"], x["v"])
	a.Mul(c["decay"], x["y"], t)
	a.Sub(t, x["y"], x["y"])
	a.Mul(c["oneMinusBeta1"], x["z"], t)
	a.Sub(t, x["y"], x["y"])
	a.Div(c["beta1"], x["y"], x["y"])
	a.Mul(c["unbias"], x["v"], t)
	a.Sqrt(t, t)
	a.Add(c["eps"], t, t)
	a.Mul(c["lr"], x["grad"], x["grad"])
	a.Div(t, x["grad"], x["grad"])
	a.Sub(x["grad"], x["z"], x["z"])
	a.Mul(c["rest"], x["y"], x["y"])
	a.Mul(c["part"], x["z"], t)
	a.Add(t, x["y"], x["y"])
	a.Mul(c["oneMinusBeta1"], x["z"], t)
	a.Mul(c["beta1"], x["y"], x["y"])
	a.Add(x["y"], t, x["y"])
}

// lamb is m·unbiasM / (√(v·unbiasV) + eps).
func lamb(a isa.ISA, m, v, x vec, c map[string]vec) {
	a.Mul(c["unbiasM"], m, x)
	a.Div(rootPlus(a, v, c["unbiasV"], c["eps"]), x, x)
}

func main() {
	iota := isa.Iota()
	power.Data()
	huge, one, minusOne = isa.Word("huge", 0x71800000), isa.Word("one", 0x3F800000), isa.Word("minusOne", 0xBF800000)
	for _, a := range isa.All {
		for _, s := range sweeps {
			s.emit(a, iota)
		}
	}
	arm := &neon.File{}
	for _, s := range sweeps {
		s.emitNEON(arm)
	}
	isa.Write()
}

// all lists the slots and the gradient.
func (s sweep) all() []string { return append(append([]string{}, s.slots...), "grad") }

func (s sweep) sig() string {
	return fmt.Sprintf("func(%s *float32, n int, %s float32)", strings.Join(s.all(), ", "), strings.Join(s.scalars, ", "))
}

func (s sweep) emit(a isa.ISA, iota Mem) {
	all := s.all()
	a.Func(isa.Kernel{
		Name: s.name, Sig: s.sig(),
		Doc: "is " + s.name + ".", Loop: s.loop, More: s.more,
	})
	n, i := Load(Param("n"), GP64()), GP64()
	base := map[string]reg.Register{}
	for _, slot := range all {
		base[slot] = Load(Param(slot), GP64())
	}
	c := map[string]vec{}
	if !s.late || a.Wide() {
		for _, name := range s.scalars {
			c[name] = a.Broadcast(name)
		}
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
			for _, slot := range s.slots[:len(s.slots)-s.keep] {
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
	for _, slot := range s.slots[:len(s.slots)-s.keep] {
		a.StoreMasked(x[slot], mask, at(slot, 0))
	}
	Label("done")
	isa.Leave()
}

// emitNEON emits the sweep for arm64.
func (s sweep) emitNEON(file *neon.File) {
	file.Func(s.name+"NEON", s.sig(), "is "+s.name+".", func(f *neon.Func, _ int) {
		a := isa.NEON(file, f)
		n := f.Arg("n", "")
		base := map[string]neon.GP{}
		var pointers []neon.GP
		for _, slot := range s.all() {
			base[slot] = f.Arg(slot, "")
			pointers = append(pointers, base[slot])
		}
		c := map[string]vec{}
		for _, name := range s.scalars {
			c[name] = a.Broadcast(name)
		}
		vectors := max(2, s.unroll)
		if s.late { // it is long enough
			vectors = 1
		}
		f.Pass(n, vectors, pointers, func(vectors int, one bool) {
			for u := range vectors {
				x := map[string]vec{}
				for _, slot := range s.all() {
					x[slot] = a.Vec()
					f.Load(isa.Arm(x[slot]), base[slot], 16*u, one)
				}
				s.step(a, x, c)
				for _, slot := range s.slots[:len(s.slots)-s.keep] {
					f.Store(isa.Arm(x[slot]), base[slot], 16*u, one)
				}
			}
		})
		f.Ret()
	})
	isa.HasNEON(s.name, file)
}
