package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Atan2 returns the angle of the point (b, a), elementwise, from -π to π.
//
// Shapes: a, b broadcast. DTypes: floats, one for both. Gradient: a, b; zero at the
// origin. Panics with *graph.Error if a and b do not broadcast, or their dtypes
// differ or are not floats.
//
// Source: numpy.arctan2.
func Atan2(a, b *graph.Node) *graph.Node { return graph.Apply(Atan2Op{}, a, b) }

// Atan2Op is the operation behind [Atan2].
type Atan2Op struct{ binaryFloat }

// Name implements graph.Op.
func (Atan2Op) Name() string { return "Atan2" }

// Primitive implements [Primitive].
func (Atan2Op) Primitive() {}

// Eval implements [Binary].
func (Atan2Op) Eval(a, b float64) float64 { return math.Atan2(a, b) }

// VJP: d/da = b/(a²+b²) and d/db = -a/(a²+b²).
func (Atan2Op) VJP(n, dy *graph.Node) []*graph.Node {
	a, b := n.In[0], n.In[1]
	scaled := Div(dy, nonzero(Add(Square(a), Square(b))))
	return []*graph.Node{Mul(scaled, b), Neg(Mul(scaled, a))}
}

// nonzero returns x with 1 in the place of 0.
func nonzero(x *graph.Node) *graph.Node {
	return Where(Equal(x, ScalarLike(x, 0)), ScalarLike(x, 1), x)
}
