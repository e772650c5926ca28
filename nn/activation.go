package nn

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Activation is a function of one tensor, applied to a layer's output. It is an
// option of a layer, and a layer itself. The zero Activation is [Linear].
//
// Formulas and defaults are Keras's.
type Activation struct {
	name string
	f    func(x *graph.Node) *graph.Node
	own  bool              // a function of the user's
	obj  *activationObject // how Keras writes it, where the name alone does not say it
	// unlike is the reason why it cannot be saved, if Keras's function of its name differs.
	unlike string
}

// activationObject is Keras's layer of an activation with parameters.
type activationObject struct {
	class  string
	config map[string]any
}

// ActivationFunc returns an activation of your own. To be saved it needs
// [Activation.Register].
func ActivationFunc(name string, f func(x *graph.Node) *graph.Node) Activation {
	return Activation{name: name, f: f, own: true}
}

// known returns an activation that its name describes.
func known(name string, f func(x *graph.Node) *graph.Node) Activation {
	return Activation{name: name, f: f}
}

// The activations without a parameter, elementwise except for the softmaxes and GLU.
// At the ends of a clipped range the slope is 1, that of the inside.
var (
	// Linear is x.
	Linear = Activation{}
	// ReLU is max(x, 0): see [ReLUWith]. The slope at 0 is 0.
	ReLU = known("relu", ops.Relu)
	// ReLU6 is min(max(x, 0), 6).
	ReLU6 = known("relu6", func(x *graph.Node) *graph.Node { return ops.Clip(x, 0, 6) })
	// Sigmoid is 1/(1+e^-x).
	Sigmoid = known("sigmoid", ops.Sigmoid)
	// HardSigmoid is x/6 + 1/2, clipped to 0 and 1.
	HardSigmoid = known("hard_sigmoid", hardSigmoid)
	// LogSigmoid is -ln(1+e^-x).
	LogSigmoid = known("log_sigmoid", func(x *graph.Node) *graph.Node { return ops.Neg(ops.Softplus(ops.Neg(x))) })
	// Tanh is the hyperbolic tangent.
	Tanh = known("tanh", ops.Tanh)
	// HardTanh is x, clipped to -1 and 1.
	HardTanh = known("hard_tanh", func(x *graph.Node) *graph.Node { return ops.Clip(x, -1, 1) })
	// TanhShrink is x - tanh(x).
	TanhShrink = known("tanh_shrink", func(x *graph.Node) *graph.Node { return ops.Sub(x, ops.Tanh(x)) })
	// HardShrink is x where |x| > 1/2, else 0: see [HardShrinkAt].
	HardShrink = HardShrinkAt(0.5)
	// SoftShrink is x moved by 1/2 toward 0, where it stays: see [SoftShrinkAt].
	SoftShrink = SoftShrinkAt(0.5)
	// Softmax is e^x divided by its sum over the last axis: see [SoftmaxAxis].
	Softmax = known("softmax", func(x *graph.Node) *graph.Node { return ops.Softmax(x, -1) })
	// LogSoftmax is the logarithm of Softmax: see [LogSoftmaxAxis].
	LogSoftmax = LogSoftmaxAxis(-1)
	// Sparsemax is a softmax with zeros, over the last axis: see [SparsemaxAxis].
	Sparsemax = SparsemaxAxis(-1)
	// KerasSparsemax is the sparsemax of Keras up to 3.15, and of its files: see
	// [KerasSparsemaxAxis].
	KerasSparsemax = KerasSparsemaxAxis(-1)
	// SparsePlus is 0 where x <= -1, x where x >= 1, and (x+1)²/4 between.
	SparsePlus = known("sparse_plus", sparsePlus)
	// SparseSigmoid is (x+1)/2, clipped to 0 and 1.
	SparseSigmoid = known("sparse_sigmoid", sparseSigmoid)
	// CELU is x where x > 0, else e^x - 1, as ELU is: see [CELUAlpha].
	CELU = CELUAlpha(1)
	// ELU is x where x > 0, else e^x - 1: see [ELUAlpha].
	ELU = known("elu", func(x *graph.Node) *graph.Node { return ops.Elu(x, 1) })
	// SELU is λx where x > 0, else λα(e^x - 1), with λ ≈ 1.0507 and α ≈ 1.6733.
	SELU = known("selu", ops.Selu)
	// GLU is a·sigmoid(b), a and b being the halves of the last axis: see [GLUAxis].
	GLU = GLUAxis(-1)
	// GELU is xΦ(x), Φ being the standard normal distribution function.
	GELU = known("gelu", ops.Gelu)
	// GELUTanh is GELU in the approximation by tanh: Keras's approximate=True,
	// which its files cannot store.
	GELUTanh = known("gelu_tanh", ops.GeluTanh)
	// SiLU is x/(1+e^-x), also called swish.
	SiLU = known("silu", ops.Silu)
	// HardSiLU is x·HardSigmoid(x).
	HardSiLU = known("hard_silu", func(x *graph.Node) *graph.Node { return ops.Mul(x, hardSigmoid(x)) })
	// Mish is x·tanh(ln(1+e^x)).
	Mish = known("mish", func(x *graph.Node) *graph.Node { return ops.Mul(x, ops.Tanh(ops.Softplus(x))) })
	// LeakyReLU is x where x > 0, else 0.2·x. For another slope, see [LeakyReLUSlope].
	LeakyReLU = known("leaky_relu", func(x *graph.Node) *graph.Node { return ops.LeakyRelu(x, 0.2) })
	// Softplus is ln(1+e^x).
	Softplus = known("softplus", ops.Softplus)
	// Squareplus is (x + √(x² + 4))/2: see [SquareplusB].
	Squareplus = SquareplusB(4)
	// Softsign is x/(1+|x|).
	Softsign = known("softsign", ops.Softsign)
	// Exponential is e^x.
	Exponential = known("exponential", ops.Exp)
)

