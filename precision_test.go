package glia_test

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/digits"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// inPolicy returns a multilayer perceptron for digits with a dtype policy.
func inPolicy(t testing.TB, p nn.DTypePolicy) *glia.Model {
	t.Helper()
	m := glia.Sequential(nn.Input(28, 28, tensor.Uint8), preprocess.Rescaling(1.0/255, 0), nn.Flatten(), nn.Dense(48, nn.ReLU), nn.Dense(10), nn.Softmax.Layer(nn.Float32))
	m.Network().DType = p
	compile(t, m, optim.Adam(2e-3), loss.SparseCategoricalCrossentropy(), metric.Accuracy())
	return m
}

// TestMixedPrecision trains on digits with every policy of fewer bits: as well as with
// float32, with weights, losses and optimizers of the dtypes that Keras has, and a file
// keeps all of it.
func TestMixedPrecision(t *testing.T) {
	samples, size := 4000, 64
	if testing.Short() {
		samples, size = 1500, 16 // about as many steps
	}
	train, test, err := digits.Load(samples, 1000, 1)
	if err != nil {
		t.Fatal(err)
	}
	run := func(p nn.DTypePolicy) (*glia.Model, *glia.History, glia.Result) {
		m := inPolicy(t, p)
		h := fit(t, m, train, glia.Epochs(3), glia.BatchSize(size))
		r, err := m.Evaluate(test)
		if err != nil {
			t.Fatal(err)
		}
		return m, h, r
	}
	_, _, want := run(nn.Float32)
	accuracy := want.Metrics[0].Value
	if accuracy < 0.85 {
		t.Fatalf("float32: accuracy %v, want one of 0.85 and more to compare with", accuracy)
	}
	noise := 3 * math.Sqrt(2*accuracy*(1-accuracy)/1000) // of the difference of two measurements
	for _, p := range []nn.DTypePolicy{nn.MixedBFloat16, nn.MixedFloat16} {
		m, h, got := run(p)
		t.Logf("%s: accuracy %.4f, loss %.4f, last of training %.4f; float32 %.4f, %.4f; noise %.4f",
			p, got.Metrics[0].Value, got.Loss, h.Epochs[2].Loss, accuracy, want.Loss, noise)
		if d := math.Abs(got.Metrics[0].Value - accuracy); !(d <= noise) {
			t.Errorf("%s: accuracy %v, with float32 %v: want no more than %.4f between", p, got.Metrics[0].Value, accuracy, noise)
		}
		if got.Loss == want.Loss {
			t.Errorf("%s: the very loss of float32: want numbers of 16 bits", p)
		}
		for _, v := range append(m.Network().Vars(), m.Optimizer().Vars()...) {
			if v.Spec().DType == tensor.Float16 || v.Spec().DType == tensor.BFloat16 {
				t.Errorf("%s: variable %s is %v, want 32 bits", p, v.Path, v.Spec())
			}
		}
		l, scales := m.Optimizer().(*optim.LossScaleOptimizer)
		if scales != (p == nn.MixedFloat16) || scales && !(l.Scale() >= 1) {
			t.Errorf("%s: optimizer %T", p, m.Optimizer())
		}
		models := []*glia.Model{m}
		for _, file := range []string{"m.keras", "m.h5"} {
			again := reloaded(t, m, file)
			if q := again.Network().DType; q != p {
				t.Errorf("%s: %s: policy is %s", p, file, q)
			}
			r, err := again.Evaluate(test)
			if err != nil || r.Loss != got.Loss || r.Metrics[0].Value != got.Metrics[0].Value {
				t.Errorf("%s: %s: evaluates to %v (%v), before to %v", p, file, r, err, got)
			}
			if _, s := again.Optimizer().(*optim.LossScaleOptimizer); s != scales {
				t.Errorf("%s: %s: optimizer %T", p, file, again.Optimizer())
			}
			models = append(models, again)
		}
		goOn(t, models, train)
	}
}

