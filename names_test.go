package glia_test

import (
	"bytes"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// namedFork is forked with names of the inputs whose order is not that of the alphabet.
func namedFork(t *testing.T) *glia.Model {
	t.Helper()
	a, b := nn.Apply(nn.Input(3, nn.Name("picture"))), nn.Apply(nn.Input(2, nn.Name("more")))
	h := nn.Apply(nn.Dense(6, nn.Tanh), nn.Apply(nn.Concatenate(), a, b))
	size := nn.Apply(nn.Dense(1, nn.Name("size")), h)
	kind := nn.Apply(nn.Dense(2, nn.Softmax, nn.Name("kind")), h)
	m := glia.Functional([]*nn.Symbol{a, b}, []*nn.Symbol{size, kind})
	compile(t, m, optim.Adam(0.02), forkedLosses())
	return m
}

// TestNames gives inputs and targets by name, in another order than the network has them, and
// wants the bits of the order.
func TestNames(t *testing.T) {
	const n = 40
	var b data.Batch
	if err := forks(t, n).Read(data.Permutation(n, 1, 1, nil), &b); err != nil {
		t.Fatal(err)
	}
	x, y := map[string]*tensor.Tensor{"picture": b.X[0], "more": b.X[1]}, map[string]*tensor.Tensor{"kind": b.Y[0], "size": b.Y[1]}
	named, err := data.FromMaps(x, y)
	if err != nil {
		t.Fatal(err)
	}
	pictures, err := data.FromMaps(map[string]*tensor.Tensor{"picture": b.X[0]}, map[string]*tensor.Tensor{"kind": b.Y[0]})
	if err != nil {
		t.Fatal(err)
	}
	rest, err := data.FromMaps(map[string]*tensor.Tensor{"more": b.X[1]}, map[string]*tensor.Tensor{"size": b.Y[1]})
	if err != nil {
		t.Fatal(err)
	}
	zipped, err := data.Zip(rest, pictures)
	if err != nil {
		t.Fatal(err)
	}
	var sets []*data.Memory
	for i := range b.X {
		one, err := data.New(b.X[i], b.Y[1-i]) // the network has size first
		if err != nil {
			t.Fatal(err)
		}
		sets = append(sets, one)
	}
	plain, err := data.Zip(sets...)
	if err != nil {
		t.Fatal(err)
	}
	run := func(ds data.Dataset) (*glia.Model, glia.Result) {
		m := namedFork(t)
		fit(t, m, ds, glia.Epochs(3), glia.BatchSize(7), glia.Validate(ds))
		return m, evaluate(t, m, ds)
	}
	m, want := run(plain)
	for name, ds := range map[string]data.Dataset{"named": named, "zipped": zipped, "split": half(t, named)} {
		got, r := run(ds)
		if name == "split" {
			continue // that it can be
		}
		if !bytes.Equal(weights(got), weights(m)) || r.Loss != want.Loss {
			t.Errorf("%s: loss %v, want the weights and loss %v of the data in order", name, r.Loss, want.Loss)
		}
	}
	one, err := data.FromMaps(x, map[string]*tensor.Tensor{"kind": b.Y[0]})
	if err != nil {
		t.Fatal(err)
	}
	alone := namedFork(t)
	compile(t, alone, optim.Adam(0.02), loss.PerOutput(loss.For("kind", loss.CategoricalCrossentropy())))
	fit(t, alone, one) // the target of an output without a loss is not needed
	all, err := m.PredictAll(b.X...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.PredictNamed(x)
	if err != nil || len(out) != 2 || !tensor.Equal(out["size"], all[0]) || !tensor.Equal(out["kind"], all[1]) {
		t.Errorf("PredictNamed gives %v, error %v: want size and kind as PredictAll does", out, err)
	}
}

// TestOnBatchNamed wants of a batch by name what a batch in the network's order gives.
func TestOnBatchNamed(t *testing.T) {
	const n = 12
	var b data.Batch
	if err := forks(t, n).Read(data.Permutation(n, 1, 1, nil), &b); err != nil {
		t.Fatal(err)
	}
	x, y := map[string]*tensor.Tensor{"picture": b.X[0], "more": b.X[1]}, map[string]*tensor.Tensor{"kind": b.Y[0], "size": b.Y[1]}
	ordered := &data.Batch{X: b.X, Y: []*tensor.Tensor{b.Y[1], b.Y[0]}} // the network has size first
	a, other := namedFork(t), namedFork(t)
	for step := range 3 {
		got, err := a.TrainOnBatchNamed(x, y)
		want, err2 := other.TrainOnBatch(ordered)
		if err != nil || err2 != nil || got.Loss != want.Loss {
			t.Fatalf("step %d: loss %v by name, %v in order (%v, %v)", step, got.Loss, want.Loss, err, err2)
		}
	}
	got, err := a.TestOnBatchNamed(x, y)
	want, err2 := other.TestOnBatch(ordered)
	if err != nil || err2 != nil || got.Loss != want.Loss || !bytes.Equal(weights(a), weights(other)) {
		t.Errorf("loss %v by name, %v in order (%v, %v), or other weights", got.Loss, want.Loss, err, err2)
	}
	_, err = a.TrainOnBatchNamed(map[string]*tensor.Tensor{"picture": b.X[0], "less": b.X[1]}, y)
	wants(t, "another input", err, `^glia: TrainOnBatchNamed: the data has inputs \["less" "picture"\]: want \["picture" "more"\], each once`)
	_, err = a.TestOnBatchNamed(x, map[string]*tensor.Tensor{"kind": b.Y[0]})
	wants(t, "a target", err, `^glia: TestOnBatchNamed: the data has no output "size"`)
	_, err = glia.Sequential(nn.Input(2), nn.Dense(1)).TrainOnBatchNamed(x, y)
	wants(t, "not compiled", err, `^glia: TrainOnBatchNamed: .*[Cc]ompile`)
	_, err = new(glia.Model).TestOnBatchNamed(x, y)
	wants(t, "no model", err, `^glia: TestOnBatchNamed: `)
}

// half returns half of the samples, which keep their names.
func half(t *testing.T, ds *data.Memory) *data.Memory {
	t.Helper()
	first, _, err := ds.Split(0.5, data.Shuffle(1))
	if err != nil {
		t.Fatal(err)
	}
	return first
}

// TestNamesMistakes wants names that the network lacks, and missing ones, told.
func TestNamesMistakes(t *testing.T) {
	x3, x2 := tensor.New(tensor.Float32, 4, 3), tensor.New(tensor.Float32, 4, 2)
	type named = map[string]*tensor.Tensor
	x, y := named{"picture": x3, "more": x2}, named{"kind": x2, "size": tensor.New(tensor.Float32, 4, 1)}
	m := namedFork(t)
	for want, c := range map[string][2]named{
		`^glia: Fit: the data has inputs \["more" "pic"\]: want \["picture" "more"\], each once$`:         {{"pic": x3, "more": x2}, y},
		`^glia: Fit: the data has no input "more", only \["picture"\]: want all of \["picture" "more"\]$`: {{"picture": x3}, y},
		`^glia: Fit: the data has no output "size", only \["kind"\]`:                                      {x, {"kind": x2}},
		`^glia: Fit: the data has outputs \["kind" "more" "size"\]: want \["size" "kind"\]`:               {x, {"kind": x2, "size": y["size"], "more": x2}},
	} {
		ds, err := data.FromMaps(c[0], c[1])
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Fit(ds)
		wants(t, want, err, want)
	}
	for want, x := range map[string]named{
		`^glia: PredictNamed: the data has no input "more"`:            {"picture": x3},
		`^glia: PredictNamed: no x: want \["picture" "more"\]$`:        nil,
		`^glia: PredictNamed: the data has inputs \["more" "picture" `: {"picture": x3, "more": x2, "third": x2},
		`^glia: PredictNamed: x is nil$`:                               {"picture": nil, "more": x2},
		`^glia: PredictNamed: samples are \[2\] for input 0`:           {"picture": x2, "more": x2},
	} {
		_, err := m.PredictNamed(x)
		wants(t, want, err, want)
	}
	_, err := data.FromMaps(named{"a": x3}, named{"b": tensor.New(tensor.Float32, 5)})
	wants(t, "lengths", err, `^data: FromMaps: y\["b"\] is float32\[5\] beside float32\[4 3\]: want first axes of the same length$`)
	_, err = data.FromMaps(nil, nil)
	wants(t, "nothing", err, `^data: FromMaps: no tensors`)
	a, _ := data.FromMaps(named{"a": x3}, nil)
	_, err = data.Zip(a, a)
	wants(t, "twice", err, `^data: Zip: two inputs are named "a"`)
	other, _ := data.New(x3, nil)
	_, err = data.Zip(a, other)
	wants(t, "without", err, `^data: Zip: 1 of 2 inputs have names`)
}
