package nn

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// ConvLSTM1D returns an [LSTM] whose products are convolutions of the steps, rows of places:
// filters slide over the input with the layer's window, and over the state so that it keeps its
// places.
//
// Shapes: x [B T S C], kernel [size C 4·filters], states h and c [B P filters] ->
// y [B P filters], or [B T P filters] with [ReturnSequences].
// Panics with *graph.Error as LSTM and [Conv1D] do.
//
// Options: those of [Gated], of [Loop] and of [Window], [NoUnitForgetBias], [DilationRate],
// and [Sizes] for a window that is not a square.
//
// Source: keras.layers.ConvLSTM1D; Shi et al. 2015, arXiv:1506.04214, without the memory in
// the gates.
func ConvLSTM1D(filters, size int, opts ...ConvLSTMOption) *ConvLSTMLayer {
	return convLSTM(1, filters, size, opts)
}

// ConvLSTM2D is [ConvLSTM1D] for steps that are images, with a window of size by size.
//
// Shapes: x [B T H W C] -> y [B P Q filters], or [B T P Q filters] with [ReturnSequences].
// Panics as ConvLSTM1D does. Source: keras.layers.ConvLSTM2D.
func ConvLSTM2D(filters, size int, opts ...ConvLSTMOption) *ConvLSTMLayer {
	return convLSTM(2, filters, size, opts)
}

// ConvLSTM3D is [ConvLSTM1D] for steps that are volumes.
//
// Shapes: x [B T D H W C] -> y [B P Q R filters], or [B T P Q R filters] with
// [ReturnSequences]. Panics as ConvLSTM1D does. Source: keras.layers.ConvLSTM3D.
func ConvLSTM3D(filters, size int, opts ...ConvLSTMOption) *ConvLSTMLayer {
	return convLSTM(3, filters, size, opts)
}

func convLSTM(places, filters, size int, opts []ConvLSTMOption) *ConvLSTMLayer {
	l := newConvLSTM(places)
	l.Base, l.Filters = NewBase(), filters
	s := &cellSettings{base: &l.Base, recurrent: &l.Recurrent, gates: &l.RecurrentActivation, forget: &l.NoUnitForgetBias,
		loop: &l.Loop, window: &l.Window, dilation: &l.DilationRate}
	wantOptions(opts)
	for _, o := range opts {
		o.convLSTM(s)
	}
	l.KernelSize = l.size.over(places, size)
	return l
}

func newConvLSTM(places int) *ConvLSTMLayer {
	l := &ConvLSTMLayer{}
	l.Activation, l.RecurrentActivation, l.Loop.states, l.places = Tanh, Sigmoid, 2, places
	return l
}

// ConvLSTMLayer is the layer that [ConvLSTM1D] and its like make.
type ConvLSTMLayer struct {
	Base
	ConvLSTMSettings
	Loop
}

// ConvLSTMSettings groups what [ConvLSTM1D] and its like have beside the loop.
type ConvLSTMSettings struct {
	// Filters is the number of channels of both states.
	Filters int `json:"filters"`
	// KernelSize is the window.
	KernelSize Sizes `json:"kernel_size"`
	Gated
	Window
	// DilationRate is 1 by default, and always for the state.
	DilationRate Sizes `json:"dilation_rate"`
	// NoUnitForgetBias lets the bias of the forget gate begin as the others do.
	NoUnitForgetBias Negated `json:"unit_forget_bias"`
}

func init() {
	for places := 1; places <= ops.MaxPlaces; places++ {
		addLayer(fmt.Sprintf("ConvLSTM%dD", places), vocab.Into[Layer](func() *ConvLSTMLayer { return newConvLSTM(places) }), oldLoop)
	}
}

// ConvLSTMOption is an option of [ConvLSTM1D] and its like: a [RecurrentOption], a [Padding],
// [Strides], [Sizes], a [DataFormat] or [DilationRate].
type ConvLSTMOption interface{ convLSTM(*cellSettings) }

func (s RecurrentSetting) convLSTM(c *cellSettings) { s(c) }
func (a Activation) convLSTM(c *cellSettings)       { a.recurrent(c) }
func (s WeightsSetting) convLSTM(c *cellSettings)   { s.recurrent(c) }
func (s LayerSetting) convLSTM(c *cellSettings)     { s(c.base) }
func (p DTypePolicy) convLSTM(c *cellSettings)      { c.base.DType = p }
func (s LoopSetting) convLSTM(c *cellSettings)      { s(c.loop) }
func (p Padding) convLSTM(c *cellSettings)          { c.window.Padding = p }
func (s Sizes) convLSTM(c *cellSettings)            { c.window.size = s }
func (f DataFormat) convLSTM(c *cellSettings)       { c.window.DataFormat = f }
func (s WindowSetting) convLSTM(c *cellSettings)    { s(c.window) }
func (d Dilation) convLSTM(c *cellSettings)         { *c.dilation = Sizes(d) }

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (s *ConvLSTMSettings) SetDefaults() {
	s.Gated.SetDefaults()
	s.Window.SetDefaults()
	s.DilationRate = s.DilationRate.over(s.places, 1)
	s.KernelSize = s.KernelSize.over(s.places)
}

