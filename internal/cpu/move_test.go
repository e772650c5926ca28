package cpu

import (
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/impl/impltest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestRandomMoves runs movements, reductions and operations along an axis on random
// shapes, permutations, slices and axes.
func TestRandomMoves(t *testing.T) {
	dtypes := []tensor.DType{tensor.Uint8, tensor.BFloat16, tensor.Float32, tensor.Float64, tensor.Int32}
	for i := range uint64(impltest.Draws(400)) {
		r := &programs{Rand: rand.New(rand.NewPCG(i, 5))}
		dt := dtypes[i%uint64(len(dtypes))]
		var dims []int
		for size := 1; len(dims) < 1+r.IntN(5) && size < 3000; size *= dims[len(dims)-1] {
			dims = append(dims, []int{1, 2, 3, 5, 8, 17, 31, 40, 130}[r.IntN(9)])
		}
		x := tensor.S(dt, dims...)
		in := r.inputs([]tensor.Spec{x})
		sliced := r.slice(x.Shape)
		operations := []graph.Op{
			ops.TransposeOp{Perm: tensor.D(r.Perm(x.Rank())...)}, sliced,
			ops.PadOp{Before: r.small(x.Shape), After: r.small(x.Shape), Value: 1},
			ops.ReduceSumOp{Reduction: r.axes(x.Rank())}, ops.ReduceMaxOp{Reduction: r.axes(x.Rank())},
			ops.CumSumOp{Axis: r.IntN(x.Rank()), Reverse: r.IntN(2) == 0}, ops.ArgMaxOp{Axis: r.IntN(x.Rank())},
		}
		if dt.IsFloat() {
			operations = append(operations, ops.SoftmaxOp{Axis: r.IntN(x.Rank())})
		}
		for _, op := range operations {
			check(t, op, in, float64(64+x.Shape.Size()))
		}
		part := r.inputs([]tensor.Spec{{DType: dt, Shape: sliced.Size}})
		check(t, ops.SliceGradOp{Shape: x.Shape, Start: sliced.Start, Step: sliced.Step}, part, 0)
	}
}

// slice returns a random part of a shape.
func (r *programs) slice(shape tensor.Dims) ops.SliceOp {
	o := ops.SliceOp{Start: shape, Size: shape, Step: shape}
	for i, n := range shape.Slice() {
		step := 1 + r.IntN(min(n, 3))
		size := 1 + r.IntN((n-1)/step+1)
		start := r.IntN(n - (size-1)*step)
		if r.IntN(3) == 0 {
			start, step = start+(size-1)*step, -step
		}
		o = ops.SliceOp{Start: o.Start.With(i, start), Size: o.Size.With(i, size), Step: o.Step.With(i, step)}
	}
	return o
}

// small returns a number from 0 to 2 for each axis.
func (r *programs) small(shape tensor.Dims) tensor.Dims {
	for i := range shape.Rank() {
		shape = shape.With(i, r.IntN(3))
	}
	return shape
}

// axes returns random axes in order.
func (r *programs) axes(rank int) ops.Reduction {
	var axes []int
	for i := range rank {
		if r.IntN(2) == 0 {
			axes = append(axes, i)
		}
	}
	return ops.Reduction{Axes: tensor.D(axes...), KeepDims: r.IntN(2) == 0}
}
