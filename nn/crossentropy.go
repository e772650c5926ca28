package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// The cross-entropies take probabilities unless they are made with [FromLogits].
// Probabilities that are the very result of a softmax over the last axis, or of a
// sigmoid, are traced back to their logits, from which value and gradient are
// computed without loss of precision. Other probabilities are kept away from 0
// and 1 by 1e-7, as in Keras.

// epsilon keeps probabilities away from 0 and 1.
const epsilon = 1e-7

// FromLogits says that predictions are logits, not probabilities.
const FromLogits fromLogits = true

type fromLogits bool

// LabelSmoothing moves labels by this much of the way to the uniform distribution.
type LabelSmoothing float64

// IgnoreClass makes [SparseCategoricalCrossentropy] give 0 for labels of this class.
type IgnoreClass int

// CrossentropyOption is an option of [BinaryCrossentropy] and
// [CategoricalCrossentropy]: [FromLogits], [LabelSmoothing], [Name], a [Reduction].
type CrossentropyOption interface {
	crossentropy(*CrossentropyConfig)
}

// CrossentropyConfig is the configuration that cross-entropies have in common.
type CrossentropyConfig struct {
	LossConfig
	// FromLogits says that predictions are logits.
	FromLogits bool `json:"from_logits"`
	// LabelSmoothing is how far labels are moved to the uniform distribution.
	LabelSmoothing float64 `json:"label_smoothing"`
}

func (n Named) crossentropy(c *CrossentropyConfig)          { n.loss(&c.LossConfig) }
func (r Reduction) crossentropy(c *CrossentropyConfig)      { r.loss(&c.LossConfig) }
func (f fromLogits) crossentropy(c *CrossentropyConfig)     { c.FromLogits = bool(f) }
func (s LabelSmoothing) crossentropy(c *CrossentropyConfig) { c.LabelSmoothing = float64(s) }

func crossentropyConfig(name string, opts []CrossentropyOption) CrossentropyConfig {
	c := CrossentropyConfig{LossConfig: lossConfig(name, nil)}
	for _, o := range opts {
		o.crossentropy(&c)
	}
	return c
}

// smooth moves labels toward 1/classes.
func (c *CrossentropyConfig) smooth(loss string, labels *graph.Node, classes int) *graph.Node {
	s := c.LabelSmoothing
	if s == 0 {
		return labels
	}
	if !(s > 0 && s <= 1) {
		panic(graph.Errorf("nn.%s: label smoothing %g: want 0 to 1", loss, s))
	}
	return ops.Offset(ops.Scale(labels, 1-s), s/float64(classes))
}

// BinaryCrossentropy returns the loss of yes-or-no labels t and their predicted
// probabilities p:
//
//	mean(-t·ln p - (1-t)·ln(1-p))
//
// over the last axis.
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without the last axis; [B] counts as [B 1].
func BinaryCrossentropy(opts ...CrossentropyOption) *BinaryCrossentropyLoss {
	return &BinaryCrossentropyLoss{crossentropyConfig("binary_crossentropy", opts)}
}

// BinaryCrossentropyLoss is the loss that [BinaryCrossentropy] makes.
type BinaryCrossentropyLoss struct{ CrossentropyConfig }

// Class returns Keras's name of the type.
func (l *BinaryCrossentropyLoss) Class() string { return "BinaryCrossentropy" }

// Each implements [Loss].
func (l *BinaryCrossentropyLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	logits := l.FromLogits
	if _, ok := yPred.Op.(ops.SigmoidOp); ok && !logits {
		yPred, logits = yPred.In[0], true
	}
	t, p := matched("BinaryCrossentropy", yTrue, yPred)
	t = l.smooth("BinaryCrossentropy", t, 2)
	if logits {
		return ops.ReduceMean(ops.SigmoidCrossEntropy(p, t), -1)
	}
	p = ops.Clip(p, epsilon, 1-epsilon)
	one := ops.ScalarLike(p, 1)
	yes, no := ops.Mul(t, ops.Log(p)), ops.Mul(ops.Sub(one, t), ops.Log(ops.Sub(one, p)))
	return ops.Neg(ops.ReduceMean(ops.Add(yes, no), -1))
}

// CategoricalCrossentropy returns the loss of labels t that are probabilities of
// classes, such as one-hot rows, and their predictions p, which are scaled to sum
// to 1:
//
//	-Σ t·ln p
//
// over the last axis.
//
// Shapes: yTrue, yPred [B ... C] -> [B ...]. For labels that are class numbers,
// see [SparseCategoricalCrossentropy].
func CategoricalCrossentropy(opts ...CrossentropyOption) *CategoricalCrossentropyLoss {
	return &CategoricalCrossentropyLoss{crossentropyConfig("categorical_crossentropy", opts)}
}

// CategoricalCrossentropyLoss is the loss that [CategoricalCrossentropy] makes.
type CategoricalCrossentropyLoss struct{ CrossentropyConfig }

// Class returns Keras's name of the type.
func (l *CategoricalCrossentropyLoss) Class() string { return "CategoricalCrossentropy" }

// Each implements [Loss].
func (l *CategoricalCrossentropyLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	wantClasses("CategoricalCrossentropy", yPred)
	if yTrue.Shape() != yPred.Shape() {
		hint := "want one shape"
		if classNumbers(yTrue, yPred) {
			hint = "the labels look like class numbers: want nn.SparseCategoricalCrossentropy, or rows of probabilities as ops.OneHot makes them"
		}
		panic(graph.Errorf("nn.CategoricalCrossentropy: labels %v, predictions %v: %s", yTrue.Spec(), yPred.Spec(), hint))
	}
	if yTrue.DType() != yPred.DType() {
		yTrue = ops.Cast(yTrue, yPred.DType())
	}
	t := l.smooth("CategoricalCrossentropy", yTrue, yPred.Shape().At(-1))
	if z := logitsOf(yPred, l.FromLogits); z != nil {
		return ops.SoftmaxCrossEntropy(z, t)
	}
	return ops.Neg(ops.ReduceSum(ops.Mul(t, logOf(yPred)), -1))
}

