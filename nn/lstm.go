package nn

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// LSTM returns a layer with a long short-term memory: gates, each of its own columns of the
// kernels, decide what enters the memory c, what stays in it and what the output h shows of it:
//
//	i, f, g, o = the four parts of x·kernel + bias + h·recurrent_kernel
//	c = σ(f)·c + σ(i)·activation(g)
//	h = σ(o)·activation(c)
//
// σ is the recurrent activation. The bias of f begins at 1. Masks are as for [SimpleRNN].
//
// Shapes: x [B T in], states h and c [B units] -> y [B units], or [B T units] with
// [ReturnSequences]. Inputs behind x are the initial states; [ReturnState] adds the last ones
// to the outputs. Panics as SimpleRNN does.
//
// Options: those of [Gated] and of [Loop], [NoUnitForgetBias].
//
// Source: keras.layers.LSTM; Hochreiter, Schmidhuber 1997, Neural Computation 9(8).
func LSTM(units int, opts ...RecurrentOption) *LSTMLayer {
	l := newLSTM()
	l.Base, l.Units = NewBase(), units
	(&cellSettings{base: &l.Base, recurrent: &l.Recurrent, gates: &l.RecurrentActivation, forget: &l.NoUnitForgetBias, loop: &l.Loop}).set(opts)
	return l
}

// LSTMLayer is the layer that [LSTM] makes.
type LSTMLayer struct {
	Base
	// Units is the length of both states.
	Units int `json:"units"`
	Gated
	// NoUnitForgetBias lets the bias of the forget gate begin as the others do.
	NoUnitForgetBias Negated `json:"unit_forget_bias"`
	Loop
}

func newLSTM() *LSTMLayer {
	l := &LSTMLayer{}
	l.Activation, l.RecurrentActivation, l.Loop.states = Tanh, Sigmoid, 2
	return l
}

func newLSTMCell() *LSTMCellLayer {
	l := &LSTMCellLayer{}
	l.Activation, l.RecurrentActivation = Tanh, Sigmoid
	return l
}

func init() {
	addLayer("LSTM", vocab.Into[Layer](newLSTM), oldLoop)
	addLayer("LSTMCell", vocab.Into[Layer](newLSTMCell), oldLoop)
}

// Build implements [Layer].
func (l *LSTMLayer) Build(b *Builder, in tensor.Spec) { l.BuildAll(b, []tensor.Spec{in}) }

// BuildAll implements [MultiLayer].
func (l *LSTMLayer) BuildAll(b *Builder, in []tensor.Spec) {
	cell := &LSTMCellLayer{Units: l.Units, Gated: l.Gated, NoUnitForgetBias: l.NoUnitForgetBias}
	cell.Recurrent = l.inner()
	l.attach("LSTM", cell, l.ActivityRegularizer)
	l.buildLoop(b, in)
}

// LSTMCell returns the cell of an [LSTM], for [RNN].
//
// Shapes: x [B in], states h and c [B units] -> y [B units], h, c [B units].
// Panics as LSTM does. Options: those of [Gated], [NoUnitForgetBias].
// Source: keras.layers.LSTMCell.
func LSTMCell(units int, opts ...CellOption) *LSTMCellLayer {
	l := newLSTMCell()
	l.Base, l.Units = NewBase(), units
	(&cellSettings{base: &l.Base, recurrent: &l.Recurrent, gates: &l.RecurrentActivation, forget: &l.NoUnitForgetBias}).setCell(opts)
	return l
}

// LSTMCellLayer is the cell that [LSTMCell] makes.
type LSTMCellLayer struct {
	Base
	// Units is the length of both states.
	Units int `json:"units"`
	Gated
	// NoUnitForgetBias lets the bias of the forget gate begin as the others do.
	NoUnitForgetBias Negated `json:"unit_forget_bias"`
}

// Build implements [Layer].
func (l *LSTMCellLayer) Build(b *Builder, in tensor.Spec) {
	l.wantCell("LSTMCell", l.Units, in)
	l.build(b, tensor.D(in.Shape.At(1), 4*l.Units), tensor.D(l.Units, 4*l.Units), tensor.D(4*l.Units), forgetting(l.BiasInitializer, l.Units, l.NoUnitForgetBias))
}

