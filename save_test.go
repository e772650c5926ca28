package glia_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/callback"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// saved returns a model with layers of several kinds, trained a little, and its
// data.
func saved(t *testing.T) (*glia.Model, *data.Memory) {
	t.Helper()
	m := glia.Sequential(
		nn.Input(6),
		nn.Dense(5, nn.ReLU, nn.KernelRegularizer(nn.L2(1e-3))),
		nn.Dropout(0.3),
		nn.Sequential(nn.Dense(4, nn.Tanh, nn.Name("inner")), nn.GaussianNoise(0.1)),
		nn.Dense(4, nn.NoBias, nn.Frozen),
		nn.LeakyReLU,
		nn.Dense(3, nn.Softmax),
	)
	m.Seed = 7
	check(t, m.Compile(optim.Adam(optim.ExponentialDecay(1e-2, 10, 0.9)), loss.CategoricalCrossentropy(), metric.Accuracy()))
	ds := blobs(t, 60, 6, 3).OneHot(3)
	_, err := m.Fit(ds, glia.Epochs(2), glia.BatchSize(8))
	check(t, err)
	return m, ds
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sameState compares the weights and the optimizer of two models, bit for bit.
func sameState(t *testing.T, got, want *glia.Model) {
	t.Helper()
	a, b := got.Network().Vars(), want.Network().Vars()
	if want.Optimizer() != nil {
		a, b = append(a, got.Optimizer().Vars()...), append(b, want.Optimizer().Vars()...)
	}
	if len(a) != len(b) {
		t.Fatalf("%d variables, want %d", len(a), len(b))
	}
	for i, v := range b {
		if a[i].Path != v.Path || a[i].Spec() != v.Spec() || !bytes.Equal(a[i].Tensor().Bytes(), v.Tensor().Bytes()) {
			t.Errorf("%s %v differs from %s %v", a[i].Path, a[i].Spec(), v.Path, v.Spec())
		}
	}
}

func TestSaveAndLoad(t *testing.T) {
	m, ds := saved(t)
	dir := t.TempDir()
	for _, name := range []string{"m.keras", "m.h5"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			check(t, m.Save(path))
			b, err := os.ReadFile(path)
			check(t, err)
			for from, load := range map[string]func() (*glia.Model, error){
				"file":   func() (*glia.Model, error) { return glia.Load(path) },
				"bytes":  func() (*glia.Model, error) { return glia.LoadBytes(b) },
				"fs":     func() (*glia.Model, error) { return glia.LoadFS(os.DirFS(dir), name) },
				"map fs": func() (*glia.Model, error) { return glia.LoadFS(fstest.MapFS{name: {Data: b}}, name) },
			} {
				got, err := load()
				if err != nil {
					t.Fatalf("%s: %v", from, err)
				}
				sameState(t, got, m)
				if got.Seed != m.Seed || got.Summary() != m.Summary() {
					t.Errorf("%s: seed %d, want %d; summary\n%s\nwant\n%s", from, got.Seed, m.Seed, got.Summary(), m.Summary())
				}
			}
		})
	}
	// Training goes on as it would have without the file.
	for _, name := range []string{"m.keras", "m.h5"} {
		got, err := glia.Load(filepath.Join(dir, name))
		check(t, err)
		again, err := glia.Load(filepath.Join(dir, name))
		check(t, err)
		for _, m := range []*glia.Model{got, again} {
			_, err := m.Fit(ds, glia.Epochs(4), glia.InitialEpoch(2), glia.BatchSize(8))
			check(t, err)
		}
		sameState(t, again, got)
		if name == "m.h5" {
			_, err = m.Fit(ds, glia.Epochs(4), glia.InitialEpoch(2), glia.BatchSize(8))
			check(t, err)
			sameState(t, got, m)
		}
	}
}

