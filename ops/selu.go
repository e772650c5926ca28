package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// The constants of [Selu], given to float64 precision.
const (
	SeluAlpha = 1.6732632423543772848170429916717
	SeluScale = 1.0507009873554804934193349852946
)

// Selu returns λ·x where x > 0, else λ·α·(e^x - 1), elementwise, with the α and λ
// that keep the mean at 0 and the variance at 1 from layer to layer. The slope at
// 0 is λ·α.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
//
// Source: Klambauer et al. 2017, arXiv:1706.02515, section 2.
func Selu(x *graph.Node) *graph.Node { return graph.Apply(SeluOp{}, x) }

// SeluOp is the operation behind [Selu].
type SeluOp struct{ unary }

// Name implements graph.Op.
func (SeluOp) Name() string { return "Selu" }

// Compose implements [Composed].
func (SeluOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Scale(Where(Greater(x, ScalarLike(x, 0)), x, Scale(Expm1(x), SeluAlpha)), SeluScale)}
}

// Eval implements [Unary].
func (SeluOp) Eval(x float64) float64 {
	if x > 0 {
		return SeluScale * x
	}
	return SeluScale * SeluAlpha * math.Expm1(x)
}

// VJP: the slope is λ where the result is positive, else the result plus λ·α.
func (SeluOp) VJP(n, dy *graph.Node) []*graph.Node {
	right := Greater(n, ScalarLike(n, 0))
	slope := Where(right, ScalarLike(n, SeluScale), Offset(n, SeluScale*SeluAlpha))
	return []*graph.Node{Mul(dy, slope)}
}
