package plan

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// simplify rewrites what the roots depend on into a new graph, one node after
// another, and returns the roots there. Equal nodes become one, as in any graph.
// Rules keep results as they are but for the order of a sum: x·0, say, stays, since
// x may be NaN.
func simplify(g *graph.Graph, roots []*graph.Node) []*graph.Node {
	s := rewriter{graph.New(), map[*graph.Node]*graph.Node{}}
	for _, in := range g.Inputs() {
		s.new[in] = s.g.Input(in.Op.(graph.InputOp).Label, in.Spec())
	}
	for _, n := range live(roots) {
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
	g   *graph.Graph
	new map[*graph.Node]*graph.Node
}

func (s rewriter) rewrite(n *graph.Node) *graph.Node {
	in := make([]*graph.Node, len(n.In))
	for i, x := range n.In {
		in[i] = s.new[x]
	}
	switch op := n.Op.(type) {
	case graph.PickOp:
		return graph.Pick(in[0], op.Result)
	case graph.VarOp:
		return s.g.Value(op.Var)
	}
	if f := s.fold(n, in); f != nil {
		return f
	}
	for i, x := range in {
		in[i] = unbroadcast(n, i, x, in)
	}
	if r := s.shortcut(n, in); r != nil {
		return r
	}
	return s.g.Apply(n.Op, in...)
}

// shortcut returns the simpler node that equals op applied to in, or nil.
func (s rewriter) shortcut(n *graph.Node, in []*graph.Node) *graph.Node {
	keeps := func(x *graph.Node) *graph.Node {
		if x.Spec() == n.Spec() {
			return x
		}
		return nil
	}
	switch op := n.Op.(type) {
	case ops.StopGradientOp:
		return in[0]
	case ops.CastOp:
		return s.cast(op, in[0], n.Spec())
	case ops.BroadcastOp:
		return keeps(in[0])
	case ops.ReshapeOp:
		for x := in[0]; ; x = x.In[0] {
			if _, again := x.Op.(ops.ReshapeOp); !again {
				if r := keeps(x); r != nil {
					return r
				}
				return s.g.Apply(op, x)
			}
		}
	case ops.TransposeOp:
		if inner, ok := in[0].Op.(ops.TransposeOp); ok {
			in[0], op = in[0].In[0], ops.TransposeOp{Perm: compose(inner.Perm, op.Perm)}
		}
		if isIdentity(op.Perm) {
			return in[0]
		}
		if movesOnlyOnes(op.Perm, in[0].Shape()) {
			return s.g.Apply(ops.ReshapeOp{Shape: n.Shape()}, in[0])
		}
		return s.g.Apply(op, in...)
	case ops.Reducing:
		return s.reduce(op, in[0], n.Shape())
	case ops.MulOp:
		if isFull(in[1], 1) {
			return keeps(in[0])
		}
		if isFull(in[0], 1) {
			return keeps(in[1])
		}
	case ops.DivOp:
		if isFull(in[1], 1) {
			return keeps(in[0])
		}
	case ops.NegOp:
		if _, twice := in[0].Op.(ops.NegOp); twice {
			return in[0].In[0]
		}
	case ops.MatMulOp:
		a, ta := untranspose(in[0])
		b, tb := untranspose(in[1])
		return s.g.Apply(ops.MatMulOp{TransA: op.TransA != ta, TransB: op.TransB != tb}, a, b)
	}
	return nil
}

// reduce returns a reduction in the form in which it can join, in one pass over
// rows, what computes x and what reads the result again: along the last axes, which
// stay, with length 1. It returns nil where it has nothing to change.
func (s rewriter) reduce(op ops.Reducing, x *graph.Node, shape tensor.Dims) *graph.Node {
	r := op.Over()
	if _, sum := op.(ops.ReduceSumOp); sum {
		if r.Count(x.Shape()) == 1 {
			return s.reshape(x, shape)
		}
		if rows, rest, ok := inRows(r, x); ok {
			return s.sumRows(rows, rest, x, shape)
		}
	}
	if n := r.Axes.Rank(); r.KeepDims || n == 0 || r.Axes.At(0) != x.Rank()-n {
		return nil
	}
	r.KeepDims = true
	switch op.(type) {
	case ops.ReduceSumOp:
		x = s.g.Apply(ops.ReduceSumOp{Reduction: r}, x)
	case ops.ReduceMeanOp:
		x = s.g.Apply(ops.ReduceMeanOp{Reduction: r}, x)
	case ops.ReduceMaxOp:
		x = s.g.Apply(ops.ReduceMaxOp{Reduction: r}, x)
	case ops.ReduceMinOp:
		x = s.g.Apply(ops.ReduceMinOp{Reduction: r}, x)
	default:
		return nil
	}
	return s.reshape(x, shape)
}

// inRows splits the sum of a large tensor that is computed elementwise, over the
// last axis and others, in two: over the last axis, which can go along with the
// computation, and over the rest.
func inRows(r ops.Reduction, x *graph.Node) (rows, rest ops.Reduction, ok bool) {
	const leastRow, mostRow, least = 16, 4096, 1 << 14
	switch x.Op.(type) {
	case ops.Unary, ops.Binary, ops.Ternary:
	default:
		return rows, rest, false
	}
	last, n := x.Rank()-1, r.Axes.Rank()
	if n < 2 || r.Axes.At(-1) != last || x.Shape().At(last) < leastRow || x.Shape().At(last) > mostRow || r.Count(x.Shape()) < least {
		return rows, rest, false
	}
	return ops.Reduction{Axes: tensor.D(last), KeepDims: true}, ops.Reduction{Axes: r.Axes.To(n - 1), KeepDims: true}, true
}

// sumRows sums in two steps. Sums of a half are float32 in between, so that they are
// rounded once.
func (s rewriter) sumRows(rows, rest ops.Reduction, x *graph.Node, shape tensor.Dims) *graph.Node {
	dt := x.DType()
	if holds(tensor.Float32, dt) {
		x = s.castTo(tensor.Float32, x)
	}
	x = s.g.Apply(ops.ReduceSumOp{Reduction: rows}, x)
	x = s.g.Apply(ops.ReduceSumOp{Reduction: rest}, x)
	return s.reshape(s.castTo(dt, x), shape)
}

// cast returns x with another dtype, straight from what x itself is a cast of if no
// number was changed on the way, or nil where there is nothing to change.
func (s rewriter) cast(op ops.CastOp, x *graph.Node, spec tensor.Spec) *graph.Node {
	if x.Spec() == spec {
		return x
	}
	if _, again := x.Op.(ops.CastOp); !again {
		return nil
	}
	from := x.In[0].DType()
	if !holds(x.DType(), from) || !from.IsFloat() && !op.To.IsFloat() { // floats become integers in other ways than integers
		return nil
	}
	return s.castTo(op.To, x.In[0])
}

func (s rewriter) castTo(dt tensor.DType, x *graph.Node) *graph.Node {
	if x.DType() == dt {
		return x
	}
	return s.g.Apply(ops.CastOp{To: dt}, x)
}

// holds reports whether the float type dt holds every value of another type.
func holds(dt, of tensor.DType) bool {
	switch of {
	case tensor.Bool, tensor.Int8, tensor.Uint8:
		return dt.IsFloat()
	case tensor.Int16, tensor.Uint16, tensor.Float16, tensor.BFloat16:
		return dt == tensor.Float32 || dt == tensor.Float64
	case tensor.Int32, tensor.Uint32, tensor.Float32:
		return dt == tensor.Float64
	}
	return false
}

func (s rewriter) reshape(x *graph.Node, shape tensor.Dims) *graph.Node {
	if x.Shape() == shape {
		return x
	}
	return s.g.Apply(ops.ReshapeOp{Shape: shape}, x)
}

// fold computes an elementwise operation on numbers that are the same everywhere.
func (s rewriter) fold(n *graph.Node, in []*graph.Node) *graph.Node {
	if len(in) == 0 || len(n.Specs()) != 1 || n.DType().IsInt() {
		return nil
	}
	args := make([]ops.Array, len(in))
	for i, x := range in {
		f, ok := x.Op.(ops.FullOp)
		if !ok || x.DType().IsInt() {
			return nil
		}
		args[i] = ops.Array{Spec: tensor.Spec{DType: x.DType()}, V: []float64{fullValue(f)}}
	}
	switch n.Op.(type) {
	case ops.Unary, ops.Binary, ops.Ternary:
	case ops.ReshapeOp, ops.BroadcastOp, ops.TransposeOp:
		return ops.Full(s.g, n.Spec(), args[0].V[0])
	default:
		return nil
	}
	out := ops.NewArray(tensor.Spec{DType: n.DType()})
	ops.Reference(n.Op, []ops.Array{out}, args)
	t := tensor.New(n.DType())
	if err := t.SetFloat64s(out.V); err != nil {
		return nil
	}
	return ops.Full(s.g, n.Spec(), t.Item())
}

// fullValue returns the number of f as its dtype holds it.
func fullValue(f ops.FullOp) float64 {
	return fullTensor(ops.FullOp{Spec: tensor.S(f.Spec.DType), Bits: f.Bits}).Item()
}

// unbroadcast lets an elementwise operation read x itself instead of x repeated,
// when another input alone gives the result its shape.
func unbroadcast(n *graph.Node, i int, x *graph.Node, in []*graph.Node) *graph.Node {
	switch n.Op.(type) {
	case ops.Binary, ops.Ternary:
	default:
		return x
	}
	switch op := x.Op.(type) {
	case ops.BroadcastOp:
		if othersFill(n, i, in) {
			return x.In[0]
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
	return shape == n.Shape()
}

func isFull(n *graph.Node, v float64) bool {
	f, ok := n.Op.(ops.FullOp)
	return ok && f.Value() == v
}

// untranspose returns x, or what x is the transpose of in its last two axes.
func untranspose(x *graph.Node) (*graph.Node, bool) {
	t, ok := x.Op.(ops.TransposeOp)
	if !ok {
		return x, false
	}
	r := t.Perm.Rank()
	for i := range r - 2 {
		if t.Perm.At(i) != i {
			return x, false
		}
	}
	if r < 2 || t.Perm.At(r-1) != r-2 {
		return x, false
	}
	return x.In[0], true
}

// compose returns the permutation that does first, then second.
func compose(first, second tensor.Dims) tensor.Dims {
	p := second
	for i := range p.Rank() {
		p = p.With(i, first.At(second.At(i)))
	}
	return p
}

func isIdentity(perm tensor.Dims) bool {
	for i := range perm.Rank() {
		if perm.At(i) != i {
			return false
		}
	}
	return true
}

// movesOnlyOnes reports whether the axes longer than 1 keep their order.
func movesOnlyOnes(perm, shape tensor.Dims) bool {
	last := -1
	for i := range perm.Rank() {
		if a := perm.At(i); shape.At(a) != 1 {
			if a < last {
				return false
			}
			last = a
		}
	}
	return true
}
