package glia_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// doubling returns a file of a model that doubles the width of 4 so many times.
func doubling(t *testing.T, times int) []byte {
	t.Helper()
	in := nn.Apply(nn.Input(4))
	x := in
	for range times {
		x = nn.Apply(nn.Concatenate(), x, x)
	}
	m := glia.Functional([]*nn.Symbol{in}, []*nn.Symbol{x})
	if err := m.Compile(optim.SGD(0.1), loss.MeanSquaredError()); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := m.SaveTo(&b, keras.Archive); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// repeating returns a file of a model of a small input and a small output, between which a
// sample takes 256 MB.
func repeating(t *testing.T) []byte {
	t.Helper()
	in := nn.Apply(nn.Input(64))
	x := nn.Apply(nn.RepeatVector(1<<20), in) // [B 1048576 64]
	x = nn.Apply(nn.Permute(2, 1), nn.Apply(nn.Softmax, x))
	x = nn.Apply(nn.Dot(), nn.Apply(nn.Softmax, x), x) // [B 64 64]
	m := glia.Functional([]*nn.Symbol{in}, []*nn.Symbol{x})
	if err := m.Compile(optim.SGD(0.1), loss.MeanSquaredError()); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := m.SaveTo(&b, keras.Archive); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestLimitMemory loads small files whose networks are huge when run: they are refused
// before memory is taken, unless more is allowed.
func TestLimitMemory(t *testing.T) {
	many, one := tensor.New(tensor.Float32, 300, 4), tensor.New(tensor.Float32, 1, 4)
	file := doubling(t, 28) // 4 GiB for a sample
	m, err := glia.LoadBytes(file)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for name, call := range map[string]func() error{
		"Predict":        func() error { _, err := m.Predict(one); return err },
		"PredictOnBatch": func() error { _, err := m.PredictOnBatch(one); return err },
	} {
		if err := call(); err == nil || !strings.HasPrefix(err.Error(), "glia: "+name+": ") || !strings.Contains(err.Error(), "want at most 4294967296") || !strings.Contains(err.Error(), "LimitMemory allows more") {
			t.Errorf("%s: error %v, want one of the memory", name, err)
		}
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
		t.Errorf("to refuse took %d bytes", took)
	}
	m, err = glia.LoadBytes(doubling(t, 12)) // 64 KiB for a sample
	if err != nil {
		t.Fatal(err)
	}
	if got, err := m.Predict(many); err != nil || got.Shape() != tensor.D(300, 4<<12) {
		t.Errorf("within the bound: %v", err)
	}
	if _, err := m.LimitMemory(1 << 20).Predict(many); err == nil || !strings.Contains(err.Error(), "the output for 300 samples takes 19660800 bytes of memory: want at most 1048576") {
		t.Errorf("an output of 19 MB: error %v", err)
	}
	if _, err := m.LimitMemory(0).Predict(many); err != nil {
		t.Errorf("without a bound: %v", err)
	}
}

// TestLimitMemoryBatches takes smaller batches where 256 take too much, and trains within a
// bound.
func TestLimitMemoryBatches(t *testing.T) {
	m, err := glia.LoadBytes(repeating(t)) // 0.5 GB for a sample
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.LimitMemory(64 << 20).Predict(tensor.New(tensor.Float32, 3, 64)); err == nil || !strings.Contains(err.Error(), "a batch of float32[1 64] takes ") {
		t.Errorf("error %v, want one of a batch of one", err)
	}
	net := func() *glia.Model {
		return glia.Sequential(nn.Input(100), nn.Dense(4000, nn.ReLU), nn.Dense(100))
	}
	small, free := net(), net()
	x := tensor.New(tensor.Float32, 300, 100)
	for i, v := range tensor.Data[float32](x) {
		tensor.Data[float32](x)[i] = v + float32(i%7)
	}
	for _, m := range []*glia.Model{small, free} {
		if err := m.Compile(optim.SGD(0.01), loss.MeanSquaredError()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := small.LimitMemory(1 << 20).Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	want, err := free.Predict(x)
	if err != nil || !tensor.Equal(got, want) {
		t.Errorf("smaller batches predict otherwise, error %v", err)
	}
	ds, err := data.New(x, tensor.New(tensor.Float32, 300, 100))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := small.Evaluate(ds, glia.BatchSize(128)); err == nil || !strings.Contains(err.Error(), "want at most 1048576; a smaller batch takes less") {
		t.Errorf("Evaluate: error %v, want one of the memory", err)
	}
	small.LimitMemory(5 << 20)
	if _, err := small.Fit(ds, glia.BatchSize(128)); err == nil || !strings.Contains(err.Error(), "a batch of float32[128 100] takes ") {
		t.Errorf("Fit: error %v, want one of the memory", err)
	}
	if _, err := small.Fit(ds, glia.BatchSize(8)); err != nil {
		t.Errorf("Fit in batches of 8: %v", err)
	}
}
