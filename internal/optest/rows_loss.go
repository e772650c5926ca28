package optest

import (
	"math"

	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() { families = append(families, (*table).losses) }

func (t *table) losses() {
	for _, l := range []struct {
		shape tensor.Dims
		axis  int
	}{{d(4), 0}, {d(3, 4), 0}, {d(3, 4), 1}, {d(2, 3, 4), 1}, {d(0, 4), 1}, {d(3, 0), 1}, {d(37, 10), 1}, {d(37, 53), 0}, {d(3, 2100), 1}} {
		x := input{shape: l.shape, v: anyReal}
		t.add(ops.SoftmaxOp{Axis: l.axis}, floats, 8, 0, x)
		t.add(ops.LogSoftmaxOp{Axis: l.axis}, floats, 4, 8, x)
		if l.shape.At(l.axis) > 0 {
			t.add(ops.SparsemaxOp{Axis: l.axis}, floats, 1, 2, x)
		}
		t.add(ops.SoftmaxGradOp{Axis: l.axis}, floats, 4, 16, input{shape: l.shape, v: between(0, 0.3)}, x)
		t.add(ops.LogSoftmaxGradOp{Axis: l.axis}, floats, 4, 64, input{shape: l.shape, v: between(-3, 0)}, x)
	}
	inf := math.Inf(1)
	t.addNoGrad(ops.SoftmaxOp{Axis: 1}, wide, 8, 0, input{shape: d(4, 3), v: list(1000, 1001, 1002, -inf, 0, 1, -1000, 1000, 0, -inf, -inf, -inf)})
	t.addNoGrad(ops.LogSoftmaxOp{Axis: 1}, wide, 4, 4, input{shape: d(4, 3), v: list(1000, 1001, 1002, -inf, 0, 1, -1000, 1000, 0, math.NaN(), 0, 0)})

	t.addNoGrad(ops.SparsemaxOp{Axis: 1}, floats, 1, 2, input{shape: d(6, 3), v: list(2, 2, 2, 1, 0, -inf, -inf, -inf, -inf, inf, 0, 1, math.NaN(), 0, 0, 0.5, 0.25, 1e4)})
	t.addNoGrad(ops.SparsemaxOp{Axis: 0}, floats, 1, 2, input{shape: d(13, 13), v: special})

	for _, s := range []tensor.Dims{d(4), d(3, 4), d(2, 3, 3), d(0, 4), d(37, 10), d(128, 10), d(2, 2100)} {
		rows := s.Without(-1)
		x, labels := input{shape: s, v: anyReal}, input{shape: s, v: between(0, 1)}
		probs, dy := input{shape: s, v: between(0, 0.5)}, input{shape: rows, v: anyReal}
		c := float64(s.At(-1))
		classes := input{rows, upTo(s.At(-1)), tensor.Int64}
		t.add(ops.SoftmaxCrossEntropyOp{}, floats, 4, 16+2*c, x, labels)
		t.add(ops.SoftmaxCrossEntropyGradOp{}, floats, 8, 8+c, probs, labels, dy)
		t.add(ops.SparseSoftmaxCrossEntropyOp{}, floats, 4, 16, x, classes)
		t.add(ops.SparseSoftmaxCrossEntropyGradOp{}, floats, 4, 4, probs, classes, dy)
	}
	for _, dt := range []tensor.DType{tensor.Int32, tensor.Uint8, tensor.Int8} {
		t.add(ops.SparseSoftmaxCrossEntropyOp{}, floats, 4, 16, input{shape: d(5, 3), v: anyReal}, input{d(5), upTo(3), dt})
	}
	ignored := input{d(5), list(-1, 2, -100, 0, 1), tensor.Int64}
	outside := input{d(5), list(-1, 3, 1e6, 0, 1), tensor.Int64}
	t.add(ops.SparseSoftmaxCrossEntropyOp{}, floats, 4, 16, input{shape: d(5, 3), v: anyReal}, ignored)
	t.addNoGrad(ops.SparseSoftmaxCrossEntropyOp{}, floats, 4, 16, input{shape: d(5, 3), v: anyReal}, outside)
	// Indices of ignored rows may lie outside, which reads NaN on the way.
	t.add(ops.SparseSoftmaxCrossEntropyGradOp{}, floats, 4, 4, input{shape: d(5, 3), v: between(0, 1)}, ignored, input{shape: d(5), v: anyReal})
	t.addNoGrad(ops.SparseSoftmaxCrossEntropyGradOp{}, floats, 4, 4, input{shape: d(5, 3), v: between(0, 1)}, outside, input{shape: d(5), v: anyReal})
	t.addNoGrad(ops.SoftmaxCrossEntropyOp{}, wide, 4, 8, input{shape: d(3, 2), v: list(-inf, 0, 1000, -1000, 0, 0)}, input{shape: d(3, 2), v: list(0, 1, 1, 0, 0, 0)})
	t.binary(ops.SigmoidCrossEntropyOp{}, floats, awayFromZero, between(0, 1), 4, 8)
	t.addNoGrad(ops.SigmoidCrossEntropyOp{}, wide, 4, 4, input{shape: d(4), v: list(1000, -1000, 0, 90)}, input{shape: d(4), v: list(1, 0, 0.5, 0)})
}
