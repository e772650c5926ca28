package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Weights groups the settings of a layer with a kernel and a bias. [Dense] embeds it.
//
// A group is a struct that layers embed, and an interface of the options that set it:
// an option has one method for a group, however many layers have it. A layer of several
// groups takes options of an interface of its own, to whose method each option adds one
// line: a convolution for instance has Weights, a window and settings of its own. Options
// return an exported type, under which go doc lists them.
type Weights struct {
	// Activation is applied to the result; linear by default.
	Activation Activation `json:"activation"`
	// NoBias omits the bias.
	NoBias Negated `json:"use_bias"`
	// KernelInitializer is [GlorotUniform] by default, BiasInitializer [Zeros].
	KernelInitializer Initializer `json:"kernel_initializer"`
	BiasInitializer   Initializer `json:"bias_initializer"`
	// There are no penalties by default. That of the activity, the output, is divided by
	// the length of the batch.
	KernelRegularizer   Regularizer `json:"kernel_regularizer"`
	BiasRegularizer     Regularizer `json:"bias_regularizer"`
	ActivityRegularizer Regularizer `json:"activity_regularizer"`
	// The constraints hold after every update. There are none by default.
	KernelConstraint Constraint `json:"kernel_constraint"`
	BiasConstraint   Constraint `json:"bias_constraint"`

	kernel, bias *graph.Var
	activated    bool // by an option
}

// WeightsOption is an option of a layer with a kernel and a bias: an [Activation], a
// [WeightsSetting], or a [LayerOption].
type WeightsOption interface{ weights(*Base, *Weights) }

// WeightsSetting is an option that sets a part of [Weights].
type WeightsSetting func(*Weights)

func (s WeightsSetting) weights(_ *Base, w *Weights) { s(w) }
func (s LayerSetting) weights(b *Base, _ *Weights)   { s(b) }
func (p DTypePolicy) weights(b *Base, _ *Weights)    { b.DType = p }

func (a Activation) weights(b *Base, w *Weights) {
	if w.activated {
		b.mistaken("activations %v and %v: want one; the second may be a layer of its own", w.Activation, a)
	}
	w.Activation, w.activated = a, true
}

// NoBias omits the bias of a layer.
var NoBias WeightsSetting = func(w *Weights) { w.NoBias = true }

// KernelInitializer gives a layer's kernel its first value.
func KernelInitializer(i Initializer) WeightsSetting {
	return func(w *Weights) { w.KernelInitializer = i }
}

// BiasInitializer gives a layer's bias its first value.
func BiasInitializer(i Initializer) WeightsSetting {
	return func(w *Weights) { w.BiasInitializer = i }
}

// KernelRegularizer adds a penalty of a layer's kernel to the loss.
func KernelRegularizer(r Regularizer) WeightsSetting {
	return func(w *Weights) { w.KernelRegularizer = r }
}

// BiasRegularizer adds a penalty of a layer's bias to the loss.
func BiasRegularizer(r Regularizer) WeightsSetting {
	return func(w *Weights) { w.BiasRegularizer = r }
}

// ActivityRegularizer adds a penalty of a layer's output, divided by the length
// of the batch, to the loss.
func ActivityRegularizer(r Regularizer) WeightsSetting {
	return func(w *Weights) { w.ActivityRegularizer = r }
}

// KernelConstraint puts a layer's kernel under a constraint after every update.
func KernelConstraint(c Constraint) WeightsSetting {
	return func(w *Weights) { w.KernelConstraint = c }
}

// BiasConstraint puts a layer's bias under a constraint after every update.
func BiasConstraint(c Constraint) WeightsSetting {
	return func(w *Weights) { w.BiasConstraint = c }
}

// SetDefaults sets the initializers that are not set to the defaults that they stand for.
func (w *Weights) SetDefaults() {
	w.KernelInitializer = w.KernelInitializer.Or(GlorotUniform)
	w.BiasInitializer = w.BiasInitializer.Or(Zeros)
}

// OfIntegers implements [IntegerLayer].
func (*Weights) OfIntegers(tensor.DType) tensor.DType { return tensor.Invalid }

// build makes a kernel of that shape, and unless NoBias is set a bias of units elements.
func (w *Weights) build(b *Builder, kernel tensor.Dims, units int) {
	w.kernel = b.Param("kernel", kernel, w.KernelInitializer.Or(GlorotUniform))
	constrain(w.kernel, w.KernelConstraint)
	if !w.NoBias {
		w.bias = b.Param("bias", tensor.D(units), w.BiasInitializer)
		constrain(w.bias, w.BiasConstraint)
	}
}

// addBias adds the bias, if there is one, along the last axis of y.
func (w *Weights) addBias(c *Ctx, y *graph.Node) *graph.Node {
	if w.bias == nil {
		return y
	}
	return ops.Add(y, c.Value(w.bias))
}

// finish returns the activation of y, and adds the penalties to the loss.
func (w *Weights) finish(c *Ctx, y *graph.Node) *graph.Node {
	y = w.Activation.Call(c, y)
	c.Regularize(w.kernel, w.KernelRegularizer)
	if w.bias != nil {
		c.Regularize(w.bias, w.BiasRegularizer)
	}
	w.ActivityRegularizer.activity(c, y)
	return y
}