// as returns the activation that is written as a layer of a class.
func (a Activation) as(class string, config map[string]any) Activation {
	a.obj = &activationObject{class, config}
	return a
}

// String returns Keras's name of the activation.
func (a Activation) String() string {
	if a.f == nil {
		return "linear"
	}
	return a.name
}

// OfIntegers implements [IntegerLayer].
func (a Activation) OfIntegers(in tensor.DType) tensor.DType {
	if a.f != nil {
		return tensor.Invalid
	}
	return in
}

// Build implements [Layer].
func (a Activation) Build(_ *Builder, in tensor.Spec) {
	if a.f != nil {
		wantFloat("Activation "+a.name, in)
	}
}

// Call implements [Layer].
func (a Activation) Call(_ *Ctx, x *graph.Node) *graph.Node {
	if a.f == nil {
		return x
	}
	return a.f(x)
}

// MarshalJSON writes the activation as Keras does: its name, or an object if it
// has a parameter. It fails for activations without a name in Keras.
func (a Activation) MarshalJSON() ([]byte, error) {
	switch {
	case a.own:
		b, err := activations.MarshalFunction(a.name)
		if err != nil {
			return nil, fmt.Errorf("nn: %w", err)
		}
		return b, nil
	case a.obj != nil:
		cfg, err := vocab.Marshal(a.obj.config)
		if err != nil {
			return nil, err
		}
		return json.Marshal(&vocab.Object{Module: layers.Module, Class: a.obj.class, Config: cfg})
	case a.unlike != "":
		return nil, fmt.Errorf("nn: activation %q: Keras has no name for it, so that it cannot be saved: %s", a.name, a.unlike)
	case activations.Find(a.String()) == nil:
		return nil, fmt.Errorf("nn: activation %q: Keras has no name for it, so that it cannot be saved", a.name)
	}
	return json.Marshal(a.String())
}

// UnmarshalJSON reads an activation as Keras writes it: a name, an object, or null.
func (a *Activation) UnmarshalJSON(b []byte) error {
	known, err := activations.Unmarshal(b)
	if err != nil {
		return fmt.Errorf("nn: %w", err)
	}
	*a = known
	return nil
}

