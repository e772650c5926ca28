package ops

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// The optimizer sweeps take a variable, its gradient and the optimizer's slots, all
// of one float spec, and return the new values: one pass over memory instead of one
// for every term. Rates are scalars of the same dtype, so that a schedule can change
// them from step to step. They have no gradient. Formulas are those of Keras 3.

// Sweepable is an optimizer's update of one parameter and its slots. Result i may
// take the memory of input i; plans do the updates of all parameters in one sweep.
type Sweepable interface {
	graph.Op
	Sweepable()
}

// ApplySGD returns w after a step of gradient descent, w - decay·w - lr·g. decay is
// the weight decay times lr.
//
// Shapes: w, g [...], lr, decay [] -> w [...]. DTypes: floats, one for all. No
// gradient. Panics with *graph.Error if a shape or dtype differs from this.
//
// Source: keras.optimizers.SGD.
func ApplySGD(w, g, lr, decay *graph.Node) *graph.Node {
	return graph.Apply(ApplySGDOp{}, w, g, lr, decay)
}

// ApplySGDOp is the operation behind [ApplySGD].
type ApplySGDOp struct{}

// Name implements graph.Op.
func (ApplySGDOp) Name() string { return "ApplySGD" }

// Compose implements [Composed].
func (ApplySGDOp) Compose(in []*graph.Node) []*graph.Node {
	w, g, lr, decay := in[0], in[1], in[2], in[3]
	return []*graph.Node{Sub(decayed(w, decay), Mul(g, lr))}
}

// Sweepable implements [Sweepable].
func (ApplySGDOp) Sweepable() {}

// Infer implements graph.Op.
func (ApplySGDOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferSweep(in, 2, 2, 1)
}

// Ref implements [Referenced].
func (ApplySGDOp) Ref(out, in []Array) {
	lr, decay := in[2].V[0], in[3].V[0]
	for i, g := range in[1].V {
		w := in[0].V[i]
		out[0].V[i] = w - w*decay - g*lr
	}
}

// ApplyMomentum returns w and the velocity m after a step of gradient descent with
// momentum:
//
//	w  = w - decay·w
//	m' = momentum·m - lr·g
//	w' = w + m', or w + momentum·m' - lr·g with nesterov
//
// decay is the weight decay times lr.
//
// Shapes: w, m, g [...], lr, decay [] -> newW, newM [...]. DTypes: floats, one for
// all. No gradient. Panics with *graph.Error if a shape or dtype differs from this.
//
// Source: keras.optimizers.SGD.
func ApplyMomentum(o ApplyMomentumOp, w, m, g, lr, decay *graph.Node) (newW, newM *graph.Node) {
	n := graph.Apply(o, w, m, g, lr, decay)
	return graph.Pick(n, 0), graph.Pick(n, 1)
}

// ApplyMomentumOp is the operation behind [ApplyMomentum].
type ApplyMomentumOp struct {
	Momentum float64
	Nesterov bool
}

// Name implements graph.Op.
func (ApplyMomentumOp) Name() string { return "ApplyMomentum" }

// Compose implements [Composed].
func (o ApplyMomentumOp) Compose(in []*graph.Node) []*graph.Node {
	w, g, lr, decay := in[0], in[2], in[3], in[4]
	m := Sub(Scale(in[1], o.Momentum), Mul(g, lr))
	step := m
	if o.Nesterov {
		step = Sub(Scale(m, o.Momentum), Mul(g, lr))
	}
	return []*graph.Node{Add(decayed(w, decay), step), m}
}

// Sweepable implements [Sweepable].
func (ApplyMomentumOp) Sweepable() {}

// Infer implements graph.Op.
func (ApplyMomentumOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferSweep(in, 3, 2, 2)
}

// Ref implements [Referenced].
func (o ApplyMomentumOp) Ref(out, in []Array) {
	lr, decay := in[3].V[0], in[4].V[0]
	for i, g := range in[2].V {
		w, m := in[0].V[i], in[1].V[i]*o.Momentum-g*lr
		step := m
		if o.Nesterov {
			step = m*o.Momentum - g*lr
		}
		out[0].V[i], out[1].V[i] = w-w*decay+step, m
	}
}

// ApplyAdam returns w and the moments m and v after a step of Adam:
//
//	w  = w - decay·w
//	m' = m + (g - m)·(1-β1)
//	v' = v + (g² - v)·(1-β2)
//	w' = w - alpha·m' / (√v' + eps)
//
// alpha is lr·√(1-β2^t)/(1-β1^t) for step t = 1, 2, ...; decay is that of AdamW
// times lr, or 0.
//
// Shapes: w, m, v, g [...], alpha, decay [] -> newW, newM, newV [...]. DTypes:
// floats, one for all. No gradient. Panics with *graph.Error if a shape or dtype
// differs from this.
//
// Source: Kingma, Ba 2014, arXiv:1412.6980, section 2; Loshchilov, Hutter 2017,
// arXiv:1711.05101; as in keras.optimizers.Adam and AdamW.
func ApplyAdam(o ApplyAdamOp, w, m, v, g, alpha, decay *graph.Node) (newW, newM, newV *graph.Node) {
	n := graph.Apply(o, w, m, v, g, alpha, decay)
	return graph.Pick(n, 0), graph.Pick(n, 1), graph.Pick(n, 2)
}

