package keras_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// The files of one model.
var realFiles = []string{"model.keras", "model.h5", "model.weights.h5"}

// TestRealKeras has Keras train models of all that glia has, and glia go on with them
// from files; then glia trains most of these and models of its own, and Keras goes on.
// Both ways predictions, loss, metrics and the weights after one more step agree.
func TestRealKeras(t *testing.T) {
	run := python(t)
	from, to := t.TempDir(), t.TempDir()
	inParts(t, func(part string) error { return run("testdata/realkeras.py", "write", from, part) })
	ours := ownModels(t)
	used := map[string]bool{}
	for _, name := range foldersIn(t, from) {
		m, err := glia.Load(filepath.Join(from, name, "model.keras"))
		if lacksAll(err) {
			continue // as it must
		}
		io := checkFolder(t, filepath.Join(from, name))
		if err != nil {
			continue // as was told
		}
		noteNames(t, filepath.Join(from, name, "model.keras"), used)
		if kind, _, _ := strings.Cut(name, " "); !slices.Contains([]string{"loss", "metrics", "regularizer"}, kind) {
			ours = append(ours, realModel{"theirs " + name, m, listed(io, "x"), listed(io, "y"), io["eval"] != nil && io["next_0"] == nil})
		}
	}
	checkClasses(t, filepath.Join(from, "said0.json"), used)
	for _, m := range ours {
		if err := m.write(filepath.Join(to, m.name)); err != nil {
			t.Errorf("%s: %v", m.name, err)
			os.RemoveAll(filepath.Join(to, m.name))
		}
	}
	inParts(t, func(part string) error { return run("testdata/realkeras.py", "check", to, part) })
	for i := range parts {
		for _, r := range said[[]row](t, filepath.Join(to, fmt.Sprintf("said%d.json", i))) {
			t.Errorf("in Keras: %s: %s", r.Name, r.Why)
		}
	}
	t.Logf("%d models, %d back", len(foldersIn(t, from)), len(ours))
}

// parts is how many processes share the work: Keras takes half a second for a model.
var parts = min(8, max(2, runtime.NumCPU()))

// inParts calls f for every part at once.
func inParts(t *testing.T, f func(part string) error) {
	t.Helper()
	errs := make(chan error, parts)
	for i := range parts {
		go func() { errs <- f(fmt.Sprintf("%d/%d", i, parts)) }()
	}
	for range parts {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
}

// makers make what Keras has by classes. Most want settings, which matters to none.
var makers = map[string]func(name string) error{
	"layer":       func(name string) error { _, err := nn.LayerFromConfig(name, nil); return err },
	"optimizer":   func(name string) error { _, err := optim.FromConfig(name, nil); return err },
	"loss":        func(name string) error { _, err := loss.FromConfig(name, nil); return err },
	"metric":      func(name string) error { _, err := metric.FromConfig(name, nil); return err },
	"schedule":    func(name string) error { return json.Unmarshal(quoted(name), new(optim.Schedule)) },
	"initializer": func(name string) error { return json.Unmarshal(quoted(name), new(nn.Initializer)) },
	"regularizer": func(name string) error { return json.Unmarshal(quoted(name), new(nn.Regularizer)) },
	"activation":  func(name string) error { return json.Unmarshal(fmt.Appendf(nil, "%q", name), new(nn.Activation)) },
}

// lacksAll reports whether an error lists unsupported classes, none of which glia supports.
func lacksAll(err error) bool {
	var m *keras.MissingError
	return errors.As(err, &m) && !slices.ContainsFunc(m.Items, func(item keras.Missing) bool {
		make := makers[item.Kind]
		if make == nil {
			return item.Kind != "option" // of a class
		}
		e := make(item.Name)
		return !lacks(e, item.Name) && !lacks(e, strings.ToLower(item.Name))
	})
}

func foldersIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

func said[T any](t *testing.T, path string) (v T) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

// checkFolder goes on with a model of Keras's from each of its files.
func checkFolder(t *testing.T, dir string) map[string]*tensor.Tensor {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "io.npz"))
	if err != nil {
		t.Fatal(err)
	}
	io := arrays(t, b)
	for _, file := range realFiles {
		if _, err := os.Stat(filepath.Join(dir, file)); errors.Is(err, fs.ErrNotExist) && noH5(dir) {
			continue
		}
		m, err := loadReal(dir, file)
		if err == nil {
			err = checkPredictions(m, io)
		}
		switch {
		case err != nil:
		case (m.Optimizer() != nil) != (io["eval"] != nil):
			err = fmt.Errorf("compiled: %v", m.Optimizer() != nil)
		case m.Optimizer() != nil && file != "model.weights.h5":
			err = checkTraining(m, io)
		}
		if err != nil {
			t.Errorf("%s: %s: %v", filepath.Base(dir), file, err)
		}
	}
	return io
}

