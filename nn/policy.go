package nn

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// DTypePolicy names the dtype that a layer computes in and the dtype that it stores its
// variables in. As an option it sets the policy of a layer. The field DType sets that of a
// network, which holds for all layers in it without one of their own:
//
//	net := nn.Sequential(
//		nn.Dense(128, nn.ReLU),
//		nn.Dense(10),
//		nn.Softmax.Layer(nn.Float32), // probabilities of full precision
//	)
//	net.DType = nn.MixedBFloat16
//
// A layer's inputs and variables are converted to the dtype that it computes in, if
// they are floats, and its outputs are of that dtype. Penalties of variables,
// constraints and the optimizer see the variables as they are stored; losses and
// metrics convert predictions of 16 bits to float32 first. The zero DTypePolicy is that
// of the network around, and [Float32] where there is none.
//
// The policy may change after a layer was built if its variables keep their dtype. A
// model reads it in Compile.
type DTypePolicy string

// The policies. The mixed ones compute in 16 bits with variables of float32: the
// optimizer's small steps are not lost. With [MixedFloat16] Compile scales the loss,
// see optim.LossScale, since small gradients become 0 in float16.
const (
	Float32       DTypePolicy = "float32"
	Float64       DTypePolicy = "float64"
	Float16       DTypePolicy = "float16"
	BFloat16      DTypePolicy = "bfloat16"
	MixedFloat16  DTypePolicy = "mixed_float16"
	MixedBFloat16 DTypePolicy = "mixed_bfloat16"
)

// dtypePolicies lists the policies for messages.
var dtypePolicies = []DTypePolicy{Float32, Float64, Float16, BFloat16, MixedFloat16, MixedBFloat16}

// ComputeDType returns the dtype that a layer computes in, tensor.Invalid if there is
// no such policy.
func (p DTypePolicy) ComputeDType() tensor.DType {
	switch p {
	case "":
		return tensor.Float32
	case MixedFloat16:
		return tensor.Float16
	case MixedBFloat16:
		return tensor.BFloat16
	}
	if dt := tensor.ParseDType(string(p)); dt.IsFloat() {
		return dt
	}
	return tensor.Invalid
}

// VariableDType returns the dtype that a layer's variables are stored in,
// tensor.Invalid if there is no such policy.
func (p DTypePolicy) VariableDType() tensor.DType {
	if p == MixedFloat16 || p == MixedBFloat16 {
		return tensor.Float32
	}
	return p.ComputeDType()
}

// String returns Keras's name of the policy.
func (p DTypePolicy) String() string { return string(p.or(Float32)) }

// or returns p, or else if p is not set.
func (p DTypePolicy) or(other DTypePolicy) DTypePolicy {
	if p == "" {
		return other
	}
	return p
}

// mixed reports whether variables are stored in another dtype than they are used in.
func (p DTypePolicy) mixed() bool { return p.ComputeDType() != p.VariableDType() }

func (p DTypePolicy) layer(b *Base) { b.DType = p }

// UnmarshalJSON reads a policy as Keras writes it: a name, an object, or null. An
// unsupported policy is an error that names it.
func (p *DTypePolicy) UnmarshalJSON(b []byte) error {
	name, config, err := vocab.Decode(b)
	if err != nil {
		return fmt.Errorf("nn: dtype policy: %w", err)
	}
	if config != nil {
		name = policyName(name, config)
	}
	if policy := DTypePolicy(name); policy.ComputeDType() != tensor.Invalid {
		*p = policy
		return nil
	}
	return &vocab.MissingError{Items: []vocab.Missing{{Kind: "dtype policy", Name: name}}}
}

// policyName returns the name of a policy from its config: Keras's quantized ones are named
// after their mode, others without a name after their class.
func policyName(class string, config []byte) string {
	var c struct {
		Name   string `json:"name"`
		Mode   string `json:"mode"`
		Source string `json:"source_name"`
	}
	switch err := json.Unmarshal(config, &c); {
	case err != nil:
	case c.Name != "":
		return c.Name
	case c.Mode != "":
		return c.Mode + "_from_" + DTypePolicy(c.Source).String()
	}
	return class
}

// ParseDTypePolicy returns the policy of Keras's name, "mixed_bfloat16" for instance.
// Another name is an error that lists them.
func ParseDTypePolicy(name string) (DTypePolicy, error) {
	if p := DTypePolicy(name); p != "" && p.ComputeDType() != tensor.Invalid {
		return p, nil
	}
	return "", errors.New("nn: " + unknownPolicy(name))
}

func unknownPolicy(name string) string {
	var known []string
	for _, p := range dtypePolicies {
		known = append(known, string(p))
	}
	last := len(known) - 1
	return fmt.Sprintf("dtype policy %q: want %s or %s", name, strings.Join(known[:last], ", "), known[last])
}

