package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Gelu returns x·Φ(x), elementwise, where Φ(x) = (1+erf(x/√2))/2 is the standard
// normal distribution function: 0 at -Inf.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
//
// Source: Hendrycks, Gimpel 2016, arXiv:1606.08415, section 2.
func Gelu(x *graph.Node) *graph.Node { return graph.Apply(GeluOp{}, x) }

// GeluOp is the operation behind [Gelu].
type GeluOp struct{ unary }

// Name implements graph.Op.
func (GeluOp) Name() string { return "Gelu" }

// Compose implements [Composed].
func (GeluOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{timesShare(x, Scale(Erfc(Scale(x, -1/math.Sqrt2)), 0.5))}
}

// Eval implements [Unary].
func (GeluOp) Eval(x float64) float64 { return finite(x) * math.Erfc(-x/math.Sqrt2) / 2 }

// VJP: d/dx = Φ(x) + x·φ(x), with the density φ(x) = e^(-x²/2)/√(2π). Of Φ the
// absolute error counts here, so that erf will do, which is faster than erfc.
func (GeluOp) VJP(n, dy *graph.Node) []*graph.Node {
	x := n.In[0]
	below := Offset(Scale(Erf(Scale(x, 1/math.Sqrt2)), 0.5), 0.5)
	density := Scale(Exp(Scale(Square(x), -0.5)), 1/math.Sqrt(2*math.Pi))
	return []*graph.Node{Mul(dy, Add(below, Mul(x, density)))}
}

// geluCubic is the factor of x³ in the approximation of [GeluTanh].
const geluCubic = 0.044715

// GeluTanh returns [Gelu] of x, elementwise, with the approximation
//
//	erf(x/√2) ≈ tanh(√(2/π)·(x + 0.044715·x³))
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
//
// Source: Hendrycks, Gimpel 2016, arXiv:1606.08415, section 2.
func GeluTanh(x *graph.Node) *graph.Node { return graph.Apply(GeluTanhOp{}, x) }

// GeluTanhOp is the operation behind [GeluTanh].
type GeluTanhOp struct{ unary }

// Name implements graph.Op. In ONNX it is Gelu with approximate = "tanh".
func (GeluTanhOp) Name() string { return "GeluTanh" }

// Compose implements [Composed].
func (GeluTanhOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{timesShare(x, Sigmoid(Scale(Mul(x, Offset(Scale(Square(x), geluCubic), 1)), math.Sqrt(8/math.Pi))))}
}

// Eval implements [Unary]. (1+tanh(u))/2 is sigmoid(2u).
func (GeluTanhOp) Eval(x float64) float64 {
	return finite(x) * sigmoid(math.Sqrt(8/math.Pi)*(x+geluCubic*x*x*x))
}

// VJP: with y = x·s(v), s = sigmoid and v = √(8/π)·(x + c·x³),
// d/dx = s + y·(1-s)·√(8/π)·(1 + 3c·x²).
func (GeluTanhOp) VJP(n, dy *graph.Node) []*graph.Node {
	x := n.In[0]
	root := math.Sqrt(8 / math.Pi)
	x2 := Square(x)
	s := Sigmoid(Mul(x, Offset(Scale(x2, root*geluCubic), root)))
	dv := Offset(Scale(x2, 3*root*geluCubic), root)
	return []*graph.Node{Mul(dy, Add(s, Mul(Mul(n, Offset(Neg(s), 1)), dv)))}
}
