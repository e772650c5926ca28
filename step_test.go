package glia

import (
	"runtime"
	"testing"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/internal/impl/impltest"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestStepAllocatesNothing reads a batch, weighs it and trains on it, as Fit does
// once everything is warm.
func TestStepAllocatesNothing(t *testing.T) {
	const n = 256
	x, y := tensor.New(tensor.Uint8, n, 28, 28), tensor.New(tensor.Uint8, n)
	for i, v := range tensor.Data[uint8](y) {
		tensor.Data[uint8](y)[i] = v + uint8(i%10)
		tensor.Data[uint8](x)[i*784+i] = 255
	}
	ds, err := data.New(x, y)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		opts []Option
		nn.DTypePolicy
	}{
		{"plain", nil, nn.Float32},
		{"class weights", []Option{ClassWeights(map[int]float64{3: 2})}, nn.Float32},
		{"StopOnNaN, callback", []Option{StopOnNaN, Use(Callback{OnBatchEnd: func(*Model, int, int, float64) error { return nil }})}, nn.Float32},
		{"mixed_bfloat16", nil, nn.MixedBFloat16},
		{"mixed_float16", nil, nn.MixedFloat16},
	} {
		m := Sequential(
			nn.Input(28, 28), nn.Flatten(), nn.Dense(128, nn.KernelRegularizer(nn.L2(1e-4))), nn.BatchNormalization(), nn.ReLU,
			nn.Dropout(0.1), nn.SpectralNormalization(nn.Dense(128, nn.ReLU)), nn.LayerNormalization(), nn.Reshape(4, 32), nn.GroupNormalization(4),
			nn.RMSNormalization(), nn.Flatten(), nn.UnitNormalization(), nn.Dense(10, nn.Softmax),
		)
		m.Network().DType = c.DTypePolicy
		if err := m.Compile(optim.Adam(1e-3), loss.CategoricalCrossentropy(), metric.Accuracy()); err != nil {
			t.Fatal(err)
		}
		cfg, err := configOf("Fit", append(c.opts, BatchSize(128)))
		if err != nil {
			t.Fatal(err)
		}
		f := &fitRun{m: m, config: cfg, train: ds.Scale(1.0 / 255).OneHot(10), history: &History{}}
		if err := f.prepare(); err != nil {
			t.Fatal(err)
		}
		f.samples(0, 0)
		b := 0
		step := func() {
			if err := f.batch(0, b, f.samples(0, b%2)); err != nil {
				t.Fatal(err)
			}
			b++
		}
		if a := testing.AllocsPerRun(impltest.Draws(20), step); a != 0 {
			t.Errorf("%s: %v allocations per step, want 0", c.name, a)
		}
		if a := testing.AllocsPerRun(5, func() { f.order.shuffle(1, uint64(b)) }); a != 0 {
			t.Errorf("%s: %v allocations per shuffle, want 0", c.name, a)
		}
	}
}

// TestOutputsAllocateNothing is the same for two inputs and two outputs, shared layers and
// weights of one output, and for predictions into tensors that are there.
func TestOutputsAllocateNothing(t *testing.T) {
	m := forkedInside()
	loss := loss.PerOutput(loss.For("kind", loss.SparseCategoricalCrossentropy()), loss.For("size", loss.MeanSquaredError()).Weighted(0.5))
	err := m.Compile(optim.Adam(1e-3), loss, metric.For("kind", metric.Accuracy()), metric.For("size", metric.WithWeights(metric.RootMeanSquaredError())))
	if err != nil {
		t.Fatal(err)
	}
	const n, size = 96, 32
	ds := forksInside(t, n)
	none := func(name string, f func() error) {
		t.Helper()
		if a := testing.AllocsPerRun(20, func() {
			if err := f(); err != nil {
				t.Fatal(err)
			}
		}); a != 0 {
			t.Errorf("%s: %v allocations, want 0", name, a)
		}
	}
	for name, opts := range map[string][]Option{"plain": nil, "StopOnNaN": {StopOnNaN}} {
		cfg, err := configOf("Fit", append(opts, BatchSize(size)))
		if err != nil {
			t.Fatal(err)
		}
		f := &fitRun{m: m, config: cfg, train: ds, history: &History{}}
		if err := f.prepare(); err != nil {
			t.Fatal(err)
		}
		f.samples(0, 0)
		b := 0
		none(name+" step", func() error {
			b++
			return f.batch(0, b, f.samples(0, b%3))
		})
	}
	var b data.Batch
	if err := ds.Read(data.Permutation(n, 1, 1, nil)[:64], &b); err != nil { // which need no padding
		t.Fatal(err)
	}
	out, err := m.PredictAll(b.X...)
	if err != nil {
		t.Fatal(err)
	}
	none("prediction into tensors", func() error {
		p, err := m.planFor(b.X, b.X[0].Shape().At(0))
		if err != nil {
			return err
		}
		return m.runPredict(p, out, b.X)
	})
}

