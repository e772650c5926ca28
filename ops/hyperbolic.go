package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Sinh returns the hyperbolic sine of x, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Sinh(x *graph.Node) *graph.Node { return graph.Apply(SinhOp{}, x) }

// SinhOp is the operation behind [Sinh].
type SinhOp struct{ unary }

// Name implements graph.Op.
func (SinhOp) Name() string { return "Sinh" }

// Compose implements [Composed].
func (SinhOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	e := Expm1(x)
	small := Scale(Add(e, Div(e, Offset(e, 1))), 0.5)
	large := Sub(Exp(Offset(x, -math.Ln2)), Exp(Offset(Neg(x), -math.Ln2)))
	return []*graph.Node{Where(Less(Abs(x), ScalarLike(x, 1)), small, large)}
}

// Eval implements [Unary].
func (SinhOp) Eval(x float64) float64 { return math.Sinh(x) }

// VJP: d/dx = cosh x.
func (SinhOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Cosh(n.In[0]))}
}

// Cosh returns the hyperbolic cosine of x, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Cosh(x *graph.Node) *graph.Node { return graph.Apply(CoshOp{}, x) }

// CoshOp is the operation behind [Cosh].
type CoshOp struct{ unary }

// Name implements graph.Op.
func (CoshOp) Name() string { return "Cosh" }

// Compose implements [Composed].
func (CoshOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Add(Exp(Offset(x, -math.Ln2)), Exp(Offset(Neg(x), -math.Ln2)))}
}

// Eval implements [Unary].
func (CoshOp) Eval(x float64) float64 { return math.Cosh(x) }

// VJP: d/dx = sinh x.
func (CoshOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Sinh(n.In[0]))}
}

// Asinh returns the inverse hyperbolic sine of x, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Asinh(x *graph.Node) *graph.Node { return graph.Apply(AsinhOp{}, x) }

// AsinhOp is the operation behind [Asinh].
type AsinhOp struct{ unary }

// Name implements graph.Op.
func (AsinhOp) Name() string { return "Asinh" }

// Compose implements [Composed].
func (AsinhOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	size := Abs(x)
	root := Sqrt(Offset(Square(size), 1))
	small := Log1p(Add(size, Div(Square(size), Offset(root, 1))))
	large := Offset(Log(size), math.Ln2)
	return []*graph.Node{Mul(Sign(x), Where(Less(size, ScalarLike(x, 100)), small, large))}
}

// Eval implements [Unary].
func (AsinhOp) Eval(x float64) float64 { return math.Asinh(x) }

// VJP: d/dx = 1/√(1+x²).
func (AsinhOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Rsqrt(Offset(Square(n.In[0]), 1)))}
}

// Acosh returns the inverse hyperbolic cosine of x, elementwise: NaN below 1.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Acosh(x *graph.Node) *graph.Node { return graph.Apply(AcoshOp{}, x) }

// AcoshOp is the operation behind [Acosh].
type AcoshOp struct{ unary }

// Name implements graph.Op.
func (AcoshOp) Name() string { return "Acosh" }

// Compose implements [Composed].
func (AcoshOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	above := Offset(x, -1)
	small := Log1p(Add(above, Sqrt(Mul(above, Offset(x, 1)))))
	large := Offset(Log(x), math.Ln2)
	return []*graph.Node{Where(Less(x, ScalarLike(x, 100)), small, large)}
}

// Eval implements [Unary].
func (AcoshOp) Eval(x float64) float64 { return math.Acosh(x) }

// VJP: d/dx = 1/√(x²-1).
func (AcoshOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Rsqrt(Neg(oneMinusSquare(n.In[0]))))}
}

// Atanh returns the inverse hyperbolic tangent of x, elementwise: NaN outside of -1 to 1.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Atanh(x *graph.Node) *graph.Node { return graph.Apply(AtanhOp{}, x) }

// AtanhOp is the operation behind [Atanh].
type AtanhOp struct{ unary }

// Name implements graph.Op.
func (AtanhOp) Name() string { return "Atanh" }

// Compose implements [Composed].
func (AtanhOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Scale(Sub(Log1p(x), Log1p(Neg(x))), 0.5)}
}

// Eval implements [Unary].
func (AtanhOp) Eval(x float64) float64 { return math.Atanh(x) }

// VJP: d/dx = 1/(1-x²).
func (AtanhOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Div(dy, oneMinusSquare(n.In[0]))}
}
