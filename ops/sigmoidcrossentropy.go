package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// SigmoidCrossEntropy returns the cross-entropy of labels and the sigmoid of
// logits, elementwise, without overflow on the way:
//
//	y = ln(1+e^logits) - labels·logits
//
// Shapes: logits, labels broadcast. DTypes: floats, one for both. Gradient: logits,
// labels. Panics with *graph.Error if they do not broadcast, or their dtypes differ
// or are not floats.
//
// Source: tf.nn.sigmoid_cross_entropy_with_logits.
func SigmoidCrossEntropy(logits, labels *graph.Node) *graph.Node {
	return graph.Apply(SigmoidCrossEntropyOp{}, logits, labels)
}

// SigmoidCrossEntropyOp is the operation behind [SigmoidCrossEntropy].
type SigmoidCrossEntropyOp struct{ binaryFloat }

// Name implements graph.Op.
func (SigmoidCrossEntropyOp) Name() string { return "SigmoidCrossEntropy" }

// Compose implements [Composed].
func (SigmoidCrossEntropyOp) Compose(in []*graph.Node) []*graph.Node {
	x, z := in[0], in[1]
	return []*graph.Node{Add(Sub(Maximum(x, ScalarLike(x, 0)), Mul(x, z)), Log1p(Exp(Neg(Abs(x)))))}
}

// Eval implements [Binary]. Max(x,0) - x·z loses nothing where z is 0 or 1.
func (SigmoidCrossEntropyOp) Eval(x, z float64) float64 {
	return max(x, 0) - x*z + math.Log1p(math.Exp(-math.Abs(x)))
}

// VJP: d/dlogits = sigmoid(logits) - labels and d/dlabels = -logits.
func (SigmoidCrossEntropyOp) VJP(n, dy *graph.Node) []*graph.Node {
	x, z := n.In[0], n.In[1]
	return []*graph.Node{Mul(dy, Sub(Sigmoid(x), z)), Neg(Mul(dy, x))}
}