// activations holds Keras's functions by name, and its layers of one activation.
var activations = vocab.Table[Activation]{
	Kind: "activation", Module: "keras.activations",
	Fixed: map[string]string{"name": "", "trainable": "", "dtype": ""}, // of layers
	Classes: []vocab.Class[Activation]{
		{Name: "linear", New: vocab.Plain(Linear)},
		{Name: "relu", New: vocab.Plain(ReLU)},
		{Name: "relu6", New: vocab.Plain(ReLU6)},
		{Name: "sigmoid", New: vocab.Plain(Sigmoid)},
		{Name: "hard_sigmoid", New: vocab.Plain(HardSigmoid)},
		{Name: "log_sigmoid", New: vocab.Plain(LogSigmoid)},
		{Name: "tanh", New: vocab.Plain(Tanh)},
		{Name: "softmax", New: vocab.Plain(Softmax)},
		{Name: "log_softmax", New: vocab.Plain(LogSoftmax)},
		{Name: "elu", New: vocab.Plain(ELU)},
		{Name: "selu", New: vocab.Plain(SELU)},
		{Name: "gelu", New: vocab.Plain(GELU)},
		{Name: "silu", Aliases: []string{"swish"}, New: vocab.Plain(SiLU)},
		{Name: "hard_silu", Aliases: []string{"hard_swish"}, New: vocab.Plain(HardSiLU)},
		{Name: "mish", New: vocab.Plain(Mish)},
		{Name: "leaky_relu", New: vocab.Plain(LeakyReLU)},
		{Name: "softplus", New: vocab.Plain(Softplus)},
		{Name: "softsign", New: vocab.Plain(Softsign)},
		{Name: "exponential", New: vocab.Plain(Exponential)},
		{Name: "celu", New: vocab.Plain(CELU)},
		{Name: "glu", New: vocab.Plain(GLU)},
		{Name: "hard_shrink", New: vocab.Plain(HardShrink)},
		{Name: "hard_tanh", New: vocab.Plain(HardTanh)},
		{Name: "soft_shrink", New: vocab.Plain(SoftShrink)},
		{Name: "sparse_plus", New: vocab.Plain(SparsePlus)},
		{Name: "sparse_sigmoid", New: vocab.Plain(SparseSigmoid)},
		{Name: "sparsemax", New: vocab.Plain(KerasSparsemax)},
		{Name: "squareplus", New: vocab.Plain(Squareplus)},
		{Name: "tanh_shrink", New: vocab.Plain(TanhShrink)},
		{Name: "ELU", New: eluOf},
		{Name: "LeakyReLU", New: leakyOf},
		{Name: "ReLU", New: rectifierOf},
		{Name: "Softmax", New: softmaxOf},
	},
}

func eluOf(c *vocab.Config) (Activation, error) {
	alpha := 1.0
	err := c.Get("alpha", &alpha)
	return ELUAlpha(alpha), err
}

func leakyOf(c *vocab.Config) (Activation, error) {
	slope := 0.3
	err := c.Get("negative_slope", &slope)
	if slope < 0 {
		err = errors.Join(err, fmt.Errorf("negative_slope %g: want 0 or more", slope))
	}
	return LeakyReLUSlope(slope), err
}

// rectifierOf returns Keras's ReLU layer: x over the threshold, no more than
// max_value, and below the threshold its distance from it times negative_slope.
func rectifierOf(c *vocab.Config) (Activation, error) {
	s := struct {
		Slope     *float64 `json:"negative_slope"`
		Max       *float64 `json:"max_value"`
		Threshold *float64 `json:"threshold"`
	}{}
	if err := c.Into(&s); err != nil {
		return Linear, err
	}
	slope, over := vocab.Or(s.Slope, 0), vocab.Or(s.Threshold, 0)
	if slope < 0 || s.Max != nil && *s.Max < 0 || over < 0 {
		return Linear, fmt.Errorf("ReLU with negative_slope %g, max_value %g, threshold %g: want 0 or more", slope, vocab.Or(s.Max, 0), over)
	}
	return rectifier(slope, s.Max, over), nil
}

// softmaxOf returns Keras's Softmax layer, over one axis or several.
func softmaxOf(c *vocab.Config) (Activation, error) {
	axes := AxisList{-1}
	if err := c.Get("axis", &axes); err != nil {
		return Linear, err
	}
	if len(axes) == 0 {
		axes = AxisList{-1}
	}
	return SoftmaxAxis(axes...), nil
}

// Layer returns the activation as a layer with options: a name, or a dtype policy of its
// own, as in nn.Softmax.Layer(nn.Float32). Without options an activation is a layer itself.
//
// Shapes: x [...] -> y [...], with half the axis for [GLU].
// Panics with *graph.Error, when built, if x is not of floats or does not fit.
// Source: keras.layers.Activation.
func (a Activation) Layer(opts ...LayerOption) *ActivationLayer {
	return &ActivationLayer{Base: NewBase(opts...), Activation: a}
}

// ActivationLayer is the layer that [Activation.Layer] makes.
type ActivationLayer struct {
	Base
	Activation Activation `json:"activation"`

	itself bool // made of Keras's layer of the activation, not of its Activation layer
}

func init() {
	addLayer("Activation", layerOf[ActivationLayer]())
	for _, class := range []string{"ELU", "LeakyReLU", "ReLU", "Softmax"} {
		addLayer(class, activationLayerOf(class))
	}
}

