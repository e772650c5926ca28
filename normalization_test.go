package glia_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// normalizations are testdata/normalization.json: trainings by Keras.
type normalizations struct {
	X, Y  []float32
	Cases map[string]struct {
		Before, After       [][]float32
		Losses, Predictions []float64
	}
}

// normalizing are the networks of testdata/normalization.py, by name: what stands between a
// Dense(8) and a Dense(3).
var normalizing = map[string]func() []nn.Layer{
	"batch": func() []nn.Layer { return []nn.Layer{nn.BatchNormalization(nn.Momentum(0.9)), nn.ReLU} },
	"batch of another axis": func() []nn.Layer {
		return []nn.Layer{nn.Reshape(2, 4), nn.BatchNormalization(nn.Axis(1), nn.Momentum(0.9), nn.BetaRegularizer(nn.L2(0.01))), nn.ReLU, nn.Flatten()}
	},
	"batch of masked steps": func() []nn.Layer {
		return []nn.Layer{nn.ReLU, nn.Reshape(4, 2), nn.Masking(0), nn.BatchNormalization(nn.Momentum(0.9)), nn.Flatten()}
	},
	"batch with renorm": func() []nn.Layer {
		return []nn.Layer{nn.BatchNormalization(nn.Momentum(0.9), nn.Renorm, nn.RenormMomentum(0.8), nn.RenormClip(0.5, 2, 1)), nn.ReLU}
	},
	"layer": func() []nn.Layer { return []nn.Layer{nn.LayerNormalization(), nn.ReLU} },
	"group": func() []nn.Layer {
		return []nn.Layer{nn.Reshape(2, 4), nn.GroupNormalization(2), nn.ReLU, nn.Flatten()}
	},
	"RMS":  func() []nn.Layer { return []nn.Layer{nn.RMSNormalization(), nn.ReLU} },
	"unit": func() []nn.Layer { return []nn.Layer{nn.UnitNormalization(), nn.ReLU} },
}

// normalizer returns a model of normalizing or of SpectralNormalization, compiled as Keras's.
func normalizer(t *testing.T, name string) *glia.Model {
	t.Helper()
	m, opt := glia.Sequential(nn.Input(6), nn.SpectralNormalization(nn.Dense(3), nn.PowerIterations(2))), optim.SGD(0.1)
	var l loss.Loss = loss.MeanSquaredError()
	if inside := normalizing[name]; inside != nil {
		layers := append([]nn.Layer{nn.Input(6), nn.Dense(8)}, inside()...)
		m, opt = glia.Sequential(append(layers, nn.Dense(3, nn.Softmax))...), optim.SGD(0.1, optim.Momentum(0.9))
		l = loss.CategoricalCrossentropy()
	}
	if err := m.Compile(opt, l); err != nil {
		t.Fatal(err)
	}
	return m
}

func readNormalizations(t *testing.T) (n normalizations, x, y *tensor.Tensor) {
	t.Helper()
	text, err := os.ReadFile("testdata/normalization.json")
	if err == nil {
		err = json.Unmarshal(text, &n)
	}
	if err != nil {
		t.Fatal(err)
	}
	x, y = tensor.New(tensor.Float32, len(n.X)/6, 6), tensor.New(tensor.Float32, len(n.Y)/3, 3)
	copy(tensor.Data[float32](x), n.X)
	copy(tensor.Data[float32](y), n.Y)
	return n, x, y
}

