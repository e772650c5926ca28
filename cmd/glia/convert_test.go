package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// weightsIn returns the names and bits of what a file holds.
func weightsIn(t *testing.T, path string) (names []string, bits map[string]string) {
	t.Helper()
	f, err := openModelFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	bits = map[string]string{}
	for _, list := range [][]*keras.Weight{f.Weights, f.Optimizer, f.Extra} {
		for _, w := range list {
			x, err := w.Tensor()
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, w.Path)
			bits[w.Path] = x.Spec().String() + string(x.Bytes())
		}
	}
	return names, bits
}

// TestConvert converts a trained model from every format into every other one.
func TestConvert(t *testing.T) {
	dir, data := t.TempDir(), tiny(t)
	whole := trainTiny(t, data, "m.keras", "--optimizer", "rmsprop")
	want := variables(t, whole)
	names := []string{"a.keras", "a.h5", "a.weights.h5", "a.safetensors", "a.npz", "a.weights.json"}
	for _, name := range names {
		out := must(t, "convert", whole, filepath.Join(dir, name))
		if !strings.HasPrefix(out, filepath.Join(dir, name)+" (") || !strings.Contains(out, "\n weights: 4 tensors, 9,550 numbers (37.30 KB)\n optimizer: 6 tensors, 9,552 numbers (") {
			t.Errorf("to %s: output %s", name, out)
		}
	}
	for _, from := range names {
		for _, to := range []string{"b.keras", "b.h5", "b.weights.h5", "b.safetensors", "b.npz", "b.weights.json"} {
			f, _ := keras.FormatOf(from)
			args := []string{"convert", "--quiet", filepath.Join(dir, from), filepath.Join(dir, to)}
			if !f.Whole() {
				args = append(args, "--model", whole)
			}
			must(t, args...)
			back := filepath.Join(dir, "back.keras")
			must(t, "convert", "--quiet", filepath.Join(dir, to), back, "--model", whole)
			if got := variables(t, back); !bytes.Equal(got, want) {
				t.Errorf("%s to %s and back: weights or the optimizer's state are others", from, to)
			}
		}
	}
	a, b := must(t, "evaluate", whole, "mnist", "--data", data), must(t, "evaluate", filepath.Join(dir, "back.keras"), "mnist", "--data", data)
	if behind(a, "\nTest:\n") != behind(b, "\nTest:\n") {
		t.Errorf("the converted model is tested as\n%swant\n%s", b, a)
	}
}

// TestConvertRaw copies weights without a model.
func TestConvertRaw(t *testing.T) {
	dir := t.TempDir()
	whole := trainTiny(t, tiny(t), "m.keras")
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "convert", whole, path("a.weights.h5"))
	must(t, "convert", whole, path("a.safetensors"))
	for _, c := range [][2]string{
		{"a.weights.h5", "b.safetensors"}, {"b.safetensors", "c.npz"}, {"c.npz", "d.weights.h5"}, {"d.weights.h5", "e.weights.h5"},
		{"a.safetensors", "f.npz"}, {"f.npz", "g.safetensors"},
	} {
		must(t, "convert", path(c[0]), path(c[1]))
		_, want := weightsIn(t, path(c[0]))
		names, got := weightsIn(t, path(c[1]))
		for name := range want {
			if got[name] != want[name] {
				t.Errorf("%s to %s: %s is missing or another; there are %v", c[0], c[1], name, names)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s to %s: %d weights, want %d", c[0], c[1], len(got), len(want))
		}
	}
	m, err := glia.Load(whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.LoadWeights(path("d.weights.h5")); err != nil {
		t.Errorf("weights that came back do not load: %v", err)
	}
}

// TestConvertUnknown copies the weights of a model with an unsupported class.
func TestConvertUnknown(t *testing.T) {
	_, whole := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(4), nn.Dense(3, nn.Softmax))
	unknown := reworded(t, whole, `"Dense"`, `"Capsule"`)
	for _, name := range []string{"a.safetensors", "a.npz", "a.weights.h5"} {
		to := filepath.Join(t.TempDir(), name)
		status, _, errs := exec(t.Context(), "convert", unknown, to)
		if status != 0 || !strings.Contains(errs, "layer Capsule") || !strings.Contains(errs, "the weights are copied under the names that they have") {
			t.Fatalf("%s: status %d, stderr %s", name, status, errs)
		}
		_, want := weightsIn(t, unknown)
		if _, got := weightsIn(t, to); len(got) != len(want) || got["layers/dense/vars/0"] != want["layers/dense/vars/0"] {
			t.Errorf("%s: other weights than in the model", name)
		}
	}
	surprise := reworded(t, whole, "CategoricalCrossentropy", "Surprise")
	to := filepath.Join(t.TempDir(), "a.keras")
	status, _, errs := exec(t.Context(), "convert", surprise, to)
	if status != 0 || !strings.Contains(errs, "loss Surprise") || !strings.Contains(errs, "optimizer, loss and metrics are left out") {
		t.Fatalf("status %d, stderr %s", status, errs)
	}
	if m, err := glia.Load(to); err != nil || m.Optimizer() != nil {
		t.Errorf("error %v, want a model that is not compiled", err)
	}
}

