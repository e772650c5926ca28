package nn

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/tensor"
)

// Network is a graph of layers, and a layer itself.
type Network struct {
	Base
	layers     []Layer
	functional bool // otherwise the layers are a chain
	inputs     int  // of a functional network, as its calls and outputs are
	calls      []Call
	outputs    []Port
	bad        *graph.Error // the mistake in these, if there is one
	policy     DTypePolicy  // that the network was built under

	in, out []tensor.Spec // of the inputs that it was built for, and of its outputs then

	frozen   []bool // the layers and their parts, when the variables last followed
	refrozen int    // times that this changed
}

// Record holds a network's facts about one of its layers: names, specs, variables, parts.
type Record struct {
	// Name is unique in the network, Path in the whole model: "encoder/dense".
	Name, Path string
	// Attribute is the name under which the layer around holds the layer, and Keras's files
	// store it. It is Name unless the layer is the part of a wrapper.
	Attribute string
	// Class is Keras's name of the layer's type.
	Class string
	Layer Layer
	// In and Out are the specs of inputs and outputs where the layer is first applied,
	// for the batch that the network was built with.
	In, Out []tensor.Spec
	// Params are the variables that an optimizer updates unless they are
	// frozen, States those that it never does.
	Params, States []*graph.Var
	// Parts are the records of the layers that the layer built, as a [Network] or one of
	// your own does. Their variables are the layer's, too.
	Parts []*Record

	args []CallArgument // of the first call
}

// Own returns the variables of the layer itself, without those of its parts.
func (r *Record) Own() (params, states []*graph.Var) {
	if len(r.Parts) == 0 {
		return r.Params, r.States
	}
	inside := map[*graph.Var]bool{}
	for _, p := range r.Parts {
		for _, v := range slices.Concat(p.Params, p.States) {
			inside[v] = true
		}
	}
	own := func(vars []*graph.Var) []*graph.Var {
		return slices.DeleteFunc(slices.Clone(vars), func(v *graph.Var) bool { return inside[v] })
	}
	return own(r.Params), own(r.States)
}

// Stored returns the variables that Keras's files have under the layer itself: its own, after
// those of a part that it keeps, too, as [SpectralNormalization] does with a kernel.
func (r *Record) Stored() (params, states []*graph.Var) {
	params, states = r.Own()
	if k, ok := r.Layer.(keeper); ok {
		params = slices.Concat(k.kept(), params)
	}
	return params, states
}

// keeper is a layer that keeps variables of a part as its own, too.
type keeper interface{ kept() []*graph.Var }

// Sequential returns the network that applies layers one after the other.
// Activations may stand among them.
//
// Shapes: those of the first input and of the last output. Panics with *graph.Error, when
// built, if a layer does not fit its input or makes several outputs. Source: keras.Sequential.
func Sequential(layers ...Layer) *Network {
	n := &Network{Base: NewBase()}
	for _, l := range layers {
		n.Add(l)
	}
	return n
}

// Add appends a layer to a Sequential. A network that was built cannot grow, nor one
// of the functional form: that panics with *graph.Error.
func (n *Network) Add(l Layer) {
	if n.functional {
		panic(graph.Errorf("nn.Network.Add: the network is of the functional form: want nn.Apply, and a new network"))
	}
	if n.built {
		panic(graph.Errorf("nn.Network.Add: the network is built: want all layers before"))
	}
	if a, ok := l.(Activation); ok {
		l = a.Layer()
	}
	n.layers = append(n.layers, l)
}

// Class returns Keras's name of the type.
func (n *Network) Class() string {
	if n.functional {
		return "Functional"
	}
	return "Sequential"
}

// With sets options of the network and returns it: a name, that it is frozen, or the dtype
// policy of its layers.
func (n *Network) With(opts ...LayerOption) *Network {
	n.Set(opts...)
	return n
}

// Layers returns the layers, each once, in the order of their first application.
func (n *Network) Layers() []Layer { return n.layers }

// Records returns the records of a built network's layers.
func (n *Network) Records() []*Record { return n.parts }

// Declared returns the specs that the network's [Input] layers declare, with a batch of
// length 1 and [Any] for open axes, and whether there are such layers. It panics with
// *graph.Error if the network was put together wrongly.
func (n *Network) Declared() ([]tensor.Spec, bool) {
	n.check()
	n.wantSize()
	if n.functional {
		in := make([]tensor.Spec, n.inputs)
		for _, c := range n.calls {
			if c.In[0].Call < 0 {
				in[c.In[0].Out] = n.layers[c.Layer].(*InputLayer).spec()
			}
		}
		return in, true
	}
	if len(n.layers) == 0 {
		return nil, false
	}
	switch l := n.layers[0].(type) {
	case *InputLayer:
		return []tensor.Spec{l.spec()}, true
	case *Network:
		return l.Declared()
	}
	return nil, false
}

