package optest

import (
	"fmt"
	"math"
	"slices"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Check compares the results that a device got for a case with the reference.
func (c Case) Check(got []ops.Array) error {
	want, err := c.Want()
	if err != nil {
		return err
	}
	if len(got) != len(want) {
		return fmt.Errorf("%s: got %d results, want %d", c.Name, len(got), len(want))
	}
	for r, w := range want {
		if got[r].Spec != w.Spec {
			return fmt.Errorf("%s: result %d: got %v, want %v", c.Name, r, got[r].Spec, w.Spec)
		}
		for i, v := range w.V {
			if g := got[r].V[i]; !c.close(w.DType, g, v) {
				return fmt.Errorf("%s: result %d at %d: got %v, want %v%s", c.Name, r, i, g, v, c.at(w, i))
			}
		}
	}
	return nil
}

// Want returns the results of the reference, rounded to their dtypes.
func (c Case) Want() ([]ops.Array, error) {
	specs := make([]tensor.Spec, len(c.In))
	for i, a := range c.In {
		specs[i] = a.Spec
	}
	out, err := c.Op.Infer(specs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	want := reference(c.Op, out, c.In)
	for _, a := range want {
		for i, v := range a.V {
			a.V[i] = Round(a.DType, v)
		}
	}
	return want, nil
}

// close reports whether got is want, or near it: floats may differ by Ulps of the
// result and by Abs times the distance of 1 to the next number.
func (c Case) close(dt tensor.DType, got, want float64) bool {
	if got == want || got != got && want != want {
		return true
	}
	if !dt.IsFloat() || math.IsInf(got, 0) && !nearMax(dt, want) || math.IsInf(want, 0) && !nearMax(dt, got) {
		return false
	}
	p, least := precision(dt)
	return math.Abs(got-want) <= (c.Ulps*math.Abs(want)+c.Abs)*p+c.Ulps*least
}

// precision returns the distance from 1 to the next number and that from 0.
func precision(dt tensor.DType) (next, least float64) {
	switch dt {
	case tensor.Float16:
		return 0x1p-10, 0x1p-24
	case tensor.BFloat16:
		return 0x1p-7, 0x1p-133
	case tensor.Float32:
		return 0x1p-23, 0x1p-149
	}
	return 0x1p-52, 0x1p-1074
}

// nearMax reports whether v is so large that rounding may or may not reach infinity.
func nearMax(dt tensor.DType, v float64) bool {
	p, _ := precision(dt)
	return math.IsInf(Round(dt, v*(1+64*p)), 0)
}

// at prints the inputs of element i of an elementwise case, as far as they are plain.
func (c Case) at(out ops.Array, i int) string {
	s := ""
	for k, a := range c.In {
		if a.Shape == out.Shape {
			s += fmt.Sprintf("; input %d is %v", k, a.V[i])
		}
	}
	return s
}

// CheckGrad compares the gradients of y by the float inputs of its graph with
// central differences of the reference, for a random cotangent, in float64. Tol is
// the error allowed, relative to the greater of 1 and the size of the gradient.
func CheckGrad(y *graph.Node, in []ops.Array, tol float64) error {
	return newFunction(y, in).check(tol)
}

// CheckGrad2 is [CheckGrad] for the gradient of the gradient.
func CheckGrad2(y *graph.Node, in []ops.Array, tol float64) error {
	f := newFunction(y, in)
	if len(f.wrt) == 0 {
		return nil
	}
	return f.gradient().check(tol)
}

// function is a node of one graph as a function of its inputs.
type function struct {
	y    *graph.Node
	dy   *graph.Node // its cotangent, the last input
	in   []ops.Array // dy too
	wrt  []*graph.Node
	grad []*graph.Node
}

func newFunction(y *graph.Node, in []ops.Array) function {
	g := y.Graph()
	f := function{y: y, in: slices.Clone(in)}
	for _, x := range g.Inputs() {
		switch i := x.Op.(graph.InputOp).Index; {
		case i >= len(in): // a cotangent that an earlier check left there
			f.in = append(f.in, ops.NewArray(x.Spec()))
		case x.DType().IsFloat():
			f.wrt = append(f.wrt, x)
		}
	}
	f.dy = g.Input("cotangent", y.Spec())
	cot := ops.NewArray(y.Spec())
	r := source(uint64(len(g.Nodes())))
	for i := range cot.V {
		cot.V[i] = r.normal()
	}
	f.in = append(f.in, cot)
	f.grad = autodiff.VJP(y, f.dy, f.wrt...)
	return f
}

// gradient returns the sum of f's gradients, each times random numbers, as a
// function of f's inputs and cotangent. The inputs have one float dtype.
func (f function) gradient() function {
	g := f.y.Graph()
	r := source(uint64(2 + len(g.Nodes())))
	sum := ops.Full(g, tensor.S(f.wrt[0].DType()), 0)
	for _, d := range f.grad {
		w := ops.NewArray(d.Spec())
		for i := range w.V {
			w.V[i] = r.normal()
		}
		sum = ops.Add(sum, ops.ReduceSum(ops.Mul(d, g.Const(ToTensor(w)))))
	}
	return newFunction(sum, f.in)
}

// at returns the sum of y times its cotangent.
func (f function) at() float64 {
	y, last := Eval([]*graph.Node{f.y}, f.in...)[0], f.in[len(f.in)-1]
	var sum float64
	for i, v := range y.V {
		sum += v * last.V[i]
	}
	return sum
}

func (f function) check(tol float64) error {
	grads := Eval(f.grad, f.in...)
	for k, x := range f.wrt {
		index := x.Op.(graph.InputOp).Index
		v := f.in[index].V
		for i, old := range v {
			h := 1e-5 * max(1, math.Abs(old))
			v[i] = old + h
			up := f.at()
			v[i] = old - h
			down := f.at()
			v[i] = old
			got, want := grads[k].V[i], (up-down)/(2*h)
			if !(math.Abs(got-want) <= tol*max(1, math.Abs(want))) {
				return fmt.Errorf("gradient of %s by input %d at %d: got %v, central difference %v, input %v",
					graph.Describe(f.y.Op), index, i, got, want, v)
			}
		}
	}
	return nil
}
