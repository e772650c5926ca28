package nn

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/tensor"
)

// Network is a chain of layers, and a layer itself.
type Network struct {
	Base
	layers  []Layer
	policy  DTypePolicy // that the network was built under
	records []*Record
}

// Record is what a network knows of one of its layers.
type Record struct {
	// Name is unique in the network, Path in the whole model: "encoder/dense".
	Name, Path string
	// Class is Keras's name of the layer's type.
	Class string
	Layer Layer
	// In and Out are specs for the batch that the network was built with.
	In, Out tensor.Spec
	// Params are the variables that an optimizer updates unless they are
	// frozen, States those that it never does.
	Params, States []*graph.Var
}

// Sequential returns the network that applies layers one after the other.
// Activations may stand among them.
func Sequential(layers ...Layer) *Network {
	n := &Network{Base: made()}
	for _, l := range layers {
		n.Add(l)
	}
	return n
}

// Add appends a layer. A network that was built cannot grow: that panics with
// *graph.Error.
func (n *Network) Add(l Layer) {
	if n.built {
		panic(graph.Errorf("nn.Network.Add: the network is built: want all layers before"))
	}
	if a, ok := l.(Activation); ok {
		l = a.Layer()
	}
	n.layers = append(n.layers, l)
}

// Class returns Keras's name of the type.
func (n *Network) Class() string { return "Sequential" }

// Layers returns the layers in the order of their application.
func (n *Network) Layers() []Layer { return n.layers }

// Records tells of the layers of a built network. [Input] has none.
func (n *Network) Records() []*Record { return n.records }

// Declared returns the spec that an [Input] in front declares, with a batch of
// length 1, and whether there is one.
func (n *Network) Declared() (tensor.Spec, bool) {
	if len(n.layers) == 0 {
		return tensor.Spec{}, false
	}
	switch l := n.layers[0].(type) {
	case *InputLayer:
		return l.spec(), true
	case *Network:
		return l.Declared()
	}
	return tensor.Spec{}, false
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

// Build implements [Layer]: it builds the layers in order, each for the output
// of the one before. A network that was built stays as it is. Every layer gets floats
// in the dtype of its policy, and integers as they are.
//
// It panics with *graph.Error if two layers have one name or a layer does not
// fit its input; the error names the layer and the user's line that made it.
func (n *Network) Build(b *Builder, in tensor.Spec) {
	if n.built {
		b.params = b.adopt(b.params, n.Base.params)
		b.states = b.adopt(b.states, n.Base.states)
		return
	}
	if in.Rank() == 0 {
		panic(graph.Errorf("nn.Network: x is %v: want axis 0 to be the batch", in))
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
	var records []*Record
	names := n.Names()
	for i, l := range n.layers {
		r := &Record{Name: names[i], Path: strings.Join(append(b.path, names[i]), "/"), Class: ClassOf(l), Layer: l, In: in}
		r.guard(func() { in = b.Build(r.Name, l, in) })
		r.Out = in
		r.Params, r.States = varsOf(l, r.Path, b)
		records = append(records, r)
	}
	n.records, n.built, n.policy = records, true, b.DType
	n.Base.params, n.Base.states = b.params[p:len(b.params):len(b.params)], b.states[s:len(b.states):len(b.states)]
	n.thaw(false)
	ok = true
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

// Call implements [Layer].
func (n *Network) Call(c *Ctx, x *graph.Node) *graph.Node {
	if !n.built {
		panic(graph.Errorf("nn.Network.Call: the network is not built: want Build first"))
	}
	defer c.follow(n)()
	for _, r := range n.records {
		before := c.g.SetScope(r.Path)
		r.guard(func() { x = c.Trace(r.Layer, x) })
		c.g.SetScope(before)
	}
	return x
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
	names, taken := make([]string, len(n.layers)), map[string]int{}
	for i, l := range n.layers {
		if l == nil {
			panic(&graph.Error{Where: n.where, Text: fmt.Sprintf("nn.Sequential: layer %d is nil", i)})
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
			panic(&graph.Error{Where: h.base().where, Text: fmt.Sprintf("nn.Sequential: layer name %q: want one without '/', which joins names to paths", name)})
		}
		if j, ok := taken[name]; ok {
			panic(&graph.Error{Where: h.base().where, Text: fmt.Sprintf("nn.Sequential: layers %d and %d are both named %q: want different names", j, i, name)})
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

// ClassOf returns Keras's name of the type of a layer or a loss: what its method
// Class says, or the Go name of a type without one.
func ClassOf(l any) string {
	if c, ok := l.(interface{ Class() string }); ok {
		return c.Class()
	}
	t := reflect.TypeOf(l)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := strings.TrimSuffix(t.Name(), "Layer")
	if name == "" {
		return "Layer"
	}
	return name
}

// SnakeCase turns a class into the name that Keras gives its layers:
// BatchNormalization into batch_normalization, Conv2D into conv2d.
func SnakeCase(class string) string { return vocab.SnakeCase(class) }
