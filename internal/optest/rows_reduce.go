package optest

import (
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() { families = append(families, (*table).reductions) }

func (t *table) reductions() {
	type where struct {
		shape tensor.Dims
		r     ops.Reduction
	}
	over := func(keep bool, axes ...int) ops.Reduction { return ops.Reduction{Axes: d(axes...), KeepDims: keep} }
	full := []where{
		{d(), over(false)}, {d(5), over(false, 0)}, {d(3, 4), over(false, 0)}, {d(3, 4), over(true, 1)}, {d(3, 4), over(true, 0, 1)},
		{d(2, 3, 4), over(false, 1)}, {d(2, 3, 4), over(true, 0, 2)}, {d(2, 3), over(false)}, {d(0, 4), over(false, 1)},
		{d(37, 53), over(false, 0)}, {d(37, 53), over(false, 1)}, {d(5, 17, 13), over(false, 1)}, {d(1999), over(false, 0)},
	}
	for _, w := range append(full, where{d(1031, 7), over(false, 0)}, where{d(9, 5, 300), over(false, 0, 1)}, where{d(5, 4, 211), over(true, 1, 2)}, where{d(3, 5000), over(true, 1)}) {
		if w.r.Count(w.shape) > 0 {
			t.add(ops.MomentsOp{Reduction: w.r}, floats, 4, 8, input{shape: w.shape, v: anyReal})
		}
	}
	t.addNoGrad(ops.MomentsOp{Reduction: over(false, 0)}, floats, 1, 0, input{shape: d(3, 13), v: special})
	empty := []where{{d(0, 4), over(false, 0)}, {d(3, 0), over(true, 1)}}
	for _, w := range append(full, empty...) {
		n := float64(w.r.Count(w.shape))
		x := func(v values) input { return input{shape: w.shape, v: v} }
		t.add(ops.ReduceSumOp{Reduction: w.r}, numbers, 2, n, x(anyReal))
		t.add(ops.ReduceMeanOp{Reduction: w.r}, floats, 2, 4, x(anyReal))
		t.add(ops.ReduceProdOp{Reduction: w.r}, floats, 2+n, 0, x(between(0.8, 1.25)))
		t.add(ops.AnyOp{Reduction: w.r}, bools, 0, 0, x(between(-3, 1)))
		t.add(ops.AllOp{Reduction: w.r}, bools, 0, 0, x(between(-1, 3)))
	}
	t.add(ops.ReduceProdOp{Reduction: over(false, 1)}, numbers, 2, 0, input{shape: d(3, 4), v: list(1, 0, 2, 3, 0, 2, 0, 1, 2, 1, 3, 2)})
	for _, w := range full {
		x := input{shape: w.shape, v: distinct}
		t.add(ops.ReduceMaxOp{Reduction: w.r}, numbers, 0, 0, x)
		t.add(ops.ReduceMinOp{Reduction: w.r}, numbers, 0, 0, x)
	}
	t.addNoGrad(ops.ReduceMaxOp{Reduction: over(false, 1)}, floats, 0, 0, input{shape: d(13, 13), v: special})
	t.addNoGrad(ops.ReduceMinOp{Reduction: over(false, 0)}, floats, 0, 0, input{shape: d(3, 13), v: special})
	t.addNoGrad(ops.ReduceSumOp{Reduction: over(false, 0)}, floats, 1, 0, input{shape: d(3, 13), v: special})

	for _, s := range []tensor.Dims{d(), d(5), d(0, 4), d(3, 4), d(2, 173, 101)} {
		t.add(ops.ReduceSumSquareOp{}, floats, 16, 4, input{shape: s, v: anyReal})
	}
	t.addNoGrad(ops.ReduceSumSquareOp{}, floats, 1, 0, input{shape: d(13), v: special})

	lines := []struct {
		shape tensor.Dims
		axis  int
	}{{d(5), 0}, {d(3, 4), 0}, {d(3, 4), 1}, {d(2, 3, 4), 1}, {d(0, 4), 1}, {d(37, 53), 0}, {d(37, 53), 1}}
	for _, l := range lines {
		for _, v := range []values{distinct, upTo(3)} {
			t.add(ops.ArgMaxOp{Axis: l.axis}, numbers, 0, 0, input{shape: l.shape, v: v})
			t.add(ops.ArgMinOp{Axis: l.axis}, numbers, 0, 0, input{shape: l.shape, v: v})
		}
		for _, o := range []ops.CumSumOp{{}, {Exclusive: true}, {Reverse: true}, {Exclusive: true, Reverse: true}} {
			o.Axis = l.axis
			t.add(o, numbers, 2, float64(l.shape.At(l.axis)), input{shape: l.shape, v: anyReal})
		}
	}
	t.add(ops.ArgMaxOp{Axis: 1}, floats, 0, 0, input{shape: d(3, 13), v: special})
	t.add(ops.ArgMinOp{Axis: 0}, floats, 0, 0, input{shape: d(13, 3), v: special})
	t.add(ops.CumSumOp{Axis: 0}, floats, 0, 0, input{shape: d(0, 3), v: anyReal})

	for _, s := range []tensor.Dims{d(5), d(3, 7), d(0, 6), d(7, 151)} {
		for _, k := range []int{0, 1, 5} {
			t.add(ops.TopKOp{K: k}, numbers, 0, 0, input{shape: s, v: distinct})
			t.addNoGrad(ops.TopKOp{K: k}, numbers, 0, 0, input{shape: s, v: upTo(4)})
		}
	}
	t.addNoGrad(ops.TopKOp{K: 13}, floats, 0, 0, input{shape: d(2, 13), v: special})
}
