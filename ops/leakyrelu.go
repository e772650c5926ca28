package ops

import "github.com/glia-ml/glia/graph"

// LeakyRelu returns x where x > 0, else alpha·x, elementwise. The slope at 0 is alpha.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
//
// Source: Maas, Hannun, Ng 2013, "Rectifier Nonlinearities Improve Neural Network
// Acoustic Models", section 2.
func LeakyRelu(x *graph.Node, alpha float64) *graph.Node {
	return graph.Apply(LeakyReluOp{Alpha: alpha}, x)
}

// LeakyReluOp is the operation behind [LeakyRelu].
type LeakyReluOp struct {
	unary
	Alpha float64
}

// Name implements graph.Op.
func (LeakyReluOp) Name() string { return "LeakyRelu" }

// Compose implements [Composed].
func (o LeakyReluOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Where(Greater(x, ScalarLike(x, 0)), x, Scale(x, o.Alpha))}
}

// Eval implements [Unary].
func (o LeakyReluOp) Eval(x float64) float64 {
	if x > 0 {
		return x
	}
	return o.Alpha * x
}

// VJP takes the side from the result, which has the sign of x unless alpha is
// negative.
func (o LeakyReluOp) VJP(n, dy *graph.Node) []*graph.Node {
	side := n
	if o.Alpha < 0 {
		side = n.In[0]
	}
	return []*graph.Node{graph.Apply(LeakyReluGradOp{Alpha: o.Alpha}, side, dy)}
}

// LeakyReluGradOp is dy where y > 0, else alpha·dy: the gradient of [LeakyRelu]
// from its result y.
type LeakyReluGradOp struct {
	binaryFloat
	Alpha float64
}

// Name implements graph.Op.
func (LeakyReluGradOp) Name() string { return "LeakyReluGrad" }

// Compose implements [Composed].
func (o LeakyReluGradOp) Compose(in []*graph.Node) []*graph.Node {
	y, dy := in[0], in[1]
	return []*graph.Node{Where(Greater(y, ScalarLike(y, 0)), dy, Scale(dy, o.Alpha))}
}

// Eval implements [Binary].
func (o LeakyReluGradOp) Eval(y, dy float64) float64 {
	if y > 0 {
		return dy
	}
	return o.Alpha * dy
}

// VJP: linear in dy; as a step, it has no slope in y.
func (o LeakyReluGradOp) VJP(n, dz *graph.Node) []*graph.Node {
	return []*graph.Node{nil, graph.Apply(o, n.In[0], dz)}
}
