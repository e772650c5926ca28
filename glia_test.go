package glia_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// blobs returns n samples of classes that lie around one point each, with labels
// int32 [n], class after class.
func blobs(t testing.TB, n, features, classes int) *data.Memory {
	t.Helper()
	r := rand.New(rand.NewPCG(1, uint64(features)))
	centers := make([]float64, classes*features)
	for i := range centers {
		centers[i] = 1.5 * r.NormFloat64()
	}
	x, y := make([]float32, n*features), make([]int32, n)
	for i := range n {
		y[i] = int32(i % classes)
		for j := range features {
			x[i*features+j] = float32(centers[int(y[i])*features+j] + 0.5*r.NormFloat64())
		}
	}
	return memory(t, of(t, x, n, features), of(t, y, n))
}

// of returns a tensor of v.
func of[T tensor.Element](t testing.TB, v []T, dims ...int) *tensor.Tensor {
	t.Helper()
	x, err := tensor.FromSlice(v, dims...)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func memory(t testing.TB, x, y *tensor.Tensor) *data.Memory {
	t.Helper()
	m, err := data.New(x, y)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// classifier returns a compiled model for blobs with one-hot labels.
func classifier(t testing.TB, features, classes int) *glia.Model {
	t.Helper()
	m := glia.Sequential(
		nn.Input(features),
		nn.Dense(17, nn.ReLU),
		nn.Dense(classes, nn.Softmax),
	)
	m.Seed = 3
	compile(t, m, optim.Adam(0.01), loss.CategoricalCrossentropy(), metric.Accuracy())
	return m
}

func compile(t testing.TB, m *glia.Model, o optim.Optimizer, l loss.Loss, metrics ...metric.Metric) {
	t.Helper()
	if err := m.Compile(o, l, metrics...); err != nil {
		t.Fatal(err)
	}
}

func fit(t testing.TB, m *glia.Model, ds data.Dataset, opts ...glia.Option) *glia.History {
	t.Helper()
	h, err := m.Fit(ds, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func evaluate(t testing.TB, m *glia.Model, ds data.Dataset, opts ...glia.Option) glia.Result {
	t.Helper()
	r, err := m.Evaluate(ds, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func predict(t testing.TB, m *glia.Model, x *tensor.Tensor) *tensor.Tensor {
	t.Helper()
	y, err := m.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// weights returns the bytes of all weights.
func weights(m *glia.Model) []byte {
	var b bytes.Buffer
	for _, v := range m.Network().Vars() {
		b.Write(v.Tensor().Bytes())
	}
	return b.Bytes()
}

// near fails unless got is want but for a relative error.
func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*max(math.Abs(want), 1e-12)) {
		t.Errorf("%s: got %v, want %v within %g of it", what, got, want, tolerance)
	}
}
