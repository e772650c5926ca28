package glia_test

import (
	"math"
	"sync"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestPredictBatchMates checks that the output for a sample is the same bits
// alone, among others, and beyond the first batch.
func TestPredictBatchMates(t *testing.T) {
	const n, features = 700, 30
	for _, units := range []int{1, 3, 16, 128, 200} {
		ds := blobs(t, n, features, 4)
		m := glia.Sequential(nn.Input(features), nn.Dense(units, nn.Tanh), nn.Dense(units, nn.ReLU), nn.Dense(4, nn.Softmax))
		compile(t, m, optim.Adam(0.01), loss.SparseCategoricalCrossentropy())
		fit(t, m, ds)
		all := predict(t, m, ds.X())
		if all.Spec() != tensor.S(tensor.Float32, n, 4) {
			t.Fatalf("predictions are %v", all.Spec())
		}
		for _, size := range []int{1, 2, 5, 13, 64, 255, 256, 257, 300} {
			for at := 0; at+size <= n; at += 97 + size {
				x, err := ds.X().Slice(0, at, at+size, 1)
				if err != nil {
					t.Fatal(err)
				}
				want, err := all.Slice(0, at, at+size, 1)
				if err != nil {
					t.Fatal(err)
				}
				if got := predict(t, m, x); !tensor.Equal(got, want) {
					t.Errorf("%d units: samples %d to %d give other bits than among %d", units, at, at+size, n)
				}
			}
		}
	}
}

func TestPredictSums(t *testing.T) {
	m := glia.Sequential(nn.Input(3), nn.Dense(5, nn.Softmax))
	p := tensor.Data[float32](predict(t, m, blobs(t, 50, 3, 2).X()))
	for i := 0; i < len(p); i += 5 {
		var sum float64
		for _, v := range p[i : i+5] {
			sum += float64(v)
		}
		if math.Abs(sum-1) > 1e-6 {
			t.Fatalf("row %d sums to %v", i/5, sum)
		}
	}
}

// TestPredictView checks that a view with gaps is read as its elements.
func TestPredictView(t *testing.T) {
	m := glia.Sequential(nn.Input(3), nn.Dense(5))
	x := blobs(t, 40, 3, 2).X()
	odd, err := x.Slice(0, 1, 40, 2)
	if err != nil {
		t.Fatal(err)
	}
	if !tensor.Equal(predict(t, m, odd), predict(t, m, odd.Clone())) {
		t.Error("a view and its copy give different predictions")
	}
}

// TestPredictConcurrently predicts from 16 goroutines, in batches of various
// sizes, and wants the bits of one.
func TestPredictConcurrently(t *testing.T) {
	m := classifier(t, 6, 3)
	x := blobs(t, 400, 6, 3).X()
	want := predict(t, m, x)
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := range 20 {
				size := 1 + (g*31+i*7)%60
				at := (g*17 + i) % (400 - size)
				part, _ := x.Slice(0, at, at+size, 1)
				same, _ := want.Slice(0, at, at+size, 1)
				got, err := m.Predict(part)
				if err != nil {
					t.Error(err)
				} else if !tensor.Equal(got, same) {
					t.Errorf("goroutine %d: samples %d to %d differ", g, at, at+size)
				}
			}
		})
	}
	wg.Wait()
}

// TestPredictAllConcurrently is the same for several inputs and outputs, in batches for
// which there is no plan at first and beyond one batch.
func TestPredictAllConcurrently(t *testing.T) {
	const n = 600
	m := forked()
	var b data.Batch
	if err := forks(t, n).Read(data.Permutation(n, 1, 1, nil), &b); err != nil {
		t.Fatal(err)
	}
	want, err := m.PredictAll(b.X...)
	if err != nil {
		t.Fatal(err)
	}
	part := func(of []*tensor.Tensor, from, to int) []*tensor.Tensor {
		parts := make([]*tensor.Tensor, len(of))
		for i := range of {
			var err error
			if parts[i], err = of[i].Slice(0, from, to, 1); err != nil {
				t.Error(err)
			}
		}
		return parts
	}
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := range 20 {
				size := 1 + (g*31+i*7)%60
				if i%10 == 9 {
					size += 256
				}
				at := (g*17 + i) % (n - size)
				got, err := m.PredictAll(part(b.X, at, at+size)...)
				if err != nil {
					t.Error(err)
					return
				}
				for k, same := range part(want, at, at+size) {
					if !tensor.Equal(got[k], same) {
						t.Errorf("goroutine %d: output %d of samples %d to %d differs", g, k, at, at+size)
					}
				}
			}
		})
	}
	wg.Wait()
}

