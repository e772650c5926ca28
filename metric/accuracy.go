package metric

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Accuracy returns how often predictions are right. Shapes decide what that means,
// as in Keras: with one prediction a sample it is [BinaryAccuracy], with one label
// a sample [SparseCategoricalAccuracy], else [CategoricalAccuracy].
func Accuracy() *MeanMetric {
	return Mean("accuracy", func(yTrue, yPred *graph.Node) *graph.Node {
		t, p := yTrue.Shape(), yPred.Shape()
		switch {
		case p.Rank() == 1 || p.At(-1) == 1:
			return binary(0.5, yTrue, yPred)
		case t.Rank() < p.Rank() || t.At(-1) == 1:
			return sparse(yTrue, yPred)
		}
		return categorical(yTrue, yPred)
	}).as(accuracy, settings{})
}

// BinaryAccuracy returns how often predictions above the threshold, Keras's default
// is 0.5, are labeled 1 and others 0.
//
// Shapes: labels and predictions [B ...]; [B] counts as [B 1].
func BinaryAccuracy(threshold float64) *MeanMetric {
	return Mean("binary_accuracy", func(yTrue, yPred *graph.Node) *graph.Node {
		return binary(threshold, yTrue, yPred)
	}).as("BinaryAccuracy", settings{Threshold: &threshold})
}

func binary(threshold float64, yTrue, yPred *graph.Node) *graph.Node {
	t, p := matched("BinaryAccuracy", yTrue, yPred)
	return ops.Equal(t, ops.Cast(ops.Greater(p, ops.ScalarLike(p, threshold)), t.DType()))
}

// CategoricalAccuracy returns how often the greatest prediction is where the
// greatest label is.
//
// Shapes: labels and predictions [B ... C].
func CategoricalAccuracy() *MeanMetric {
	return Mean("categorical_accuracy", categorical).as("CategoricalAccuracy", settings{})
}

func categorical(yTrue, yPred *graph.Node) *graph.Node {
	if yTrue.Shape() != yPred.Shape() {
		panic(graph.Errorf("metric.CategoricalAccuracy: labels %v, predictions %v: want one shape", yTrue.Spec(), yPred.Spec()))
	}
	return ops.Equal(ops.ArgMax(yTrue, -1), ops.ArgMax(yPred, -1))
}

// SparseCategoricalAccuracy returns how often the greatest prediction is that of the
// labeled class.
//
// Shapes: labels, class numbers, [B ...] or [B ... 1], predictions [B ... C].
func SparseCategoricalAccuracy() *MeanMetric {
	return Mean("sparse_categorical_accuracy", sparse).as("SparseCategoricalAccuracy", settings{})
}

func sparse(yTrue, yPred *graph.Node) *graph.Node {
	labels := classNumbers("SparseCategoricalAccuracy", yTrue, yPred)
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
		panic(graph.Errorf("metric.%s: labels %v, predictions %v: want one class number a prediction", metric, yTrue.Spec(), yPred.Spec()))
	}
	return yTrue
}

// TopKCategoricalAccuracy returns how often the prediction of the class with the
// greatest label is among the k greatest. Keras's default is 5.
//
// Shapes: labels and predictions [B ... C].
func TopKCategoricalAccuracy(k int) *MeanMetric {
	return Mean("top_k_categorical_accuracy", func(yTrue, yPred *graph.Node) *graph.Node {
		if yTrue.Shape() != yPred.Shape() {
			panic(graph.Errorf("metric.TopKCategoricalAccuracy: labels %v, predictions %v: want one shape", yTrue.Spec(), yPred.Spec()))
		}
		return inTopK(ops.ArgMax(yTrue, -1), yPred, k)
	}).as("TopKCategoricalAccuracy", settings{K: &k})
}

// SparseTopKCategoricalAccuracy returns how often the prediction of the labeled
// class is among the k greatest. Keras's default is 5.
//
// Shapes: labels, class numbers, [B ...] or [B ... 1], predictions [B ... C].
func SparseTopKCategoricalAccuracy(k int) *MeanMetric {
	return Mean("sparse_top_k_categorical_accuracy", func(yTrue, yPred *graph.Node) *graph.Node {
		labels := classNumbers("SparseTopKCategoricalAccuracy", yTrue, yPred)
		return inTopK(ops.Cast(labels, tensor.Int64), yPred, k)
	}).as("SparseTopKCategoricalAccuracy", settings{K: &k})
}

// inTopK returns whether fewer than k predictions are greater than that of the
// label. NaN counts as greater than any.
func inTopK(labels, yPred *graph.Node, k int) *graph.Node {
	if k < 1 {
		panic(graph.Errorf("metric: top %d: want 1 or more", k))
	}
	own := ops.GatherAlong(yPred, ops.ExpandDims(labels, -1), -1)
	above := ops.Cast(ops.Not(ops.LessEqual(yPred, own)), tensor.Float32)
	return ops.Less(ops.ReduceSum(above, -1), ops.Full(yPred.Graph(), tensor.S(tensor.Float32), float64(k)))
}
