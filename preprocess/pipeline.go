package preprocess

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// Pipeline returns a layer that applies layers one after another, as one: [Apply] gives each of them
// all that belongs to the pictures.
//
// Shapes, dtypes and gradient: those of the layers. Panics with *graph.Error, when built, if there is
// no layer, or one is nil.
// Source: keras.layers.Pipeline. Keras's files hold its layers and its name, no dtype policy.
func Pipeline(layers ...nn.Layer) *PipelineLayer {
	return nn.Setup(&PipelineLayer{Parts: layers})
}

// With sets options, of those that every layer takes, in place of those that were set, and returns
// the layer.
func (l *PipelineLayer) With(opts ...nn.LayerOption) *PipelineLayer {
	l.Set(opts...)
	return l
}

// PipelineLayer is the layer that [Pipeline] makes.
type PipelineLayer struct {
	nn.Base
	// Parts holds the layers in their order.
	Parts []nn.Layer `json:"layers"`
}

func init() {
	nn.Register("keras.layers>Pipeline", func() nn.Layer { return &PipelineLayer{} })
}

// MarshalJSON writes the config as Keras does, which takes nothing else.
func (l *PipelineLayer) MarshalJSON() ([]byte, error) {
	return vocab.Marshal(struct {
		Layers []nn.Layer `json:"layers"`
		Name   string     `json:"name,omitempty"`
	}{l.Parts, l.Name})
}

// Layers implements [nn.Container].
func (l *PipelineLayer) Layers() []nn.Layer { return l.Parts }

// OfIntegers implements [nn.IntegerLayer]: integers stay if all layers leave them.
func (l *PipelineLayer) OfIntegers(in tensor.DType) tensor.DType {
	for _, part := range l.Parts {
		of, ok := part.(nn.IntegerLayer)
		if !ok {
			return tensor.Invalid
		}
		if in = of.OfIntegers(in); !in.IsInt() {
			return in
		}
	}
	return in
}

// Build implements [nn.Layer].
func (l *PipelineLayer) Build(b *nn.Builder, in tensor.Spec) {
	if len(l.Parts) == 0 {
		panic(graph.Errorf("preprocess.Pipeline: no layers: want some"))
	}
	taken := map[string]int{}
	for i, part := range l.Parts {
		if part == nil {
			panic(graph.Errorf("preprocess.Pipeline: layer %d is nil", i))
		}
		name := nn.SnakeCase(nn.ClassOf(part))
		if n := taken[name]; n > 0 {
			taken[name]++
			name = fmt.Sprintf("%s_%d", name, n)
		} else {
			taken[name] = 1
		}
		in = b.BuildPart("layers/"+name, part, in)
	}
}

// Call implements [nn.Layer].
func (l *PipelineLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	for _, part := range l.Parts {
		y := c.Trace(part, x)
		c.SetMask(y, c.Mask(y))
		x = y
	}
	return x
}
