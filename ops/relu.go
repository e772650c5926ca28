package ops

import "github.com/glia-ml/glia/graph"

// Relu returns max(x, 0), elementwise; NaN stays NaN. The slope at 0 is 0.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
//
// Source: Nair, Hinton 2010, "Rectified Linear Units Improve Restricted Boltzmann
// Machines".
func Relu(x *graph.Node) *graph.Node { return graph.Apply(ReluOp{}, x) }

// ReluOp is the operation behind [Relu].
type ReluOp struct{ unary }

// Name implements graph.Op.
func (ReluOp) Name() string { return "Relu" }

// Compose implements [Composed].
func (ReluOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Maximum(x, ScalarLike(x, 0))}
}

// Eval implements [Unary].
func (ReluOp) Eval(x float64) float64 { return max(x, 0) }

// VJP: the slope is 1 where the result is positive and 0 elsewhere, at 0 too.
func (ReluOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Apply(ReluGradOp{}, n, dy)}
}

// ReluGradOp is dy where y > 0, else 0: the gradient of [Relu] from its result y.
type ReluGradOp struct{ binaryFloat }

// Name implements graph.Op.
func (ReluGradOp) Name() string { return "ReluGrad" }

// Compose implements [Composed].
func (ReluGradOp) Compose(in []*graph.Node) []*graph.Node {
	y, dy := in[0], in[1]
	return []*graph.Node{Where(Greater(y, ScalarLike(y, 0)), dy, ScalarLike(dy, 0))}
}

// Eval implements [Binary].
func (ReluGradOp) Eval(y, dy float64) float64 {
	if y > 0 {
		return dy
	}
	return 0
}

// VJP: linear in dy; as a step, it has no slope in y.
func (ReluGradOp) VJP(n, dz *graph.Node) []*graph.Node {
	return []*graph.Node{nil, graph.Apply(ReluGradOp{}, n.In[0], dz)}
}
