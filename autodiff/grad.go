// Package autodiff takes gradients of graphs, in reverse mode. Gradients are nodes of the
// same graph, so they have gradients, too.
package autodiff

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Grad returns the gradient of the scalar y with respect to each node of wrt:
// a node of the same dtype and shape, zero where y does not depend on it.
//
// It panics with *graph.Error if y is not a float scalar, if a node of wrt is of
// another graph, or if y depends on one through an operation that has no gradient.
func Grad(y *graph.Node, wrt ...*graph.Node) []*graph.Node {
	if y.Rank() != 0 || !y.DType().IsFloat() {
		panic(graph.Errorf("autodiff.Grad: y is %v: want a float scalar; ops.ReduceSum makes one, autodiff.VJP takes a cotangent", y.Spec()))
	}
	return VJP(y, ops.Ones(y), wrt...)
}

// VJP returns the product of the cotangent dy, of y's dtype and shape, with the
// Jacobian of y with respect to each node of wrt. It panics with *graph.Error if
// they are not nodes of one graph, if dy does not fit y, and where [Grad] does.
func VJP(y, dy *graph.Node, wrt ...*graph.Node) []*graph.Node {
	return VJPs([]*graph.Node{y}, []*graph.Node{dy}, wrt...)
}

// VJPs returns the sum of the products of [VJP] for several y, each with its cotangent.
func VJPs(y, dy []*graph.Node, wrt ...*graph.Node) []*graph.Node {
	g := y[0].Graph()
	s := sweep{grads: map[*graph.Node][]*graph.Node{}}
	for i := range y {
		if y[i].Spec() != dy[i].Spec() {
			panic(graph.Errorf("autodiff.VJP: y is %v, dy is %v: want the same", y[i].Spec(), dy[i].Spec()))
		}
		if y[i].Graph() != g {
			panic(graph.Errorf("autodiff.VJP: y %d belongs to another graph", i))
		}
	}
	wrt = slices.Clone(wrt)
	for i, x := range wrt {
		if wrt[i] = g.Own(x); wrt[i] == nil {
			panic(graph.Errorf("autodiff: node %d of wrt belongs to another graph", i))
		}
	}
	s.needed = between(g, y, wrt)
	last := 0
	for i := range y {
		s.add(y[i], 0, dy[i])
		last = max(last, y[i].ID())
	}
	nodes := g.Nodes()
	for i := last; i >= 0; i-- {
		if n := nodes[i]; s.needed[n] {
			before := g.SetScope(n.Scope()) // the gradient has the scope of n
			s.back(n)
			g.SetScope(before)
		}
	}
	out := make([]*graph.Node, len(wrt))
	for i, x := range wrt {
		if d := s.grads[x]; d != nil {
			out[i] = d[0]
		} else {
			out[i] = ops.Zeros(x)
		}
	}
	return out
}

// between returns the nodes that depend on one of wrt and that one of ys depends on.
func between(g *graph.Graph, ys, wrt []*graph.Node) map[*graph.Node]bool {
	depends := map[*graph.Node]bool{}
	for _, x := range wrt {
		depends[x] = true
	}
	needed := map[*graph.Node]bool{}
	for _, n := range graph.Reachable(ys, nil) {
		for _, in := range n.In {
			if _, stop := n.Op.(ops.StopGradientOp); depends[in] && !stop {
				depends[n] = true
			}
		}
		if depends[n] {
			needed[n] = true
		}
	}
	return needed
}

// sweep is one reverse pass. grads holds the gradient accumulated for every result.
type sweep struct {
	needed map[*graph.Node]bool
	grads  map[*graph.Node][]*graph.Node
}

// back passes the gradient of n on to its inputs.
func (s *sweep) back(n *graph.Node) {
	dy := s.grads[n]
	if dy == nil || !slices.ContainsFunc(n.In, func(x *graph.Node) bool { return s.needed[x] }) {
		return
	}
	if p, ok := n.Op.(graph.PickOp); ok {
		s.add(n.In[0], p.Result, dy[0])
		return
	}
	var dx []*graph.Node
	switch op := n.Op.(type) {
	case ops.Differentiable:
		dx = op.VJP(n, dy[0])
	case ops.DifferentiableTuple:
		dx = op.VJPs(n, dy)
	default:
		panic(graph.Errorf("autodiff: %s has no gradient; ops.StopGradient says that none is wanted", n.Op.Name()))
	}
	for i, d := range dx {
		if d != nil && s.needed[n.In[i]] {
			s.add(n.In[i], 0, unbroadcast(d, n.In[i].Shape()))
		}
	}
}

// add accumulates d into the gradient of result i of n.
func (s *sweep) add(n *graph.Node, i int, d *graph.Node) {
	if s.grads[n] == nil {
		s.grads[n] = make([]*graph.Node, len(n.Specs()))
	}
	if sum := s.grads[n][i]; sum != nil {
		d = ops.Add(sum, d)
	}
	s.grads[n][i] = d
}

// unbroadcast sums d over the axes along which a tensor of shape was broadcast.
func unbroadcast(d *graph.Node, shape tensor.Dims) *graph.Node {
	if d.Shape() == shape {
		return d
	}
	var axes []int
	lead := d.Rank() - shape.Rank()
	for i := range d.Rank() {
		if i < lead || shape.At(i-lead) == 1 && d.Shape().At(i) != 1 {
			axes = append(axes, i)
		}
	}
	if len(axes) > 0 {
		d = ops.ReduceSum(d, axes...)
	}
	if d.Shape() != shape {
		d = ops.Reshape(d, shape.Slice()...)
	}
	return d
}
