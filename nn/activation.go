package nn

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/graph"
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
	obj  *activationObject // how Keras writes it, where the name alone does not say it
}

// activationObject is Keras's layer of an activation with a parameter.
type activationObject struct {
	class, field string
	value        float64
}

// ActivationFunc returns an activation of your own. Its name is all that is
// saved of it.
func ActivationFunc(name string, f func(x *graph.Node) *graph.Node) Activation {
	return Activation{name: name, f: f}
}

// The activations without a parameter, elementwise except for the softmaxes.
var (
	// Linear is x.
	Linear = Activation{}
	// ReLU is max(x, 0).
	ReLU = ActivationFunc("relu", ops.Relu)
	// ReLU6 is min(max(x, 0), 6).
	ReLU6 = ActivationFunc("relu6", func(x *graph.Node) *graph.Node { return ops.Clip(x, 0, 6) })
	// Sigmoid is 1/(1+e^-x).
	Sigmoid = ActivationFunc("sigmoid", ops.Sigmoid)
	// HardSigmoid is x/6 + 1/2, clipped to 0 and 1.
	HardSigmoid = ActivationFunc("hard_sigmoid", hardSigmoid)
	// LogSigmoid is -ln(1+e^-x).
	LogSigmoid = ActivationFunc("log_sigmoid", func(x *graph.Node) *graph.Node { return ops.Neg(ops.Softplus(ops.Neg(x))) })
	// Tanh is the hyperbolic tangent.
	Tanh = ActivationFunc("tanh", ops.Tanh)
	// Softmax is e^x divided by its sum over the last axis.
	Softmax = ActivationFunc("softmax", func(x *graph.Node) *graph.Node { return ops.Softmax(x, -1) })
	// LogSoftmax is the logarithm of Softmax.
	LogSoftmax = ActivationFunc("log_softmax", func(x *graph.Node) *graph.Node { return ops.LogSoftmax(x, -1) })
	// ELU is x where x > 0, else e^x - 1.
	ELU = ActivationFunc("elu", func(x *graph.Node) *graph.Node { return ops.Elu(x, 1) })
	// SELU is λx where x > 0, else λα(e^x - 1), with λ ≈ 1.0507 and α ≈ 1.6733.
	SELU = ActivationFunc("selu", ops.Selu)
	// GELU is xΦ(x), Φ being the standard normal distribution function.
	GELU = ActivationFunc("gelu", ops.Gelu)
	// GELUTanh is GELU in the approximation by tanh: Keras's approximate=True.
	GELUTanh = ActivationFunc("gelu_tanh", ops.GeluTanh)
	// SiLU is x/(1+e^-x), also called swish.
	SiLU = ActivationFunc("silu", ops.Silu)
	// HardSiLU is x·HardSigmoid(x).
	HardSiLU = ActivationFunc("hard_silu", func(x *graph.Node) *graph.Node { return ops.Mul(x, hardSigmoid(x)) })
	// Mish is x·tanh(ln(1+e^x)).
	Mish = ActivationFunc("mish", func(x *graph.Node) *graph.Node { return ops.Mul(x, ops.Tanh(ops.Softplus(x))) })
	// LeakyReLU is x where x > 0, else 0.2·x. For another slope, see [LeakyReLUSlope].
	LeakyReLU = ActivationFunc("leaky_relu", func(x *graph.Node) *graph.Node { return ops.LeakyRelu(x, 0.2) })
	// Softplus is ln(1+e^x).
	Softplus = ActivationFunc("softplus", ops.Softplus)
	// Softsign is x/(1+|x|).
	Softsign = ActivationFunc("softsign", ops.Softsign)
	// Exponential is e^x.
	Exponential = ActivationFunc("exponential", ops.Exp)
)

// LeakyReLUSlope is x where x > 0, else slope·x. Keras's LeakyReLU layer has a
// slope of 0.3 by default, its function, and [LeakyReLU], one of 0.2.
func LeakyReLUSlope(slope float64) Activation {
	return Activation{"leaky_relu", func(x *graph.Node) *graph.Node { return ops.LeakyRelu(x, slope) },
		&activationObject{"LeakyReLU", "negative_slope", slope}}
}

