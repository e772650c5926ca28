package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Hypot returns √(a²+b²), elementwise, without overflow on the way.
//
// Shapes: a, b broadcast. DTypes: floats, one for both. Gradient: a, b; zero at the
// origin. Panics with *graph.Error if a and b do not broadcast, or their dtypes
// differ or are not floats.
//
// Source: numpy.hypot.
func Hypot(a, b *graph.Node) *graph.Node { return graph.Apply(HypotOp{}, a, b) }

// HypotOp is the operation behind [Hypot].
type HypotOp struct{ binaryFloat }

// Name implements graph.Op.
func (HypotOp) Name() string { return "Hypot" }

// Compose implements [Composed].
func (HypotOp) Compose(in []*graph.Node) []*graph.Node {
	a, b := Abs(in[0]), Abs(in[1])
	most, least := Maximum(a, b), Minimum(a, b)
	ratio := Div(least, most)
	y := Mul(most, Sqrt(Offset(Square(ratio), 1)))
	y = Where(Equal(most, ScalarLike(a, 0)), most, y)
	return []*graph.Node{Where(Or(IsInf(a), IsInf(b)), ScalarLike(a, math.Inf(1)), y)}
}

// Eval implements [Binary].
func (HypotOp) Eval(a, b float64) float64 { return math.Hypot(a, b) }

// VJP: d/da = a/y and d/db = b/y.
func (HypotOp) VJP(n, dy *graph.Node) []*graph.Node {
	scaled := Div(dy, nonzero(n))
	return []*graph.Node{Mul(scaled, n.In[0]), Mul(scaled, n.In[1])}
}