// Class returns Keras's name of the layer.
func (l *ConvLSTMLayer) Class() string { return fmt.Sprintf("ConvLSTM%dD", l.places) }

// Build implements [Layer].
func (l *ConvLSTMLayer) Build(b *Builder, in tensor.Spec) { l.BuildAll(b, []tensor.Spec{in}) }

// BuildAll implements [MultiLayer].
func (l *ConvLSTMLayer) BuildAll(b *Builder, in []tensor.Spec) {
	cell := &convLSTMCell{ConvLSTMSettings: l.ConvLSTMSettings}
	cell.Recurrent = l.inner()
	l.attach(l.Class(), cell, l.ActivityRegularizer)
	l.buildLoop(b, in)
}

// convLSTMCell is the cell of a [ConvLSTMLayer].
type convLSTMCell struct {
	Base
	ConvLSTMSettings
}

// Class returns Keras's name of the cell.
func (*convLSTMCell) Class() string { return "ConvLSTMCell" }

func (l *convLSTMCell) class() string { return fmt.Sprintf("ConvLSTM%dD", l.places) }

// Build implements [Layer].
func (l *convLSTMCell) Build(b *Builder, in tensor.Spec) {
	class := l.class()
	l.wantWindow(class, in, l.KernelSize, l.DilationRate, false)
	wantOneOf(class, l.Strides, l.DilationRate)
	if l.Filters < 1 {
		panic(graph.Errorf("nn.%s: %d filters: want 1 or more", class, l.Filters))
	}
	l.wantRates(class)
	size := l.KernelSize.over(l.places)
	kernel := tensor.D(append(slices.Clone(size), l.channelsOf(in), 4*l.Filters)...)
	recurrent := tensor.D(append(slices.Clone(size), l.Filters, 4*l.Filters)...)
	l.build(b, kernel, recurrent, tensor.D(4*l.Filters), forgetting(l.BiasInitializer, l.Filters, l.NoUnitForgetBias))
}

// stateCount returns the number of states.
func (*convLSTMCell) stateCount() int { return 2 }

// StateSpecs implements [Cell]: h and c.
func (l *convLSTMCell) StateSpecs(in tensor.Spec) []tensor.Spec {
	places := l.placesOf(in)
	w := l.sliding(places)
	out, err := w.Slide(places, tensor.D(l.KernelSize.over(l.places)...))
	if err != nil {
		panic(graph.Errorf("nn.%s: %v", l.class(), err))
	}
	shape := append(append([]int{in.Shape.At(0)}, out.Slice()...), l.Filters)
	if l.DataFormat == ChannelsFirst {
		shape = append([]int{in.Shape.At(0), l.Filters}, out.Slice()...)
	}
	s := tensor.Spec{DType: in.DType, Shape: tensor.D(shape...)}
	return []tensor.Spec{s, s}
}

// sliding returns the window over the input.
func (l *convLSTMCell) sliding(places tensor.Dims) ops.Window {
	return l.windowFor(places, l.KernelSize, l.DilationRate)
}

// Begin implements [Cell].
func (l *convLSTMCell) Begin(c *Ctx, in tensor.Spec) CellStep {
	l.penalize(c)
	state := l.StateSpecs(in)[0]
	d := l.drops(c, 4, in, state)
	over := l.sliding(l.placesOf(in))
	size := l.KernelSize.over(l.places)
	keeping := ops.Valid(l.places).Padded(l.placesOf(state), tensor.D(size...))
	sizes := slices.Repeat([]int{l.Filters}, 4)
	kernels, recurrents := []*graph.Node{c.Value(l.kernel)}, []*graph.Node{c.Value(l.recurrent)}
	biases := []*graph.Node{nil}
	if l.bias != nil {
		biases[0] = c.Value(l.bias)
	}
	if d.perGate() {
		kernels, recurrents = ops.Split(kernels[0], -1, sizes...), ops.Split(recurrents[0], -1, sizes...)
		if l.bias != nil {
			biases = ops.Split(biases[0], -1, sizes...)
		} else {
			biases = make([]*graph.Node, 4)
		}
	}
	last := func(x *graph.Node) *graph.Node { return l.transposed(x, false) }
	return func(x *graph.Node, state []*graph.Node) (*graph.Node, []*graph.Node) {
		z := make([]*graph.Node, len(kernels))
		for i := range z {
			z[i] = plusBias(ops.Conv(last(masked(x, d.input, i)), kernels[i], over, 1), biases[i])
			z[i] = ops.Add(z[i], ops.Conv(last(masked(state[0], d.state, i)), recurrents[i], keeping, 1))
		}
		if len(z) == 1 {
			z = ops.Split(z[0], -1, sizes...)
		}
		h, next := l.memory(c, z, last(state[1]))
		h, next = l.transposed(h, true), l.transposed(next, true)
		return h, []*graph.Node{h, next}
	}
}

// Call implements [Layer].
func (l *convLSTMCell) Call(c *Ctx, x *graph.Node) *graph.Node { return CallCell(c, l, x)[0] }
