package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Log returns the natural logarithm of x, elementwise: -Inf at 0, NaN below.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Log(x *graph.Node) *graph.Node { return graph.Apply(LogOp{}, x) }

// LogOp is the operation behind [Log].
type LogOp struct{ unary }

// Name implements graph.Op.
func (LogOp) Name() string { return "Log" }

// Primitive implements [Primitive].
func (LogOp) Primitive() {}

// Eval implements [Unary].
func (LogOp) Eval(x float64) float64 { return math.Log(x) }

// VJP: d/dx = 1/x.
func (LogOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Div(dy, n.In[0])}
}

// Log1p returns ln(1+x), elementwise, exact for small x.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Log1p(x *graph.Node) *graph.Node { return graph.Apply(Log1pOp{}, x) }

// Log1pOp is the operation behind [Log1p].
type Log1pOp struct{ unary }

// Name implements graph.Op.
func (Log1pOp) Name() string { return "Log1p" }

// Primitive implements [Primitive].
func (Log1pOp) Primitive() {}

// Eval implements [Unary].
func (Log1pOp) Eval(x float64) float64 { return math.Log1p(x) }

// VJP: d/dx = 1/(1+x).
func (Log1pOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Div(dy, Offset(n.In[0], 1))}
}

// Log2 returns the logarithm of x to base 2, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Log2(x *graph.Node) *graph.Node { return graph.Apply(Log2Op{}, x) }

// Log2Op is the operation behind [Log2].
type Log2Op struct{ unary }

// Name implements graph.Op.
func (Log2Op) Name() string { return "Log2" }

// Compose implements [Composed].
func (Log2Op) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Scale(Log(x), 1/math.Ln2)}
}

// Eval implements [Unary].
func (Log2Op) Eval(x float64) float64 { return math.Log2(x) }

// VJP: d/dx = 1/(x·ln 2).
func (Log2Op) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Div(dy, Scale(n.In[0], math.Ln2))}
}

// Log10 returns the logarithm of x to base 10, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Log10(x *graph.Node) *graph.Node { return graph.Apply(Log10Op{}, x) }

// Log10Op is the operation behind [Log10].
type Log10Op struct{ unary }

// Name implements graph.Op.
func (Log10Op) Name() string { return "Log10" }

// Compose implements [Composed].
func (Log10Op) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Scale(Log(x), 1/math.Ln10)}
}

// Eval implements [Unary].
func (Log10Op) Eval(x float64) float64 { return math.Log10(x) }

// VJP: d/dx = 1/(x·ln 10).
func (Log10Op) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Div(dy, Scale(n.In[0], math.Ln10))}
}