// classNumbers reports whether labels have the shape of class numbers: that of
// the predictions without the last axis, or with 1 there.
func classNumbers(labels, pred *graph.Node) bool {
	s := pred.Shape()
	return labels.Shape() == s.To(s.Rank()-1) || labels.Rank() == s.Rank() && labels.Shape() == s.With(-1, 1)
}

// logitsOf returns the logits behind predictions, or nil if they are not known.
func logitsOf(yPred *graph.Node, fromLogits bool) *graph.Node {
	if fromLogits {
		return yPred
	}
	if s, ok := yPred.Op.(ops.SoftmaxOp); ok && s.Axis == yPred.Rank()-1 {
		return yPred.In[0]
	}
	return nil
}

// logOf returns ln of probabilities scaled to sum to 1 and kept away from 0 and 1.
func logOf(p *graph.Node) *graph.Node {
	return ops.Log(ops.Clip(ops.Div(p, ops.ReduceSumKeep(p, -1)), epsilon, 1-epsilon))
}

// SparseCategoricalCrossentropy is [CategoricalCrossentropy] for labels that are
// class numbers, 0 to C-1. A label of C or more gives NaN, a negative one 0.
//
// Shapes: yTrue [B ...] or [B ... 1], of integers or of floats that are whole;
// yPred [B ... C] -> [B ...].
//
// Options: [FromLogits], [IgnoreClass], [Name], a [Reduction].
func SparseCategoricalCrossentropy(opts ...SparseOption) *SparseCategoricalCrossentropyLoss {
	l := &SparseCategoricalCrossentropyLoss{LossConfig: lossConfig("sparse_categorical_crossentropy", nil)}
	for _, o := range opts {
		o.sparse(l)
	}
	return l
}

// SparseOption is an option of [SparseCategoricalCrossentropy].
type SparseOption interface {
	sparse(*SparseCategoricalCrossentropyLoss)
}

func (n Named) sparse(l *SparseCategoricalCrossentropyLoss)       { n.loss(&l.LossConfig) }
func (r Reduction) sparse(l *SparseCategoricalCrossentropyLoss)   { r.loss(&l.LossConfig) }
func (f fromLogits) sparse(l *SparseCategoricalCrossentropyLoss)  { l.FromLogits = bool(f) }
func (i IgnoreClass) sparse(l *SparseCategoricalCrossentropyLoss) { n := int(i); l.IgnoreClass = &n }

// SparseCategoricalCrossentropyLoss is the loss that
// [SparseCategoricalCrossentropy] makes.
type SparseCategoricalCrossentropyLoss struct {
	LossConfig
	// FromLogits says that predictions are logits.
	FromLogits bool `json:"from_logits"`
	// IgnoreClass is the class whose labels give 0, nil if there is none. Samples
	// of it do not count when losses are averaged.
	IgnoreClass *int `json:"ignore_class"`
}

// Class returns Keras's name of the type.
func (l *SparseCategoricalCrossentropyLoss) Class() string { return "SparseCategoricalCrossentropy" }

// Each implements [Loss].
func (l *SparseCategoricalCrossentropyLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	labels := l.labels(yTrue, yPred)
	keep := l.Counted(yTrue, yPred)
	if keep != nil {
		labels = ops.Where(keep, labels, ops.Zeros(labels))
	}
	var losses *graph.Node
	if z := logitsOf(yPred, l.FromLogits); z != nil {
		losses = ops.SparseSoftmaxCrossEntropy(z, labels)
	} else {
		own := ops.GatherAlong(logOf(yPred), ops.ExpandDims(labels, -1), -1)
		losses = ops.Neg(ops.Squeeze(own, -1))
		if !labels.DType().IsUnsigned() {
			zero := ops.Zeros(labels)
			losses = ops.Where(ops.Less(labels, zero), ops.Zeros(losses), losses)
		}
	}
	if keep != nil {
		losses = ops.Where(keep, losses, ops.Zeros(losses))
	}
	return losses
}

// labels returns the class numbers, as integers of the shape of yPred without its
// last axis.
func (l *SparseCategoricalCrossentropyLoss) labels(yTrue, yPred *graph.Node) *graph.Node {
	wantClasses("SparseCategoricalCrossentropy", yPred)
	if !classNumbers(yTrue, yPred) {
		hint := "want one class number a prediction"
		if yTrue.Shape() == yPred.Shape() {
			hint = "the labels look like rows of probabilities: want nn.CategoricalCrossentropy, or class numbers as ops.ArgMax makes them"
		}
		panic(graph.Errorf("nn.SparseCategoricalCrossentropy: labels %v, predictions %v: %s", yTrue.Spec(), yPred.Spec(), hint))
	}
	if !yTrue.DType().IsInt() {
		yTrue = ops.Cast(yTrue, tensor.Int32)
	}
	if want := yPred.Shape().To(yPred.Rank() - 1); yTrue.Shape() != want {
		yTrue = ops.Reshape(yTrue, want.Slice()...)
	}
	return yTrue
}

// Counted returns which losses count in a mean, as truths, or nil if all do.
func (l *SparseCategoricalCrossentropyLoss) Counted(yTrue, yPred *graph.Node) *graph.Node {
	if l.IgnoreClass == nil {
		return nil
	}
	labels := l.labels(yTrue, yPred)
	return ops.NotEqual(labels, ops.ScalarLike(labels, float64(*l.IgnoreClass)))
}
