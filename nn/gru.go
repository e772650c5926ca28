package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// GRU returns a layer of gated recurrent units: gates, each of its own columns of the kernels,
// decide how much of the state stays, and how much of it a new value sees:
//
//	xz, xr, xg = the three parts of x·kernel + bias[0]
//	hz, hr, hg = the three parts of h·recurrent_kernel + bias[1]
//	z, r = σ(xz + hz), σ(xr + hr)
//	h = z·h + (1-z)·activation(xg + r·hg)
//
// σ is the recurrent activation. With [ResetBefore] there is one bias, and hg is the product of
// r·h. Masks are as for [SimpleRNN].
//
// Shapes: x [B T in], state [B units] -> y [B units], or [B T units] with [ReturnSequences].
// Inputs behind x are the initial state; [ReturnState] adds the last one to the outputs.
// Panics as SimpleRNN does.
//
// Options: those of [Gated] and of [Loop], [ResetBefore].
//
// Source: keras.layers.GRU; Cho et al. 2014, arXiv:1406.1078.
func GRU(units int, opts ...RecurrentOption) *GRULayer {
	l := newGRU()
	l.Base, l.Units = NewBase(), units
	(&cellSettings{base: &l.Base, recurrent: &l.Recurrent, gates: &l.RecurrentActivation, reset: &l.ResetBefore, loop: &l.Loop}).set(opts)
	return l
}

// GRULayer is the layer that [GRU] makes.
type GRULayer struct {
	Base
	// Units is the length of the state.
	Units int `json:"units"`
	Gated
	// ResetBefore resets the state before its product with the kernel.
	ResetBefore Negated `json:"reset_after"`
	Loop
}

func newGRU() *GRULayer {
	l := &GRULayer{}
	l.Activation, l.RecurrentActivation, l.Loop.states = Tanh, Sigmoid, 1
	return l
}

func newGRUCell() *GRUCellLayer {
	l := &GRUCellLayer{}
	l.Activation, l.RecurrentActivation = Tanh, Sigmoid
	return l
}

func init() {
	addLayer("GRU", vocab.Into[Layer](newGRU), oldLoop)
	addLayer("GRUCell", vocab.Into[Layer](newGRUCell), oldLoop)
}

// Build implements [Layer].
func (l *GRULayer) Build(b *Builder, in tensor.Spec) { l.BuildAll(b, []tensor.Spec{in}) }

// BuildAll implements [MultiLayer].
func (l *GRULayer) BuildAll(b *Builder, in []tensor.Spec) {
	cell := &GRUCellLayer{Units: l.Units, Gated: l.Gated, ResetBefore: l.ResetBefore}
	cell.Recurrent = l.inner()
	l.attach("GRU", cell, l.ActivityRegularizer)
	l.buildLoop(b, in)
}

// GRUCell returns the cell of a [GRU], for [RNN].
//
// Shapes: x [B in], state [B units] -> y [B units], state [B units].
// Panics as GRU does. Options: those of [Gated], [ResetBefore]. Source: keras.layers.GRUCell.
func GRUCell(units int, opts ...CellOption) *GRUCellLayer {
	l := newGRUCell()
	l.Base, l.Units = NewBase(), units
	(&cellSettings{base: &l.Base, recurrent: &l.Recurrent, gates: &l.RecurrentActivation, reset: &l.ResetBefore}).setCell(opts)
	return l
}

// GRUCellLayer is the cell that [GRUCell] makes.
type GRUCellLayer struct {
	Base
	// Units is the length of the state.
	Units int `json:"units"`
	Gated
	// ResetBefore resets the state before its product with the kernel.
	ResetBefore Negated `json:"reset_after"`
}

// Build implements [Layer].
func (l *GRUCellLayer) Build(b *Builder, in tensor.Spec) {
	l.wantCell("GRUCell", l.Units, in)
	bias := tensor.D(2, 3*l.Units)
	if l.ResetBefore {
		bias = tensor.D(3 * l.Units)
	}
	l.build(b, tensor.D(in.Shape.At(1), 3*l.Units), tensor.D(l.Units, 3*l.Units), bias, l.BiasInitializer)
}