// TestConvertFresh checks that a state of the optimizer is not made up of that of
// other weights.
func TestConvertFresh(t *testing.T) {
	dir := t.TempDir()
	whole := trainTiny(t, tiny(t), "m.keras")
	_, bare := saved(t, "m.keras", nil, nn.Input(28, 28), nn.Flatten(), nn.Dense(12, nn.ReLU), nn.Dense(10, nn.Softmax))
	weights, to := filepath.Join(dir, "bare.safetensors"), filepath.Join(dir, "to.keras")
	must(t, "convert", bare, weights)
	must(t, "convert", weights, to, "--model", whole)
	m, err := glia.Load(to)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range m.Optimizer().Vars() {
		if strings.HasSuffix(v.Path, "iteration") && v.Tensor().Item() != 0 {
			t.Errorf("%s is %v, want 0", v.Path, v.Tensor())
		}
	}
	must(t, "convert", weights, filepath.Join(dir, "to.npz"), "--model", whole)
	if names, _ := weightsIn(t, filepath.Join(dir, "to.npz")); strings.Contains(strings.Join(names, " "), "optimizer/") {
		t.Errorf("got %v, want no state of the optimizer", names)
	}
	state := filepath.Join(dir, "state.safetensors")
	must(t, "convert", whole, state)
	status, _, errs := exec(t.Context(), "convert", state, to, "--model", bare)
	if status != 0 || !strings.Contains(errs, "the optimizer's state is left out: the model of "+bare+" is not compiled") {
		t.Errorf("status %d, stderr %s", status, errs)
	}
}

