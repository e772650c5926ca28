package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Recurrent groups the settings of a cell that adds a product of its state to one of its
// input: see [Weights] for groups.
type Recurrent struct {
	Weights
	// RecurrentInitializer is [OrthogonalInitializer] with a gain of 1 by default.
	RecurrentInitializer Initializer `json:"recurrent_initializer"`
	RecurrentRegularizer Regularizer `json:"recurrent_regularizer"`
	RecurrentConstraint  Constraint  `json:"recurrent_constraint"`
	// Dropout is the part of the input's elements that training drops, RecurrentDropout that
	// of the state's. A mask is drawn for a sequence, and holds for all of its steps. With
	// RecurrentDropout every gate has masks of its own, otherwise one serves all gates.
	Dropout          float64 `json:"dropout"`
	RecurrentDropout float64 `json:"recurrent_dropout"`

	recurrent *graph.Var
}

// Gated groups the settings of a cell with gates.
type Gated struct {
	Recurrent
	// RecurrentActivation is that of the gates. The constructors set [Sigmoid].
	RecurrentActivation Activation `json:"recurrent_activation"`
}

// cellSettings points to what the options of a recurrent layer or a cell may set; a setting
// that a layer lacks is nil.
type cellSettings struct {
	base      *Base
	recurrent *Recurrent
	gates     *Activation
	forget    *Negated
	reset     *Negated
	loop      *Loop
	window    *Window
	dilation  *Sizes
}

// RecurrentOption is an option of [SimpleRNN], [LSTM] and [GRU]: an [Activation], a
// [WeightsSetting], a [RecurrentSetting], a [LoopSetting], or a [LayerOption].
type RecurrentOption interface{ recurrent(*cellSettings) }

// CellOption is an option of [SimpleRNNCell], [LSTMCell] and [GRUCell]: a [RecurrentOption]
// but for a [LoopSetting].
type CellOption interface{ cell(*cellSettings) }

// RecurrentSetting is an option that sets a part of [Recurrent] or of a cell with gates.
type RecurrentSetting func(*cellSettings)

func (s RecurrentSetting) recurrent(c *cellSettings) { s(c) }
func (s RecurrentSetting) cell(c *cellSettings)      { s(c) }
func (a Activation) recurrent(c *cellSettings)       { a.weights(c.base, &c.recurrent.Weights) }
func (a Activation) cell(c *cellSettings)            { a.weights(c.base, &c.recurrent.Weights) }
func (s WeightsSetting) recurrent(c *cellSettings)   { s(&c.recurrent.Weights) }
func (s WeightsSetting) cell(c *cellSettings)        { s(&c.recurrent.Weights) }
func (s LayerSetting) recurrent(c *cellSettings)     { s(c.base) }
func (s LayerSetting) cell(c *cellSettings)          { s(c.base) }
func (p DTypePolicy) recurrent(c *cellSettings)      { c.base.DType = p }
func (p DTypePolicy) cell(c *cellSettings)           { c.base.DType = p }
func (s LoopSetting) recurrent(c *cellSettings)      { s(c.loop) }

// set applies the options of a recurrent layer.
func (s *cellSettings) set(opts []RecurrentOption) {
	wantOptions(opts)
	for _, o := range opts {
		o.recurrent(s)
	}
}

// setCell applies the options of a cell.
func (s *cellSettings) setCell(opts []CellOption) {
	wantOptions(opts)
	for _, o := range opts {
		o.cell(s)
	}
}

// ofCell returns where an option sets its setting, or tells that the layer lacks it.
func ofCell[T any](c *cellSettings, name string, to *T) *T {
	if to == nil {
		c.base.mistaken("the option %s: want it on a layer that has it", name)
		return new(T)
	}
	return to
}

// RecurrentActivation sets the activation of the gates of [LSTM], [GRU] and their like.
func RecurrentActivation(a Activation) RecurrentSetting {
	return func(c *cellSettings) { *ofCell(c, "RecurrentActivation", c.gates) = a }
}

// RecurrentInitializer gives the kernel of a layer's state its first value.
func RecurrentInitializer(i Initializer) RecurrentSetting {
	return func(c *cellSettings) { c.recurrent.RecurrentInitializer = i }
}

// RecurrentRegularizer adds a penalty of the kernel of a layer's state to the loss.
func RecurrentRegularizer(r Regularizer) RecurrentSetting {
	return func(c *cellSettings) { c.recurrent.RecurrentRegularizer = r }
}

// RecurrentConstraint puts the kernel of a layer's state under a constraint after every update.
func RecurrentConstraint(k Constraint) RecurrentSetting {
	return func(c *cellSettings) { c.recurrent.RecurrentConstraint = k }
}

// InputDropout drops a part of the elements of a recurrent layer's input in training: the same
// ones in every step of a sequence. It is Keras's argument dropout.
func InputDropout(rate float64) RecurrentSetting {
	return func(c *cellSettings) { c.recurrent.Dropout = rate }
}