// noH5 reports whether a model is one that Keras cannot keep in an .h5 file, or may not.
func noH5(dir string) bool {
	name := filepath.Base(dir)
	return slices.ContainsFunc([]string{"Adafactor", "Lamb", "bfloat16"}, func(end string) bool { return strings.HasSuffix(name, end) }) ||
		slices.ContainsFunc([]string{"with a mask", "Rand", "AugMix", "Solarization", "AutoContrast", "Equalization", "Resizing"}, func(part string) bool { return strings.Contains(name, part) })
}

// loadReal loads a file. Weights alone go into the model of the .keras file, whose own
// are forgotten.
func loadReal(dir, file string) (*glia.Model, error) {
	if file != "model.weights.h5" {
		return glia.Load(filepath.Join(dir, file))
	}
	m, err := glia.Load(filepath.Join(dir, "model.keras"))
	if err != nil {
		return nil, err
	}
	for _, v := range m.Network().Vars() {
		v.Clear()
	}
	return m, m.LoadWeights(filepath.Join(dir, file))
}

// noteNames notes every string in the config of a .keras file.
func noteNames(t *testing.T, path string, used map[string]bool) {
	t.Helper()
	for _, part := range strings.Split(string(unzip(t, path)["config.json"]), `"`) {
		used[part] = true
	}
}

// checkClasses checks that there was a model of every class of Keras's that glia has.
func checkClasses(t *testing.T, path string, used map[string]bool) {
	classes := said[map[string][]string](t, path)
	for kind, make := range makers {
		n := 0
		for _, name := range classes[kind] {
			if err := make(name); lacks(err, name) || lacks(err, strings.ToLower(name)) {
				continue
			}
			n++
			if name == "Equalization" || name == "TextVectorization" {
				// Keras 3.15.1 takes the one for a part of a cycle in a model whose input it knows; of
				// the other it has models on TensorFlow alone (see TestTexts).
				continue
			}
			if !used[name] && !used[nn.SnakeCase(name)] {
				t.Errorf("%s %s: glia has it, and testdata/realkeras.py no model of it", kind, name)
			}
		}
		if n == 0 {
			t.Errorf("glia has no %s of Keras's %d", kind, len(classes[kind]))
		}
	}
}

func quoted(class string) []byte {
	return fmt.Appendf(nil, `{"class_name": %q, "config": {}}`, class)
}

// lacks reports whether an error says that glia has no class of a name.
func lacks(err error, name string) bool {
	var m *vocab.MissingError
	return errors.As(err, &m) && len(m.Items) == 1 && m.Items[0].Name == name && m.Items[0].At == ""
}

// realModel is a model that glia trains and saves.
type realModel struct {
	name string
	*glia.Model
	x, y   []*tensor.Tensor
	random bool // a step draws random numbers
}

