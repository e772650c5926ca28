package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Dense returns a layer that connects every unit with every feature of the last axis:
//
//	y = activation(x·kernel + bias)
//
// Shapes: x [B ... in], kernel [in units], bias [units] -> y [B ... units].
// Panics with *graph.Error, when built, if x is not of floats or has no features, or units
// is less than 1.
//
// Options: those of [Weights].
//
// Source: keras.layers.Dense.
func Dense(units int, opts ...WeightsOption) *DenseLayer {
	d := &DenseLayer{Base: NewBase(), Units: units}
	wantOptions(opts)
	for _, o := range opts {
		o.weights(&d.Base, &d.Weights)
	}
	return d
}

// DenseLayer is the layer that [Dense] makes.
type DenseLayer struct {
	Base
	// Units is the length of the output's last axis.
	Units int `json:"units"`
	Weights
}

func init() { addLayer("Dense", layerOf[DenseLayer]()) }

func (*DenseLayer) keepsMask() {}

// Build implements [Layer].
func (d *DenseLayer) Build(b *Builder, in tensor.Spec) {
	wantFloat("Dense", in)
	if in.Rank() < 2 {
		panic(graph.Errorf("nn.Dense: x is %v: want [batch ... features]", in))
	}
	if d.Units < 1 {
		panic(graph.Errorf("nn.Dense: %d units: want 1 or more", d.Units))
	}
	d.build(b, tensor.D(in.Shape.At(-1), d.Units), d.Units)
}

// Call implements [Layer].
func (d *DenseLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	wantFloat("Dense", x.Spec())
	shape := x.Shape()
	if x.Rank() > 2 { // one product of all rows
		x = ops.Reshape(x, shape.To(shape.Rank()-1).Size(), shape.At(-1))
	}
	y := d.addBias(c, ops.MatMul(x, c.Value(d.kernel)))
	if shape.Rank() > 2 {
		y = ops.Reshape(y, shape.With(-1, d.Units).Slice()...)
	}
	return d.finish(c, y)
}