// forkedInside returns a model of two inputs and two outputs, "kind" and "size", with a
// layer and a network of two outputs that are applied twice.
func forkedInside() *Model {
	symbols := func(s ...*nn.Symbol) []*nn.Symbol { return s }
	x := nn.Apply(nn.Input(8))
	pair := nn.Functional(symbols(x), symbols(nn.Apply(nn.Dense(8, nn.ReLU), x), nn.Apply(nn.Dense(4, nn.Tanh), x)))
	a, b := nn.Apply(nn.Input(5)), nn.Apply(nn.Input(5))
	dense := nn.Dense(8)
	p, q := nn.ApplyAll(2, pair, nn.Apply(dense, a)), nn.ApplyAll(2, pair, nn.Apply(dense, b))
	h := nn.Apply(nn.Dropout(0.1), nn.Apply(nn.Concatenate(), p[0], q[0]))
	kind := nn.Apply(nn.Dense(3, nn.Softmax, nn.Name("kind")), h)
	return Functional(symbols(a, b), symbols(kind, nn.Apply(nn.Dense(1, nn.Name("size")), nn.Apply(nn.Add(), p[1], q[1]))))
}

// forksInside returns samples for it, with weights for "size".
func forksInside(t *testing.T, n int) *data.Memory {
	t.Helper()
	x, more := tensor.New(tensor.Float32, n, 5), tensor.New(tensor.Uint8, n, 5)
	kind, size, weight := tensor.New(tensor.Uint8, n), tensor.New(tensor.Float32, n, 1), tensor.New(tensor.Float32, n)
	for i := range n {
		tensor.Data[float32](x)[5*i+i%5] = float32(i) / float32(n)
		tensor.Data[uint8](more)[5*i+i%3] = uint8(i)
		tensor.Data[uint8](kind)[i] = uint8(i % 3)
		tensor.Data[float32](size)[i], tensor.Data[float32](weight)[i] = float32(i%7), float32(i%2)
	}
	one, err := data.New(x, kind)
	if err != nil {
		t.Fatal(err)
	}
	other, err := data.New(more, size)
	if err != nil {
		t.Fatal(err)
	}
	if other, err = other.Scale(1.0 / 255).WithWeights(weight); err != nil {
		t.Fatal(err)
	}
	z, err := data.Zip(one, other)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestFunctionAllocatesNothing is the same for CallInto.
func TestFunctionAllocatesNothing(t *testing.T) {
	f := Func(addOne)
	x := tensor.New(tensor.Float32, 1000)
	out, err := f.Call(x)
	if err != nil {
		t.Fatal(err)
	}
	in := []*tensor.Tensor{x}
	call := func() {
		if err := f.CallInto(out, in...); err != nil {
			t.Fatal(err)
		}
	}
	if a := testing.AllocsPerRun(20, call); a != 0 {
		t.Errorf("%v allocations per call, want 0", a)
	}
}

// TestEpochAllocatesItsResultAlone counts what one more epoch allocates: the list of metrics
// and the tensor of each, which the History keeps.
func TestEpochAllocatesItsResultAlone(t *testing.T) {
	ds, err := data.New(tensor.New(tensor.Float32, 64, 8), tensor.New(tensor.Float32, 64, 2))
	if err != nil {
		t.Fatal(err)
	}
	m := Sequential(nn.Input(8), nn.Dense(4, nn.ReLU), nn.Dense(2))
	if err := m.Compile(optim.Adam(1e-3), loss.MeanSquaredError(), metric.RootMeanSquaredError()); err != nil {
		t.Fatal(err)
	}
	fit := func(epochs int) float64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := m.Fit(ds, Epochs(epochs), BatchSize(16)); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return float64(after.Mallocs - before.Mallocs)
	}
	fit(2)
	if each := (fit(301) - fit(1)) / 300; each > 5 {
		t.Errorf("an epoch allocates %.1f times, want 4: a list, a tensor, its shape and memory", each)
	}
}
