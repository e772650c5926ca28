// Package nn holds the parts of networks: layers, activations, initializers,
// regularizers and constraints, with Keras's names, defaults and formulas.
//
// A layer is made by its constructor, whose required arguments come first and
// whose options are values:
//
//	net := nn.Sequential(
//		nn.Flatten(),
//		nn.Dense(128, nn.ReLU, nn.KernelRegularizer(nn.L2(1e-4))),
//		nn.Dropout(0.5),
//		nn.Dense(10, nn.Softmax, nn.Name("head")),
//	)
//
// The exported fields of a layer are its whole configuration; as JSON they are
// the config that Keras writes. A zero field means the documented default.
//
// Building and tracing panic with *graph.Error on mistakes and with nothing
// else; graph.Catch returns such an error.
package nn

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Layer maps a tensor to a tensor. Any type with these methods is one; if it
// embeds [Base], it can be named and frozen, and can stand in two networks. More methods
// make it a [MultiLayer], a [Container] or an [IntegerLayer]; [Register] lets files hold it.
type Layer interface {
	// Build makes the layer's variables for inputs of spec in, whose axis 0 is
	// the batch. They must not depend on the length of the batch, nor on those of axes
	// that [Input] leaves open.
	Build(b *Builder, in tensor.Spec)
	// Call traces the layer on x.
	Call(c *Ctx, x *graph.Node) *graph.Node
}

// Base holds the settings that layers have in common. A layer of your own may embed it.
type Base struct {
	// Name is the layer's name in its network. Empty means the class in lower
	// case, with a number from the second of its kind on: "dense", "dense_1".
	Name string `json:"name,omitempty"`
	// Frozen keeps the layer's variables from being trained. It may change after
	// the layer was built.
	Frozen Negated `json:"trainable"`
	// DType is the layer's dtype policy. Empty means that of the network around.
	DType DTypePolicy `json:"dtype,omitempty"`

	where          string // the user's line that made the layer
	named          bool   // by one of the options that are being set
	misuse         string // among the options, told when the layer is built
	built          bool
	stored         tensor.DType // of the variables, as the policy was when they were made
	params, states []*graph.Var
	parts          []*Record // of the layers that the layer holds
}

func (l *Base) base() *Base { return l }

// BaseOf returns the [Base] that a layer embeds, nil if it embeds none.
func BaseOf(l Layer) *Base {
	if h, ok := l.(interface{ base() *Base }); ok {
		return h.base()
	}
	return nil
}

// NewBase returns a Base with options set, for a constructor, which may be of a package
// outside nn: mistakes in building the layer are told with the line that calls the
// constructor.
//
//	func NewGate(opts ...nn.LayerOption) *Gate { return &Gate{Base: nn.NewBase(opts...)} }
func NewBase(opts ...LayerOption) Base {
	b := Base{where: graph.ConstructorCaller()}
	b.Set(opts...)
	return b
}

// Negated is a bool that JSON stores inverted: NoBias is Keras's use_bias.
type Negated bool

// MarshalJSON implements json.Marshaler.
func (n Negated) MarshalJSON() ([]byte, error) {
	if n {
		return []byte("false"), nil
	}
	return []byte("true"), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *Negated) UnmarshalJSON(b []byte) error {
	on := !bool(*n)
	if err := json.Unmarshal(b, &on); err != nil {
		return fmt.Errorf("nn: %s: want true or false", b)
	}
	*n = Negated(!on)
	return nil
}

// LayerOption is an option that every layer takes: [Name], [Frozen] and a [DTypePolicy].
type LayerOption interface{ layer(*Base) }

// LayerSetting is an option that sets a part of [Base]: every layer takes it.
type LayerSetting func(*Base)

func (s LayerSetting) layer(b *Base) { s(b) }

// Name names a layer. Two names among a layer's options are an error when it is built.
func Name(name string) LayerSetting {
	return func(b *Base) {
		if b.named {
			b.mistaken("names %q and %q: want one", b.Name, name)
		}
		b.Name, b.named = name, true
	}
}

// mistaken records misuse among the options, for when the layer is built.
func (l *Base) mistaken(format string, args ...any) {
	if l.misuse == "" {
		l.misuse = fmt.Sprintf(format, args...)
	}
}

// Frozen keeps a layer's variables from being trained.
var Frozen LayerSetting = func(b *Base) { b.Frozen = true }

// wantOptions panics with *graph.Error if one of a layer's options is nil.
func wantOptions[O comparable](opts []O) {
	var none O
	if i := slices.Index(opts, none); i >= 0 {
		panic(graph.Errorf("nn: option %d of a layer is nil", i))
	}
}

// Set sets options that every layer takes, instead of what was set before. It panics with
// *graph.Error if one is nil.
func (l *Base) Set(opts ...LayerOption) {
	wantOptions(opts)
	l.named = false
	for _, o := range opts {
		o.layer(l)
	}
}

// wantFloat panics unless in is a float tensor.
func wantFloat(layer string, in tensor.Spec) {
	if !in.DType.IsFloat() {
		panic(graph.Errorf("nn.%s: x is %v: want a float dtype: nn.Input without a dtype takes floats, preprocess.Rescaling(1.0/255, 0) makes floats of pixels, ops.Cast of any number", layer, in))
	}
}