// ApplyAdamOp is the operation behind [ApplyAdam].
type ApplyAdamOp struct {
	OneMinusBeta1, OneMinusBeta2, Eps float64
}

// Name implements graph.Op.
func (ApplyAdamOp) Name() string { return "ApplyAdam" }

// Compose implements [Composed].
func (o ApplyAdamOp) Compose(in []*graph.Node) []*graph.Node {
	w, g, alpha, decay := in[0], in[3], in[4], in[5]
	m, v := toward(in[1], g, o.OneMinusBeta1), toward(in[2], Square(g), o.OneMinusBeta2)
	return []*graph.Node{Sub(decayed(w, decay), Div(Mul(m, alpha), Offset(Sqrt(v), o.Eps))), m, v}
}

// Sweepable implements [Sweepable].
func (ApplyAdamOp) Sweepable() {}

// Infer implements graph.Op.
func (ApplyAdamOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferSweep(in, 4, 2, 3)
}

// Ref implements [Referenced].
func (o ApplyAdamOp) Ref(out, in []Array) {
	alpha, decay := in[4].V[0], in[5].V[0]
	for i, g := range in[3].V {
		w, m, v := in[0].V[i], in[1].V[i], in[2].V[i]
		m += (g - m) * o.OneMinusBeta1
		v += (g*g - v) * o.OneMinusBeta2
		out[0].V[i] = w - w*decay - m*alpha/(math.Sqrt(v)+o.Eps)
		out[1].V[i], out[2].V[i] = m, v
	}
}

// ApplyAMSGrad returns w and the slots after a step of [ApplyAdam] that puts the
// greatest v so far, vhat' = max(vhat, v'), in the place of v' under the root.
//
// Shapes: w, m, v, vhat, g [...], alpha, decay [] -> newW, newM, newV, newVhat [...].
// DTypes: floats, one for all. No gradient. Panics with *graph.Error if a shape or
// dtype differs from this.
//
// Source: Reddi, Kale, Kumar 2018, "On the Convergence of Adam and Beyond"; as in
// keras.optimizers.Adam with amsgrad.
func ApplyAMSGrad(o ApplyAMSGradOp, w, m, v, vhat, g, alpha, decay *graph.Node) (newW, newM, newV, newVhat *graph.Node) {
	n := graph.Apply(o, w, m, v, vhat, g, alpha, decay)
	return graph.Pick(n, 0), graph.Pick(n, 1), graph.Pick(n, 2), graph.Pick(n, 3)
}

// ApplyAMSGradOp is the operation behind [ApplyAMSGrad].
type ApplyAMSGradOp struct {
	OneMinusBeta1, OneMinusBeta2, Eps float64
}

// Name implements graph.Op.
func (ApplyAMSGradOp) Name() string { return "ApplyAMSGrad" }

// Compose implements [Composed].
func (o ApplyAMSGradOp) Compose(in []*graph.Node) []*graph.Node {
	w, g, alpha, decay := in[0], in[4], in[5], in[6]
	m, v := toward(in[1], g, o.OneMinusBeta1), toward(in[2], Square(g), o.OneMinusBeta2)
	vhat := Maximum(in[3], v)
	return []*graph.Node{Sub(decayed(w, decay), Div(Mul(m, alpha), Offset(Sqrt(vhat), o.Eps))), m, v, vhat}
}

// Sweepable implements [Sweepable].
func (ApplyAMSGradOp) Sweepable() {}

// Infer implements graph.Op.
func (ApplyAMSGradOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferSweep(in, 5, 2, 4)
}

// Ref implements [Referenced].
func (o ApplyAMSGradOp) Ref(out, in []Array) {
	alpha, decay := in[5].V[0], in[6].V[0]
	for i, g := range in[4].V {
		w, m, v := in[0].V[i], in[1].V[i], in[2].V[i]
		m += (g - m) * o.OneMinusBeta1
		v += (g*g - v) * o.OneMinusBeta2
		vhat := max(in[3].V[i], v)
		out[0].V[i] = w - w*decay - m*alpha/(math.Sqrt(vhat)+o.Eps)
		out[1].V[i], out[2].V[i], out[3].V[i] = m, v, vhat
	}
}