func TestSaveAndLoadWeights(t *testing.T) {
	m, _ := saved(t)
	dir := t.TempDir()
	for _, name := range []string{"m.weights.h5", "m.safetensors", "m.npz"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			check(t, m.SaveWeights(path))
			var b bytes.Buffer
			f, err := keras.FormatOf(name)
			check(t, err)
			check(t, m.SaveTo(&b, f))
			if onDisk, err := os.ReadFile(path); err != nil || !bytes.Equal(onDisk, b.Bytes()) {
				t.Errorf("SaveTo wrote other bytes than SaveWeights (%v)", err)
			}
			other, _ := saved(t)
			for _, v := range other.Network().Vars() {
				v.Clear()
			}
			check(t, other.LoadWeights(path))
			sameState(t, other, m)
			fresh := glia.New(other.Network())
			if err := fresh.LoadWeightsBytes(b.Bytes()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestUnwritable refuses to write models that Keras's files cannot store, keeps the former
// file, and writes the weights all the same.
func TestUnwritable(t *testing.T) {
	ds := blobs(t, 20, 3, 2).OneHot(2)
	for want, c := range map[string]struct {
		o      optim.Optimizer
		hidden *nn.DenseLayer
	}{
		`optimizer adamw: optim: ExcludeFromWeightDecay \["bias"\]: Keras's files cannot store it: want the weights alone in a file`: {
			optim.AdamW(0.1, optim.ExcludeFromWeightDecay("bias")), nn.Dense(4)},
		`optimizer a/b: optim: name "a/b": want one without /`:                      {optim.SGD(0.1, optim.Name("a/b")), nn.Dense(4)},
		`layer dense: .*initializer Ortho.*: seed 4294967296: Keras's have 32 bits`: {optim.SGD(0.1), nn.Dense(4, nn.KernelInitializer(nn.OrthogonalInitializer(1).Seeded(1<<32)))},
	} {
		m := glia.Sequential(nn.Input(3), c.hidden, nn.Dense(2, nn.Softmax))
		check(t, m.Compile(c.o, loss.CategoricalCrossentropy()))
		dir := t.TempDir()
		for _, name := range []string{"m.keras", "m.h5"} {
			path := filepath.Join(dir, name)
			check(t, os.WriteFile(path, []byte("former"), 0o666))
			wants(t, name, m.Save(path), `^glia: Save: keras: `+want)
			if b, err := os.ReadFile(path); err != nil || string(b) != "former" {
				t.Errorf("%s holds %.20q (%v), want what it held", name, b, err)
			}
			_, err := m.Fit(ds, glia.Use(callback.ModelCheckpoint(path)))
			wants(t, name, err, `^glia: Fit: ModelCheckpoint\(".*"\): keras: `+want)
			if m.Optimizer().Vars()[0].Tensor().Item() != 0 {
				t.Errorf("%s: trained before the error", name)
			}
		}
		_, err := m.Fit(ds, glia.Use(callback.ModelCheckpoint(filepath.Join(dir, "m.safetensors")), glia.BackupAndRestore(dir)))
		check(t, err)
		path := filepath.Join(dir, "m.weights.h5")
		check(t, m.SaveWeights(path))
		other := glia.New(m.Network())
		check(t, other.LoadWeights(path))
	}
}

func BenchmarkLoad(b *testing.B) {
	m := glia.Sequential(nn.Input(28, 28), nn.Flatten(), nn.Dense(128, nn.ReLU), nn.Dense(128, nn.ReLU), nn.Dense(10, nn.Softmax))
	if err := m.Compile(optim.Adam(1e-3), loss.CategoricalCrossentropy(), metric.Accuracy()); err != nil {
		b.Fatal(err)
	}
	for _, f := range []keras.Format{keras.Archive, keras.HDF5} {
		var file bytes.Buffer
		if err := m.SaveTo(&file, f); err != nil {
			b.Fatal(err)
		}
		b.Run(f.String(), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(file.Len()))
			for b.Loop() {
				if _, err := glia.LoadBytes(file.Bytes()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestWithoutOptimizer saves without the optimizer, as Keras's include_optimizer=False does:
// what is loaded predicts the same and is not compiled, and the file is less than half as large.
func TestWithoutOptimizer(t *testing.T) {
	m := glia.Sequential(nn.Input(20), nn.Dense(300, nn.ReLU), nn.Dense(3, nn.Softmax))
	check(t, m.Compile(optim.Adam(0.01), loss.CategoricalCrossentropy(), metric.Accuracy()))
	ds := blobs(t, 40, 20, 3).OneHot(3)
	fit(t, m, ds)
	x := noise(t, 5, 20)
	want := predict(t, m, x)
	for _, name := range []string{"m.keras", "m.h5", "m.weights.h5", "m.safetensors", "m.npz", "m.weights.json"} {
		var sizes []int64
		path := filepath.Join(t.TempDir(), name)
		f, err := keras.FormatOf(name)
		check(t, err)
		for _, opts := range [][]glia.SaveOption{nil, {glia.WithoutOptimizer}} {
			if f.Whole() {
				err = m.Save(path, opts...)
			} else {
				err = m.SaveWeights(path, opts...)
			}
			check(t, err)
			file, err := keras.OpenFile(path)
			check(t, err)
			if got := len(file.Optimizer) > 0; got != (opts == nil) {
				t.Errorf("%s: an optimizer's state: %v", name, got)
			}
			sizes = append(sizes, file.Size())
			check(t, file.Close())
		}
		if sizes[1]*2 > sizes[0] {
			t.Errorf("%s: %d bytes with the optimizer, %d without: want less than half", name, sizes[0], sizes[1])
		}
		if !f.Whole() {
			continue
		}
		got, err := glia.Load(path)
		check(t, err)
		if !tensor.Equal(predict(t, got, x), want) {
			t.Errorf("%s: other predictions", name)
		}
		if got.Optimizer() != nil {
			t.Errorf("%s: the model is compiled", name)
		}
		_, err = got.Evaluate(ds)
		wants(t, name, err, "Compile")
		check(t, got.Compile(optim.Adam(0.01), loss.CategoricalCrossentropy()))
	}
	if m.Optimizer() == nil {
		t.Error("the model lost its optimizer")
	}
	fit(t, m, ds)
	var a, b bytes.Buffer
	check(t, m.SaveTo(&a, keras.Archive))
	check(t, m.SaveTo(&b, keras.Archive, glia.WithoutOptimizer))
	if b.Len()*2 > a.Len() {
		t.Errorf("SaveTo: %d bytes with the optimizer, %d without: want less than half", a.Len(), b.Len())
	}
}