// check panics if the network was put together wrongly.
func (n *Network) check() {
	if n.bad != nil {
		panic(n.bad)
	}
}

// Vars returns the variables of a built network, layer by layer, each once: those of a
// layer itself before those of its parts.
func (n *Network) Vars() []*graph.Var {
	var all []*graph.Var
	known := map[*graph.Var]bool{}
	var walk func(records []*Record)
	walk = func(records []*Record) {
		for _, r := range records {
			params, states := r.Stored()
			for _, v := range slices.Concat(params, states) {
				if !known[v] {
					known[v] = true
					all = append(all, v)
				}
			}
			walk(r.Parts)
		}
	}
	walk(n.parts)
	return all
}

// Memories returns the variables in which layers of a built network that are [Stateful] keep
// their states. They are no weights: Vars has none of them.
func (n *Network) Memories() (all []*graph.Var) {
	n.eachMemory(n.parts, func(v *graph.Var) {
		if !slices.Contains(all, v) {
			all = append(all, v)
		}
	})
	return all
}

func (n *Network) eachMemory(records []*Record, f func(v *graph.Var)) {
	for _, r := range records {
		if l, ok := r.Layer.(interface{ memories() []*graph.Var }); ok {
			for _, v := range l.memories() {
				f(v)
			}
		}
		n.eachMemory(r.Parts, f)
	}
}

// IsStateful reports whether a layer of a built network is [Stateful].
func (n *Network) IsStateful() (stateful bool) {
	n.eachMemory(n.parts, func(*graph.Var) { stateful = true })
	return stateful
}

// BatchSize returns the length that an [Input] of the network declares for all batches, 0 if none
// does.
func (n *Network) BatchSize() int {
	for _, l := range n.layers {
		switch l := l.(type) {
		case *InputLayer:
			if l.Batch > 0 {
				return l.Batch
			}
		case *Network:
			if size := l.BatchSize(); size > 0 {
				return size
			}
		}
	}
	return 0
}

// Params returns the variables that training changes: those that are trainable
// in layers that are not frozen. It sets the variables' Trainable accordingly.
func (n *Network) Params() []*graph.Var {
	n.thaw()
	var params []*graph.Var
	for _, v := range n.Vars() {
		if v.Trainable {
			params = append(params, v)
		}
	}
	return params
}

// Refrozen returns how often Params or Trains found that layers had been frozen or thawed: a
// trace from before is out of date, since a layer such as [BatchNormalization] is traced
// otherwise then, though it may have no parameters.
func (n *Network) Refrozen() int { return n.refrozen }

// thaw carries Frozen over to the variables.
func (n *Network) thaw() {
	if _, changed := n.thawAll(n.parts, bool(n.Frozen), 0); changed {
		n.refrozen++
	}
}

// thawAll does so for records, the first of which is layer at of all in the network and its
// parts. It returns the number of the next layer, and whether one changed. A frozen layer
// freezes its parts. What is as it was is not written: others may read it meanwhile.
func (n *Network) thawAll(records []*Record, frozen bool, at int) (next int, changed bool) {
	for _, r := range records {
		off := frozen
		if base := BaseOf(r.Layer); base != nil {
			off = off || bool(base.Frozen)
		}
		switch {
		case at == len(n.frozen):
			n.frozen, changed = append(n.frozen, off), true
		case n.frozen[at] != off:
			n.frozen[at], changed = off, true
		}
		params, _ := r.Own()
		for _, v := range params {
			if v.Trainable == off {
				v.Trainable = !off
			}
		}
		var inside bool
		at, inside = n.thawAll(r.Parts, off, at+1)
		changed = changed || inside
	}
	return at, changed
}

// Trains reports whether vars are those of Params, which it does not make anew.
func (n *Network) Trains(vars []*graph.Var) bool {
	n.thaw()
	all, ok := trains(n.parts, vars, 0)
	return ok && all == len(vars)
}

// trains reports whether the variables of records that are trained go on vars[:at], and how
// far.
func trains(records []*Record, vars []*graph.Var, at int) (to int, ok bool) {
	for _, r := range records {
		params, states := r.Stored()
		for _, own := range [2][]*graph.Var{params, states} {
			for _, v := range own {
				switch {
				case !v.Trainable || slices.Contains(vars[:at], v):
				case at < len(vars) && vars[at] == v:
					at++
				default:
					return at, false
				}
			}
		}
		if at, ok = trains(r.Parts, vars, at); !ok {
			return at, false
		}
	}
	return at, true
}