// ELUAlpha is x where x > 0, else alpha·(e^x - 1).
func ELUAlpha(alpha float64) Activation {
	return Activation{"elu", func(x *graph.Node) *graph.Node { return ops.Elu(x, alpha) },
		&activationObject{"ELU", "alpha", alpha}}
}

func hardSigmoid(x *graph.Node) *graph.Node {
	return ops.Clip(ops.Offset(ops.Scale(x, 1.0/6), 0.5), 0, 1)
}

// String returns Keras's name of the activation.
func (a Activation) String() string {
	if a.f == nil {
		return "linear"
	}
	return a.name
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
// has a parameter.
func (a Activation) MarshalJSON() ([]byte, error) {
	if a.obj == nil {
		return json.Marshal(a.String())
	}
	cfg, err := json.Marshal(map[string]float64{a.obj.field: a.obj.value})
	if err != nil {
		return nil, err
	}
	return json.Marshal(serialized{Module: "keras.layers", Class: a.obj.class, Config: cfg})
}

// UnmarshalJSON reads what Keras writes: a name, an object, or null.
func (a *Activation) UnmarshalJSON(b []byte) error {
	class, cfg, err := decodeObject[activationConfig](b)
	if err != nil {
		return fmt.Errorf("nn: activation: %w", err)
	}
	switch class {
	case "":
		*a = Linear
		return nil
	case "LeakyReLU":
		*a = LeakyReLUSlope(numberOr(cfg.Slope, 0.3))
		return nil
	case "ELU":
		*a = ELUAlpha(numberOr(cfg.Alpha, 1))
		return nil
	case "ReLU":
		return a.rectifier(cfg)
	case "Softmax":
		if cfg.Axis != nil && string(cfg.Axis) != "-1" {
			return fmt.Errorf("nn: Softmax over axis %s: want -1", cfg.Axis)
		}
		class = "softmax"
	case "swish":
		class = "silu"
	case "hard_swish":
		class = "hard_silu"
	}
	for _, known := range activations() {
		if known.String() == class {
			*a = known
			return nil
		}
	}
	return fmt.Errorf("nn: activation %q: want one of Keras's that nn has", class)
}

// activationConfig is what the configs of Keras's activation layers hold.
type activationConfig struct {
	Slope     *float64        `json:"negative_slope"`
	Alpha     *float64        `json:"alpha"`
	Max       *float64        `json:"max_value"`
	Threshold float64         `json:"threshold"`
	Axis      json.RawMessage `json:"axis"`
}

// rectifier sets a to Keras's ReLU layer, as far as there is an activation for it.
func (a *Activation) rectifier(c activationConfig) error {
	slope := numberOr(c.Slope, 0)
	switch {
	case c.Threshold == 0 && c.Max == nil && slope == 0:
		*a = ReLU
	case c.Threshold == 0 && c.Max == nil:
		*a = LeakyReLUSlope(slope)
	case c.Threshold == 0 && *c.Max == 6 && slope == 0:
		*a = ReLU6
	default:
		return fmt.Errorf("nn: ReLU with threshold %g or a max_value other than 6: want none", c.Threshold)
	}
	return nil
}

// activations lists those that a name describes.
func activations() []Activation {
	return []Activation{Linear, ReLU, ReLU6, Sigmoid, HardSigmoid, LogSigmoid, Tanh, Softmax, LogSoftmax, ELU, SELU,
		GELU, GELUTanh, SiLU, HardSiLU, Mish, LeakyReLU, Softplus, Softsign, Exponential}
}

// ActivationLayer is an [Activation] as a layer with a name.
type ActivationLayer struct {
	Base
	Activation Activation `json:"activation"`
}

// Class returns Keras's name of the type.
func (l *ActivationLayer) Class() string { return "Activation" }

// Build implements [Layer].
func (l *ActivationLayer) Build(b *Builder, in tensor.Spec) { l.Activation.Build(b, in) }

// Call implements [Layer].
func (l *ActivationLayer) Call(c *Ctx, x *graph.Node) *graph.Node { return l.Activation.Call(c, x) }
