package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Elu returns x where x > 0, else alpha·(e^x - 1), elementwise. The slope at 0 is alpha.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
//
// Source: Clevert, Unterthiner, Hochreiter 2015, arXiv:1511.07289, section 3.
func Elu(x *graph.Node, alpha float64) *graph.Node {
	return graph.Apply(EluOp{Alpha: alpha}, x)
}

// EluOp is the operation behind [Elu].
type EluOp struct {
	unary
	Alpha float64
}

// Name implements graph.Op.
func (EluOp) Name() string { return "Elu" }

// Compose implements [Composed].
func (o EluOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Where(Greater(x, ScalarLike(x, 0)), x, Scale(Expm1(x), o.Alpha))}
}

// Eval implements [Unary].
func (o EluOp) Eval(x float64) float64 {
	if x > 0 {
		return x
	}
	return o.Alpha * math.Expm1(x)
}

// VJP: from the result, which has the sign of x unless alpha is negative; then
// from x.
func (o EluOp) VJP(n, dy *graph.Node) []*graph.Node {
	if x := n.In[0]; o.Alpha < 0 {
		right := Greater(x, ScalarLike(x, 0))
		return []*graph.Node{Where(right, dy, Mul(dy, Offset(n, o.Alpha)))}
	}
	return []*graph.Node{graph.Apply(EluGradOp{Alpha: o.Alpha}, n, dy)}
}

// EluGradOp is dy where y > 0, else dy·(y+alpha): the gradient of [Elu] from its
// result y.
type EluGradOp struct {
	binaryFloat
	Alpha float64
}

// Name implements graph.Op.
func (EluGradOp) Name() string { return "EluGrad" }

// Compose implements [Composed].
func (o EluGradOp) Compose(in []*graph.Node) []*graph.Node {
	y, dy := in[0], in[1]
	return []*graph.Node{Where(Greater(y, ScalarLike(y, 0)), dy, Mul(dy, Offset(y, o.Alpha)))}
}

// Eval implements [Binary].
func (o EluGradOp) Eval(y, dy float64) float64 {
	if y > 0 {
		return dy
	}
	return dy * (y + o.Alpha)
}

// VJP: linear in dy; the slope in y is dy where y is not positive.
func (o EluGradOp) VJP(n, dz *graph.Node) []*graph.Node {
	y, dy := n.In[0], n.In[1]
	zero := ScalarLike(y, 0)
	return []*graph.Node{
		Where(Greater(y, zero), zero, Mul(dz, dy)),
		graph.Apply(o, y, dz),
	}
}