// StateSpecs implements [Cell].
func (l *GRUCellLayer) StateSpecs(in tensor.Spec) []tensor.Spec { return vectors(in, l.Units) }

// Begin implements [Cell].
func (l *GRUCellLayer) Begin(c *Ctx, in tensor.Spec) CellStep {
	l.penalize(c)
	var bias, after *graph.Node
	if l.bias != nil {
		bias = c.Value(l.bias)
	}
	if bias != nil && !l.ResetBefore {
		bias, after = ops.Index(bias, 0, 0), ops.Index(bias, 0, 1)
	}
	d := l.drops(c, 3, in, vectors(in, l.Units)[0])
	input := l.parts(c.Value(l.kernel), bias, d.input)
	kernel := c.Value(l.recurrent)
	gate := func(x *graph.Node) *graph.Node { return l.RecurrentActivation.Call(c, x) }
	mix := func(z, h, fresh *graph.Node) (*graph.Node, []*graph.Node) {
		h = ops.Add(ops.Mul(z, h), ops.Mul(ops.Sub(ops.ScalarLike(z, 1), z), fresh))
		return h, []*graph.Node{h}
	}
	if !l.ResetBefore {
		state := l.parts(kernel, after, d.state)
		return func(x *graph.Node, s []*graph.Node) (*graph.Node, []*graph.Node) {
			of, old := input(x), state(s[0])
			z, r := gate(ops.Add(of[0], old[0])), gate(ops.Add(of[1], old[1]))
			return mix(z, s[0], l.Activation.Call(c, ops.Add(of[2], ops.Mul(r, old[2]))))
		}
	}
	gates := ops.SliceAxis(kernel, -1, 0, 2*l.Units)
	fresh := ops.SliceAxis(kernel, -1, 2*l.Units, 3*l.Units)
	state := l.parts(gates, nil, d.state)
	return func(x *graph.Node, s []*graph.Node) (*graph.Node, []*graph.Node) {
		of, old := input(x), state(s[0])
		z, r := gate(ops.Add(of[0], old[0])), gate(ops.Add(of[1], old[1]))
		reset := ops.MatMul(ops.Mul(r, masked(s[0], d.state, 2)), fresh)
		return mix(z, s[0], l.Activation.Call(c, ops.Add(of[2], reset)))
	}
}

// parts returns the function that computes, for each gate, x·kernel + bias with the gate's mask
// of dropout.
func (l *GRUCellLayer) parts(kernel, bias *graph.Node, masks []*graph.Node) func(x *graph.Node) []*graph.Node {
	var sizes []int
	for n := kernel.Shape().At(1); n > 0; n -= l.Units {
		sizes = append(sizes, l.Units)
	}
	if len(masks) <= 1 {
		return func(x *graph.Node) []*graph.Node {
			return ops.Split(plusBias(ops.MatMul(masked(x, masks, 0), kernel), bias), -1, sizes...)
		}
	}
	kernels, biases := ops.Split(kernel, -1, sizes...), make([]*graph.Node, len(sizes))
	if bias != nil {
		biases = ops.Split(bias, -1, sizes...)
	}
	return func(x *graph.Node) []*graph.Node {
		y := make([]*graph.Node, len(sizes))
		for i := range y {
			y[i] = plusBias(ops.MatMul(masked(x, masks, i), kernels[i]), biases[i])
		}
		return y
	}
}

// Call implements [Layer].
func (l *GRUCellLayer) Call(c *Ctx, x *graph.Node) *graph.Node { return CallCell(c, l, x)[0] }

// BuildAll implements [MultiLayer].
func (l *GRUCellLayer) BuildAll(b *Builder, in []tensor.Spec) { l.Build(b, in[0]) }

// CallAll implements [MultiLayer]: x holds a step, and the state before it perhaps.
func (l *GRUCellLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node { return CallCell(c, l, x...) }

// Keywords implements [KeywordLayer].
func (l *GRUCellLayer) Keywords() []string { return []string{"states[]"} }

// OutputCount implements [CountedLayer].
func (l *GRUCellLayer) OutputCount() int { return 2 }
