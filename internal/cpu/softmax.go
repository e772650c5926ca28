package cpu

import (
	"math"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.SoftmaxOp, _, in []tensor.Spec) backend.Kernel {
		if cols := in[0].Shape.At(op.Axis); isHalf(in[0].DType) && op.Axis == in[0].Rank()-1 && cols > 0 && cols <= maxHalfRow {
			return newSpread(in[0].Shape.Size()/cols, cols, func(out backend.Buf, in []backend.Buf, lo, hi int, _ *par.Worker) {
				kern.HalfSoftmax(out.DType == tensor.BFloat16, bits16(out)[lo*cols:hi*cols], bits16(in[0])[lo*cols:], hi-lo, cols)
			})
		}
		return floatLines(in[0], op.Axis, []role{whole}, whole, func(b block[float32]) {
			kern.Softmax(b.y, b.x[0], b.rows, b.cols)
		}, func(y []float64, x [3][]float64) {
			top, sum := expSum(x[0])
			for i, v := range x[0] {
				y[i] = math.Exp(v-top) / sum
			}
		})
	})
	register(func(op ops.SoftmaxGradOp, _, in []tensor.Spec) backend.Kernel {
		return floatLines(in[0], op.Axis, []role{whole, whole}, whole, func(b block[float32]) {
			kern.SoftmaxGrad(b.y, b.x[0], b.x[1], b.rows, b.cols)
		}, func(dx []float64, x [3][]float64) {
			y, dy, dot := x[0], x[1], 0.0
			for i := range y {
				dot += y[i] * dy[i]
			}
			for i := range y {
				dx[i] = y[i] * (dy[i] - dot)
			}
		})
	})
	register(func(op ops.LogSoftmaxOp, _, in []tensor.Spec) backend.Kernel {
		return floatLines(in[0], op.Axis, []role{whole}, whole, func(b block[float32]) {
			kern.LogSoftmax(b.y, b.x[0], b.rows, b.cols)
		}, func(y []float64, x [3][]float64) {
			l := logSumExp(x[0])
			for i, v := range x[0] {
				y[i] = v - l
			}
		})
	})
	register(func(op ops.LogSoftmaxGradOp, _, in []tensor.Spec) backend.Kernel {
		return floatLines(in[0], op.Axis, []role{whole, whole}, whole, func(b block[float32]) {
			kern.LogSoftmaxGrad(b.y, b.x[0], b.x[1], b.rows, b.cols)
		}, func(dx []float64, x [3][]float64) {
			y, dy, sum := x[0], x[1], 0.0
			for _, d := range dy {
				sum += d
			}
			for i := range y {
				dx[i] = dy[i] - math.Exp(y[i])*sum
			}
		})
	})
	register(func(_ ops.SoftmaxCrossEntropyOp, _, in []tensor.Spec) backend.Kernel {
		return floatLines(in[0], in[0].Rank()-1, []role{whole, whole}, perLine, func(b block[float32]) {
			kern.SoftmaxCrossEntropy(b.y, nil, b.x[0], b.x[1], b.rows, b.cols)
		}, func(loss []float64, x [3][]float64) {
			logits, labels := x[0], x[1]
			l := logSumExp(logits)
			loss[0] = 0
			for i, label := range labels {
				if label != 0 {
					loss[0] += label * (l - logits[i])
				}
			}
		})
	})
	register(func(_ ops.SoftmaxCrossEntropyGradOp, _, in []tensor.Spec) backend.Kernel {
		return floatLines(in[0], in[0].Rank()-1, []role{whole, whole, perLine}, whole, func(b block[float32]) {
			kern.SoftmaxCrossEntropyGrad(b.y, b.x[0], b.x[1], b.x[2], b.rows, b.cols)
		}, func(dx []float64, x [3][]float64) {
			probs, labels, dy, sum := x[0], x[1], x[2][0], 0.0
			for _, label := range labels {
				sum += label
			}
			for i, label := range labels {
				dx[i] = (probs[i]*sum - label) * dy
			}
		})
	})
}

// maxHalfRow is the longest row that kern.HalfSoftmax takes.
const maxHalfRow = 2048

// floatLines is newLines for floats: float32 and narrower go through a vector kernel in
// float32, float64 line by line. A line without elements goes line by line, too.
func floatLines(x tensor.Spec, axis int, in []role, result role, narrow func(b block[float32]),
	line func(y []float64, x [3][]float64)) backend.Kernel {
	if x.DType != tensor.Float64 && x.Shape.At(axis) > 0 {
		return newLines(x, axis, in, result, narrow)
	}
	return newLines(x, axis, in, result, func(b block[float64]) {
		for r := range b.rows {
			var args [3][]float64
			for i, role := range in {
				args[i] = b.row(b.x[i], role, r)
			}
			line(b.row(b.y, result, r), args)
		}
	})
}

// row returns row r of a value.
func (b *block[W]) row(v []W, as role, r int) []W {
	switch as {
	case whole:
		return v[r*b.cols:][:b.cols]
	case perLine:
		return v[r : r+1]
	}
	return nil
}

// expSum returns the greatest of x and Σ e^(x-top).
func expSum(x []float64) (top, sum float64) {
	top = math.Inf(-1)
	for _, v := range x {
		top = max(top, v)
	}
	for _, v := range x {
		sum += math.Exp(v - top)
	}
	return top, sum
}

// logSumExp returns ln Σ e^x.
func logSumExp(x []float64) float64 {
	top, sum := expSum(x)
	return top + math.Log(sum)
}
