package metric_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/tensor"
)

// family is metrics and the labels that they take.
type family struct {
	labels  func(r *rand.Rand, n int) *tensor.Tensor
	metrics []metric.Metric
}

// families returns metrics of all kinds; predictions are [B 4].
func families() []family {
	numbers := func(r *rand.Rand, n int) *tensor.Tensor {
		t := tensor.New(tensor.Int32, n)
		for i := range n {
			tensor.Data[int32](t)[i] = r.Int32N(4)
		}
		return t
	}
	hot := func(r *rand.Rand, n int) *tensor.Tensor {
		t := tensor.New(tensor.Float32, n, 4)
		for i := range n {
			tensor.Data[float32](t)[4*i+r.IntN(4)] = 1
		}
		return t
	}
	truths := func(r *rand.Rand, n int) *tensor.Tensor {
		t := tensor.New(tensor.Uint8, n, 4)
		for i := range 4 * n {
			tensor.Data[uint8](t)[i] = uint8(r.IntN(2))
		}
		return t
	}
	five := metric.Thresholds(0.9, 0.1, 0.5, 0.3, 0.7)
	return []family{
		{numbers, []metric.Metric{metric.Accuracy(), metric.SparseCategoricalAccuracy(), metric.SparseTopKCategoricalAccuracy(2),
			metric.MeanIoU(4, metric.DensePredictions, metric.FloatWeights), metric.ConfusionMatrix(4)}},
		{hot, []metric.Metric{metric.Accuracy(), metric.CategoricalAccuracy(), metric.TopKCategoricalAccuracy(2), metric.F1Score(), metric.F1Score(metric.Micro),
			metric.FBetaScore(2, metric.Weighted, metric.Threshold(0.4)), metric.OneHotIoU(4, []int{1}, metric.FloatWeights), metric.ConfusionMatrix(4)}},
		{truths, []metric.Metric{metric.BinaryAccuracy(0.5), metric.ExactAccuracy(), metric.Precision(), metric.Recall(five), metric.Precision(metric.TopK(2)),
			metric.Recall(metric.ClassID(1), metric.Thresholds(0, 0.25, 0.5, 0.75, 1)), metric.TruePositives(five), metric.TrueNegatives(), metric.FalsePositives(),
			metric.FalseNegatives(), metric.AUC(), metric.AUC(metric.PR, metric.MultiLabel), metric.AUC(metric.PRGain, five), metric.PrecisionAtRecall(0.5),
			metric.RecallAtPrecision(0.5), metric.SensitivityAtSpecificity(0.5), metric.SpecificityAtSensitivity(0.5), metric.BinaryIoU(0.5, nil, metric.FloatWeights),
			metric.R2Score(), metric.R2Score(metric.NoAggregation), metric.RootMeanSquaredError(), metric.LogCoshError(), metric.CosineSimilarity(),
			metric.ConcordanceCorrelation(), metric.Sum("sum", metric.Predictions), metric.Mean("mean", metric.Predictions)}},
	}
}

// eachFamily calls f for every metric with labels and predictions of n samples.
func eachFamily(t *testing.T, n int, f func(t *testing.T, r *rand.Rand, m metric.Metric, y, p *tensor.Tensor)) {
	for i, fam := range families() {
		for j, m := range fam.metrics {
			t.Run(fmt.Sprintf("%s.%d.%d", m.Name(), i, j), func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(i), uint64(j)))
				p := tensor.New(tensor.Float32, n, 4)
				for k := range 4 * n {
					tensor.Data[float32](p)[k] = float32(r.IntN(21)) / 20 // thresholds among them
				}
				f(t, r, m, fam.labels(r, n), p)
			})
		}
	}
}

// same fails unless two results are equal but for rounding of float64.
func same(t *testing.T, what string, got, want *tensor.Tensor) {
	t.Helper()
	g, w := got.Float64s(), want.Float64s()
	for i := range w {
		if len(g) != len(w) || !(g[i] == w[i] || math.Abs(g[i]-w[i]) <= 1e-12*math.Abs(w[i])) {
			t.Fatalf("%s: got %v, want %v", what, got, want)
		}
	}
}

