package ops

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// SparseSoftmaxCrossEntropy returns the [SoftmaxCrossEntropy] of logits and labels
// that are the index of one class for each row:
//
//	y = ln Σ e^logits - logits[label]
//
// A row with a negative label is ignored: its value and gradient are 0. A label of
// C or more gives NaN.
//
// Shapes: logits [... C], labels [...] -> y [...]. DTypes: logits float, labels
// integer. Gradient: logits. Panics with *graph.Error if a shape or dtype differs
// from this.
//
// Source: tf.nn.sparse_softmax_cross_entropy_with_logits.
func SparseSoftmaxCrossEntropy(logits, labels *graph.Node) *graph.Node {
	return graph.Apply(SparseSoftmaxCrossEntropyOp{}, logits, labels)
}

// SparseSoftmaxCrossEntropyOp is the operation behind [SparseSoftmaxCrossEntropy].
type SparseSoftmaxCrossEntropyOp struct{}

// Name implements graph.Op.
func (SparseSoftmaxCrossEntropyOp) Name() string { return "SparseSoftmaxCrossEntropy" }

// Compose implements [Composed].
func (SparseSoftmaxCrossEntropyOp) Compose(in []*graph.Node) []*graph.Node {
	logits, labels := in[0], in[1]
	lost := Neg(Squeeze(GatherAlong(logSoftmax(logits, -1), ExpandDims(labels, -1), -1), -1))
	counts := GreaterEqual(labels, ScalarLike(labels, 0))
	return []*graph.Node{Where(counts, lost, ScalarLike(lost, 0))}
}

// Infer implements graph.Op.
func (SparseSoftmaxCrossEntropyOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x, err := inferSparse(in[0], in[1])
	if err != nil {
		return nil, err
	}
	return one(x[0].DType, x[0].Shape.Without(-1))
}

// inferSparse checks logits [... C] and labels [...] and returns the spec of the logits.
func inferSparse(logits, labels tensor.Spec) ([]tensor.Spec, error) {
	x, err := inferAlong(logits.Rank()-1, []tensor.Spec{logits})
	if err != nil {
		return nil, err
	}
	if !labels.DType.IsInt() || labels.Shape != logits.Shape.Without(-1) {
		return nil, fmt.Errorf("logits %v, labels %v: want integer labels %v", logits, labels, logits.Shape.Without(-1))
	}
	return x, nil
}

// Ref implements [Referenced].
func (SparseSoftmaxCrossEntropyOp) Ref(out, in []Array) {
	logits, labels := in[0].V, in[1].V
	lanes(in[0].Shape, in[0].Rank()-1, func(row, start, _, c int) {
		switch label := int(labels[row]); {
		case label < 0:
		case label >= c:
			out[0].V[row] = math.NaN()
		default:
			out[0].V[row] = logSumExp(logits[start:], 1, c) - logits[start+label]
		}
	})
}

// VJP: d/dlogits = (softmax - one-hot labels)·dy.
func (SparseSoftmaxCrossEntropyOp) VJP(n, dy *graph.Node) []*graph.Node {
	probs := Softmax(n.In[0], -1)
	return []*graph.Node{graph.Apply(SparseSoftmaxCrossEntropyGradOp{}, probs, n.In[1], dy), nil}
}

// SparseSoftmaxCrossEntropyGradOp is (probs - one-hot labels)·dy: the gradient of
// [SparseSoftmaxCrossEntropy] by its logits, from their softmax. It is 0 in rows
// with a negative label and NaN in rows with a label of C or more.
//
// Shapes: probs [... C], labels [...], dy [...] -> [... C].
type SparseSoftmaxCrossEntropyGradOp struct{}

// Name implements graph.Op.
func (SparseSoftmaxCrossEntropyGradOp) Name() string { return "SparseSoftmaxCrossEntropyGrad" }

// Compose implements [Composed].
func (SparseSoftmaxCrossEntropyGradOp) Compose(in []*graph.Node) []*graph.Node {
	probs, labels, dy := in[0], ExpandDims(in[1], -1), ExpandDims(in[2], -1)
	classes := probs.Shape().At(-1)
	d := Mul(Sub(probs, OneHot(in[1], classes, probs.DType())), dy)
	d = Where(Greater(Cast(labels, tensor.Int64), Full(d.Graph(), tensor.S(tensor.Int64), float64(classes-1))), ScalarLike(d, math.NaN()), d)
	return []*graph.Node{Where(Less(labels, ScalarLike(labels, 0)), ScalarLike(d, 0), d)}
}

// Infer implements graph.Op.
func (SparseSoftmaxCrossEntropyGradOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x, err := inferSparse(in[0], in[1])
	if err != nil {
		return nil, err
	}
	return x, wantRows(in[2], x[0])
}

// Ref implements [Referenced].
func (SparseSoftmaxCrossEntropyGradOp) Ref(out, in []Array) {
	probs, labels, dy := in[0].V, in[1].V, in[2].V
	lanes(in[0].Shape, in[0].Rank()-1, func(row, start, _, c int) {
		label := int(labels[row])
		for i := range c {
			switch {
			case label < 0:
			case label >= c:
				out[0].V[start+i] = math.NaN()
			default:
				out[0].V[start+i] = (probs[start+i] - truth(i == label)) * dy[row]
			}
		}
	})
}

// VJP: linear in probs and in dy.
func (SparseSoftmaxCrossEntropyGradOp) VJP(n, dz *graph.Node) []*graph.Node {
	probs, labels, dy := n.In[0], n.In[1], n.In[2]
	zero := ScalarLike(dz, 0)
	counts := GreaterEqual(labels, ScalarLike(labels, 0))
	atLabel := Squeeze(GatherAlong(dz, ExpandDims(labels, -1), -1), -1)
	return []*graph.Node{
		Mul(dz, ExpandDims(Where(counts, dy, zero), -1)),
		nil,
		Where(counts, Sub(ReduceSum(Mul(dz, probs), -1), atLabel), zero),
	}
}