// Class returns Keras's name of the layer.
func (l *ActivationLayer) Class() string {
	if l.itself && l.Activation.obj != nil {
		return l.Activation.obj.class
	}
	return "Activation"
}

// activationLayerOf returns the layer that is one activation.
func activationLayerOf(class string) func(c *vocab.Config) (Layer, error) {
	return func(c *vocab.Config) (Layer, error) {
		l := &ActivationLayer{itself: true}
		if err := c.Into(&l.Base); err != nil {
			return nil, err
		}
		var err error
		l.Activation, err = activations.Find(class).New(c)
		return l, err
	}
}

func (*ActivationLayer) keepsMask() {}

// OfIntegers implements [IntegerLayer].
func (l *ActivationLayer) OfIntegers(in tensor.DType) tensor.DType {
	return l.Activation.OfIntegers(in)
}

// Build implements [Layer].
func (l *ActivationLayer) Build(b *Builder, in tensor.Spec) { l.Activation.Build(b, in) }

// isSoftmax reports whether the activation is one of Keras's Softmax layer.
func (l *ActivationLayer) isSoftmax() bool {
	return l.Activation.obj != nil && l.Activation.obj.class == "Softmax"
}

// Keywords implements [KeywordLayer]: Keras's Softmax layer takes a mask.
func (l *ActivationLayer) Keywords() []string {
	if l.isSoftmax() {
		return []string{"mask"}
	}
	return nil
}

// BuildAll implements [MultiLayer].
func (l *ActivationLayer) BuildAll(b *Builder, in []tensor.Spec) {
	l.wantInputs(len(in))
	l.Build(b, in[0])
}

// CallAll implements [MultiLayer]: a second input of a softmax is the mask, true or more than
// 0.5 for the elements that count.
func (l *ActivationLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	l.wantInputs(len(x))
	if len(x) == 1 {
		return []*graph.Node{l.Call(c, x[0])}
	}
	mask := x[1]
	if mask.DType() != tensor.Bool {
		mask = ops.Greater(ops.Cast(mask, tensor.Float32), ops.ScalarLike(ops.Cast(mask, tensor.Float32), 0.5))
	}
	return []*graph.Node{l.softmaxOf(c, x[0], mask)}
}

func (l *ActivationLayer) wantInputs(n int) {
	if most := 1 + len(l.Keywords()); n < 1 || n > most {
		panic(graph.Errorf("nn.%s is applied to %d inputs: want 1, or x and a mask for nn.SoftmaxAxis", l.Class(), n))
	}
}

// Call implements [Layer]. A softmax read as Keras's layer is over the unmasked elements, and
// 0 elsewhere.
func (l *ActivationLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	if mask := c.Mask(x); mask != nil && l.isSoftmax() {
		return l.softmaxOf(c, x, mask)
	}
	return l.Activation.Call(c, x)
}

// softmaxOf returns the softmax of the elements of x that a mask of the same axes, each as long
// as that of x or 1, leaves, and 0 elsewhere. Like Keras, it panics with *graph.Error for other
// masks.
func (l *ActivationLayer) softmaxOf(c *Ctx, x, mask *graph.Node) *graph.Node {
	fits := mask.Rank() == x.Rank()
	for i := 0; fits && i < x.Rank(); i++ {
		fits = mask.Shape().At(i) == 1 || mask.Shape().At(i) == x.Shape().At(i)
	}
	if !fits {
		panic(graph.Errorf("nn.SoftmaxAxis: mask %v of x %v: want one of x's shape, with axes of 1 perhaps, or nn.Softmax, which ignores masks", mask.Spec(), x.Spec()))
	}
	mask = ops.BroadcastTo(mask, x.Shape())
	least := -1e9
	if x.DType() == tensor.Float16 {
		least = -3e4
	}
	y := l.Activation.Call(c, ops.Where(mask, x, ops.ScalarLike(x, least)))
	return ops.Where(mask, y, ops.ScalarLike(x, 0)) // where nothing counts, too
}

// MarshalJSON writes the layer's config as Keras does.
func (l *ActivationLayer) MarshalJSON() ([]byte, error) {
	type plain ActivationLayer
	if l.Class() == "Activation" {
		return vocab.Marshal((*plain)(l))
	}
	config := maps.Clone(l.Activation.obj.config)
	config["trainable"] = l.Frozen
	if l.Name != "" {
		config["name"] = l.Name
	}
	if l.DType != "" {
		config["dtype"] = l.DType
	}
	return vocab.Marshal(config)
}
