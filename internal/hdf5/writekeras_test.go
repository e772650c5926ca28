package hdf5

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

// writeKerasModel is a program that loads the weights of a file into a model, of
// a layer for each dtype given, and prints them; then it saves them anew.
const writeKerasModel = `
import sys, hashlib, keras, numpy as np
model = keras.Sequential([keras.Input((3,))] + [keras.layers.Dense(3, dtype=d) for d in sys.argv[3:]])
model.load_weights(sys.argv[1])
for layer in model.layers:
    for w in layer.get_weights():
        print(layer.name, w.dtype.name, list(w.shape), w.tobytes().hex())
model.save_weights(sys.argv[2])
`

// TestWriteKeras lets Keras load weights, those of bfloat16 too, and compares the
// file that Keras writes of them.
func TestWriteKeras(t *testing.T) {
	python := writePython(t, writeKerasModel, "h5py", "keras", "jax")
	dtypes := []tensor.DType{tensor.Float32, tensor.BFloat16, tensor.Float16, tensor.Float64}
	r := newWriteRecorder()
	r.attr(r.Root().Group("vars"), "name", "sequential") // the model has no weights of its own
	var want, args []string
	for i, dt := range dtypes {
		name := "dense"
		if i > 0 {
			name = fmt.Sprint("dense_", i)
		}
		g := r.Root().Group("layers").Group(name).Group("vars")
		r.attr(g, "name", name)
		for j, w := range []*tensor.Tensor{writeNumbers(dt, 3, 3), writeNumbers(dt, 3)} {
			r.dataset(g, fmt.Sprint(j), w)
			dims := strings.ReplaceAll(w.Shape().String(), " ", ", ")
			want = append(want, fmt.Sprintf("%s %v %s %x", name, dt, dims, w.Bytes()))
		}
		args = append(args, dt.String())
	}
	name := r.saved(t, "glia.weights.h5")
	again := strings.TrimSuffix(name, "glia.weights.h5") + "keras.weights.h5"
	cmd := python(append([]string{name, again}, args...)...)
	cmd.Env = append(os.Environ(), "KERAS_BACKEND=jax", "JAX_ENABLE_X64=1", "JAX_PLATFORMS=cpu")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, cmd.Stderr)
	}
	got := strings.Split(strings.TrimSpace(string(out)), "\n")
	if !slices.Equal(got, want) {
		t.Errorf("Keras has loaded\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	file, err := os.ReadFile(again)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.check(file); err != nil {
		t.Errorf("the file that Keras has written of the same weights: %v", err)
	}
}