// rowsOf returns samples lo to hi of a tensor.
func rowsOf(x *tensor.Tensor, lo, hi int) *tensor.Tensor {
	part := tensor.NewSpec(tensor.Spec{DType: x.DType(), Shape: x.Shape().With(0, hi-lo)})
	size := len(x.Bytes()) / x.Shape().At(0)
	copy(part.Bytes(), x.Bytes()[lo*size:hi*size])
	return part
}

// weightsOf returns n weights, some of them 0.
func weightsOf(r *rand.Rand, n int) *tensor.Tensor {
	w := tensor.New(tensor.Float32, n)
	for i := range n {
		tensor.Data[float32](w)[i] = float32(r.IntN(4)) / 2
	}
	return w
}

// TestBatches wants of many batches what one gives, weighted or not.
func TestBatches(t *testing.T) {
	const n = 41
	eachFamily(t, n, func(t *testing.T, r *rand.Rand, m metric.Metric, y, p *tensor.Tensor) {
		w := weightsOf(r, n)
		for _, in := range [][]*tensor.Tensor{{y, p}, {y, p, w}} {
			whole := measure(t, m, in)
			for _, cut := range [][]int{{0, 20, 40, 41}, {0, 1, 2, 17, 41}} {
				var batches [][]*tensor.Tensor
				for i, hi := range cut[1:] {
					var b []*tensor.Tensor
					for _, x := range in {
						b = append(b, rowsOf(x, cut[i], hi))
					}
					batches = append(batches, b)
				}
				same(t, fmt.Sprintf("batches %v of %d inputs", cut, len(in)), measure(t, m, batches...), whole)
			}
		}
	})
}

// TestWeights wants a weight of 2 to count as two samples, of 0 as none and of 1 as
// none given.
func TestWeights(t *testing.T) {
	const n = 16
	eachFamily(t, n, func(t *testing.T, r *rand.Rand, m metric.Metric, y, p *tensor.Tensor) {
		ones, w := tensor.New(tensor.Float32, n), tensor.New(tensor.Float32, n)
		var repeated [][]*tensor.Tensor
		for i := range n {
			tensor.Data[float32](ones)[i] = 1
			k := r.IntN(3)
			tensor.Data[float32](w)[i] = float32(k)
			for range k {
				repeated = append(repeated, []*tensor.Tensor{rowsOf(y, i, i+1), rowsOf(p, i, i+1)})
			}
		}
		same(t, "weights of 1", measure(t, m, []*tensor.Tensor{y, p, ones}), measure(t, m, []*tensor.Tensor{y, p}))
		same(t, "weights of 0 to 2", measure(t, m, []*tensor.Tensor{y, p, w}), measure(t, m, repeated...))
	})
}

// TestEpochs wants nothing of an epoch without batches, and of every epoch the same
// bits.
func TestEpochs(t *testing.T) {
	const n = 9
	eachFamily(t, n, func(t *testing.T, r *rand.Rand, m metric.Metric, y, p *tensor.Tensor) {
		s, err := m.New(y.Spec(), p.Spec())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range s.Result().Float64s() {
			if v != 0 && !(v != v && strings.HasPrefix(m.Name(), "r2")) {
				t.Errorf("result of nothing is %v, want 0", s.Result())
			}
		}
		in := []*tensor.Tensor{y, p, weightsOf(r, n)}
		var first []float64
		for epoch := range 3 {
			for range 2 {
				if err := update(s, in); err != nil {
					t.Fatal(err)
				}
			}
			v := s.Result().Float64s()
			if epoch == 0 {
				first = v
			}
			for i := range v {
				if math.Float64bits(v[i]) != math.Float64bits(first[i]) {
					t.Fatalf("epoch %d gives %v, the first gave %v", epoch, v, first)
				}
			}
			s.Reset()
		}
		for _, v := range s.Vars() {
			if v.Spec().DType != tensor.Float64 {
				t.Errorf("%s is %v, want float64", v.Path, v.Spec())
			}
		}
	})
}
