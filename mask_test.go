package glia_test

import (
	"math"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestMasked trains and evaluates a model whose steps are masked, as Keras 3.15.1 does:
//
//	m = keras.Sequential([keras.Input((3, 2)), L.Masking(), L.Dense(3, "tanh", kernel_initializer=Constant(0.3)),
//	                      L.Dropout(0.0), L.Dense(1, kernel_initializer=Constant(-0.4))])
//	m.compile(SGD(0.5), "mse", metrics=["mae"], weighted_metrics=[RootMeanSquaredError()])
//
// The root of a mean counts masked steps, in Keras too.
func TestMasked(t *testing.T) {
	x, err := tensor.FromSlice([]float32{0.189053386, -0.52274847, -0.413063556, -2.44146729, 0, 0, -0.325422823, 0.773806572, 0, 0, 0, 0, -0.328823894, -0.792146742, 0.454958081, -0.0991980508, 0.545288742, -0.607185721, 0, 0, 0, 0, 0, 0}, 4, 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	y, err := tensor.FromSlice([]float32{2.04091907, -2.55566502, 0.418098837, -0.567769587, -0.452649295, -0.215597168, -2.01998615, -0.231932372, -0.865213096, 3.32299948, 0.225786611, -0.352630794}, 4, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	m := glia.Sequential(nn.Input(3, 2), nn.Masking(0), nn.Dense(3, nn.Tanh, nn.KernelInitializer(nn.Constant(0.3))),
		nn.Dropout(0), nn.Dense(1, nn.KernelInitializer(nn.Constant(-0.4))))
	mae := loss.MeanAbsoluteError(loss.Name("mae"))
	if err := m.Compile(optim.SGD(0.5), loss.MeanSquaredError(), metric.FromLoss(mae), metric.RootMeanSquaredError()); err != nil {
		t.Fatal(err)
	}
	samples, err := data.New(x, y)
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-5*math.Max(1, want) {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	evaluate := func(when string, loss, mae, rmse float64) {
		t.Helper()
		r, err := m.Evaluate(samples)
		if err != nil {
			t.Fatal(err)
		}
		near("loss "+when, r.Loss, loss)
		near("mae "+when, r.Get("mae"), mae)
		near("rmse "+when, r.Get("root_mean_squared_error"), rmse)
	}
	evaluate("before", 3.6572265625, 1.5197069644927979, 1.6730010509490967)
	h, err := m.Fit(samples, glia.Epochs(3), glia.BatchSize(4), glia.InOrder)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{3.6572265625, 2.1620006561279297, 2.1082301139831543} {
		near("loss of an epoch", h.Epochs[i].Loss, want)
	}
	evaluate("after", 1.99703049659729, 1.0632578134536743, 1.5865858793258667)

	// With weights of samples, which Keras refuses beside masks of steps, a step counts
	// what its sample does: here the second and fourth samples do not.
	if err := m.Compile(optim.SGD(0.5), loss.MeanSquaredError(), metric.WithWeights(metric.FromLoss(mae))); err != nil {
		t.Fatal(err)
	}
	weighted, err := samples.WithWeights(tensor.Of[float32](1, 0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	some, err := m.Evaluate(weighted)
	if err != nil {
		t.Fatal(err)
	}
	one := func(i int) glia.Result {
		x, err := tensor.FromSlice(tensor.Data[float32](x)[6*i:6*i+6], 1, 3, 2)
		if err != nil {
			t.Fatal(err)
		}
		y, err := tensor.FromSlice(tensor.Data[float32](y)[3*i:3*i+3], 1, 3, 1)
		if err != nil {
			t.Fatal(err)
		}
		sample, err := data.New(x, y)
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.Evaluate(sample)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first, third := one(0), one(2)
	// The first sample has 2 steps that count, the third all 3.
	near("mae of two samples", some.Get("mae"), (2*first.Get("mae")+3*third.Get("mae"))/5)
	near("loss of two samples", some.Loss, (2*first.Loss+3*third.Loss)/6) // of 6 steps that count, of which the second sample has 1
}
