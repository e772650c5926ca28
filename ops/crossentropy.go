package ops

import (
	"fmt"
	"math"

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
// Shapes: logits [... C], labels [... C] -> y [...]. DTypes: floats; float16 and
// bfloat16 are computed in float32. Gradient: logits, labels.
func SoftmaxCrossEntropy(logits, labels *graph.Node) *graph.Node {
	return graph.Apply(SoftmaxCrossEntropyOp{}, logits, labels)
}

// SoftmaxCrossEntropyOp is the operation behind [SoftmaxCrossEntropy].
type SoftmaxCrossEntropyOp struct{}

// Name implements graph.Op.
func (SoftmaxCrossEntropyOp) Name() string { return "SoftmaxCrossEntropy" }

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

// SparseSoftmaxCrossEntropy is [SoftmaxCrossEntropy] with the index of one class as
// the label of each row:
//
//	y = ln Σ e^logits - logits[label]
//
// A row with a negative label is ignored: its value and gradient are 0. A label of
// C or more gives NaN.
//
// Shapes: logits [... C], labels [...] -> y [...]. DTypes: logits float, labels
// integer. Gradient: logits.
func SparseSoftmaxCrossEntropy(logits, labels *graph.Node) *graph.Node {
	return graph.Apply(SparseSoftmaxCrossEntropyOp{}, logits, labels)
}

// SparseSoftmaxCrossEntropyOp is the operation behind [SparseSoftmaxCrossEntropy].
type SparseSoftmaxCrossEntropyOp struct{}

// Name implements graph.Op.
func (SparseSoftmaxCrossEntropyOp) Name() string { return "SparseSoftmaxCrossEntropy" }

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
	zero := constLike(dz, 0)
	counts := GreaterEqual(labels, constLike(labels, 0))
	atLabel := Squeeze(GatherAlong(dz, ExpandDims(labels, -1), -1), -1)
	return []*graph.Node{
		Mul(dz, ExpandDims(Where(counts, dy, zero), -1)),
		nil,
		Where(counts, Sub(ReduceSum(Mul(dz, probs), -1), atLabel), zero),
	}
}

// wantRows is the error of dy that does not have one element for each row of x.
func wantRows(dy, x tensor.Spec) error {
	if want := (tensor.Spec{DType: x.DType, Shape: x.Shape.Without(-1)}); dy != want {
		return fmt.Errorf("dy is %v: want %v", dy, want)
	}
	return nil
}

// wantSame is the error of inputs that do not all have one spec.
func wantSame(in []tensor.Spec) error {
	for i, s := range in {
		if s != in[0] {
			return fmt.Errorf("input %d is %v: want %v, as input 0", i, s, in[0])
		}
	}
	return nil
}

// SigmoidCrossEntropy returns the cross-entropy of labels and the sigmoid of
// logits, elementwise, without overflow on the way:
//
//	y = ln(1+e^logits) - labels·logits
//
// Shapes: broadcast. DTypes: floats. Gradient: logits, labels.
func SigmoidCrossEntropy(logits, labels *graph.Node) *graph.Node {
	return graph.Apply(SigmoidCrossEntropyOp{}, logits, labels)
}

// SigmoidCrossEntropyOp is the operation behind [SigmoidCrossEntropy].
type SigmoidCrossEntropyOp struct{ binaryFloat }

// Name implements graph.Op.
func (SigmoidCrossEntropyOp) Name() string { return "SigmoidCrossEntropy" }

// Eval implements [Binary]. Max(x,0) - x·z loses nothing where z is 0 or 1.
func (SigmoidCrossEntropyOp) Eval(x, z float64) float64 {
	return max(x, 0) - x*z + math.Log1p(math.Exp(-math.Abs(x)))
}

// VJP: d/dlogits = sigmoid(logits) - labels and d/dlabels = -logits.
func (SigmoidCrossEntropyOp) VJP(n, dy *graph.Node) []*graph.Node {
	x, z := n.In[0], n.In[1]
	return []*graph.Node{Mul(dy, Sub(Sigmoid(x), z)), Neg(Mul(dy, x))}
}
