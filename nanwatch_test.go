package glia_test

import (
	"math"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestNaNWatch names the first operation and layer.
func TestNaNWatch(t *testing.T) {
	apply := func(name string, f func(x *graph.Node) *graph.Node) nn.Layer {
		return nn.Lambda(f, nn.Name(name))
	}
	root := apply("root", func(x *graph.Node) *graph.Node { return ops.Sqrt(x) })
	x, y := make([]float32, 600), make([]float32, 600)
	for i := range x {
		x[i], y[i] = float32(i%7)/7+0.1, float32(i%2)
	}
	with := func(i int, v float32) []float32 {
		c := append([]float32(nil), x...)
		c[i] = v
		return c
	}
	for _, c := range []struct {
		name   string
		layers []nn.Layer
		opt    optim.Optimizer
		loss   loss.Loss
		x      []float32
		want   string
		finite bool // the weights in the end
	}{
		{"forward", []nn.Layer{nn.Input(1), root, nn.Dense(1)}, optim.SGD(0.01), loss.MeanSquaredError(), with(450, -1),
			`epoch 1, batch 451: loss is NaN: .*; the first came in epoch 1, batch 451: Sqrt made NaN in layer root, from float32\[1 1\] with numbers from -1 to -1$`, true},
		{"inner", []nn.Layer{nn.Input(1), nn.Sequential(nn.Dense(2, nn.KernelInitializer(nn.Constant(-1))), apply("log", ops.Log)), nn.Dense(1)}, optim.SGD(0.01), loss.MeanSquaredError(), x,
			`epoch 1, batch 1: .*; the first came in epoch 1, batch 1: Log made NaN in layer sequential/log, from float32\[1 2\] with numbers from -0.1 to -0.1$`, true},
		{"backward", []nn.Layer{nn.Input(1), nn.Dense(1, nn.NoBias, nn.KernelInitializer(nn.Zeros)), root, apply("twice", func(x *graph.Node) *graph.Node { return ops.Add(x, x) })},
			optim.SGD(0.01), loss.MeanSquaredError(), x,
			`epoch 1, batch 2: loss is NaN: .*; the first came in epoch 1, batch 1: Div made NaN in layer root, from`, true},
		{"data", []nn.Layer{nn.Input(1), nn.Dense(1)}, optim.SGD(0.01), loss.MeanSquaredError(), with(300, float32(math.NaN())),
			`epoch 1, batch 301: loss is NaN: .*; the first came in epoch 1, batch 301: the data has NaN in x: sample 300, element \[0\]$`, true},
		{"overflow", []nn.Layer{nn.Input(1), nn.Dense(1)}, optim.SGD(3e38), loss.MeanSquaredError(), x,
			`; the first came in epoch 1, batch 2: Mul made infinity in the loss, from`, true},
	} {
		m := glia.Sequential(c.layers...)
		compile(t, m, c.opt, c.loss)
		_, err := m.Fit(memory(t, of(t, c.x, 600, 1), of(t, y, 600, 1)), glia.InOrder, glia.BatchSize(1), glia.StopOnNaN, glia.Epochs(3))
		wants(t, c.name, err, c.want)
		for _, v := range m.Network().Vars() {
			for _, w := range v.Tensor().Float64s() {
				if (math.IsNaN(w) || math.IsInf(w, 0)) == c.finite {
					t.Errorf("%s: %s is %v in the end", c.name, v.Path, w)
				}
			}
		}
	}
}

// TestNaNWatchBodies names an operation in the body of a loop, of a loop in it, of a
// branch, and of a loop backward.
func TestNaNWatchBodies(t *testing.T) {
	scan := func(f func(s *graph.Node) *graph.Node) func(x *graph.Node) *graph.Node {
		return func(x *graph.Node) *graph.Node {
			last, _ := flow.Scan([]*graph.Node{x}, nil, func(s, _ []*graph.Node) (next, y []*graph.Node) {
				return []*graph.Node{f(s[0])}, nil
			}, flow.Steps(5))
			return last[0]
		}
	}
	less := func(x *graph.Node) *graph.Node { return ops.Offset(x, -1) }
	cond := func(x *graph.Node) *graph.Node {
		return flow.Cond(ops.Greater(ops.ReduceSum(x), ops.ScalarLike(x, 0)), func() []*graph.Node { return []*graph.Node{less(x)} },
			func() []*graph.Node { return []*graph.Node{ops.Log(x)} })[0]
	}
	while := func(x *graph.Node) *graph.Node {
		return flow.While([]*graph.Node{x}, func(s []*graph.Node) *graph.Node { return ops.LessEqual(ops.ReduceMax(s[0]), ops.ScalarLike(x, 3)) },
			func(s []*graph.Node) []*graph.Node { return []*graph.Node{ops.Sqrt(less(s[0]))} }, flow.MaxSteps(9))[0]
	}
	for _, c := range []struct {
		name string
		f    func(x *graph.Node) *graph.Node
		want string
	}{
		{"scan", scan(func(s *graph.Node) *graph.Node { return ops.Sqrt(less(s)) }),
			`Sqrt made NaN in layer loop, in step 3 of Scan, from float32\[2 1\] with numbers from -1 to -1`},
		{"nested", scan(scan(func(s *graph.Node) *graph.Node { return ops.Add(ops.Sqrt(ops.Offset(s, -2.5)), s) })),
			`Sqrt made NaN in layer loop, in step 1 of Scan, in step 1 of Scan, from float32\[2 1\] with numbers from -0.5 to -0.5`},
		{"branch", scan(cond), `Log made infinity in layer loop, in step 3 of Scan, from float32\[2 1\] with numbers from 0 to 0`},
		{"while", while, `Sqrt made NaN in layer loop, in step 3 of While, from float32\[2 1\]`},
		{"backward", scan(func(s *graph.Node) *graph.Node { return ops.Sqrt(ops.Sub(s, s)) }), `(Div|Mul) made (NaN|infinity) in layer loop, in step 1 of Scan, from`},
	} {
		start := nn.Dense(1, nn.NoBias, nn.KernelInitializer(nn.Constant(2)))
		m := glia.Sequential(nn.Input(1), start, nn.Lambda(c.f, nn.Name("loop")))
		compile(t, m, optim.SGD(0.01), loss.MeanSquaredError())
		one := []float32{1, 1, 1, 1}
		_, err := m.Fit(memory(t, of(t, one, 4, 1), of(t, one, 4, 1)), glia.InOrder, glia.BatchSize(2), glia.StopOnNaN)
		wants(t, c.name, err, c.want)
	}
}

// TestNaNWatchOutputs names the layer before one of several outputs, and the loss of one.
func TestNaNWatchOutputs(t *testing.T) {
	ds := forks(t, 30)
	root := func(x *graph.Node) *graph.Node { return ops.Sqrt(ops.Offset(x, -1e3)) }
	for _, c := range []struct {
		name string
		size nn.Layer
		loss loss.Loss
		want string
	}{
		{"layer", nn.Lambda(root, nn.Name("size")), loss.MeanSquaredError(), `Sqrt made NaN in layer size, from float32\[10 1\] with numbers from -\d`},
		{"loss", nn.Lambda(func(x *graph.Node) *graph.Node { return ops.Scale(x, 1e30) }, nn.Name("size")), loss.MeanSquaredError(), `(Square|Mul) made infinity in the loss of output "size", from float32\[10 1\]`},
		{"other loss", nn.Dense(1, nn.Name("size")), ownLoss{}, `Log made NaN in the loss of output "size", from float32\[10 1\] with numbers from -\d`},
	} {
		a, b := nn.Apply(nn.Input(3)), nn.Apply(nn.Input(2))
		h := nn.Apply(nn.Dense(1), nn.Apply(nn.Concatenate(), a, b))
		m := glia.Functional([]*nn.Symbol{a, b}, []*nn.Symbol{nn.Apply(nn.Dense(2, nn.Softmax, nn.Name("kind")), h), nn.Apply(c.size, h)})
		compile(t, m, optim.SGD(0.01), loss.PerOutput(loss.For("kind", loss.CategoricalCrossentropy()), loss.For("size", c.loss)))
		_, err := m.Fit(ds, glia.BatchSize(10), glia.StopOnNaN)
		wants(t, c.name, err, `epoch 1, batch 1: loss is (NaN|\+Inf|-Inf): .*; the first came in epoch 1, batch 1: `+c.want)
	}
}

// TestNaNWatchInputs names the one of several inputs, targets or weights that is not
// finite.
func TestNaNWatchInputs(t *testing.T) {
	for want, of := range map[string]func(b *data.Batch) *tensor.Tensor{
		`x of input "input_layer_1"`:                  func(b *data.Batch) *tensor.Tensor { return b.X[1] },
		`y of output "size"`:                          func(b *data.Batch) *tensor.Tensor { return b.Y[1] },
		`the weights of the samples of output "size"`: func(b *data.Batch) *tensor.Tensor { return b.Weight[1] },
	} {
		m := forked()
		compile(t, m, optim.SGD(0.01), forkedLosses())
		ds := spoiled{forks(t, 10), func(b *data.Batch) {
			b.Weight = []*tensor.Tensor{tensor.New(tensor.Float32, 10), tensor.New(tensor.Float32, 10)}
			tensor.Data[float32](of(b))[3] = float32(math.NaN())
		}}
		_, err := m.Fit(ds, glia.BatchSize(10), glia.StopOnNaN)
		wants(t, want, err, `the first came in epoch 1, batch 1: the data has NaN in `+want+`: sample `)
	}
}

// spoiled is a dataset whose batches are changed.
type spoiled struct {
	data.Dataset
	spoil func(b *data.Batch)
}

func (s spoiled) Read(idx []int, b *data.Batch) error {
	if err := s.Dataset.Read(idx, b); err != nil {
		return err
	}
	s.spoil(b)
	return nil
}

// ownLoss takes the logarithm of numbers below 0.
type ownLoss struct{}

func (ownLoss) Name() string { return "own" }

func (ownLoss) Each(y, pred *graph.Node) *graph.Node {
	return ops.ReduceMean(ops.Log(ops.Offset(ops.Square(ops.Sub(y, pred)), -1e6)), -1)
}

// TestNaNWatchChanged cannot find it out if a callback changed the weights, and says
// nothing wrong then.
func TestNaNWatchChanged(t *testing.T) {
	m := classifier(t, 3, 2)
	_, err := m.Fit(blobs(t, 40, 3, 2).OneHot(2), glia.BatchSize(4), glia.StopOnNaN, glia.Use(glia.Callback{OnBatchEnd: func(m *glia.Model, _, b int, _ float64) error {
		if b == 3 {
			m.Network().Vars()[0].Write(func(t *tensor.Tensor) { tensor.Data[float32](t)[0] = float32(math.NaN()) })
		}
		return nil
	}}))
	wants(t, "changed", err, `^glia: Fit: epoch 1, batch 5: loss is NaN: want a finite number; a smaller learning rate or clipped gradients may help$`)
	if strings.Contains(err.Error(), "first came") {
		t.Error(err)
	}
}