// TestPredictWhileFit predicts and evaluates while the model is trained: for the
// race detector, and so that no prediction is of weights in between.
func TestPredictWhileFit(t *testing.T) {
	ds := blobs(t, 200, 6, 3).OneHot(3)
	m := glia.Sequential(nn.Dense(8, nn.ReLU), nn.Dropout(0.1), nn.Dense(3, nn.Softmax))
	compile(t, m, optim.Adam(0.01), loss.CategoricalCrossentropy())
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for {
				p, err := m.Predict(ds.X())
				if err != nil {
					t.Error(err)
					return
				}
				if sum := tensor.Data[float32](p)[:3]; math.Abs(float64(sum[0]+sum[1]+sum[2])-1) > 1e-5 {
					t.Errorf("probabilities %v do not sum to 1", sum)
				}
				if _, err := m.Evaluate(ds); err != nil {
					t.Error(err)
				}
				m.Summary()
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	fit(t, m, ds, glia.Epochs(20), glia.ValidationSplit(0.1))
	close(done)
	wg.Wait()

	alone := glia.Sequential(nn.Dense(8, nn.ReLU), nn.Dropout(0.1), nn.Dense(3, nn.Softmax))
	compile(t, alone, optim.Adam(0.01), loss.CategoricalCrossentropy())
	fit(t, alone, ds, glia.Epochs(20), glia.ValidationSplit(0.1))
	if string(weights(m)) != string(weights(alone)) {
		t.Error("predicting meanwhile changed the training")
	}
}

// TestPredictNames wants the error of each function to name that function, and that of a
// sample without its batch to say how to make one.
func TestPredictNames(t *testing.T) {
	one, two := classifier(t, 6, 3), forked()
	wide := blobs(t, 4, 7, 3).X()
	sample, err := blobs(t, 1, 6, 3).X().Reshape(6)
	if err != nil {
		t.Fatal(err)
	}
	for call, predict := range map[string]func(m *glia.Model, x *tensor.Tensor) error{
		"Predict":        func(m *glia.Model, x *tensor.Tensor) error { _, err := m.Predict(x); return err },
		"PredictOnBatch": func(m *glia.Model, x *tensor.Tensor) error { _, err := m.PredictOnBatch(x); return err },
		"PredictAll":     func(m *glia.Model, x *tensor.Tensor) error { _, err := m.PredictAll(x); return err },
		"TestOnBatch": func(m *glia.Model, x *tensor.Tensor) error {
			if x == nil || x.Shape().Rank() == 0 { // errors of a batch
				x = wide
			}
			_, err := m.TestOnBatch(data.NewBatch(x, tensor.New(tensor.Int32, x.Shape().At(0))))
			return err
		},
	} {
		begin := "^glia: " + call + ": "
		wants(t, call+" of nil", predict(one, nil), begin)
		wants(t, call+" of a scalar", predict(one, tensor.New(tensor.Float32)), begin)
		wants(t, call+" of other samples", predict(one, wide), begin+`samples are \[7\]: the model takes \[6\]$`)
		wants(t, call+" of one sample", predict(one, sample), begin+`samples are \[\]: the model takes \[6\]; float32\[6\] is one sample without the axis of the batch: Reshape\(1, 6\)`)
		wants(t, call+" of one input", predict(two, wide), begin)
	}
	wants(t, "a scalar", func() error { _, err := one.Predict(tensor.New(tensor.Float32)); return err }(), `Reshape\(1\)`)
}
