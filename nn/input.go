package nn

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Input declares the shape of a network's input, without the batch, so that the
// network can be built before there is data.
//
// Panics with *graph.Error, when built, if samples have another shape.
func Input(dims ...int) *InputLayer {
	return &InputLayer{Base: made(), Dims: dims}
}

// InputLayer passes its input on after checking its shape.
type InputLayer struct {
	Base
	// Dims is the shape of one sample.
	Dims []int
	// DType is the element type: any if it is not set, float32 to those who ask
	// the network for its input.
	DType tensor.DType
}

// Class returns Keras's name of the type.
func (l *InputLayer) Class() string { return "InputLayer" }

// Build implements [Layer].
func (l *InputLayer) Build(_ *Builder, in tensor.Spec) {
	want := l.spec().Shape.From(1)
	if in.Shape.From(1) != want {
		panic(graph.Errorf("nn.Input: samples are %v: want %v", in.Shape.From(1), want))
	}
	if l.DType != tensor.Invalid && in.DType != l.DType && !(in.DType.IsFloat() && l.DType.IsFloat()) {
		panic(graph.Errorf("nn.Input: samples are %v: want %v", in.DType, l.DType))
	}
}

// Call implements [Layer].
func (l *InputLayer) Call(_ *Ctx, x *graph.Node) *graph.Node { return x }

func (l *InputLayer) spec() tensor.Spec {
	shape, err := tensor.MakeDims(append([]int{1}, l.Dims...))
	if err != nil {
		panic(&graph.Error{Where: l.where, Text: fmt.Sprintf("nn.Input: %v", err)})
	}
	for _, d := range l.Dims {
		if d < 1 {
			panic(&graph.Error{Where: l.where, Text: fmt.Sprintf("nn.Input: shape %v: want axes of 1 and more", shape.From(1))})
		}
	}
	dt := l.DType
	if dt == tensor.Invalid {
		dt = tensor.Float32
	}
	return tensor.Spec{DType: dt, Shape: shape}
}

type inputConfig struct {
	Name       string `json:"name,omitempty"`
	BatchShape []*int `json:"batch_shape"`
	DType      string `json:"dtype"`
}

// MarshalJSON writes the layer's config as Keras does, with the batch as null.
func (l *InputLayer) MarshalJSON() ([]byte, error) {
	c := inputConfig{Name: l.Name, BatchShape: []*int{nil}, DType: "float32"}
	for i := range l.Dims {
		c.BatchShape = append(c.BatchShape, &l.Dims[i])
	}
	if l.DType != tensor.Invalid {
		c.DType = l.DType.String()
	}
	return json.Marshal(c)
}

// UnmarshalJSON reads the config that Keras writes.
func (l *InputLayer) UnmarshalJSON(b []byte) error {
	var c inputConfig
	if err := json.Unmarshal(b, &c); err != nil {
		return fmt.Errorf("nn: InputLayer: %w", err)
	}
	if len(c.BatchShape) == 0 {
		return fmt.Errorf("nn: InputLayer: no batch_shape: want one with null for the batch")
	}
	l.Name, l.DType, l.Dims = c.Name, tensor.ParseDType(c.DType), nil
	for _, d := range c.BatchShape[1:] {
		if d == nil {
			return fmt.Errorf("nn: InputLayer: batch_shape with null behind the batch: want lengths that are known")
		}
		l.Dims = append(l.Dims, *d)
	}
	return nil
}