// Build implements [Layer], for one input: see [Network.BuildAll].
func (n *Network) Build(b *Builder, in tensor.Spec) { n.BuildAll(b, []tensor.Spec{in}) }

// BuildAll implements [MultiLayer]: it builds each layer for the specs of its first
// application. A network that was built stays as it is. Every layer gets floats in the
// dtype of its policy, and integers as they are.
//
// It panics with *graph.Error if two layers have one name or a layer does not
// fit its input; the error names the layer and the user's line that made it.
func (n *Network) BuildAll(b *Builder, in []tensor.Spec) {
	n.check()
	if n.built {
		b.params = b.adopt(b.params, n.Base.params)
		b.states = b.adopt(b.states, n.Base.states)
		b.parts = append(b.parts, n.parts...)
		return
	}
	n.Names() // panics if they are wrong
	n.wantSize()
	n.wantInputs(len(in))
	for _, s := range in {
		if s.Rank() == 0 {
			panic(graph.Errorf("nn.Network: x is %v: want axis 0 to be the batch", s))
		}
	}
	before, ok := len(b.fresh), false
	defer func() {
		if !ok {
			b.forget(before)
		}
	}()
	defer func(around DTypePolicy) { b.DType = around }(b.DType)
	b.DType = policyOf(n, b.DType)
	p, s := len(b.params), len(b.states)
	first := len(b.parts)
	n.in, n.out = slices.Clone(in), n.build(b, in)
	n.parts = b.parts[first:len(b.parts):len(b.parts)]
	n.built, n.policy = true, b.DType
	n.params, n.states = b.params[p:len(b.params):len(b.params)], b.states[s:len(b.states):len(b.states)]
	n.thaw()
	ok = true
}

// build builds the layers for inputs of these specs and returns those of the outputs.
func (n *Network) build(b *Builder, in []tensor.Spec) []tensor.Spec {
	names := n.Names()
	records := make([]*Record, len(n.layers))
	return carry(n, in, func(c Call, x []tensor.Spec) (out []tensor.Spec) {
		l := n.layers[c.Layer]
		r := records[c.Layer]
		if r != nil {
			r.guard(func() { out = outputsOf(calling(l, c.Arguments), x, b.DType) })
			return out
		}
		r = b.record(names[c.Layer], l, x)
		r.args = c.Arguments
		r.guard(func() {
			b.build(r)
			if !n.functional && len(r.Out) != 1 {
				panic(graph.Errorf("nn.Sequential: %s has %d outputs: want one, or nn.Functional", r.Class, len(r.Out)))
			}
		})
		records[c.Layer] = r
		return r.Out
	})
}

// wantInputs panics unless the network has n inputs.
func (n *Network) wantInputs(got int) {
	want := 1
	if n.functional {
		want = n.inputs
	}
	if got != want {
		panic(graph.Errorf("nn.Network: %d inputs: want %d", got, want))
	}
}

// carry carries values through the calls of a network: those of its inputs to those
// of its outputs, which it returns.
func carry[V any](n *Network, in []V, call func(c Call, x []V) []V) []V {
	calls := n.Calls()
	made := make([][]V, len(calls))
	take := func(p Port) V {
		from := in
		if p.Call >= 0 {
			from = made[p.Call]
		}
		if p.Out >= len(from) {
			panic(&graph.Error{Where: calls[p.Call].where, Text: fmt.Sprintf("nn.Network: output %d of %s: it has %d", p.Out, ClassOf(n.layers[calls[p.Call].Layer]), len(from))})
		}
		return from[p.Out]
	}
	gather := func(ports []Port) []V {
		x := make([]V, len(ports))
		for i, p := range ports {
			x[i] = take(p)
		}
		return x
	}
	for i, c := range calls {
		made[i] = call(c, gather(c.In))
	}
	return gather(n.Outputs())
}

// Call implements [Layer], for a network of one input and output.
func (n *Network) Call(c *Ctx, x *graph.Node) *graph.Node {
	out := n.CallAll(c, []*graph.Node{x})
	if len(out) != 1 {
		panic(graph.Errorf("nn.Network.Call: the network has %d outputs: want CallAll", len(out)))
	}
	return out[0]
}

// CallAll implements [MultiLayer]. It panics with *graph.Error if the network is not
// built, or takes another number of inputs.
func (n *Network) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	if !n.built {
		panic(graph.Errorf("nn.Network.Call: the network is not built: want Build first"))
	}
	n.wantInputs(len(x))
	defer c.follow(n)()
	type value struct{ of, mask *graph.Node } // layers may compute one node and not agree on its mask
	valuesOf := func(nodes []*graph.Node) []value {
		values := make([]value, len(nodes))
		for i, x := range nodes {
			values[i] = value{x, c.Mask(x)}
		}
		return values
	}
	nodesOf := func(values []value) []*graph.Node {
		nodes := make([]*graph.Node, len(values))
		for i, v := range values {
			nodes[i] = v.of
			c.SetMask(v.of, v.mask)
		}
		return nodes
	}
	return nodesOf(carry(n, valuesOf(x), func(call Call, x []value) (out []value) {
		r := n.parts[call.Layer]
		defer c.g.SetScope(c.g.SetScope(r.Path))
		r.guard(func() { out = valuesOf(c.TraceAll(calling(r.Layer, call.Arguments), nodesOf(x))) })
		return out
	}))
}

