package nntest_test

import (
	"math"
	"strings"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// torchCase is a function whose gradient PyTorch computed in float64.
type torchCase struct {
	ID, Group, Kind string
	Attrs           struct {
		Labels, Target, Targets any
		InputLengths            []int `json:"input_lengths"`
		TargetLengths           []int `json:"target_lengths"`
	}
	Inputs []string `json:"differentiable_inputs"`
	Tol64  struct{ Rtol, Atol float64 }
}

// torchFunction makes the function of its inputs, by their names.
type torchFunction func(c torchCase, in map[string]*graph.Node) *graph.Node

// activated is a function that is an activation.
func activated(a nn.Activation) torchFunction {
	return func(_ torchCase, in map[string]*graph.Node) *graph.Node {
		return a.Call(nn.NewCtx(in["x"].Graph(), nil), in["x"])
	}
}

// lost is a loss of predictions x and labels y, times a number.
func lost(l loss.Loss, scale float64) torchFunction {
	return func(_ torchCase, in map[string]*graph.Node) *graph.Node {
		return ops.Scale(loss.Reduce(l, in["y"], in["x"], nil), scale)
	}
}

// each is a loss of every element: of a last axis of length 1.
func each(l loss.Loss) torchFunction {
	return func(_ torchCase, in map[string]*graph.Node) *graph.Node {
		return l.Each(ops.ExpandDims(in["y"], -1), ops.ExpandDims(in["x"], -1))
	}
}

// softened has softmaxes of x and y in their place.
func softened(f torchFunction) torchFunction {
	return func(c torchCase, in map[string]*graph.Node) *graph.Node {
		return f(c, map[string]*graph.Node{"x": ops.Softmax(in["x"], -1), "y": ops.Softmax(in["y"], -1)})
	}
}

// torchFunctions are the cases that are an activation or a loss of package nn. Where the
// last axis has 3 elements, Keras's mean over it is a third of a sum.
var torchFunctions = map[string]torchFunction{
	"unary/exp": activated(nn.Exponential), "unary/sigmoid": activated(nn.Sigmoid), "unary/relu6": activated(nn.ReLU6),
	"unary/leaky_relu_0.1": activated(nn.LeakyReLUSlope(0.1)), "unary/gelu_tanh": activated(nn.GELUTanh), "unary/softplus": activated(nn.Softplus),
	"unary/softsign": activated(nn.Softsign), "unary/hardtanh": activated(nn.HardTanh), "unary/softshrink": activated(nn.SoftShrink),
	"unary/hardshrink": activated(nn.HardShrink), "unary/tanhshrink": activated(nn.TanhShrink),
	"softmax/softmax_-1": activated(nn.Softmax), "softmax/log_softmax_-1": activated(nn.LogSoftmax), "softmax/log_softmax_0": activated(nn.LogSoftmaxAxis(0)),
	"softmax/large_logits": activated(nn.LogSoftmax),

	"loss/huber1.mean":     lost(loss.Huber(), 1),
	"loss/smooth_l1_0.5":   lost(loss.Huber(loss.Delta(0.5)), 2),
	"loss/bce.mean":        lost(loss.BinaryCrossentropy(), 1),
	"loss/bce.sum":         lost(loss.BinaryCrossentropy(loss.Sum), 3),
	"loss/bce_logits.mean": lost(loss.BinaryCrossentropy(loss.FromLogits), 1),
	"loss/bce_logits.none": each(loss.BinaryCrossentropy(loss.FromLogits)),
	"loss/ce_logits.mean":  lost(loss.SparseCategoricalCrossentropy(loss.FromLogits), 1),
	"loss/nll.sum":         lost(loss.SparseCategoricalCrossentropy(loss.FromLogits, loss.Sum), 1),
	"loss/ce_ignore0":      lost(loss.SparseCategoricalCrossentropy(loss.FromLogits, loss.IgnoreClass(0)), 1),
	"loss/ce_4d": func(_ torchCase, in map[string]*graph.Node) *graph.Node {
		l := loss.SparseCategoricalCrossentropy(loss.FromLogits)
		return loss.Reduce(l, in["y"], ops.Transpose(in["x"], 0, 2, 3, 1), nil)
	},
	"loss/kldiv.mean":    softened(lost(loss.KLDivergence(), 1.0/3)),
	"loss/kldiv.sum":     softened(lost(loss.KLDivergence(loss.Sum), 1)),
	"loss/kldiv.none":    softened(each(loss.KLDivergence())),
	"loss/mse.sum":       lost(loss.MeanSquaredError(loss.Sum), 3),
	"loss/mse.none":      each(loss.MeanSquaredError()),
	"loss/mae.sum":       lost(loss.MeanAbsoluteError(loss.Sum), 3),
	"loss/mae.none":      each(loss.MeanAbsoluteError()),
	"loss/squared_hinge": lost(loss.SquaredHinge(loss.NoReduction), 1),
	"loss/logcosh":       lost(loss.LogCosh(loss.NoReduction), 1),
	"loss/cosine":        lost(loss.CosineSimilarity(loss.NoReduction), 1),
	"loss/ctc":           spelled,
	"loss/l2_regularised": func(_ torchCase, in map[string]*graph.Node) *graph.Node {
		p := ops.MatMul(in["x"], in["w"])
		return ops.Add(loss.Reduce(loss.MeanSquaredError(), in["y"], p, nil), nn.L1L2(0.02, 0.01).Penalty(in["w"]))
	},
}

// spelled is the loss of sequences of different lengths, which nn takes one by one.
func spelled(c torchCase, in map[string]*graph.Node) *graph.Node {
	targets := numbersIn(c.Attrs.Targets)
	width := len(targets) / len(c.Attrs.TargetLengths)
	var each []*graph.Node
	for i, n := range c.Attrs.TargetLengths {
		x := ops.SliceAxis(ops.Transpose(in["x"], 1, 0, 2), 0, i, i+1) // [1 T C]
		x = ops.SliceAxis(x, 1, 0, c.Attrs.InputLengths[i])
		labels := constantOf(x.Graph(), tensor.Int32, targets[i*width:i*width+n], 1, n)
		each = append(each, loss.CTC().Each(labels, x))
	}
	return ops.Concat(0, each...)
}

// torchOthers says why the other cases of the groups are not replayed here.
var torchOthers = map[string]string{
	"loss/poisson_nll_torch": "Keras's Poisson adds 1e-7 inside the logarithm",
	"loss/triplet":           "no loss of Keras's",
}

// TestTorchGradients replays the cases that are activations and losses, with their
// gradients, and names those that are neither.
func TestTorchGradients(t *testing.T) {
	z, cases := torchFile[torchCase](t)
	replayed, others := 0, []string{}
	for _, c := range cases {
		f := torchFunctions[c.ID]
		if f != nil {
			replayed++
			t.Run(c.ID, func(t *testing.T) { c.run(t, z, f) })
			continue
		}
		switch {
		case c.Group == "loss" && torchOthers[c.ID] == "":
			t.Errorf("%s: neither replayed nor is there a reason", c.ID)
		case c.Group == "loss":
			others = append(others, c.ID+" ("+torchOthers[c.ID]+")")
		case c.Group == "unary" || c.Group == "softmax":
			others = append(others, c.ID+" (no activation)")
		}
	}
	t.Logf("%d of %d replayed; others: %s", replayed, len(torchFunctions), strings.Join(others, ", "))
	if replayed != len(torchFunctions) {
		t.Errorf("replayed %d cases, want %d", replayed, len(torchFunctions))
	}
}

func (c torchCase) run(t *testing.T, z *npy.Archive, f torchFunction) {
	g := graph.New()
	in := map[string]*graph.Node{}
	var values []*tensor.Tensor
	for _, name := range c.Inputs {
		x := member(t, z, c.ID+"/in."+name).AsType(tensor.Float64)
		in[name] = g.Input(name, x.Spec())
		values = append(values, x)
	}
	var wrt []*graph.Node
	for _, name := range c.Inputs {
		wrt = append(wrt, in[name])
	}
	if in["y"] == nil {
		in["y"] = c.labels(g, in)
	}
	y := f(c, in)
	dy := member(t, z, c.ID+"/cotangent.0").AsType(tensor.Float64)
	want := []*tensor.Tensor{member(t, z, c.ID+"/out.0")}
	outputs := []*graph.Node{y}
	for i, d := range autodiff.VJP(y, ops.Reshape(g.Const(dy), y.Shape().Slice()...), wrt...) {
		outputs, want = append(outputs, d), append(want, member(t, z, c.ID+"/grad."+c.Inputs[i]))
	}
	for i, got := range nntest.Run(g, outputs, values...) {
		w := want[i].Float64s()
		if len(got.V) != len(w) {
			t.Fatalf("result %d is %v: want %v", i, got.Spec, want[i].Spec())
		}
		for j, v := range got.V {
			if d := math.Abs(v - w[j]); !(d <= c.Tol64.Atol+c.Tol64.Rtol*math.Abs(w[j])) {
				t.Fatalf("result %d at %d is %v, want %v", i, j, v, w[j])
			}
		}
	}
}

// labels returns the labels or the targets of a case, nil if it has none.
func (c torchCase) labels(g *graph.Graph, in map[string]*graph.Node) *graph.Node {
	switch {
	case c.Attrs.Labels != nil:
		v := numbersIn(c.Attrs.Labels)
		if c.ID == "loss/ce_4d" {
			return constantOf(g, tensor.Int32, v, 1, 2, 2)
		}
		return constantOf(g, tensor.Int32, v, len(v))
	case c.Attrs.Target != nil:
		return constantOf(g, tensor.Float64, numbersIn(c.Attrs.Target), 4, 3)
	}
	return nil
}

// numbersIn returns the numbers of nested lists.
func numbersIn(v any) []float64 {
	if f, ok := v.(float64); ok {
		return []float64{f}
	}
	var all []float64
	list, _ := v.([]any)
	for _, e := range list {
		all = append(all, numbersIn(e)...)
	}
	return all
}

func constantOf(g *graph.Graph, dt tensor.DType, v []float64, dims ...int) *graph.Node {
	x := tensor.New(dt, dims...)
	if err := x.SetFloat64s(v); err != nil {
		panic(err)
	}
	return g.Const(x)
}
