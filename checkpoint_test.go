package glia_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
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
		opts       []glia.CheckpointOption
		want       string
	}{
		{"every epoch", "{epoch:02d}.safetensors", nil, "01.safetensors 02.safetensors 03.safetensors 04.safetensors 05.safetensors"},
		{"one file", "m.safetensors", nil, "m.safetensors"},
		{"directories", "a/b-{epoch}/m.npz", []glia.CheckpointOption{glia.EveryEpochs(4)}, "a/b-4/m.npz"},
		{"every 2 epochs", "{epoch}.weights.h5", []glia.CheckpointOption{glia.EveryEpochs(2), glia.SaveWeightsOnly}, "2.weights.h5 4.weights.h5"},
		{"every 6 batches of 4", "{epoch}-{batch}.keras", []glia.CheckpointOption{glia.EveryBatches(6)}, "2-2.keras 3-4.keras 5-2.keras"},
		{"the last 2", "{epoch}.h5", []glia.CheckpointOption{glia.KeepLast(2)}, "4.h5 5.h5"},
		{"the last of one name", "m.keras", []glia.CheckpointOption{glia.KeepLast(1)}, "m.keras"},
		{"the last 1 after batches", "{epoch}-{batch}.keras", []glia.CheckpointOption{glia.EveryBatches(1), glia.KeepLast(1)}, "5-4.keras"},
		{"endings as Save takes them", "{epoch}.HDF5", []glia.CheckpointOption{glia.EveryEpochs(5)}, "5.HDF5"},
		{"weights in capitals", "{epoch}.Weights.H5", []glia.CheckpointOption{glia.EveryEpochs(5), glia.SaveWeightsOnly}, "5.Weights.H5"},
		{"braces", "{{{epoch}}}.keras", []glia.CheckpointOption{glia.EveryEpochs(5)}, "{5}.keras"},
		{"a threshold that is not met", "{epoch}.keras", []glia.CheckpointOption{glia.SaveBestOnly, glia.InitialValueThreshold(-1)}, ""},
		{"greater is better, and never is", "{epoch}.keras", []glia.CheckpointOption{glia.SaveBestOnly, glia.Monitor("accuracy"), glia.InitialValueThreshold(1)}, ""},
		{"numbers", "{epoch}-{val_loss:.0f}{accuracy:.0f}{loss:.0f}.keras", []glia.CheckpointOption{glia.EveryEpochs(5)}, "5-000.keras 5-010.keras"},
	} {
		dir := t.TempDir()
		fit(t, classifier(t, 3, 2), ds, glia.Epochs(5), glia.BatchSize(10), glia.Validate(ds),
			glia.Use(glia.ModelCheckpoint(filepath.Join(dir, c.path), c.opts...)))
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
		fit(t, m, ds, glia.Epochs(3), glia.Use(glia.ModelCheckpoint(filepath.Join(dir, "{epoch}"+ext)), glia.Callback{
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

// TestSaveBestOnly compares what is saved with the history.
func TestSaveBestOnly(t *testing.T) {
	ds := blobs(t, 60, 3, 3).OneHot(3)
	for _, c := range []struct {
		opts   []glia.CheckpointOption
		better func(e, best glia.Epoch) bool
	}{
		{nil, func(e, best glia.Epoch) bool { return e.Validation.Loss < best.Validation.Loss }},
		{[]glia.CheckpointOption{glia.Monitor("loss")}, func(e, best glia.Epoch) bool { return e.Loss < best.Loss }},
		{[]glia.CheckpointOption{glia.Monitor("val_accuracy")}, func(e, best glia.Epoch) bool { return e.Validation.Get("accuracy") > best.Validation.Get("accuracy") }},
		{[]glia.CheckpointOption{glia.Monitor("val_accuracy"), glia.Minimize}, func(e, best glia.Epoch) bool { return e.Validation.Get("accuracy") < best.Validation.Get("accuracy") }},
		{[]glia.CheckpointOption{glia.Monitor("loss"), glia.Maximize}, func(e, best glia.Epoch) bool { return e.Loss > best.Loss }},
	} {
		dir := t.TempDir()
		m := glia.Sequential(nn.Input(3), nn.Dense(3, nn.Softmax))
		compile(t, m, optim.SGD(30), nn.CategoricalCrossentropy(), metric.Accuracy()) // too fast: up and down
		opts := append(c.opts, glia.SaveBestOnly)
		h := fit(t, m, ds, glia.Epochs(12), glia.BatchSize(5), glia.ValidationSplit(0.3),
			glia.Use(glia.ModelCheckpoint(filepath.Join(dir, "{epoch:02d}.npz"), opts...)))
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
		opts                []glia.CheckpointOption
	}{
		{"no ending", "model", `^glia: Fit: ModelCheckpoint\(".*model"\): want a path that ends in .keras or .h5`, nil},
		{"empty", "", `want a path`, nil},
		{"weights only", "m.keras", `SaveWeightsOnly: want a path that ends in .weights.h5`, []glia.CheckpointOption{glia.SaveWeightsOnly}},
		{"weights only, old", "m.h5", `SaveWeightsOnly: want a path`, []glia.CheckpointOption{glia.SaveWeightsOnly}},
		{"pattern", "{epoch.keras", `a \{ without \}`, nil},
		{"unknown name", "{acc:.2f}.keras", `"acc" is no name in this training: want one of loss, accuracy$`, nil},
		{"no validation", "{val_loss:.2f}.keras", `"val_loss" is not known without validation: want Validate or ValidationSplit, or one of loss, accuracy$`, nil},
		{"batch of an epoch", "{batch}.keras", `\{batch\} is known after a batch only: want EveryBatches`, nil},
		{"monitor", "m.npz", `Monitor: "val_loss" is not known without validation`, []glia.CheckpointOption{glia.SaveBestOnly}},
		{"monitor after a batch", "m.npz", `Monitor: "val_loss" is not known after a batch: want one of loss, accuracy, or EveryEpochs$`, []glia.CheckpointOption{glia.SaveBestOnly, glia.EveryBatches(2)}},
		{"monitor of another name", "m.npz", `Monitor: "auc" is no name`, []glia.CheckpointOption{glia.SaveBestOnly, glia.Monitor("auc")}},
		{"epochs", "m.npz", `EveryEpochs\(0\): want 1 or more`, []glia.CheckpointOption{glia.EveryEpochs(0)}},
		{"keep", "m.npz", `KeepLast\(0\): want 1 or more`, []glia.CheckpointOption{glia.KeepLast(0)}},
		{"a directory in the way", "m.keras", `got a directory, want a file`, nil},
		{"a file in the way", "file/m.keras", `file`, nil},
	} {
		path := c.path
		if path != "" {
			path = filepath.Join(dir, path)
		}
		m := classifier(t, 3, 2)
		_, err := m.Fit(ds, glia.Use(glia.ModelCheckpoint(path, c.opts...)))
		wants(t, c.name, err, `^glia: Fit: ModelCheckpoint\(`)
		wants(t, c.name, err, c.pattern)
		if m.Optimizer().Vars()[0].Tensor().Item() != 0 {
			t.Errorf("%s: trained before the error", c.name)
		}
	}

	// What comes to light at the first save only.
	_, err := classifier(t, 3, 2).Fit(ds, glia.Epochs(2), glia.Use(glia.ModelCheckpoint(filepath.Join(dir, "file", "{epoch}", "m.npz"))))
	wants(t, "a file in the way of a directory", err, `^glia: Fit: ModelCheckpoint: epoch 1: .*file`)
}

// TestCheckpointIsResumed checks that a checkpoint remembers the best value and
// its files when a training is resumed.
func TestCheckpointIsResumed(t *testing.T) {
	tr := trainings()[0]
	tr.epochs = 8
	checkpoint := func(dir string) glia.Callback {
		return glia.ModelCheckpoint(filepath.Join(dir, "{epoch}-{batch}.npz"), glia.SaveBestOnly, glia.Monitor("loss"),
			glia.EveryBatches(3), glia.KeepLast(2))
	}
	run := func(dir, backups string, n int) error {
		tr.with = func() []glia.Callback { return []glia.Callback{checkpoint(dir)} }
		var more []glia.Option
		if n >= 0 {
			more = cuts()["error after a batch"](n)
		}
		_, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(backups)}, more...)
		return err
	}
	once := t.TempDir()
	if err := run(once, t.TempDir(), -1); err != nil {
		t.Fatal(err)
	}
	want := files(t, once)
	if strings.Count(want, "npz") != 2 {
		t.Fatalf("got %s, want two files", want)
	}
	for n := range tr.epochs * tr.batches {
		dir, backups := t.TempDir(), t.TempDir()
		if err := run(dir, backups, n); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		if err := run(dir, backups, -1); err != nil {
			t.Fatal(err)
		}
		if got := files(t, dir); got != want {
			t.Errorf("stopped after batch %d: got %s, want %s", n, got, want)
		}
	}
}