func TestConvertFailures(t *testing.T) {
	dir := t.TempDir()
	_, whole := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(4), nn.Dense(3, nn.Softmax))
	_, other := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(4), nn.Dense(2, nn.Softmax))
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "convert", whole, path("a.safetensors"))
	must(t, "convert", whole, path("a.weights.h5"))
	empty := path("empty.npz")
	f, err := os.Create(empty)
	if err == nil {
		err = npy.NewArchiveWriter(f).Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	kept := path("kept.keras")
	if err := os.WriteFile(kept, []byte("what was there"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args    []string
		pattern string
	}{
		{[]string{path("a.safetensors"), kept}, `a .safetensors file of weights alone does not tell the layers of a model: want --model MODEL.keras`},
		{[]string{path("a.weights.h5"), kept}, `a .weights.h5 file of weights alone does not tell the layers`},
		{[]string{path("a.safetensors"), path("b.weights.h5")}, `sequential/dense/.*: where in a .weights.h5 it stands its name does not tell, as layers/dense/vars/0 does: want --model MODEL.keras`},
		{[]string{path("a.safetensors"), kept, "--model", other}, `(?s)a.safetensors to .*kept.keras: model .*m.keras: keras: weights do not fit the model.*float32\[4 3\]: want float32\[4 2\]`},
		{[]string{path("a.safetensors"), kept, "--model", path("a.weights.h5")}, `of weights alone: want one of a whole model`},
		{[]string{reworded(t, whole, `"Dense"`, `"Capsule"`), kept}, `layer Capsule: layers\[1\] dense`},
		{[]string{empty, path("b.safetensors")}, `got no weights`},
		{[]string{path("none.npz"), path("b.safetensors")}, `none.npz: no such file|cannot find`},
		{[]string{whole, filepath.Join(dir, "no", "b.npz")}, `cannot be written: no such file`},
		{[]string{whole, whole}, `are one file: want another name`},
	} {
		status, out, errs := exec(t.Context(), append([]string{"convert"}, c.args...)...)
		if status != 1 || out != "" || !regexp.MustCompile(c.pattern).MatchString(errs) {
			t.Errorf("convert %v: status %d, stdout %q, stderr %s, want status 1 and %s", c.args, status, out, errs, c.pattern)
		}
	}
	if b, err := os.ReadFile(kept); err != nil || string(b) != "what was there" {
		t.Errorf("the file holds %q, error %v, want what was there", b, err)
	}
}

// TestConvertDTypes keeps the types of weights.
func TestConvertDTypes(t *testing.T) {
	dir := t.TempDir()
	var entries []safetensors.Entry
	for _, d := range tensor.DTypes() {
		x := tensor.New(d, 2, 3)
		if err := x.SetFloat64s([]float64{0, 1, 2, 3, 4, 5}); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, safetensors.Entry{Name: "layers/" + d.String() + "/vars/0", Tensor: x})
	}
	a := filepath.Join(dir, "a.safetensors")
	var b bytes.Buffer
	if err := safetensors.Write(&b, entries, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	must(t, "convert", a, filepath.Join(dir, "b.weights.h5"))
	must(t, "convert", filepath.Join(dir, "b.weights.h5"), filepath.Join(dir, "c.npz"))
	must(t, "convert", filepath.Join(dir, "c.npz"), filepath.Join(dir, "d.safetensors"))
	_, want := weightsIn(t, a)
	_, got := weightsIn(t, filepath.Join(dir, "d.safetensors"))
	for name, w := range want {
		if got[name] != w {
			t.Errorf("%s: got %q, want %q", name, got[name], w)
		}
	}
}

// TestConvertDamaged finds damage of a weight as it is read, when much of the target is
// written: the former one stays as it was, and nothing beside it.
func TestConvertDamaged(t *testing.T) {
	_, whole := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(100), nn.Dense(100), nn.Dense(100))
	source := filepath.Join(t.TempDir(), "a.npz")
	must(t, "convert", whole, source)
	b, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	name := []byte("sequential/dense_1/kernel.npy")
	b[bytes.Index(b, name)+20000] ^= 1
	if err := os.WriteFile(source, b, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"to.keras", "to.h5", "to.weights.h5", "to.safetensors", "to.npz"} {
		dir := t.TempDir()
		for _, args := range [][]string{{"convert", source, filepath.Join(dir, to), "--model", whole}, {"convert", source, filepath.Join(dir, to)}} {
			if f, _ := keras.FormatOf(to); len(args) == 3 && f != keras.Safetensors && f != keras.NPZ {
				continue // asks for a model
			}
			if err := os.WriteFile(args[2], []byte("what was there"), 0o666); err != nil {
				t.Fatal(err)
			}
			status, out, errs := exec(t.Context(), args...)
			if want := `array "sequential/dense_1/kernel": zip: checksum error`; status != 1 || out != "" || !strings.Contains(errs, want) {
				t.Errorf("%v: status %d, stdout %q, stderr %s, want status 1 and %s", args, status, out, errs, want)
			}
			if b, err := os.ReadFile(args[2]); err != nil || string(b) != "what was there" {
				t.Errorf("%v: the file holds %.20q, error %v, want what was there", args, b, err)
			}
			if all, err := os.ReadDir(dir); err != nil || len(all) != 1 {
				t.Errorf("%v: the folder has %v, error %v, want the file alone", args, all, err)
			}
		}
	}
}

