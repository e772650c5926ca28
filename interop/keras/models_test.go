package keras_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/tensor"
)

// TestModels loads models that Keras wrote and compares what they predict, and how
// their optimizers go on, with what Keras computed. It reads the archives that
// GLIA_KERAS_MODELS names, separated as the system separates paths; by default
// keras-models-open.tar.gz in GLIA_DATA or beside the repository.
func TestModels(t *testing.T) {
	archives := modelArchives()
	if len(archives) == 0 {
		t.Skip("no archive of models: GLIA_KERAS_MODELS and GLIA_DATA name none")
	}
	models, apps := verdicts{}, verdicts{}
	for _, a := range archives {
		files := readTar(t, a)
		for _, name := range casesOf(files, "models/", "/meta.json") {
			models.note(t, name, func() (string, error) { return checkModel(files, "models/"+name+"/") })
		}
		for _, name := range casesOf(files, "apps/", ".json") {
			apps.note(t, "apps/"+name, func() (string, error) { return checkApp(files["apps/"+name+".json"]) })
		}
	}
	if len(apps) > 0 {
		fmt.Printf("keras-apps: %v\n", apps)
	}
	fmt.Printf("keras-models: %v\n", models)
}

func modelArchives() []string {
	if list := os.Getenv("GLIA_KERAS_MODELS"); list != "" {
		return filepath.SplitList(list)
	}
	for _, dir := range []string{os.Getenv("GLIA_DATA"), filepath.Join("..", "..", "..", "shared", "data")} {
		name := filepath.Join(dir, "keras-models-open.tar.gz")
		if _, err := os.Stat(name); dir != "" && err == nil {
			return []string{name}
		}
	}
	return nil
}

// verdicts counts cases by how they ended.
type verdicts map[string]int

func (v verdicts) String() string {
	return fmt.Sprintf("pass %d refused %d wrong %d crash %d", v["pass"], v["refused"], v["wrong"], v["crash"])
}

// note runs a case and prints a line. A *keras.MissingError that check returned
// together with text is one that is right.
func (v verdicts) note(t *testing.T, name string, check func() (string, error)) {
	verdict := "crash"
	defer func() { v[verdict]++ }()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s: panic: %v", name, p)
		}
	}()
	text, err := check()
	var missing *keras.MissingError
	switch {
	case err == nil:
		verdict = "pass"
	case errors.As(err, &missing) && text != "":
		verdict = "refused"
	default:
		verdict, text = "wrong", err.Error()
		t.Errorf("%s: %v", name, err)
	}
	fmt.Printf("keras-models %-26s %-8s %s\n", name, verdict, text)
}

func readTar(t *testing.T, name string) map[string][]byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[path.Clean(h.Name)] = b
	}
}

