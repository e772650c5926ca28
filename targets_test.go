package glia_test

import (
	"math"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestTargetsOfLosses trains and evaluates on targets for the outputs with a loss alone:
// the figures are those of targets for all.
func TestTargetsOfLosses(t *testing.T) {
	ds := forks(t, 20)
	var b data.Batch
	idx := make([]int, 20)
	for i := range idx {
		idx[i] = i
	}
	if err := ds.Read(idx, &b); err != nil {
		t.Fatal(err)
	}
	some, err := data.Zip(memory(t, b.X[0], nil), memory(t, b.X[1], nil), memory(t, nil, b.Y[1]))
	if err != nil {
		t.Fatal(err)
	}
	weigh := func(ds *data.Memory) data.Dataset {
		w := tensor.New(tensor.Float32, 20)
		for i := range tensor.Data[float32](w) {
			tensor.Data[float32](w)[i] = float32(i % 3)
		}
		ds, err := ds.WithWeights(w)
		if err != nil {
			t.Fatal(err)
		}
		return ds
	}
	model := func() *glia.Model {
		m := forked()
		m.Seed = 2
		compile(t, m, optim.SGD(0.1), loss.PerOutput(loss.For("size", loss.MeanSquaredError())),
			metric.For("size", metric.FromLoss(loss.MeanAbsoluteError())), metric.WithWeights(metric.For("size", metric.FromLoss(loss.MeanAbsoluteError(loss.Name("mae"))))))
		return m
	}
	for name, c := range map[string][2]data.Dataset{"plain": {ds, some}, "weights": {weigh(ds), weigh(some)}} {
		all, one := model(), model()
		want, got := fit(t, all, c[0], glia.Validate(c[0])), fit(t, one, c[1], glia.Validate(c[1]))
		near(t, name+": loss", got.Epochs[0].Loss, want.Epochs[0].Loss, 0)
		near(t, name+": validation", got.Epochs[0].Validation.Loss, want.Epochs[0].Validation.Loss, 0)
		for i, x := range got.Epochs[0].Validation.Metrics {
			near(t, name+": "+x.Name, x.Value, want.Epochs[0].Validation.Metrics[i].Value, 0)
		}
		if string(weights(one)) != string(weights(all)) {
			t.Errorf("%s: other weights", name)
		}
	}

	m := model()
	_, err = m.TrainOnBatch(&data.Batch{X: b.X, Y: b.Y[1:]})
	if err != nil {
		t.Error(err)
	}
	compile(t, m, optim.SGD(0.1), loss.PerOutput(loss.For("size", loss.MeanSquaredError())), metric.Mean("mean", metric.Predictions))
	_, err = m.Fit(some)
	wants(t, "metric of all outputs", err, `metric kind_mean: samples have 1 targets, none for output "kind": want a target, or metrics of other outputs with metric.For`)
	three, err := data.Zip(memory(t, b.X[0], nil), memory(t, b.X[1], nil), memory(t, nil, b.Y[1]), memory(t, nil, b.Y[1]), memory(t, nil, b.Y[1]))
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Fit(three)
	wants(t, "three targets", err, `samples have 3 targets: want one for each of the model's outputs, \["kind" "size"\], or for each that has a loss, \["size"\]`)
}

// TestBadLabelOfLoss names the output whose label is bad where the first has no target.
func TestBadLabelOfLoss(t *testing.T) {
	in := nn.Apply(nn.Input(1))
	m := glia.Functional([]*nn.Symbol{in}, []*nn.Symbol{nn.Apply(nn.Dense(1, nn.Name("a")), in), nn.Apply(nn.Dense(3, nn.Name("b")), in)})
	compile(t, m, optim.SGD(0.1), loss.PerOutput(loss.For("b", loss.SparseCategoricalCrossentropy(loss.FromLogits))))
	_, err := m.Fit(memory(t, tensor.New(tensor.Float32, 3, 1), of(t, []int32{0, 1, 3}, 3)))
	wants(t, "bad label", err, `sample 2: label 3 of output b: want a class number, 0 or more and less than 3`)
}

// TestClassWeightsFor weighs the classes of one output of two, or of both.
func TestClassWeightsFor(t *testing.T) {
	in := nn.Apply(nn.Input(1))
	zeros := nn.KernelInitializer(nn.Zeros)
	m := glia.Functional([]*nn.Symbol{in}, []*nn.Symbol{
		nn.Apply(nn.Dense(2, nn.Softmax, zeros, nn.Name("a")), in), nn.Apply(nn.Dense(3, nn.Softmax, zeros, nn.Name("b")), in)})
	x := tensor.New(tensor.Float32, 4, 1)
	ds, err := data.Zip(memory(t, x, of(t, []int32{0, 1, 1, 1}, 4)), memory(t, nil, of(t, []int64{2, 2, 0, 1}, 4)).OneHot(3))
	if err != nil {
		t.Fatal(err)
	}
	ln2, ln3 := math.Log(2), math.Log(3)
	a, b := glia.ClassWeightsFor("a", map[int]float64{1: 3}), glia.ClassWeightsFor("b", map[int]float64{2: 5, 0: 0})
	losses := loss.PerOutput(loss.For("a", loss.SparseCategoricalCrossentropy()), loss.For("b", loss.CategoricalCrossentropy()))
	for _, c := range []struct {
		name string
		opts []glia.Option
		a, b float64
	}{
		{"none", nil, ln2, ln3},
		{"a", []glia.Option{a}, 10.0 / 4 * ln2, ln3},
		{"b", []glia.Option{b}, ln2, 11.0 / 4 * ln3},
		{"both", []glia.Option{a, b}, 10.0 / 4 * ln2, 11.0 / 4 * ln3},
	} {
		compile(t, m, optim.SGD(0), losses)
		e := fit(t, m, ds, append(c.opts, glia.Epochs(2), glia.BatchSize(3))...).Epochs[1]
		near(t, c.name+": loss of a", e.Get("a_loss"), c.a, 1e-6)
		near(t, c.name+": loss of b", e.Get("b_loss"), c.b, 1e-6)
	}
	compile(t, m, optim.SGD(0), losses)
	for want, opts := range map[string][]glia.Option{
		`ClassWeightsFor\("c"\): no such output has a loss: want one of \["a" "b"\]`:           {glia.ClassWeightsFor("c", nil)},
		`ClassWeights: outputs \["a" "b"\] have a loss: want ClassWeightsFor one of them`:      {glia.ClassWeights(map[int]float64{1: 3})},
		`ClassWeightsFor\("b"\): class 0 has weight -1: want classes and weights of 0 or more`: {glia.ClassWeightsFor("b", map[int]float64{0: -1})},
	} {
		_, err := m.Fit(ds, opts...)
		wants(t, "options", err, want)
	}

	// The only output with a loss needs no name, whichever it is.
	compile(t, m, optim.SGD(0), loss.PerOutput(loss.For("b", loss.CategoricalCrossentropy())))
	_, err = m.Fit(ds, glia.ClassWeights(nil), b)
	wants(t, "both ways", err, `ClassWeightsFor\("b"\): the output has weights by ClassWeights, too`)
	e := fit(t, m, ds, glia.ClassWeights(map[int]float64{2: 5, 0: 0})).Epochs[0]
	near(t, "the output with a loss", e.Loss, 11.0/4*ln3, 1e-6)
}

// TestClassWeightsLabels refuses labels that say no class of a sample.
func TestClassWeightsLabels(t *testing.T) {
	m := glia.Sequential(nn.Input(1), nn.Dense(1))
	compile(t, m, optim.SGD(0), loss.MeanSquaredError())
	three := glia.ClassWeights(map[int]float64{1: 3})
	_, err := m.Fit(memory(t, tensor.New(tensor.Float32, 3, 1), of(t, []float32{1, 0, 0.5}, 3)), three, glia.InOrder)
	wants(t, "fraction", err, `epoch 1, batch 1: ClassWeights: sample 2: label 0.5: want a class number`)
	_, err = m.Fit(memory(t, tensor.New(tensor.Float32, 1, 1), of(t, []float64{math.NaN()}, 1)), three)
	wants(t, "NaN", err, `ClassWeights: sample 0: label NaN: want a class number`)
	steps := glia.Sequential(nn.Input(4, 2), nn.Dense(3))
	compile(t, steps, optim.SGD(0), loss.SparseCategoricalCrossentropy(loss.FromLogits))
	_, err = steps.Fit(memory(t, tensor.New(tensor.Float32, 2, 4, 2), tensor.New(tensor.Int32, 2, 4)), three)
	wants(t, "labels of steps", err, `^glia: Fit: ClassWeights: a sample has 4 labels, its predictions are \[4 3\]: want one label or a row of classes`)
}
