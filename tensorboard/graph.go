package tensorboard

import (
	"errors"
	"strconv"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// Graph writes the graph of a built network: a node for every layer, with its
// variables, in a box of its name. A file has one graph.
//
// A layer that is applied again has a further node, with the same variables; a network
// that is applied again is one node then.
func (w *Writer) Graph(net *nn.Network) error {
	if net == nil || len(net.Records()) == 0 {
		return errors.New("tensorboard: Graph: the network is nil or not built: want one whose model was compiled or fitted")
	}
	g := graphDef{vars: map[*graph.Var]string{}, drawn: map[*nn.Network]bool{}, taken: map[string]bool{}, again: map[string]int{}}
	var from []end
	names := net.InputNames()
	for i, s := range inputsOf(net) {
		name := "input"
		if len(names) > 1 {
			name = names[i]
		}
		from = append(from, g.node(name, "Placeholder", nil, true, s.Shape)...)
	}
	g.layers(net, "", from)
	var versions, event message
	versions.int(1, producer)
	g.m.bytes(4, versions)
	event.bytes(eventGraph, g.m)
	return w.write(0, event)
}

// inputsOf returns the specs of a built network's inputs.
func inputsOf(net *nn.Network) []tensor.Spec {
	specs := make([]tensor.Spec, len(net.InputNames()))
	for _, c := range net.Calls() {
		for i, p := range c.In {
			if p.Call < 0 {
				specs[p.Out] = net.Records()[c.Layer].In[i]
			}
		}
	}
	return specs
}

// producer is the version of the format of graphs.
const producer = 987

// graphDef is a GraphDef.
type graphDef struct {
	m     message
	vars  map[*graph.Var]string // their nodes
	drawn map[*nn.Network]bool  // those whose layers have nodes
	taken map[string]bool       // the names of nodes
	again map[string]int        // how many nodes there are of a name with a number
}

// end is where an edge begins: an output of a node.
type end struct {
	of    string
	shape tensor.Dims
	known bool // the shape
}

// layers adds the layers of a network in the box path, applied to the nodes from, and
// returns its outputs.
func (g *graphDef) layers(net *nn.Network, path string, from []end) []end {
	g.drawn[net] = true
	calls := net.Calls()
	made := make([][]end, len(calls))
	take := func(ports []nn.Port) (in []end) {
		for _, p := range ports {
			if p.Call < 0 {
				in = append(in, from[p.Out])
			} else {
				in = append(in, made[p.Call][p.Out])
			}
		}
		return in
	}
	for i, c := range calls {
		r := net.Records()[c.Layer]
		made[i] = g.layer(r, path+r.Name, take(c.In))
	}
	return take(net.Outputs())
}

// layer adds a layer in a box of its own, and returns its outputs. A network that was
// built elsewhere has records of the paths there.
func (g *graphDef) layer(r *nn.Record, box string, in []end) []end {
	if _, input := r.Layer.(*nn.InputLayer); input {
		return in
	}
	if sub, ok := r.Layer.(*nn.Network); ok && !g.drawn[sub] {
		return g.layers(sub, box+"/", in)
	}
	same := true // as in the layer's first application, which the record describes
	var from []string
	for i, e := range in {
		same = same && e.known && e.shape == r.In[i].Shape
		from = append(from, e.of)
	}
	for _, v := range append(append([]*graph.Var(nil), r.Params...), r.States...) {
		if _, ok := g.vars[v]; !ok {
			g.vars[v] = g.node(box+"/"+strings.TrimPrefix(v.Path, r.Path+"/"), "VarHandleOp", nil, true, v.Spec().Shape)[0].of
		}
		from = append(from, g.vars[v])
	}
	shapes := make([]tensor.Dims, len(r.Out))
	for i, s := range r.Out {
		shapes[i] = s.Shape
	}
	return g.node(box+"/"+r.Class, r.Class, from, same, shapes...)
}

// unique returns a name, with a number behind it if another node has the name.
func (g *graphDef) unique(name string) string {
	base := name
	for g.taken[name] {
		g.again[base]++
		name = base + "_" + strconv.Itoa(g.again[base])
	}
	g.taken[name] = true
	return name
}

// node adds a NodeDef with the shapes of its results, if they are known. It returns the
// results.
func (g *graphDef) node(name, op string, in []string, known bool, shapes ...tensor.Dims) []end {
	name = g.unique(name)
	var n, list, value, attr message
	n.string(1, name)
	n.string(2, op)
	for _, x := range in {
		n.string(3, x)
	}
	out := make([]end, len(shapes))
	for i, s := range shapes {
		list.bytes(7, shape(s.Slice()...)) // of AttrValue.ListValue
		out[i] = end{name, s, known}
		if i > 0 {
			out[i].of += ":" + strconv.Itoa(i)
		}
	}
	if known {
		value.bytes(1, list)
		attr.string(1, "_output_shapes")
		attr.bytes(2, value)
		n.bytes(5, attr)
	}
	g.m.bytes(1, n)
	return out
}
