package nn

import (
	"errors"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Lambda returns a layer without variables that applies f. Its config cannot be
// saved: for that, write a type with Build and Call.
//
// Shapes: x [B ...] -> y of the shape that f returns.
// Panics with *graph.Error, when built, if f is nil or panics so.
// Source: keras.layers.Lambda.
func Lambda(f func(x *graph.Node) *graph.Node, opts ...LayerOption) *LambdaLayer {
	l := &LambdaLayer{f: f}
	if f == nil {
		l.Base = NewBase() // otherwise no line is recorded: errors name the line in f
	}
	l.Set(opts...)
	return l
}

// LambdaLayer is the layer that [Lambda] makes.
type LambdaLayer struct {
	Base
	f func(x *graph.Node) *graph.Node
}

// Build implements [Layer].
func (l *LambdaLayer) Build(*Builder, tensor.Spec) {
	if l.f == nil {
		panic(graph.Errorf("nn.Lambda: the function is nil"))
	}
}

// Call implements [Layer].
func (l *LambdaLayer) Call(_ *Ctx, x *graph.Node) *graph.Node { return l.f(x) }

// MarshalJSON fails: a function cannot be saved.
func (l *LambdaLayer) MarshalJSON() ([]byte, error) {
	return nil, errors.New("nn: a Lambda layer cannot be saved: want a type with Build and Call")
}