// write trains the model and writes a folder as testdata/realkeras.py does.
func (m realModel) write(dir string) (err error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	ds, err := setOf(m.x, m.y)
	if err != nil {
		return err
	}
	io := map[string]*tensor.Tensor{}
	note := func(name string, tensors []*tensor.Tensor) {
		for i, t := range tensors {
			io[fmt.Sprintf("%s_%d", name, i)] = t
		}
	}
	note("x", m.x)
	note("y", m.y)
	step := func() error {
		_, err := m.Fit(ds, glia.Epochs(1), glia.BatchSize(glia.FullBatch), glia.InOrder)
		return err
	}
	if m.Optimizer() != nil {
		if err := step(); err != nil {
			return err
		}
	}
	out, err := m.PredictAll(m.x...)
	if err != nil {
		return err
	}
	note("out", out)
	for _, file := range realFiles {
		if file == "model.h5" && noH5(dir) && !strings.HasSuffix(dir, "bfloat16") { // glia's has float32
			continue
		}
		save := m.Save
		if file == "model.weights.h5" {
			save = m.SaveWeights
		}
		if err := save(filepath.Join(dir, file)); err != nil {
			return err
		}
	}
	if m.Optimizer() != nil {
		res, err := m.Evaluate(ds)
		if err != nil {
			return err
		}
		numbers := []float64{res.Loss}
		for _, x := range res.Metrics {
			numbers = append(numbers, x.Value)
		}
		io["eval"] = tensor.Of(numbers...)
		if !m.random {
			if err := step(); err != nil {
				return err
			}
			for i, v := range m.Network().Vars() {
				io[fmt.Sprintf("next_%d", i)] = v.Tensor()
			}
		}
	}
	return writeArrays(filepath.Join(dir, "io.npz"), io)
}

