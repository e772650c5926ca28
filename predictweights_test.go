package glia_test

import (
	"bytes"
	"math"
	"sync"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// photoNet has the layers whose weights predictions scale and pack.
func photoNet() *glia.Model {
	return glia.Sequential(
		nn.Input(9, 9, 3),
		nn.Conv2D(8, 3, nn.Strides(2), nn.Same, nn.NoBias), nn.BatchNormalization(), nn.ReLU,
		nn.DepthwiseConv2D(3, nn.Same), nn.BatchNormalization(), nn.ReLU6,
		nn.Conv2D(12, 1), nn.BatchNormalization(),
		nn.GlobalAveragePooling2D(),
		nn.Dense(6, nn.NoBias), nn.BatchNormalization(), nn.ReLU,
		nn.Dense(4, nn.Softmax),
	)
}

func photos(t *testing.T, n int) *data.Memory {
	x, y := noise(t, n, 9, 9, 3), tensor.New(tensor.Int32, n)
	for i := range n {
		tensor.Data[int32](y)[i] = int32(i % 4)
	}
	ds, err := data.New(x, y)
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

// asNew wants predictions of m to be those of a model that is loaded from its file, to the bit,
// and within 1e-5 of those of the references.
func asNew(t *testing.T, what string, m *glia.Model, x *tensor.Tensor) {
	t.Helper()
	var file bytes.Buffer
	if err := m.SaveTo(&file, keras.Archive); err != nil {
		t.Fatal(err)
	}
	load := func() *glia.Model {
		n, err := glia.LoadBytes(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	got := predict(t, m, x)
	if !tensor.Equal(got, predict(t, load(), x)) {
		t.Errorf("%s: other bits than of a model loaded from its file", what)
	}
	want := predict(t, load().On(glia.ReferenceDevice()), x).Float64s()
	for i, v := range got.Float64s() {
		if !(math.Abs(v-want[i]) <= 1e-5) {
			t.Fatalf("%s: prediction %d is %v, want %v", what, i, v, want[i])
		}
	}
}

// TestPredictAfterChanges wants predictions, before which weights were scaled and packed for
// others, to be of the weights that the model has.
func TestPredictAfterChanges(t *testing.T) {
	ds := photos(t, 24)
	m := photoNet()
	compile(t, m, optim.Adam(0.01), loss.SparseCategoricalCrossentropy(), metric.Accuracy())
	asNew(t, "new", m, ds.X())
	for range 2 {
		if _, err := m.Fit(ds, glia.Epochs(2), glia.BatchSize(8), glia.Validate(ds)); err != nil {
			t.Fatal(err)
		}
		asNew(t, "after Fit", m, ds.X())
		if _, err := m.Evaluate(ds); err != nil {
			t.Fatal(err)
		}
		asNew(t, "after Evaluate", m, ds.X())
		for _, w := range m.Network().Vars() {
			w.Write(func(v *tensor.Tensor) {
				for i := range tensor.Data[float32](v) {
					tensor.Data[float32](v)[i] *= 1.25
				}
			})
		}
		asNew(t, "after a Write of weights", m, ds.X())
	}
	other := photoNet()
	predict(t, other, ds.X())
	for i, w := range other.Network().Vars() {
		if err := m.Network().Vars()[i].Set(w.Value()); err != nil {
			t.Fatal(err)
		}
	}
	asNew(t, "after a Set of weights", m, ds.X())
	if !tensor.Equal(predict(t, m, ds.X()), predict(t, other, ds.X())) {
		t.Error("other bits than of the model whose weights it has")
	}
}

// TestPredictWhileTraining wants each prediction beside training to be of the weights between
// two steps, and so of one of the steps; with one sample and with several.
func TestPredictWhileTraining(t *testing.T) {
	ds := photos(t, 16)
	one, err := ds.X().Slice(0, 0, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	run := func(beside func(m *glia.Model), each func(m *glia.Model)) *glia.Model {
		m := photoNet()
		m.Seed = 5
		compile(t, m, optim.SGD(0.05), loss.SparseCategoricalCrossentropy())
		if each != nil {
			each(m)
		}
		var wg sync.WaitGroup
		stop := make(chan bool)
		if beside != nil {
			for range 3 {
				wg.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
							beside(m)
						}
					}
				})
			}
		}
		fit(t, m, ds, glia.Epochs(6), glia.BatchSize(8), glia.Use(glia.Callback{OnBatchEnd: func(*glia.Model, int, int, float64) error {
			if each != nil {
				each(m)
			}
			return nil
		}}))
		close(stop)
		wg.Wait()
		return m
	}
	known := map[string]bool{}
	note := func(m *glia.Model) { known[string(predict(t, m, one).Bytes())] = true }
	note(run(nil, note))
	var mu sync.Mutex
	seen := 0
	m := run(func(m *glia.Model) {
		p := predict(t, m, one)
		mu.Lock()
		defer mu.Unlock()
		if seen++; !known[string(p.Bytes())] {
			t.Error("a prediction is of no step's weights")
		}
	}, nil)
	t.Logf("%d predictions of %d values", seen, len(known))
	note(m)
	asNew(t, "after training", m, ds.X())
}
