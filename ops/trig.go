package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Sin returns the sine of x, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Sin(x *graph.Node) *graph.Node { return graph.Apply(SinOp{}, x) }

// SinOp is the operation behind [Sin].
type SinOp struct{ unary }

// Name implements graph.Op.
func (SinOp) Name() string { return "Sin" }

// Primitive implements [Primitive].
func (SinOp) Primitive() {}

// Eval implements [Unary].
func (SinOp) Eval(x float64) float64 { return math.Sin(x) }

// VJP: d/dx = cos x.
func (SinOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Cos(n.In[0]))}
}

// Cos returns the cosine of x, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Cos(x *graph.Node) *graph.Node { return graph.Apply(CosOp{}, x) }

// CosOp is the operation behind [Cos].
type CosOp struct{ unary }

// Name implements graph.Op.
func (CosOp) Name() string { return "Cos" }

// Primitive implements [Primitive].
func (CosOp) Primitive() {}

// Eval implements [Unary].
func (CosOp) Eval(x float64) float64 { return math.Cos(x) }

// VJP: d/dx = -sin x.
func (CosOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Neg(Mul(dy, Sin(n.In[0])))}
}

// Tan returns the tangent of x, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Tan(x *graph.Node) *graph.Node { return graph.Apply(TanOp{}, x) }

// TanOp is the operation behind [Tan].
type TanOp struct{ unary }

// Name implements graph.Op.
func (TanOp) Name() string { return "Tan" }

// Compose implements [Composed].
func (TanOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Div(Sin(x), Cos(x))}
}

// Eval implements [Unary].
func (TanOp) Eval(x float64) float64 { return math.Tan(x) }

// VJP: d/dx = 1 + y².
func (TanOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Offset(Square(n), 1))}
}

// Asin returns the arc sine of x, elementwise: NaN outside of -1 to 1.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Asin(x *graph.Node) *graph.Node { return graph.Apply(AsinOp{}, x) }

// AsinOp is the operation behind [Asin].
type AsinOp struct{ unary }

// Name implements graph.Op.
func (AsinOp) Name() string { return "Asin" }

// Compose implements [Composed].
func (AsinOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Atan2(x, Sqrt(oneMinusSquare(x)))}
}

// Eval implements [Unary].
func (AsinOp) Eval(x float64) float64 { return math.Asin(x) }

// VJP: d/dx = 1/√(1-x²).
func (AsinOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Rsqrt(oneMinusSquare(n.In[0])))}
}

// Acos returns the arc cosine of x, elementwise: NaN outside of -1 to 1.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Acos(x *graph.Node) *graph.Node { return graph.Apply(AcosOp{}, x) }

// AcosOp is the operation behind [Acos].
type AcosOp struct{ unary }

// Name implements graph.Op.
func (AcosOp) Name() string { return "Acos" }

// Compose implements [Composed].
func (AcosOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Atan2(Sqrt(oneMinusSquare(x)), x)}
}

// Eval implements [Unary].
func (AcosOp) Eval(x float64) float64 { return math.Acos(x) }

// VJP: d/dx = -1/√(1-x²).
func (AcosOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Neg(Mul(dy, Rsqrt(oneMinusSquare(n.In[0]))))}
}

// Atan returns the arc tangent of x, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Atan(x *graph.Node) *graph.Node { return graph.Apply(AtanOp{}, x) }

// AtanOp is the operation behind [Atan].
type AtanOp struct{ unary }

// Name implements graph.Op.
func (AtanOp) Name() string { return "Atan" }

// Compose implements [Composed].
func (AtanOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Atan2(x, ScalarLike(x, 1))}
}

// Eval implements [Unary].
func (AtanOp) Eval(x float64) float64 { return math.Atan(x) }

// VJP: d/dx = 1/(1+x²).
func (AtanOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Div(dy, Offset(Square(n.In[0]), 1))}
}

// oneMinusSquare returns 1-x² as (1-x)·(1+x), which is exact near 1 and -1.
func oneMinusSquare(x *graph.Node) *graph.Node {
	return Mul(Offset(Neg(x), 1), Offset(x, 1))
}