// TestConvertIntoModel converts weights to the dtype of the model that they are for, as
// loading them does.
func TestConvertIntoModel(t *testing.T) {
	_, whole := saved(t, "m.keras", nil, nn.Input(3), nn.Dense(2))
	kernel, err := tensor.FromSlice([]float64{1.0 / 3, -2, 1e-3, 65504, 0, 7}, 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, dt := range []tensor.DType{tensor.Float16, tensor.BFloat16, tensor.Float64} {
		from, to := filepath.Join(t.TempDir(), "a.npz"), filepath.Join(t.TempDir(), "b.safetensors")
		f, err := os.Create(from)
		if err != nil {
			t.Fatal(err)
		}
		a := npy.NewArchiveWriter(f)
		if err := errors.Join(a.Add("dense/kernel", kernel.AsType(dt)), a.Add("dense/bias", tensor.New(dt, 2)), a.Close(), f.Close()); err != nil {
			t.Fatal(err)
		}
		must(t, "convert", from, to, "--model", whole)
		want := kernel.AsType(dt).AsType(tensor.Float32)
		_, got := weightsIn(t, to)
		if w := want.Spec().String() + string(want.Bytes()); got["sequential/dense/kernel"] != w {
			t.Errorf("%v: got %q, want %q", dt, got["sequential/dense/kernel"], w)
		}
	}
}

// TestConvertByOrder takes the arrays that numpy.savez named itself.
func TestConvertByOrder(t *testing.T) {
	dir := t.TempDir()
	whole := trainTiny(t, tiny(t), "m.keras")
	path := func(name string) string { return filepath.Join(dir, name) }
	m, err := glia.Load(whole)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	a := npy.NewArchiveWriter(&b)
	for i, v := range m.Network().Vars() {
		if err := a.Add(fmt.Sprintf("arr_%d", i), v.Tensor()); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(a.Close(), os.WriteFile(path("a.npz"), b.Bytes(), 0o666)); err != nil {
		t.Fatal(err)
	}
	status, _, text := exec(t.Context(), "convert", path("a.npz"), path("b.keras"), "--model", whole)
	if status != 1 || !strings.Contains(text, `named "arr_0", "arr_1", "arr_2", "arr_3", as NumPy names those without a name: want --by-order, which`) {
		t.Errorf("status %d, error %s", status, text)
	}
	if status, _, text := exec(t.Context(), "convert", path("a.npz"), path("b.keras"), "--by-order"); status != 2 || !strings.Contains(text, "want --model") {
		t.Errorf("--by-order without --model: status %d, %s", status, text)
	}
	must(t, "convert", path("a.npz"), path("b.keras"), "--model", whole, "--by-order")
	got, err := glia.Load(path("b.keras"))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range m.Network().Vars() {
		if w := got.Network().Vars()[i]; !bytes.Equal(v.Tensor().Bytes(), w.Tensor().Bytes()) {
			t.Errorf("%s has other values", v.Path)
		}
	}
}

// TestConvertShards copies weights into shards and back without a model.
func TestConvertShards(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	whole := trainTiny(t, tiny(t), "m.keras")
	must(t, "convert", whole, path("a.weights.h5"))
	out := must(t, "convert", path("a.weights.h5"), path("b.weights.json"), "--max-shard-size", "4e-5") // 42,950 bytes
	if !strings.HasPrefix(out, path("b.weights.json")+" (.weights.json, ") || !strings.Contains(out, "\n weights: 4 tensors, 9,550 numbers (37.30 KB)\n") {
		t.Errorf("output is %s", out)
	}
	if names, err := filepath.Glob(path("b_0000?.weights.h5")); err != nil || len(names) < 3 {
		t.Errorf("shards are %q (%v), want three or more", names, err)
	}
	must(t, "convert", path("b.weights.json"), path("c.weights.h5"))
	must(t, "convert", path("a.weights.h5"), path("copy.weights.h5"))
	want, err := os.ReadFile(path("copy.weights.h5"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path("c.weights.h5")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("there and back the file differs (%v)", err)
	}
	out = must(t, "inspect", path("b.weights.json"))
	if !strings.Contains(out, "b_00001.weights.h5") || !strings.Contains(out, "layers") {
		t.Errorf("inspect says\n%s", out)
	}
	for want, args := range map[string][]string{
		"are one file: want another name":                   {path("b.weights.json"), path("b_00000.weights.h5")},
		"a .weights.h5 file has no shards":                  {path("b.weights.json"), path("d.weights.h5"), "--max-shard-size", "1"},
		"--max-shard-size -1: want a positive number of GB": {path("a.weights.h5"), path("d.weights.json"), "--max-shard-size", "-1"},
		"want shards of so many, got 42":                    {path("a.weights.h5"), path("d.weights.json"), "--max-shard-size", "4e-8"},
	} {
		if status, _, text := exec(t.Context(), append([]string{"convert"}, args...)...); status == 0 || !strings.Contains(text, want) {
			t.Errorf("%q: status %d, %s, want %s", args, status, text, want)
		}
	}
}