// TestNormalizationAsKeras trains networks with layers that normalize for twenty steps, as
// Keras did: losses, all variables and predictions agree.
func TestNormalizationAsKeras(t *testing.T) {
	n, x, y := readNormalizations(t)
	if len(n.Cases) != len(normalizing)+1 {
		t.Errorf("%d cases, want %d", len(n.Cases), len(normalizing)+1)
	}
	for name, c := range n.Cases {
		t.Run(name, func(t *testing.T) {
			m := normalizer(t, name)
			vars := m.Network().Vars()
			for i, v := range vars {
				v.Write(func(t *tensor.Tensor) { copy(tensor.Data[float32](t), c.Before[i]) })
			}
			for i, want := range c.Losses {
				r, err := m.TrainOnBatch(&data.Batch{X: []*tensor.Tensor{rows(x, i%4*16, 16)}, Y: []*tensor.Tensor{rows(y, i%4*16, 16)}})
				if err != nil {
					t.Fatal(err)
				}
				if !(math.Abs(r.Loss-want) <= 2e-5*max(1, want)) {
					t.Fatalf("step %d: loss %v, want %v", i, r.Loss, want)
				}
			}
			for i, v := range vars {
				for j, got := range tensor.Data[float32](v.Tensor()) {
					if want := float64(c.After[i][j]); !(math.Abs(float64(got)-want) <= 2e-4*max(1, math.Abs(want))) {
						t.Fatalf("%s[%d] is %v, want %v", v.Path, j, got, want)
					}
				}
			}
			p, err := m.Predict(x)
			if err != nil {
				t.Fatal(err)
			}
			for i, got := range p.Float64s() {
				if want := c.Predictions[i]; !(math.Abs(got-want) <= 1e-4) {
					t.Fatalf("prediction %d is %v, want %v", i, got, want)
				}
			}
		})
	}
}

// rows returns a copy of rows of x.
func rows(x *tensor.Tensor, from, n int) *tensor.Tensor {
	s, err := x.Slice(0, from, from+n, 1)
	if err != nil {
		panic(err)
	}
	return s.Clone()
}

// TestNormalizationPredictsByItself wants a trained model to predict a sample as it does among
// others, by the moving averages, and not by the statistics of the batch.
func TestNormalizationPredictsByItself(t *testing.T) {
	_, x, y := readNormalizations(t)
	for name := range normalizing {
		m := normalizer(t, name)
		ds, err := data.New(x, y)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Fit(ds, glia.Epochs(3), glia.BatchSize(16)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all, err := m.Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			one, err := m.Predict(rows(x, i, 1))
			if err != nil {
				t.Fatal(err)
			}
			if err := tensor.AllClose(one, rows(all, i, 1), 1e-6, 1e-6); err != nil {
				t.Errorf("%s: sample %d by itself and among others: %v", name, i, err)
			}
		}
	}
}

// TestNormalizationRepeats wants the same bits from the same seed, at any GOMAXPROCS, and the
// same predictions from each form of file, into models of the same network.
func TestNormalizationRepeats(t *testing.T) {
	_, x, y := readNormalizations(t)
	ds, err := data.New(x, y)
	if err != nil {
		t.Fatal(err)
	}
	trained := func(name string) *glia.Model {
		m := normalizer(t, name)
		if _, err := m.Fit(ds, glia.Epochs(2), glia.BatchSize(24)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return m
	}
	dir := t.TempDir()
	for _, name := range append([]string{"spectral"}, slices.Sorted(maps.Keys(normalizing))...) {
		m := trained(name)
		before := runtime.GOMAXPROCS(1)
		again := trained(name)
		runtime.GOMAXPROCS(before)
		for i, v := range m.Network().Vars() {
			if !bytes.Equal(v.Tensor().Bytes(), again.Network().Vars()[i].Tensor().Bytes()) {
				t.Errorf("%s: %s has other bits with one processor", name, v.Path)
			}
		}
		want, err := m.Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		for _, ending := range []string{".keras", ".h5"} {
			path := filepath.Join(dir, name+ending)
			if err := m.Save(path); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			loaded, err := glia.Load(path)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got, err := loaded.Predict(x)
			if err != nil || !bytes.Equal(got.Bytes(), want.Bytes()) {
				t.Errorf("%s%s: other predictions (%v)", name, ending, err)
			}
		}
		path := filepath.Join(dir, name+".weights.h5")
		if err := m.SaveWeights(path); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fresh := normalizer(t, name)
		if err := fresh.LoadWeights(path); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := fresh.Predict(x); err != nil || !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%s.weights.h5: other predictions (%v)", name, err)
		}
	}
}

