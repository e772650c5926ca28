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
func (w *Writer) Graph(net *nn.Network) error {
	if net == nil || len(net.Records()) == 0 {
		return errors.New("tensorboard: Graph: the network is nil or not built: want one whose model was compiled or fitted")
	}
	g := graphDef{}
	var from []string
	for i, s := range inputsOf(net) {
		name := "input"
		if i > 0 {
			name += "_" + strconv.Itoa(i)
		}
		g.node(name, "Placeholder", s)
		from = append(from, name)
	}
	g.layers(net, from)
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
type graphDef struct{ m message }

// layers adds the layers of a network, applied to the nodes from, and returns the nodes
// of its outputs.
func (g *graphDef) layers(net *nn.Network, from []string) []string {
	calls := net.Calls()
	made := make([][]string, len(calls))
	times := make([]int, len(net.Layers()))
	take := func(ports []nn.Port) (in []string) {
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
		made[i] = g.layer(net.Records()[c.Layer], take(c.In), times[c.Layer])
		times[c.Layer]++
	}
	return take(net.Outputs())
}

// layer adds a layer that was applied some times before, and returns the nodes of its
// outputs.
func (g *graphDef) layer(r *nn.Record, in []string, times int) []string {
	if _, input := r.Layer.(*nn.InputLayer); input {
		return in
	}
	name := r.Path + "/" + r.Class
	if times > 0 {
		name += "_" + strconv.Itoa(times)
	}
	if sub, ok := r.Layer.(*nn.Network); ok && times == 0 {
		return g.layers(sub, in)
	}
	for _, v := range append(append([]*graph.Var(nil), r.Params...), r.States...) {
		of := inside(r.Path, v.Path)
		if times == 0 {
			g.node(of, "VarHandleOp", v.Spec())
		}
		in = append(in, of)
	}
	out := make([]string, len(r.Out))
	for i := range out {
		out[i] = name
	}
	g.node(name, r.Class, r.Out[0], in...)
	return out
}

// inside returns a variable's name in the box of its layer. One that layers share
// has the path of another.
func inside(layer, path string) string {
	if strings.HasPrefix(path, layer+"/") {
		return path
	}
	return layer + "/" + path
}

// node adds a NodeDef with the shape of its result.
func (g *graphDef) node(name, op string, out tensor.Spec, in ...string) {
	var n, list, value, attr message
	n.string(1, name)
	n.string(2, op)
	for _, x := range in {
		n.string(3, x)
	}
	list.bytes(7, shape(out.Shape.Slice()...)) // of AttrValue.ListValue
	value.bytes(1, list)
	attr.string(1, "_output_shapes")
	attr.bytes(2, value)
	n.bytes(5, attr)
	g.m.bytes(1, n)
}
