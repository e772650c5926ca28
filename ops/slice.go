package ops

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Range is the part of an axis that NumPy writes start:stop:step. Negative ends
// count from the end of the axis, and ends beyond it mean its end. The zero Range
// is the whole axis; a Step of 0 means 1.
type Range struct{ Start, Stop, Step int }

// End as the Stop of a [Range] stands for the end that a positive step leads to,
// and for the beginning, itself included, with a negative step.
const End = math.MaxInt

// normal returns the first index, the number of indices and the step on an axis of
// length n.
func (r Range) normal(n int) (start, size, step int) {
	if r == (Range{}) {
		return 0, n, 1
	}
	step = r.Step
	if step == 0 {
		step = 1
	}
	lo, hi := 0, n
	if step < 0 {
		lo, hi = -1, n-1
	}
	clamp := func(i int) int {
		if i < 0 {
			i += n
		}
		return min(max(i, lo), hi)
	}
	start = clamp(r.Start)
	stop := clamp(r.Stop)
	if step < 0 && r.Stop == End {
		stop = -1
	}
	if step > 0 && stop > start {
		size = (stop-start-1)/step + 1
	} else if step < 0 && stop < start {
		size = 1 - (start-stop-1)/step
	}
	if size == 0 {
		start, step = 0, 1
	}
	return start, size, step
}

// Slice returns a part of x: one range for each axis, from the first on. Axes
// without a range are taken whole.
//
// Shapes: x [... N ...] -> [... n ...], with n indices in the range of the axis.
// DTypes: any. Gradient: x. Panics with *graph.Error if there are more ranges than
// axes.
//
// Source: ONNX Slice.
func Slice(x *graph.Node, ranges ...Range) *graph.Node {
	o := sliceOf("Slice", x, ranges)
	if o.Size == x.Shape() && !o.flips() {
		return x
	}
	return graph.Apply(o, x)
}

// sliceOf returns the slice of x that ranges describe, for function name.
func sliceOf(name string, x *graph.Node, ranges []Range) SliceOp {
	shape := x.Shape()
	if len(ranges) > shape.Rank() {
		panic(graph.Errorf("ops.%s: %d ranges of x %v: want at most %d", name, len(ranges), shape, shape.Rank()))
	}
	o := SliceOp{Start: shape, Size: shape, Step: shape}
	for i := range shape.Rank() {
		var r Range
		if i < len(ranges) {
			r = ranges[i]
		}
		start, size, step := r.normal(shape.At(i))
		o = SliceOp{o.Start.With(i, start), o.Size.With(i, size), o.Step.With(i, step)}
	}
	return o
}

// SliceAxis returns the part of x between two indices of an axis, which count as
// those of a [Range].
//
// Shapes: x [... N ...] -> [... stop-start ...]. DTypes: any. Gradient: x. Panics
// with *graph.Error if x does not have the axis.
func SliceAxis(x *graph.Node, axis, start, stop int) *graph.Node {
	ranges := make([]Range, axisOf("SliceAxis", x, axis, 0)+1)
	ranges[len(ranges)-1] = Range{start, stop, 1}
	return Slice(x, ranges...)
}

// Index returns x at one index of an axis, which vanishes from the shape. A
// negative index counts from the end.
//
// Shapes: x [... N ...] -> [... ...]. DTypes: any. Gradient: x. Panics with
// *graph.Error if x does not have the axis or the index.
func Index(x *graph.Node, axis, i int) *graph.Node {
	axis = axisOf("Index", x, axis, 0)
	n := x.Shape().At(axis)
	if i < -n || i >= n {
		panic(graph.Errorf("ops.Index: index %d on axis %d of x %v: want %d to %d", i, axis, x.Shape(), -n, n-1))
	}
	if i < 0 {
		i += n
	}
	return Squeeze(SliceAxis(x, axis, i, i+1), axis)
}

// Flip returns x with the order of the elements reversed along the axes, all of
// them when none is given.
//
// Shapes: x [...] -> [...]. DTypes: any. Gradient: x. Panics with *graph.Error if x
// does not have the axes.
//
// Source: numpy.flip.
func Flip(x *graph.Node, axes ...int) *graph.Node {
	ranges := make([]Range, x.Rank())
	for i := range ranges {
		if len(axes) == 0 {
			ranges[i] = Range{-1, End, -1}
		}
	}
	for _, a := range axes {
		ranges[axisOf("Flip", x, a, 0)] = Range{-1, End, -1}
	}
	return Slice(x, ranges...)
}

// SliceOp is the operation behind [Slice]: element i of an axis of the result is
// element Start+i·Step of the axis of x.
type SliceOp struct{ Start, Size, Step tensor.Dims }

