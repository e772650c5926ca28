package cpu

import (
	"math"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(_ ops.SparseSoftmaxCrossEntropyOp, _, in []tensor.Spec) backend.Kernel {
		axis, roles := in[0].Rank()-1, []role{whole, unread}
		if in[0].DType == tensor.Float64 || in[0].Shape.At(axis) == 0 {
			return newLines(in[0], axis, roles, perLine, func(b block[float64]) {
				for r, label := range labelsOf(&b, b.in[1]) {
					switch {
					case label == outside:
						b.y[r] = math.NaN()
					case label < 0:
						b.y[r] = 0
					default:
						row := b.row(b.x[0], whole, r)
						b.y[r] = logSumExp(row) - row[label]
					}
				}
			})
		}
		return newLines(in[0], axis, roles, perLine, func(b block[float32]) {
			labels := labelsOf(&b, b.in[1])
			kern.SparseSoftmaxCrossEntropy(b.y, nil, b.x[0], labels, b.rows, b.cols)
			for r, label := range labels {
				if label == outside {
					b.y[r] = float32(math.NaN())
				}
			}
		})
	})
	register(func(_ ops.SparseSoftmaxCrossEntropyGradOp, _, in []tensor.Spec) backend.Kernel {
		axis, roles := in[0].Rank()-1, []role{whole, unread, perLine}
		if in[0].DType == tensor.Float64 {
			return newLines(in[0], axis, roles, whole, func(b block[float64]) {
				for r, label := range labelsOf(&b, b.in[1]) {
					dx, probs, dy := b.row(b.y, whole, r), b.row(b.x[0], whole, r), b.x[2][r]
					switch {
					case label == outside:
						fill(dx, math.NaN())
					case label < 0:
						clear(dx)
					default:
						for c, p := range probs {
							dx[c] = p * dy
						}
						dx[label] = (probs[label] - 1) * dy
					}
				}
			})
		}
		return newLines(in[0], axis, roles, whole, func(b block[float32]) {
			labels := labelsOf(&b, b.in[1])
			kern.SparseSoftmaxCrossEntropyGrad(b.y, b.x[0], labels, b.x[2], b.rows, b.cols)
			for r, label := range labels {
				if label == outside {
					kern.Fill(b.row(b.y, whole, r), float32(math.NaN()))
				}
			}
		})
	})
}

// outside replaces a label that is not less than the number of classes. It is negative,
// so that vector kernels skip the row.
const outside = math.MinInt32

// labelsOf returns the labels of the rows of b: -1 where they are negative.
func labelsOf[W work](b *block[W], from backend.Buf) []int32 {
	labels := view[int32](b.w.Extra(4 * b.rows))
	var tile [wideTile]int64
	for at := 0; at < b.rows; at += wideTile {
		t := tile[:min(wideTile, b.rows-at)]
		loadAs(t, from, b.lo+at, 1)
		for i, v := range t {
			switch {
			case v < 0 && from.DType != tensor.Uint64:
				labels[at+i] = -1
			case uint64(v) >= uint64(b.cols):
				labels[at+i] = outside
			default:
				labels[at+i] = int32(v)
			}
		}
	}
	return labels
}

// fill sets every element of v to x.
func fill[T any](v []T, x T) {
	for i := range v {
		v[i] = x
	}
}
