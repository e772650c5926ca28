package glia_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/backend/backendtest"
	"github.com/glia-ml/glia/callback"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// counting is a device with memory of its own that counts the calls of its methods.
type counting struct {
	backend.Device
	compiled, runs atomic.Int64
}

func newCounting() *counting { return &counting{Device: backendtest.Apart(plan.On(cpu.Kernels{}))} }

func (d *counting) Name() string { return "counting" }

func (d *counting) Compile(g *graph.Graph, outputs []*graph.Node) (backend.Executable, error) {
	d.compiled.Add(1)
	e, err := d.Device.Compile(g, outputs)
	return countingRuns{e, d}, err
}

type countingRuns struct {
	backend.Executable
	d *counting
}

func (e countingRuns) Run(out, in []*tensor.Tensor) error {
	e.d.runs.Add(1)
	return e.Executable.Run(out, in)
}

// on returns tr with models that run on a device.
func (tr training) on(d backend.Device) training {
	model := tr.model
	tr.model = func(t testing.TB) *glia.Model { return model(t).On(d) }
	return tr
}

// written returns trainings in which the host changes variables of every kind.
func written() []training {
	swapped := averaged(func() []glia.Callback { return []glia.Callback{callback.SwapEMAWeights(callback.SwapOnEpoch)} })
	swapped.name = "swapped averages"
	ds := func(t testing.TB) data.Dataset { return blobs(t, 24, 4, 2).OneHot(2) }
	return []training{
		averaged(nil), swapped,
		{
			name: "scaled loss, constraint, best weights, weights of a file",
			model: func(t testing.TB) *glia.Model {
				m := glia.Sequential(nn.Input(4), nn.Dense(5, nn.Tanh, nn.KernelConstraint(nn.MaxNorm(0.5))), nn.Dense(2, nn.Softmax))
				m.Network().DType = nn.MixedFloat16
				compile(t, m, optim.RMSprop(0.05, optim.Momentum(0.5), optim.Centered), loss.CategoricalCrossentropy(), metric.Accuracy(), metric.AUC())
				return m
			},
			data: ds, opts: []glia.Option{glia.BatchSize(8), glia.ValidationSplit(0.3), glia.StopOnNaN},
			with: func() []glia.Callback {
				return []glia.Callback{callback.EarlyStopping(callback.Patience(2), callback.RestoreBestWeights), callback.ReduceLROnPlateau(callback.Patience(1)), loadsWeights()}
			},
			epochs: 3, batches: 2,
		},
		{
			name: "schedule-free, state that begins as the weights",
			model: func(t testing.TB) *glia.Model {
				m := glia.Sequential(nn.Dense(5, nn.Tanh), nn.Dropout(0.2), nn.Dense(2, nn.Softmax))
				compile(t, m, optim.ScheduleFreeAdamW(0.05), loss.CategoricalCrossentropy(), metric.F1Score())
				return m
			},
			data: ds, opts: []glia.Option{glia.BatchSize(8)},
			epochs: 3, batches: 3,
		},
	}
}

// loadsWeights gives the model other weights after the first epoch.
func loadsWeights() glia.Callback {
	return glia.Callback{OnEpochBegin: func(m *glia.Model, e int) error {
		if e != 1 {
			return nil
		}
		var b bytes.Buffer
		if err := m.SaveTo(&b, keras.Safetensors); err != nil {
			return err
		}
		bits := b.Bytes()
		for i := len(bits) - 40; i < len(bits); i += 4 {
			bits[i] ^= 1 // the last bit of a number
		}
		return m.LoadWeightsBytes(bits)
	}}
}

// TestDevice trains on another device, also interrupted and moved in between, and
// compares bits with the default's.
func TestDevice(t *testing.T) {
	for _, tr := range append(trainings(), written()...) {
		t.Run(tr.name, func(t *testing.T) {
			want := tr.whole(t)
			d := newCounting()
			tr.on(d).whole(t).same(t, "on a device", want)
			// A batch of another size, training or not, is another executable.
			if n := d.compiled.Load(); n < 1 || n > 6 {
				t.Errorf("%d executables, want from 1 to 6", n)
			}
			if n := int(d.runs.Load()); n < tr.epochs*tr.batches {
				t.Errorf("%d runs, want %d or more", n, tr.epochs*tr.batches)
			}

			dir := t.TempDir()
			_, _, err := tr.on(newCounting()).run(t, []glia.Callback{glia.BackupAndRestore(dir)}, cuts()["context after a batch"](tr.batches)...)
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			m, h, err := tr.on(newCounting()).run(t, []glia.Callback{glia.BackupAndRestore(dir)})
			if err != nil {
				t.Fatal(err)
			}
			tr.endOf(t, m, h).same(t, "interrupted", want)

			devices := []backend.Device{newCounting(), nil, newCounting()}
			m, h, err = tr.run(t, nil, glia.Use(glia.Callback{OnBatchEnd: func(m *glia.Model, e, b int, _ float64) error {
				m.On(devices[(e+b)%len(devices)])
				return nil
			}}))
			if err != nil {
				t.Fatal(err)
			}
			tr.endOf(t, m, h).same(t, "moved after every batch", want)
		})
	}
}

