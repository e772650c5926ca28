package callback_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/callback"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// averaged returns a model whose optimizer keeps averages.
func averaged(t testing.TB) *glia.Model {
	m := glia.Sequential(nn.Input(4), nn.Dense(5, nn.Tanh), nn.Dropout(0.4), nn.Dense(2, nn.Softmax))
	compile(t, m, optim.Adam(0.05, optim.EMA(0.8)), loss.CategoricalCrossentropy(), metric.Accuracy())
	return m
}

// fitAveraged trains it with callbacks.
func fitAveraged(t testing.TB, m *glia.Model, with ...glia.Callback) (*glia.History, error) {
	return m.Fit(blobs(t, 24, 4, 2).OneHot(2), glia.BatchSize(8), glia.ValidationSplit(0.3), glia.Epochs(3), glia.Use(with...))
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

// TestSwapEMAWeights: training is the same, the averages are validated and saved.
func TestSwapEMAWeights(t *testing.T) {
	path := filepath.Join(t.TempDir(), "{epoch}.safetensors")
	for _, onEpoch := range []bool{false, true} {
		var inTest, atEnd, saved []bool // the model has what were the averages before
		var own []float64               // averages after the last batch
		var opts []callback.SwapOption
		if onEpoch {
			opts = append(opts, callback.SwapOnEpoch)
		}
		has := func(m *glia.Model) bool { return slices.Equal(valuesOf(m), own) && !slices.Equal(averagesOf(m), own) }
		watch := glia.Callback{
			OnBatchEnd:  func(m *glia.Model, _, _ int, _ float64) error { own = averagesOf(m); return nil },
			OnTestBegin: func(m *glia.Model) error { inTest = append(inTest, has(m)); return nil },
			OnEpochEnd: func(m *glia.Model, e glia.Epoch) error {
				atEnd = append(atEnd, has(m))
				again := averaged(t)
				if err := again.LoadWeights(filepath.Join(filepath.Dir(path), fmt.Sprint(e.Epoch)+".safetensors")); err != nil {
					return err
				}
				saved = append(saved, slices.Equal(valuesOf(again), own))
				return nil
			},
		}
		m := averaged(t)
		h, err := fitAveraged(t, m, callback.SwapEMAWeights(opts...), callback.ModelCheckpoint(path), watch)
		if err != nil {
			t.Fatal(err)
		}
		all := slices.Repeat([]bool{onEpoch}, 3)
		if !slices.Equal(inTest, []bool{true, true, true}) || !slices.Equal(atEnd, all) || !slices.Equal(saved, all) {
			t.Errorf("on epoch %v: averages in the model while testing %v, at the end of epochs %v, in files %v", onEpoch, inTest, atEnd, saved)
		}
		plain := averaged(t)
		ph, err := fitAveraged(t, plain)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(valuesOf(m), valuesOf(plain)) || h.Epochs[2].Loss != ph.Epochs[2].Loss || h.Epochs[2].Validation.Loss == ph.Epochs[2].Validation.Loss {
			t.Errorf("on epoch %v: training went otherwise, or validation did not", onEpoch)
		}
		held, _ := blobs(t, 24, 4, 2).OneHot(2).Subset([]int{16, 17, 18, 19, 20, 21, 22, 23})
		near(t, "loss of the last validation", h.Epochs[2].Validation.Loss, evaluate(t, m, held).Loss, 1e-6)
	}
}

// TestSwapEMAWeightsBack: an error leaves weights and averages where they belong.
func TestSwapEMAWeightsBack(t *testing.T) {
	oops := errors.New("oops")
	var w, a []float64
	m := averaged(t)
	_, err := fitAveraged(t, m, callback.SwapEMAWeights(callback.SwapOnEpoch), glia.Callback{
		OnBatchEnd: func(m *glia.Model, _, _ int, _ float64) error { w, a = valuesOf(m), averagesOf(m); return nil },
		OnEpochEnd: func(*glia.Model, glia.Epoch) error { return oops },
	})
	if !errors.Is(err, oops) || !slices.Equal(valuesOf(m), w) || !slices.Equal(averagesOf(m), a) {
		t.Errorf("error %v; weights or averages are not those of the last batch", err)
	}
	plain := classifier(t, 3, 2)
	_, err = plain.Fit(blobs(t, 8, 3, 2).OneHot(2), glia.Use(callback.SwapEMAWeights()))
	wants(t, "no averages", err, `SwapEMAWeights: the optimizer keeps no averages: want one with optim.EMA$`)
	_, err = plain.Evaluate(blobs(t, 8, 3, 2).OneHot(2), glia.Use(callback.SwapEMAWeights()))
	wants(t, "no averages", err, `SwapEMAWeights: the optimizer keeps no averages: want one with optim.EMA$`)
}
