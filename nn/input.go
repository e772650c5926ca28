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
// The parts are the lengths of the axes, ints, or all of them at once, a []int or
// [tensor.Dims]; behind them may stand the element type, a [tensor.DType], a [BatchSize], and any
// [LayerOption]:
//
//	nn.Input(28, 28)
//	nn.Input(nn.Any, tensor.Int32, nn.Name("words"))
//	nn.Input(nn.Text)
//
// With a float type, other floats are converted to it; with an integer type, integers and truths
// whose values it holds for certain. Other samples are an error, integers for a float type too:
// [tensor.Tensor.AsType] converts them. Without a type any are accepted.
//
// Shapes: x [B dims] -> y [B dims].
// Panics with *graph.Error, when built, if samples have another shape or a type that does not
// fit, or if a part is none of these. Source: keras.Input.
func Input(parts ...any) *InputLayer {
	l := &InputLayer{Base: NewBase()}
	for i, p := range parts {
		l.take(i, p)
	}
	return l
}

// text is the type of Text.
type text struct{}

// Text declares samples that are texts, as the only part of [Input] but for options. They reach the network as
// int64 [tokens], the numbers that a layer gives outside it, preprocess.TextVectorization's Encode, which is to
// follow. In Keras's files the input is one of strings.
var Text text

// take sets the part of Input with that number.
func (l *InputLayer) take(i int, part any) {
	switch p := part.(type) {
	case int:
		l.Dims = append(l.Dims, p)
	case []int:
		l.Dims = append(l.Dims, p...)
	case tensor.Dims:
		l.Dims = append(l.Dims, p.Slice()...)
	case text:
		l.Text, l.DType, l.Dims = true, tensor.Int64, []int{Any}
	case BatchSize:
		if l.Batch = int(p); p < 1 {
			l.mistake(i, part)
		}
	case tensor.DType:
		if l.DType = p; p == tensor.Invalid || l.DType.Size() == 0 {
			l.mistake(i, part)
		}
	case LayerOption:
		p.layer(&l.Base)
		l.takePolicy()
	default:
		l.mistake(i, part)
	}
}

// mistake records that a part of Input is of no use, for when the layer is built.
func (l *InputLayer) mistake(i int, part any) {
	if l.bad == nil {
		l.bad = &graph.Error{Where: l.where, Text: fmt.Sprintf("nn.Input: part %d is %v, a %T: want lengths of axes, a dtype or options such as nn.Name", i, part, part)}
	}
}

// BatchSize is a part of [Input] that fixes the length of all batches, which a layer that is
// [Stateful] must know.
type BatchSize int

// InputLayer passes its input on after checking its shape.
type InputLayer struct {
	Base
	// Dims is the shape of one sample, with [Any] for axes of any length.
	Dims []int
	// DType is the element type, to which samples are converted as [Input] says. If it is not
	// set, any is accepted, and [Network.Declared] reports float32.
	DType tensor.DType
	// Text says that samples are texts, see [Text].
	Text bool
	// Batch is the length of all batches, 0 for any: see [BatchSize].
	Batch int

	bad *graph.Error // a mistake in the parts of Input
}

func init() { addLayer("InputLayer", inputOf) }

// Class returns Keras's name of the type.
func (l *InputLayer) Class() string { return "InputLayer" }

// With sets options of the layer and returns it. A dtype policy sets the dtype of the
// input to that in which layers of the policy compute.
func (l *InputLayer) With(opts ...LayerOption) *InputLayer {
	l.Set(opts...)
	l.takePolicy()
	return l
}

// takePolicy makes the dtype that an option's policy computes in that of the input.
func (l *InputLayer) takePolicy() {
	if dt := l.Base.DType.ComputeDType(); l.Base.DType != "" && dt != tensor.Invalid {
		l.DType, l.Base.DType = dt, ""
	}
}

func (*InputLayer) keepsMask() {}

// Build implements [Layer].
func (l *InputLayer) Build(b *Builder, in tensor.Spec) {
	b.batch = max(b.batch, l.Batch)
	if want := l.spec().Shape; !Fits(in.Shape.From(1), want.From(1)) {
		panic(graph.Errorf("nn.Input: samples are %v: want %v", in.Shape.From(1), want.From(1)))
	}
	l.wantDType(in.DType)
}

// wantDType panics unless the layer takes samples of a dtype.
func (l *InputLayer) wantDType(in tensor.DType) {
	if l.DType == tensor.Invalid || in == l.DType || in.IsFloat() && l.DType.IsFloat() || in.FitsInto(l.DType) {
		return
	}
	panic(graph.Errorf("nn.Input: samples are %v: want %v; AsType converts them", in, l.DType))
}

// Call implements [Layer].
func (l *InputLayer) Call(_ *Ctx, x *graph.Node) *graph.Node {
	if l.DType.IsInt() {
		l.wantDType(x.DType())
	}
	if l.DType.IsInt() || l.DType.IsFloat() && x.DType().IsFloat() {
		return ops.Cast(x, l.DType)
	}
	return x
}

func (l *InputLayer) spec() tensor.Spec {
	if l.bad != nil {
		panic(l.bad)
	}
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

// textDType is Keras's dtype of texts.
const textDType = "string"

type inputConfig struct {
	Name       string `json:"name,omitempty"`
	BatchShape []*int `json:"batch_shape"`
	DType      string `json:"dtype"`
}

// MarshalJSON writes the layer's config as Keras does, with null for open axes, and for the batch unless its length is fixed.
func (l *InputLayer) MarshalJSON() ([]byte, error) {
	c := inputConfig{Name: l.Name, BatchShape: []*int{nil}, DType: "float32"}
	if l.Batch > 0 {
		c.BatchShape[0] = &l.Batch
	}
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
	if l.Text {
		c.BatchShape, c.DType = []*int{nil}, textDType
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
	l.Name, l.DType, l.Dims, l.Text, l.Batch = in.Name, in.DType, in.Dims, in.Text, in.Batch
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
	if s.DType == textDType && (len(s.BatchShape) == 1 || len(s.BatchShape) == 2 && s.BatchShape[1] != nil && *s.BatchShape[1] == 1) {
		l := Input(Text)
		l.Name = s.Name
		return l, nil
	}
	l := &InputLayer{DType: tensor.ParseDType(s.DType)}
	l.Name = s.Name
	if l.DType == tensor.Invalid {
		return nil, &vocab.MissingError{Items: []vocab.Missing{{Kind: "dtype", Name: s.DType, At: "dtype"}}}
	}
	if n := s.BatchShape[0]; n != nil {
		if *n < 1 || *n > mostElements {
			return nil, fmt.Errorf("batch_shape: a batch of %d: want 1 to %d", *n, mostElements)
		}
		l.Batch = *n
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
