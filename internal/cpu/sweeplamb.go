package cpu

import (
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

func init() { registerUpdate(lamb) }

// lamb returns the update in two parts: the norms must be known before the step.
func lamb(o ops.ApplyLambOp) update {
	b1, b2, eps := float32(o.OneMinusBeta1), float32(o.OneMinusBeta2), float32(o.Eps)
	return update{
		tensors: 4,
		narrowNorms: func(x rows32, tmp []float32, r rates32) (sum [2]float64) {
			left := 1 - float64(r[3])
			for lo := 0; lo < len(x[0]); lo += tileLen {
				hi := min(lo+tileLen, len(x[0]))
				step := tmp[:hi-lo]
				kern.LambMoments(x[1][lo:hi], x[2][lo:hi], step, x[3][lo:hi], r[1], r[2], b1, b2, eps)
				sum[0] += left * left * float64(kern.SumSq(x[0][lo:hi]))
				sum[1] += float64(kern.SumSq(step))
			}
			return sum
		},
		narrow: func(x rows32, r rates32) {
			kern.LambStep(x[0], x[1], x[2], r[0], r[1], r[2], eps, r[3])
		},
		wideNorms: func(x rows64, tmp []float64, r rates64) [2]float64 {
			kern.LambMomentsLoop(x[1], x[2], tmp, x[3], r[1], r[2], o.OneMinusBeta1, o.OneMinusBeta2, o.Eps)
			left := 1 - r[3]
			return [2]float64{left * left * sumSq(x[0]), sumSq(tmp)}
		},
		wide: func(x rows64, r rates64) {
			kern.LambStepLoop(x[0], x[1], x[2], r[0], r[1], r[2], o.Eps, r[3])
		},
		ratio: func(sum [2]float64, _ int, _ rates64) float64 { return ops.TrustRatio(sum[0], sum[1]) },
	}
}

func sumSq(x []float64) (sum float64) {
	for _, v := range x {
		sum += float64(v * v)
	}
	return sum
}