// TestDeviceFiles evaluates, predicts, saves and loads on another device.
func TestDeviceFiles(t *testing.T) {
	ds := blobs(t, 40, 6, 3).OneHot(3)
	m, d := classifier(t, 6, 3), newCounting()
	fit(t, m.On(d), ds, glia.Epochs(2))
	path := filepath.Join(t.TempDir(), "m.keras")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := glia.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	was := d.runs.Load()
	y := predict(t, loaded.On(d), ds.X())
	if d.runs.Load() == was {
		t.Error("a loaded model predicted elsewhere, want on its device")
	}
	if want := predict(t, m.On(nil), ds.X()); !tensor.Equal(y, want) {
		t.Errorf("the loaded model predicts %v, want %v", y, want)
	}
	if got, want := evaluate(t, loaded, ds), evaluate(t, m, ds); got.Loss != want.Loss {
		t.Errorf("the loaded model has loss %v, want %v", got.Loss, want.Loss)
	}
	if n := d.runs.Load(); n < was+3 {
		t.Errorf("%d runs on the device, want %d or more", n, was+3)
	}
}

// TestDeviceReference trains where every operation is computed by its reference.
func TestDeviceReference(t *testing.T) {
	ds := blobs(t, 40, 6, 3).OneHot(3)
	m, ref := classifier(t, 6, 3), classifier(t, 6, 3).On(plan.On(backend.Reference{}))
	h, hr := fit(t, m, ds, glia.Epochs(2)), fit(t, ref, ds, glia.Epochs(2))
	for i, e := range hr.Epochs {
		near(t, "the reference's loss", e.Loss, h.Epochs[i].Loss, 1e-4)
	}
	if err := tensor.AllClose(predict(t, ref, ds.X()), predict(t, m, ds.X()), 1e-4, 1e-5); err != nil {
		t.Error(err)
	}
}

// TestDeviceRefuses returns the error of a device that cannot compile.
func TestDeviceRefuses(t *testing.T) {
	ds := blobs(t, 8, 4, 2).OneHot(2)
	m := classifier(t, 4, 2).On(refusing{newCounting()})
	_, err := m.Fit(ds)
	wants(t, "Fit", err, `epoch 1, batch 1: no such operation`)
	_, err = m.Evaluate(ds)
	wants(t, "Evaluate", err, `glia: Evaluate: batch 1: no such operation`)
	_, err = m.Predict(ds.X())
	wants(t, "Predict", err, `glia: Predict: no such operation`)
	_, err = square().On(refusing{newCounting()}).Call(tensor.Of[float32](1))
	wants(t, "Call", err, `glia: Func: no such operation`)
}

type refusing struct{ *counting }

func (refusing) Compile(*graph.Graph, []*graph.Node) (backend.Executable, error) {
	return nil, errors.New("no such operation")
}

// square returns a function and its gradient.
func square() *glia.Function {
	return glia.Func(func(in ...*graph.Node) []*graph.Node {
		y := ops.ReduceSum(ops.Square(in[0]))
		return append([]*graph.Node{y}, autodiff.Grad(y, in[0])...)
	})
}

// TestFuncOn calls a function on one device and on another.
func TestFuncOn(t *testing.T) {
	f, d := square(), newCounting()
	for _, device := range []backend.Device{d, nil, d} {
		out, err := f.On(device).Call(tensor.Of[float32](1, 2, 3))
		if err != nil {
			t.Fatal(err)
		}
		if out[0].Item() != 14 || !tensor.Equal(out[1], tensor.Of[float32](2, 4, 6)) {
			t.Errorf("got %v and %v, want 14 and its gradient", out[0], out[1])
		}
	}
	if n := d.runs.Load(); n != 2 {
		t.Errorf("%d runs on the device, want 2", n)
	}
}