// ApplyRMSprop returns w and the slots after a step of RMSprop:
//
//	w  = w - decay·w
//	v' = rho·v + (1-rho)·g²
//	a' = rho·a + (1-rho)·g             with Centered
//	d  = lr·g / √(v' - a'² + eps)      without a' unless Centered
//	m' = momentum·m + d                if Momentum is not 0
//	w' = w - m', or w - d
//
// The slots are v, then a if Centered, then m if Momentum is not 0. decay is the weight
// decay times lr.
//
// Shapes: w, slots, g [...], lr, decay [] -> newW, newSlots [...]. DTypes: floats,
// one for all. No gradient. Panics with *graph.Error if a shape or dtype differs from
// this, or slots is not as long as o has slots.
//
// Source: Hinton 2012, "Neural Networks for Machine Learning", lecture 6e; as in
// keras.optimizers.RMSprop.
func ApplyRMSprop(o ApplyRMSpropOp, w *graph.Node, slots []*graph.Node, g, lr, decay *graph.Node) (newW *graph.Node, newSlots []*graph.Node) {
	if len(slots) != o.slots() {
		panic(graph.Errorf("ops.ApplyRMSprop: %d slots: want %d", len(slots), o.slots()))
	}
	in := append([]*graph.Node{w}, slots...)
	n := graph.Apply(o, append(in, g, lr, decay)...)
	for i := range slots {
		newSlots = append(newSlots, graph.Pick(n, i+1))
	}
	return graph.Pick(n, 0), newSlots
}

// ApplyRMSpropOp is the operation behind [ApplyRMSprop].
type ApplyRMSpropOp struct {
	Rho, Momentum, Eps float64
	Centered           bool
}

// Name implements graph.Op.
func (ApplyRMSpropOp) Name() string { return "ApplyRMSprop" }

// Compose implements [Composed].
func (o ApplyRMSpropOp) Compose(in []*graph.Node) []*graph.Node {
	last := len(in) - 3 // g, then lr and decay
	g, lr, decay := in[last], in[last+1], in[last+2]
	v := Add(Scale(in[1], o.Rho), Scale(Square(g), 1-o.Rho))
	out, size := []*graph.Node{nil, v}, v
	if o.Centered {
		a := Add(Scale(in[2], o.Rho), Scale(g, 1-o.Rho))
		out, size = append(out, a), Sub(v, Square(a))
	}
	d := Div(Mul(g, lr), Sqrt(Offset(size, o.Eps)))
	if o.Momentum != 0 {
		d = Add(d, Scale(in[last-1], o.Momentum))
		out = append(out, d)
	}
	out[0] = Sub(decayed(in[0], decay), d)
	return out
}

// Sweepable implements [Sweepable].
func (ApplyRMSpropOp) Sweepable() {}

// slots returns the number of slots.
func (o ApplyRMSpropOp) slots() int {
	n := 1
	if o.Centered {
		n++
	}
	if o.Momentum != 0 {
		n++
	}
	return n
}

// Infer implements graph.Op.
func (o ApplyRMSpropOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferSweep(in, 2+o.slots(), 2, 1+o.slots())
}

// Ref implements [Referenced].
func (o ApplyRMSpropOp) Ref(out, in []Array) {
	last := len(in) - 3 // g, then lr and decay
	lr, decay := in[last+1].V[0], in[last+2].V[0]
	for i, g := range in[last].V {
		v := in[1].V[i]*o.Rho + g*g*(1-o.Rho)
		out[1].V[i] = v
		if o.Centered {
			a := in[2].V[i]*o.Rho + g*(1-o.Rho)
			out[2].V[i] = a
			v -= a * a
		}
		d := g * lr / math.Sqrt(v+o.Eps)
		if o.Momentum != 0 {
			d += in[last-1].V[i] * o.Momentum
			out[last-1].V[i] = d
		}
		w := in[0].V[i]
		out[0].V[i] = w - w*decay - d
	}
}

// inferSweep checks an optimizer's inputs, tensors of the spec of the first and then
// scalars, and returns the specs of the results.
func inferSweep(in []tensor.Spec, tensors, scalars, results int) ([]tensor.Spec, error) {
	if want := tensors + scalars; len(in) != want {
		return nil, fmt.Errorf("%d inputs: want %d", len(in), want)
	}
	w := in[0]
	if err := wantFloat("w", w); err != nil {
		return nil, err
	}
	if err := wantSame(in[:tensors]); err != nil {
		return nil, err
	}
	for i, s := range in[tensors:] {
		if want := (tensor.Spec{DType: w.DType}); s != want {
			return nil, fmt.Errorf("input %d is %v: want the scalar %v", tensors+i, s, want)
		}
	}
	out := make([]tensor.Spec, results)
	for i := range out {
		out[i] = w
	}
	return out, nil
}
