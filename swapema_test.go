package glia_test

import (
	"errors"
	"fmt"
	"log"
	"path/filepath"
	"slices"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// averaged is a training whose optimizer keeps averages.
func averaged(with func() []glia.Callback) training {
	return training{
		name: "averages",
		model: func(t testing.TB) *glia.Model {
			m := glia.Sequential(nn.Input(4), nn.Dense(5, nn.Tanh), nn.Dropout(0.4), nn.Dense(2, nn.Softmax))
			compile(t, m, optim.Adam(0.05, optim.EMA(0.8)), nn.CategoricalCrossentropy(), metric.Accuracy())
			return m
		},
		data: func(t testing.TB) data.Dataset { return blobs(t, 24, 4, 2).OneHot(2) },
		opts: []glia.Option{glia.BatchSize(8), glia.ValidationSplit(0.3)},
		with: with, epochs: 3, batches: 2,
	}
}

func valuesOf(m *glia.Model) []float64 {
	var all []float64
	for _, v := range m.Network().Params() {
		all = append(all, v.Tensor().Float64s()...)
	}
	return all
}

func averagesOf(m *glia.Model) []float64 {
	var all []float64
	for _, v := range m.Optimizer().(optim.Averager).Averages() {
		all = append(all, v.Tensor().Float64s()...)
	}
	return all
}

// TestSwapEMAWeights: training is the same, what is validated and saved are the averages.
func TestSwapEMAWeights(t *testing.T) {
	path := filepath.Join(t.TempDir(), "{epoch}.safetensors")
	for _, onEpoch := range []bool{false, true} {
		var inTest, atEnd, saved []bool // the model has what were the averages before
		var own []float64               // averages after the last batch
		var opts []glia.SwapOption
		if onEpoch {
			opts = append(opts, glia.SwapOnEpoch)
		}
		has := func(m *glia.Model) bool { return slices.Equal(valuesOf(m), own) && !slices.Equal(averagesOf(m), own) }
		watch := glia.Callback{
			OnBatchEnd:  func(m *glia.Model, _, _ int, _ float64) error { own = averagesOf(m); return nil },
			OnTestBegin: func(m *glia.Model) error { inTest = append(inTest, has(m)); return nil },
			OnEpochEnd: func(m *glia.Model, e glia.Epoch) error {
				atEnd = append(atEnd, has(m))
				again := averaged(nil).model(t)
				if err := again.LoadWeights(filepath.Join(filepath.Dir(path), fmt.Sprint(e.Epoch)+".safetensors")); err != nil {
					return err
				}
				saved = append(saved, slices.Equal(valuesOf(again), own))
				return nil
			},
		}
		tr := averaged(func() []glia.Callback {
			return []glia.Callback{glia.SwapEMAWeights(opts...), glia.ModelCheckpoint(path), watch}
		})
		m, h, err := tr.run(t, nil)
		if err != nil {
			t.Fatal(err)
		}
		all := slices.Repeat([]bool{onEpoch}, 3)
		if !slices.Equal(inTest, []bool{true, true, true}) || !slices.Equal(atEnd, all) || !slices.Equal(saved, all) {
			t.Errorf("on epoch %v: averages in the model while testing %v, at the end of epochs %v, in files %v", onEpoch, inTest, atEnd, saved)
		}
		plain, ph, err := averaged(nil).run(t, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(valuesOf(m), valuesOf(plain)) || h.Epochs[2].Loss != ph.Epochs[2].Loss || h.Epochs[2].Validation.Loss == ph.Epochs[2].Validation.Loss {
			t.Errorf("on epoch %v: training went otherwise, or validation did not", onEpoch)
		}
		held, _ := tr.data(t).(*data.Memory).Subset([]int{16, 17, 18, 19, 20, 21, 22, 23})
		near(t, "loss of the last validation", h.Epochs[2].Validation.Loss, evaluate(t, m, held).Loss, 1e-6)
	}
}

// TestResumeSwapEMAWeights interrupts the training everywhere.
func TestResumeSwapEMAWeights(t *testing.T) {
	tr := averaged(func() []glia.Callback { return []glia.Callback{glia.SwapEMAWeights(glia.SwapOnEpoch)} })
	want := tr.whole(t)
	for _, how := range []string{"error after a batch", "error before an epoch", "error after an epoch", "context after an epoch"} {
		for n := range tr.epochs {
			dir := t.TempDir()
			if _, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)}, cuts()[how](n)...); err == nil && n < tr.epochs-1 {
				t.Fatalf("%s %d: no error", how, n)
			}
			m, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)})
			if err != nil {
				t.Fatal(err)
			}
			tr.endOf(t, m, h).same(t, fmt.Sprint(how, " ", n), want)
		}
	}
}

// TestSwapEMAWeightsBack: an error leaves weights and averages where they belong.
func TestSwapEMAWeightsBack(t *testing.T) {
	oops := errors.New("oops")
	var w, a []float64
	tr := averaged(func() []glia.Callback {
		return []glia.Callback{glia.SwapEMAWeights(glia.SwapOnEpoch), {
			OnBatchEnd: func(m *glia.Model, _, _ int, _ float64) error { w, a = valuesOf(m), averagesOf(m); return nil },
			OnEpochEnd: func(*glia.Model, glia.Epoch) error { return oops },
		}}
	})
	m, _, err := tr.run(t, nil)
	if !errors.Is(err, oops) || !slices.Equal(valuesOf(m), w) || !slices.Equal(averagesOf(m), a) {
		t.Errorf("error %v; weights or averages are not those of the last batch", err)
	}
	plain := classifier(t, 3, 2)
	_, err = plain.Fit(blobs(t, 8, 3, 2).OneHot(2), glia.Use(glia.SwapEMAWeights()))
	wants(t, "no averages", err, `SwapEMAWeights: the optimizer keeps no averages: want one with optim.EMA$`)
	_, err = plain.Evaluate(blobs(t, 8, 3, 2).OneHot(2), glia.Use(glia.SwapEMAWeights()))
	wants(t, "no averages", err, `SwapEMAWeights: the optimizer keeps no averages: want one with optim.EMA$`)
}

// Validation by averages of the weights, which are also what is left in the end.
func ExampleSwapEMAWeights() {
	m := glia.Sequential(nn.Input(1), nn.Dense(1))
	if err := m.Compile(optim.SGD(0.1, optim.EMA(0.9)), nn.MeanSquaredError()); err != nil {
		log.Fatal(err)
	}
	h, err := m.Fit(line(), glia.Epochs(30), glia.BatchSize(4), glia.Validate(line()), glia.Use(glia.SwapEMAWeights()))
	if err != nil {
		log.Fatal(err)
	}
	r, err := m.Evaluate(line(), glia.BatchSize(4))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Loss == h.Epochs[29].Validation.Loss)
	// Output: true
}
