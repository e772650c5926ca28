package glia_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/internal/emulator"
	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestLoadNoFile loads a directory and a pipe. Opening a pipe without a writer would wait
// for ever.
func TestLoadNoFile(t *testing.T) {
	dir := t.TempDir()
	check(t, os.Mkdir(filepath.Join(dir, "dir.keras"), 0o777))
	wants := map[string]string{"dir.keras": "got a directory, want a file", "none.keras": ""}
	if makePipe(filepath.Join(dir, "pipe.keras")) == nil {
		wants["pipe.keras"] = "got a p---------, want a file"
	}
	for name, want := range wants {
		path := filepath.Join(dir, name)
		failed := make(chan error, 2)
		go func() {
			_, err := glia.Load(path)
			failed <- err
			failed <- glia.Sequential(nn.Input(2), nn.Dense(1)).LoadWeights(path)
		}()
		for range 2 {
			select {
			case err := <-failed:
				if err == nil || !strings.Contains(err.Error(), path+": "+want) {
					t.Errorf("%s: error %v, want %q", name, err, want)
				}
			case <-time.After(emulator.Limit(10 * time.Second)):
				t.Fatalf("%s: no error within %v", name, emulator.Limit(10*time.Second))
			}
		}
	}
}

// TestLoadUnbuilt loads a model that Keras saved compiled but without weights: its
// optimizer has a counter and a rate, and no slots.
func TestLoadUnbuilt(t *testing.T) {
	h := hdf5.NewWriter()
	vars := h.Root().Group("optimizer/vars")
	vars.Dataset("0", tensor.Scalar[int64](0))
	vars.Dataset("1", tensor.Scalar[float32](0.25))
	var weights, file bytes.Buffer
	_, err := h.WriteTo(&weights)
	check(t, err)
	z := zip.NewWriter(&file)
	for name, content := range map[string][]byte{
		"config.json": []byte(`{"module": "keras", "class_name": "Sequential", "registered_name": null, "config": {"name": "s", "layers": [
			{"module": "keras.layers", "class_name": "Dense", "registered_name": null, "config": {"name": "d", "units": 3}}]},
			"compile_config": {"optimizer": {"module": "keras.optimizers", "class_name": "Adam", "registered_name": null, "config": {"learning_rate": 0.25}}, "loss": "mse"}}`),
		"model.weights.h5": weights.Bytes(),
	} {
		w, err := z.Create(name)
		check(t, err)
		_, err = w.Write(content)
		check(t, err)
	}
	check(t, z.Close())
	m, err := glia.LoadBytes(file.Bytes())
	check(t, err)
	if m.Optimizer() == nil || m.Optimizer().LearningRate() != 0.25 {
		t.Fatalf("optimizer %v, want one with rate 0.25", m.Optimizer())
	}
	if _, err := m.Fit(blobs(t, 20, 4, 3).OneHot(3)); err != nil {
		t.Error(err)
	}
}

// TestLoadHint wants the error about a loss or a metric that is not registered, and about them
// alone, to say what helps.
func TestLoadHint(t *testing.T) {
	const hint = "want losses and metrics of your own registered before Load, by Register; glia.WithoutCompile loads"
	for config, want := range map[string]bool{
		`"loss": "own_mse"`:                       true,
		`"loss": "mse", "metrics": ["own_error"]`: true,
		`"loss": "mse", "optimizer_config": {"class_name": "OwnSGD", "config": {}}`: false,
	} {
		h := hdf5.NewWriter()
		root := h.Root()
		root.SetAttr("model_config", `{"class_name": "Sequential", "config": {"name": "s", "layers": [
			{"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [null, 2]}}, {"class_name": "Flatten", "config": {"name": "f"}}]}}`)
		if want {
			config += `, "optimizer_config": {"class_name": "SGD", "config": {}}`
		}
		root.SetAttr("training_config", "{"+config+"}")
		root.Group("model_weights").SetAttr("layer_names", []string{})
		var file bytes.Buffer
		_, err := h.WriteTo(&file)
		check(t, err)
		_, err = glia.LoadBytes(file.Bytes())
		missing := (*keras.MissingError)(nil)
		if !errors.As(err, &missing) || strings.Contains(err.Error(), hint) != want {
			t.Errorf("%s: error %v, with a hint: %v", config, err, want)
		}
		_, err = glia.LoadBytes(file.Bytes(), glia.WithoutCompile)
		check(t, err)
	}
}