// goOn trains models that should be one, and checks that they stay so.
func goOn(t *testing.T, models []*glia.Model, ds *data.Memory) {
	t.Helper()
	for i, m := range models {
		fit(t, m, ds, glia.Epochs(1), glia.BatchSize(1000), glia.InOrder)
		for j, v := range m.Network().Vars() {
			if w := models[0].Network().Vars()[j]; string(v.Tensor().Bytes()) != string(w.Tensor().Bytes()) {
				t.Errorf("model %d: %s is another after an epoch", i, v.Path)
			}
		}
	}
}

func reloaded(t *testing.T, m *glia.Model, file string) *glia.Model {
	t.Helper()
	path := filepath.Join(t.TempDir(), file)
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := glia.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// TestLossScaleOfPolicy wraps the optimizer in one that scales the loss where Keras
// does: only of the network's own policy, and once.
func TestLossScaleOfPolicy(t *testing.T) {
	for _, c := range []struct {
		policy, layer nn.DTypePolicy
		opt           optim.Optimizer
		scales        bool
	}{
		{"", "", optim.SGD(0.1), false},
		{nn.MixedFloat16, "", optim.SGD(0.1), true},
		{nn.MixedFloat16, nn.Float32, optim.SGD(0.1), true},
		{nn.MixedFloat16, "", optim.LossScale(optim.SGD(0.1)), true},
		{nn.MixedBFloat16, "", optim.SGD(0.1), false},
		{nn.Float16, "", optim.SGD(0.1), false},
		{"", nn.MixedFloat16, optim.SGD(0.1), false},
	} {
		m := glia.Sequential(nn.Input(3), nn.Dense(1, c.layer))
		m.Network().DType = c.policy
		compile(t, m, c.opt, loss.MeanSquaredError())
		l, scales := m.Optimizer().(*optim.LossScaleOptimizer)
		if scales != c.scales {
			t.Errorf("policy %q, of the layer %q: optimizer %T", c.policy, c.layer, m.Optimizer())
		}
		if !scales {
			continue
		}
		if _, twice := l.Inner.(*optim.LossScaleOptimizer); twice {
			t.Errorf("policy %q: a scale in a scale", c.policy)
		}
	}
}

// TestLossScaleOfCompileAgain takes the optimizer that it was given before, and the one
// that it made of that.
func TestLossScaleOfCompileAgain(t *testing.T) {
	m := glia.Sequential(nn.Input(3), nn.Dense(1))
	m.Network().DType = nn.MixedFloat16
	inner := optim.SGD(0.1)
	compile(t, m, inner, loss.MeanSquaredError())
	compile(t, m, inner, loss.MeanSquaredError())
	made := m.Optimizer()
	compile(t, m, made, loss.MeanSquaredError())
	if m.Optimizer() != made || made.(*optim.LossScaleOptimizer).Inner != optim.Optimizer(inner) {
		t.Errorf("optimizer is %v, want the one of the second Compile around that of the first", m.Optimizer())
	}
	m.Network().DType = nn.MixedBFloat16
	compile(t, m, inner, loss.MeanSquaredError())
	if m.Optimizer() != optim.Optimizer(inner) {
		t.Errorf("mixed_bfloat16: optimizer %T, want the one given", m.Optimizer())
	}
}

// TestPolicyFromCompileOn: a model that was built takes another policy in Compile, for
// its predictions too, if its weights keep their dtype.
func TestPolicyFromCompileOn(t *testing.T) {
	m := glia.Sequential(nn.Input(3), nn.Dense(2))
	x := tensor.New(tensor.Float32, 4, 3)
	for _, c := range []struct {
		policy nn.DTypePolicy
		out    tensor.DType
	}{{"", tensor.Float32}, {nn.MixedBFloat16, tensor.BFloat16}, {nn.Float32, tensor.Float32}} {
		m.Network().DType = c.policy
		compile(t, m, optim.SGD(0.1), loss.MeanSquaredError())
		if y, err := m.Predict(x); err != nil || y.DType() != c.out {
			t.Errorf("policy %q: predictions %v (%v), want %v", c.policy, y, err, c.out)
		}
	}
	m.Network().DType = nn.Float64
	compile(t, m, optim.SGD(0.1), loss.MeanSquaredError())
	if _, err := m.Predict(x); err == nil || !strings.Contains(err.Error(), "dtype policy float64 of a layer that was built with variables of float32") {
		t.Errorf("error %v, want one that names the policies", err)
	}
}

// gate is a layer of a user's with a weight and a state.
type gate struct {
	nn.Base
	weight, mean *graph.Var
}

func (l *gate) Build(b *nn.Builder, in tensor.Spec) {
	l.weight = b.Param("weight", tensor.D(in.Shape.At(-1)), nn.Ones)
	l.mean = b.State("mean", tensor.S(tensor.Float32, in.Shape.At(-1)), nn.Zeros)
}

func (l *gate) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	if c.Training {
		c.Update(l.mean, ops.Add(ops.Scale(c.Value(l.mean), 0.5), ops.Scale(ops.ReduceMean(x, 0), 0.5)))
	}
	return ops.Mul(x, ops.Sigmoid(c.Value(l.weight)))
}

