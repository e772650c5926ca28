package glia

import (
	"testing"

	"github.com/glia-ml/glia/data"
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
			nn.Input(28, 28), nn.Flatten(), nn.Dense(128, nn.ReLU, nn.KernelRegularizer(nn.L2(1e-4))),
			nn.Dropout(0.1), nn.Dense(128, nn.ReLU), nn.Dense(10, nn.Softmax),
		)
		m.Network().DType = c.DTypePolicy
		if err := m.Compile(optim.Adam(1e-3), nn.CategoricalCrossentropy(), metric.Accuracy()); err != nil {
			t.Fatal(err)
		}
		cfg, err := configOf("Fit", append(c.opts, BatchSize(128)))
		if err != nil {
			t.Fatal(err)
		}
		f := &fitting{m: m, config: cfg, train: ds.Scale(1.0 / 255).OneHot(10), history: &History{}}
		if err := f.prepare(); err != nil {
			t.Fatal(err)
		}
		f.shuffle(n, 0)
		b := 0
		step := func() {
			if err := f.batch(0, b, f.order[b%2*128:][:128]); err != nil {
				t.Fatal(err)
			}
			b++
		}
		if a := testing.AllocsPerRun(20, step); a != 0 {
			t.Errorf("%s: %v allocations per step, want 0", c.name, a)
		}
		if a := testing.AllocsPerRun(5, func() { f.shuffle(n, b) }); a != 0 {
			t.Errorf("%s: %v allocations per shuffle, want 0", c.name, a)
		}
	}
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
