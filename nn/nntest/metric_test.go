package nntest_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// measured is a metric with the numbers that it gives.
type measured struct {
	m    metric.Metric
	y, p *tensor.Tensor
}

// metricsOf returns every metric but those of losses, on batches of n.
func metricsOf(n int) []measured {
	p := probabilities(n, 5)
	hot, numbers, truths := tensor.New(tensor.Float32, n, 5), tensor.New(tensor.Int32, n), tensor.New(tensor.Uint8, n, 5)
	for i := range n {
		k := (i * i) % 5
		tensor.Data[float32](hot)[5*i+k] = 1
		tensor.Data[int32](numbers)[i] = int32(k)
		for j := range 5 {
			tensor.Data[uint8](truths)[5*i+j] = uint8((i*7 + j*j + i*j) % 3 % 2)
		}
	}
	var all []measured
	add := func(y *tensor.Tensor, metrics ...metric.Metric) {
		for _, m := range metrics {
			all = append(all, measured{m, y, p})
		}
	}
	add(hot, metric.Accuracy(), metric.ExactAccuracy(), metric.CategoricalAccuracy(), metric.TopKCategoricalAccuracy(2), metric.F1Score(),
		metric.F1Score(metric.Weighted, metric.Threshold(0.3)), metric.OneHotIoU(5, []int{1, 3}), metric.OneHotMeanIoU(5),
		metric.ConfusionMatrix(5))
	add(numbers, metric.Accuracy(), metric.SparseCategoricalAccuracy(), metric.SparseTopKCategoricalAccuracy(2), metric.ConfusionMatrix(5),
		metric.MeanIoU(5, metric.DensePredictions, metric.IgnoreClass(2), metric.FloatWeights))
	even := metric.Thresholds(0, 0.25, 0.5, 0.75, 1)
	add(truths, metric.BinaryAccuracy(0.3), metric.Precision(), metric.Precision(metric.Thresholds(0.7, 0.2)), metric.Recall(metric.TopK(2)),
		metric.Recall(metric.ClassID(3), even), metric.TruePositives(even), metric.FalseNegatives(), metric.AUC(),
		metric.AUC(metric.PR, metric.MultiLabel, metric.LabelWeights(1, 2, 3, 4, 5)), metric.AUC(metric.Thresholds(0.1, 0.2, 0.7), metric.FromLogits),
		metric.AUC(metric.PRGain, metric.LabelWeights(1, 0, 2, 0, 3)), metric.PrecisionAtRecall(0.5), metric.SensitivityAtSpecificity(0.5, metric.NumThresholds(7)),
		metric.BinaryIoU(0.5, nil), metric.R2Score(), metric.RootMeanSquaredError(), metric.LogCoshError(), metric.CosineSimilarity(),
		metric.PearsonCorrelation(), metric.ConcordanceCorrelation(), metric.Sum("sum", metric.Predictions), metric.Mean("mean", metric.Predictions))
	return append(all, measured{metric.SparseTopKCategoricalAccuracy(3, metric.FromSortedIDs), numbers, hot})
}

// probabilities returns numbers of 0 to 1.
func probabilities(dims ...int) *tensor.Tensor {
	p := nntest.Sample(tensor.S(tensor.Float32, dims...))
	for i, v := range tensor.Data[float32](p) {
		tensor.Data[float32](p)[i] = float32(1 / (1 + math.Exp(-3*float64(v))))
	}
	return p
}

// TestMetricsOnCPU measures two batches by plans on the CPU and by the references.
// No step of a plan may run a reference.
func TestMetricsOnCPU(t *testing.T) {
	for i, c := range metricsOf(13) {
		for _, weighted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s.%d/%v", c.m.Name(), i, weighted), func(t *testing.T) {
				in := []*tensor.Tensor{c.y, c.p}
				if weighted {
					w := tensor.New(tensor.Float32, 13)
					for i := range 13 {
						tensor.Data[float32](w)[i] = float32(i%5) / 2
					}
					in = append(in, w)
				}
				want := c.measure(t, in, func(g *graph.Graph) { nntest.Run(g, nil, in...) })
				got := c.measure(t, in, func(g *graph.Graph) {
					p := plan.Compile(g, nil, cpu.Kernels{})
					if refs := p.References(); len(refs) > 0 {
						t.Errorf("no kernels for %v", refs)
					}
					if err := p.Run(nil, in); err != nil {
						t.Fatal(err)
					}
				})
				for i, w := range want {
					if !(math.Abs(got[i]-w) <= 1e-5*max(1, math.Abs(w))) {
						t.Fatalf("got %v, want %v", got, want)
					}
				}
			})
		}
	}
}

