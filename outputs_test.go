package glia_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/callback"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// forked returns a model of two inputs, of 3 and 2 numbers, and two outputs: "kind" of
// two classes, and "size", a number.
func forked() *glia.Model {
	a, b := nn.Apply(nn.Input(3)), nn.Apply(nn.Input(2))
	h := nn.Apply(nn.Dense(6, nn.Tanh), nn.Apply(nn.Concatenate(), a, b))
	kind := nn.Apply(nn.Dense(2, nn.Softmax, nn.Name("kind")), h)
	size := nn.Apply(nn.Dense(1, nn.Name("size")), h)
	return glia.Functional([]*nn.Symbol{a, b}, []*nn.Symbol{kind, size})
}

// forks returns samples for it.
func forks(t testing.TB, n int) *data.Memory {
	t.Helper()
	kinds := blobs(t, n, 3, 2).OneHot(2)
	more, size := tensor.New(tensor.Float32, n, 2), tensor.New(tensor.Float32, n, 1)
	x, y := tensor.Data[float32](more), tensor.Data[float32](size)
	for i := range y {
		x[2*i], x[2*i+1] = float32(i%5)/5, float32(i%7)/7
		y[i] = x[2*i] + 2*x[2*i+1]
	}
	second, err := data.New(more, nil)
	if err != nil {
		t.Fatal(err)
	}
	targets, err := data.New(nil, size)
	if err != nil {
		t.Fatal(err)
	}
	z, err := data.Zip(kinds, second, targets)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func forkedLosses() loss.Loss {
	return loss.PerOutput(loss.For("kind", loss.CategoricalCrossentropy()), loss.For("size", loss.MeanSquaredError()).Weighted(0.25))
}

func TestOutputs(t *testing.T) {
	m := forked()
	compile(t, m, optim.Adam(0.02), forkedLosses(), metric.For("kind", metric.Accuracy()), metric.FromLoss(loss.MeanAbsoluteError(loss.Name("mae"))),
		metric.WithWeights(metric.For("kind", metric.Accuracy())), metric.For("size", metric.WithWeights(metric.RootMeanSquaredError())))
	ds := forks(t, 40)
	h := fit(t, m, ds, glia.Epochs(60), glia.BatchSize(8), glia.Validate(ds))
	last := h.Epochs[59]
	var names []string
	for _, x := range last.Metrics {
		names = append(names, x.Name)
	}
	want := []string{"kind_loss", "size_loss", "kind_accuracy", "kind_mae", "size_mae", "kind_weighted_accuracy", "size_root_mean_squared_error"}
	if !slices.Equal(names, want) {
		t.Errorf("measured %v, want %v", names, want)
	}
	if last.Get("kind_accuracy") < 0.95 || last.Get("size_loss") > 0.05 {
		t.Errorf("training came to %+v", last.Result)
	}
	r := evaluate(t, m, ds)
	near(t, "loss", r.Loss, r.Get("kind_loss")+0.25*r.Get("size_loss"), 1e-6)
	near(t, "root of the error", r.Get("size_root_mean_squared_error"), math.Sqrt(r.Get("size_loss")), 1e-5)
	if v := last.Validation; math.Abs(v.Loss-r.Loss) > 1e-6 {
		t.Errorf("validation loss %v, Evaluate found %v", v.Loss, r.Loss)
	}
}

// TestOutputsOneByOne predicts each output as a network of its own does that shares the
// layers.
func TestOutputsOneByOne(t *testing.T) {
	a, b := nn.Apply(nn.Input(3)), nn.Apply(nn.Input(2))
	h := nn.Apply(nn.Dense(6, nn.Tanh), nn.Apply(nn.Concatenate(), a, b))
	kind, size := nn.Apply(nn.Dense(2, nn.Softmax), h), nn.Apply(nn.Dense(1), h)
	in := []*nn.Symbol{a, b}
	both := glia.Functional(in, []*nn.Symbol{kind, size})
	one, other := glia.Functional(in, []*nn.Symbol{kind}), glia.Functional(in, []*nn.Symbol{size})
	ds := forks(t, 300) // more than a batch of predictions
	var batch data.Batch
	if err := ds.Read(data.Permutation(300, 1, 1, nil), &batch); err != nil {
		t.Fatal(err)
	}
	all, err := both.PredictAll(batch.X...)
	if err != nil || len(all) != 2 || all[0].Spec() != tensor.S(tensor.Float32, 300, 2) || all[1].Spec() != tensor.S(tensor.Float32, 300, 1) {
		t.Fatalf("predicted %v (%v)", all, err)
	}
	for i, m := range []*glia.Model{one, other} {
		got, err := m.PredictAll(batch.X...)
		if err != nil || len(got) != 1 || !bytes.Equal(got[0].Bytes(), all[i].Bytes()) {
			t.Errorf("output %d by itself is another one (%v)", i, err)
		}
	}
}

// TestOutputWeights trains with sample weights: one for all outputs, and one for each.
func TestOutputWeights(t *testing.T) {
	ds := forks(t, 12)
	var b data.Batch
	if err := ds.Read([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, &b); err != nil {
		t.Fatal(err)
	}
	measure := func(w ...*tensor.Tensor) (kind, size, loss float64) {
		t.Helper()
		m := forked()
		compile(t, m, optim.SGD(0), forkedLosses())
		r, err := m.TestOnBatch(&data.Batch{X: b.X, Y: b.Y, Weight: w})
		if err != nil {
			t.Fatal(err)
		}
		return r.Get("kind_loss"), r.Get("size_loss"), r.Loss
	}
	two := tensor.New(tensor.Float32, 12)
	for i := range tensor.Data[float32](two) {
		tensor.Data[float32](two)[i] = 2
	}
	kind, size, loss := measure()
	for _, c := range []struct {
		w          []*tensor.Tensor
		kind, size float64
	}{{list(two), 2, 2}, {[]*tensor.Tensor{two, nil}, 2, 1}, {[]*tensor.Tensor{nil, two}, 1, 2}, {[]*tensor.Tensor{nil, nil}, 1, 1}} {
		k, s, l := measure(c.w...)
		near(t, "kind", k, c.kind*kind, 1e-6)
		near(t, "size", s, c.size*size, 1e-6)
		near(t, "loss", l, c.kind*kind+0.25*c.size*size, 1e-6)
	}
	near(t, "loss", loss, kind+0.25*size, 1e-6)
}

// TestOutputsInFiles saves, loads and resumes.
func TestOutputsInFiles(t *testing.T) {
	ds := forks(t, 20)
	m := forked()
	compile(t, m, optim.Adam(0.01), forkedLosses(), metric.For("kind", metric.Accuracy()), metric.WithWeights(metric.For("size", metric.RootMeanSquaredError())))
	fit(t, m, ds, glia.BatchSize(4))
	for _, name := range []string{"m.keras", "m.h5"} {
		path := filepath.Join(t.TempDir(), name)
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		back, err := glia.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := evaluate(t, m, ds), evaluate(t, back, ds); fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%s: evaluated to %v, before to %v", name, b, a)
		}
		again := forked()
		compile(t, again, optim.Adam(0.01), forkedLosses())
		if err := again.LoadWeights(path); err != nil || !bytes.Equal(weights(again), weights(m)) {
			t.Errorf("%s: other weights (%v)", name, err)
		}
		goOn := func(m *glia.Model) []byte {
			fit(t, m, ds, glia.BatchSize(4), glia.InOrder)
			return weights(m)
		}
		other, err := glia.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(goOn(back), goOn(other)) {
			t.Errorf("%s: training goes on in two ways", name)
		}
	}
}

func TestOutputsResume(t *testing.T) {
	ds := forks(t, 20)
	train := func(dir string, epochs int) (*glia.Model, *glia.History) {
		m := forked()
		compile(t, m, optim.Adam(0.01), forkedLosses(), metric.For("kind", metric.Accuracy()))
		stop := glia.Callback{OnEpochEnd: func(_ *glia.Model, e glia.Epoch) error {
			if e.Epoch == epochs && epochs < 4 {
				return fmt.Errorf("stopped")
			}
			return nil
		}}
		h, err := m.Fit(ds, glia.Epochs(4), glia.BatchSize(4), glia.Use(glia.BackupAndRestore(dir), stop))
		if (err != nil) != (epochs < 4) {
			t.Fatal(err)
		}
		return m, h
	}
	whole, h := train(t.TempDir(), 4)
	dir := t.TempDir()
	train(dir, 2)
	resumed, g := train(dir, 4)
	if !bytes.Equal(weights(whole), weights(resumed)) || historyOf(h) != historyOf(g) {
		t.Errorf("resumed to other weights, or to %v, want %v", historyOf(g), historyOf(h))
	}
}

func TestOutputsInLogs(t *testing.T) {
	ds := forks(t, 20)
	m := forked()
	compile(t, m, optim.Adam(0.01), forkedLosses(), metric.For("kind", metric.Accuracy()))
	path := filepath.Join(t.TempDir(), "log.csv")
	fit(t, m, ds, glia.Validate(ds), glia.Use(callback.CSVLogger(path), callback.EarlyStopping(callback.Monitor("val_kind_accuracy"))))
	text, err := os.ReadFile(path)
	if head, _, _ := strings.Cut(string(text), "\n"); err != nil || strings.TrimSpace(head) != "epoch,kind_accuracy,kind_loss,loss,size_loss,val_kind_accuracy,val_kind_loss,val_loss,val_size_loss" {
		t.Errorf("the log begins with %q (%v)", head, err)
	}
	_, err = m.Fit(ds, glia.Use(callback.EarlyStopping(callback.Monitor("accuracy"))))
	wants(t, "name of one output", err, `"accuracy".*want one of loss, kind_loss, size_loss, kind_accuracy`)
	for _, part := range []string{"concatenate (Concatenate)", "kind (Dense)", "(None, 5)"} {
		if !strings.Contains(m.Summary(), part) {
			t.Errorf("no %q in\n%s", part, m.Summary())
		}
	}
}

// TestCustomStepOfOutputs minimizes one output's loss by itself.
func TestCustomStepOfOutputs(t *testing.T) {
	ds := forks(t, 20)
	model := func(own bool) *glia.Model {
		m := forked()
		l := loss.Loss(loss.PerOutput(loss.For("kind", loss.CategoricalCrossentropy())))
		if own {
			m.TrainStep = func(s *glia.Step) (total *graph.Node, pred []*graph.Node) {
				pred = s.Call(s.X...)
				total = loss.Reduce(loss.CategoricalCrossentropy(), s.Y[0], pred[0], nil)
				s.Minimize(total)
				return total, pred
			}
			l = forkedLosses()
		}
		compile(t, m, optim.SGD(0.1), l)
		fit(t, m, ds, glia.Epochs(2), glia.BatchSize(5))
		return m
	}
	if !bytes.Equal(weights(model(true)), weights(model(false))) {
		t.Error("a step for one output trained otherwise than a loss for one")
	}
}

func TestOutputErrors(t *testing.T) {
	cce, sgd := loss.CategoricalCrossentropy(), func() optim.Optimizer { return optim.SGD(0.1) }
	wants(t, "unknown output", forked().Compile(sgd(), loss.PerOutput(loss.For("colour", cce))), `loss.PerOutput: no output is named "colour": want one of \["kind" "size"\]`)
	wants(t, "nil", forked().Compile(sgd(), loss.PerOutput(loss.For("kind", nil))), `the loss of output "kind" is nil`)
	wants(t, "twice", forked().Compile(sgd(), loss.PerOutput(loss.For("kind", cce), loss.For("kind", cce))), `output "kind" has two losses`)
	wants(t, "none", forked().Compile(sgd(), loss.PerOutput()), `loss.PerOutput of nothing`)
	wants(t, "weight", forked().Compile(sgd(), loss.PerOutput(loss.For("kind", cce).Weighted(math.NaN()))), `weight of output "kind" is NaN`)
	wants(t, "metric", forked().Compile(sgd(), cce, metric.For("colour", metric.Accuracy())), `is for output "colour": want one of \["kind" "size"\]`)
	wants(t, "metric twice", forked().Compile(sgd(), cce, metric.Accuracy(), metric.For("kind", metric.Accuracy())), `two metrics are named "kind_accuracy"`)
	wants(t, "name of a loss", forked().Compile(sgd(), cce, metric.For("kind", metric.Mean("loss", nil))), `two metrics are named "kind_loss"`)
	m := forked()
	compile(t, m, sgd(), forkedLosses())
	_, err := m.Fit(blobs(t, 8, 3, 2).OneHot(2))
	wants(t, "one input", err, `samples have 1 inputs: the model takes 2`)
	second, err := data.New(tensor.New(tensor.Float32, 8, 2), nil)
	if err != nil {
		t.Fatal(err)
	}
	z, err := data.Zip(blobs(t, 8, 3, 2).OneHot(2), second)
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Fit(z)
	wants(t, "one target", err, `samples have 1 targets: want one for each of the model's outputs, \["kind" "size"\]`)
	_, err = m.Fit(forks(t, 8), glia.ClassWeights(map[int]float64{0: 2}))
	wants(t, "class weights", err, `ClassWeights: outputs \["kind" "size"\] have a loss: want ClassWeightsFor one of them`)
	_, err = m.Predict(tensor.New(tensor.Float32, 8, 3))
	wants(t, "Predict", err, `samples have 1 inputs: the model takes 2`)
	_, err = m.PredictAll(tensor.New(tensor.Float32, 8, 3), tensor.New(tensor.Float32, 7, 2))
	wants(t, "lengths", err, `x are float32\[8 3\] and float32\[7 2\]: want first axes of the same length`)
	_, err = m.PredictAll(tensor.New(tensor.Float32, 8, 3), tensor.New(tensor.Float32, 8, 3))
	wants(t, "shape", err, `samples are \[3\] for input 1: the model takes \[2\]`)
	in := nn.Apply(nn.Input(3))
	split := glia.Functional([]*nn.Symbol{in}, []*nn.Symbol{nn.Apply(nn.Dense(1), in), nn.Apply(nn.Dense(2), in)})
	_, err = split.Predict(tensor.New(tensor.Float32, 8, 3))
	wants(t, "outputs", err, `the model has 2 outputs: want one; PredictAll returns all`)
}

// TestNoLossForAnOutput trains what one output needs, and nothing else.
func TestNoLossForAnOutput(t *testing.T) {
	m := forked()
	compile(t, m, optim.SGD(0.1), loss.PerOutput(loss.For("size", loss.MeanSquaredError())))
	before := map[string][]byte{}
	for _, v := range m.Network().Vars() {
		before[v.Path] = bytes.Clone(v.Tensor().Bytes())
	}
	h := fit(t, m, forks(t, 20))
	if len(h.Epochs[0].Metrics) != 0 {
		t.Errorf("measured %v, want the loss alone", h.Epochs[0].Metrics)
	}
	for _, v := range m.Network().Vars() {
		if same := bytes.Equal(before[v.Path], v.Tensor().Bytes()); same != strings.HasPrefix(v.Path, "kind/") {
			t.Errorf("%s: unchanged %v", v.Path, same)
		}
	}
}

// A penalty of a shared layer counts once, however many outputs depend on it.
func TestPenaltyOfShared(t *testing.T) {
	in := nn.Apply(nn.Input(2))
	shared := nn.Dense(2, nn.NoBias, nn.KernelInitializer(nn.Ones), nn.KernelRegularizer(nn.L2(1)))
	one, two := nn.Apply(shared, in), nn.Apply(shared, nn.Apply(nn.Lambda(ops.Neg), in))
	sum := nn.Apply(nn.Add(), one, two) // 0
	m := glia.Functional([]*nn.Symbol{in}, []*nn.Symbol{sum})
	compile(t, m, optim.SGD(0), loss.MeanSquaredError())
	r := evaluate(t, m, memory(t, of(t, []float32{1, 2, 3, 4}, 2, 2), tensor.New(tensor.Float32, 2, 2)))
	near(t, "loss", r.Loss, 4, 1e-6)
}

// TestNetworkBuiltBefore saves a model in which a network stands that was compiled for its
// own sake, and so has layers of the paths of others.
func TestNetworkBuiltBefore(t *testing.T) {
	model := func(trained bool) *glia.Model {
		in := nn.Apply(nn.Input(4))
		part := nn.Functional([]*nn.Symbol{in}, []*nn.Symbol{nn.Apply(nn.Dense(4), in)})
		if part.Name = "part"; trained {
			compile(t, glia.New(part), optim.SGD(0.1), loss.MeanSquaredError())
		}
		x := nn.Apply(nn.Input(4))
		m := glia.Functional([]*nn.Symbol{x}, []*nn.Symbol{nn.Apply(part, nn.Apply(nn.Dense(4), x))})
		compile(t, m, optim.Adam(0.01), loss.MeanSquaredError())
		return m
	}
	ds := memory(t, blobs(t, 20, 4, 2).X(), blobs(t, 20, 4, 2).X())
	m := model(true)
	fit(t, m, ds, glia.InOrder)
	state := func(m *glia.Model) string {
		var all []string
		for _, v := range append(m.Network().Vars(), m.Optimizer().Vars()...) {
			all = append(all, fmt.Sprint(v.Tensor().Float64s()))
		}
		return strings.Join(all, "\n")
	}
	for _, name := range []string{"m.keras", "m.h5"} {
		path := filepath.Join(t.TempDir(), name)
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		back, err := glia.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if state(back) != state(m) {
			t.Errorf("%s: loaded weights and optimizer\n%s\nwant\n%s", name, state(back), state(m))
		}
	}
	for _, name := range []string{"m.safetensors", "m.npz", "m.weights.h5"} {
		path := filepath.Join(t.TempDir(), name)
		if err := m.SaveWeights(path); err != nil {
			t.Fatal(err)
		}
		for _, again := range []*glia.Model{model(true), model(false)} {
			if err := again.LoadWeights(path); err != nil || !bytes.Equal(weights(again), weights(m)) {
				t.Errorf("%s: other weights (%v)", name, err)
			}
		}
	}
}

// TestOutputsPaths saves weights under Keras's paths: a graph's begin with the layer's
// name, unless that is the name of what stands beside the weights.
func TestOutputsPaths(t *testing.T) {
	for layer, want := range map[string]string{"a": "a/kernel", "optimizer": "functional/optimizer/kernel", "glia": "functional/glia/kernel"} {
		model := func() *glia.Model {
			in := nn.Apply(nn.Input(3))
			m := glia.Functional([]*nn.Symbol{in}, []*nn.Symbol{nn.Apply(nn.Dense(2, nn.NoBias, nn.Name(layer)), in)})
			compile(t, m, optim.Adam(0.1), loss.MeanSquaredError())
			return m
		}
		m := model()
		for _, f := range []keras.Format{keras.Safetensors, keras.NPZ, keras.WeightsHDF5, keras.Archive, keras.HDF5} {
			var b bytes.Buffer
			if err := m.SaveTo(&b, f); err != nil {
				t.Fatal(err)
			}
			if f == keras.Safetensors && !strings.Contains(b.String(), `"`+want+`"`) {
				t.Errorf("no %s in %.300q", want, b.String())
			}
			again := model()
			again.Network().Vars()[0].Clear()
			if err := again.LoadWeightsBytes(b.Bytes()); err != nil || !bytes.Equal(weights(again), weights(m)) {
				t.Errorf("%v of layer %s: %v", f, layer, err)
			}
		}
	}
}
