package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/glia-ml/glia/internal/atomicfile"
	"github.com/glia-ml/glia/internal/diagram"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// mostBoxes is of how many layers a network is drawn with the layers of the networks in it:
// those of larger ones are boxes themselves.
const mostBoxes = 4096

// networkGraph is the graph of a network's layers as boxes.
type networkGraph struct {
	boxes  []diagram.Box
	edges  []diagram.Edge
	expand bool // networks in the network
}

// writeSVG draws the model's network.
func (t *trained) writeSVG(path string) error {
	n := t.Network()
	if len(n.Records()) == 0 {
		return fmt.Errorf("%s: the model has no shape of a sample: want one whose layers are built", t.path)
	}
	g := &networkGraph{expand: sizeOf(n) <= mostBoxes}
	in := make([]int, len(n.InputNames()))
	for i := range in {
		in[i] = -1
	}
	g.add(n, n.Records(), "", in)
	return atomicfile.Write(path, func(w io.Writer) error { return diagram.SVG(w, t.path, g.boxes, g.edges) })
}

// sizeOf counts the layers that a network applies, with those of networks in it, up to
// mostBoxes and some.
func sizeOf(n *nn.Network) int {
	known := map[*nn.Network]int{}
	var count func(n *nn.Network) int
	count = func(n *nn.Network) int {
		if size, ok := known[n]; ok {
			return size
		}
		size := 0
		for _, c := range n.Calls() {
			size++
			if inner, ok := n.Layers()[c.Layer].(*nn.Network); ok {
				size += count(inner)
			}
			size = min(size, mostBoxes+1)
		}
		known[n] = size
		return size
	}
	return count(n)
}

// add adds the calls of a network under a name, applied to what the boxes in give, -1 for none,
// and returns the boxes of its outputs.
func (g *networkGraph) add(n *nn.Network, records []*nn.Record, inside string, in []int) (out []int) {
	calls, layers := n.Calls(), n.Layers()
	made := make([][]int, len(calls))
	take := func(p nn.Port) int {
		from := in
		if p.Call >= 0 {
			from = made[p.Call]
		}
		return from[min(p.Out, len(from)-1)] // a box gives all of its outputs
	}
	for i, c := range calls {
		r := records[c.Layer]
		var from []int
		for _, p := range c.In {
			from = append(from, take(p))
		}
		_, input := layers[c.Layer].(*nn.InputLayer)
		switch inner, ok := layers[c.Layer].(*nn.Network); {
		case input && len(from) == 1 && from[0] >= 0: // of a network in another
			made[i] = from
		case ok && g.expand:
			made[i] = g.add(inner, r.Parts, inside+r.Name+"/", from)
		default:
			made[i] = []int{g.box(r, inside, from)}
		}
	}
	for _, p := range n.Outputs() {
		out = append(out, take(p))
	}
	return out
}

// box adds a layer that is applied to what other boxes give.
func (g *networkGraph) box(r *nn.Record, inside string, from []int) int {
	var shapes []string
	for _, s := range r.Out {
		shapes = append(shapes, shapeText(append([]int{-1}, openDims(s.Shape)...)))
	}
	lines := []string{inside + r.Name + " (" + r.Class + ")", strings.Join(shapes, " ")}
	params := 0
	for _, v := range slices.Concat(r.Params, r.States) {
		params += v.Spec().Shape.Size()
	}
	if params > 0 {
		lines = append(lines, plural(params, "parameter"))
	}
	i := len(g.boxes)
	g.boxes = append(g.boxes, diagram.Box{Lines: lines, Color: colorOf(r.Class)})
	for k, b := range from {
		if b >= 0 && !slices.Contains(from[:k], b) {
			g.edges = append(g.edges, diagram.Edge{From: b, To: i})
		}
	}
	return i
}

// openDims returns the dims of a sample, -1 for open ones.
func openDims(d tensor.Dims) []int {
	dims := d.From(1).Slice()
	for i, n := range dims {
		if n == nn.Any {
			dims[i] = -1
		}
	}
	return dims
}

// colorOf returns the color of a kind of layers.
func colorOf(class string) string {
	for _, c := range []struct{ part, color string }{
		{"Input", "#e8e8e8"}, {"Conv", "#cfe2ff"}, {"Pool", "#ffe0b8"}, {"Normalization", "#e6dcf5"},
		{"Dense", "#cdeccd"}, {"Embedding", "#cdeccd"}, {"LSTM", "#cdeccd"}, {"GRU", "#cdeccd"}, {"RNN", "#cdeccd"}, {"Attention", "#cdeccd"},
		{"Activation", "#fff6bf"}, {"ReLU", "#fff6bf"}, {"Softmax", "#fff6bf"},
		{"Add", "#ffd3d3"}, {"Concatenate", "#ffd3d3"}, {"Multiply", "#ffd3d3"}, {"Average", "#ffd3d3"}, {"Subtract", "#ffd3d3"}, {"Maximum", "#ffd3d3"}, {"Minimum", "#ffd3d3"}, {"Dot", "#ffd3d3"},
	} {
		if strings.Contains(class, c.part) {
			return c.color
		}
	}
	return "white"
}
