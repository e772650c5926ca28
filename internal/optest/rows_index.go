package optest

import (
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() { families = append(families, (*table).indexing) }

func (t *table) indexing() {
	index := func(shape tensor.Dims, v values, dt tensor.DType) input { return input{shape, v, dt} }
	for _, dt := range []tensor.DType{tensor.Int64, tensor.Int32, tensor.Uint8, tensor.Int8} {
		t.add(ops.GatherOp{Axis: 0}, all, 0, 0, input{shape: d(5, 3), v: anyReal}, index(d(4), upTo(5), dt))
	}
	signed := func(r *random, i, n int) float64 { return upTo(8)(r, i, n) - 4 } // -4 to 3
	t.add(ops.GatherOp{Axis: 1}, all, 0, 0, input{shape: d(3, 4, 2), v: anyReal}, index(d(2, 3), signed, tensor.Int64))
	t.add(ops.GatherOp{Axis: 0}, all, 0, 0, input{shape: d(4), v: anyReal}, index(d(), signed, tensor.Int64))
	t.add(ops.GatherOp{Axis: 1}, all, 0, 0, input{shape: d(2, 4), v: anyReal}, index(d(0), signed, tensor.Int64))
	t.add(ops.GatherOp{Axis: 0}, all, 0, 0, input{shape: d(50, 33), v: anyReal}, index(d(7, 9), upTo(50), tensor.Int32))
	t.addNoGrad(ops.GatherOp{Axis: 0}, all, 0, 0, input{shape: d(4, 2), v: anyReal}, index(d(5), list(4, -5, 1e6, -4, 3), tensor.Int64))
	t.addNoGrad(ops.GatherOp{Axis: 0}, floats, 0, 0, input{shape: d(0, 2), v: anyReal}, index(d(2), list(0, -1), tensor.Int64))

	t.add(ops.ScatterAddOp{Axis: 0, Size: 5}, floats, 2, 4, index(d(4), upTo(5), tensor.Int64), input{shape: d(4, 3), v: anyReal})
	t.add(ops.ScatterAddOp{Axis: 1, Size: 4}, floats, 2, 8, index(d(2, 3), signed, tensor.Int64), input{shape: d(3, 2, 3, 2), v: anyReal})
	t.add(ops.ScatterAddOp{Axis: 0, Size: 50}, wide, 2, 40, index(d(7, 9), upTo(50), tensor.Int32), input{shape: d(7, 9, 33), v: anyReal})
	t.addNoGrad(ops.ScatterAddOp{Axis: 0, Size: 4}, numbers, 2, 4, index(d(6), list(4, -5, 1e6, -4, 3, 3), tensor.Int64), input{shape: d(6, 2), v: upTo(5)})

	for axis := range 2 {
		t.add(ops.GatherAlongOp{Axis: axis}, all, 0, 0, input{shape: d(4, 4), v: anyReal}, index(d(4, 4).With(axis, 3), signed, tensor.Int64))
		t.add(ops.ScatterAlongOp{Axis: axis, Size: 4}, floats, 2, 8, index(d(4, 4).With(axis, 3), signed, tensor.Int64), input{shape: d(4, 4).With(axis, 3), v: anyReal})
	}
	t.add(ops.GatherAlongOp{Axis: 1}, all, 0, 0, input{shape: d(3, 20, 5), v: anyReal}, index(d(3, 71, 5), upTo(20), tensor.Int32))
	t.addNoGrad(ops.GatherAlongOp{Axis: 0}, all, 0, 0, input{shape: d(3, 2), v: anyReal}, index(d(2, 2), list(3, -4, 0, -3), tensor.Int64))
	t.addNoGrad(ops.ScatterAlongOp{Axis: 0, Size: 3}, numbers, 2, 4, index(d(3, 2), list(3, -4, 0, -3, 0, 2), tensor.Int64), input{shape: d(3, 2), v: upTo(4)})

	t.add(ops.OneHotOp{Depth: 4}, all, 0, 0, index(d(2, 3), list(0, 3, 2, -1, 4, 1), tensor.Int64))
	t.add(ops.OneHotOp{Depth: 10}, wide, 0, 0, index(d(131), upTo(10), tensor.Uint8))
	t.add(ops.OneHotOp{Depth: 0}, wide, 0, 0, index(d(3), upTo(10), tensor.Int32))

	edges := func(v ...float64) input { return input{shape: d(len(v)), v: list(v...)} }
	t.addNoGrad(ops.SearchSortedOp{}, numbers, 0, 0, edges(0, 1, 1, 2, 3, 5, 8), input{shape: d(3, 11), v: upTo(10)})
	t.addNoGrad(ops.SearchSortedOp{}, numbers, 0, 0, edges(), input{shape: d(3), v: anyReal})
	t.addNoGrad(ops.SearchSortedOp{}, floats, 0, 0, edges(-1, 0.25, 0.5), input{shape: d(13), v: special})
	t.addNoGrad(ops.SearchSortedOp{}, wide, 0, 0, edges(0.25, 0.5, 0.75), input{shape: d(173, 101), v: between(0, 1)})
}
