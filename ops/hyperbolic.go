package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Sinh returns the hyperbolic sine of x, elementwise.
func Sinh(x *graph.Node) *graph.Node { return graph.Apply(SinhOp{}, x) }

// SinhOp is the operation behind [Sinh].
type SinhOp struct{ unary }

// Name implements graph.Op.
func (SinhOp) Name() string { return "Sinh" }

// Eval implements [Unary].
func (SinhOp) Eval(x float64) float64 { return math.Sinh(x) }

// VJP: d/dx = cosh x.
func (SinhOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Cosh(n.In[0]))}
}

// Cosh returns the hyperbolic cosine of x, elementwise.
func Cosh(x *graph.Node) *graph.Node { return graph.Apply(CoshOp{}, x) }

// CoshOp is the operation behind [Cosh].
type CoshOp struct{ unary }

// Name implements graph.Op.
func (CoshOp) Name() string { return "Cosh" }

// Eval implements [Unary].
func (CoshOp) Eval(x float64) float64 { return math.Cosh(x) }

// VJP: d/dx = sinh x.
func (CoshOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Sinh(n.In[0]))}
}

// Asinh returns the inverse hyperbolic sine of x, elementwise.
func Asinh(x *graph.Node) *graph.Node { return graph.Apply(AsinhOp{}, x) }

// AsinhOp is the operation behind [Asinh].
type AsinhOp struct{ unary }

// Name implements graph.Op.
func (AsinhOp) Name() string { return "Asinh" }

// Eval implements [Unary].
func (AsinhOp) Eval(x float64) float64 { return math.Asinh(x) }

// VJP: d/dx = 1/√(1+x²).
func (AsinhOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Rsqrt(Offset(Square(n.In[0]), 1)))}
}

// Acosh returns the inverse hyperbolic cosine of x, elementwise: NaN below 1.
func Acosh(x *graph.Node) *graph.Node { return graph.Apply(AcoshOp{}, x) }

// AcoshOp is the operation behind [Acosh].
type AcoshOp struct{ unary }

// Name implements graph.Op.
func (AcoshOp) Name() string { return "Acosh" }

// Eval implements [Unary].
func (AcoshOp) Eval(x float64) float64 { return math.Acosh(x) }

// VJP: d/dx = 1/√(x²-1).
func (AcoshOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Rsqrt(Neg(oneMinusSquare(n.In[0]))))}
}

// Atanh returns the inverse hyperbolic tangent of x, elementwise: NaN outside of -1 to 1.
func Atanh(x *graph.Node) *graph.Node { return graph.Apply(AtanhOp{}, x) }

// AtanhOp is the operation behind [Atanh].
type AtanhOp struct{ unary }

// Name implements graph.Op.
func (AtanhOp) Name() string { return "Atanh" }

// Eval implements [Unary].
func (AtanhOp) Eval(x float64) float64 { return math.Atanh(x) }

// VJP: d/dx = 1/(1-x²).
func (AtanhOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Div(dy, oneMinusSquare(n.In[0]))}
}
