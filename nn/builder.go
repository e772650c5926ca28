package nn

import (
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Builder makes the variables of a network.
type Builder struct {
	// DType is the dtype policy of layers that have none of their own, and of the layer
	// that is being built. [Float32] unless it is set.
	DType DTypePolicy
	// Blank leaves variables at zero, for values that are read from a file. They take memory
	// when they are first read or written.
	Blank bool
	// Limit bounds the number of elements of all variables together; 0 is no limit. A
	// variable beyond it panics with *graph.Error before it takes memory.
	Limit int

	seed   uint64
	path   []string
	params []*graph.Var // in the order of their making or adoption, each once
	states []*graph.Var
	known  map[*graph.Var]bool
	order  uint64  // parameters made so far
	count  int     // elements made so far
	fresh  []*Base // layers built by this builder

	parts []*Record      // of the layer that is being built, so far
	args  []CallArgument // of its first call
	batch int            // the length that an Input declares, 0 if none does
}

// NewBuilder returns a Builder of float32 parameters. Their initial values
// follow from seed, their shapes and the order of their making.
func NewBuilder(seed uint64) *Builder {
	return &Builder{DType: Float32, seed: seed, known: map[*graph.Var]bool{}}
}

// Param makes a trainable variable of the dtype that DType stores. Its path is that of
// the layer and the name: "dense_1/kernel".
func (b *Builder) Param(name string, shape tensor.Dims, init Initializer) *graph.Var {
	v := b.variable(name, tensor.Spec{DType: b.DType.VariableDType(), Shape: shape}, init)
	v.Trainable = true
	b.params = append(b.params, v)
	return v
}

// State makes a variable that is not trained, such as a moving average.
func (b *Builder) State(name string, s tensor.Spec, init Initializer) *graph.Var {
	v := b.variable(name, s, init)
	b.states = append(b.states, v)
	return v
}

func (b *Builder) variable(name string, s tensor.Spec, init Initializer) *graph.Var {
	path := strings.Join(append(b.path[:len(b.path):len(b.path)], name), "/")
	if _, err := tensor.CheckedBytes(s); err != nil {
		panic(graph.Errorf("nn.Builder: variable %s: %v", path, err))
	}
	if n := s.Shape.Size(); b.Limit > 0 && n > b.Limit-b.count {
		panic(graph.Errorf("nn.Builder: variable %s %v: want at most %d elements in all variables, %d of them before it", path, s, b.Limit, b.count))
	}
	b.count += s.Shape.Size()
	v := graph.NewZeroVar(path, s)
	if !b.Blank {
		t := tensor.NewSpec(s)
		if err := init.set(t, b.seed, paramStream|b.order); err != nil {
			panic(graph.Errorf("nn.Builder: variable %s: %v", path, err))
		}
		v = graph.NewVar(path, t)
	}
	b.order++
	b.known[v] = true
	return v
}

// memory makes a variable of zeros that is no weight: a state from one batch to the next.
// Files of weights have none of these.
func (b *Builder) memory(name string, s tensor.Spec) *graph.Var {
	v := b.variable(name, s, Zeros)
	b.order-- // the weights behind it are drawn as without it
	return v
}

// Build builds l, a part of the layer that is being built, under the given name and
// l's dtype policy, and returns the spec of its output. A layer that embeds [Base] and
// was built before keeps its variables.
//
// The name should be that of Keras's attribute for the part, "cells/lstm_cell" for an
// element of a list: Keras's files store the part's variables under it.
func (b *Builder) Build(name string, l Layer, in tensor.Spec) tensor.Spec {
	out := b.BuildAll(name, l, []tensor.Spec{in})
	if len(out) != 1 {
		panic(graph.Errorf("nn.Builder: %s has %d outputs: want BuildAll", name, len(out)))
	}
	return out[0]
}

// BuildAll is Build of a layer that may have several inputs and outputs. It panics with
// *graph.Error if the layer is nil, takes another number of inputs, or others.
func (b *Builder) BuildAll(name string, l Layer, in []tensor.Spec) []tensor.Spec {
	if isNil(l) {
		panic(graph.Errorf("nn.Builder: %s is nil: want a layer", name))
	}
	r := b.record(name, l, in)
	b.build(r)
	return r.Out
}

// BuildPart is [Builder.Build] of a layer that another holds under an attribute, the place at which
// Keras's files of weights have it: "layers/random_flip". The paths of its variables have the
// layer's own name, by default that of its class.
func (b *Builder) BuildPart(attribute string, l Layer, in tensor.Spec) tensor.Spec {
	r := b.buildPart(attribute, l, in)
	if len(r.Out) != 1 {
		panic(graph.Errorf("nn.Builder: %s has %d outputs: want one", attribute, len(r.Out)))
	}
	return r.Out[0]
}

// buildPart builds the layer that a wrapper holds under an attribute, and returns its record.
// Keras has the paths of its variables under the layer's own name.
func (b *Builder) buildPart(attribute string, l Layer, in tensor.Spec) *Record {
	if isNil(l) {
		panic(graph.Errorf("nn.Builder: %s is nil: want a layer", attribute))
	}
	return b.buildPartNamed(attribute, partName(l), l, in)
}

// buildPartNamed is buildPart of a layer that has another name in the paths, and perhaps several
// inputs.
func (b *Builder) buildPartNamed(attribute, name string, l Layer, in ...tensor.Spec) *Record {
	r := b.record(name, l, in)
	r.Attribute = attribute
	b.build(r)
	return r
}

// record returns the record of a layer under the given name that is not built yet.
func (b *Builder) record(name string, l Layer, in []tensor.Spec) *Record {
	return &Record{Name: name, Attribute: name, Path: strings.Join(append(b.path[:len(b.path):len(b.path)], name), "/"), Class: ClassOf(l), Layer: l, In: in}
}

// build builds the layer of a record, unless it was built before, as a part of the layer
// that is being built, and completes the record.
func (b *Builder) build(r *Record) {
	l, around, args := r.Layer, b.DType, b.args
	b.path, b.DType, b.args = append(b.path, r.Name), policyOf(l, around), r.args
	defer func() { b.path, b.DType, b.args = b.path[:len(b.path)-1], around, args }()
	wantArguments(l, r.args, len(r.In))
	in := slices.Clone(r.In)
	for i := range in {
		in[i].DType = b.DType.takes(l, in[i].DType)
	}
	base := BaseOf(l)
	if base != nil && base.built {
		b.params = b.adopt(b.params, base.params)
		b.states = b.adopt(b.states, base.states)
		r.Params, r.States, r.Parts = base.params, base.states, base.parts
	} else {
		p, s := len(b.params), len(b.states)
		if base != nil && base.misuse != "" {
			panic(graph.Errorf("nn.%s: %s", ClassOf(l), base.misuse))
		}
		r.Parts = b.partsOf(func() {
			if m, ok := l.(MultiLayer); ok {
				m.BuildAll(b, in)
			} else if len(in) == 1 {
				l.Build(b, in[0])
			} // otherwise outputsOf panics with the reason
		})
		r.Params, r.States = b.params[p:len(b.params):len(b.params)], b.states[s:len(b.states):len(b.states)]
		if base != nil {
			base.params, base.states, base.parts, base.built = r.Params, r.States, r.Parts, true
			if params, states := r.Own(); len(params)+len(states) > 0 {
				base.stored = b.DType.VariableDType()
			}
			b.fresh = append(b.fresh, base)
		}
	}
	b.parts = append(b.parts, r)
	if n, ok := l.(*Network); ok && n.policy == b.DType && slices.Equal(n.in, in) { // its outputs were traced layer by layer
		r.Out = n.out
		return
	}
	r.Out = outputsOf(calling(l, r.args), in, around)
}

// partsOf returns the records of the layers that f builds.
func (b *Builder) partsOf(f func()) []*Record {
	around := b.parts
	b.parts = nil
	defer func() { b.parts = around }()
	f()
	return b.parts
}

// outputsOf returns the specs of the outputs of a layer that was built, in a network of
// policy around.
func outputsOf(l Layer, in []tensor.Spec, around DTypePolicy) []tensor.Spec {
	g := graph.New()
	c := NewCtx(g, NewSeed(0))
	c.policy, c.trial = around, true
	x := make([]*graph.Node, len(in))
	for i, s := range in {
		x[i] = g.Input("x", s)
	}
	var out []tensor.Spec
	for _, n := range c.TraceAll(l, x) {
		out = append(out, n.Spec())
	}
	return out
}

func (b *Builder) adopt(have, more []*graph.Var) []*graph.Var {
	for _, v := range more {
		if !b.known[v] {
			b.known[v] = true
			have = append(have, v)
		}
	}
	return have
}

// forget makes the layers built since the first n unbuilt again, after a mistake.
func (b *Builder) forget(n int) {
	for _, l := range b.fresh[n:] {
		l.built, l.stored, l.params, l.states, l.parts = false, tensor.Invalid, nil, nil, nil
	}
	b.fresh = b.fresh[:n]
}

// Vars returns the trainable variables made or adopted so far.
func (b *Builder) Vars() []*graph.Var { return b.params[:len(b.params):len(b.params)] }

// States returns the other variables made or adopted so far.
func (b *Builder) States() []*graph.Var { return b.states[:len(b.states):len(b.states)] }

// Count returns how many elements the trainable and the other variables have.
func (b *Builder) Count() (params, states int) {
	return countOf(b.params), countOf(b.states)
}

func countOf(vars []*graph.Var) (n int) {
	for _, v := range vars {
		n += v.Spec().Shape.Size()
	}
	return n
}

// NewSeed returns the variable that random layers draw from: uint64[2], a key,
// which follows from seed, and a counter of steps.
func NewSeed(seed uint64) *graph.Var {
	return graph.NewVar("seed_generator_state", tensor.Of(seed&(1<<53-1), 0))
}

// Ctx is the trace of one step or one prediction.
type Ctx struct {
	// Training says that the step trains: dropout drops.
	Training bool

	g           *graph.Graph
	losses      []*graph.Node
	regularized map[*graph.Var]bool
	divided     map[*graph.Var]bool // by SpectralNormalization
	seed        *graph.Var
	drawn       *graph.Node // the seed before this step
	streams     uint32
	policy      DTypePolicy    // of the layer that is called
	autocast    tensor.DType   // that variables are converted to, if it is set
	frozen      bool           // the layer that is called, or one around
	args        []CallArgument // of the present call
	limits      []TokenLimit

	masks map[*graph.Node]*graph.Node // of the values of the layer that is traced
	trial bool                        // Build calls, to learn the outputs
}

// NewCtx returns a context that traces into g, with a seed that [NewSeed] made.
func NewCtx(g *graph.Graph, seed *graph.Var) *Ctx {
	return &Ctx{g: g, seed: seed, regularized: map[*graph.Var]bool{}, divided: map[*graph.Var]bool{}, masks: map[*graph.Node]*graph.Node{}}
}

// NewSeededCtx returns a context that traces into g, whose random numbers come from seed, a node
// uint64[2] of a key and a counter, instead of a variable that steps count up: the caller gives
// another one in every run.
func NewSeededCtx(g *graph.Graph, seed *graph.Node) *Ctx {
	c := NewCtx(g, nil)
	c.drawn = seed
	return c
}

// Graph returns the graph that is being built.
func (c *Ctx) Graph() *graph.Graph { return c.g }

// Value returns the value of v. In a layer with a mixed dtype policy a float is converted
// to the dtype that the layer computes in; c.Graph().Value(v) is the value as it is stored.
func (c *Ctx) Value(v *graph.Var) *graph.Node {
	n := c.g.Value(v)
	if c.autocast != tensor.Invalid && n.DType().IsFloat() {
		return ops.Cast(n, c.autocast)
	}
	return n
}

// Update makes n the value of v after the step. A float is converted to v's dtype. It panics
// with *graph.Error if v or n is nil, or as [graph.Graph.Update] does.
func (c *Ctx) Update(v *graph.Var, n *graph.Node) {
	if v == nil {
		panic(graph.Errorf("nn.Ctx.Update: the variable is nil: want one that was made by Build"))
	}
	if dt := v.Spec().DType; dt.IsFloat() && n.DType().IsFloat() {
		n = ops.Cast(n, dt)
	}
	c.g.Update(v, n)
}

// AddLoss adds a float scalar to the loss that training minimizes. It panics with
// *graph.Error for any other value, and inside the body of a loop or a branch.
func (c *Ctx) AddLoss(n *graph.Node) {
	if c.g.Tracing() {
		panic(graph.Errorf("nn.AddLoss: a loss, or the penalty of an activity, is added inside the body of a loop or branch, which has one value for every step: want the body to return it, and AddLoss after it"))
	}
	if n.Rank() != 0 || !n.DType().IsFloat() {
		panic(graph.Errorf("nn.AddLoss: loss is %v: want a float scalar", n.Spec()))
	}
	c.losses = append(c.losses, n)
}

// Losses returns the scalars given to AddLoss.
func (c *Ctx) Losses() []*graph.Node { return c.losses }

// Regularize adds the penalty r of v to the loss, once a trace however often the
// layer is called, in the body of a loop too, and only while v is trained.
func (c *Ctx) Regularize(v *graph.Var, r Regularizer) {
	if r.Zero() || !v.Trainable || c.regularized[v] {
		return
	}
	c.regularized[v] = true
	c.g.Outside(func() { c.AddLoss(r.Penalty(c.g.Value(v))) })
}

// Seed returns the seed of random operations, a uint64[2] of key and counter that differs in
// every step, and a stream of its own for the caller.
func (c *Ctx) Seed() (seed *graph.Node, stream uint32) {
	if c.g.Tracing() {
		panic(graph.Errorf("nn: a seed is drawn inside the body of a loop or branch, where it would be the same in every step: want it drawn outside, and what is random for all steps passed in"))
	}
	if c.drawn == nil {
		c.drawn = c.g.Value(c.seed)
		c.g.Update(c.seed, nextSeed(c.drawn))
	}
	c.streams++
	return c.drawn, c.streams
}

// nextSeed returns the seed of the step after the one with seed s.
func nextSeed(s *graph.Node) *graph.Node {
	return ops.Add(s, s.Graph().Const(tensor.Of[uint64](0, 1)))
}
