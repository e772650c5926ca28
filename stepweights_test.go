package glia_test

import (
	"math"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestStepWeights evaluates sequences with masked steps, a weight for each step, and metrics
// with and without weights. The numbers are those of Keras 3.15.1.
func TestStepWeights(t *testing.T) {
	m := glia.Sequential(nn.Input(3, 2), nn.Masking(0), nn.Dense(2))
	compile(t, m, optim.SGD(0.1), loss.MeanSquaredError(), metric.FromLoss(loss.MeanAbsoluteError(loss.Name("mae"))), metric.WithWeights(metric.FromLoss(loss.MeanSquaredError(loss.Name("mse")))))
	vars := m.Network().Vars()
	check(t, vars[0].Set(of(t, []float32{1, -0.5, 0.25, 2}, 2, 2)))
	check(t, vars[1].Set(of(t, []float32{0.5, 0}, 2)))
	x := of(t, []float32{1, 2, 0, 0, 3, -1, 0, 0, 0, 0, 0.5, 0.5}, 2, 3, 2)
	y := of(t, []float32{1, 1, 5, 5, 0, 2, 1, 0, 0, 1, 2, 2}, 2, 3, 2)
	ds, err := memory(t, x, y).WithWeights(of(t, []float32{1, 2, 0.5, 3, 1, 2}, 2, 3))
	check(t, err)
	r := evaluate(t, m, ds)
	for name, want := range map[string]float64{"loss": 5.3854169845581055, "mae": 2.3958334922790527, "mse": 4.616070747375488} {
		if got := r.Get(name); math.Abs(got-want) > 1e-6*want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	_, err = memory(t, x, y).WithWeights(tensor.New(tensor.Float32, 3, 2))
	wants(t, "weights", err, `^data: WithWeights: got float32\[3 2\], want \[2\], or \[2 steps\]$`)
}
