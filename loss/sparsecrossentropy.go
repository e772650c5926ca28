package loss

import (
	"cmp"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// SparseCategoricalCrossentropy is [CategoricalCrossentropy] for labels that are
// class numbers, 0 to C-1. A model refuses others, see [BadLabel]; in a graph of your own
// a label of C or more gives NaN, a negative one 0.
//
// Shapes: yTrue [B ...] or [B ... 1], of integers or of floats that are whole;
// yPred [B ... C] -> [B ...].
// Panics with *graph.Error, when used, if the shapes do not fit, yPred is not of floats or
// there is one class.
//
// Options: [FromLogits], [IgnoreClass], [Name], a [Reduction].
//
// Source: keras.losses.SparseCategoricalCrossentropy.
func SparseCategoricalCrossentropy(opts ...SparseOption) *SparseCategoricalCrossentropyLoss {
	l := &SparseCategoricalCrossentropyLoss{Config: newConfig("sparse_categorical_crossentropy", nil)}
	for _, o := range opts {
		o.sparse(l)
	}
	return l
}

// SparseOption is an option of [SparseCategoricalCrossentropy].
type SparseOption interface {
	sparse(*SparseCategoricalCrossentropyLoss)
}

func (n Name) sparse(l *SparseCategoricalCrossentropyLoss)        { n.loss(&l.Config) }
func (r Reduction) sparse(l *SparseCategoricalCrossentropyLoss)   { r.loss(&l.Config) }
func (f fromLogits) sparse(l *SparseCategoricalCrossentropyLoss)  { l.FromLogits = bool(f) }
func (i IgnoreClass) sparse(l *SparseCategoricalCrossentropyLoss) { n := int(i); l.IgnoreClass = &n }

// SparseCategoricalCrossentropyLoss is the loss that
// [SparseCategoricalCrossentropy] makes.
type SparseCategoricalCrossentropyLoss struct {
	Config
	// FromLogits says that predictions are logits.
	FromLogits bool `json:"from_logits"`
	// IgnoreClass is the class whose labels give 0, nil if there is none. Means exclude
	// samples of it.
	IgnoreClass *int `json:"ignore_class"`
}

// Each implements [Loss].
func (l *SparseCategoricalCrossentropyLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	labels := l.labels(yTrue, yPred)
	keep := l.Mask(yTrue, yPred)
	if keep != nil {
		labels = ops.Where(keep, labels, ops.Zeros(labels))
	}
	var losses *graph.Node
	if z := logitsOf(yPred, yPred.Rank()-1, l.FromLogits); z != nil {
		losses = ops.SparseSoftmaxCrossEntropy(z, labels)
	} else {
		own := ops.GatherAlong(ops.Log(normalized(yPred)), ops.ExpandDims(labels, -1), -1)
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
	labels := numbersFor("SparseCategoricalCrossentropy", yTrue, yPred)
	wantSeveral("SparseCategoricalCrossentropy", yPred, -1)
	return labels
}

// numbersFor returns class numbers, as integers of the shape of yPred without its last
// axis. It panics for labels of another shape.
func numbersFor(loss string, yTrue, yPred *graph.Node) *graph.Node {
	wantClasses(loss, yPred)
	if !isNumbers(yTrue.Spec(), yPred.Spec()) {
		twin := ""
		if loss == "SparseCategoricalCrossentropy" {
			twin = "loss.CategoricalCrossentropy"
		}
		hint := cmp.Or(LabelHint(yTrue.Spec(), yPred.Spec(), twin), "want one class number a prediction")
		panic(graph.Errorf("loss.%s: labels %v, predictions %v: %s", loss, yTrue.Spec(), yPred.Spec(), hint))
	}
	if !yTrue.DType().IsInt() {
		yTrue = ops.Cast(yTrue, tensor.Int32)
	}
	if want := yPred.Shape().To(yPred.Rank() - 1); yTrue.Shape() != want {
		yTrue = ops.Reshape(yTrue, want.Slice()...)
	}
	return yTrue
}

// Mask implements [Masker]: it is false for labels of the class to ignore.
func (l *SparseCategoricalCrossentropyLoss) Mask(yTrue, yPred *graph.Node) *graph.Node {
	if l.IgnoreClass == nil {
		return nil
	}
	labels := l.labels(yTrue, yPred)
	return ops.NotEqual(labels, ops.ScalarLike(labels, float64(*l.IgnoreClass)))
}
