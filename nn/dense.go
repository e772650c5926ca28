package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Dense returns a layer in which every unit sees every feature of the last axis:
//
//	y = activation(x·kernel + bias)
//
// Shapes: x [B ... in], kernel [in units], bias [units] -> y [B ... units].
// Panics with *graph.Error, when built, if x is not of floats or has no features.
//
// Options: an activation, [NoBias], [KernelInitializer], [BiasInitializer],
// [KernelRegularizer], [BiasRegularizer], [ActivityRegularizer], [KernelConstraint],
// [BiasConstraint], [Name], [Frozen].
func Dense(units int, opts ...DenseOption) *DenseLayer {
	d := &DenseLayer{Base: newBase(), Units: units}
	for _, o := range opts {
		o.dense(d)
	}
	return d
}

// DenseLayer is the layer that [Dense] makes.
type DenseLayer struct {
	Base
	// Units is the length of the output's last axis.
	Units int `json:"units"`
	// Activation is applied to the result; linear by default.
	Activation Activation `json:"activation"`
	// NoBias leaves the bias out.
	NoBias Negated `json:"use_bias"`
	// KernelInitializer is [GlorotUniform] by default, BiasInitializer [Zeros].
	KernelInitializer Initializer `json:"kernel_initializer"`
	BiasInitializer   Initializer `json:"bias_initializer"`
	// The penalties are none by default. That of the activity, which is the
	// output, is divided by the length of the batch.
	KernelRegularizer   Regularizer `json:"kernel_regularizer"`
	BiasRegularizer     Regularizer `json:"bias_regularizer"`
	ActivityRegularizer Regularizer `json:"activity_regularizer"`
	// The constraints, none by default, hold after every update.
	KernelConstraint Constraint `json:"kernel_constraint"`
	BiasConstraint   Constraint `json:"bias_constraint"`

	kernel, bias *graph.Var
}

// DenseOption is an option of [Dense].
type DenseOption interface{ dense(*DenseLayer) }

func (n Named) dense(d *DenseLayer)      { n.layer(&d.Base) }
func (f freeze) dense(d *DenseLayer)     { f.layer(&d.Base) }
func (a Activation) dense(d *DenseLayer) { d.Activation = a }
func (noBias) dense(d *DenseLayer)       { d.NoBias = true }
func (o kernelInit) dense(d *DenseLayer) { d.KernelInitializer = o.Initializer }
func (o biasInit) dense(d *DenseLayer)   { d.BiasInitializer = o.Initializer }
func (o kernelReg) dense(d *DenseLayer)  { d.KernelRegularizer = o.Regularizer }
func (o biasReg) dense(d *DenseLayer)    { d.BiasRegularizer = o.Regularizer }
func (o kernelCons) dense(d *DenseLayer) { d.KernelConstraint = o.Constraint }
func (o biasCons) dense(d *DenseLayer)   { d.BiasConstraint = o.Constraint }
func (o activityReg) dense(d *DenseLayer) {
	d.ActivityRegularizer = o.Regularizer
}

// Class returns Keras's name of the type.
func (d *DenseLayer) Class() string { return "Dense" }

// Build implements [Layer].
func (d *DenseLayer) Build(b *Builder, in tensor.Spec) {
	wantFloat("Dense", in)
	if in.Rank() < 2 {
		panic(graph.Errorf("nn.Dense: x is %v: want [batch ... features]", in))
	}
	if d.Units < 1 {
		panic(graph.Errorf("nn.Dense: %d units: want 1 or more", d.Units))
	}
	d.kernel = b.Param("kernel", tensor.D(in.Shape.At(-1), d.Units), d.KernelInitializer.Or(GlorotUniform))
	constrain(d.kernel, d.KernelConstraint)
	if !d.NoBias {
		d.bias = b.Param("bias", tensor.D(d.Units), d.BiasInitializer)
		constrain(d.bias, d.BiasConstraint)
	}
}

// Call implements [Layer].
func (d *DenseLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	wantFloat("Dense", x.Spec())
	shape := x.Shape()
	if x.Rank() > 2 { // one product of all rows
		x = ops.Reshape(x, shape.To(shape.Rank()-1).Size(), shape.At(-1))
	}
	y := ops.MatMul(x, c.Value(d.kernel))
	if d.bias != nil {
		y = ops.Add(y, c.Value(d.bias))
	}
	if shape.Rank() > 2 {
		y = ops.Reshape(y, shape.With(-1, d.Units).Slice()...)
	}
	y = d.Activation.Call(c, y)
	c.Regularize(d.kernel, d.KernelRegularizer)
	if d.bias != nil {
		c.Regularize(d.bias, d.BiasRegularizer)
	}
	d.ActivityRegularizer.activity(c, y)
	return y
}

// MarshalJSON writes the layer's config as Keras does, with the defaults spelled out.
func (d *DenseLayer) MarshalJSON() ([]byte, error) {
	type plain DenseLayer
	p := plain(*d)
	p.KernelInitializer = p.KernelInitializer.Or(GlorotUniform)
	p.BiasInitializer = p.BiasInitializer.Or(Zeros)
	return vocab.Marshal(p)
}