// RecurrentDropout drops a part of the elements of a recurrent layer's state in training: the
// same ones in every step of a sequence, others for each gate.
//
// Source: Gal, Ghahramani 2016, arXiv:1512.05287.
func RecurrentDropout(rate float64) RecurrentSetting {
	return func(c *cellSettings) { c.recurrent.RecurrentDropout = rate }
}

// NoUnitForgetBias lets the bias of the forget gate of an [LSTM] begin as the other biases do,
// instead of at 1.
var NoUnitForgetBias RecurrentSetting = func(c *cellSettings) { *ofCell(c, "NoUnitForgetBias", c.forget) = true }

// ResetBefore makes a [GRU] reset the state before the product with the kernel of the state
// instead of after it: Keras's reset_after=False.
var ResetBefore RecurrentSetting = func(c *cellSettings) { *ofCell(c, "ResetBefore", c.reset) = true }

// SetDefaults sets the initializers that are not set to the defaults that they stand for.
func (r *Recurrent) SetDefaults() {
	r.Weights.SetDefaults()
	r.RecurrentInitializer = r.RecurrentInitializer.Or(OrthogonalInitializer(1))
}

// inner returns the settings for the cell of a layer, without the penalty of the activity,
// which is that of the layer's output.
func (r Recurrent) inner() Recurrent {
	r.ActivityRegularizer = Regularizer{}
	return r
}

// wantCell panics with *graph.Error unless in is a step of floats with features, and the
// settings of a cell are right.
func (r *Recurrent) wantCell(class string, units int, in tensor.Spec) {
	wantFloat(class, in)
	if in.Rank() != 2 {
		panic(graph.Errorf("nn.%s: a step of x is %v: want [batch features]", class, in))
	}
	if in.Shape.At(1) < 1 {
		panic(graph.Errorf("nn.%s: a step of x is %v: want one feature or more", class, in))
	}
	if units < 1 {
		panic(graph.Errorf("nn.%s: %d units: want 1 or more", class, units))
	}
	r.wantRates(class)
}

func (r *Recurrent) wantRates(class string) {
	wantPartRate(class, r.Dropout)
	wantPartRate(class, r.RecurrentDropout)
	if !r.ActivityRegularizer.Zero() {
		panic(graph.Errorf("nn.%s: a penalty of the activity of a cell: want it on the layer around", class))
	}
}

// build makes the two kernels, and unless NoBias is set a bias.
func (r *Recurrent) build(b *Builder, kernel, recurrent, bias tensor.Dims, init Initializer) {
	r.kernel = b.Param("kernel", kernel, r.KernelInitializer.Or(GlorotUniform))
	constrain(r.kernel, r.KernelConstraint)
	r.recurrent = b.Param("recurrent_kernel", recurrent, r.RecurrentInitializer.Or(OrthogonalInitializer(1)))
	constrain(r.recurrent, r.RecurrentConstraint)
	if !r.NoBias {
		r.bias = b.Param("bias", bias, init)
		constrain(r.bias, r.BiasConstraint)
	}
}

// penalize adds the penalties of the variables to the loss.
func (r *Recurrent) penalize(c *Ctx) {
	c.Regularize(r.kernel, r.KernelRegularizer)
	c.Regularize(r.recurrent, r.RecurrentRegularizer)
	if r.bias != nil {
		c.Regularize(r.bias, r.BiasRegularizer)
	}
}

// dropping holds what multiplies the input and the state of a cell in training: for each gate,
// one for all gates, or none.
type dropping struct{ input, state []*graph.Node }

// drops draws the masks for inputs and states of these specs, before the loop over the steps.
func (r *Recurrent) drops(c *Ctx, gates int, input, state tensor.Spec) (d dropping) {
	if !c.Training {
		return d
	}
	mask := func(s tensor.Spec, rate float64) *graph.Node {
		return dropout(c, ops.Full(c.Graph(), s, 1), rate, s.Shape)
	}
	n := 1
	if r.RecurrentDropout > 0 {
		n = gates
	}
	for range n {
		if r.Dropout > 0 {
			d.input = append(d.input, mask(input, r.Dropout))
		}
	}
	for range n {
		if r.RecurrentDropout > 0 {
			d.state = append(d.state, mask(state, r.RecurrentDropout))
		}
	}
	return d
}

// perGate reports whether gates have masks of their own.
func (d dropping) perGate() bool { return len(d.input) > 1 || len(d.state) > 1 }

// masked returns x times the mask of a gate, if there is one.
func masked(x *graph.Node, masks []*graph.Node, gate int) *graph.Node {
	switch len(masks) {
	case 0:
		return x
	case 1:
		gate = 0
	}
	return ops.Mul(x, masks[gate])
}

// is reports whether a is an activation of Keras's by name alone.
func (a Activation) is(other Activation) bool {
	return !a.own && a.obj == nil && a.unlike == "" && a.f != nil && a.name == other.name
}