// TestFrozenBatchNormalization wants a frozen BatchNormalization to keep its averages in Fit, and
// to take those of batches again when it is thawed, with parameters and without.
func TestFrozenBatchNormalization(t *testing.T) {
	_, x, y := readNormalizations(t)
	ds, err := data.New(x, y)
	if err != nil {
		t.Fatal(err)
	}
	for _, opts := range [][]nn.BatchNormalizationOption{nil, {nn.NoCenter, nn.NoScale}} {
		bn := nn.BatchNormalization(opts...)
		m := glia.Sequential(nn.Input(6), nn.Dense(8), bn, nn.ReLU, nn.Dense(3, nn.Softmax))
		if err := m.Compile(optim.Adam(0.01), loss.CategoricalCrossentropy()); err != nil {
			t.Fatal(err)
		}
		moves := func() bool {
			t.Helper()
			mean := m.Network().Records()[2].States[0]
			before := mean.Value()
			if _, err := m.Fit(ds, glia.BatchSize(16)); err != nil {
				t.Fatal(err)
			}
			return !bytes.Equal(before.Bytes(), mean.Tensor().Bytes())
		}
		for i, frozen := range []bool{false, true, true, false} {
			bn.Frozen = nn.Negated(frozen)
			if got := moves(); got == frozen {
				t.Errorf("%d options, Fit %d: frozen %v, and the moving mean moves: %v", len(opts), i, frozen, got)
			}
		}
	}
}

// TestBatchNormalizationFolds wants BatchNormalization in predictions to be one product and one
// sum that ride on the product or the convolution before it: no step of the plan goes over its
// output again, and predictions are those of the formula.
func TestBatchNormalizationFolds(t *testing.T) {
	for name, before := range map[string][]nn.Layer{
		"Dense": {nn.Dense(8)}, "Conv2D": {nn.Reshape(4, 4, 2), nn.Conv2D(8, 3, nn.NoBias)}, "DepthwiseConv2D": {nn.Reshape(4, 4, 2), nn.DepthwiseConv2D(2)},
	} {
		bn := nn.BatchNormalization()
		net := nn.Sequential(append(append([]nn.Layer{}, before...), bn, nn.ReLU)...)
		in := tensor.S(tensor.Float32, 16, 32)
		if err := graph.Catch(func() { net.Build(nn.NewBuilder(1), in) }); err != nil {
			t.Fatal(err)
		}
		x := nntest.Sample(in)
		r := net.Records()[len(before)]
		for i, v := range append(slices.Clone(r.Params), r.States...) { // gamma, beta, mean, variance
			v.Write(func(t *tensor.Tensor) {
				for j, s := range tensor.Data[float32](nntest.Sample(t.Spec())) {
					tensor.Data[float32](t)[j] = s/2 + float32(1+i)/2
				}
			})
		}
		g := graph.New()
		c := nn.NewCtx(g, nil)
		node := g.Input("x", in)
		y := net.Call(c, node)
		p := plan.Compile(g, []*graph.Node{y}, cpu.Kernels{})
		if over := strings.Count(p.String(), y.Spec().String()+"\n"); over != 1 {
			t.Errorf("%s: %d values of the output's size, want 1 of the output alone:\n%v", name, over, p)
		}
		got := tensor.NewSpec(y.Spec())
		if err := p.Run([]*tensor.Tensor{got}, []*tensor.Tensor{x}); err != nil {
			t.Fatal(err)
		}
		h := node
		for _, l := range before {
			h = c.Trace(l, h)
		}
		value := func(v *graph.Var) *graph.Node { return g.Value(v) }
		normal := ops.Mul(ops.Sub(h, value(r.States[0])), ops.Rsqrt(ops.Offset(value(r.States[1]), bn.Epsilon)))
		formula := ops.Relu(ops.Add(ops.Mul(normal, value(r.Params[0])), value(r.Params[1])))
		want := nntest.Run(g, []*graph.Node{formula}, x)[0].V
		for i, v := range got.Float64s() {
			if math.Abs(v-want[i]) > 1e-5*max(1, math.Abs(want[i])) {
				t.Fatalf("%s: prediction %d is %v, want %v", name, i, v, want[i])
			}
		}
	}
}