// Name implements graph.Op.
func (SliceOp) Name() string { return "Slice" }

// Primitive implements [Primitive].
func (SliceOp) Primitive() {}

func (o SliceOp) flips() bool {
	for _, s := range o.Step.Slice() {
		if s < 0 {
			return true
		}
	}
	return false
}

// Infer implements graph.Op.
func (o SliceOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if err := o.check(in[0].Shape); err != nil {
		return nil, err
	}
	return one(in[0].DType, o.Size)
}

// check returns an error unless the slice lies inside a tensor of this shape.
func (o SliceOp) check(shape tensor.Dims) error {
	rank := shape.Rank()
	if o.Start.Rank() != rank || o.Size.Rank() != rank || o.Step.Rank() != rank {
		return fmt.Errorf("start %v, size %v, step %v of x %v: want %d numbers each", o.Start, o.Size, o.Step, shape, rank)
	}
	for i := range rank {
		start, size, step, n := o.Start.At(i), o.Size.At(i), o.Step.At(i), shape.At(i)
		if size == 0 {
			continue
		}
		// Bounds on step come first, so that the product cannot overflow.
		if start < 0 || start >= n || size < 0 || size > n || size > 1 && (step < -n || step > n) {
			return fmt.Errorf("start %d, size %d, step %d on axis %d of x %v: want it inside", start, size, step, i, shape)
		}
		if size > 1 {
			if last := start + (size-1)*step; last < 0 || last >= n {
				return fmt.Errorf("start %d, size %d, step %d on axis %d of x %v: want it inside", start, size, step, i, shape)
			}
		}
	}
	return nil
}

// index returns the function from a flat index of the part to one of the whole.
func (o SliceOp) index(whole tensor.Dims) func(int) int {
	first, strides := 0, whole.Strides()
	for i := range whole.Rank() {
		s := strides.At(i)
		first += o.Start.At(i) * s
		strides = strides.With(i, s*o.Step.At(i))
	}
	at := stridedIndex(o.Size, strides)
	return func(i int) int { return first + at(i) }
}

// Ref implements [Referenced].
func (o SliceOp) Ref(out, in []Array) {
	at := o.index(in[0].Shape)
	for i := range out[0].V {
		out[0].V[i] = in[0].V[at(i)]
	}
}

// VJP: the gradient goes back to the elements that were taken.
func (o SliceOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Apply(SliceGradOp{n.In[0].Shape(), o.Start, o.Step}, dy)}
}

// SliceGradOp is the gradient of [Slice]: zeros of a shape, with dy in the places
// that the slice took.
type SliceGradOp struct{ Shape, Start, Step tensor.Dims }

// Name implements graph.Op.
func (SliceGradOp) Name() string { return "SliceGrad" }

// Compose implements [Composed].
func (o SliceGradOp) Compose(in []*graph.Node) []*graph.Node {
	dy := in[0]
	dt := dy.DType()
	if dt == tensor.Bool {
		dy = Cast(dy, tensor.Uint8)
	}
	for axis := range o.Shape.Rank() {
		dy = o.scatter(dy, axis)
	}
	return []*graph.Node{Cast(dy, dt)}
}

// Infer implements graph.Op.
func (o SliceGradOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if err := o.slice(in[0].Shape).check(o.Shape); err != nil {
		return nil, err
	}
	return one(in[0].DType, o.Shape)
}

func (o SliceGradOp) slice(size tensor.Dims) SliceOp { return SliceOp{o.Start, size, o.Step} }

// Ref implements [Referenced].
func (o SliceGradOp) Ref(out, in []Array) {
	at := o.slice(in[0].Shape).index(o.Shape)
	for i, v := range in[0].V {
		out[0].V[at(i)] = v
	}
}

// VJP: the slice again.
func (o SliceGradOp) VJP(n, dz *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Apply(o.slice(n.In[0].Shape()), dz)}
}

// scatter returns zeros with the elements of dy in the places that the slice took along
// an axis.
func (o SliceGradOp) scatter(dy *graph.Node, axis int) *graph.Node {
	n, size := o.Shape.At(axis), dy.Shape().At(axis)
	start, step := o.Start.At(axis), o.Step.At(axis)
	if step == 1 || size <= 1 {
		none := make([]int, dy.Rank())
		pad := PadOp{Before: tensor.D(none...), After: tensor.D(none...)}
		pad.Before, pad.After = pad.Before.With(axis, start), pad.After.With(axis, n-size-start)
		return graph.Apply(pad, dy)
	}
	at := Iota(dy.Graph(), tensor.Spec{DType: tensor.Int64, Shape: dy.Shape()}, axis)
	return graph.Apply(ScatterAlongOp{axis, n}, Offset(Scale(at, float64(step)), float64(start)), dy)
}
