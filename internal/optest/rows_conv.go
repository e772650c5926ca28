package optest

import (
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() { families = append(families, (*table).convolutions) }

func (t *table) convolutions() {
	for _, s := range []struct {
		x, kernel tensor.Dims // kernel: the window, the channels of a group, the results
		w         ops.Window
		groups    int
	}{
		{d(1, 3, 1), d(2, 1, 1), ops.Valid(1), 1},
		{d(2, 7, 3), d(3, 3, 4), ops.Window{Strides: d(2), Dilations: d(1), Low: d(2), High: d(0)}, 1},
		{d(2, 9, 4), d(3, 2, 6), ops.Window{Strides: d(1), Dilations: d(2), Low: d(0), High: d(3)}, 2},
		{d(0, 5, 2), d(3, 2, 3), ops.Valid(1), 1}, {d(2, 5, 0), d(3, 0, 3), ops.Valid(1), 1}, {d(2, 5, 2), d(3, 2, 0), ops.Valid(1), 1},
		{d(2, 5, 6, 3), d(3, 2, 3, 5), ops.Window{Strides: d(1, 1), Dilations: d(1, 1), Low: d(1, 0), High: d(1, 1)}, 1},
		{d(3, 7, 8, 2), d(3, 3, 2, 7), ops.Window{Strides: d(2, 2), Dilations: d(1, 1), Low: d(0, 1), High: d(1, 1)}, 1},
		{d(1, 9, 7, 4), d(2, 3, 1, 8), ops.Window{Strides: d(3, 1), Dilations: d(1, 2), Low: d(1, 2), High: d(0, 2)}, 4},
		{d(2, 4, 5, 6), d(1, 1, 6, 3), ops.Valid(2), 1}, {d(2, 5, 5, 3), d(1, 1, 3, 4), ops.Window{Strides: d(2, 2), Dilations: d(1, 1), Low: d(0, 0), High: d(0, 0)}, 1},
		{d(1, 3, 3, 2), d(2, 2, 2, 2), ops.Window{Strides: d(4, 4), Dilations: d(1, 1), Low: d(5, 2), High: d(4, 3)}, 1}, // windows of padding alone, places that none covers
		{d(1, 4, 3, 5, 2), d(2, 2, 3, 2, 3), ops.Window{Strides: d(1, 2, 1), Dilations: d(2, 1, 1), Low: d(0, 1, 1), High: d(1, 0, 1)}, 1},
		{d(3, 12, 13, 8), d(3, 3, 8, 16), ops.Valid(2).Padded(d(12, 13), d(3, 3)), 1}, // more than a tile each way
		{d(2, 28, 28, 1), d(3, 3, 1, 32), ops.Valid(2), 1}, {d(2, 9, 9, 40), d(3, 3, 40, 37), ops.Valid(2), 1},
	} {
		o := ops.ConvOp{Window: s.w, Groups: s.groups}
		n := len(s.kernel.Slice()) - 2
		y, err := o.Infer([]tensor.Spec{{DType: tensor.Float32, Shape: s.x}, {DType: tensor.Float32, Shape: s.kernel}})
		if err != nil {
			panic(err)
		}
		x, kernel, dy := input{shape: s.x, v: anyReal}, input{shape: s.kernel, v: anyReal}, input{shape: y[0].Shape, v: anyReal}
		sums := float64(s.kernel.To(n).Size() * s.kernel.At(n))
		t.add(o, floats, 2, 2*sums, x, kernel)
		t.add(ops.ConvInputGradOp{Window: s.w, Groups: s.groups, Size: ops.Places(s.x)}, floats, 2, 2*float64(s.kernel.To(n).Size()*s.kernel.At(-1)), dy, kernel)
		t.add(ops.ConvKernelGradOp{Window: s.w, Groups: s.groups, Size: s.kernel.To(n)}, floats, 2, 2*float64(y[0].Shape.To(n+1).Size()), x, dy)
	}
}
