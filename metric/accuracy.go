package metric

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Accuracy returns how often predictions are right. Shapes decide which accuracy it is,
// as in Keras's "accuracy": with one prediction a sample it is [BinaryAccuracy], with
// one label a sample [SparseCategoricalAccuracy], else [CategoricalAccuracy]. Keras's
// class Accuracy is [ExactAccuracy].
//
// Options, here and below: [Name], a [Direction].
func Accuracy(opts ...MeanOption) *MeanMetric {
	m := meanOf(accuracy, Up, opts, func(yTrue, yPred *graph.Node) *graph.Node {
		switch accuracyOf(yTrue.Spec(), yPred.Spec()) {
		case accuracyOfTruths:
			return binary("Accuracy", 0.5, yTrue, yPred)
		case accuracyOfNumbers:
			return sparse("Accuracy", yTrue, yPred)
		}
		return categorical("Accuracy", yTrue, yPred)
	})
	m.truths = func(t, p tensor.Spec) bool { return accuracyOf(t, p) == accuracyOfTruths }
	m.numbers = func(t, p tensor.Spec) int {
		if accuracyOf(t, p) == accuracyOfNumbers {
			return lastAxis(t, p)
		}
		return 0
	}
	return m
}

const (
	accuracyOfTruths = iota
	accuracyOfNumbers
	accuracyOfRows
)

func accuracyOf(t, p tensor.Spec) int {
	switch {
	case p.Rank() == 1 || p.Shape.At(-1) == 1:
		return accuracyOfTruths
	case t.Rank() < p.Rank() || t.Shape.At(-1) == 1:
		return accuracyOfNumbers
	}
	return accuracyOfRows
}

// ExactAccuracy returns how often predictions equal labels, number by number: Keras's
// class Accuracy. Its name in logs is "accuracy".
//
// Shapes: labels and predictions [B ...]; [B] counts as [B 1].
func ExactAccuracy(opts ...MeanOption) *MeanMetric {
	return meanOf("Accuracy", Up, opts, func(yTrue, yPred *graph.Node) *graph.Node {
		t, p := matched("ExactAccuracy", yTrue, yPred)
		return ops.Equal(ops.Cast(t, p.DType()), p)
	})
}

// BinaryAccuracy returns how often predictions above the threshold, Keras's default
// is 0.5, are labeled 1 and others 0. As in Keras it lies between 0 and 1; for logits
// there is [Mean].
//
// Shapes: labels and predictions [B ...]; [B] counts as [B 1].
func BinaryAccuracy(threshold float64, opts ...MeanOption) *MeanMetric {
	m := meanOf("BinaryAccuracy", Up, opts, func(yTrue, yPred *graph.Node) *graph.Node {
		if !(threshold > 0 && threshold < 1) {
			panic(graph.Errorf("metric.BinaryAccuracy: threshold %g: want more than 0 and less than 1", threshold))
		}
		return binary("BinaryAccuracy", threshold, yTrue, yPred)
	})
	m.settings.Threshold = &threshold
	m.truths = func(_, _ tensor.Spec) bool { return true }
	return m
}

func binary(metric string, threshold float64, yTrue, yPred *graph.Node) *graph.Node {
	t, p := matched(metric, yTrue, yPred)
	return ops.Equal(t, ops.Cast(ops.Greater(p, ops.ScalarLike(p, threshold)), t.DType()))
}

// CategoricalAccuracy returns how often the greatest prediction is where the
// greatest label is.
//
// Shapes: labels and predictions [B ... C].
func CategoricalAccuracy(opts ...MeanOption) *MeanMetric {
	return meanOf("CategoricalAccuracy", Up, opts, func(yTrue, yPred *graph.Node) *graph.Node {
		return categorical("CategoricalAccuracy", yTrue, yPred)
	})
}

func categorical(metric string, yTrue, yPred *graph.Node) *graph.Node {
	if yTrue.Shape() != yPred.Shape() {
		panic(misfit(metric, yTrue.Spec(), yPred.Spec(), "want one shape", "metric.SparseCategoricalAccuracy"))
	}
	wantSeveral(metric, yPred)
	return ops.Equal(ops.ArgMax(yTrue, -1), ops.ArgMax(yPred, -1))
}

// SparseCategoricalAccuracy returns how often the greatest prediction is that of the
// labeled class.
//
// Shapes: labels, class numbers, [B ...] or [B ... 1], predictions [B ... C].
func SparseCategoricalAccuracy(opts ...MeanOption) *MeanMetric {
	m := meanOf("SparseCategoricalAccuracy", Up, opts, func(yTrue, yPred *graph.Node) *graph.Node {
		return sparse("SparseCategoricalAccuracy", yTrue, yPred)
	})
	m.numbers = lastAxis
	return m
}

// lastAxis returns the number of predictions for each label.
func lastAxis(_, yPred tensor.Spec) int { return yPred.Shape.At(-1) }

func sparse(metric string, yTrue, yPred *graph.Node) *graph.Node {
	labels := classNumbers(metric, yTrue, yPred)
	wantSeveral(metric, yPred)
	best := ops.ArgMax(yPred, -1)
	if labels.DType().IsFloat() {
		return ops.Equal(labels, ops.Cast(best, labels.DType()))
	}
	return ops.Equal(ops.Cast(labels, tensor.Int64), best)
}

