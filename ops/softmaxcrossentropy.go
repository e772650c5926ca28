package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// SoftmaxCrossEntropy returns the cross-entropy of labels and the softmax of logits
// over the last axis, one value a row:
//
//	y = Σ labels·(ln Σ e^logits - logits)
//
// A label of 0 adds nothing, even to a logit of -Inf. Labels need not sum to 1.
//
// Shapes: logits [... C], labels [... C] -> y [...]. DTypes: floats, one for both;
// float16 and bfloat16 are computed in float32. Gradient: logits, labels. Panics with
// *graph.Error if a shape or dtype differs from this.
//
// Source: tf.nn.softmax_cross_entropy_with_logits.
func SoftmaxCrossEntropy(logits, labels *graph.Node) *graph.Node {
	return graph.Apply(SoftmaxCrossEntropyOp{}, logits, labels)
}

// SoftmaxCrossEntropyOp is the operation behind [SoftmaxCrossEntropy].
type SoftmaxCrossEntropyOp struct{}

// Name implements graph.Op.
func (SoftmaxCrossEntropyOp) Name() string { return "SoftmaxCrossEntropy" }

// Compose implements [Composed].
func (SoftmaxCrossEntropyOp) Compose(in []*graph.Node) []*graph.Node {
	logits, labels := in[0], in[1]
	zero := ScalarLike(labels, 0)
	lost := Where(Equal(labels, zero), zero, Neg(Mul(labels, logSoftmax(logits, -1))))
	return []*graph.Node{ReduceSum(lost, -1)}
}

// Infer implements graph.Op.
func (SoftmaxCrossEntropyOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x, err := inferAlong(in[0].Rank()-1, in)
	if err != nil {
		return nil, err
	}
	return one(x[0].DType, x[0].Shape.Without(-1))
}

// Ref implements [Referenced].
func (SoftmaxCrossEntropyOp) Ref(out, in []Array) {
	logits, labels := in[0].V, in[1].V
	lanes(in[0].Shape, in[0].Rank()-1, func(row, start, _, c int) {
		l := logSumExp(logits[start:], 1, c)
		for i := start; i < start+c; i++ {
			if labels[i] != 0 {
				out[0].V[row] += labels[i] * (l - logits[i])
			}
		}
	})
}

// VJP: d/dlogits = (softmax·Σ labels - labels)·dy and d/dlabels = -log softmax·dy.
func (SoftmaxCrossEntropyOp) VJP(n, dy *graph.Node) []*graph.Node {
	logits, labels := n.In[0], n.In[1]
	return []*graph.Node{
		graph.Apply(SoftmaxCrossEntropyGradOp{}, Softmax(logits, -1), labels, dy),
		Neg(Mul(LogSoftmax(logits, -1), ExpandDims(dy, -1))),
	}
}

// SoftmaxCrossEntropyGradOp is (probs·Σ labels - labels)·dy: the gradient of
// [SoftmaxCrossEntropy] by its logits, from their softmax.
//
// Shapes: probs [... C], labels [... C], dy [...] -> [... C].
type SoftmaxCrossEntropyGradOp struct{}

// Name implements graph.Op.
func (SoftmaxCrossEntropyGradOp) Name() string { return "SoftmaxCrossEntropyGrad" }

// Compose implements [Composed].
func (SoftmaxCrossEntropyGradOp) Compose(in []*graph.Node) []*graph.Node {
	probs, labels, dy := in[0], in[1], ExpandDims(in[2], -1)
	return []*graph.Node{Mul(Sub(Mul(probs, ReduceSumKeep(labels, -1)), labels), dy)}
}

// Infer implements graph.Op.
func (SoftmaxCrossEntropyGradOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x, err := inferAlong(in[0].Rank()-1, in[:2])
	if err != nil {
		return nil, err
	}
	return x, wantRows(in[2], x[0])
}

// Ref implements [Referenced].
func (SoftmaxCrossEntropyGradOp) Ref(out, in []Array) {
	probs, labels := in[0].V, in[1].V
	lanes(in[0].Shape, in[0].Rank()-1, func(row, start, _, c int) {
		var sum float64
		for _, l := range labels[start : start+c] {
			sum += l
		}
		for i := start; i < start+c; i++ {
			out[0].V[i] = (probs[i]*sum - labels[i]) * in[2].V[row]
		}
	})
}

// VJP: the product is linear in each of its three inputs.
func (SoftmaxCrossEntropyGradOp) VJP(n, dz *graph.Node) []*graph.Node {
	probs, labels, dy := n.In[0], n.In[1], ExpandDims(n.In[2], -1)
	sum := ReduceSumKeep(labels, -1)
	return []*graph.Node{
		Mul(dz, Mul(sum, dy)),
		Mul(Sub(ReduceSumKeep(Mul(dz, probs), -1), dz), dy),
		ReduceSum(Mul(dz, Sub(Mul(probs, sum), labels)), -1),
	}
}

// wantRows returns an error unless dy has one element for each row of x.
func wantRows(dy, x tensor.Spec) error {
	if want := (tensor.Spec{DType: x.DType, Shape: x.Shape.Without(-1)}); dy != want {
		return fmt.Errorf("dy is %v: want %v", dy, want)
	}
	return nil
}