// forgetting returns the initializer of the biases of four gates of units elements each, which
// sets those of the second one, the forget gate, to 1.
func forgetting(init Initializer, units int, no Negated) Initializer {
	if no {
		return init
	}
	inner := init
	init.fill = func(dst []float64, _ tensor.Dims, r *Rand) {
		if inner.fill != nil {
			inner.fill(dst[:units], tensor.D(units), r)
			inner.fill(dst[2*units:], tensor.D(2*units), r)
		}
		for i := range units {
			dst[units+i] = 1
		}
	}
	return init
}

// StateSpecs implements [Cell]: h and c.
func (l *LSTMCellLayer) StateSpecs(in tensor.Spec) []tensor.Spec {
	return vectors(in, l.Units, l.Units)
}

// Begin implements [Cell].
func (l *LSTMCellLayer) Begin(c *Ctx, in tensor.Spec) CellStep {
	l.penalize(c)
	gates := l.products(c, in, 4, l.Units)
	return func(x *graph.Node, state []*graph.Node) (*graph.Node, []*graph.Node) {
		z := gates(x, state[0])
		h, next := l.memory(c, z, state[1])
		return h, []*graph.Node{h, next}
	}
}

// memory returns the output and the memory after a step, from the inputs of the gates.
func (l *Gated) memory(ctx *Ctx, z []*graph.Node, c *graph.Node) (h, next *graph.Node) {
	if l.Activation.is(Tanh) && l.RecurrentActivation.is(Sigmoid) {
		return ops.LSTMCell(z[0], z[1], z[2], z[3], c)
	}
	gate := func(i int) *graph.Node { return l.RecurrentActivation.Call(ctx, z[i]) }
	next = ops.Add(ops.Mul(gate(1), c), ops.Mul(gate(0), l.Activation.Call(ctx, z[2])))
	return ops.Mul(gate(3), l.Activation.Call(ctx, next)), next
}

// products returns the function that computes the inputs of all gates of a cell from a step and
// the state: x·kernel + bias + h·recurrent_kernel, each with its masks of dropout.
func (r *Recurrent) products(c *Ctx, in tensor.Spec, gates, units int) func(x, h *graph.Node) []*graph.Node {
	kernel, recurrent := c.Value(r.kernel), c.Value(r.recurrent)
	var bias *graph.Node
	if r.bias != nil {
		bias = c.Value(r.bias)
	}
	d := r.drops(c, gates, in, vectors(in, units)[0])
	sizes := slices.Repeat([]int{units}, gates)
	if !d.perGate() {
		return func(x, h *graph.Node) []*graph.Node {
			z := plusBias(ops.MatMul(masked(x, d.input, 0), kernel), bias)
			return ops.Split(ops.Add(z, ops.MatMul(masked(h, d.state, 0), recurrent)), -1, sizes...)
		}
	}
	kernels, recurrents := ops.Split(kernel, -1, sizes...), ops.Split(recurrent, -1, sizes...)
	biases := make([]*graph.Node, gates)
	if bias != nil {
		biases = ops.Split(bias, -1, sizes...)
	}
	return func(x, h *graph.Node) []*graph.Node {
		z := make([]*graph.Node, gates)
		for i := range z {
			z[i] = plusBias(ops.MatMul(masked(x, d.input, i), kernels[i]), biases[i])
			z[i] = ops.Add(z[i], ops.MatMul(masked(h, d.state, i), recurrents[i]))
		}
		return z
	}
}

// Call implements [Layer].
func (l *LSTMCellLayer) Call(c *Ctx, x *graph.Node) *graph.Node { return CallCell(c, l, x)[0] }

// BuildAll implements [MultiLayer].
func (l *LSTMCellLayer) BuildAll(b *Builder, in []tensor.Spec) { l.Build(b, in[0]) }

// CallAll implements [MultiLayer]: x holds a step, and the states before it perhaps.
func (l *LSTMCellLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node { return CallCell(c, l, x...) }

// Keywords implements [KeywordLayer].
func (l *LSTMCellLayer) Keywords() []string { return []string{"states[]", "states[]"} }

// OutputCount implements [CountedLayer].
func (l *LSTMCellLayer) OutputCount() int { return 3 }
