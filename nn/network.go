package nn

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/tensor"
)

// Network is layers and how they follow each other, and a layer itself.
type Network struct {
	Base
	layers     []Layer
	functional bool // otherwise the layers are a chain
	inputs     int  // of a functional network, as its calls and outputs are
	calls      []Call
	outputs    []Port
	bad        *graph.Error // what is wrong with these
	policy     DTypePolicy  // that the network was built under
	records    []*Record
}

// Record is what a network knows of one of its layers.
type Record struct {
	// Name is unique in the network, Path in the whole model: "encoder/dense".
	Name, Path string
	// Class is Keras's name of the layer's type.
	Class string
	Layer Layer
	// In and Out are the specs of inputs and outputs where the layer is first applied,
	// for the batch that the network was built with.
	In, Out []tensor.Spec
	// Params are the variables that an optimizer updates unless they are
	// frozen, States those that it never does.
	Params, States []*graph.Var
}

// Sequential returns the network that applies layers one after the other.
// Activations may stand among them.
func Sequential(layers ...Layer) *Network {
	n := &Network{Base: newBase()}
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

// Layers returns the layers, each once, in the order of their first application.
func (n *Network) Layers() []Layer { return n.layers }

// Records tells of the layers of a built network. [Input] has none.
func (n *Network) Records() []*Record { return n.records }

// Declared returns the specs that the [Input] in front of each input declares, with a
// batch of length 1, and whether there are such. It panics with *graph.Error if the
// network was put together wrongly.
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

// Vars returns the variables of a built network, layer by layer, each once.
func (n *Network) Vars() []*graph.Var {
	var all []*graph.Var
	known := map[*graph.Var]bool{}
	for _, r := range n.records {
		vars := append(r.Params[:len(r.Params):len(r.Params)], r.States...)
		if sub, ok := r.Layer.(*Network); ok {
			vars = sub.Vars()
		}
		for _, v := range vars {
			if !known[v] {
				known[v] = true
				all = append(all, v)
			}
		}
	}
	return all
}

// Params returns the variables that training changes: those that are trainable
// in layers that are not frozen. It sets the variables' Trainable accordingly.
func (n *Network) Params() []*graph.Var {
	n.thaw(false)
	var params []*graph.Var
	for _, v := range n.Vars() {
		if v.Trainable {
			params = append(params, v)
		}
	}
	return params
}

// thaw carries Frozen over to the variables.
func (n *Network) thaw(frozen bool) {
	frozen = frozen || bool(n.Frozen)
	for _, r := range n.records {
		if sub, ok := r.Layer.(*Network); ok {
			sub.thaw(frozen)
			continue
		}
		off := frozen
		if h, ok := r.Layer.(interface{ base() *Base }); ok {
			off = off || bool(h.base().Frozen)
		}
		for _, v := range r.Params {
			v.Trainable = !off
		}
	}
}

// Build implements [Layer], for one input: see [Network.BuildAll].
func (n *Network) Build(b *Builder, in tensor.Spec) { n.BuildAll(b, []tensor.Spec{in}) }

// BuildAll implements [MultiLayer]: it builds each layer for what it is first applied
// to. A network that was built stays as it is. Every layer gets floats in the dtype of
// its policy, and integers as they are.
//
// It panics with *graph.Error if two layers have one name or a layer does not
// fit its input; the error names the layer and the user's line that made it.
func (n *Network) BuildAll(b *Builder, in []tensor.Spec) {
	n.check()
	if n.built {
		b.params = b.adopt(b.params, n.Base.params)
		b.states = b.adopt(b.states, n.Base.states)
		return
	}
	n.Names() // or what is wrong with them
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
	records := n.build(b, in)
	n.records, n.built, n.policy = records, true, b.DType
	n.Base.params, n.Base.states = b.params[p:len(b.params):len(b.params)], b.states[s:len(b.states):len(b.states)]
	n.thaw(false)
	ok = true
}

// build builds the layers for inputs of these specs.
func (n *Network) build(b *Builder, in []tensor.Spec) []*Record {
	names := n.Names()
	records := make([]*Record, len(n.layers))
	flow(n, in, func(c Call, x []tensor.Spec) (out []tensor.Spec) {
		l := n.layers[c.Layer]
		r := records[c.Layer]
		if r != nil {
			r.guard(func() { out = outputsOf(l, x, b.DType) })
			return out
		}
		name := names[c.Layer]
		r = &Record{Name: name, Path: strings.Join(append(b.path, name), "/"), Class: ClassOf(l), Layer: l, In: x}
		r.guard(func() {
			r.Out = b.BuildAll(name, l, x)
			if !n.functional && len(r.Out) != 1 {
				panic(graph.Errorf("nn.Sequential: %s has %d outputs: want one, or nn.Functional", r.Class, len(r.Out)))
			}
		})
		r.Params, r.States = varsOf(l, r.Path, b)
		records[c.Layer] = r
		return r.Out
	})
	return records
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

// flow carries values through the calls of a network: those of its inputs to those
// of its outputs, which it returns.
func flow[V any](n *Network, in []V, call func(c Call, x []V) []V) []V {
	calls := n.Calls()
	made := make([][]V, len(calls))
	take := func(p Port) V {
		from := in
		if p.Call >= 0 {
			from = made[p.Call]
		}
		if p.Out >= len(from) {
			panic(graph.Errorf("nn.Network: output %d of %s: it has %d", p.Out, ClassOf(n.layers[calls[p.Call].Layer]), len(from)))
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

// varsOf returns the variables of a layer that was just built: its own record of
// them, or those under its path.
func varsOf(l Layer, path string, b *Builder) (params, states []*graph.Var) {
	if h, ok := l.(interface{ base() *Base }); ok {
		return h.base().params, h.base().states
	}
	under := func(vars []*graph.Var) (mine []*graph.Var) {
		for _, v := range vars {
			if strings.HasPrefix(v.Path, path+"/") {
				mine = append(mine, v)
			}
		}
		return mine
	}
	return under(b.params), under(b.states)
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
	return flow(n, x, func(call Call, x []*graph.Node) (out []*graph.Node) {
		r := n.records[call.Layer]
		defer c.g.SetScope(c.g.SetScope(r.Path))
		r.guard(func() { out = c.TraceAll(r.Layer, x) })
		return out
	})
}

// guard runs f and tells a *graph.Error that leaves it where it happened.
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

// isNil reports whether there is no layer, nor one behind a pointer.
func isNil(l Layer) bool {
	v := reflect.ValueOf(l)
	return l == nil || v.Kind() == reflect.Pointer && v.IsNil()
}

// ClassOf returns Keras's name of the type of a layer: what its method
// Class says, or the Go name of a type without one.
func ClassOf(l any) string { return vocab.ClassOf(l, "Layer") }

// SnakeCase turns a class into the name that Keras gives its layers:
// BatchNormalization into batch_normalization, Conv2D into conv2d.
func SnakeCase(class string) string { return vocab.SnakeCase(class) }
