package cpu

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/impl/impltest"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestStrided compares kernels of values with gaps, which lie in random orders of their
// axes, with the kernels of the same values without gaps, bit by bit, and sees that they
// write between no elements.
func TestStrided(t *testing.T) {
	dtypes := []tensor.DType{tensor.Uint8, tensor.BFloat16, tensor.Float32, tensor.Float64, tensor.Int32}
	covered := map[string]int{}
	for i := range uint64(impltest.Draws(200)) {
		r := &programs{Rand: rand.New(rand.NewPCG(i, 6))}
		dt := dtypes[i%uint64(len(dtypes))]
		var dims []int
		for size := 1; len(dims) < 2+r.IntN(4) && size < 600; size *= dims[len(dims)-1] {
			dims = append(dims, []int{1, 2, 3, 5, 8, 17, 31, 40}[r.IntN(8)])
		}
		x := tensor.S(dt, dims...)
		axis := r.IntN(len(dims))
		first := r.IntN(dims[axis] + 1)
		one := tensor.Spec{DType: dt, Shape: x.Shape.With(axis, 1)}
		forward := r.slice(x.Shape)
		for axis, step := range forward.Step.Slice() {
			if step < 0 {
				forward.Start = forward.Start.With(axis, forward.Start.At(axis)+(forward.Size.At(axis)-1)*step)
				forward.Step = forward.Step.With(axis, -step)
			}
		}
		cases := []struct {
			op graph.Op
			in []tensor.Spec
		}{
			{ops.ReshapeOp{Shape: x.Shape}, []tensor.Spec{x}},
			{ops.TransposeOp{Perm: tensor.D(r.Perm(x.Rank())...)}, []tensor.Spec{x}},
			{forward, []tensor.Spec{x}},
			{ops.PadOp{Before: r.small(x.Shape), After: r.small(x.Shape), Value: 1}, []tensor.Spec{x}},
			{ops.BroadcastOp{Shape: x.Shape}, []tensor.Spec{one}},
			{ops.ConcatOp{Axis: axis}, []tensor.Spec{x, one, x}},
			{ops.SplitOp{Axis: axis, Sizes: ops.SizesOf(first, dims[axis]-first)}, []tensor.Spec{x}},
			{ops.SliceGradOp{Shape: x.Shape, Start: forward.Start, Step: forward.Step}, []tensor.Spec{{DType: dt, Shape: forward.Size}}},
			{ops.MatMulOp{TransA: true}, []tensor.Spec{x, x}},
			{ops.MatMulOp{TransB: true}, []tensor.Spec{x, x}},
		}
		if p := r.program(x.Shape, tensor.Spec{}); len(p.In) > 0 {
			cases = append(cases, struct {
				op graph.Op
				in []tensor.Spec
			}{p, p.In})
		}
		for _, c := range cases {
			if compareStrided(t, r, c.op, c.in) {
				covered[fmt.Sprintf("%T", c.op)]++
			}
		}
	}
	for _, op := range []graph.Op{ops.TransposeOp{}, ops.SliceOp{}, ops.BroadcastOp{}, ops.ConcatOp{}, ops.SplitOp{}, ops.MatMulOp{}, ops.PadOp{}, ops.SliceGradOp{}, ops.ReshapeOp{}, &backend.Program{}} {
		if covered[fmt.Sprintf("%T", op)] == 0 {
			t.Errorf("no %T was run on values with gaps", op)
		}
	}
}

// compareStrided compares the kernel for random layouts with that for none. It reports
// whether there is one.
func compareStrided(t *testing.T, r *programs, op graph.Op, in []tensor.Spec) bool {
	t.Helper()
	out, err := op.Infer(in)
	if err != nil {
		return false
	}
	taken := &backend.Strided{Op: op}
	var values, gapless, results, wanted []backend.Buf
	for _, a := range r.inputs(in) {
		buf := backend.Buf{Spec: a.Spec, Mem: optest.ToTensor(a).Bytes()}
		gapless = append(gapless, buf)
		strides := r.layout(a.Shape)
		taken.In = append(taken.In, strides)
		apart := backend.Buf{Spec: a.Spec, Mem: canary(extent(a.Spec, strides))}
		layOut(a.Spec, strides, buf.Mem, apart.Mem)
		values = append(values, apart)
	}
	for _, s := range out {
		taken.Out = append(taken.Out, r.layout(s.Shape))
	}
	k := Kernels{}.Kernel(taken, out, in)
	if k == nil && len(out) > 0 { // few write gaps
		clear(taken.Out)
		k = Kernels{}.Kernel(taken, out, in)
	}
	plain := Kernels{}.Kernel(op, out, in)
	if k == nil || plain == nil {
		return false
	}
	for i, s := range out {
		wanted = append(wanted, backend.Buf{Spec: s, Mem: canary(s.Bytes())})
		results = append(results, backend.Buf{Spec: s, Mem: canary(extent(s, taken.Out[i]))})
	}
	plain.Run(wanted, gapless)
	k.Run(results, values)
	for i, s := range out {
		want := canary(len(results[i].Mem))
		layOut(s, taken.Out[i], wanted[i].Mem, want)
		if !bytes.Equal(results[i].Mem, want) {
			t.Fatalf("%s of %v, strides %v -> %v: result %d differs from that without gaps, or the bytes between", graph.Describe(op), in, taken.In, taken.Out, i)
		}
	}
	return true
}

// layout returns strides of a shape whose axes lie in a random order, with gaps between
// some, or the zero Dims.
func (r *programs) layout(shape tensor.Dims) tensor.Dims {
	if r.IntN(4) == 0 {
		return tensor.Dims{}
	}
	strides, n := shape, 1
	for i, axis := range r.Perm(shape.Rank()) {
		if i > 0 && r.IntN(3) == 0 {
			n += r.IntN(4)
		}
		strides = strides.With(axis, n)
		n *= max(1, shape.At(axis))
	}
	return strides
}

// extent returns the bytes from the first element to behind the last.
func extent(s tensor.Spec, strides tensor.Dims) int {
	if strides.Rank() == 0 || s.Shape.Size() == 0 {
		return s.Bytes()
	}
	last := 0
	for i := range s.Rank() {
		last += (s.Shape.At(i) - 1) * strides.At(i)
	}
	return (last + 1) * s.DType.Size()
}

func canary(n int) []byte { return bytes.Repeat([]byte{0xa5}, n) }

// layOut copies gapless elements to where strides tell.
func layOut(s tensor.Spec, strides tensor.Dims, gapless, strided []byte) {
	if strides.Rank() == 0 {
		strides = s.Shape.Strides()
	}
	size := s.DType.Size()
	for i := range s.Shape.Size() {
		to, rest := 0, i
		for axis := s.Rank() - 1; axis >= 0; axis-- {
			to += rest % s.Shape.At(axis) * strides.At(axis)
			rest /= s.Shape.At(axis)
		}
		copy(strided[to*size:][:size], gapless[i*size:][:size])
	}
}
