package glia_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
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

// overSteps returns a classifier of sequences whose input has steps, nn.Any or a number.
func overSteps(t testing.TB, steps int) *glia.Model {
	t.Helper()
	mean := nn.Lambda(func(x *graph.Node) *graph.Node { return ops.ReduceMean(x, 1) })
	m := glia.Sequential(nn.Input(steps, 4), nn.Dense(8, nn.ReLU), mean, nn.Dense(2, nn.Softmax))
	m.Seed = 5
	compile(t, m, optim.Adam(0.01), loss.SparseCategoricalCrossentropy(), metric.Accuracy())
	return m
}

// TestOpenAxis predicts, trains and evaluates with sequences of several lengths, and
// compares with a model of each length.
func TestOpenAxis(t *testing.T) {
	m := overSteps(t, nn.Any)
	text := m.Summary()
	for _, want := range []string{"(None, None, 8)", "(None, 2)", "58"} {
		if !strings.Contains(text, want) {
			t.Errorf("the summary lacks %q:\n%s", want, text)
		}
	}
	for _, steps := range []int{3, 11} {
		fixed, x := overSteps(t, steps), noise(t, 6, steps, 4)
		again := overSteps(t, nn.Any)
		ds := memory(t, x, tensor.Of[int32](0, 1, 1, 0, 1, 0))
		if !tensor.Equal(predict(t, again, x), predict(t, fixed, x)) {
			t.Errorf("%d steps: predictions differ from those of a model of that length", steps)
		}
		got, want := fit(t, again, ds, glia.Epochs(2)), fit(t, fixed, ds, glia.Epochs(2))
		if got.Epochs[1].Loss != want.Epochs[1].Loss {
			t.Errorf("%d steps: loss %v, want %v", steps, got.Epochs[1].Loss, want.Epochs[1].Loss)
		}
		if got, want := evaluate(t, again, ds).Loss, evaluate(t, fixed, ds).Loss; got != want {
			t.Errorf("%d steps: evaluated loss %v, want %v", steps, got, want)
		}
		if _, err := m.TrainOnBatch(&data.Batch{X: []*tensor.Tensor{x}, Y: []*tensor.Tensor{tensor.Of[int32](0, 1, 1, 0, 1, 0)}}); err != nil {
			t.Errorf("%d steps after others: %v", steps, err)
		}
	}
	_, err := m.Predict(noise(t, 2, 3, 5))
	wants(t, "another size of steps", err, `samples are \[3 5\]: the model takes \[None 4\]`)
	_, err = m.Predict(noise(t, 2, 4))
	wants(t, "no batch", err, `samples are \[4\]: the model takes \[None 4\]; float32\[2 4\] is one sample without the axis of the batch: Reshape\(1, 2, 4\)`)
}

// TestOpenAxisNeeded is an error where a layer needs the length.
func TestOpenAxisNeeded(t *testing.T) {
	m := glia.Sequential(nn.Input(nn.Any, 4), nn.Flatten(), nn.Dense(3))
	err := m.Compile(optim.SGD(0.1), loss.MeanSquaredError())
	wants(t, "Flatten and Dense", err, `glia: Compile: .*nn.Input: a layer needs the length of an axis that is nn.Any: .*MatMul`)
}