// guard runs f. To a *graph.Error that leaves f it adds the layer's path and line.
func (r *Record) guard(f func()) {
	defer func() {
		e := recover()
		if e == nil {
			return
		}
		if e, ok := e.(*graph.Error); ok && e.Layer == "" {
			e.Layer = r.Path
			if h, ok := r.Layer.(interface{ base() *Base }); ok && h.base().where != "" {
				e.Where = h.base().where
			}
		}
		panic(e)
	}()
	f()
}

// Names returns the names of the layers, given or found: see [Base]. It panics
// with *graph.Error if two were given the same, or one is nil.
func (n *Network) Names() []string {
	n.check()
	names, taken := make([]string, len(n.layers)), map[string]int{}
	for i, l := range n.layers {
		if isNil(l) {
			panic(&graph.Error{Where: n.where, Text: fmt.Sprintf("nn.%s: layer %d is nil", n.Class(), i)})
		}
		if l == Layer(n) {
			panic(&graph.Error{Where: n.where, Text: fmt.Sprintf("nn.Sequential: layer %d is the network itself", i)})
		}
		h, ok := l.(interface{ base() *Base })
		if !ok || h.base().Name == "" {
			continue
		}
		name := h.base().Name
		if strings.Contains(name, "/") {
			panic(&graph.Error{Where: h.base().where, Text: fmt.Sprintf("nn.%s: layer name %q: want one without '/', which joins names to paths", n.Class(), name)})
		}
		if j, ok := taken[name]; ok {
			panic(&graph.Error{Where: h.base().where, Text: fmt.Sprintf("nn.%s: layers %d and %d are both named %q: want different names", n.Class(), j, i, name)})
		}
		names[i], taken[name] = name, i
	}
	count := map[string]int{}
	for i, l := range n.layers {
		for kind := SnakeCase(ClassOf(l)); names[i] == ""; count[kind]++ {
			name := kind
			if count[kind] > 0 {
				name = fmt.Sprintf("%s_%d", kind, count[kind])
			}
			if _, ok := taken[name]; !ok {
				names[i], taken[name] = name, i
			}
		}
	}
	return names
}

// isNil reports whether l is nil or a nil pointer.
func isNil(l Layer) bool {
	v := reflect.ValueOf(l)
	return l == nil || v.Kind() == reflect.Pointer && v.IsNil()
}

// ClassOf returns Keras's name of the type of a layer: its registered name without the
// package, the result of its method Class, or the Go name of the type.
func ClassOf(l any) string {
	if name := layers.Registered(l); name != "" {
		return vocab.ShortName(name)
	}
	return vocab.ClassOf(l, "Layer")
}

// SnakeCase turns a class into the name that Keras gives its layers:
// BatchNormalization into batch_normalization, Conv2D into conv2d. Of GroupQueryAttention it makes
// grouped_query_attention, as the class in Keras's own code is another than the one it exports.
func SnakeCase(class string) string {
	if class == "GroupQueryAttention" {
		class = "GroupedQueryAttention"
	}
	return vocab.SnakeCase(class)
}

// chain is the config of a [Sequential] that a layer holds.
type chain struct {
	Base
	Layers []Layer `json:"layers"`
}

func init() {
	layers.Add(vocab.Class[Layer]{Name: "Sequential", Module: "keras", New: chainOf, Fixed: map[string]string{"build_input_shape": ""}})
}

func chainOf(c *vocab.Config) (Layer, error) {
	var s chain
	err := c.Into(&s)
	n := Sequential(s.Layers...)
	n.Name, n.Frozen, n.DType = s.Name, s.Frozen, s.DType
	return n, err
}

// MarshalJSON writes the config of a chain as Keras does, for a layer that holds it. It
// fails for a network of the functional form: files store these as models, or among the
// layers of models only.
func (n *Network) MarshalJSON() ([]byte, error) {
	if n.functional {
		return nil, errors.New("nn: a network of the functional form in a layer of your own: want a Sequential")
	}
	s := chain{Base: n.Base, Layers: n.layers}
	if s.Name == "" { // Keras requires one
		s.Name = SnakeCase(n.Class())
	}
	return vocab.Marshal(s)
}
