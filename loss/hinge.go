package loss

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// Hinge returns the loss mean(max(1 - yTrue·yPred, 0)) over the last axis, for labels
// that are -1 and 1. If all labels of a batch are 0 or 1, 0 counts as -1. The slope
// where the margin is 1 is 0.
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without the last axis; [B] counts as [B 1].
// Panics with *graph.Error, when used, if the shapes differ or yPred is not of floats.
// Source: keras.losses.Hinge.
func Hinge(opts ...Option) *HingeLoss { return &HingeLoss{newConfig("hinge", opts)} }

// HingeLoss is the loss that [Hinge] makes.
type HingeLoss struct{ Config }

// Each implements [Loss].
func (l *HingeLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	return ops.ReduceMean(shortfall("Hinge", yTrue, yPred), -1)
}

// SquaredHinge returns the loss mean(max(1 - yTrue·yPred, 0)²) over the last axis, for
// labels as those of [Hinge].
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without the last axis; [B] counts as [B 1].
// Panics with *graph.Error, when used, if the shapes differ or yPred is not of floats.
// Source: keras.losses.SquaredHinge.
func SquaredHinge(opts ...Option) *SquaredHingeLoss {
	return &SquaredHingeLoss{newConfig("squared_hinge", opts)}
}

// SquaredHingeLoss is the loss that [SquaredHinge] makes.
type SquaredHingeLoss struct{ Config }

// Each implements [Loss].
func (l *SquaredHingeLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	return ops.ReduceMean(ops.Square(shortfall("SquaredHinge", yTrue, yPred)), -1)
}

// shortfall returns the distances of predictions from a margin of 1, 0 beyond it.
func shortfall(loss string, yTrue, yPred *graph.Node) *graph.Node {
	t, p := matched(loss, yTrue, yPred)
	zero, one := ops.ScalarLike(t, 0), ops.ScalarLike(t, 1)
	binary := ops.All(ops.Or(ops.Equal(t, zero), ops.Equal(t, one)))
	t = ops.Where(binary, ops.Offset(ops.Scale(t, 2), -1), t)
	return ops.Relu(ops.Sub(one, ops.Mul(t, p)))
}

// CategoricalHinge returns the loss
//
//	max(max((1-yTrue)·yPred) - Σ yTrue·yPred + 1, 0)
//
// over the last axis, for one-hot labels. Equal greatest elements share the slope; where
// the margin is 1 the slope is 0.
//
// Shapes: yTrue, yPred [B ... C] -> [B ...].
// Panics with *graph.Error, when used, if the shapes differ, yPred is not of floats or there is
// one class. Source: keras.losses.CategoricalHinge.
func CategoricalHinge(opts ...Option) *CategoricalHingeLoss {
	return &CategoricalHingeLoss{newConfig("categorical_hinge", opts)}
}

// CategoricalHingeLoss is the loss that [CategoricalHinge] makes.
type CategoricalHingeLoss struct{ Config }

// Each implements [Loss].
func (l *CategoricalHingeLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	t := rowsFor("CategoricalHinge", yTrue, yPred)
	wantSeveral("CategoricalHinge", yPred, -1)
	right := ops.ReduceSum(ops.Mul(t, yPred), -1)
	wrong := ops.ReduceMax(ops.Mul(ops.Sub(ops.ScalarLike(t, 1), t), yPred), -1)
	return ops.Relu(ops.Offset(ops.Sub(wrong, right), 1))
}
