package optest

import (
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() { families = append(families, (*table).pools) }

func (t *table) pools() {
	for _, s := range []struct {
		x, size tensor.Dims
		w       ops.Window
	}{
		{d(1, 4, 1), d(2), ops.Window{Strides: d(2), Dilations: d(1), Low: d(0), High: d(0)}},
		{d(2, 7, 2), d(3), ops.Window{Strides: d(2), Dilations: d(1), Low: d(1), High: d(1)}},
		{d(1, 9, 3), d(2), ops.Window{Strides: d(1), Dilations: d(3), Low: d(2), High: d(0)}},
		{d(0, 5, 2), d(3), ops.Valid(1)}, {d(2, 5, 0), d(3), ops.Valid(1)},
		{d(1, 3, 3, 2), d(2, 2), ops.Window{Strides: d(4, 4), Dilations: d(1, 1), Low: d(5, 2), High: d(4, 3)}}, // windows of padding alone, places that none covers
		{d(2, 4, 4, 1), d(2, 2), ops.Window{Strides: d(2, 2), Dilations: d(1, 1), Low: d(0, 0), High: d(0, 0)}},
		{d(1, 5, 4, 2), d(3, 2), ops.Window{Strides: d(1, 2), Dilations: d(1, 2), Low: d(1, 0), High: d(1, 1)}},
		{d(1, 2, 3, 3, 2), d(2, 2, 1), ops.Window{Strides: d(1, 1, 2), Dilations: d(1, 2, 1), Low: d(1, 1, 0), High: d(0, 1, 0)}},
		{d(2, 13, 12, 3), d(2, 2), ops.Window{Strides: d(2, 2), Dilations: d(1, 1), Low: d(0, 0), High: d(0, 0)}},
		{d(1, 7, 6, 37), d(3, 3), ops.Valid(2).Padded(d(7, 6), d(3, 3))},
		{d(2, 7, 8, 16), d(3, 3), ops.Window{Strides: d(2, 2), Dilations: d(1, 1), Low: d(0, 0), High: d(0, 0)}.Padded(d(7, 8), d(3, 3))},
		{d(1, 3, 4, 5, 9), d(2, 3, 2), ops.Window{Strides: d(2, 1, 2), Dilations: d(1, 1, 1), Low: d(1, 0, 1), High: d(0, 1, 1)}},
		{d(2, 500, 3), d(4), ops.Window{Strides: d(3), Dilations: d(1), Low: d(2), High: d(1)}},
		{d(1, 16, 18, 3), d(16, 17), ops.Window{Strides: d(2, 1), Dilations: d(1, 1), Low: d(3, 4), High: d(4, 3)}}, // an index of 16 bits
	} {
		o := ops.MaxPoolOp{Window: s.w, Size: s.size, Index: true}
		y, err := o.Infer([]tensor.Spec{{DType: tensor.Float32, Shape: s.x}})
		if err != nil {
			panic(err)
		}
		n, places, window := s.size.Size(), ops.Places(s.x), float64(s.size.Size())
		x, dx, dy := input{shape: s.x, v: distinct}, input{shape: s.x, v: anyReal}, input{shape: y[0].Shape, v: anyReal}
		index := input{shape: y[1].Shape, v: upTo(n + 1), dt: y[1].DType}
		t.add(o, numbers, 0.5, 0, x)
		o.Index = false
		t.add(o, floats, 0.5, 0, x)
		if s.w.Low.At(0) >= n { // some results are -Inf
			t.noGradLast(2)
		}
		t.add(ops.MaxPoolGradOp{Window: s.w, Size: s.size, Places: places}, floats, 1, window, dy, index)
		t.add(ops.MaxPoolAtOp{Window: s.w, Size: s.size}, floats, 0.5, 0, dx, index)
		for _, all := range []bool{false, true} {
			t.add(ops.AvgPoolOp{Window: s.w, Size: s.size, CountPadding: all}, floats, 2, 2*window, dx)
			t.add(ops.AvgPoolGradOp{Window: s.w, Size: s.size, Places: places, CountPadding: all}, floats, 2, 2*window, dy)
		}
	}
	few := ops.Window{Strides: d(1, 1), Dilations: d(1, 1), Low: d(1, 1), High: d(1, 1)}
	ties := ops.MaxPoolOp{Window: few, Size: d(2, 3), Index: true}
	t.addNoGrad(ties, numbers, 0.5, 0, input{shape: d(1, 5, 6, 17), v: upTo(3)})
	t.addNoGrad(ties, floats, 0.5, 0, input{shape: d(1, 5, 6, 19), v: special})
	t.addNoGrad(ops.AvgPoolOp{Window: few, Size: d(2, 3)}, wide, 2, 12, input{shape: d(2, 7, 6, 19), v: list(1, 0, -1e30, 1e30)})
}
