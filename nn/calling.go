package nn

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// CallArgument is an argument of one call of a layer: a flag that Keras's call takes beside its
// inputs, such as [UseCausalMask], or a name that tells which argument an input is, see [Named].
type CallArgument struct {
	// Name is Keras's.
	Name string
	// Input says that one of the last inputs has the name.
	Input bool
}

// The flags of calls.
var (
	// UseCausalMask has a query of [Attention], [MultiHeadAttention] and their like see no key
	// behind its own place.
	UseCausalMask = CallArgument{Name: "use_causal_mask"}
	// ReturnAttentionScores gives the shares of the keys as a second output of [Attention],
	// [MultiHeadAttention] and their like.
	ReturnAttentionScores = CallArgument{Name: "return_attention_scores"}
	// Reverse has a [ReversibleEmbedding] make logits of vectors.
	Reverse = CallArgument{Name: "reverse"}
)

// Named says which argument of Keras's call one of the last inputs is: the names stand in the
// order of the inputs that have one.
//
//	nn.Apply(nn.Calling(mha, nn.Named("attention_mask")), query, value, mask)
func Named(name string) CallArgument { return CallArgument{Name: name, Input: true} }

// ArgumentLayer is a [MultiLayer] whose calls take arguments beside the inputs.
type ArgumentLayer interface {
	MultiLayer
	// Arguments returns Keras's names of the inputs, in the order of its call, and of the flags.
	// Without positional inputs Keras takes the inputs as a list.
	Arguments() (inputs, flags []string)
	// Outputs returns the number of outputs of a call with these arguments.
	Outputs(args []CallArgument) int
}

// Calling returns a layer with arguments for a call, to be given to [Apply]: the layer itself stays
// as it is, and other calls of it have none.
//
//	x = nn.Apply(nn.Calling(mha, nn.UseCausalMask), x, x)
//
// Panics with *graph.Error, when built, if the layer does not take the arguments.
func Calling(l Layer, args ...CallArgument) *CallingLayer {
	return &CallingLayer{layer: l, args: slices.Clone(args)}
}

// CallingLayer is the layer that [Calling] makes.
type CallingLayer struct {
	layer Layer
	args  []CallArgument
}

// Of returns the layer that is called.
func (l *CallingLayer) Of() Layer { return l.layer }

// base makes the layer's settings those of the layer that is called.
func (l *CallingLayer) base() *Base { return BaseOf(l.layer) }

// Build implements [Layer].
func (l *CallingLayer) Build(b *Builder, in tensor.Spec) { l.BuildAll(b, []tensor.Spec{in}) }

// BuildAll implements [MultiLayer]. It panics: [Apply] and [Ctx.Trace] take the layer itself.
func (l *CallingLayer) BuildAll(*Builder, []tensor.Spec) {
	panic(graph.Errorf("nn.Calling: %s is not given to nn.Apply: want it there, and the layer itself elsewhere", ClassOf(l.layer)))
}

// Call implements [Layer].
func (l *CallingLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.CallAll(c, []*graph.Node{x})[0]
}

// CallAll implements [MultiLayer].
func (l *CallingLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node { return c.TraceAll(l, x) }

// called returns a layer and the arguments of its call.
func called(l Layer) (Layer, []CallArgument) {
	if of, ok := l.(*CallingLayer); ok && of != nil {
		return of.layer, of.args
	}
	return l, nil
}

// calling returns a layer with the arguments of a call, if there are any.
func calling(l Layer, args []CallArgument) Layer {
	if len(args) == 0 {
		return l
	}
	return &CallingLayer{layer: l, args: args}
}

// wantArguments panics with *graph.Error unless a layer takes the arguments with so many inputs.
func wantArguments(l Layer, args []CallArgument, inputs int) {
	if len(args) == 0 {
		return
	}
	var names, flags []string
	if a, ok := l.(ArgumentLayer); ok {
		names, flags = a.Arguments()
	}
	for i, a := range args {
		of := flags
		if a.Input {
			of, inputs = names, inputs-1
		}
		if !slices.Contains(of, a.Name) {
			panic(graph.Errorf("nn.Calling: %s takes no argument %q: want one of %q, or an input nn.Named one of %q", ClassOf(l), a.Name, flags, names))
		}
		if slices.Contains(args[:i], a) {
			panic(graph.Errorf("nn.Calling: %s has argument %q twice", ClassOf(l), a.Name))
		}
	}
	if inputs < 0 {
		panic(graph.Errorf("nn.Calling: %s has fewer inputs than names of inputs", ClassOf(l)))
	}
}

// Argument reports whether the present call of the layer that is traced has a flag.
func (c *Ctx) Argument(flag CallArgument) bool { return slices.Contains(c.args, flag) }

// inputsByName returns what stands for the inputs of a call by the names of its arguments: those
// without a name are the first.
func inputsByName[V any](names []string, args []CallArgument, x []V) map[string]V {
	named := 0
	for _, a := range args {
		if a.Input {
			named++
		}
	}
	by := map[string]V{}
	for i, v := range x[:len(x)-named] {
		if i < len(names) {
			by[names[i]] = v
		}
	}
	at := len(x) - named
	for _, a := range args {
		if a.Input {
			by[a.Name] = x[at]
			at++
		}
	}
	return by
}