// PolicyIn returns the policy that a layer follows in a network of policy around, empty
// if there is none.
func (l *Base) PolicyIn(around DTypePolicy) DTypePolicy { return l.DType.or(around).or(Float32) }

// PolicyIn returns the policy of the network's layers: its own, that around, or the one that
// it was built under.
func (n *Network) PolicyIn(around DTypePolicy) DTypePolicy {
	return n.DType.or(around).or(n.policy).or(Float32)
}

// policyOf returns the policy that l follows in a network of policy around. It panics with
// *graph.Error if the policy is unsupported.
func policyOf(l Layer, around DTypePolicy) DTypePolicy {
	p := around.or(Float32)
	if h, ok := l.(interface {
		PolicyIn(around DTypePolicy) DTypePolicy
	}); ok {
		p = h.PolicyIn(around)
	}
	if p.ComputeDType() == tensor.Invalid {
		panic(graph.Errorf("nn: %s", unknownPolicy(string(p))))
	}
	return p
}

// takes returns the dtype that an input of dtype dt is converted to for l: floats become the
// dtype that l computes in. An Input takes the dtype that it declares, an operation any, an
// Embedding tokens as they are, and a network leaves the conversion to its layers.
func (p DTypePolicy) takes(l Layer, dt tensor.DType) tensor.DType {
	switch l.(type) {
	case *InputLayer, *Network, *OperationLayer, *EmbeddingLayer, *ReversibleEmbeddingLayer:
		return dt
	}
	if dt.IsFloat() {
		return p.ComputeDType()
	}
	return dt
}

// ComputeDType returns the dtype that the layer which is being traced computes in: its floats
// come in it, and integers become it where a layer makes floats of them.
func (c *Ctx) ComputeDType() tensor.DType { return c.policy.ComputeDType() }

// Trace calls l, a part of the layer that is being traced, on x under l's own dtype
// policy. A part without one may be called directly.
//
// Panics with *graph.Error if l is nil, or was built for variables of another dtype than
// its policy has.
func (c *Ctx) Trace(l Layer, x *graph.Node) *graph.Node {
	out := c.TraceAll(l, []*graph.Node{x})
	if len(out) != 1 {
		panic(graph.Errorf("nn.Ctx: %s has %d outputs: want TraceAll", ClassOf(l), len(out)))
	}
	return out[0]
}

// TraceAll is Trace of a layer that may have several inputs and outputs.
func (c *Ctx) TraceAll(l Layer, x []*graph.Node) []*graph.Node {
	if isNil(l) {
		panic(graph.Errorf("nn.Ctx: the layer to trace is nil: want a layer"))
	}
	l, args := called(l)
	wantArguments(l, args, len(x))
	defer func(around []CallArgument) { c.args = around }(c.args)
	c.args = args
	defer c.follow(l)()
	in := make([]*graph.Node, len(x))
	for i := range x {
		in[i] = c.convert(l, x[i])
	}
	return c.masked(l, x, in, func() []*graph.Node {
		if m, ok := l.(MultiLayer); ok {
			return m.CallAll(c, in)
		}
		if len(in) != 1 {
			panic(graph.Errorf("%s is applied to %d inputs: want 1", ClassOf(l), len(in)))
		}
		return []*graph.Node{l.Call(c, in[0])}
	})
}

// Frozen reports whether the layer that is being traced is frozen, by itself or by a
// container around. [BatchNormalization] then takes its moving averages in training, too.
func (c *Ctx) Frozen() bool { return c.frozen }

// follow makes l's policy that of the trace, and l frozen if it is, until the function that
// it returns is called.
func (c *Ctx) follow(l Layer) (leave func()) {
	before, scope, frozen := c.policy, c.autocast, c.frozen
	c.policy = policyOf(l, c.policy)
	base := BaseOf(l)
	c.frozen = frozen || base != nil && bool(base.Frozen)
	if base != nil && base.stored != tensor.Invalid && base.stored != c.policy.VariableDType() {
		panic(graph.Errorf("nn.%s: dtype policy %s of a layer that was built with variables of %v: want one that keeps them so", ClassOf(l), c.policy, base.stored))
	}
	if c.policy.mixed() || scope != tensor.Invalid { // as in Keras: an enclosing scope counts, too
		c.autocast = c.policy.ComputeDType()
	}
	return func() { c.policy, c.autocast, c.frozen = before, scope, frozen }
}

// convert returns x as l, whose policy the trace follows, takes it.
func (c *Ctx) convert(l Layer, x *graph.Node) *graph.Node {
	return ops.Cast(x, c.policy.takes(l, x.DType()))
}
