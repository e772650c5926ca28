package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// foreign is the config of a model with unsupported parts, as Keras writes it.
const foreign = `{"module": "keras", "class_name": "Sequential", "registered_name": "Sequential", "config": {"name": "sequential", "trainable": true, "layers": [
	{"module": "keras.layers", "class_name": "InputLayer", "registered_name": null, "config": {"batch_shape": [null, 8, 8, 1], "dtype": "float32", "name": "in"}},
	{"module": "keras.layers", "class_name": "Capsule2D", "registered_name": null, "config": {"name": "capsule", "trainable": true, "filters": 2, "kernel_initializer": {"module": "keras.initializers", "class_name": "Prime", "config": {}, "registered_name": null}}, "build_config": {"input_shape": [null, 8, 8, 1]}},
	{"module": "keras", "class_name": "Sequential", "registered_name": "Sequential", "config": {"name": "inner", "trainable": true, "layers": [
		{"module": "keras.layers", "class_name": "Flatten", "registered_name": null, "config": {"name": "flat", "trainable": true}, "build_config": {"input_shape": [null, 6, 6, 2]}},
		{"module": "my_package", "class_name": "Gate", "registered_name": "my_package>Gate", "config": {"name": "gate"}}
	]}, "build_config": {"input_shape": [null, 6, 6, 2]}},
	{"module": "keras.layers", "class_name": "Capsule2D", "registered_name": null, "config": {"name": "capsule_1"}}
]}, "compile_config": {"optimizer": {"module": "keras.optimizers", "class_name": "Newton", "config": {}, "registered_name": null}, "loss": "mse"}}`

func writeForeign(w io.Writer) error {
	h := hdf5.NewWriter()
	add := func(place, layer string, x ...*tensor.Tensor) {
		g := h.Root().Group(place + "/vars")
		g.SetAttr("name", layer)
		for i, t := range x {
			g.Dataset(string(rune('0'+i)), t)
		}
	}
	add("layers/capsule2d", "capsule", tensor.New(tensor.Float32, 3, 3, 1, 2), tensor.New(tensor.Float32, 2))
	add("layers/sequential/layers/gate", "gate", tensor.New(tensor.Float32, 72))
	add("layers/capsule2d_1", "capsule_1", tensor.New(tensor.Float16, 1000, 2))
	add("optimizer", "newton", tensor.Scalar[int64](3))
	var weights bytes.Buffer
	if _, err := h.WriteTo(&weights); err != nil {
		return err
	}
	z := zip.NewWriter(w)
	for name, b := range map[string][]byte{
		"config.json": []byte(foreign), "metadata.json": []byte(`{"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}`), "model.weights.h5": weights.Bytes(),
	} {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = f.Write(b)
		}
		if err != nil {
			return err
		}
	}
	return z.Close()
}

// TestSummary compares what is printed of models that glia knows in whole, but for
// how they are trained, and hardly.
func TestSummary(t *testing.T) {
	_, whole := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(4), nn.Dense(3, nn.ReLU), nn.Dense(3, nn.Softmax))
	golden(t, "summary-whole", whole, must(t, "summary", whole))
	_, bare := saved(t, "m.h5", nil, nn.Input(4), nn.Dense(3, nn.ReLU))
	golden(t, "summary-bare", bare, must(t, "summary", bare))
	surprise := reworded(t, whole, "CategoricalCrossentropy", "Surprise")
	golden(t, "summary-untrained", surprise, must(t, "summary", surprise))
	frozen := reworded(t, whole, `"name":"dense","trainable":true`, `"name":"dense","trainable":false`)
	golden(t, "summary-frozen", frozen, must(t, "summary", frozen))
	unknown := create(t, "foreign.keras", writeForeign)
	golden(t, "summary-foreign", unknown, must(t, "summary", unknown))
}

// TestSummaryOfWhatFails lists the layers of a model that cannot be built, with the
// reason, and takes a state of the optimizer that does not fit for what it is.
func TestSummaryOfWhatFails(t *testing.T) {
	_, path := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(4), nn.Dropout(0.5), nn.Dense(3, nn.Softmax))
	full := reworded(t, path, `"rate":0.5`, `"rate":1.5`)
	status, out, errs := exec(t.Context(), "summary", full)
	if status != 1 || !strings.Contains(out, "dropout (Dropout)") || !strings.Contains(errs, "nn.Dropout: rate 1.5") {
		t.Errorf("status %d, stdout %s, stderr %s", status, out, errs)
	}
	frozen := reworded(t, path, `"name":"dense","trainable":true`, `"name":"dense","trainable":false`)
	to := filepath.Join(t.TempDir(), "m.h5")
	status, _, errs = exec(t.Context(), "convert", frozen, to)
	if status != 0 || !strings.Contains(errs, "the optimizer's state does not fit: layer adam: the file has 6 weights for it: want 2") || !strings.Contains(errs, "begins anew") {
		t.Errorf("status %d, stderr %s", status, errs)
	}
	if m, err := glia.Load(to); err != nil || m.Optimizer() == nil {
		t.Errorf("%v with optimizer %v", err, m.Optimizer())
	}
	if m, state, err := loadAnew(frozen); err != nil || state == nil || m.Optimizer() == nil {
		t.Errorf("state %v, error %v", state, err)
	}
}

// TestSummarySVG draws a network that branches, with a network in it, and keeps the file where
// there is nothing to draw.
func TestSummarySVG(t *testing.T) {
	in := nn.Apply(nn.Input(4))
	a := nn.Apply(nn.Sequential(nn.Dense(5, nn.Name("inner")), nn.Activation(nn.ReLU)).With(nn.Name("block")), in)
	out := nn.Apply(nn.Concatenate(), a, in)
	m := glia.Functional([]*nn.Symbol{in}, []*nn.Symbol{nn.Apply(nn.Dense(2, nn.Name("<last>")), out)})
	if _, err := m.Predict(tensor.New(tensor.Float32, 1, 4)); err != nil {
		t.Fatal(err)
	}
	path, to := filepath.Join(t.TempDir(), "m.keras"), filepath.Join(t.TempDir(), "m.svg")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	if out := must(t, "summary", path, "--svg", to); !strings.Contains(out, "Total params") {
		t.Errorf("output %s", out)
	}
	b, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"block/inner (Dense)", "block/activation (Activation)", "(None, 9)", "25 parameters", "&lt;last&gt; (Dense)"} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("%s, want %s in it", b, want)
		}
	}
	if edges := bytes.Count(b, []byte("marker-end")); edges != 5 {
		t.Errorf("%d edges in %s, want 5", edges, b)
	}
	status, _, errs := exec(t.Context(), "summary", create(t, "text.keras", func(w io.Writer) error { _, err := io.WriteString(w, "text"); return err }), "--svg", to)
	if after, err := os.ReadFile(to); status != 1 || err != nil || !bytes.Equal(after, b) {
		t.Errorf("status %d, stderr %s; the picture that was there changed: %v", status, errs, err)
	}
	if status, _, errs := exec(t.Context(), "summary", path, "--svg", filepath.Join(to, "x.svg")); status != 1 || !strings.HasPrefix(errs, "glia: --svg: ") {
		t.Errorf("status %d, stderr %s", status, errs)
	}
}
