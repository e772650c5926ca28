package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// SimpleRNN returns a layer whose state is its output, which the next step adds to its input:
//
//	h = activation(x·kernel + bias + h·recurrent_kernel)
//
// The activation is [Tanh] by default. A step that is masked leaves the state as it is. Where
// Keras's backends differ, masks and states are those of TensorFlow.
//
// Shapes: x [B T in], state [B units] -> y [B units], or [B T units] with [ReturnSequences].
// Inputs behind x are the initial state; [ReturnState] adds the last one to the outputs.
// Panics with *graph.Error, when built, if x is not of floats or has other axes, units is
// less than 1 or a rate of dropout is not from 0 to less than 1; when called, if x has no
// steps or a state is not of its batch.
//
// Options: those of [Recurrent] and of [Loop].
//
// Source: keras.layers.SimpleRNN.
func SimpleRNN(units int, opts ...RecurrentOption) *SimpleRNNLayer {
	l := newSimpleRNN()
	l.Base, l.Units = NewBase(), units
	(&cellSettings{base: &l.Base, recurrent: &l.Recurrent, loop: &l.Loop}).set(opts)
	return l
}

// SimpleRNNLayer is the layer that [SimpleRNN] makes.
type SimpleRNNLayer struct {
	Base
	// Units is the length of the state.
	Units int `json:"units"`
	Recurrent
	Loop
}

func newSimpleRNN() *SimpleRNNLayer {
	l := &SimpleRNNLayer{}
	l.Activation, l.Loop.states = Tanh, 1
	return l
}

func newSimpleRNNCell() *SimpleRNNCellLayer {
	l := &SimpleRNNCellLayer{}
	l.Activation = Tanh
	return l
}

func init() {
	addLayer("SimpleRNN", vocab.Into[Layer](newSimpleRNN), oldLoop)
	addLayer("SimpleRNNCell", vocab.Into[Layer](newSimpleRNNCell), anySeed)
}

// oldLoop holds the settings of recurrent layers in files that change no number: the seed, and
// what Keras 2 had to choose one of several ways to compute the same.
var oldLoop = map[string]string{"seed": "", "implementation": "", "time_major": "false", "use_cudnn": ""}

// Build implements [Layer].
func (l *SimpleRNNLayer) Build(b *Builder, in tensor.Spec) { l.BuildAll(b, []tensor.Spec{in}) }

// BuildAll implements [MultiLayer].
func (l *SimpleRNNLayer) BuildAll(b *Builder, in []tensor.Spec) {
	l.attach("SimpleRNN", &SimpleRNNCellLayer{Units: l.Units, Recurrent: l.inner()}, l.ActivityRegularizer)
	l.buildLoop(b, in)
}

// SimpleRNNCell returns the cell of a [SimpleRNN], for [RNN].
//
// Shapes: x [B in], state [B units] -> y [B units], state [B units].
// Panics as SimpleRNN does. Options: those of [Recurrent]. Source: keras.layers.SimpleRNNCell.
func SimpleRNNCell(units int, opts ...CellOption) *SimpleRNNCellLayer {
	l := newSimpleRNNCell()
	l.Base, l.Units = NewBase(), units
	(&cellSettings{base: &l.Base, recurrent: &l.Recurrent}).setCell(opts)
	return l
}

// SimpleRNNCellLayer is the cell that [SimpleRNNCell] makes.
type SimpleRNNCellLayer struct {
	Base
	// Units is the length of the state.
	Units int `json:"units"`
	Recurrent
}

// Build implements [Layer].
func (l *SimpleRNNCellLayer) Build(b *Builder, in tensor.Spec) {
	l.wantCell("SimpleRNNCell", l.Units, in)
	l.build(b, tensor.D(in.Shape.At(1), l.Units), tensor.D(l.Units, l.Units), tensor.D(l.Units), l.BiasInitializer)
}

// StateSpecs implements [Cell].
func (l *SimpleRNNCellLayer) StateSpecs(in tensor.Spec) []tensor.Spec { return vectors(in, l.Units) }

// vectors returns the specs of states of these lengths for a step of spec in.
func vectors(in tensor.Spec, units ...int) []tensor.Spec {
	specs := make([]tensor.Spec, len(units))
	for i, n := range units {
		specs[i] = tensor.Spec{DType: in.DType, Shape: tensor.D(in.Shape.At(0), n)}
	}
	return specs
}

// Begin implements [Cell].
func (l *SimpleRNNCellLayer) Begin(c *Ctx, in tensor.Spec) CellStep {
	l.penalize(c)
	kernel, recurrent := c.Value(l.kernel), c.Value(l.recurrent)
	var bias *graph.Node
	if l.bias != nil {
		bias = c.Value(l.bias)
	}
	d := l.drops(c, 1, in, vectors(in, l.Units)[0])
	return func(x *graph.Node, state []*graph.Node) (*graph.Node, []*graph.Node) {
		y := plusBias(ops.MatMul(masked(x, d.input, 0), kernel), bias)
		y = ops.Add(y, ops.MatMul(masked(state[0], d.state, 0), recurrent))
		y = l.Activation.Call(c, y)
		return y, []*graph.Node{y}
	}
}

// plusBias returns x + bias, x if there is none.
func plusBias(x, bias *graph.Node) *graph.Node {
	if bias == nil {
		return x
	}
	return ops.Add(x, bias)
}

// Call implements [Layer].
func (l *SimpleRNNCellLayer) Call(c *Ctx, x *graph.Node) *graph.Node { return CallCell(c, l, x)[0] }

// BuildAll implements [MultiLayer].
func (l *SimpleRNNCellLayer) BuildAll(b *Builder, in []tensor.Spec) { l.Build(b, in[0]) }

// CallAll implements [MultiLayer]: x holds a step, and the state before it perhaps.
func (l *SimpleRNNCellLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	return CallCell(c, l, x...)
}

// Keywords implements [KeywordLayer].
func (l *SimpleRNNCellLayer) Keywords() []string { return []string{"states[]"} }

// OutputCount implements [CountedLayer].
func (l *SimpleRNNCellLayer) OutputCount() int { return 2 }
