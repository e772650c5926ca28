package tensorboard

import (
	"errors"
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
	g.node("input", "Placeholder", net.Records()[0].In)
	g.layers(net, "input")
	var versions, event message
	versions.int(1, producer)
	g.m.bytes(4, versions)
	event.bytes(eventGraph, g.m)
	return w.write(0, event)
}

// producer is the version of the format of graphs.
const producer = 987

// graphDef is a GraphDef.
type graphDef struct{ m message }

// layers adds the layers of a network, from the node that it is applied to on, and
// returns the last node.
func (g *graphDef) layers(net *nn.Network, from string) string {
	for _, r := range net.Records() {
		if _, input := r.Layer.(*nn.InputLayer); input {
			continue
		}
		if sub, ok := r.Layer.(*nn.Network); ok {
			from = g.layers(sub, from)
			continue
		}
		in := []string{from}
		for _, v := range append(append([]*graph.Var(nil), r.Params...), r.States...) {
			name := inside(r.Path, v.Path)
			g.node(name, "VarHandleOp", v.Spec())
			in = append(in, name)
		}
		from = r.Path + "/" + r.Class
		g.node(from, r.Class, r.Out, in...)
	}
	return from
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