// classNumbers returns the labels in the shape of predictions without the last axis.
func classNumbers(metric string, yTrue, yPred *graph.Node) *graph.Node {
	want := yPred.Shape().To(yPred.Rank() - 1)
	if s := yTrue.Shape(); s == want.Append(1) {
		yTrue = ops.Squeeze(yTrue, -1)
	} else if s != want {
		twin := map[string]string{"SparseCategoricalAccuracy": "metric.CategoricalAccuracy", "SparseTopKCategoricalAccuracy": "metric.TopKCategoricalAccuracy"}[metric]
		panic(misfit(metric, yTrue.Spec(), yPred.Spec(), "want one class number a prediction", twin))
	}
	return yTrue
}

// TopKCategoricalAccuracy returns how often the prediction of the class with the
// greatest label is among the k greatest. Keras's default is 5.
//
// Shapes: labels and predictions [B ... C].
func TopKCategoricalAccuracy(k int, opts ...MeanOption) *MeanMetric {
	m := meanOf("TopKCategoricalAccuracy", Up, opts, func(yTrue, yPred *graph.Node) *graph.Node {
		if yTrue.Shape() != yPred.Shape() {
			panic(misfit("TopKCategoricalAccuracy", yTrue.Spec(), yPred.Spec(), "want one shape", "metric.SparseTopKCategoricalAccuracy"))
		}
		wantSeveral("TopKCategoricalAccuracy", yPred)
		return inTopK(ops.ArgMax(yTrue, -1), yPred, k)
	})
	m.settings.K = &k
	return m
}

// SparseTopKCategoricalAccuracy returns how often the prediction of the labeled
// class is among the k greatest. Keras's default is 5.
//
// Shapes: labels, class numbers, [B ...] or [B ... 1], predictions [B ... C]. With
// [FromSortedIDs] the predictions are class numbers [B ... N], N being k or more.
//
// Options: [FromSortedIDs], and those of [Accuracy].
func SparseTopKCategoricalAccuracy(k int, opts ...SparseTopKOption) *MeanMetric {
	m := meanOf("SparseTopKCategoricalAccuracy", Up, nil, nil)
	m.settings.K = &k
	for _, o := range opts {
		o.sparseTopK(m)
	}
	sorted := m.settings.FromSortedIDs
	m.each = func(yTrue, yPred *graph.Node) *graph.Node {
		labels := classNumbers("SparseTopKCategoricalAccuracy", yTrue, yPred)
		if sorted {
			return inFirst(labels, yPred, k)
		}
		wantSeveral("SparseTopKCategoricalAccuracy", yPred)
		return inTopK(ops.Cast(labels, tensor.Int64), yPred, k)
	}
	m.numbers = lastAxis
	if sorted { // nobody knows how many classes there are
		m.numbers = func(_, _ tensor.Spec) int { return math.MaxInt }
	}
	return m
}

// SparseTopKOption is an option of [SparseTopKCategoricalAccuracy].
type SparseTopKOption interface{ sparseTopK(*MeanMetric) }

// FromSortedIDs says that predictions are the numbers of the best classes, the best
// first, and not a number for each class.
const FromSortedIDs fromSortedIDs = true

type fromSortedIDs bool

func (f fromSortedIDs) sparseTopK(m *MeanMetric) { m.settings.FromSortedIDs = bool(f) }
func (n Name) sparseTopK(m *MeanMetric)          { n.mean(m) }
func (d Direction) sparseTopK(m *MeanMetric)     { d.mean(m) }

// inFirst returns whether a label is among the first k class numbers.
func inFirst(labels, ids *graph.Node, k int) *graph.Node {
	if n := ids.Shape().At(-1); k < 1 || k > n {
		panic(graph.Errorf("metric: top %d of predictions %v: want 1 to %d", k, ids.Spec(), n))
	}
	ids = ops.SliceAxis(ids, -1, 0, k)
	found := ops.Any(ops.Equal(ops.ExpandDims(ops.Cast(labels, ids.DType()), -1), ids), -1)
	return ops.And(found, ops.GreaterEqual(labels, ops.ScalarLike(labels, 0)))
}

// inTopK returns whether fewer than k predictions are greater than that of the
// label, which is one of the classes. NaN counts as greater than any.
func inTopK(labels, yPred *graph.Node, k int) *graph.Node {
	if k < 1 {
		panic(graph.Errorf("metric: top %d: want 1 or more", k))
	}
	own := ops.GatherAlong(yPred, ops.ExpandDims(labels, -1), -1)
	above := ops.Cast(ops.Not(ops.LessEqual(yPred, own)), tensor.Float32)
	found := ops.Less(ops.ReduceSum(above, -1), ops.Full(yPred.Graph(), tensor.S(tensor.Float32), float64(k)))
	classes := ops.And(ops.GreaterEqual(labels, ops.ScalarLike(labels, 0)), ops.Less(labels, ops.ScalarLike(labels, float64(yPred.Shape().At(-1)))))
	return ops.And(found, classes)
}
