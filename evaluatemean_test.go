package glia_test

import (
	"fmt"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestEvaluateMean evaluates in batches of every size what one batch of all samples gives,
// for every loss that is not the mean of all losses of a batch.
func TestEvaluateMean(t *testing.T) {
	const n = 7
	x := make([]float32, n*4)
	for i := range x {
		x[i] = float32(i%5)/3 - float32(i%3)/2
	}
	labels := of(t, []int32{0, -1, -1, 2, -1, 1, -1}, n)
	numbers := of(t, []float32{1, 2, 3, 4, 0, -1, 5}, n, 1)
	weights := tensor.Of[float32](1, 0, 0, 2, 0.5, 0, 3)
	penalized := nn.KernelRegularizer(nn.L2(0.1))
	steps := make([]float32, n*3*2) // sequences of 1 to 3 steps
	y := make([]float32, n*3)
	for i := range n {
		for s := range 3 {
			y[i*3+s] = float32(s - i)
			if s <= i%3 {
				steps[(i*3+s)*2] = float32(i+1) / 4
			}
		}
	}
	weighted := func(ds *data.Memory) *data.Memory {
		ds, err := ds.WithWeights(weights)
		if err != nil {
			t.Fatal(err)
		}
		return ds
	}
	sparse := func(opts ...loss.SparseOption) loss.Loss {
		return loss.SparseCategoricalCrossentropy(append(opts, loss.FromLogits, loss.IgnoreClass(-1))...)
	}
	in := of(t, x, n, 4)
	two := func() *glia.Model {
		a := nn.Apply(nn.Input(4))
		return glia.Functional([]*nn.Symbol{a}, []*nn.Symbol{nn.Apply(nn.Dense(3, penalized, nn.Name("kind")), a), nn.Apply(nn.Dense(1, nn.Name("size")), a)})
	}
	both, err := data.Zip(memory(t, in, labels), memory(t, nil, numbers))
	if err != nil {
		t.Fatal(err)
	}
	one := func(units int) func() *glia.Model {
		return func() *glia.Model { return glia.Sequential(nn.Input(4), nn.Dense(units, penalized)) }
	}
	for _, c := range []struct {
		name  string
		model func() *glia.Model
		loss  loss.Loss
		ds    data.Dataset
	}{
		{"ignored", one(3), sparse(), memory(t, in, labels)},
		{"ignored, weighted", one(3), sparse(), weighted(memory(t, in, labels))},
		{"ignored, by weight", one(3), sparse(loss.MeanByWeight), weighted(memory(t, in, labels))},
		{"by weight", one(1), loss.MeanSquaredError(loss.MeanByWeight), weighted(memory(t, in, numbers))},
		{"by no weight", one(1), loss.MeanSquaredError(loss.MeanByWeight), memory(t, in, numbers)},
		{"sum", one(1), loss.MeanSquaredError(loss.Sum), weighted(memory(t, in, numbers))},
		{"weighted", one(1), loss.MeanSquaredError(), weighted(memory(t, in, numbers))},
		{"masked", func() *glia.Model {
			return glia.Sequential(nn.Input(3, 2), nn.Masking(0), nn.Dense(1, penalized))
		}, loss.MeanSquaredError(), memory(t, of(t, steps, n, 3, 2), of(t, y, n, 3, 1))},
		{"two outputs", two, loss.PerOutput(loss.For("kind", sparse()).Weighted(0.3), loss.For("size", loss.MeanAbsoluteError())), both},
		{"two sums", two, loss.PerOutput(loss.For("kind", sparse(loss.Sum)), loss.For("size", loss.MeanAbsoluteError(loss.Sum)).Weighted(2)), both},
	} {
		m := c.model()
		m.Seed = 4
		var metrics []metric.Metric
		if _, several := c.loss.(*loss.PerOutputLoss); !several {
			metrics = []metric.Metric{metric.FromLoss(c.loss), metric.WithWeights(metric.FromLoss(c.loss))}
		}
		compile(t, m, optim.SGD(0.1), c.loss, metrics...)
		want := evaluate(t, m, c.ds, glia.BatchSize(n))
		if want.Loss == 0 {
			t.Fatalf("%s: the loss is 0", c.name)
		}
		for size := 1; size < n; size++ {
			got := evaluate(t, m, c.ds, glia.BatchSize(size))
			near(t, fmt.Sprintf("%s: loss in batches of %d", c.name, size), got.Loss, want.Loss, 1e-6)
			for i, x := range got.Metrics {
				near(t, fmt.Sprintf("%s: %s in batches of %d", c.name, x.Name, size), x.Value, want.Metrics[i].Value, 1e-6)
			}
		}
		h := fit(t, m, c.ds, glia.Epochs(1), glia.Validate(c.ds), glia.ValidationBatchSize(2), glia.BatchSize(n))
		near(t, c.name+": validation", h.Epochs[0].Validation.Loss, evaluate(t, m, c.ds, glia.BatchSize(n)).Loss, 1e-6)
	}
}

// TestIgnoredAsKeras has the loss of labels to ignore that Keras 3.15.1 on JAX gives to
// model.evaluate in one batch, in batches of any size, where Keras's changes, and as
// model.fit's the very figures of Keras, which weights batches with their lengths:
//
//	m = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, kernel_initializer="identity")])
//	m.compile(SGD(0.0), SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1), metrics=["accuracy"])
//	m.fit(x, y, batch_size=size, shuffle=False)
func TestIgnoredAsKeras(t *testing.T) {
	x := of(t, []float32{1, 0, 2, 3, 1, 0, 0, 2, 1, 1, 4, 0, 2, 2, 0, 0, 1, 1, 5, 0, 1}, 7, 3)
	ds := memory(t, x, of(t, []int32{0, -1, -1, 2, -1, 1, -1}, 7))
	m := glia.Sequential(nn.Input(3), nn.Dense(3, nn.KernelInitializer(nn.IdentityInitializer(1))))
	compile(t, m, optim.SGD(0), loss.SparseCategoricalCrossentropy(loss.FromLogits, loss.IgnoreClass(-1)), metric.Accuracy())
	for size, trained := range map[int]float64{1: 0.9050692319869995, 2: 1.810138463973999, 3: 1.6592336893081665, 7: 2.111828088760376} {
		h := fit(t, m, ds, glia.Epochs(1), glia.BatchSize(size), glia.InOrder)
		near(t, fmt.Sprintf("Fit in batches of %d", size), h.Epochs[0].Loss, trained, 1e-6)
		r := evaluate(t, m, ds, glia.BatchSize(size))
		near(t, fmt.Sprintf("Evaluate in batches of %d", size), r.Loss, 2.111828088760376, 1e-6)
		near(t, "accuracy", r.Get("accuracy"), 0.1428571492433548, 1e-6) // of all samples, as in Keras
	}
}