// TestMixedPrecisionOfOwnLayers: layers of a user's need to know nothing of policies.
func TestMixedPrecisionOfOwnLayers(t *testing.T) {
	for _, p := range []nn.DTypePolicy{nn.Float32, nn.MixedBFloat16, nn.MixedFloat16} {
		m := glia.Sequential(nn.Input(6), nn.Dense(12, nn.ReLU), &gate{}, nn.Dense(3, nn.Softmax))
		m.Network().DType = p
		compile(t, m, optim.Adam(0.01), loss.CategoricalCrossentropy(), metric.Accuracy())
		ds := blobs(t, 300, 6, 3)
		h := fit(t, m, hot(t, ds, 3), glia.Epochs(8))
		if first, last := h.Epochs[0].Loss, h.Epochs[7].Loss; !(last < first/2) {
			t.Errorf("%s: loss %v, then %v", p, first, last)
		}
		for _, v := range m.Network().Vars() {
			if v.Spec().DType != tensor.Float32 {
				t.Errorf("%s: %s is %v, want float32", p, v.Path, v.Spec())
			}
		}
		if mean := m.Network().Vars()[3]; mean.Path != "gate/mean" || mean.Tensor().Float64s()[0] == 0 {
			t.Errorf("%s: %s is %v after training", p, mean.Path, mean.Tensor())
		}
	}
}

// hot returns samples with their labels as one-hot rows.
func hot(t *testing.T, ds *data.Memory, classes int) *data.Memory {
	t.Helper()
	y := tensor.New(tensor.Float32, ds.Len(), classes)
	for i, c := range ds.Y().Int64s() {
		tensor.Data[float32](y)[i*classes+int(c)] = 1
	}
	return memory(t, ds.X(), y)
}

// TestMixedPrecisionFindsNaN names the layer of an overflow that float16 makes.
func TestMixedPrecisionFindsNaN(t *testing.T) {
	m := glia.Sequential(nn.Input(2), nn.Dense(2, nn.Name("wide"), nn.KernelInitializer(nn.Constant(60000))), nn.Dense(1))
	m.Network().DType = nn.MixedFloat16
	compile(t, m, optim.SGD(0.1), loss.MeanSquaredError())
	_, err := m.Fit(memory(t, of(t, []float32{1, 1}, 1, 2), of(t, []float32{0}, 1, 1)), glia.StopOnNaN)
	if err == nil || !strings.Contains(err.Error(), "layer wide") {
		t.Errorf("error %v, want one that names the layer", err)
	}
}

// Mixed precision computes in 16 bits and keeps the weights in 32. The last layer, in
// float32, makes predictions of full precision.
func ExampleModel_mixedPrecision() {
	m := glia.Sequential(
		nn.Input(28, 28),
		nn.Flatten(),
		nn.Dense(128, nn.ReLU),
		nn.Dense(10, nn.Softmax, nn.Float32),
	)
	m.Network().DType = nn.MixedFloat16
	err := m.Compile(optim.Adam(1e-3), loss.SparseCategoricalCrossentropy(), metric.Accuracy())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Network().Records()[2].Out[0].DType, m.Network().Vars()[0].Spec().DType, m.Optimizer().Name())
	// Output: float16 float32 loss_scale_optimizer
}
