package glia

import (
	"testing"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestStepWithBackupAllocatesNothing trains with a backup that has nothing to save
// yet.
func TestStepWithBackupAllocatesNothing(t *testing.T) {
	const n = 64
	ds, err := data.New(tensor.New(tensor.Float32, n, 5), tensor.New(tensor.Float32, n, 3))
	if err != nil {
		t.Fatal(err)
	}
	for name, every := range map[string]func(dir string) []Callback{
		"epochs": func(dir string) []Callback {
			return []Callback{BackupAndRestore(dir)}
		},
		"batches": func(dir string) []Callback {
			return []Callback{BackupAndRestore(dir, EveryBatches(1000))}
		},
	} {
		m := Sequential(nn.Input(5), nn.Dense(8, nn.ReLU), nn.Dropout(0.1), nn.Dense(3, nn.Softmax))
		if err := m.Compile(optim.Adam(1e-3), loss.CategoricalCrossentropy(), metric.Accuracy()); err != nil {
			t.Fatal(err)
		}
		cfg, err := configOf("Fit", []Option{BatchSize(32), Use(every(t.TempDir())...)})
		if err != nil {
			t.Fatal(err)
		}
		f := &fitRun{m: m, config: cfg, train: ds, history: &History{}}
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
		if a := testing.AllocsPerRun(20, step); a != 0 {
			t.Errorf("%s: %v allocations per step, want 0", name, a)
		}
	}
}

// TestPackErrors gives a history that is not of one form, as a metric of a user's
// own could.
func TestPackErrors(t *testing.T) {
	epoch := func(metric *tensor.Tensor) Epoch {
		return Epoch{Result: Result{Metrics: []Metric{{Name: "m", Tensor: metric}}}}
	}
	two := &History{Epochs: []Epoch{epoch(tensor.New(tensor.Float64, 2)), epoch(tensor.New(tensor.Float64, 3))}}
	if _, err := pack(two); err == nil {
		t.Error("metrics of two shapes: no error")
	}
	deep := &History{Epochs: []Epoch{epoch(tensor.New(tensor.Float64, 1, 1, 1, 1, 1, 1, 1, 1))}}
	if _, err := pack(deep); err == nil {
		t.Error("a metric of 8 axes: no error")
	}
	good := &History{Epochs: []Epoch{epoch(tensor.Of(1.0, 2))}}
	good.Epochs[0].Waited = 0.5
	packed, err := pack(good)
	if err != nil {
		t.Fatal(err)
	}
	tensors := tensorMap{}
	for _, e := range packed {
		tensors[e.Name] = e.Tensor.(*tensor.Tensor)
	}
	m := []string{"m"}
	if back, err := unpack(tensors, m); err != nil || len(back) != 1 || back[0].Metrics[0].Value != 1.5 || back[0].Waited != 0.5 {
		t.Errorf("got %+v (%v), want the epoch that was packed", back, err)
	}
	for name := range tensors {
		if name == pastPrefix+"train/epoch" || name == pastPrefix+"validation/epoch" {
			continue
		}
		was := tensors[name]
		delete(tensors, name)
		back, err := unpack(tensors, m)
		if old := name == pastPrefix+"waited"; old && (err != nil || back[0].Waited != 0) {
			t.Errorf("without %s, as a backup of before: %v, error %v", name, back, err)
		} else if !old && err == nil {
			t.Errorf("without %s: no error", name)
		}
		tensors[name] = was
	}
}