// TestOpenAxisFile writes open axes as Keras does and reads them, also of several inputs.
func TestOpenAxisFile(t *testing.T) {
	a, b := nn.Apply(nn.Input(nn.Any, 4)), nn.Apply(nn.Input(nn.Any, 3))
	sum := nn.Apply(nn.Add(), nn.Apply(nn.Dense(5), a), nn.Apply(nn.Dense(5), b))
	for name, m := range map[string]*glia.Model{
		"chain":      glia.Sequential(nn.Input(nn.Any, 4), nn.Dense(3), nn.ReLU.Layer(), nn.Dense(2)),
		"functional": glia.Functional([]*nn.Symbol{a, b}, []*nn.Symbol{sum}),
	} {
		compile(t, m, optim.SGD(0.1), loss.MeanSquaredError())
		var file bytes.Buffer
		if err := m.SaveTo(&file, keras.Archive); err != nil {
			t.Fatal(err)
		}
		again, err := glia.LoadBytes(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := again.Summary(), m.Summary(); got != want {
			t.Errorf("%s: the file's summary is\n%s\nwant\n%s", name, got, want)
		}
		for _, steps := range []int{2, 9} {
			in := []*tensor.Tensor{noise(t, 3, steps, 4), noise(t, 3, steps, 3)}[:len(m.Network().InputNames())]
			got, err := again.PredictAll(in...)
			if err != nil {
				t.Fatal(err)
			}
			want, err := m.PredictAll(in...)
			if err != nil {
				t.Fatal(err)
			}
			if !tensor.Equal(got[0], want[0]) || got[0].Shape().At(1) != steps {
				t.Errorf("%s: %d steps: the file predicts %v, want %v", name, steps, got[0], want[0])
			}
		}
	}
}

// TestPaddedSequences fits sequences of many lengths, with a plan for each boundary, also
// without nn.Input.
func TestPaddedSequences(t *testing.T) {
	var x []*tensor.Tensor
	y := tensor.New(tensor.Int32, 54)
	for i := range 54 { // 18 for each boundary
		x = append(x, noise(t, 1+i%9, 4))
	}
	ds, err := data.PaddedBatches(x, y, 3, 6, 9)
	if err != nil {
		t.Fatal(err)
	}
	for _, input := range [][]nn.Layer{{nn.Input(nn.Any, 4)}, nil} {
		d := newCounting()
		mean := nn.Lambda(func(x *graph.Node) *graph.Node { return ops.ReduceMean(x, 1) })
		m := glia.Sequential(append(input, nn.Dense(8, nn.ReLU), mean, nn.Dense(2, nn.Softmax))...).On(d)
		compile(t, m, optim.Adam(0.01), loss.SparseCategoricalCrossentropy(), metric.Accuracy())
		h := fit(t, m, ds, glia.BatchSize(2), glia.Epochs(8))
		if first, last := h.Epochs[0].Loss, h.Epochs[7].Loss; !(last < first) {
			t.Errorf("the loss went from %v to %v", first, last)
		}
		if n := d.compiled.Load(); n != 3 {
			t.Errorf("%d plans, want 3", n)
		}
		if _, err := m.Plan(ds, 2); err != nil {
			t.Error(err)
		}
	}
	fixed := overSteps(t, 9)
	_, err = fixed.Fit(ds)
	wants(t, "a model of one length", err, `samples are \[None 4\]: the model takes \[9 4\]`)
}

// TestOpenTargets trains on a target for each step that is not padding: also with the
// weights of steps alone. In a metric a sequence counts, as in Keras, with the mean of its
// weights, which is the fraction of its length that is not padding.
func TestOpenTargets(t *testing.T) {
	var x, y []*tensor.Tensor
	for i := range 30 {
		x, y = append(x, noise(t, 1+i%7, 4)), append(y, noise(t, 1+i%7, 2))
	}
	ds, err := data.PaddedBatches(x, nil, 3, 7)
	if err != nil {
		t.Fatal(err)
	}
	if ds, err = ds.WithTargets(y); err != nil {
		t.Fatal(err)
	}
	if ds, err = ds.PadWith(50); err != nil {
		t.Fatal(err)
	}
	model := func(more ...nn.Layer) *glia.Model {
		m := glia.Sequential(append(more, nn.Dense(3, nn.Tanh), nn.Dense(2))...)
		mse := loss.MeanSquaredError(loss.MeanByWeight)
		compile(t, m, optim.Adam(0.01), mse, metric.WithWeights(metric.FromLoss(mse)))
		return m
	}
	for name, m := range map[string]*glia.Model{
		"weights": model(nn.Input(nn.Any, 4)), "no input": model(), "masks": model(nn.Input(nn.Any, 4), nn.Masking(50)),
	} {
		h := fit(t, m, ds, glia.Epochs(6), glia.BatchSize(4))
		if first, last := h.Epochs[0].Loss, h.Epochs[5].Loss; !(last < first) {
			t.Errorf("%s: the loss went from %v to %v", name, first, last)
		}
		sum, count := 0.0, 0.0
		for i := range x {
			length := []float64{3, 7}[ds.Group(i)]
			count += float64(x[i].Shape().At(0)) / length
			in, err := x[i].Reshape(append([]int{1}, x[i].Shape().Slice()...)...)
			if err != nil {
				t.Fatal(err)
			}
			got := predict(t, m, in).Float64s()
			for k, v := range y[i].Float64s() {
				sum += (got[k] - v) * (got[k] - v) / 2 / length
			}
		}
		want := sum / count
		for _, size := range []int{3, 30} {
			if got := evaluate(t, m, ds, glia.BatchSize(size)).Get("mean_squared_error"); math.Abs(got-want) > 1e-5*want {
				t.Errorf("%s: in batches of %d the mean squared error is %v, want %v", name, size, got, want)
			}
		}
		if _, err := m.Plan(ds, 2); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	m := model(nn.Input(nn.Any, 4))
	_, err = m.Fit(ds, glia.ClassWeights(map[int]float64{0: 2}))
	wants(t, "class weights", err, `ClassWeights: labels are float32\[None None 2\]`)
	weighed := broken{blobs(t, 20, 3, 2), func(b *data.Batch) error {
		b.Weight = []*tensor.Tensor{tensor.New(tensor.Float32, 20, 2)}
		return nil
	}}
	sparse := glia.Sequential(nn.Input(3), nn.Dense(2, nn.Softmax))
	compile(t, sparse, optim.SGD(0.1), loss.SparseCategoricalCrossentropy())
	_, err = sparse.Fit(weighed)
	wants(t, "weights of more axes than targets", err, `weights float32\[20 2\] for 20 samples with targets \w+\[20\]: want a contiguous float32\[20\]`)
}
