package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Logaddexp returns ln(e^a + e^b), elementwise, without overflow on the way.
//
// Shapes: a, b broadcast. DTypes: floats, one for both. Gradient: a, b. Panics with
// *graph.Error if a and b do not broadcast, or their dtypes differ or are not floats.
//
// Source: numpy.logaddexp.
func Logaddexp(a, b *graph.Node) *graph.Node { return graph.Apply(LogaddexpOp{}, a, b) }

// LogaddexpOp is the operation behind [Logaddexp].
type LogaddexpOp struct{ binaryFloat }

// Name implements graph.Op.
func (LogaddexpOp) Name() string { return "Logaddexp" }

// Compose implements [Composed].
func (LogaddexpOp) Compose(in []*graph.Node) []*graph.Node {
	a, b := in[0], in[1]
	sum := Add(Maximum(a, b), Log1p(Exp(Neg(Abs(Sub(a, b))))))
	return []*graph.Node{Where(Equal(a, b), Offset(a, math.Ln2), sum)}
}

// Eval implements [Binary].
func (LogaddexpOp) Eval(a, b float64) float64 {
	if a == b { // infinities of one sign too
		return a + math.Ln2
	}
	return max(a, b) + math.Log1p(math.Exp(-math.Abs(a-b)))
}

// VJP: d/da = 1/(1+e^(b-a)) and d/db = 1/(1+e^(a-b)).
func (LogaddexpOp) VJP(n, dy *graph.Node) []*graph.Node {
	a, b := n.In[0], n.In[1]
	return []*graph.Node{Mul(dy, Sigmoid(Sub(a, b))), Mul(dy, Sigmoid(Sub(b, a)))}
}
