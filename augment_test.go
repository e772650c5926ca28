package glia_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// shaken returns ds with noise, and a function that returns what a training saw: the noise
// of each sample in each pass.
func shaken(t *testing.T, ds data.Dataset) (data.Augmented, func() map[string]float64) {
	t.Helper()
	seen := map[string]float64{}
	m, err := data.Map(ds, func(s *data.Sample) error {
		v := s.Rand.NormFloat64()
		seen[fmt.Sprint(s.Epoch, " ", s.Index)] = v
		for i := range tensor.Data[float32](s.X[0]) {
			tensor.Data[float32](s.X[0])[i] += float32(v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m, func() map[string]float64 { return seen }
}

// TestAugmentation trains on samples with noise: each in each epoch has one of its own, the
// same with the same seed, at any GOMAXPROCS, and after a stop in the middle of an epoch.
func TestAugmentation(t *testing.T) {
	base := blobs(t, 30, 3, 2).OneHot(2)
	const epochs = 3
	train := func(seed uint64, opts ...glia.Option) ([]byte, map[string]float64) {
		ds, seen := shaken(t, base)
		m := glia.Sequential(nn.Input(3), nn.Dense(4, nn.ReLU), nn.Dense(2, nn.Softmax))
		m.Seed = seed
		compile(t, m, optim.Adam(0.01), loss.CategoricalCrossentropy(), metric.Accuracy())
		_, err := m.Fit(ds, append(opts, glia.Epochs(epochs), glia.BatchSize(8))...)
		if err != nil && !errors.Is(err, errHalt) {
			t.Fatal(err)
		}
		return weights(m), seen()
	}
	want, seen := train(5)
	if len(seen) != 30*epochs {
		t.Errorf("%d samples and epochs, want %d", len(seen), 30*epochs)
	}
	values := map[float64]bool{}
	for _, v := range seen {
		values[v] = true
	}
	if len(values) != len(seen) {
		t.Errorf("%d different numbers for %d samples", len(values), len(seen))
	}
	for _, procs := range []int{1, 2, 7} {
		before := runtime.GOMAXPROCS(procs)
		if got, _ := train(5); !bytes.Equal(got, want) {
			t.Errorf("GOMAXPROCS %d: other weights", procs)
		}
		runtime.GOMAXPROCS(before)
	}
	if got, _ := train(6); bytes.Equal(got, want) {
		t.Error("another seed gives the same weights")
	}
	dir := t.TempDir()
	cut := glia.Callback{OnBatchEnd: func(_ *glia.Model, e, b int, _ float64) error {
		if e == 1 && b == 2 {
			return errHalt
		}
		return nil
	}}
	train(5, glia.Use(glia.BackupAndRestore(dir, glia.EveryBatches(1)), cut))
	if got, rest := train(5, glia.Use(glia.BackupAndRestore(dir))); !bytes.Equal(got, want) {
		t.Error("a training that is resumed ends with other weights")
	} else if len(rest) >= len(seen) {
		t.Error("it was not resumed: the test shows nothing")
	}
	_, passes := train(5, glia.StepsPerEpoch(2)) // 6 batches of 4 a pass
	if passes["0 0"] != 0 && passes["0 0"] != seen["0 0"] || passes["1 0"] != 0 && passes["1 0"] != seen["1 0"] {
		t.Error("with StepsPerEpoch a sample has another noise in the same pass")
	}
}

// TestPicturesResume trains on pictures that layers change, when they are read or within the step:
// with the same bits at any GOMAXPROCS, and after a stop in the middle of an epoch.
func TestPicturesResume(t *testing.T) {
	x, y := tensor.New(tensor.Uint8, 20, 6, 6, 2), tensor.New(tensor.Float32, 20, 1)
	for i := range x.Bytes() {
		x.Bytes()[i] = byte(i * i * 13 >> 3)
	}
	base, err := data.New(x, y)
	if err != nil {
		t.Fatal(err)
	}
	layers := func() []nn.Layer {
		return []nn.Layer{preprocess.RandomFlip(), preprocess.RandomRotation(preprocess.Factor{0.2}), preprocess.RandomZoom(preprocess.Factor{0.2}, nil),
			preprocess.RandomErasing(preprocess.Factor{1}), preprocess.Rescaling(1.0/255, 0)}
	}
	for _, inModel := range []bool{false, true} {
		train := func(seed uint64, opts ...glia.Option) []byte {
			var ds data.Dataset = base
			net := []nn.Layer{nn.Input(6, 6, 2, tensor.Uint8)}
			if inModel {
				net = append(net, layers()...)
			} else {
				net[0] = nn.Input(6, 6, 2)
				if ds, err = preprocess.Augment(base, layers()...); err != nil {
					t.Fatal(err)
				}
			}
			m := glia.Sequential(append(net, nn.Flatten(), nn.Dense(1))...)
			m.Seed = seed
			compile(t, m, optim.Adam(0.01), loss.MeanSquaredError())
			_, err := m.Fit(ds, append(opts, glia.Epochs(3), glia.BatchSize(8))...)
			if err != nil && !errors.Is(err, errHalt) {
				t.Fatal(err)
			}
			return weights(m)
		}
		want := train(5)
		for _, procs := range []int{1, 3} {
			before := runtime.GOMAXPROCS(procs)
			if !bytes.Equal(train(5), want) {
				t.Errorf("layers in the model %v, GOMAXPROCS %d: other weights", inModel, procs)
			}
			runtime.GOMAXPROCS(before)
		}
		if bytes.Equal(train(6), want) {
			t.Errorf("layers in the model %v: another seed gives the same weights", inModel)
		}
		dir := t.TempDir()
		steps := 0
		cut := glia.Callback{OnBatchEnd: func(_ *glia.Model, e, b int, _ float64) error {
			if e == 1 && b == 1 {
				return errHalt
			}
			return nil
		}}
		count := glia.Callback{OnBatchEnd: func(*glia.Model, int, int, float64) error { steps++; return nil }}
		train(5, glia.Use(glia.BackupAndRestore(dir, glia.EveryBatches(1)), cut))
		if got := train(5, glia.Use(glia.BackupAndRestore(dir), count)); !bytes.Equal(got, want) || steps >= 9 {
			t.Errorf("layers in the model %v: a training that is resumed ends with other weights, or was not resumed: %d steps", inModel, steps)
		}
	}
}

var errHalt = errors.New("cut")

// claiming is a dataset that says it has any number of samples.
type claiming struct {
	len  func() int
	read func(idx []int)
}

func (c claiming) Len() int { return c.len() }

func (claiming) Specs() (x, y []tensor.Spec) {
	return []tensor.Spec{tensor.S(tensor.Float32, 3)}, []tensor.Spec{tensor.S(tensor.Float32, 1)}
}

func (c claiming) Read(idx []int, b *data.Batch) error {
	if c.read != nil {
		c.read(idx)
	}
	b.X, b.Y = []*tensor.Tensor{tensor.New(tensor.Float32, len(idx), 3)}, []*tensor.Tensor{tensor.New(tensor.Float32, len(idx), 1)}
	return nil
}

// grouping is one in groups.
type grouping struct{ claiming }

func (grouping) Group(i int) int { return i % 3 }

func regression(t *testing.T) *glia.Model {
	m := glia.Sequential(nn.Input(3), nn.Dense(1))
	compile(t, m, optim.SGD(0.1), loss.MeanSquaredError())
	return m
}

// TestAnyLen trains on datasets of any length, for some steps.
func TestAnyLen(t *testing.T) {
	for _, n := range []int{1, 5, 1<<24 + 1, 1 << 40, math.MaxInt - 1, math.MaxInt} {
		var seen []int
		ds := claiming{func() int { return n }, func(idx []int) { seen = append(seen, idx...) }}
		for _, opts := range [][]glia.Option{nil, {glia.InOrder}} {
			seen = nil
			opts = append(opts, glia.StepsPerEpoch(3), glia.Epochs(1<<60+2), glia.InitialEpoch(1<<60), glia.BatchSize(4),
				glia.Validate(ds), glia.ValidationSteps(2))
			h, err := regression(t).Fit(ds, opts...)
			if err != nil || len(h.Epochs) != 2 {
				t.Errorf("%d samples: %d epochs, error %v", n, len(h.Epochs), err)
			}
			for _, i := range seen {
				if i < 0 || i >= n {
					t.Errorf("%d samples: read number %d", n, i)
				}
			}
		}
		training := slices.Clone(seen[:min(len(seen), 12)])
		slices.Sort(training)
		if n > 1<<24 && len(slices.Compact(training)) != 12 {
			t.Errorf("%d samples: a pass has %v", n, training)
		}
		if _, err := regression(t).Plan(ds, n); n < 1<<30 && err != nil || n > 1<<60 && err == nil {
			t.Errorf("a plan for %d samples: error %v", n, err)
		}
		if n == 1<<24+1 {
			continue // as one batch it is large, not too large
		}
		if _, err := regression(t).Fit(ds, glia.StepsPerEpoch(1), glia.BatchSize(glia.FullBatch)); (err != nil) != (n > 1<<26) {
			t.Errorf("%d samples in one batch: error %v", n, err)
		} else if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("a batch of %d samples: want 67108864 or fewer", n)) {
			t.Errorf("%d samples in one batch: error %v", n, err)
		}
		if n > 1<<26 {
			if _, err := regression(t).Fit(grouping{ds}, glia.StepsPerEpoch(1)); err == nil || !strings.Contains(err.Error(), "samples in groups: want 67108864 or fewer") {
				t.Errorf("%d samples in groups: error %v", n, err)
			}
		}
	}
	for _, n := range []int{0, -1, math.MinInt} {
		ds := claiming{len: func() int { return n }}
		_, e1 := regression(t).Fit(ds)
		_, e2 := regression(t).Evaluate(ds)
		_, e3 := regression(t).Plan(ds, 1)
		_, e4 := regression(t).Fit(claiming{len: func() int { return 3 }}, glia.Validate(ds))
		for _, err := range []error{e1, e2, e3, e4} {
			if err == nil {
				t.Errorf("%d samples: no error", n)
			}
		}
	}
}

// TestLenThatChanges has another length each time it is asked.
func TestLenThatChanges(t *testing.T) {
	for name, lens := range map[string][]int{
		"shrinks": {9, 4, 0, -1}, "grows": {9, 1 << 40, math.MaxInt}, "to nothing": {9, 0}, "falls": {9, math.MinInt},
	} {
		asked := 0
		read := map[int]bool{}
		ds := claiming{func() int {
			n := lens[min(asked, len(lens)-1)]
			asked++
			return n
		}, func(idx []int) {
			for _, i := range idx {
				read[i] = true
			}
		}}
		if _, err := regression(t).Fit(ds, glia.Epochs(3), glia.BatchSize(2)); err != nil || len(read) != 9 {
			t.Errorf("%s: read %d samples, error %v: want the 9 of the first answer", name, len(read), err)
		}
		asked, read = 0, map[int]bool{}
		if _, err := regression(t).Evaluate(ds, glia.BatchSize(2)); err != nil || len(read) != 9 {
			t.Errorf("%s: Evaluate read %d samples, error %v: want the 9 of the first answer", name, len(read), err)
		}
	}
}
