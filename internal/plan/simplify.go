package plan

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// rule rewrites one operation: it returns the simpler node that equals n, whose inputs in
// the new graph are in, or nil for no change.
type rule struct {
	name  string
	apply func(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node
}

// rules in the order in which they are tried; the first that applies ends the search.
// They keep results as they are but for the order of a sum: x·0, say, stays, since
// x may be NaN.
var rules = []rule{
	{"compute by others what has no kernel", compose},
	{"compute what is one number everywhere", fold},
	{"drop stops of gradients", dropStop},
	{"join casts", joinCasts},
	{"drop broadcasts to the same shape", dropBroadcast},
	{"join reshapes", joinReshapes},
	{"join transposes", joinTransposes},
	{"sum along rows first", sumRowsFirst},
	{"take variances", takeVariance},
	{"take factors out of sums", takeFactors},
	{"keep last axes of reductions", keepAxes},
	{"drop first axes of reductions", dropAxes},
	{"drop first axes of length 1", dropFirstOnes},
	{"drop factors of 1", dropOnes},
	{"scale weights instead of results", scaleWeights},
	{"join biases", joinBiases},
	{"drop double negations", dropNegations},
	{"let products transpose", transposeInProduct},
	{"join sums of slices' gradients", joinSliceGrads},
	{"let loops and branches compute what is read", pruneBodies},
	{"drop indices that nobody reads", dropIndex},
	{"let convolutions pad", padInConv},
	{"let convolutions' gradients cut", sliceInConv},
	{"take gradients of what is pooled before they spread", gradBeforeSpread},
	{"sum gradients of maxima before they spread", sumBeforeSpread},
}

// simplify rewrites the nodes that the roots depend on into a new graph, one after
// another, and returns the roots there. Equal nodes become one, as in any graph. If steady,
// what no run changes will be computed once for many.
func simplify(g *graph.Graph, roots []*graph.Node, kernels backend.Kernels, steady bool) []*graph.Node {
	order := live(roots)
	s := &rewriter{
		g: graph.New(), kernels: kernels, new: make(map[*graph.Node]*graph.Node, len(order)), uses: make(map[*graph.Node]int, len(order)),
		parts: map[*graph.Node][]*graph.Node{}, asked: map[call]bool{}, covered: map[*graph.Node]int{},
		steady: steady, fixed: newFixedNodes(g),
	}
	s.results = neededResults(roots)
	for _, in := range g.Inputs() {
		s.new[in] = s.g.Input(in.Op.(graph.InputOp).Label, in.Spec())
	}
	for _, r := range roots {
		s.uses[r]++
	}
	for _, n := range order {
		for _, x := range n.In {
			s.uses[x]++
		}
	}
	for _, n := range order {
		if s.new[n] == nil {
			s.new[n] = s.rewrite(n)
		}
	}
	out := make([]*graph.Node, len(roots))
	for i, r := range roots {
		out[i] = s.new[r]
	}
	return out
}

type rewriter struct {
	g       *graph.Graph
	kernels backend.Kernels
	new     map[*graph.Node]*graph.Node
	parts   map[*graph.Node][]*graph.Node // the several results of nodes that others compute
	asked   map[call]bool                 // results of has
	covered map[*graph.Node]int           // of joinSliceGrads
	uses    map[*graph.Node]int           // how often a node of the old graph is read
	steady  bool
	fixed   fixedNodes            // of the new graph
	results map[*graph.Node][]int // of operations of several results: those that are read, in order
}

func (s *rewriter) rewrite(n *graph.Node) *graph.Node {
	in := make([]*graph.Node, len(n.In))
	for i, x := range n.In {
		in[i] = s.new[x]
	}
	switch op := n.Op.(type) {
	case graph.PickOp:
		if parts := s.parts[n.In[0]]; parts != nil {
			return parts[op.Result]
		}
		return s.reshape(graph.Pick(in[0], s.result(n.In[0], op.Result)), n.Shape())
	case graph.VarOp:
		return s.g.Value(op.Var)
	}
	for i, x := range in {
		in[i] = unbroadcast(n, i, x, in)
	}
	for _, r := range rules {
		if x := r.apply(s, n, in); x != nil {
			return x
		}
	}
	return s.g.Apply(n.Op, in...)
}

func dropStop(_ *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	if _, ok := n.Op.(ops.StopGradientOp); ok {
		return in[0]
	}
	return nil
}

func dropBroadcast(_ *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	if _, ok := n.Op.(ops.BroadcastOp); ok {
		return ifSame(in[0], n)
	}
	return nil
}

func joinReshapes(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	if _, ok := n.Op.(ops.ReshapeOp); !ok {
		return nil
	}
	for x := in[0]; ; x = x.In[0] {
		if _, again := x.Op.(ops.ReshapeOp); !again {
			return s.reshape(x, n.Shape())
		}
	}
}

func dropOnes(_ *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	switch n.Op.(type) {
	case ops.MulOp:
		if isFull(in[1], 1) {
			return ifSame(in[0], n)
		}
		if isFull(in[0], 1) {
			return ifSame(in[1], n)
		}
	case ops.DivOp:
		if isFull(in[1], 1) {
			return ifSame(in[0], n)
		}
	}
	return nil
}

func dropNegations(_ *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	if _, ok := n.Op.(ops.NegOp); ok {
		if _, twice := in[0].Op.(ops.NegOp); twice {
			return in[0].In[0]
		}
	}
	return nil
}

// ifSame returns x if it has the spec of n, which equals it elsewhere, or nil.
func ifSame(x, n *graph.Node) *graph.Node {
	if x.Spec() == n.Spec() {
		return x
	}
	return nil
}

func isFull(n *graph.Node, v float64) bool {
	f, ok := n.Op.(ops.FullOp)
	return ok && f.Value() == v
}

func (s *rewriter) reshape(x *graph.Node, shape tensor.Dims) *graph.Node {
	if x.Shape() == shape {
		return x
	}
	return s.g.Apply(ops.ReshapeOp{Shape: shape}, x)
}

// unbroadcast lets an elementwise operation read x before it is broadcast, when the other
// inputs alone give the result its shape.
func unbroadcast(n *graph.Node, i int, x *graph.Node, in []*graph.Node) *graph.Node {
	switch n.Op.(type) {
	case ops.Binary, ops.Ternary, ops.Tuple:
	default:
		return x
	}
	switch op := x.Op.(type) {
	case ops.ReshapeOp: // axes of length 1 in front
		if y := withoutFirstOnes(x); y != nil && othersFill(n, i, in) {
			return y
		}
	case ops.BroadcastOp:
		if othersFill(n, i, in) {
			return unbroadcast(n, i, x.In[0], in)
		}
	case ops.FullOp:
		if x.Rank() > 0 && othersFill(n, i, in) {
			return ops.Full(x.Graph(), tensor.Spec{DType: x.DType()}, op.Value())
		}
	}
	return x
}

// othersFill reports whether the inputs other than i broadcast to n's shape.
func othersFill(n *graph.Node, i int, in []*graph.Node) bool {
	var shape tensor.Dims
	for j, x := range in {
		if j != i {
			var err error
			if shape, err = ops.Broadcast(shape, x.Shape()); err != nil {
				return false
			}
		}
	}
	return shape == n.Specs()[0].Shape
}
