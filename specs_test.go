package glia_test

import (
	"bytes"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// unread is a dataset that fails the test if it is read.
type unread struct {
	*data.Memory
	t *testing.T
}

func (u unread) Read([]int, *data.Batch) error {
	u.t.Helper()
	u.t.Error("the dataset was read")
	return nil
}

// TestSpecsBeforeSteps tells of what does not fit, in training and in validation data, by
// the specs alone: no batch is read, and no weight changes.
func TestSpecsBeforeSteps(t *testing.T) {
	good := blobs(t, 20, 3, 2).OneHot(2)
	f32 := func(dims ...int) *tensor.Tensor { return tensor.New(tensor.Float32, append([]int{20}, dims...)...) }
	model := func() *glia.Model {
		m := glia.Sequential(nn.Input(3), nn.Dense(2, nn.Softmax))
		compile(t, m, optim.SGD(0.1), loss.CategoricalCrossentropy())
		return m
	}
	for _, c := range []struct {
		name, want string
		ds         *data.Memory
	}{
		{"features", `samples are \[4\]: the model takes \[3\]`, memory(t, f32(4), f32(2))},
		{"axes", `samples are \[3 1\]: the model takes \[3\]`, memory(t, f32(3, 1), f32(2))},
		{"dtype", `uint8`, memory(t, tensor.New(tensor.Uint8, 20, 3), f32(2))},
		{"classes", `loss.CategoricalCrossentropy: labels float32\[20 3\], predictions float32\[20 2\]: want one shape`, memory(t, f32(3), f32(3))},
		{"class numbers", `labels int32\[20\], predictions float32\[20 2\]: the labels look like class numbers`, memory(t, f32(3), tensor.New(tensor.Int32, 20))},
	} {
		m := model()
		evaluate(t, m, good) // so that totals for such targets are known
		before := weights(m)
		_, err := m.Fit(unread{c.ds, t}, glia.BatchSize(20))
		wants(t, c.name, err, `^glia: Fit: .*`+c.want)
		_, err = m.Evaluate(unread{c.ds, t}, glia.BatchSize(20))
		wants(t, c.name, err, `^glia: Evaluate: .*`+c.want)
		_, err = m.Fit(unread{good, t}, glia.Validate(unread{c.ds, t}), glia.BatchSize(20))
		wants(t, c.name+" of validation", err, `^glia: Fit: validation: .*`+c.want)
		if !bytes.Equal(before, weights(m)) {
			t.Errorf("%s: the weights changed", c.name)
		}
	}

	m := forked()
	compile(t, m, optim.SGD(0.1), loss.PerOutput(loss.For("kind", loss.CategoricalCrossentropy()), loss.For("size", loss.MeanSquaredError())))
	ds := forks(t, 20)
	x, err := data.Zip(memory(t, f32(3), nil), memory(t, f32(2), nil), memory(t, nil, f32(2)), memory(t, nil, f32(3)))
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Fit(unread{ds, t}, glia.Validate(unread{x, t}), glia.BatchSize(20))
	wants(t, "an output", err, `^glia: Fit: validation: output "size": .*loss.MeanSquaredError: labels \[20 3\], predictions \[20 1\]: want one shape`)
}

// TestLyingSpecs has datasets whose batches are not what their specs tell.
func TestLyingSpecs(t *testing.T) {
	ds := blobs(t, 20, 3, 2)
	for _, c := range []struct {
		name, want string
		read       func(b *data.Batch) error
	}{
		{"shape of x", `the dataset gave x float32\[20 4\] for samples that are float32\[3\] by its Specs`, func(b *data.Batch) error { b.X[0] = tensor.New(tensor.Float32, 20, 4); return nil }},
		{"dtype of x", `the dataset gave x float64\[20 3\] for samples that are float32\[3\] by its Specs`, func(b *data.Batch) error { b.X[0] = b.X[0].AsType(tensor.Float64); return nil }},
		{"dtype of y", `the dataset gave y int64\[20\] for samples that are int32\[\] by its Specs`, func(b *data.Batch) error { b.Y[0] = b.Y[0].AsType(tensor.Int64); return nil }},
		{"two y", `the dataset gave y \[int32\[20\] int32\[20\]\] for samples that are int32\[\] by its Specs`, func(b *data.Batch) error { b.Y = append(b.Y, b.Y[0]); return nil }},
	} {
		m := glia.Sequential(nn.Input(3), nn.Dense(2, nn.Softmax))
		compile(t, m, optim.SGD(0.1), loss.SparseCategoricalCrossentropy(), metric.Accuracy())
		before := weights(m)
		_, err := m.Fit(broken{ds, c.read}, glia.BatchSize(20))
		wants(t, c.name, err, `^glia: Fit: epoch 1, batch 1: `+c.want)
		_, err = m.Evaluate(broken{ds, c.read}, glia.BatchSize(20))
		wants(t, c.name, err, `^glia: Evaluate: batch 1: `+c.want)
		if !bytes.Equal(before, weights(m)) {
			t.Errorf("%s: the weights changed", c.name)
		}
	}
}

// TestOpenTargetLengths trains sequences whose targets are shorter than they: the length of
// an open axis is told by the predictions.
func TestOpenTargetLengths(t *testing.T) {
	m := glia.Sequential(nn.Input(nn.Any, 2), nn.Lambda(func(x *graph.Node) *graph.Node { return ops.SliceAxis(x, 1, 0, x.Shape().At(1)-1) }), nn.Dense(1))
	compile(t, m, optim.SGD(0.1), loss.MeanSquaredError(), metric.FromLoss(loss.MeanAbsoluteError()))
	ds := shorter{memory(t, tensor.New(tensor.Float32, 8, 5, 2), tensor.New(tensor.Float32, 8, 4, 1))}
	fit(t, m, ds, glia.Validate(ds))
}

// shorter says that the lengths of x and y are open.
type shorter struct{ *data.Memory }

func (shorter) Specs() (x, y []tensor.Spec) {
	return []tensor.Spec{tensor.S(tensor.Float32, nn.Any, 2)}, []tensor.Spec{tensor.S(tensor.Float32, nn.Any, 1)}
}