// TestLoadWithoutState loads a file whose optimizer lists a variable that it does not
// hold, as Keras's Adafactor leaves behind. The model in it is whole.
func TestLoadWithoutState(t *testing.T) {
	h := hdf5.NewWriter()
	root := h.Root()
	root.SetAttr("model_config", `{"class_name": "Sequential", "config": {"name": "s", "layers": [
		{"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [null, 2]}}, {"class_name": "Flatten", "config": {"name": "f"}}]}}`)
	root.SetAttr("training_config", `{"optimizer_config": {"class_name": "Adam", "config": {}}, "loss": "mse"}`)
	root.Group("model_weights").SetAttr("layer_names", []string{})
	root.Group("optimizer_weights").SetAttr("weight_names", []string{"adam/iteration"})
	var file bytes.Buffer
	_, err := h.WriteTo(&file)
	check(t, err)
	_, err = glia.LoadBytes(file.Bytes())
	if want := "the optimizer's state is damaged: optimizer_weights: "; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
	_, err = glia.LoadBytes(file.Bytes(), glia.WithoutCompile)
	check(t, err)
}

// TestOddNames saves models and layers whose names are those of other things in the
// files, or hard to write. A saved model is loaded; a name that a format cannot store is an
// error.
func TestOddNames(t *testing.T) {
	refused := map[string]string{"top_level_model_weights": "m.h5", "a:b": "m.npz", ".": "m.h5 m.npz", "..": "m.npz", `a\b`: "m.npz", "a\x00b": "all", "\xff": "all"}
	for _, name := range []string{"vars", "layers", "optimizer", "glia", "model_weights", "top_level_model_weights", "seed_generator",
		"dense_1", "a b", "a:b", "ünï", ".", "..", `a\b`, "a\x00b", "\xff", strings.Repeat("x", 300)} {
		layer := glia.Sequential(nn.Input(2), nn.Dense(3, nn.Name(name)), nn.Dense(2), nn.Dense(1))
		inner := nn.Sequential(nn.Dense(3), nn.Dense(2))
		inner.Name = name
		whole := nn.Sequential(nn.Input(2), nn.Dense(3), nn.Dense(1))
		whole.Name = name
		for where, m := range map[string]*glia.Model{"layer": layer, "network": glia.Sequential(nn.Input(2), inner, nn.Dense(1)), "model": glia.New(whole)} {
			check(t, m.Compile(optim.Adam(0.1), loss.MeanSquaredError()))
			for _, file := range []string{"m.keras", "m.h5", "m.weights.h5", "m.safetensors", "m.npz"} {
				path := filepath.Join(t.TempDir(), file)
				save, load := m.Save, func() (*glia.Model, error) { return glia.Load(path) }
				if file != "m.keras" && file != "m.h5" {
					save, load = m.SaveWeights, func() (*glia.Model, error) {
						for _, v := range m.Network().Vars() {
							check(t, v.Set(tensor.NewSpec(v.Spec())))
						}
						return m, m.LoadWeights(path)
					}
				}
				want := values(m)
				err := save(path)
				if err != nil && (refused[name] == "all" || strings.Contains(refused[name], file)) {
					continue
				}
				if err != nil {
					t.Errorf("%s %q: %v", where, name, err)
					continue
				}
				if got, err := load(); err != nil || values(got) != want {
					t.Errorf("%s %q in %s: other weights (%v)", where, name, file, err)
				}
			}
		}
	}
}

// values are the bytes of all weights.
func values(m *glia.Model) string {
	var b strings.Builder
	for _, v := range m.Network().Vars() {
		b.Write(v.Tensor().Bytes())
	}
	return b.String()
}

// TestWeightsByOrder wants to be told that a file has no order, or too many ways,
// even where what does not fit is skipped.
func TestWeightsByOrder(t *testing.T) {
	m := glia.Sequential(nn.Input(2), nn.Dense(3), nn.Dense(1))
	check(t, m.Compile(optim.SGD(0.1), loss.MeanSquaredError()))
	dir := t.TempDir()
	for file, want := range map[string]string{"m.npz": "", "m.safetensors": "by order: a .safetensors file", "m.weights.h5": "by order: a .weights.h5 file"} {
		path := filepath.Join(dir, file)
		check(t, m.SaveWeights(path))
		other := glia.Sequential(nn.Input(2), nn.Dense(3, nn.Name("a")), nn.Dense(1, nn.Name("b")))
		err := other.LoadWeights(path, glia.ByOrder, glia.SkipMismatch(nil))
		switch {
		case want == "" && (err != nil || values(other) != values(m)):
			t.Errorf("%s: other weights (%v)", file, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: error %v, want %q", file, err, want)
		}
		if err := other.LoadWeights(path, glia.ByOrder, glia.ByName); err == nil || !strings.Contains(err.Error(), "options ByName and ByOrder: want one of them") {
			t.Errorf("error is %v", err)
		}
	}
}
