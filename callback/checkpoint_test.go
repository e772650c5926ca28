package callback_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/callback"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// files lists the names in dir and below.
func files(t testing.TB, dir string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestModelCheckpoint(t *testing.T) {
	ds := blobs(t, 40, 3, 2).OneHot(2)
	for _, c := range []struct {
		name, path string
		opts       []callback.CheckpointOption
		want       string
	}{
		{"every epoch", "{epoch:02d}.safetensors", nil, "01.safetensors 02.safetensors 03.safetensors 04.safetensors 05.safetensors"},
		{"one file", "m.safetensors", nil, "m.safetensors"},
		{"directories", "a/b-{epoch}/m.npz", []callback.CheckpointOption{callback.EveryEpochs(4)}, "a/b-4/m.npz"},
		{"every 2 epochs", "{epoch}.weights.h5", []callback.CheckpointOption{callback.EveryEpochs(2), callback.SaveWeightsOnly}, "2.weights.h5 4.weights.h5"},
		{"every 6 batches of 4", "{epoch}-{batch}.keras", []callback.CheckpointOption{callback.EveryBatches(6)}, "2-2.keras 3-4.keras 5-2.keras"},
		{"the last 2", "{epoch}.h5", []callback.CheckpointOption{callback.KeepLast(2)}, "4.h5 5.h5"},
		{"the last of one name", "m.keras", []callback.CheckpointOption{callback.KeepLast(1)}, "m.keras"},
		{"the last 1 after batches", "{epoch}-{batch}.keras", []callback.CheckpointOption{callback.EveryBatches(1), callback.KeepLast(1)}, "5-4.keras"},
		{"endings as Save takes them", "{epoch}.HDF5", []callback.CheckpointOption{callback.EveryEpochs(5)}, "5.HDF5"},
		{"weights in capitals", "{epoch}.Weights.H5", []callback.CheckpointOption{callback.EveryEpochs(5), callback.SaveWeightsOnly}, "5.Weights.H5"},
		{"braces", "{{{epoch}}}.keras", []callback.CheckpointOption{callback.EveryEpochs(5)}, "{5}.keras"},
		{"a threshold that is not met", "{epoch}.keras", []callback.CheckpointOption{callback.SaveBestOnly, callback.InitialValueThreshold(-1)}, ""},
		{"greater is better, and never is", "{epoch}.keras", []callback.CheckpointOption{callback.SaveBestOnly, callback.Monitor("accuracy"), callback.InitialValueThreshold(1)}, ""},
		{"numbers", "{epoch}-{val_loss:.0f}{accuracy:.0f}{loss:.0f}.keras", []callback.CheckpointOption{callback.EveryEpochs(5)}, "5-000.keras 5-010.keras"},
	} {
		dir := t.TempDir()
		fit(t, classifier(t, 3, 2), ds, glia.Epochs(5), glia.BatchSize(10), glia.Validate(ds),
			glia.Use(callback.ModelCheckpoint(filepath.Join(dir, c.path), c.opts...)))
		if got := files(t, dir); got != c.want && (c.name != "numbers" || !strings.Contains(c.want, got)) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestCheckpointIsTheModel loads what was saved.
func TestCheckpointIsTheModel(t *testing.T) {
	ds := blobs(t, 40, 3, 2).OneHot(2)
	for _, ext := range []string{".keras", ".h5", ".weights.h5", ".safetensors", ".npz"} {
		dir := t.TempDir()
		m := classifier(t, 3, 2)
		var after [3][]byte
		fit(t, m, ds, glia.Epochs(3), glia.Use(callback.ModelCheckpoint(filepath.Join(dir, "{epoch}"+ext)), glia.Callback{
			OnEpochEnd: func(m *glia.Model, e glia.Epoch) error { after[e.Epoch-1] = weights(m); return nil },
		}))
		for i, want := range after {
			path := filepath.Join(dir, fmt.Sprint(i+1, ext))
			back, err := classifier(t, 3, 2), error(nil)
			if ext == ".keras" || ext == ".h5" {
				back, err = glia.Load(path)
			} else {
				err = back.LoadWeights(path)
			}
			if err != nil {
				t.Errorf("%s: %v", path, err)
			} else if !bytes.Equal(weights(back), want) {
				t.Errorf("%s: other weights than after that epoch", path)
			}
		}
	}
}

// TestSaveBestOnly compares the saved models with the history.
func TestSaveBestOnly(t *testing.T) {
	ds := blobs(t, 60, 3, 3).OneHot(3)
	for _, c := range []struct {
		opts   []callback.CheckpointOption
		better func(e, best glia.Epoch) bool
	}{
		{nil, func(e, best glia.Epoch) bool { return e.Validation.Loss < best.Validation.Loss }},
		{[]callback.CheckpointOption{callback.Monitor("loss")}, func(e, best glia.Epoch) bool { return e.Loss < best.Loss }},
		{[]callback.CheckpointOption{callback.Monitor("val_accuracy")}, func(e, best glia.Epoch) bool { return e.Validation.Get("accuracy") > best.Validation.Get("accuracy") }},
		{[]callback.CheckpointOption{callback.Monitor("val_accuracy"), callback.Minimize}, func(e, best glia.Epoch) bool { return e.Validation.Get("accuracy") < best.Validation.Get("accuracy") }},
		{[]callback.CheckpointOption{callback.Monitor("loss"), callback.Maximize}, func(e, best glia.Epoch) bool { return e.Loss > best.Loss }},
	} {
		dir := t.TempDir()
		m := glia.Sequential(nn.Input(3), nn.Dense(3, nn.Softmax))
		compile(t, m, optim.SGD(30), loss.CategoricalCrossentropy(), metric.Accuracy()) // too fast: up and down
		opts := append(c.opts, callback.SaveBestOnly)
		h := fit(t, m, ds, glia.Epochs(12), glia.BatchSize(5), glia.ValidationSplit(0.3),
			glia.Use(callback.ModelCheckpoint(filepath.Join(dir, "{epoch:02d}.npz"), opts...)))
		var want []string
		best := h.Epochs[0]
		for i, e := range h.Epochs {
			if i == 0 || c.better(e, best) {
				best = e
				want = append(want, fmt.Sprintf("%02d.npz", e.Epoch))
			}
		}
		if got := files(t, dir); got != strings.Join(want, " ") {
			t.Errorf("%v: got %s, want %s", opts, got, want)
		}
		if len(want) == len(h.Epochs) {
			t.Errorf("%v: all epochs are better than those before: the test shows nothing", opts)
		}
	}
}

func TestModelCheckpointErrors(t *testing.T) {
	ds := blobs(t, 20, 3, 2).OneHot(2)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "m.keras"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path, pattern string
		opts                []callback.CheckpointOption
	}{
		{"no ending", "model", `^glia: Fit: ModelCheckpoint\(".*model"\): want a path that ends in .keras or .h5`, nil},
		{"empty", "", `want a path`, nil},
		{"weights only", "m.keras", `SaveWeightsOnly: want a path that ends in .weights.h5`, []callback.CheckpointOption{callback.SaveWeightsOnly}},
		{"weights only, old", "m.h5", `SaveWeightsOnly: want a path`, []callback.CheckpointOption{callback.SaveWeightsOnly}},
		{"pattern", "{epoch.keras", `a \{ without \}`, nil},
		{"unknown name", "{acc:.2f}.keras", `"acc" is no name in this training: want one of loss, accuracy$`, nil},
		{"no validation", "{val_loss:.2f}.keras", `"val_loss" is not known without validation: want Validate or ValidationSplit, or one of loss, accuracy$`, nil},
		{"batch of an epoch", "{batch}.keras", `\{batch\} is known after a batch only: want EveryBatches`, nil},
		{"monitor", "m.npz", `Monitor: "val_loss" is not known without validation`, []callback.CheckpointOption{callback.SaveBestOnly}},
		{"monitor after a batch", "m.npz", `Monitor: "val_loss" is not known after a batch: want one of loss, accuracy, or EveryEpochs$`, []callback.CheckpointOption{callback.SaveBestOnly, callback.EveryBatches(2)}},
		{"monitor of another name", "m.npz", `Monitor: "auc" is no name`, []callback.CheckpointOption{callback.SaveBestOnly, callback.Monitor("auc")}},
		{"epochs", "m.npz", `EveryEpochs\(0\): want 1 or more`, []callback.CheckpointOption{callback.EveryEpochs(0)}},
		{"keep", "m.npz", `KeepLast\(0\): want 1 or more`, []callback.CheckpointOption{callback.KeepLast(0)}},
		{"a directory in the way", "m.keras", `got a directory, want a file`, nil},
		{"a file in the way", "file/m.keras", `file`, nil},
	} {
		path := c.path
		if path != "" {
			path = filepath.Join(dir, path)
		}
		m := classifier(t, 3, 2)
		_, err := m.Fit(ds, glia.Use(callback.ModelCheckpoint(path, c.opts...)))
		wants(t, c.name, err, `^glia: Fit: ModelCheckpoint\(`)
		wants(t, c.name, err, c.pattern)
		if m.Optimizer().Vars()[0].Tensor().Item() != 0 {
			t.Errorf("%s: trained before the error", c.name)
		}
	}

	// Mistakes that only the first save finds.
	_, err := classifier(t, 3, 2).Fit(ds, glia.Epochs(2), glia.Use(callback.ModelCheckpoint(filepath.Join(dir, "file", "{epoch}", "m.npz"))))
	wants(t, "a file in the way of a directory", err, `^glia: Fit: ModelCheckpoint: epoch 1: .*file`)
}

// TestCheckpointAllocatesNothing counts batches after which there is nothing to save.
func TestCheckpointAllocatesNothing(t *testing.T) {
	m := classifier(t, 3, 2)
	cb := callback.ModelCheckpoint(filepath.Join(t.TempDir(), "{epoch}-{batch}.keras"), callback.EveryBatches(1000))
	fit(t, m, blobs(t, 8, 3, 2).OneHot(2), glia.Use(cb))
	allocs := testing.AllocsPerRun(20, func() {
		if err := cb.OnBatchEnd(m, 0, 0, 0.5); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations after a batch, want 0", allocs)
	}
}

// TestCheckpointSaveWith saves with the options of Save, and removes shards with their index.
func TestCheckpointSaveWith(t *testing.T) {
	dir := t.TempDir()
	whole, shards := filepath.Join(dir, "m.keras"), filepath.Join(dir, "s-{epoch}.weights.json")
	m, ds := classifier(t, 20, 3), blobs(t, 40, 20, 3).OneHot(3)
	_, err := m.Fit(ds, glia.Epochs(3), glia.Use(
		callback.ModelCheckpoint(whole, callback.SaveWith(glia.WithoutOptimizer)),
		callback.ModelCheckpoint(shards, callback.SaveWith(glia.MaxShardSize(1400), glia.WithoutOptimizer), callback.KeepLast(1)),
	))
	if err != nil {
		t.Fatal(err)
	}
	got, err := glia.Load(whole)
	if err != nil || got.Optimizer() != nil {
		t.Errorf("the file's optimizer is %v (%v), want none", got.Optimizer(), err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "s-*"))
	if err != nil || len(names) < 2 || slices.ContainsFunc(names, func(n string) bool { return !strings.HasPrefix(filepath.Base(n), "s-3") }) {
		t.Errorf("files are %q (%v), want those of epoch 3 alone", names, err)
	}
	if err := m.LoadWeights(filepath.Join(dir, "s-3.weights.json")); err != nil {
		t.Error(err)
	}
	_, err = m.Fit(ds, glia.Use(callback.ModelCheckpoint(whole, callback.SaveWith(glia.MaxShardSize(10)))))
	if want := `SaveWith: option MaxShardSize: a .keras file has no shards`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want %s", err, want)
	}
}
