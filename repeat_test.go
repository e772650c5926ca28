package glia_test

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/internal/impl"
	"github.com/glia-ml/glia/internal/impl/impltest"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// outcome holds the results of a training: the bits of losses and metrics, and the weights.
type outcome struct {
	history []float64
	weights []byte
}

func (o outcome) differs(p outcome) string {
	for i, v := range o.history {
		if math.Float64bits(v) != math.Float64bits(p.history[i]) {
			return fmt.Sprintf("number %d of the history is %v and %v", i, v, p.history[i])
		}
	}
	for i, v := range o.weights {
		if v != p.weights[i] {
			return fmt.Sprintf("byte %d of %d of the weights differs", i, len(o.weights))
		}
	}
	return ""
}

// network is a model and data with what may go different ways: several pieces of
// work, odd sizes, dropout, penalties, a last batch that is smaller, validation.
type network struct {
	name string
	run  func(t *testing.T, seed uint64) outcome
}

func networks() []network {
	train := func(t *testing.T, m *glia.Model, ds data.Dataset, seed uint64, o optim.Optimizer, l loss.Loss) outcome {
		m.Seed = seed
		compile(t, m, o, l, metric.Accuracy())
		h := fit(t, m, ds, glia.Epochs(2), glia.BatchSize(128), glia.ValidationSplit(0.2))
		var out outcome
		for _, e := range h.Epochs {
			out.history = append(out.history, e.Loss, e.Get("accuracy"), e.Validation.Loss, e.Validation.Get("accuracy"))
		}
		out.weights = weights(m)
		return out
	}
	return []network{
		{"small and odd", func(t *testing.T, seed uint64) outcome {
			m := glia.Sequential(
				nn.Dense(17, nn.Tanh, nn.KernelRegularizer(nn.L1L2(1e-3, 1e-3))), nn.Dropout(0.3),
				nn.Dense(9, nn.GELU), nn.Dense(5, nn.Softmax),
			)
			return train(t, m, blobs(t, 333, 7, 5).OneHot(5), seed, optim.AdamW(0.01), loss.CategoricalCrossentropy())
		}},
		{"as for MNIST", func(t *testing.T, seed uint64) outcome {
			m := glia.Sequential(
				nn.Input(784), nn.Dense(128, nn.ReLU), nn.Dropout(0.2), nn.Dense(128, nn.ReLU), nn.Dense(10, nn.Softmax),
			)
			return train(t, m, blobs(t, 700, 784, 10).OneHot(10), seed, optim.Adam(1e-3), loss.CategoricalCrossentropy())
		}},
		{"momentum, class numbers", func(t *testing.T, seed uint64) outcome {
			m := glia.Sequential(nn.Input(300), nn.Dense(200, nn.Sigmoid), nn.Dense(10))
			o := optim.SGD(0.05, optim.Momentum(0.9), optim.Nesterov, optim.GlobalClipNorm(1))
			return train(t, m, blobs(t, 700, 300, 10), seed, o, loss.SparseCategoricalCrossentropy(loss.FromLogits))
		}},
		{"mixed_bfloat16", func(t *testing.T, seed uint64) outcome {
			return train(t, mixed(nn.MixedBFloat16), blobs(t, 700, 300, 10).OneHot(10), seed, optim.Adam(1e-3), loss.CategoricalCrossentropy())
		}},
		{"mixed_float16", func(t *testing.T, seed uint64) outcome {
			return train(t, mixed(nn.MixedFloat16), blobs(t, 700, 300, 10).OneHot(10), seed, optim.Adam(1e-3), loss.CategoricalCrossentropy())
		}},
	}
}

// mixed returns a network in a dtype policy, but for its last layer.
func mixed(p nn.DTypePolicy) *glia.Model {
	m := glia.Sequential(nn.Dense(200, nn.ReLU), nn.Dropout(0.2), nn.Dense(70, nn.Tanh), nn.Dense(10), nn.Softmax.Layer(nn.Float32))
	m.Network().DType = p
	return m
}

func TestSameSeedSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	defer par.SetThreads(0)
	for _, n := range networks() {
		t.Run(n.name, func(t *testing.T) {
			first := n.run(t, 1)
			if d := first.differs(n.run(t, 1)); d != "" {
				t.Errorf("twice the same: %s", d)
			}
			if bytes.Equal(first.weights, n.run(t, 2).weights) {
				t.Error("two seeds gave the same weights")
			}
			for _, threads := range impltest.Processors() {
				runtime.GOMAXPROCS(threads)
				par.SetThreads(threads)
				if d := first.differs(n.run(t, 1)); d != "" {
					t.Errorf("GOMAXPROCS %d: %s", threads, d)
				}
			}
		})
	}
}

func TestSameBitsOnEveryISA(t *testing.T) {
	for _, n := range networks() {
		t.Run(n.name, func(t *testing.T) {
			var first outcome
			for _, isa := range impl.Names("kern") {
				restore := impl.Select("kern", isa)
				got := n.run(t, 1)
				restore()
				switch {
				case first.weights == nil:
					first = got
				case isa != impl.Portable:
					if d := first.differs(got); d != "" {
						t.Errorf("%s: %s", isa, d)
					}
				default: // products are rounded there that others are not
					for i, v := range got.history {
						near(t, fmt.Sprintf("portable: number %d of the history", i), v, first.history[i], 0.02)
					}
				}
			}
		})
	}
}