func (c measured) measure(t *testing.T, in []*tensor.Tensor, run func(g *graph.Graph)) []float64 {
	t.Helper()
	s, err := c.m.New(c.y.Spec(), c.p.Spec())
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New()
	update(g, s, in)
	run(g)
	run(g)
	return s.Result().Float64s()
}

func update(g *graph.Graph, s metric.State, in []*tensor.Tensor) {
	nodes := make([]*graph.Node, 3)
	for i, x := range in {
		nodes[i] = g.Input("", x.Spec())
	}
	s.Update(g, nodes[0], nodes[1], nodes[2])
}

// BenchmarkMetrics measures the cost of metrics in a step on 128 rows of 10 classes.
func BenchmarkMetrics(b *testing.B) {
	y, p := tensor.New(tensor.Float32, 128, 10), probabilities(128, 10)
	for i := range 128 {
		tensor.Data[float32](y)[10*i+i%10] = 1
	}
	accuracy, f1, auc := metric.Accuracy(), metric.F1Score(), metric.AUC()
	for _, c := range []struct {
		name    string
		metrics []metric.Metric
	}{
		{"Accuracy", []metric.Metric{accuracy}},
		{"F1", []metric.Metric{f1}},
		{"AUC", []metric.Metric{auc}},
		{"AUC/uneven", []metric.Metric{metric.AUC(metric.Thresholds(0.1, 0.2, 0.7))}},
		{"Precision", []metric.Metric{metric.Precision()}},
		{"Accuracy+F1+AUC", []metric.Metric{accuracy, f1, auc}},
	} {
		b.Run(c.name, func(b *testing.B) {
			g := graph.New()
			yNode, pNode := g.Input("y", y.Spec()), g.Input("p", p.Spec())
			for _, m := range c.metrics {
				s, err := m.New(y.Spec(), p.Spec())
				if err != nil {
					b.Fatal(err)
				}
				s.Update(g, yNode, pNode, nil)
			}
			step := plan.Compile(g, nil, cpu.Kernels{})
			in := []*tensor.Tensor{y, p}
			b.ReportAllocs()
			for b.Loop() {
				if err := step.Run(nil, in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStep is a step of training on 128 pictures of MNIST's size, without metrics
// and with three.
func BenchmarkStep(b *testing.B) {
	for _, c := range []struct {
		name    string
		metrics []metric.Metric
	}{
		{"none", nil},
		{"Accuracy+F1+AUC", []metric.Metric{metric.Accuracy(), metric.F1Score(), metric.AUC()}},
	} {
		b.Run(c.name, func(b *testing.B) {
			x, y := nntest.Sample(tensor.S(tensor.Float32, 128, 784)), tensor.New(tensor.Float32, 128, 10)
			for i := range 128 {
				tensor.Data[float32](y)[10*i+i%10] = 1
			}
			step := stepOf(b, x.Spec(), y.Spec(), c.metrics)
			in := []*tensor.Tensor{x, y}
			for b.Loop() {
				if err := step.Run(nil, in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func stepOf(b *testing.B, x, y tensor.Spec, metrics []metric.Metric) *plan.Plan {
	net := nn.Sequential(nn.Dense(128, nn.ReLU), nn.Dense(128, nn.ReLU), nn.Dense(10, nn.Softmax))
	net.Build(nn.NewBuilder(1), x)
	g := graph.New()
	xNode, yNode := g.Input("x", x), g.Input("y", y)
	pred := net.Call(nn.NewCtx(g, nn.NewSeed(1)), xNode)
	loss := loss.Reduce(loss.CategoricalCrossentropy(), yNode, pred, nil)
	for _, m := range metrics {
		s, err := m.New(y, pred.Spec())
		if err != nil {
			b.Fatal(err)
		}
		s.Update(g, yNode, pred, nil)
	}
	var params []*graph.Node
	for _, p := range net.Params() {
		params = append(params, g.Value(p))
	}
	opt := optim.Adam(1e-3)
	opt.Build(net.Params())
	opt.Apply(g, autodiff.Grad(loss, params...))
	return plan.Compile(g, nil, cpu.Kernels{})
}