// writeArrays writes an .npz, with numbers that NumPy lacks as float64.
func writeArrays(path string, all map[string]*tensor.Tensor) error {
	var b bytes.Buffer
	a := npy.NewArchiveWriter(&b)
	for name, t := range all {
		if t.DType() == tensor.BFloat16 {
			t = t.AsType(tensor.Float64)
		}
		if err := a.Add(name, t); err != nil {
			return err
		}
	}
	if err := a.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// forked returns a network with two inputs and outputs, whose layers and networks are
// applied more than once.
func forked() *nn.Network {
	column := nn.Input(4, 1)
	column.Name = "b"
	a, b := nn.Apply(nn.Input(4)), nn.Apply(column)
	inner := nn.Apply(nn.Input(4))
	shared := nn.Dense(4, nn.Tanh, nn.Name("shared"))
	net := nn.Functional([]*nn.Symbol{inner}, []*nn.Symbol{nn.Apply(shared, inner), nn.Apply(nn.Dense(3), inner)})
	p := nn.ApplyAll(2, net, a)
	q := nn.ApplyAll(2, net, nn.Apply(nn.Flatten(), b))
	one := nn.Apply(nn.Dense(3, nn.Softmax, nn.Name("one")), nn.Apply(nn.Concatenate(), p[0], q[0], a))
	deep := nn.Sequential(nn.Dense(5, nn.ReLU), nn.Dense(3))
	two := nn.Apply(nn.Dense(3, nn.Softmax, nn.Name("two")), nn.Apply(nn.Add(), nn.Apply(deep, q[1]), p[1]))
	return nn.Functional([]*nn.Symbol{a, b}, []*nn.Symbol{one, two})
}

// ownModels returns models made in glia: with names given and found, frozen layers,
// networks among layers, every optimizer and its switches.
func ownModels(t *testing.T) []realModel {
	deep := func() []nn.Layer {
		return []nn.Layer{
			nn.Input(2, 2), nn.Flatten(), nn.Dense(6, nn.ReLU, nn.Name("first"), nn.KernelRegularizer(nn.L1L2(0.01, 0.02))), nn.Dropout(0),
			nn.Sequential(nn.Dense(4, nn.Tanh, nn.Frozen), nn.Sequential(nn.Dense(4, nn.Name("inner")), nn.LeakyReLU), nn.Dense(4)),
			nn.Dense(4, nn.NoBias), nn.ELU, nn.Dense(3, nn.Softmax, nn.ActivityRegularizer(nn.L2(0.01))),
		}
	}
	cce := loss.CategoricalCrossentropy
	optimizers := map[string]optim.Optimizer{
		"sgd": optim.SGD(0.1), "sgd nesterov": optim.SGD(0.1, optim.Momentum(0.5), optim.Nesterov, optim.WeightDecay(0.01)),
		"adam": optim.Adam(0.01), "adam amsgrad": optim.Adam(0.01, optim.AMSGrad, optim.GlobalClipNorm(0.5)), "adamw": optim.AdamW(0.01, optim.Name("mine")),
		"rmsprop": optim.RMSprop(0.01), "rmsprop centered": optim.RMSprop(0.01, optim.Centered, optim.Momentum(0.5)),
		"schedule": optim.Adam(optim.CosineDecay(0.01, 10, optim.Warmup(3, 0.1))),
	}
	var all []realModel
	add := func(name string, random bool, net *nn.Network, o optim.Optimizer, l loss.Loss, metrics ...metric.Metric) {
		m := glia.New(net)
		if o == nil {
			o, l = optim.SGD(1), loss.MeanSquaredError()
			defer func() { all[len(all)-1].Model = glia.New(net) }()
		}
		if err := m.Compile(o, l, metrics...); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		in, _ := net.Declared()
		var x, y []*tensor.Tensor
		r := rand.New(rand.NewPCG(1, uint64(len(all))))
		for _, s := range in {
			t := tensor.NewSpec(tensor.Spec{DType: tensor.Float32, Shape: s.Shape.With(0, 8)})
			for i := range tensor.Data[float32](t) {
				tensor.Data[float32](t)[i] = float32(r.NormFloat64())
			}
			x = append(x, t)
		}
		for range net.OutputNames() {
			t := tensor.New(tensor.Float32, 8, 3)
			for i := range 8 {
				tensor.Data[float32](t)[3*i+r.IntN(3)] = 1
			}
			y = append(y, t)
		}
		all = append(all, realModel{"ours " + name, m, x, y, random})
	}
	for name, o := range optimizers {
		add(name, false, nn.Sequential(deep()...), o, cce(), metric.Accuracy(), metric.F1Score(metric.Macro))
	}
	add("graph", false, forked(), optim.Adam(0.01), loss.PerOutput(loss.For("one", cce()), loss.For("two", loss.MeanSquaredError()).Weighted(0.5)),
		metric.Accuracy(), metric.For("one", metric.F1Score(metric.Macro)))
	add("graph with one loss", false, forked(), optim.Adam(0.01), cce())
	half := forked()
	half.Layers()[slices.Index(half.Names(), "functional")].(*nn.Network).Frozen = true
	add("graph half frozen", false, half, optim.SGD(0.1, optim.Momentum(0.5)), loss.PerOutput(loss.For("two", loss.MeanSquaredError())))
	frozen := nn.Sequential(deep()...)
	frozen.Layers()[4].(*nn.Network).Frozen = true
	frozen.Name = "whole"
	add("frozen", false, frozen, optim.Adam(0.01), cce(loss.LabelSmoothing(0.1)))
	add("random", true, nn.Sequential(nn.Input(4), nn.Dense(4), nn.Dropout(0.5), nn.GaussianNoise(0.5), nn.GaussianDropout(0.5), nn.Dense(3, nn.Softmax)), optim.Adam(0.01), cce())
	add("not compiled", false, nn.Sequential(deep()...), nil, nil)
	for _, p := range []nn.DTypePolicy{nn.MixedBFloat16, nn.MixedFloat16, nn.Float64} {
		mixed := nn.Sequential(nn.Input(4), nn.Dense(6, nn.LeakyReLUSlope(0.1), nn.KernelRegularizer(nn.L2(0.01))),
			nn.Sequential(nn.Dense(5, nn.Tanh, nn.Float32), nn.ReLUWith(0.1, 6, 0), nn.Dense(4, nn.ActivityRegularizer(nn.L2(0.01)))), nn.Dense(3), nn.Softmax.Layer(nn.Float32))
		mixed.DType = p
		add(fmt.Sprintf("policy %s inside", p), false, mixed, optim.SGD(0.1), cce(), metric.CategoricalAccuracy())
	}
	slices.SortFunc(all, func(a, b realModel) int { return strings.Compare(a.name, b.name) })
	return all
}
