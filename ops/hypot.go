package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Hypot returns √(a²+b²), elementwise, without overflow on the way. At the origin
// the gradient is zero.
func Hypot(a, b *graph.Node) *graph.Node { return graph.Apply(HypotOp{}, a, b) }

// HypotOp is the operation behind [Hypot].
type HypotOp struct{ binaryFloat }

// Name implements graph.Op.
func (HypotOp) Name() string { return "Hypot" }

// Eval implements [Binary].
func (HypotOp) Eval(a, b float64) float64 { return math.Hypot(a, b) }

// VJP: d/da = a/y and d/db = b/y.
func (HypotOp) VJP(n, dy *graph.Node) []*graph.Node {
	scaled := Div(dy, nonzero(n))
	return []*graph.Node{Mul(scaled, n.In[0]), Mul(scaled, n.In[1])}
}
