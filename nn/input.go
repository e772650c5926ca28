package nn

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Input declares the shape of a network's input, without the batch, so that the
// network can be built before there is data. An axis may be [Any]: variables must not
// depend on its length then, as they must not on the batch's.
//
// Shapes: x [B dims] -> y [B dims].
// Panics with *graph.Error, when built, if samples have another shape.
// Source: keras.Input.
func Input(dims ...int) *InputLayer {
	return &InputLayer{Base: NewBase(), Dims: dims}
}

// InputLayer passes its input on after checking its shape.
type InputLayer struct {
	Base
	// Dims is the shape of one sample, with [Any] for axes of any length.
	Dims []int
	// DType is the element type; floats of another are converted to it. If it is not set,
	// any is accepted, and [Network.Declared] reports float32.
	DType tensor.DType
}

func init() { addLayer("InputLayer", inputOf) }

// Class returns Keras's name of the type.
func (l *InputLayer) Class() string { return "InputLayer" }

// With sets options of the layer and returns it. A dtype policy sets the dtype of the
// input to that in which layers of the policy compute.
func (l *InputLayer) With(opts ...LayerOption) *InputLayer {
	l.Set(opts...)
	if dt := l.Base.DType.ComputeDType(); l.Base.DType != "" && dt != tensor.Invalid {
		l.DType, l.Base.DType = dt, ""
	}
	return l
}

func (*InputLayer) keepsMask() {}

// Build implements [Layer].
func (l *InputLayer) Build(_ *Builder, in tensor.Spec) {
	if want := l.spec().Shape; !Fits(in.Shape.From(1), want.From(1)) {
		panic(graph.Errorf("nn.Input: samples are %v: want %v", in.Shape.From(1), want.From(1)))
	}
	if l.DType != tensor.Invalid && in.DType != l.DType && !(in.DType.IsFloat() && l.DType.IsFloat()) {
		panic(graph.Errorf("nn.Input: samples are %v: want %v", in.DType, l.DType))
	}
}

// Call implements [Layer].
func (l *InputLayer) Call(_ *Ctx, x *graph.Node) *graph.Node {
	if l.DType.IsFloat() && x.DType().IsFloat() {
		return ops.Cast(x, l.DType)
	}
	return x
}

func (l *InputLayer) spec() tensor.Spec {
	shape, err := tensor.MakeDims(append([]int{1}, l.Dims...))
	if err != nil {
		panic(&graph.Error{Where: l.where, Text: fmt.Sprintf("nn.Input: %v", err)})
	}
	for _, d := range l.Dims {
		if d < 1 && d != Any {
			panic(&graph.Error{Where: l.where, Text: fmt.Sprintf("nn.Input: shape %v: want axes of 1 and more, or nn.Any", shape.From(1))})
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

// MarshalJSON writes the layer's config as Keras does, with null for the batch and open axes.
func (l *InputLayer) MarshalJSON() ([]byte, error) {
	c := inputConfig{Name: l.Name, BatchShape: []*int{nil}, DType: "float32"}
	for i := range l.Dims {
		if l.Dims[i] == Any {
			c.BatchShape = append(c.BatchShape, nil)
			continue
		}
		c.BatchShape = append(c.BatchShape, &l.Dims[i])
	}
	if l.DType != tensor.Invalid {
		c.DType = l.DType.String()
	}
	return json.Marshal(c)
}

// UnmarshalJSON reads the config that Keras writes.
func (l *InputLayer) UnmarshalJSON(b []byte) error {
	made, err := layers.Make("InputLayer", b)
	if err != nil {
		return fmt.Errorf("nn: %w", err)
	}
	in := made.(*InputLayer)
	l.Name, l.DType, l.Dims = in.Name, in.DType, in.Dims
	return nil
}

// inputOf returns an InputLayer.
func inputOf(c *vocab.Config) (Layer, error) {
	s := inputConfig{DType: "float32"}
	if err := c.Into(&s); err != nil {
		return nil, err
	}
	if len(s.BatchShape) == 0 {
		return nil, errors.New("no batch_shape: want one with null for the batch")
	}
	l := &InputLayer{DType: tensor.ParseDType(s.DType)}
	l.Name = s.Name
	if l.DType == tensor.Invalid {
		return nil, &vocab.MissingError{Items: []vocab.Missing{{Kind: "dtype", Name: s.DType, At: "dtype"}}}
	}
	for _, d := range s.BatchShape[1:] {
		if d == nil {
			l.Dims = append(l.Dims, Any)
			continue
		}
		if *d < 1 {
			return nil, fmt.Errorf("batch_shape: axis of %d: want 1 or more", *d)
		}
		l.Dims = append(l.Dims, *d)
	}
	if _, err := tensor.MakeDims(append([]int{1}, l.Dims...)); err != nil {
		return nil, fmt.Errorf("batch_shape: %w", err)
	}
	return l, nil
}