// casesOf returns the sorted middle parts of names with that beginning and end.
func casesOf(files map[string][]byte, begin, end string) []string {
	var names []string
	for f := range files {
		if name, ok := strings.CutPrefix(f, begin); ok {
			if name, ok = strings.CutSuffix(name, end); ok && !strings.Contains(name, "/") {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// meta is what the archive tells of a model.
type meta struct {
	Params     int
	Weights    []weightMeta
	Layers     [][2]string
	Rtol, Atol float64
	Optimizer  *string
}

// weightMeta is a path, a shape and a dtype.
type weightMeta struct {
	path, dtype string
	shape       []int
}

func (w *weightMeta) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&w.path, &w.shape, &w.dtype})
}

// checkModel checks the files of one model.
func checkModel(files map[string][]byte, dir string) (string, error) {
	var m meta
	if err := json.Unmarshal(files[dir+"meta.json"], &m); err != nil {
		return "", err
	}
	if err := checkWeights(files, dir, m); err != nil {
		return "", fmt.Errorf("weights: %w", err)
	}
	loaded, err := glia.LoadBytes(files[dir+"model.keras"])
	if err != nil {
		return checkMissing(err, m)
	}
	io, err := npy.OpenArchive(bytes.NewReader(files[dir+"io.npz"]), int64(len(files[dir+"io.npz"])))
	if err != nil {
		return "", err
	}
	text, err := checkOutput(loaded, io, m)
	if err != nil {
		return "", fmt.Errorf("model.keras: %w", err)
	}
	if b := files[dir+"model_legacy.h5"]; b != nil {
		old, err := glia.LoadBytes(b)
		if err == nil {
			_, err = checkOutput(old, io, m)
		}
		if err == nil && m.Optimizer != nil {
			err = checkStep(old, io, m)
		}
		if err != nil {
			return "", fmt.Errorf("model_legacy.h5: %w", err)
		}
	}
	other, err := glia.LoadBytes(files[dir+"model.keras"])
	if err == nil {
		for _, v := range other.Network().Vars() {
			v.Clear()
		}
		err = other.LoadWeightsBytes(files[dir+"model.weights.h5"])
	}
	if err == nil {
		_, err = checkOutput(other, io, m)
	}
	if err != nil {
		return "", fmt.Errorf("model.weights.h5: %w", err)
	}
	if m.Optimizer != nil {
		if err := checkStep(loaded, io, m); err != nil {
			return "", fmt.Errorf("the optimizer's next step: %w", err)
		}
		text += ", next step of " + *m.Optimizer + " agrees"
	}
	return text, nil
}

// checkMissing checks that an error lists the classes that stand in the model and
// not in glia, and only those.
func checkMissing(err error, m meta) (string, error) {
	var missing *keras.MissingError
	if !errors.As(err, &missing) {
		return "", err
	}
	listed := map[string]bool{}
	for _, item := range missing.Items {
		if item.Kind == "layer" || item.Kind == "model" {
			listed[item.Name] = true
		}
	}
	var known []string
	for _, l := range m.Layers {
		if !listed[l[0]] {
			known = append(known, l[0])
		}
	}
	for _, class := range known {
		if !knows(class) {
			return "", fmt.Errorf("the error does not list layer class %s: %w", class, err)
		}
	}
	for class := range listed {
		if knows(class) {
			return "", fmt.Errorf("the error lists layer class %s, which glia has: %w", class, err)
		}
	}
	return "lacks " + strings.Join(sortedKeys(listed), ", "), err
}

// knows reports whether glia has a class of layers.
func knows(class string) bool {
	config := fmt.Sprintf(`{"class_name": "Sequential", "config": {"layers": [{"module": "keras.layers", "class_name": %q, "config": {}}]}}`, class)
	o, err := keras.ParseObject([]byte(config))
	if err == nil {
		_, err = keras.ReadModel(o, keras.Options{})
	}
	var missing *keras.MissingError
	return !errors.As(err, &missing) || !slices.ContainsFunc(missing.Items, func(m keras.Missing) bool { return m.Name == class })
}

func sortedKeys(m map[string]bool) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func checkOutput(m *glia.Model, io *npy.Archive, want meta) (string, error) {
	if trainable, fixed := m.Params(); trainable+fixed != want.Params {
		return "", fmt.Errorf("%d parameters, want %d", trainable+fixed, want.Params)
	}
	x, err := numbered(io, "input_%d", len(m.Network().InputNames()))
	if err != nil {
		return "", err
	}
	y, err := numbered(io, "output_%d", len(m.Network().OutputNames()))
	if err != nil {
		return "", err
	}
	got, err := m.PredictAll(x...)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("%d parameters, output", want.Params)
	for i := range y {
		if err := tensor.AllClose(got[i].AsType(tensor.Float64), y[i].AsType(tensor.Float64), want.Rtol, want.Atol); err != nil {
			return "", err
		}
		text += " " + got[i].Spec().String()
	}
	return text, nil
}

// numbered returns the first n tensors of a name with a number; there are no more.
func numbered(io *npy.Archive, name string, n int) (all []*tensor.Tensor, err error) {
	for i := range n {
		t, err := io.Tensor(fmt.Sprintf(name, i))
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	if _, err := io.Tensor(fmt.Sprintf(name, n)); err == nil {
		return nil, fmt.Errorf(name+": the model has %d", n, n)
	}
	return all, nil
}

// checkStep lets the optimizer, with the state that was loaded, take a step with
// given gradients.
func checkStep(m *glia.Model, io *npy.Archive, want meta) error {
	params := m.Network().Params()
	grads := make([]*tensor.Tensor, len(params))
	for i := range params {
		var err error
		if grads[i], err = io.Tensor(fmt.Sprintf("next_grad_%d", i)); err != nil {
			return err
		}
	}
	step := glia.Func(func(in ...*graph.Node) []*graph.Node {
		m.Optimizer().Apply(in[0].Graph(), in)
		return nil
	})
	if _, err := step.Call(grads...); err != nil {
		return err
	}
	for i, v := range params {
		w, err := io.Tensor(fmt.Sprintf("next_weight_%d", i))
		if err != nil {
			return err
		}
		if err := tensor.AllClose(v.Tensor(), w, want.Rtol, want.Atol*1e-2); err != nil {
			return fmt.Errorf("%s: %w", v.Path, err)
		}
	}
	return nil
}

// checkWeights reads every weight, known class or not. The older file holds the
// paths in order; the values of the others are the same.
func checkWeights(files map[string][]byte, dir string, m meta) error {
	var values []string
	if b := files[dir+"model_legacy.h5"]; b != nil {
		f, err := keras.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return err
		}
		for _, want := range m.Weights {
			w := keras.Find(f.Weights, want.path)
			if w == nil {
				return fmt.Errorf("model_legacy.h5: no %s", want.path)
			}
			if got := w.Spec; got.DType.String() != want.dtype || !slices.Equal(got.Shape.Slice(), want.shape) {
				return fmt.Errorf("model_legacy.h5: %s is %v, want %s%v", want.path, got, want.dtype, want.shape)
			}
		}
		if values, err = valuesOf(f.Weights); err != nil {
			return err
		}
	}
	for _, name := range []string{"model.keras", "model.weights.h5"} {
		b := files[dir+name]
		f, err := keras.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		got, err := valuesOf(f.Weights)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if values == nil {
			values = got
		}
		if !slices.Equal(got, values) {
			return fmt.Errorf("%s: %d weights that are not the %d of the other file", name, len(got), len(values))
		}
	}
	return nil
}

// valuesOf returns specs and values of weights, sorted, as text to compare.
func valuesOf(weights []*keras.Weight) ([]string, error) {
	var all []string
	for _, w := range weights {
		t, err := w.Tensor()
		if err != nil {
			return nil, err
		}
		all = append(all, fmt.Sprintf("%v %x", t.Spec(), t.Bytes()))
	}
	slices.Sort(all)
	return all, nil
}

// checkApp reads the config of a large model: some of its classes are unsupported, the
// outline shows every layer all the same.
func checkApp(b []byte) (string, error) {
	var app struct {
		Config json.RawMessage
		Layers []struct{ Name, Cls string }
	}
	if err := json.Unmarshal(b, &app); err != nil {
		return "", err
	}
	o, err := keras.ParseObject(app.Config)
	if err != nil {
		return "", err
	}
	outline, err := keras.Outline(o)
	if err != nil {
		return "", err
	}
	seen := map[[2]string]bool{}
	for _, l := range outline {
		seen[[2]string{l.Class, l.Name}] = true
	}
	var m meta
	for _, l := range app.Layers {
		if !seen[[2]string{l.Cls, l.Name}] {
			return "", fmt.Errorf("the outline lacks %s %s", l.Cls, l.Name)
		}
		m.Layers = append(m.Layers, [2]string{l.Cls, l.Name})
	}
	if _, err = keras.ReadModel(o, keras.Options{}); err == nil {
		return fmt.Sprintf("%d layers", len(outline)), nil
	}
	return checkMissing(err, m)
}
