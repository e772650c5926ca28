package glia_test

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// TestLoadNoFile loads what is no file. To open a pipe that nobody writes to would
// wait for ever.
func TestLoadNoFile(t *testing.T) {
	dir := t.TempDir()
	check(t, os.Mkdir(filepath.Join(dir, "dir.keras"), 0o777))
	wants := map[string]string{"dir.keras": "got a d---------, want a file", "none.keras": ""}
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
			case <-time.After(10 * time.Second):
				t.Fatalf("%s: no error within 10 s", name)
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
	if want := "the optimizer's state: optimizer_weights: "; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
	_, err = glia.LoadBytes(file.Bytes(), glia.WithoutCompile)
	check(t, err)
}
